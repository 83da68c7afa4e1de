package doctor

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/fourthwall"
)

// TestDeliver checks the response and the report of a single delivery.
func TestDeliver(t *testing.T) {
	const text = "HTTP/1.1 201 Created\r\nContent-Length: 3\r\nX-One: 1\r\n\r\nyes"
	for _, test := range []struct {
		name   string
		talk   conversation
		secret fourthwall.Secret
		want   string // results of the steps
		status int
		header string // X-One
		body   string
	}{
		{"accepted", answers(ok), secret, "PPWPWPPP", 200, "", "ok"},
		{"another status", answers(text), secret, "PPWPWPFP", 201, "1", "yes"},
		{"refused without the secret", verifying(ok, refused), "", "PPWPWPWP", 401, "", ""},
		{"no answer", reset, secret, "PPWPWFSS", 0, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := listen(t, test.talk)
			result, report := newDoctor(t, e.options()).Deliver(t.Context(), Request{
				URL: plain, Body: []byte(envelope),
				Secret: test.secret,
			})
			if got := letters(report); got != test.want {
				t.Errorf("%s, want %s\n%s", got, test.want, report.Text())
			}
			if result.Status != test.status || result.Header.Get("X-One") != test.header || string(result.Body) != test.body ||
				!report.Done {
				t.Errorf("%d, %q, %q, done %v", result.Status, result.Header.Get("X-One"), result.Body, report.Done)
			}
			want := []post{{envelope, test.secret != "", "application/json"}}
			if diff := cmp.Diff(want, e.received(), cmp.AllowUnexported(post{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}
