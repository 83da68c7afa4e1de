package fourthwall_test

import (
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
		coded  = `{"code":"SOME_CODE"}`
	)
	rows := []struct {
		name      string
		status    int
		body      string
		challenge string
		code      string
		api       bool // it's the API's answer
	}{
		{"the API's 401", 401, coded, "", "SOME_CODE", true},
		{"a token that expired, by a gateway", 401, "", bearer, "invalid_token", true},
		{"a token that expired, by a gateway, in JSON", 401, `{"error":"invalid_token"}`, "", "invalid_token", true},
		{"a scope that is missing, by a gateway", 403, `{"error":"insufficient_scope"}`, "", "insufficient_scope", true},
		{"an unquoted challenge", 403, "", `Basic realm="x", bearer error=insufficient_scope`, "insufficient_scope", true},
		{"an empty 401", 401, "", "", "", false},
		{"an empty 401 with a challenge that says nothing", 401, "", `Bearer realm="api"`, "", false},
		{"a proxy's password", 401, "<html>", basic, "", false},
		{"a page with the challenge of a token", 401, "<html>", bearer, "", false},
		{"another kind of JSON", 401, `{"message":"Unauthorized"}`, "", "", false},
		{"the API's 403", 403, coded, "", "SOME_CODE", true},
		{"a challenge page", 403, "<!DOCTYPE html>", "", "", false},
		{"a firewall's JSON", 403, `{"message":"Forbidden"}`, "", "", false},
		{"a code that is a number", 403, `{"code":1020}`, "", "", false},
		{"a code that is a status", 403, `{"code":"403"}`, "", "", false},
		{"a gateway's code", 401, `{"code":"unauthorized"}`, "", "", false},
		{"a firewall's code", 403, `{"code":"AccessDenied"}`, "", "", false},
		{"a router's code", 404, `{"code":"not_found"}`, "", "", false},
		{"an array", 403, `[{"code":"SOME_CODE"}]`, "", "", false},
		{"text", 403, "error code: 1010", "", "", false},
		{"the API's 404", 404, coded, "", "SOME_CODE", true},
		{"nothing there, by a framework", 404, spring, "", "", false},
		{"nothing there, by a proxy", 404, "404 page not found", "", "", false},
		{"a token's error where it means nothing", 404, `{"error":"invalid_token"}`, bearer, "", false},
		{"the API's 400", 400, coded, "", "SOME_CODE", true},
		{"a framework's 400", 400, `{"status":400,"error":"Bad Request"}`, "", "", true},
		{"a proxy's 400", 400, "<center>nginx</center>", "", "", false},
		{"a proxy that wants a password", 407, "", "", "", false},
		{"a request that took too long", 408, "", "", "", false},
		{"a law", 451, "<html>", "", "", false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			s := step{status: row.status, body: row.body}
			if row.challenge != "" {
				s.header = map[string]string{"Www-Authenticate": row.challenge}
			}
			for _, op := range operations {
				e := answered(t, op, s)
				if e.Status != row.status || e.Code != row.code || (e.Fault == "") != row.api || e.Rejected() != row.api {
					t.Errorf("%s: %#v", op.name, e)
				}
				got := [3]bool{e.Unauthorized(), e.Forbidden(), e.NotFound()}
				want := [3]bool{row.api && row.status == 401, row.api && row.status == 403, row.api && row.status == 404}
				if got != want {
					t.Errorf("%s: unauthorized, forbidden, not found: %v, want %v", op.name, got, want)
				}
				if e.Uncertain() || e.MayHaveWorked() != (!row.api && op.kind == "write") {
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
