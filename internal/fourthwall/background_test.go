package fourthwall_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"hookwall/internal/fourthwall"
)

func TestInBackgroundReturns429AtOnce(t *testing.T) {
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, `{"code":"OPEN_API_TOO_MANY_REQUESTS"}`)
	}))
	defer server.Close()
	c := newClient(t, server.URL, fourthwall.Options{})
	defer c.CloseIdleConnections()
	_, err := c.WebhookList(fourthwall.InBackground(t.Context()), fourthwall.Bearer{Token: "token"})
	if e := fourthwall.AsError(err); e == nil || e.Status != http.StatusTooManyRequests || e.RetryAfter != time.Second {
		t.Errorf("error %v", err)
	}
	if n := requests.Load(); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

func TestInBackgroundRequestsOnePageAtATime(t *testing.T) {
	var running, most atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		most.Store(max(most.Load(), running.Add(1)))
		defer running.Add(-1)
		page := r.URL.Query().Get("page")
		fmt.Fprintf(w, `{"results":[{"id":"wcon_%s"}],"total":20}`, page)
	}))
	defer server.Close()
	c := newClient(t, server.URL, fourthwall.Options{})
	defer c.CloseIdleConnections()
	list, err := c.WebhookList(fourthwall.InBackground(t.Context()), fourthwall.Bearer{Token: "token"})
	if err != nil || len(list.Webhooks) != 20 {
		t.Errorf("%d webhooks, error %v", len(list.Webhooks), err)
	}
	if n := most.Load(); n != 1 {
		t.Errorf("%d requests side by side", n)
	}
}
