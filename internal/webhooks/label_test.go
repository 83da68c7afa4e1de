package webhooks_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"hookwall/internal/sandbox"
	"hookwall/internal/webhooks"
)

func TestCleanLabel(t *testing.T) {
	for _, c := range []struct{ name, typed, label, problem string }{
		{"nothing", "", "", ""},
		{"blanks alone", " \t\u00a0\u3000\r\n", "", ""},
		{"invisible characters alone", "\u200b\ufeff\u202e", "", ""},
		{"a name", "Tips ledger", "Tips ledger", ""},
		{"blanks around and inside", "  Tips \n\t ledger\u00a0", "Tips ledger", ""},
		{"invisible characters inside", "Ti\u200bps\u202e \u00adledger\x00", "Tips ledger", ""},
		{"letters of any script", "ギフト 🎁 Öl", "ギフト 🎁 Öl", ""},
		{"what looks like markup", `<b>"Tips" & more`, `<b>"Tips" & more`, ""},
		{"broken UTF-8", "Ti\xffps", "Tips", ""},
		{"sixty characters", strings.Repeat("é", 60) + " ", strings.Repeat("é", 60), ""},
		{
			"one more", strings.Repeat("é", 61), strings.Repeat("é", 61),
			"This name has 61 characters. Use 60 or fewer.",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			label, problem := webhooks.CleanLabel(c.typed)
			if label != c.label || problem != c.problem {
				t.Errorf("%q, %q, want %q, %q", label, problem, c.label, c.problem)
			}
		})
	}
}

// TestLabelEndsWithItsWebhook: a webhook that is deleted loses its label, and one that isn't keeps it.
func TestLabelEndsWithItsWebhook(t *testing.T) {
	refuse := func(code string, status int) func(*rig, *process) {
		return func(g *rig, _ *process) {
			g.box.FailNext(sandbox.Failure{Method: http.MethodDelete, Path: apiWebhooks + "/*", Status: status, Code: code})
		}
	}
	for _, c := range []struct {
		name   string
		before func(*rig, *process)
		state  webhooks.State
		label  string
		later  string // after what is unclear was looked for
	}{
		{"deleted", func(*rig, *process) {}, webhooks.Deleted, "", ""},
		{"deleted, and its response lost", func(_ *rig, p *process) { p.after = losing(1) }, webhooks.Deleted, "", ""},
		{"deleted, as is found later", func(_ *rig, p *process) { p.after = losing(99) }, webhooks.Unconfirmed, "Tips", ""},
		{"not found", refuse("WEBHOOK_NOT_FOUND", http.StatusNotFound), webhooks.Deleted, "", ""},
		{"locked", refuse(webhooks.CodeImmutable, http.StatusBadRequest), webhooks.Rejected, "Tips", "Tips"},
		{"not deleted, as is found later", refuse("", http.StatusInternalServerError), webhooks.Unconfirmed, "Tips", "Tips"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newRig(t)
			p := g.process()
			who := g.person(p)
			id := g.add(who, content(good, "DONATION"))
			g.must(p.SetLabel(t.Context(), who.shop.ID, id, "Tips"))
			g.must(p.SetLabel(t.Context(), who.shop.ID, "wcon_other", "Other"))
			c.before(g, p)
			got, err := p.Delete(t.Context(), p.request(who, "delete"), id)
			g.must(err)
			if label := g.label(who, id); got.State != c.state || label != c.label {
				t.Errorf("state %d, label %q, want %d, %q", got.State, label, c.state, c.label)
			}
			p.after = nil
			g.move(g.timing.Certain + time.Second)
			g.must(p.Reconcile(t.Context(), 100))
			if label := g.label(who, id); label != c.later {
				t.Errorf("label %q later, want %q", label, c.later)
			}
			if other := g.label(who, "wcon_other"); other != "Other" {
				t.Errorf("another label is %q", other)
			}
		})
	}
}

// losing loses the response to the delete, and to what is read after it, until so many are lost.
func losing(n int) func(*http.Request) {
	lost := 0
	return func(r *http.Request) {
		if lost < n && (lost > 0 || r.Method == http.MethodDelete) {
			lost++
			panic(http.ErrAbortHandler)
		}
	}
}

func (g *rig) label(who person, id string) string {
	g.t.Helper()
	all, err := g.store.Labels(g.t.Context(), who.shop.ID)
	g.must(err)
	return all[id]
}
