package fourthwall_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/fourthwall"
)

// TestObserve: each try is observed, unless it was stopped before a response.
func TestObserve(t *testing.T) {
	const op = "list webhooks"
	never := func(context.Context, bool) error { return context.DeadlineExceeded }
	for name, test := range map[string]struct {
		script []step
		before func(context.Context, bool) error
		cancel bool
		want   []fourthwall.Try
	}{
		"a success": {[]step{{status: 200, body: "good", delay: time.Second}}, nil, false, []fourthwall.Try{{op, 200, "", time.Second}}},
		"an error of the API": {
			[]step{{status: 401, body: `{"code":"OPEN_API_UNAUTHORIZED"}`}},
			nil, false,
			[]fourthwall.Try{{op, 401, "OPEN_API_UNAUTHORIZED", 0}},
		},
		"something in front of it": {
			[]step{{status: 403, body: `{"code":"nginx"}`}},
			nil, false,
			[]fourthwall.Try{{op, 403, "", 0}, {op, 403, "", 0}},
		},
		"no response, then one": {
			[]step{{refuse: true}, {status: 200, body: "good"}},
			nil, false,
			[]fourthwall.Try{{op, 0, "", 0}, {op, 200, "", 0}},
		},
		"held back": {
			[]step{{status: 200, body: "good"}}, never, false, nil,
		},
		"canceled": {[]step{{hang: true}}, nil, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []fourthwall.Try
				s := &stage{script: test.script}
				c := s.client(t, fourthwall.Options{Observe: func(o fourthwall.Try) { got = append(got, o) }})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if test.before != nil {
					ctx = fourthwall.BeforeSending(ctx, test.before)
				}
				if test.cancel {
					time.AfterFunc(time.Second, cancel)
				}
				_ = operationNamed(t, op).call(ctx, c) // other tests compare what it returns
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}
