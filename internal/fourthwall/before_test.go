package fourthwall_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"hookwall/internal/fourthwall"
)

// TestBeforeSending counts what is asked and what is sent, a retry included. Where a retry is held back, the response
// to the first try counts.
func TestBeforeSending(t *testing.T) {
	errLost := errors.New("lost")
	rows := []struct {
		name   string
		asked  int // how often until it is refused
		sent   int
		status int // of the error
	}{
		{"refused before the first try", 1, 0, 0},
		{"refused before the second try", 2, 1, http.StatusTooManyRequests},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var asked, sent atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				sent.Add(1)
				w.WriteHeader(http.StatusTooManyRequests)
			}))
			defer server.Close()
			c, err := fourthwall.New(server.URL, fourthwall.Options{Transport: &http.Transport{DisableKeepAlives: true}})
			if err != nil {
				t.Fatal(err)
			}
			ctx := fourthwall.BeforeSending(t.Context(), func(_ context.Context, again bool) error {
				if again != (sent.Load() > 0) {
					t.Errorf("again %v after %d requests", again, sent.Load())
				}
				if asked.Add(1) == int64(row.asked) {
					return errLost
				}
				return nil
			})
			_, err = c.UpdateWebhook(ctx, fourthwall.Bearer{Token: "t"}, "id", fourthwall.Content{URL: "https://a.example/"})
			api := fourthwall.AsError(err)
			isFirst := row.sent == 0
			if api == nil || errors.Is(err, errLost) != isFirst || errors.Is(err, fourthwall.ErrHeldBack) != isFirst ||
				api.NotSent != isFirst || api.Status != row.status || api.Uncertain() {
				t.Errorf("error %v", err)
			}
			if int(asked.Load()) != row.asked || int(sent.Load()) != row.sent {
				t.Errorf("asked %d times, sent %d times", asked.Load(), sent.Load())
			}
		})
	}
}
