package doctor

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hookwall/internal/deliver"
	"hookwall/internal/fourthwall"
)

// page is an HTML page as servers send it.
func page(title, body string) string {
	return "<!DOCTYPE html>\n<html><head><title>" + title + "</title></head><body>" + body + "</body></html>"
}

// response returns a response with headers and a body.
func response(status, body string, headers ...string) string {
	all := strings.Join(append(headers, fmt.Sprintf("Content-Length: %d", len(body))), "\r\n")
	return "HTTP/1.1 " + status + "\r\n" + all + "\r\n\r\n" + body
}

const (
	html  = "Content-Type: text/html"
	asked = "Content-Type: application/json"
)

// What is in front of an endpoint says nothing about how it treats deliveries, with the secret or without.
func TestIntermediaries(t *testing.T) {
	rows := []struct {
		name, text, seen, do string
	}{
		{"Cloudflare's challenge", response("403 Forbidden", page("Just a moment...", ""), html, "cf-mitigated: challenge"), cloudflareMitigated, doCloudflareEvents},
		{"its header alone", response("403 Forbidden", "", "Cf-Mitigated: block"), cloudflareMitigated, doCloudflareEvents},
		{"its page alone", response("503 Service Unavailable", page("Just a moment...", ""), html), cloudflareMitigated, doCloudflareEvents},
		{"Cloudflare's block page", response("403 Forbidden", page("Attention Required! | Cloudflare", "Sorry, you have been blocked"), html), cloudflareMitigated, doCloudflareEvents},
		{"error code 1010", response("403 Forbidden", "error code: 1010", "Server: cloudflare"), "(error code 1010)", doCloudflareIntegrity},
		{"error code 1010 and a line break", response("403 Forbidden", "error code: 1010\n"), "(error code 1010)", doCloudflareIntegrity},
		{"error code 1020", response("403 Forbidden", "error code: 1020", "Server: cloudflare"), "(error code 1020)", doCloudflareEvents},
		{"error code 1015", response("429 Too Many Requests", "error code: 1015"), "(error code 1015)", doCloudflareEvents},
		{"error code in JSON", response("403 Forbidden", `{"title":"Error 1010","error_code":1010,"cloudflare_error":true}`, asked), "(error code 1010)", doCloudflareIntegrity},
		{"error code in a page", response("403 Forbidden", page("Access denied | Cloudflare", "<h1><span>Error</span>\n<span>1009</span></h1>"), html), "(error code 1009)", doCloudflareEvents},
		{"a tunnel that is down", response("530 ", "error code: 1033", "Server: cloudflare"), "no response from what is behind it (error code 1033)", doCloudflareOrigin},
		{"Basic", response("401 Unauthorized", "", `WWW-Authenticate: Basic realm="Staging, private"`), "(WWW-Authenticate: Basic)", doPasswordWanted},
		{"basic, the second of two", response("401 Unauthorized", "", "WWW-Authenticate: Custom", `www-authenticate: basic realm=x`), "(WWW-Authenticate: Basic)", doPasswordWanted},
		{"two in one header", response("401 Unauthorized", "", `WWW-Authenticate: Negotiate, NTLM`), "(WWW-Authenticate: Negotiate)", doPasswordWanted},
		{"Digest", response("401 Unauthorized", "", `WWW-Authenticate: Digest realm="x", nonce="y"`), "(WWW-Authenticate: Digest)", doPasswordWanted},
		{"Bearer", response("401 Unauthorized", "{}", `WWW-Authenticate: Bearer error="invalid_token"`, asked), tokenWanted, doKeyWanted},
		{"Supabase", response("401 Unauthorized", `{"code":401,"message":"Missing authorization header"}`, asked), tokenWanted, doKeyWanted},
		{"Django REST", response("403 Forbidden", `{"detail":"Authentication credentials were not provided."}`, asked), tokenWanted, doKeyWanted},
		{"Laravel's API", response("401 Unauthorized", `{"message":"Unauthenticated."}`, asked), tokenWanted, doKeyWanted},
		{"Vercel", response("401 Unauthorized", page("Authentication Required", "vercel.com/sso-api?url="), html, "Server: Vercel"), vercelLogin, doVercelLogin},
		{"Vercel's cookie", response("401 Unauthorized", "", "Set-Cookie: a=b", "Set-Cookie: _vercel_sso_nonce=x; Path=/"), vercelLogin, doVercelLogin},
		{"Vercel's firewall", response("403 Forbidden", "", "x-vercel-mitigated: deny"), firewallRefused, doFirewall},
		{"a page with a password", response("401 Unauthorized", page("Protected", `<form method=post><input name=p type="password"></form>`), html, "Server: Netlify"), loginResponded, doExemptLogin},
		{"a page to sign in", response("403 Forbidden", page("Sign in to continue", ""), html), loginResponded, doExemptLogin},
		{"a login page with 200", response("200 OK", page("Log in", `<input type='password'>`), html), countsAs200, doExemptLogin},
		{"Access without a login", response("403 Forbidden", page("Forbidden", ""), html, "Cf-Access-Domain: a.example"), accessLogin, doAccessExempt},
		{"Access's challenge", response("401 Unauthorized", "", `WWW-Authenticate: Cloudflare-Access resource_metadata="x"`), accessLogin, doAccessExempt},
		{"AWS", response("403 Forbidden", `{"message":"Forbidden"}`, asked, "x-amzn-ErrorType: ForbiddenException"), platformLogin, doPlatformLogin},
		{"AWS's firewall", response("202 Accepted", "", "x-amzn-waf-action: challenge"), firewallRefused, doFirewall},
		{"Cloud Run", response("403 Forbidden", page("403 Forbidden", "Your client does not have permission to get URL /"), html), platformLogin, doPlatformLogin},
		{"ngrok", response("404 Not Found", page("ngrok", ""), html, "Ngrok-Error-Code: ERR_NGROK_3200"), tunnelResponded, doTunnel},
		{"Imperva", response("403 Forbidden", page("", "Incapsula incident ID: 1"), html), firewallRefused, doFirewall},
		{"ModSecurity", response("406 Not Acceptable", page("Not Acceptable!", "generated by Mod_Security"), html), firewallRefused, doFirewall},
		{"Akamai", response("403 Forbidden", page("Access Denied", "Reference #18"), html, "Server: AkamaiGHost"), firewallRefused, doFirewall},
		{"a captcha", response("403 Forbidden", page("One moment", `<div class="h-captcha">`), html), firewallRefused, doFirewall},
		{"n8n", response("404 Not Found", `{"code":404,"message":"The requested webhook \"POST fourthwall\" is not registered.","hint":"The workflow must be active"}`, asked), n8nNotActive, doN8nActivate},
		{"n8n, another method", response("404 Not Found", `{"code":404,"message":"This webhook is not registered for POST requests. Did you mean to make a GET request?"}`, asked), n8nOtherMethod, doN8nMethod},
		{"Make", response("410 Gone", "There is no scenario listening for this webhook."), makeNotActive, doMakeActivate},
		{"Zapier", response("404 Not Found", "please unsubscribe me!"), zapierNotActive, doZapierActivate},
		{"Zapier, gone", response("410 Gone", "please unsubscribe me!\n"), zapierNotActive, doZapierActivate},
		{"Render", response("404 Not Found", "Not Found\n", "x-render-routing: no-server"), noAppAtHost("Render"), doStartApp("Render")},
		{"Render, suspended", response("503 Service Unavailable", page("Service Suspended", ""), html, "x-render-routing: suspend-by-user"), noAppAtHost("Render"), doStartApp("Render")},
		{"Railway", response("404 Not Found", `{"message":"Application not found"}`, asked, "X-Railway-Fallback: true"), noAppAtHost("Railway"), doStartApp("Railway")},
		{"Vercel without a deployment", response("404 Not Found", "The deployment could not be found on Vercel.", "X-Vercel-Error: DEPLOYMENT_NOT_FOUND"), noAppAtHost("Vercel"), doStartApp("Vercel")},
		{"Heroku", response("404 Not Found", page("Heroku | No such app", `<iframe src="//www.herokucdn.com/error-pages/no-such-app.html">`), html), noAppAtHost("Heroku"), doStartApp("Heroku")},
		{"Netlify", response("404 Not Found", "Not Found - Request ID: 01FH76", "Server: Netlify"), noAppAtHost("Netlify"), doStartApp("Netlify")},
		{"Netlify's page", response("404 Not Found", page("Site not found", "Netlify Internal ID: <code>01K3"), html), noAppAtHost("Netlify"), doStartApp("Netlify")},
		{"Azure", response("403 Site Disabled", page("", "<h1>Error 403 - This web app is stopped.</h1>"), html), noAppAtHost("Azure"), doStartApp("Azure")},
		{"a site's start page", response("200 OK", page("My shop", `<meta name="csrf-token" content="x"><div class="g-recaptcha">CSRF token missing`), html), webPageAccepted, doFindEndpoint},
		{"Django's CSRF", response("403 Forbidden", page("403 Forbidden", "<h1>Forbidden</h1><p>CSRF verification failed. Request aborted.</p>"), html), csrfRefused, doCSRF},
		{"Laravel's CSRF", response("419 ", page("Page Expired", ""), html), csrfRefused, doCSRF},
		{"Laravel's CSRF in JSON", response("419 unknown status", `{"message": "CSRF token mismatch."}`, asked), csrfRefused, doCSRF},
		{"Rails's CSRF", response("422 Unprocessable Content", page("The change you wanted was rejected (422)", ""), html), csrfRefused, doCSRF},
		{"Rails's CSRF while developing", response("422 Unprocessable Content", "ActionController::InvalidAuthenticityToken"), csrfRefused, doCSRF},
		{"Flask's CSRF", response("400 Bad Request", page("400 Bad Request", "<p>The CSRF token is missing.</p>"), html), csrfRefused, doCSRF},
		{"Express's CSRF", response("403 Forbidden", page("Error", "<pre>ForbiddenError: invalid csrf token<br>"), html), csrfRefused, doCSRF},
		{"SvelteKit's CSRF", response("403 Forbidden", "Cross-site POST form submissions are forbidden"), csrfRefused, doCSRF},
		{"Spring's CSRF", response("403 Forbidden", `{"message":"Could not verify the provided CSRF token"}`, asked), csrfRefused, doCSRF},
		{"Go's CSRF", response("403 Forbidden", "cross-origin request detected from Sec-Fetch-Site header\n"), csrfRefused, doCSRF},
	}
	results := map[string]string{"200": "PPWPWPWPPW", "202": "PPWPWPFPSW"} // others: PPWPWPFPSS
	deliveries := map[string]int{"200": 2, "202": 1}                       // without the secret; others: always 1
	for _, r := range rows {
		for _, key := range []fourthwall.Secret{"", secret} {
			status := r.text[9:12]
			one := row{
				name: r.name, talk: answers(r.text), secret: key, want: "PPWPWPFPSS", posts: 1,
				says: map[string]string{StepResponse: r.seen},
			}
			if want := results[status]; want != "" {
				one.want, one.posts = want, deliveries[status]
				if key != "" {
					one.posts++ // the forged one
				}
			}
			runRows(t, []row{one})
			report, _ := one.examine(t)
			said := textOf(t, report, StepResponse)
			if !strings.HasSuffix(said, "\n"+r.do) || strings.Contains(said, refusedRandomKey) ||
				strings.Contains(said, "although it was signed") {
				t.Errorf("%s: %s", r.name, said)
			}
			if report.Result == Failed == strings.Contains(report.Summary, "Deliveries should work") {
				t.Errorf("%s: %s", r.name, report.Summary)
			}
		}
	}
}

// A refusal that an endpoint makes itself isn't taken for that of something in front of it.
func TestEndpointsOwnRefusals(t *testing.T) {
	rows := []struct {
		name, text, seen string
	}{
		{"empty", refused, refusedRandomKey},
		{"JSON", response("401 Unauthorized", `{"error":"invalid signature"}`, asked), refusedRandomKey},
		{"text as HTML", response("403 Forbidden", "Invalid signature", html), refusedRandomKey},
		{"behind Cloudflare", response("403 Forbidden", `{"error":"bad HMAC"}`, asked, "Server: cloudflare", "CF-RAY: 1"), refusedRandomKey},
		{"on Vercel", response("401 Unauthorized", "Unauthorized", "Server: Vercel", "X-Vercel-Id: 1"), refusedRandomKey},
		{"with its own scheme", response("401 Unauthorized", "", "WWW-Authenticate: Signature"), refusedRandomKey},
		{"a page about the signature", response("401 Unauthorized", page("401 Unauthorized", "<p>Wrong signature</p>"), html), refusedRandomKey},
		{"a page with a token in its head", response("403 Forbidden", "<html><head><meta name=\"csrf-token\" content=\"fail\"><title>Forbidden</title></head><body>Bad signature</body></html>", html), refusedRandomKey},
		{"a page that says nothing", response("403 Forbidden", page("403 Forbidden", "<center><h1>403 Forbidden</h1></center><hr><center>nginx</center>"), html), webPageRefused},
		{"Flask's page", response("401 Unauthorized", page("401 Unauthorized", "<h1>Unauthorized</h1>"), html), webPageRefused},
	}
	for _, r := range rows {
		one := row{name: r.name, talk: answers(r.text)}
		report, _ := one.examine(t)
		if said := textOf(t, report, StepResponse); letters(report) != "PPWPWPWPSS" || !strings.Contains(said, r.seen) ||
			!strings.Contains(report.Summary, "can’t tell whether deliveries arrive") {
			t.Errorf("%s: %s %s\n%s", r.name, letters(report), report.Summary, said)
		}
	}
	for name, text := range map[string]string{
		"404 with a login form": response("404 Not Found", page("Not found", `<input type="password">`), html),
		"404 with a captcha":    response("404 Not Found", page("Not found", "captcha csrf token missing"), html),
		"500 with a captcha":    response("500 Internal Server Error", page("Sign in", "captcha"), html),
	} {
		one := row{talk: answers(text)}
		report, _ := one.examine(t)
		why, _ := explainStatus(map[byte]int{'4': 404, '5': 500}[name[0]], time.Now())
		if said := textOf(t, report, StepResponse); !strings.Contains(said, why) {
			t.Errorf("%s: %s", name, said)
		}
	}
}

// Some places are reached by people who sign in, or only once: they are no URL for a webhook.
func TestRedirects(t *testing.T) {
	const access = "https://team.cloudflareaccess.com/cdn-cgi/access/login/hooks.example?kid=1"
	long := strings.Repeat("aB3", 20)
	rows := []struct {
		name, url, location, seen, do string
	}{
		{"Apps Script", plain, "https://script.googleusercontent.com/macros/echo?user_content_key=x&lib=y", appsScriptRedirect, doAppsScript},
		{"Apps Script with a login", "http://script.google.com/fourthwall", "https://accounts.google.com/ServiceLogin", appsScriptRedirect, doAppsScript},
		{"Access", plain, access, accessLogin, doAccessExempt},
		{"Access on the same host", plain, "/cdn-cgi/access/login/x", accessLogin, doAccessExempt},
		{"Vercel", plain, "https://vercel.com/sso-api?url=x&nonce=y", vercelLogin, doVercelLogin},
		{"Google", plain, "https://accounts.google.com/o/oauth2/v2/auth", redirectToLogin, doExemptLogin},
		{"Okta", plain, "https://tenant.okta.com/app/x", redirectToLogin, doExemptLogin},
		{"a host for logins", plain, "https://auth.example/?rd=x", redirectToLogin, doExemptLogin},
		{"a path for logins", plain, "/users/sign_in", redirectToLogin, doExemptLogin},
		{"WordPress", plain, "https://hooks.example/wp-login.php?redirect_to=x", redirectToLogin, doExemptLogin},
		{"Azure", plain, "/.auth/login/aad", redirectToLogin, doExemptLogin},
		{"Django", plain, "/accounts/login/?next=/fourthwall", redirectToLogin, doExemptLogin},
		{"a token", plain, "https://cdn.example/f?token=abc", redirectOnce, doRespondItself},
		{"a signed URL", plain, "https://bucket.example/f?X-Amz-Signature=abc", redirectOnce, doRespondItself},
		{"a long value", plain, "https://other.example/f?x=" + long, redirectOnce, doRespondItself},
		{"itself", plain, plain, redirectToItself, doFirewall},
		{"a slash", plain, plain + "/", endpointRedirect, doUseRedirect},
		{"https", plain, secure, endpointRedirect, doUseRedirect},
		{"https, with a key", plain + "?token=" + long, secure + "?token=" + long, endpointRedirect, doUseRedirect},
		{"a similar host", plain, "https://notokta.com/hook", endpointRedirect, doUseRedirect},
		{"not a login", plain, "https://other.example/lessons/password-less", endpointRedirect, doUseRedirect},
		{"not a URL", plain, "http://[", endpointRedirect, doUseRedirect},
	}
	for _, r := range rows {
		for _, code := range []string{"302 Found", "303 See Other", "308 Permanent Redirect"} {
			d := newDoctor(t, listen(t, answers(response(code, "", "Location: "+r.location))).options())
			e := examination{doctor: d, address: r.url}
			if r.url == plain {
				report := d.Examine(t.Context(), Request{URL: plain, Body: []byte(envelope)}, nil)
				said := textOf(t, report, StepResponse)
				if letters(report) != "PPWPWPFPSS" || !strings.Contains(said, r.seen) || !strings.Contains(said, r.do) ||
					r.do != doUseRedirect && strings.Contains(said, doUseRedirect) {
					t.Errorf("%s, %s: %s", r.name, code, said)
				}
			}
			if v, found := e.redirect(r.location); found != (r.do != doUseRedirect) || found && (v != verdict{r.seen, r.do}) {
				t.Errorf("%s: %v, %v", r.name, v, found)
			}
		}
	}
}

// n8n's test URL accepts one delivery, and only while the workflow waits in the editor.
func TestN8nTestURL(t *testing.T) {
	const said = `{"code":404,"message":"The requested webhook \"x\" is not registered."}`
	gone := response("404 Not Found", said, asked)
	for address, want := range map[string]verdict{
		"https://n8n.example/webhook-test/x": {n8nTestURL, doN8nProductionURL},
		"https://n8n.example/webhook/x":      {n8nNotActive, doN8nActivate},
	} {
		e := examination{address: address}
		r := deliver.Result{Response: deliver.Response{Status: 404, Body: []byte(said)}}
		if v, found := e.intermediary(r); !found || v != want {
			t.Errorf("%s: %v, %v", address, v, found)
		}
	}
	runRows(t, []row{{
		name: "registered once", talk: answers(ok, gone), secret: secret, want: "PPWPWPPPFW", posts: 3,
		says: map[string]string{"repeat": n8nNotActive},
	}})
}

// A second or third delivery may be refused in front of an endpoint that accepted the first.
func TestIntermediariesLater(t *testing.T) {
	challenge := response("403 Forbidden", "", "cf-mitigated: challenge")
	runRows(t, []row{
		{name: "the repeated one", talk: answers(ok, challenge, refused), secret: secret, want: "PPWPWPPPFP", posts: 3, says: map[string]string{"repeat": cloudflareMitigated}},
		{name: "the forged one", talk: answers(ok, ok, challenge), secret: secret, want: "PPWPWPPPPW", posts: 3, says: map[string]string{"forged": refusedInFront}},
	})
}
