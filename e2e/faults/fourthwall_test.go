package faults

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"hookwall/internal/sandbox"
)

// fault is a fault of Fourthwall or of the connection to it, and what a person
// gets while it lasts. An action that it does not affect has no want.
type fault struct {
	name                       string
	settings                   settings
	place                      func(*testing.T) string // makes the database; nil for a file
	early                      bool                    // it begins before the page is opened
	unready                    bool                    // /readyz returns 503
	begin                      func(w *world)
	end                        func(w *world)
	log                        string // the cause, in the line of the log that names the request id of the page
	create, edit, remove, list want
}

// answers makes every call of the API fail the same way.
func answers(f sandbox.Failure) func(*world) {
	return func(w *world) {
		f.Path, f.Times = "/open-api/*", 1000
		w.box.FailNext(f)
	}
}

// writes makes the next call that changes something fail. Other calls succeed.
func writes(f sandbox.Failure) func(*world) {
	return func(w *world) {
		f.Path = "/open-api/v1.0/webhooks*"
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
			f.Method = method
			w.box.FailNext(f)
		}
	}
}

func forget(w *world) { w.box.ForgetFailures() }

func poisoned(what toxic) func(*world) { return func(w *world) { w.api.poison(what) } }

func restored(w *world) { w.api.restore() }

func hypertext(status int) sandbox.Failure {
	return sandbox.Failure{Status: status, Body: "<!doctype html><title>Bad gateway</title><h1>Please stand by</h1>"}
}

func switched(change func(*sandbox.Switches)) func(*world) {
	return func(w *world) {
		for _, s := range w.box.Shops() {
			to := w.box.Switches(s.ID)
			change(&to)
			w.must(w.box.Configure(s.ID, to))
		}
	}
}

const (
	mb10     = 10 << 20
	tooLarge = "a body of 10 MB"
	noAnswer = "connection closed before the end of the answer"
	notJSON  = "the answer is not the JSON that was expected"
)

// What a person gets where Fourthwall's response can't be understood.
var (
	unread = want{
		status: 502, says: says("Fourthwall didn’t respond as expected",
			"Nothing was saved. Your changes are kept below. Click Review changes again in a moment."), kept: "form",
		heals: "press, save",
	}
	undeleted = want{status: 502, says: says("Nothing was deleted, because we couldn’t read this webhook first",
		"Try again in a moment"), heals: "try again, press"}
	unlisted = want{
		status: 502, says: says("Fourthwall didn’t respond as expected", "Try again in a moment"),
		heals: "reload",
	}
	unlistedBefore = want{
		status: 502, says: says("Hookwall can’t tell whether this webhook already exists",
			"Nothing was created. Wait a moment, then click Create webhook again"), kept: "form", heals: "press",
	}
)

// What a person gets if Fourthwall did what it was asked, but its response does
// not say so.
var (
	created = want{status: 200, says: says("Webhook created"), done: 1}
	saved   = want{status: 200, says: says("The webhook is saved"), done: 1}
	deleted = want{status: 200, says: says("is deleted"), done: 1}
	listed  = want{status: 200, says: says(" event types covered")}
)

func says(sentences ...string) []string { return sentences }

func busy(after, wait string) (create, edit, remove, list want) {
	return want{
			status: 503, after: after,
			says: says("Hookwall can’t tell whether this webhook already exists",
				"Nothing was created. Wait "+wait+", then click Create webhook again"), kept: "form", heals: "press",
		},
		want{
			status: 503, after: after,
			says: says("Fourthwall is busy",
				"Nothing was saved. Your changes are kept below. Click Review changes again in "+wait), kept: "form",
			heals: "press, save",
		},
		want{status: 503, after: after, says: says("Nothing was deleted", "Try again in "+wait), heals: "try again, press"},
		want{status: 503, after: after, says: says("Fourthwall is busy", "Reload this page in "+wait), heals: "reload"}
}

func (f fault) busy(after, wait string) fault {
	f.create, f.edit, f.remove, f.list = busy(after, wait)
	return f
}

// garbled are responses that cannot be parsed.
func (f fault) garbled(create want) fault {
	f.create, f.edit, f.remove, f.list = create, unread, undeleted, unlisted
	if f.name == tooLarge {
		f.list.says = says("Fourthwall’s response is too large", "Try again later")
	}
	return f
}

// inFront are refusals by something in front of Fourthwall.
func (f fault) inFront(create string) fault {
	const front = "Something in front of Fourthwall rejected the request"
	f.create = want{status: 503, says: says(front, create), kept: "form", heals: "press"}
	f.edit = want{
		status: 503, says: says(front, "Nothing was saved. Your changes are kept below"), kept: "form",
		heals: "press, save",
	}
	f.remove = want{status: 503, says: says(front, "Nothing was deleted"), heals: "try again, press"}
	f.list = want{status: 503, says: says(front, "Try again in a moment"), heals: "reload"}
	return f
}

// done are writes that took effect, which reading again shows.
func (f fault) done() fault {
	f.create, f.edit, f.remove = created, saved, deleted
	return f
}

// lost are writes without an effect, which cannot be known for certain.
func (f fault) lost() fault {
	f.create = want{
		status: 502, says: says("Don’t create it again yet", "Check again"), kept: "form",
		heals: "check, list, form, press, wait, press, create anyway",
	}
	f.edit = want{status: 502, says: says("We couldn’t confirm whether the change was saved",
		"Click Review changes to read the webhook again"), kept: "form", heals: "press, save"}
	f.remove = want{status: 502, says: says("We couldn’t confirm whether the webhook was deleted",
		"Deleting again does no harm"), heals: "press"}
	return f
}

func (f fault) wants(action string) want {
	return map[string]want{creates: f.create, edits: f.edit, deletes: f.remove, lists: f.list}[action]
}

var faults = []fault{
	fault{name: "Fourthwall is down", begin: func(w *world) { w.api.cut() }, end: restored, log: "connection refused"}.
		garbled(want{status: 502, says: says("We couldn’t reach Fourthwall",
			"Nothing was created. Click Create webhook again in a moment."), kept: "form", heals: "press"}),
	fault{
		name: "it is slow beyond the budget", settings: settings{budget: 4 * time.Second},
		begin: poisoned(toxic{"latency", "downstream", map[string]int64{"latency": 60000}}), end: restored,
		log: "no answer in time",
	}.garbled(unlistedBefore),
	fault{
		name: "cut after the request", begin: poisoned(toxic{"limit_data", "downstream", map[string]int64{"bytes": 0}}),
		end: restored, log: noAnswer,
	}.garbled(unlistedBefore),
	fault{
		name:  "reset after the request",
		begin: poisoned(toxic{"reset_peer", "downstream", map[string]int64{"timeout": 0}}), end: restored,
		log: "connection reset by peer",
	}.garbled(unlistedBefore),
	fault{
		name:  "cut in the head of the answer",
		begin: poisoned(toxic{"limit_data", "downstream", map[string]int64{"bytes": 100}}), end: restored,
		log: noAnswer,
	}.garbled(unlistedBefore),
	fault{
		name: "cut in the body of the answer", begin: answers(sandbox.Failure{Cut: sandbox.CutBody}), end: forget,
		log: noAnswer,
	}.garbled(unlistedBefore),
	fault{
		name: "429", begin: answers(sandbox.Failure{Status: 429, Code: "OPEN_API_TOO_MANY_REQUESTS"}), end: forget,
		log: "429 OPEN_API_TOO_MANY_REQUESTS",
	}.busy("", "a moment"),
	fault{
		name: "429 with Retry-After",
		begin: answers(sandbox.Failure{
			Status: 429, Code: "OPEN_API_TOO_MANY_REQUESTS",
			Header: http.Header{"Retry-After": {"30"}},
		}), end: forget, log: "429 OPEN_API_TOO_MANY_REQUESTS",
	}.busy("30",
		"30 seconds"),
	fault{
		name: "500", begin: answers(sandbox.Failure{Status: 500, Code: "INTERNAL"}), end: forget,
		log: "500 INTERNAL",
	}.garbled(unlistedBefore),
	fault{name: "502", begin: answers(hypertext(502)), end: forget, log: ": 502"}.garbled(unlistedBefore),
	fault{name: "503", begin: answers(hypertext(503)), end: forget, log: ": 503"}.busy("", "a moment"),
	fault{name: "504", begin: answers(hypertext(504)), end: forget, log: ": 504"}.garbled(unlistedBefore),
	fault{
		name: "403 with a page of a firewall", begin: answers(hypertext(403)), end: forget, log: "403 not from the API",
	}.inFront("Nothing was created. Wait a moment, then click Create webhook again"),
	fault{
		name: "401 without a body", begin: answers(sandbox.Failure{Status: 401}), end: forget, log: "401 not from the API",
	}.inFront("Nothing was created. Wait a moment, then click Create webhook again"),
	fault{name: "HTML instead of JSON", begin: answers(hypertext(200)), end: forget, log: notJSON}.garbled(unlistedBefore),
	fault{
		name: "truncated JSON", begin: answers(sandbox.Failure{Status: 200, Body: `{"id":"wcon_1","url":"https://ho`}),
		end: forget, log: notJSON,
	}.garbled(unlistedBefore),
	fault{
		name: tooLarge, begin: answers(sandbox.Failure{Status: 200, Body: `{"id":"` + strings.Repeat("x", mb10) + `"}`}),
		end: forget, log: "the answer is too large",
	}.garbled(unlistedBefore),
	{
		name: "wrong content type", begin: answers(sandbox.Failure{Header: http.Header{"Content-Type": {"text/html"}}}),
		end:    forget,
		create: created, edit: saved, remove: deleted, list: listed,
	},
	{
		name: "unknown event types", early: true, begin: switched(func(s *sandbox.Switches) { s.FutureTypes = true }),
		end:    func(*world) {},
		create: created, edit: saved, remove: deleted, list: listed,
	},

	fault{
		name: "a write is cut after the request", begin: writes(sandbox.Failure{Cut: sandbox.CutAfter}),
		end: forget,
	}.done(),
	fault{name: "a write is cut in the answer", begin: writes(sandbox.Failure{Cut: sandbox.CutBody}), end: forget}.done(),
	fault{
		name: "a write is cut before it is done", begin: writes(sandbox.Failure{Cut: sandbox.CutBefore}), end: forget,
		log: noAnswer,
	}.lost(),
	fault{
		name: "a write answers 500, done", begin: writes(sandbox.Failure{Status: 500, Effect: true}),
		end: forget,
	}.done(),
	fault{
		name: "a write answers 500, not done", begin: writes(sandbox.Failure{Status: 500}), end: forget,
		log: ": 500",
	}.lost(),
	fault{
		name: "a write answers 502, done", begin: writes(sandbox.Failure{Status: 502, Effect: true}),
		end: forget,
	}.done(),
	fault{
		name: "a write answers 503, done", begin: writes(sandbox.Failure{Status: 503, Effect: true}),
		end: forget,
	}.done(),
	fault{
		name: "a write answers 504, done", begin: writes(sandbox.Failure{Status: 504, Effect: true}),
		end: forget,
	}.done(),
	fault{
		name:  "a write answers HTML, done",
		begin: writes(sandbox.Failure{Status: 200, Body: "<p>done</p>", Effect: true}), end: forget,
	}.done(),
	fault{
		name:  "a write answers half of its JSON, done",
		begin: writes(sandbox.Failure{Status: 200, Body: `{"id":"wc`, Effect: true}), end: forget,
	}.done(),
	fault{
		name:  "a write answers 10 MB, done",
		begin: writes(sandbox.Failure{Status: 200, Body: strings.Repeat("x", mb10), Effect: true}), end: forget,
	}.done(),
	fault{name: "a write answers 429 once", begin: writes(sandbox.Failure{Status: 429}), end: forget}.done(),
	{
		name: "a write answers 503, not done", begin: writes(sandbox.Failure{Status: 503}), end: forget, log: ": 503",
		create: want{status: 503, says: says("Fourthwall is busy",
			"Nothing was created. Wait a moment, then click Create webhook again."), kept: "form", heals: "press"},
		edit: want{status: 503, says: says("Fourthwall is busy",
			"Nothing was changed. Wait a moment, then click Review changes again."), kept: "form", heals: "press, save"},
		remove: want{status: 503, says: says("Fourthwall is busy",
			"Nothing was deleted. Wait a moment, then click Delete webhook again."), heals: "press"},
	},
	{
		name: "scope missing", log: "403 OPEN_API_FORBIDDEN",
		begin: switched(func(s *sandbox.Switches) { s.RequireScopes = []string{"order_read"} }),
		end:   switched(func(s *sandbox.Switches) { s.RequireScopes = nil }),
		create: want{status: 403, says: says("This connection can’t create webhooks", "webhook_write",
			"Connect the shop again"), kept: "form", heals: "press"},
		edit: want{status: 403, says: says("This connection can’t read webhooks", "webhook_read",
			"Connect the shop again"), kept: "form", heals: "press, save"},
		remove: want{status: 403, says: says("This connection can’t read webhooks", "webhook_read",
			"Connect the shop again"), heals: "link, connect, press"},
		list: want{
			status: 200, says: says("This connection can’t read webhooks", "You can still create webhooks"),
			heals: "reload",
		},
	},
	{
		name: "shop deleted", log: "404 SHOP_TEAM_MEMBER_SHOP_NOT_FOUND_ERROR",
		begin: answers(sandbox.Failure{Status: 404, Code: "SHOP_TEAM_MEMBER_SHOP_NOT_FOUND_ERROR"}),
		end:   forget,
		create: want{status: 404, says: says("Fourthwall no longer knows this shop",
			"Nothing was created. Connect the shop again, or disconnect it"), kept: "form", heals: "press"},
		edit: want{
			status: 404, says: says("This shop no longer exists", "Nothing was saved. Connect the shop again"), kept: "form",
			heals: "press, save",
		},
		remove: want{status: 404, says: says("Fourthwall no longer knows this shop",
			"Connect the shop again, or disconnect it"), heals: "back"},
		list: want{
			status: 404, says: says("This shop no longer exists", "Connect the shop again, or disconnect it"),
			heals: "reload",
		},
	},
}

// TestFourthwall breaks Fourthwall, or the connection to it, during each of the
// actions.
func TestFourthwall(t *testing.T) { meetAll(t, faults) }

func meetAll(t *testing.T, all []fault) {
	for _, f := range all {
		matrix.expect(f.name)
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			if f.place != nil {
				f.settings.database = f.place(t)
			}
			w := newWorld(t, f.settings)
			p := w.connected(0)
			for _, action := range []string{creates, edits, deletes, lists} {
				if f.wants(action).status != 0 {
					f.meet(p, action)
				}
			}
		})
	}
}

// meet lets a person do something while the fault lasts, and continue after it.
func (f fault) meet(p *person, action string) {
	want := f.wants(action)
	if want.heals != "" {
		want.log = f.log // a page that says nothing of the fault names no request
	}
	if f.early {
		f.begin(p.w)
	}
	a := p.begin(action, strings.Map(letters, f.name))
	if !f.early {
		f.begin(p.w)
	}
	seen := a.observe(a.act())
	f.end(p.w)
	a.compare(f.name, seen, want)
}

func letters(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
		return r
	}
	return '-'
}
