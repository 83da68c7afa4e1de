package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"hookwall/internal/team"
)

// wantText fails unless the text of a page has all of has, and none of lacks.
func (pg *page) wantText(has, lacks []string) {
	pg.p.t.Helper()
	pg.want(http.StatusOK, has...)
	for _, text := range lacks {
		if strings.Contains(pg.text(), text) {
			pg.p.t.Errorf("it says %q", text)
		}
	}
}

// TestReceiptOfReplacedAccess: if an admin replaces the owner's access by another,
// the receipt says with what, and what its end can't do. It shows what was changed
// in the shop, and not how the team sorts its shops.
// Checklist 55.
func TestReceiptOfReplacedAccess(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	boss, owner, shop := g.member(team.Admin), g.person(), g.box.Shops()[1]
	receipt := owner.accepts(boss.invites(""), 1).url.Path
	g.move(time.Minute)
	boss.get(shopLabelsPath(shop.ID)).form("/labels").set("labels", "slow to pay").submit()
	boss.connectsChannel().form("/shops").press("do=all") // the shop stays as it is
	owner.get(receipt).wantText(
		[]string{"1 entry, all shown", "with the invitation you accepted", "you need a new invitation"},
		[]string{"slow to pay", "Labels changed", "replaced it"})

	boss.connectKey(1)
	owner.get(receipt).wantText(
		[]string{
			"An admin has replaced it on", "API key ending in", "because they have an API key", "Delete the Open API user",
		},
		[]string{"you gave them"})

	g.box.FailNext(rejectsKey)
	boss.get(webhooksPath(shop.ID)).want(http.StatusOK, "must be connected again")
	channel := g.channels()[0]
	boss.get(channelPath(channel.ID)).form("/shops").press("do=all").want(http.StatusOK, "1 shop connected")
	owner.get(receipt).wantText(
		[]string{
			"An admin has replaced it on", "with: Channel Harbor Agency", "What Fourthwall allows their channel Harbor Agency", "Leave the channel",
			"Connection ended API key rejected Hookwall", "4 entries, all shown",
		},
		[]string{"They can’t", "you need a new invitation"})

	g.move(time.Minute)
	owner.get(receipt).form("/end").submit().wantText(
		[]string{"Access ended on", "ask the team for a new invitation", "5 entries, all shown"},
		[]string{"has access again"})
	who := []string{"who"}
	for _, record := range boss.get(teamActivityPath + ".csv?action=shop.cut_off").records()[1:] {
		who = append(who, record[len(record)-1])
	}
	wantActions(t, who, "who", "Shop’s owner")
	boss.get(teamActivityPath+"?action=shop.cut_off").
		wantText([]string{"Shop’s owner"}, []string{"No role", "Connection Shop"})
	boss.get(teamActivityPath+"?action=team.invite").wantText([]string{"Owner invited"}, []string{"Fourthwall sign-in"})
	g.move(time.Minute)
	// Who connects all shops connects none whose owner objects.
	boss.post(channelPath(channel.ID)+"/shops", url.Values{"do": {"all"}}).
		want(http.StatusOK, "Its owner ended your team’s access on", "Ask before you choose it").
		wantText(nil, []string{"Connect all", "Connect this shop"})
	owner.get(receipt).wantText([]string{"ask the team for a new invitation"}, []string{"has access again"})
	boss.get(channelPath(channel.ID)).form("/shops").set("shop", shop.ID).press("do=chosen").
		want(http.StatusOK, "1 shop connected").wantText(nil, []string{"Its owner ended"})
	owner.get(receipt).wantText(
		[]string{"Lantern Desk has access again, by a later connection", "this page can’t end it", "5 entries, all shown"},
		[]string{"ask the team for a new invitation"})
	owner.post(receipt+"/end", url.Values{}).want(http.StatusOK, "has access again")
	if got := g.connection(1); got.Channel != channel.ID || got.Expired {
		t.Errorf("the receipt ended a later connection: %+v", got)
	}
}
