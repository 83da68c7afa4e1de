package faults

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"hookwall/e2e/process"
	"hookwall/internal/sandbox"
	"hookwall/views/ui"
)

// The actions that a fault meets.
const (
	creates = "create"
	edits   = "edit"
	deletes = "delete"
	lists   = "list"
)

const endpoint = "https://hooks.example.com/"

// attempt is one person's action, from the open page to its end.
type attempt struct {
	*person
	action string
	last   process.Form    // what is sent by the press that meets the fault
	typed  url.Values      // into the form
	hook   sandbox.Webhook // that is edited or deleted, or must stand in the list
}

var chosen = []string{"DONATION", "GIFT_PURCHASE", "ORDER_PLACED"}

// begin opens the page of an action and fills it in, up to the last click. A
// webhook to edit, to delete or to see is made first.
func (p *person) begin(action, name string) *attempt {
	p.w.t.Helper()
	a := &attempt{person: p, action: action}
	name += "-" + action
	if action != creates {
		var err error
		a.hook, err = p.w.box.AddWebhook(p.shop.ID, endpoint+name+"/before", []string{"ORDER_PLACED", "TYPE_OF_THE_FUTURE"})
		p.w.must(err)
	}
	a.open(name)
	return a
}

func (a *attempt) open(name string) {
	a.w.t.Helper()
	at := a.webhooks() + "/" + a.hook.ID
	switch a.action {
	case creates:
		a.last = a.fill(a.get(a.webhooks()+"/new").Form("/webhooks"), "create", endpoint+name, chosen...)
	case edits:
		f := a.get(at + "/edit").Form("/edit")
		for _, code := range a.hook.AllowedTypes {
			if !slices.Contains(f.Values["allowedTypes"], code) {
				a.w.t.Errorf("the form to edit lacks the event type %s", code)
			}
		}
		types := slices.DeleteFunc(append(f.Values["allowedTypes"], "DONATION"),
			func(code string) bool { return code == "ORDER_PLACED" })
		a.last = a.send(a.fill(f, "review", endpoint+name, types...)).Form("/confirm")
		a.last.Values.Set("do", "save")
	case deletes:
		a.last = a.get(at + "/delete").Form("/delete")
		a.last.Values.Set("do", "delete")
	}
}

func (a *attempt) fill(f process.Form, do, address string, types ...string) process.Form {
	f.Values["url"], f.Values["allowedTypes"], f.Values["do"] = []string{address}, types, []string{do}
	a.typed = url.Values{"url": {address}, "allowedTypes": types}
	return f
}

// act makes the last click, or opens the list.
func (a *attempt) act() page {
	a.w.t.Helper()
	if a.action == lists {
		return a.get(a.webhooks())
	}
	return a.send(a.last)
}

// effects returns how often the action took effect at Fourthwall.
func (a *attempt) effects() int {
	switch a.action {
	case creates, edits:
		return a.w.webhooks(a.shop.ID, a.typed.Get("url"), a.typed["allowedTypes"]...)
	case deletes:
		return 1 - a.w.webhooks(a.shop.ID, a.hook.URL)
	}
	return 0
}

// succeeded reports whether the page says that the action is done.
func (a *attempt) succeeded(pg page) bool {
	path := pg.URL.Path
	if pg.Status != http.StatusOK {
		return false
	}
	switch a.action {
	case creates:
		return a.effects() == 1 && strings.Contains(pg.text, "Webhook created") &&
			strings.Contains(pg.text, a.typed.Get("url"))
	case edits:
		return a.effects() == 1 && path == a.webhooks()+"/"+a.hook.ID && strings.Contains(pg.text, "The webhook is saved")
	case deletes:
		return a.effects() == 1 && path == a.webhooks() && strings.Contains(pg.text, ui.HostAndPath(a.hook.URL)+" is deleted")
	}
	return path == a.webhooks() && strings.Contains(pg.Body, "webhooks/"+a.hook.ID+`"`)
}

// lists reports whether a page lists a webhook with the URL of the form.
func (a *attempt) lists(pg page) bool {
	return strings.Contains(pg.text, ui.HostAndPath(a.typed.Get("url")))
}

// heal does what each page offers, until the action is done or nothing new is
// offered. It returns what the person had to do.
func (a *attempt) heal(pg page) (steps []string, end page) {
	a.w.t.Helper()
	for range a.maxClicks() {
		if a.succeeded(pg) {
			return steps, pg
		}
		if a.action == creates && isListing(pg) && a.lists(pg) {
			return append(steps, "it is there"), pg // before a second one is made
		}
		step, then := a.next(pg)
		steps, pg = append(steps, step), then
		if pg.Status >= 500 {
			a.w.t.Logf("after %s: %q", step, a.w.logged(pg.requestID()))
		}
	}
	return append(steps, "no end"), pg
}

// isListing reports whether a page lists existing webhooks.
func isListing(pg page) bool {
	return pg.Status == http.StatusOK &&
		(strings.HasSuffix(pg.URL.Path, "/new/duplicate") || strings.HasSuffix(pg.URL.Path, "/webhooks") &&
			!pg.offers("create"))
}

// listFirst checks the list for the webhook, as the page says, and goes back to
// the form if it is not there.
func (a *attempt) listFirst(pg page) (step string, then page) {
	a.w.t.Helper()
	list := a.get(a.webhooks())
	switch {
	case list.Status != http.StatusOK:
		return "list", pg
	case a.lists(list):
		return "list", list
	}
	return "list, form", a.press(pg.Form("/webhooks"), "do=edit")
}

// maxClicks returns how many times a person clicks before giving up.
func (a *attempt) maxClicks() int {
	if a.w.crowd {
		return 200 // who has to wait, waits
	}
	return 6
}

// next makes one click.
func (a *attempt) next(pg page) (step string, then page) {
	a.w.t.Helper()
	switch {
	case a.action == lists && pg.URL.Path == a.webhooks():
		return "reload", a.get(a.webhooks())
	case pg.URL.Path == "/connect":
		return "connect", a.consent(a.get(pg.link("Connect with Fourthwall")))
	case strings.Contains(pg.text, "An earlier attempt may still succeed"):
		a.w.wait(pg)
		return "wait, press", a.press(pg.Form("/webhooks"), "do=create")
	case pg.offers("create"):
		return "press", a.press(pg.Form("/webhooks"), "do=create")
	case pg.offers("review") && !pg.keeps("form", a.typed):
		return "type again", a.send(a.fill(pg.Form("/edit"), "review", a.typed.Get("url"), a.typed["allowedTypes"]...))
	case pg.offers("review"):
		return "press", a.press(pg.Form("/edit"), "do=review")
	case pg.offers("overwrite"):
		return "overwrite", a.press(pg.Form("/confirm"), "do=overwrite")
	case pg.offers("save"):
		return "save", a.press(pg.Form("/confirm"), "do=save")
	case pg.offers("delete"):
		return "press", a.press(pg.Form("/delete"), "do=delete")
	case pg.offers("repeat"):
		return "create anyway", a.press(pg.Form("/webhooks"), "do=repeat")
	case pg.offers("check") && !strings.Contains(pg.text, "Still unconfirmed"):
		return "check", a.press(pg.Form("/webhooks"), "do=check")
	case pg.offers("edit"):
		return a.listFirst(pg)
	case pg.link("Edit it again") != "":
		return "edit again", a.get(pg.link("Edit it again"))
	case pg.link("Try again") != "":
		return "try again", a.get(pg.link("Try again"))
	case pg.link("Connect the shop again") != "":
		return "link", a.get(pg.link("Connect the shop again"))
	}
	return "back", a.act()
}
