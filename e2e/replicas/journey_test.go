package replicas

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/playwright-community/playwright-go"

	"hookwall/e2e/browser"
)

// journey is a person with a browser at two dashboards that serve alternately.
type journey struct {
	*browser.Page
	*stage
}

// reads waits until the page's content has all of these texts.
func (j journey) reads(texts ...string) {
	j.t.Helper()
	for _, text := range texts {
		j.SeeText(j.Role("main", ""), text)
	}
}

// press clicks a button or a link and fails the test unless the next document
// has this status.
func (j journey) press(role, name string, want int) {
	j.t.Helper()
	if got := j.Submit(j.Role(role, name).First()); got != want {
		j.t.Fatalf("%s leads to %s with status %d, want %d", name, j.Path(), got, want)
	}
}

// dies kills a dashboard without waiting. The next request may go to it.
func (j journey) dies(wall int) { j.walls[wall].Kill() }

func (j journey) returns(wall int) {
	j.t.Helper()
	j.walls[wall].Restart()
}

// TestJourneyThroughTwoReplicas: a person never notices that two dashboards
// respond alternately, nor that one of them dies and comes back on the way. It has
// the machine to itself: a browser waits for seconds only.
func TestJourneyThroughTwoReplicas(t *testing.T) {
	end := newEndpoint(t)
	s := newStage(t, 2, "HOOKWALL_ALLOW_PRIVATE_TARGETS=1")
	j := journey{browser.NewPage(t, browser.Options{BaseURL: s.front.url}), s}
	shop := s.shop()

	j.Open("/connect")
	j.press("link", "Connect with Fourthwall", http.StatusOK)
	j.dies(0) // between the question and the answer
	j.Check(j.PW.GetByRole(*playwright.AriaRoleRadio).First())
	j.press("button", "Allow", http.StatusOK)
	j.reads(shop.Name + " is connected")
	j.returns(0)

	j.creates()
	j.edits()
	j.sends(end)
	j.checks(end)
	j.deletes()

	j.Open("/sign-out")
	j.press("button", "Sign out and disconnect", http.StatusOK)
	if status := j.Open("/shops/" + shop.ID + "/webhooks"); !strings.HasPrefix(j.Path(), "/connect") {
		t.Errorf("after signing out %s answers %d", j.Path(), status)
	}
	for host, n := range s.front.counts() {
		if n < 10 {
			t.Errorf("%s served %d requests only", host, n)
		}
	}
	nothingSecret(t, s.database, s.walls[0].Logs()+s.walls[1].Logs(), shop.APIPassword, shop.WebhookSecret)
}

// creates makes a webhook, at the second try, while a dashboard is away.
func (j journey) creates() {
	j.t.Helper()
	j.Open("/shops/" + j.shop().ID + "/webhooks/new")
	j.Check(j.Role("checkbox", "Donation"))
	j.press("button", "Create webhook", http.StatusUnprocessableEntity)
	j.dies(1)
	j.Must(j.Expect(j.Role("checkbox", "Donation")).ToBeChecked())
	j.Fill(j.Role("textbox", "Endpoint URL"), endpoint)
	j.press("button", "Create webhook", http.StatusOK)
	j.reads(endpoint, "wcon_")
	j.returns(1)
	if err := onlyOne(j.stage); err != nil {
		j.t.Error(err)
	}
}

func (j journey) edits() {
	j.t.Helper()
	j.press("link", "Edit", http.StatusOK)
	j.Check(j.Role("checkbox", "Order placed"))
	j.press("button", "Review changes", http.StatusOK)
	j.dies(0)
	j.press("button", "Save changes", http.StatusOK)
	j.reads("The webhook is saved")
	j.returns(0)
	if hooks := j.shop().Webhooks; len(hooks) != 1 || len(hooks[0].AllowedTypes) != 2 {
		j.t.Errorf("webhooks %v, want one with two event types", hooks)
	}
}

// sends makes a test delivery to an endpoint of this machine.
func (j journey) sends(end *blockingEndpoint) {
	j.t.Helper()
	shop := j.shop()
	j.box.AddWebhook(shop.ID, end.url, "DONATION")
	hooks := j.shop().Webhooks
	j.Open("/shops/" + shop.ID + "/webhooks/" + hooks[len(hooks)-1].ID + "/test")
	end.release()
	j.press("button", "Send this test delivery", http.StatusOK)
	j.Must(j.Expect(j.CSS("#result")).ToContainText("200"))
}

// checks follows a check that one dashboard runs and the other shows. The
// second one dies during the check.
func (j journey) checks(end *blockingEndpoint) {
	j.t.Helper()
	end.block()
	j.front.pin("/checks", 0)
	j.front.pin("/stream", 1)
	j.Open("/shops/" + j.shop().ID + "/checks/new")
	j.Fill(j.Role("textbox", "Endpoint URL"), end.url)
	j.press("button", "Send up to 3 test deliveries", http.StatusOK)
	<-end.arrived
	running := j.CSS(".checks > li .mark").Filter(playwright.LocatorFilterOptions{HasText: "Running"})
	j.Must(j.Expect(running).ToHaveCount(1))
	eventually(j.t, "following the check",
		func() bool { return j.front.isServed("/stream") && j.front.isServed("/checks") })
	j.ExpectProblem("stream")
	j.dies(1)
	j.SeeText(j.CSS("#live"), "Progress is no longer shown here")
	j.returns(1)
	end.release()
	j.Submit(j.CSS(".check-follow"))
	j.See(j.CSS("#result"))
	j.reads("Endpoint check", end.url)
}

func (j journey) deletes() {
	j.t.Helper()
	hook := j.shop().Webhooks[0]
	j.Open("/shops/" + j.shop().ID + "/webhooks/" + hook.ID + "/delete")
	j.dies(0)
	j.press("button", "Delete webhook", http.StatusOK)
	j.reads("is deleted")
	j.returns(0)
	if hooks := j.shop().Webhooks; len(hooks) != 1 || hooks[0].ID == hook.ID {
		j.t.Errorf("webhooks %v, want one, and not %s", hooks, hook.ID)
	}
}

// blockingEndpoint is an endpoint that responds once it is released.
type blockingEndpoint struct {
	url     string
	arrived chan struct{} // gets something when a delivery waits
	mu      sync.Mutex
	open    chan struct{} // closed while deliveries are answered
}

func newEndpoint(t *testing.T) *blockingEndpoint {
	t.Helper()
	h := &blockingEndpoint{arrived: make(chan struct{}, 10), open: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		h.arrived <- struct{}{}
		h.mu.Lock()
		open := h.open
		h.mu.Unlock()
		select {
		case <-open:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	h.url = server.URL + "/hook"
	return h
}

func (h *blockingEndpoint) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.open)
}

// block stops all further deliveries, and forgets those that came.
func (h *blockingEndpoint) block() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open = make(chan struct{})
	for len(h.arrived) > 0 {
		<-h.arrived
	}
}
