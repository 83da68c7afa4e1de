package replicas

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hookwall/e2e/process"
)

// operation is something that a person does by one form, over several calls to the
// API.
type operation struct {
	name   string
	calls  []string // the first, in their order
	byCode bool     // with a token, which is over when the form is sent
	// prepare makes what the operation needs and returns the form.
	prepare func(*stage, *process.Client) process.Form
	// done reports whether the shop is as it should be in the end.
	done   func(*stage) error
	action string // as the activity has it
}

const endpoint = "https://hooks.example.com/killed"

// newForm is the create form, filled in.
func (s *stage) newForm(c *process.Client, address string) process.Form {
	s.t.Helper()
	f := c.Get(s.at("/webhooks/new")).Form("/webhooks")
	f.Values.Set("url", address)
	f.Values.Set("allowedTypes", "DONATION")
	f.Values.Set("do", "create")
	return f
}

func (s *stage) changed(c *process.Client) process.Form {
	s.t.Helper()
	s.box.AddWebhook(s.shop().ID, endpoint, "DONATION")
	f := c.Get(s.at("/webhooks/" + s.shop().Webhooks[0].ID + "/edit")).Form("/edit")
	f.Values["allowedTypes"] = []string{"DONATION", "ORDER_PLACED"}
	f.Values.Set("do", "review")
	return c.Post(f.Action, f.Values).Form("/edit/confirm")
}

func (s *stage) deleted(c *process.Client) process.Form {
	s.t.Helper()
	s.box.AddWebhook(s.shop().ID, endpoint, "DONATION")
	return c.Get(s.at("/webhooks/" + s.shop().Webhooks[0].ID + "/delete")).Form("/delete")
}

func onlyOne(s *stage) error {
	if urls := s.urls(); !maps.Equal(urls, map[string]int{endpoint: 1}) {
		return fmt.Errorf("webhooks %v, want one of %s", urls, endpoint)
	}
	return nil
}

func changedOnce(s *stage) error {
	hooks := s.shop().Webhooks
	if len(hooks) != 1 || !slices.Equal(hooks[0].AllowedTypes, []string{"DONATION", "ORDER_PLACED"}) {
		return fmt.Errorf("webhooks %v, want one with two event types", hooks)
	}
	return nil
}

func gone(s *stage) error {
	if urls := s.urls(); len(urls) != 0 {
		return fmt.Errorf("webhooks %v, want none", urls)
	}
	return nil
}

func create(s *stage, c *process.Client) process.Form { return s.newForm(c, endpoint) }

var operations = []operation{
	{"create", []string{"GET /webhooks", "POST /webhooks"}, false, create, onlyOne, "webhook.create"},
	{"edit", []string{"GET /webhooks/", "PUT /webhooks/"}, false, (*stage).changed, changedOnce, "webhook.update"},
	{"delete", []string{"GET /webhooks/", "DELETE /webhooks/"}, false, (*stage).deleted, gone, "webhook.delete"},
	{
		"create with a refresh",
		[]string{"GET /webhooks", "POST " + tokenPath, "GET /webhooks"},
		true, create, onlyOne,
		"webhook.create",
	},
}

// TestKilledAtEveryCall: the dashboard dies when a call is on its way to the
// API, or when its response is on its way back, at each call. The form is sent
// again unchanged, and the result is as if nothing had happened.
func TestKilledAtEveryCall(t *testing.T) {
	t.Parallel()
	for _, o := range operations {
		for i, call := range o.calls {
			for _, answered := range []bool{false, true} {
				name := fmt.Sprintf("%s, call %d, answered %v", o.name, i+1, answered)
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					o.diesAt(t, moment{call: i + 1, answered: answered, path: call})
				})
			}
		}
	}
}

func (o operation) diesAt(t *testing.T, end moment) {
	s := newStage(t, 1)
	c := s.byKey
	if o.byCode {
		c = s.byCode
	}
	person := c()
	form := o.prepare(s, person)
	if form.Action == "" {
		t.Fatal("there is no form")
	}
	if o.byCode {
		s.box.Advance(10 * time.Minute) // the token is over
	}
	s.wire.watched(func(m moment) bool {
		if m.call != end.call || m.answered != end.answered {
			return true
		}
		verb, path, _ := strings.Cut(end.path, " ")
		if m.method != verb || !strings.Contains(m.path, path) {
			t.Errorf("call %d is %s %s, want %s", m.call, m.method, m.path, end.path)
		}
		s.walls[0].Kill()
		return false
	})
	if page, err := person.Send(t.Context(), http.MethodPost, form.Action, form.Values); err == nil {
		t.Fatalf("it was answered with %d, so nothing was killed in the middle", page.Status)
	}
	var creates atomic.Int64
	s.wire.watched(func(m moment) bool {
		if m.method == http.MethodPost && strings.HasSuffix(m.path, "/webhooks") && !m.answered {
			creates.Add(1)
		}
		return true
	})
	s.walls[0].Restart()
	page := person.Post(form.Action, form.Values)
	unknown := strings.HasPrefix(end.path, "POST /webhooks") && !end.answered
	switch {
	case o.byCode && end.call == 2 && end.answered:
		page = s.reconnects(person, page, form)
	case unknown:
		if n := creates.Load(); n != 0 {
			t.Errorf("the form that was sent again creates by itself, by %d calls", n)
		}
		page = s.notConfirmed(person, page, form)
	}
	if page.Status != http.StatusOK {
		t.Errorf("the form that was sent again is answered with %d:\n%s", page.Status, page.Body)
	}
	if err := o.done(s); err != nil {
		t.Error(err)
	}
	if !unknown || *patient { // else the first attempt is pending for a while
		s.awaitOutcomes(person)
	}
	if !slices.ContainsFunc(s.attempts(person, "done"),
		func(line string) bool { return strings.Contains(line, o.action) }) {
		t.Errorf("the activity has no %s that is done: %q", o.action, s.attempts(person, ""))
	}
}

// notConfirmed continues where a create ends that may have reached the API:
// nothing is created again before the person says so. It goes back to the form,
// as the page offers, and waits as long as the next page asks. With -patient it
// sends the same form until an absence is as good as certain.
func (s *stage) notConfirmed(c *process.Client, page process.Page, form process.Form) process.Page {
	s.t.Helper()
	kept := page.Form("/webhooks")
	if page.Status != http.StatusBadGateway || !strings.Contains(page.Body, "Unconfirmed") {
		s.t.Errorf("it ends with status %d:\n%s", page.Status, page.Body)
	}
	if kept.Values.Get("url") != form.Values.Get("url") ||
		kept.Values.Get("submission") != form.Values.Get("submission") ||
		!slices.Equal(kept.Values["allowedTypes"], form.Values["allowedTypes"]) {
		s.t.Errorf("what was sent is not kept: %v in\n%s", kept.Values, page.Body)
	}
	if urls := s.urls(); len(urls) > 0 {
		s.t.Errorf("it says that it is not known, with %v there", urls)
	}
	again := form
	if !*patient {
		kept.Values.Set("do", "edit")
		again = c.Post(kept.Action, kept.Values).Form("/webhooks")
		again.Values.Set("do", "create")
	}
	for range 30 {
		page = c.Post(again.Action, again.Values)
		if strings.Contains(page.Body, `value="repeat"`) {
			break
		}
		after, _ := strconv.Atoi(page.Header.Get("Retry-After"))
		<-time.After(time.Duration(max(1, after)) * time.Second)
	}
	if urls := s.urls(); len(urls) > 0 {
		s.t.Errorf("nobody has decided, and there is %v", urls)
	}
	decided := page.Form("/webhooks")
	if decided.Action == "" {
		s.t.Fatalf("nobody is asked: status %d\n%s", page.Status, page.Body)
	}
	decided.Values.Set("do", "repeat")
	return c.Post(decided.Action, decided.Values)
}

// reconnects follows the page of a connection that is over, back to the form
// with everything in it, and sends that.
func (s *stage) reconnects(c *process.Client, page process.Page, form process.Form) process.Page {
	s.t.Helper()
	const says = "must be connected again"
	if page.URL.Path != "/connect" || !strings.Contains(page.Body, says) {
		s.t.Fatalf("at %s with status %d, want the connect page that says %q:\n%s", page.URL, page.Status, says, page.Body)
	}
	start := "/oauth/start?way=code"
	if back := page.URL.Query().Get("return"); back != "" {
		start += "&return=" + url.QueryEscape(back)
	}
	page = s.consent(c, c.Get(s.front.url+start))
	again := page.Form("/webhooks")
	if again.Values.Get("url") != form.Values.Get("url") ||
		!slices.Equal(again.Values["allowedTypes"], form.Values["allowedTypes"]) {
		s.t.Fatalf("the form was not kept: %v at %s", again.Values, page.URL)
	}
	again.Values.Set("do", "create")
	return c.Post(again.Action, again.Values)
}
