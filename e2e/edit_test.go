package e2e

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hookwall/e2e/browser"
	"hookwall/internal/sandbox"
	"hookwall/views/ui"
)

func editPath(w sandbox.Webhook) string { return webhookPath(w) + "/edit" }

func deletePath(w sandbox.Webhook) string { return webhookPath(w) + "/delete" }

// Controls of the pages that a change leads through.
const (
	reviewButton = "Review changes"
	saveButton   = "Save changes"
)

// review clicks the edit form's main button and returns the status of the page
// that follows.
func (v *visitor) review() int {
	v.app.t.Helper()
	return v.Submit(v.Role("button", reviewButton))
}

// asksAbout fails the test unless the page asks whether a change of the
// webhook is to be saved, without telling in its address what was typed.
func (v *visitor) asksAbout(w sandbox.Webhook) {
	v.app.t.Helper()
	v.heads(reviewButton)
	if !strings.HasPrefix(v.Path(), editPath(w)+"/confirm?draft=") {
		v.app.t.Fatalf("the change is reviewed at %s", v.Path())
	}
	v.noInput(w.URL)
}

// saved fails the test unless the webhook's page says that it was saved, and
// Fourthwall has this content, in this order.
func (v *visitor) saved(w sandbox.Webhook, address string, types ...string) {
	v.app.t.Helper()
	v.at(webhookPath(w))
	v.reads("The webhook is saved")
	v.app.hasContent(w, address, types...)
}

// hasContent fails the test unless Fourthwall has this content, in this order.
func (a *app) hasContent(w sandbox.Webhook, address string, types ...string) {
	a.t.Helper()
	got := a.current(w)
	if got.URL != address || !slices.Equal(got.AllowedTypes, types) {
		a.t.Errorf("Fourthwall has %s with %q, want %s with %q", got.URL, got.AllowedTypes, address, types)
	}
}

// oddTypes are event types that no catalog lists, around one that is listed.
// Nothing on the way may take them for markup, trim or sort them.
var oddTypes = []string{
	"zz_lower", "TELEPATHY_RECEIVED", "ORDER_PLACED", `<b>"A"&amp;'B'</b>`, "ΔΩΡΕΑ e\u0301",
	"two  words ", "%41+B",
}

// oddAddress is a URL that a careless program would normalize.
const oddAddress = "https://Hooks.Example.com:443/Fourth%2Fwall/?b=2&a=%3c1%3E&&b=+"

// TestEdit: event types that this version does not know survive a change of
// something else, byte for byte and in order. The change is shown before it is
// saved.
func TestEdit(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	hook := v.app.add(1, oddAddress, oddTypes...)
	v.connectKey(1)
	v.Submit(v.Role("link", ui.HostAndPath(oddAddress)))
	v.Submit(v.Role("link", "Edit"))
	v.at(editPath(hook))
	v.heads("Edit webhook")
	v.HasFocus(v.address())
	v.Must(v.Expect(v.address()).ToHaveValue(oddAddress))
	for _, code := range oddTypes {
		v.Must(v.Expect(v.CSS("input[name=allowedTypes]:checked").And(v.Field("allowedTypes", quoted(code)))).ToHaveCount(1))
	}
	v.status(v.review(), 422)
	v.hasFocus("banner")

	v.Check(v.box(donation))
	v.Uncheck(v.box(orderPlaced))
	v.status(v.review(), 200)
	v.asksAbout(hook)
	changes := v.Role("region", "What changes")
	for _, text := range []string{oddAddress, donation, "DONATION", orderPlaced, "ORDER_PLACED"} {
		v.SeeText(changes, text)
	}
	v.Click(changes.Locator("summary"))
	v.SeeText(changes, "TELEPATHY_RECEIVED")
	v.app.hasContent(hook, oddAddress, oddTypes...)

	v.Submit(v.Role("link", "Keep editing"))
	v.Must(v.Expect(v.box(donation)).ToBeChecked())
	v.Must(v.Expect(v.box(orderPlaced)).Not().ToBeChecked())
	v.Check(v.box(orderPlaced))
	v.status(v.review(), 200)
	v.status(v.Submit(v.Role("button", saveButton)), 200)
	want := append(slices.Clone(oddTypes), "DONATION")
	v.saved(hook, oddAddress, want...)
	v.sentOnce(oddAddress, want...)
	v.status(v.Back(), 200)
	v.at(webhookPath(hook))
}

// quoted writes a text for the attribute selector of a field.
func quoted(text string) string { return strings.ReplaceAll(text, `"`, `\"`) }

// sentOnce fails the test unless one PUT went to Fourthwall, with exactly this.
func (v *visitor) sentOnce(address string, types ...string) {
	v.app.t.Helper()
	var got []map[string]any
	for _, body := range v.app.wire.put() {
		var fields map[string]any
		v.Must(json.Unmarshal([]byte(body), &fields))
		got = append(got, fields)
	}
	all := make([]any, len(types))
	for i, code := range types {
		all[i] = code
	}
	if diff := cmp.Diff([]map[string]any{{"url": address, "allowedTypes": all}}, got); diff != "" {
		v.app.t.Errorf("PUT requests that were sent (-want +got):\n%s", diff)
	}
}

// TestEditRefused: a rejection is shown at the URL field, as on create, with the
// whole change kept.
func TestEditRefused(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	hook := v.app.add(0, good, "ORDER_PLACED", "TELEPATHY_RECEIVED")
	v.connectKey(0)
	v.Open(editPath(hook))
	v.Fill(v.address(), "https://203.0.113.7/fw")
	v.Check(v.box(donation))
	v.status(v.review(), 200)
	changes := v.Role("region", "What changes")
	v.SeeText(changes, good)
	v.SeeText(changes, "https://203.0.113.7/fw")
	v.status(v.Submit(v.Role("button", saveButton)), 422)
	v.heads("Edit webhook")
	v.reads("WEBHOOK_URI_IP_NOT_ALLOWED", "Use a domain name that points to this server")
	v.hasFocus("url")
	v.kept("https://203.0.113.7/fw", orderPlaced, donation, "TELEPATHY_RECEIVED")
	v.app.hasContent(hook, good, "ORDER_PLACED", "TELEPATHY_RECEIVED")

	v.Fill(v.address(), good+"/2")
	v.status(v.review(), 200)
	v.status(v.Submit(v.Role("button", saveButton)), 200)
	v.saved(hook, good+"/2", "ORDER_PLACED", "TELEPATHY_RECEIVED", "DONATION")
}

// TestConflict: a webhook that changed at Fourthwall after the form was opened
// is not overwritten before a person has seen both versions and chosen.
func TestConflict(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	hook := v.app.add(0, good, "ORDER_PLACED", "TELEPATHY_RECEIVED")
	v.connectKey(0)

	// Somebody changes it while the form is open.
	v.startsChange(hook)
	v.app.replace(hook, good+"/theirs", "ORDER_PLACED", "TELEPATHY_RECEIVED", "GIFT_PURCHASE")
	v.status(v.review(), 409)
	v.showsBoth(good, good+"/theirs")
	v.status(v.Submit(v.Role("link", "Keep theirs")), 200)
	v.at(webhookPath(hook))
	v.app.hasContent(hook, good+"/theirs", "ORDER_PLACED", "TELEPATHY_RECEIVED", "GIFT_PURCHASE")

	// Somebody changes it while the changes are reviewed, and again while both
	// versions are shown.
	v.startsChange(hook)
	v.status(v.review(), 200)
	v.app.replace(hook, good, "ORDER_PLACED", "TELEPATHY_RECEIVED")
	v.status(v.Submit(v.Role("button", saveButton)), 409)
	v.showsBoth(good+"/theirs", good)
	v.app.replace(hook, good+"/again", "TELEPATHY_RECEIVED")
	v.status(v.Submit(v.Role("button", "Save mine")), 409)
	v.showsBoth(good+"/theirs", good+"/again")
	v.app.hasContent(hook, good+"/again", "TELEPATHY_RECEIVED")
	v.status(v.Submit(v.Role("button", "Save mine")), 200)
	v.saved(hook, good+"/theirs", "TELEPATHY_RECEIVED", "ORDER_PLACED", "DONATION", "GIFT_PURCHASE")
}

// startsChange opens the form of a webhook and ticks one event type more.
func (v *visitor) startsChange(w sandbox.Webhook) {
	v.app.t.Helper()
	v.Open(editPath(w))
	v.Check(v.box(donation))
}

// showsBoth fails the test unless both versions of a webhook are side by side,
// told apart by their addresses.
func (v *visitor) showsBoth(mine, theirs string) {
	v.app.t.Helper()
	v.heads("Someone changed this webhook")
	v.hasFocus("banner")
	v.See(v.Role("row", "").Filter(hasText("Endpoint URL")).GetByText(mine, exactText))
	v.See(v.Role("row", "").Filter(hasText("Endpoint URL")).GetByText(theirs, exactText))
	v.See(v.Role("row", "Donation Selected Not selected"))
}

// TestConflictIsWorkedOut: a person can continue from the version that
// Fourthwall has now.
func TestConflictIsWorkedOut(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	hook := v.app.add(0, good, "ORDER_PLACED", "PRODUCT_CREATED")
	v.connectKey(0)
	v.startsChange(hook)
	v.app.replace(hook, good, "PROMOTION_CREATED")
	v.status(v.review(), 409)
	v.Submit(v.Role("link", "Edit mine"))
	v.kept(good, orderPlaced, donation, "Product created")
	v.Check(v.box(promotion))
	v.Uncheck(v.box("Product created"))
	v.status(v.review(), 200)
	v.status(v.Submit(v.Role("button", saveButton)), 200)
	v.saved(hook, good, "PROMOTION_CREATED", "ORDER_PLACED", "DONATION")

	// One that was deleted cannot be saved, but is not lost.
	v.startsChange(hook)
	v.Fill(v.address(), good+"/new")
	v.app.remove(hook)
	v.status(v.review(), 404)
	v.kept(good+"/new", orderPlaced, donation, promotion)
	v.Submit(v.Role("link", "Create it as a new webhook"))
	v.kept(good+"/new", orderPlaced, donation, promotion)
	v.status(v.create(), 200)
	v.app.onlyOne(0, good+"/new")
}

// lockedCode is Fourthwall's code for a webhook that it will not change.
const lockedCode = "WEBHOOK_CONFIGURATION_NOT_UPDATABLE_OR_DELETABLE"

// TestLocked: once Fourthwall has refused to change or to delete a webhook, its
// pages say why and no longer offer either.
func TestLocked(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*visitor, sandbox.Webhook){
		"edit": func(v *visitor, w sandbox.Webhook) {
			v.startsChange(w)
			v.review()
			v.status(v.Submit(v.Role("button", saveButton)), 200)
		},
		"delete": func(v *visitor, w sandbox.Webhook) {
			v.Open(deletePath(w))
			v.status(v.Submit(v.Role("button", "Delete webhook")), 200)
		},
	}
	for name, try := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := meet(t, browser.Options{})
			shop := v.connectKey(1)
			hook := v.app.box.Webhooks(shop.ID)[0]
			try(v, hook)
			v.at(webhookPath(hook))
			v.heads(strings.TrimPrefix(hook.URL, "https://"))
			v.isLocked()
			v.app.hasContent(hook, hook.URL, hook.AllowedTypes...)

			v.status(v.Open(editPath(hook)), 409)
			v.reads(lockedCode)
			v.Submit(v.Role("link", "Back to the webhook"))
			v.isLocked()
			v.Open(deletePath(hook))
			v.isLocked()
			v.Gone(v.Role("button", "Delete webhook"))
			v.Open(listPath(shop))
			v.SeeText(v.Role("listitem", "").Filter(hasText(ui.HostAndPath(hook.URL))), "Locked")
			v.Open(activityPath(shop) + "?outcome=refused")
			v.attempted(1)
			v.Click(v.entries().Locator("summary"))
			v.reads(hook.ID, lockedCode, "400")
		})
	}
}

// isLocked fails the test unless the page says that the webhook is locked, and
// why, and has no way to edit or delete it.
func (v *visitor) isLocked() {
	v.app.t.Helper()
	v.reads("You can’t edit or delete this webhook", "An app you installed manages this webhook", lockedCode)
	v.Gone(v.Role("link", "Edit"))
	v.Gone(v.Role("link", "Delete"))
}

// TestDeleteAndCreateAgain: deleting asks first and says what stops. A deleted
// webhook can be re-created, with another ID.
func TestDeleteAndCreateAgain(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	shop := v.connectKey(2)
	hook := v.app.box.Webhooks(shop.ID)[1]
	v.Open(webhookPath(hook))
	v.Submit(v.Role("link", "Delete"))
	v.at(deletePath(hook))
	v.heads("Delete " + ui.HostAndPath(hook.URL))
	v.reads(hook.URL, "DONATION", "Membership changed")
	stops := v.Role("region", "What stops")
	v.SeeText(stops, donation)
	if text := v.TextOf(stops); strings.Contains(text, orderPlaced) {
		t.Errorf("another webhook receives %s, but the page says: %s", orderPlaced, text)
	}
	v.Submit(v.Role("link", "Keep webhook"))
	v.at(webhookPath(hook))
	v.Submit(v.Role("link", "Delete"))
	v.status(v.Submit(v.Role("button", "Delete webhook")), 200)
	v.at(listPath(shop))
	v.reads(ui.HostAndPath(hook.URL)+" is deleted", hook.URL, "a new ID and maybe a new secret")
	v.app.none(2, hook.URL)

	v.Submit(v.Role("link", "Create again"))
	v.noInput(hook.URL)
	v.kept(hook.URL, orderPlaced, donation, "Gift purchase", "Membership purchased", "Membership changed")
	v.app.none(2, hook.URL)
	v.status(v.create(), 200)
	v.reads("Webhook created.")
	again := v.app.onlyOne(2, hook.URL)
	v.at(webhookPath(again))
	v.app.hasTypes(again, hook.AllowedTypes...)
	if again.ID == hook.ID {
		t.Error("the new webhook has the id of the old one")
	}
	v.deletesWhatIsGone(again)
}

// deletesWhatIsGone deletes a webhook that another client has deleted in
// between, which counts as done.
func (v *visitor) deletesWhatIsGone(w sandbox.Webhook) {
	v.app.t.Helper()
	v.Open(deletePath(w))
	v.app.remove(w)
	v.status(v.Submit(v.Role("button", "Delete webhook")), 200)
	v.reads(w.ID+" is deleted", "It was gone already")
	v.Gone(v.Role("link", "Create again"))
	v.status(v.Open(webhookPath(w)), 404)
}

// TestDeleteIsNotConfirmed: when the response is lost and the webhook cannot be
// read, the page says neither that the delete failed nor that it worked.
func TestDeleteIsNotConfirmed(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	shop := v.connectKey(2)
	hook := v.app.box.Webhooks(shop.ID)[0]
	v.Open(deletePath(hook))
	at := apiWebhooks + "/" + hook.ID
	v.app.box.FailNext(sandbox.Failure{
		Method: http.MethodDelete, Path: at, Status: 500,
		Header: http.Header{"X-Request-Id": {"req-lost"}},
	})
	v.status(v.Submit(v.Role("button", "Delete webhook")), 502)
	v.hasFocus("banner")
	v.reads("couldn’t confirm", "req-lost", hook.URL)
	v.status(v.Submit(v.Role("button", "Delete webhook")), 200)
	v.reads(ui.HostAndPath(hook.URL) + " is deleted")
}
