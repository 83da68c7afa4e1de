package fourthwall_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"hookwall/internal/fourthwall"
)

// TestWhoRefused: only an answer of the API says something about a credential or a webhook.
func TestWhoRefused(t *testing.T) {
	const (
		bearer = `Bearer realm="api", error="invalid_token", error_description="expired"`
		basic  = `Basic realm="intranet"`
		spring = `{"timestamp":1,"status":404,"error":"Not Found","path":"/x"}`
		coded  = `{"code":"OPEN_API_CODE"}`
		none   = fourthwall.Fault("")
		front  = fourthwall.InFront
		anyone = fourthwall.Unfamiliar
	)
	rows := []struct {
		name      string
		status    int
		body      string
		challenge string
		code      string
		fault     fourthwall.Fault
	}{
		{"the API's 401", 401, coded, "", "OPEN_API_CODE", none},
		{"a token that expired, by a gateway", 401, "", bearer, "invalid_token", none},
		{"a token that expired, by a gateway, in JSON", 401, `{"error":"invalid_token"}`, "", "invalid_token", none},
		{"a scope that is missing, by a gateway", 403, `{"error":"insufficient_scope"}`, "", "insufficient_scope", none},
		{"an unquoted challenge", 403, "", `Basic realm="x", bearer error=insufficient_scope`, "insufficient_scope", none},
		{"an empty 401", 401, "", "", "", front},
		{"an empty 401 with a challenge that says nothing", 401, "", `Bearer realm="api"`, "", front},
		{"a proxy's password", 401, "<html>", basic, "", front},
		{"a page with the challenge of a token", 401, "<html>", bearer, "", front},
		{"another kind of JSON", 401, `{"message":"Unauthorized"}`, "", "", front},
		{"the API's 403", 403, coded, "", "OPEN_API_CODE", none},
		{"a challenge page", 403, "<!DOCTYPE html>", "", "", front},
		{"a firewall's JSON", 403, `{"message":"Forbidden"}`, "", "", front},
		{"a code that is a number", 403, `{"code":1020}`, "", "", front},
		{"a code that is a status", 403, `{"code":"403"}`, "", "", front},
		{"a gateway's code", 401, `{"code":"unauthorized"}`, "", "", front},
		{"a firewall's code", 403, `{"code":"AccessDenied"}`, "", "", front},
		{"a router's code", 404, `{"code":"not_found"}`, "", "", front},
		{"a firewall's word for a 401", 401, `{"code":"BLOCKED"}`, "", "BLOCKED", anyone},
		{"a firewall's word for a 403", 403, `{"code":"BLOCKED"}`, "", "BLOCKED", anyone},
		{"a firewall's word for a 404", 404, `{"code":"BLOCKED"}`, "", "BLOCKED", anyone},
		{"a firewall's number", 401, `{"code":"E1020"}`, "", "E1020", anyone},
		{"words about another status", 401, `{"code":"ACCESS_DENIED"}`, "", "ACCESS_DENIED", anyone},
		{"a word about a credential", 401, `{"code":"UNAUTHORIZED"}`, "", "UNAUTHORIZED", none},
		{"words about a token", 401, `{"code":"ACCESS_TOKEN_EXPIRED"}`, "", "ACCESS_TOKEN_EXPIRED", none},
		{"words about a permission", 403, `{"code":"ACCESS_DENIED"}`, "", "ACCESS_DENIED", none},
		{"words about an absence", 404, `{"code":"NOT_FOUND"}`, "", "NOT_FOUND", none},
		{"the API's webhook that isn't there", 404, `{"code":"WEBHOOK_CONFIGURATION_NOT_FOUND"}`, "", "WEBHOOK_CONFIGURATION_NOT_FOUND", none},
		{"the API's event that isn't there", 404, `{"code":"WEBHOOK_EVENT_NOT_FOUND"}`, "", "WEBHOOK_EVENT_NOT_FOUND", none},
		{"the API's refusal of a URL", 400, `{"code":"WEBHOOK_URI_IP_NOT_ALLOWED"}`, "", "WEBHOOK_URI_IP_NOT_ALLOWED", none},
		{"a firewall's word for a 400", 400, `{"code":"BLOCKED"}`, "", "BLOCKED", none},
		{"an array", 403, `[{"code":"OPEN_API_CODE"}]`, "", "", front},
		{"text", 403, "error code: 1010", "", "", front},
		{"the API's 404", 404, coded, "", "OPEN_API_CODE", none},
		{"nothing there, by a framework", 404, spring, "", "", front},
		{"nothing there, by a proxy", 404, "404 page not found", "", "", front},
		{"a token's error where it means nothing", 404, `{"error":"invalid_token"}`, bearer, "", front},
		{"the API's 400", 400, coded, "", "OPEN_API_CODE", none},
		{"a framework's 400", 400, `{"status":400,"error":"Bad Request"}`, "", "", none},
		{"a proxy's 400", 400, "<center>nginx</center>", "", "", front},
		{"a proxy that wants a password", 407, "", "", "", front},
		{"a request that took too long", 408, "", "", "", front},
		{"a law", 451, "<html>", "", "", front},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			s := step{status: row.status, body: row.body}
			if row.challenge != "" {
				s.header = map[string]string{"Www-Authenticate": row.challenge}
			}
			for _, op := range operations {
				e := answered(t, op, s)
				api := row.fault == none
				if e.Status != row.status || e.Code != row.code || e.Fault != row.fault || e.Rejected() != api ||
					e.DidNothing() != api {
					t.Errorf("%s: %#v", op.name, e)
				}
				got := [3]bool{e.Unauthorized(), e.Forbidden(), e.NotFound()}
				want := [3]bool{
					api && row.status == 401, api && row.status == 403,
					row.status == 404 && strings.HasPrefix(row.code, "WEBHOOK_"),
				}
				if got != want {
					t.Errorf("%s: unauthorized, forbidden, not found: %v, want %v", op.name, got, want)
				}
				isRefusal := strings.HasPrefix(row.code, "WEBHOOK_") && !strings.Contains(row.code, "EVENT")
				if e.Uncertain() || e.MayHaveWorked() != (op.kind == "write" && !isRefusal) {
					t.Errorf("%s: uncertain %v, may have worked %v", op.name, e.Uncertain(), e.MayHaveWorked())
				}
			}
		})
	}
}

// answered returns the error of a call that gets an answer, at each try.
func answered(t *testing.T, op operation, answer step) (e *fourthwall.Error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{script: []step{answer}}
		e = asError(t, op.call(t.Context(), s.client(t, fourthwall.Options{})))
	})
	return e
}

// TestChallenges: a challenge is Cloudflare's own, whatever it looks like.
func TestChallenges(t *testing.T) {
	for _, status := range []int{400, 401, 403, 404, 429, 500, 503} {
		e := answered(t, operationNamed(t, "create webhook"), step{
			status: status, body: `{"code":"OPEN_API_CODE"}`, header: map[string]string{"Cf-Mitigated": "challenge"},
		})
		if e.Fault != fourthwall.InFront || e.Code != "" || !e.MayHaveWorked() || e.DidNothing() {
			t.Errorf("%#v", e)
		}
	}
}

// TestBusy: anyone may be busy. Only the API's own code says that nothing was done.
func TestBusy(t *testing.T) {
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		for body, own := range map[string]bool{
			`{"code":"OPEN_API_TOO_MANY_REQUESTS"}`: true, `{"code":"BLOCKED"}`: false, `{}`: false, "<html>": false, "": false,
		} {
			e := answered(t, operationNamed(t, "create webhook"), step{status: status, body: body})
			if !e.MayHaveWorked() || e.DidNothing() != own {
				t.Errorf("%d %s: may have worked %v, did nothing %v", status, body, e.MayHaveWorked(), e.DidNothing())
			}
		}
	}
}

// A 429 means the same from anyone, and what isn't a 4xx has another meaning anyway.
func TestNobodyRefused(t *testing.T) {
	for _, status := range []int{200, 302, 429, 500, 502, 503} {
		if e := answered(t, operationNamed(t, "create webhook"), step{status: status, body: "<html>"}); e.Fault != "" {
			t.Errorf("%#v", e)
		}
	}
	refresh := &fourthwall.Error{Op: "renew the token", NotSent: true, Fault: fourthwall.InFront}
	if refresh.MayHaveWorked() || refresh.Rejected() {
		t.Error("what was not sent may have worked")
	}
}
