package doctor

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"hookwall/internal/deliver"
	"hookwall/internal/lazyregexp"
)

// verdict is what was seen in a response, and what to do about it. Both are our own sentences: a response is untrusted.
type verdict struct{ seen, do string }

// maxEvidence is how many bytes of a body are searched.
const maxEvidence = 16 << 10

// intermediary returns who responded in place of the endpoint, and false if nothing shows that somebody did. A firewall
// or a login page says nothing about how the endpoint treats deliveries.
func (e *examination) intermediary(r deliver.Result) (verdict, bool) {
	if r.Status >= 300 && r.Status <= 399 {
		return e.redirect(r.Header.Get("Location"))
	}
	if v, found := e.offline(r); found {
		return v, true
	}
	body := evidenceOf(r)
	for _, find := range []func(deliver.Result, string) (verdict, bool){
		cloudflare, byHeader, byBody, wantsCredential, loginPage, byStatus, acceptedPage,
	} {
		if v, found := find(r, body); found {
			return v, true
		}
	}
	return verdict{}, false
}

// bodyStart returns the first bytes of the body in lower case, or "" if it is compressed.
func bodyStart(r deliver.Result) string {
	if r.Header.Get("Content-Encoding") != "" {
		return ""
	}
	return strings.ToLower(string(r.Body[:min(len(r.Body), maxEvidence)]))
}

// evidenceOf returns the part of the body that says who responded. Pages that say that there is nothing, or that the
// server failed, have forms and scripts of the whole site. A response that accepts the delivery counts if it is a page.
func evidenceOf(r deliver.Result) string {
	body := bodyStart(r)
	switch s := r.Status; {
	case isAccepted(s) && isPage(body), slices.Contains(refusing, s):
		return body
	}
	return ""
}

// refusing has the status codes with which firewalls, logins and frameworks refuse.
var refusing = []int{400, 401, 403, 406, 419, 422, 429, 503, 511, 530}

// isPage reports whether a body is an HTML page.
func isPage(body string) bool {
	body = strings.TrimLeft(body, " \t\r\n\ufeff")
	return strings.HasPrefix(body, "<!doctype html") || strings.HasPrefix(body, "<html") ||
		strings.HasPrefix(body, "<") && (strings.Contains(body, "<title") || strings.Contains(body, "<body"))
}

var (
	cloudflareCode     = lazyregexp.New(`^\s*error code: (1[0-9]{3})\s*$`)
	cloudflareJSONCode = lazyregexp.New(`"error_code"\s*:\s*(1[0-9]{3})\b`)
	cloudflarePageCode = lazyregexp.New(`\berror\b(?:\s|<[^<>]*>|:|code){0,8}(1[0-9]{3})\b`)
)

// cloudflare recognizes challenges and blocks by Cloudflare.
func cloudflare(r deliver.Result, body string) (verdict, bool) {
	if r.Header.Get("Cf-Mitigated") != "" {
		return verdict{cloudflareMitigated, doCloudflareEvents}, true
	}
	switch code := cloudflareError(r, body); {
	case code != "" && (r.Status >= 500 || slices.Contains(cloudflareOrigin, code)):
		return verdict{cloudflareLost(code), doCloudflareOrigin}, true
	case code == "1010":
		return verdict{cloudflareBlocked(code), doCloudflareIntegrity}, true
	case code != "":
		return verdict{cloudflareBlocked(code), doCloudflareEvents}, true
	case containsAny(body, "attention required! | cloudflare", "_cf_chl_opt", "cf-error-details", "cf-chl-",
		"<title>just a moment...</title>"):
		return verdict{cloudflareMitigated, doCloudflareEvents}, true
	}
	return verdict{}, false
}

// cloudflareError returns the code of Cloudflare's error that the response reports, or "".
func cloudflareError(r deliver.Result, body string) string {
	fromCloudflare := strings.EqualFold(r.Header.Get("Server"), "cloudflare") || r.Header.Get("Cf-Ray") != ""
	code := cloudflareCode().FindStringSubmatch(body)
	if code == nil && (fromCloudflare || strings.Contains(body, `"cloudflare_error"`)) {
		code = cloudflareJSONCode().FindStringSubmatch(body)
	}
	if code == nil && isPage(body) && strings.Contains(body, "cloudflare") {
		code = cloudflarePageCode().FindStringSubmatch(body)
	}
	if code == nil {
		return ""
	}
	return code[1]
}

// cloudflareOrigin has Cloudflare's error codes for settings that lead nowhere, and Workers that failed.
var cloudflareOrigin = []string{
	"1000", "1001", "1002", "1003", "1004", "1014", "1016", "1018", "1023", "1033", "1101", "1102",
}

// headerTraces has headers that only an intermediary sends, with a part of their value in lower case.
var headerTraces = []struct {
	name, part string
	verdict    verdict
}{
	{"Cf-Access-Aud", "", verdict{accessLogin, doAccessExempt}},
	{"Cf-Access-Domain", "", verdict{accessLogin, doAccessExempt}},
	{"Www-Authenticate", "cloudflare-access", verdict{accessLogin, doAccessExempt}},
	{"X-Vercel-Mitigated", "", verdict{firewallRefused, doFirewall}},
	{"X-Vercel-Challenge-Token", "", verdict{firewallRefused, doFirewall}},
	{"Set-Cookie", "_vercel_sso_nonce", verdict{vercelLogin, doVercelLogin}},
	{"X-Amzn-Waf-Action", "", verdict{firewallRefused, doFirewall}},
	{"X-Sucuri-Block", "", verdict{firewallRefused, doFirewall}},
	{"X-Dd-B", "", verdict{firewallRefused, doFirewall}},
	{"Sg-Captcha", "", verdict{firewallRefused, doFirewall}},
	{"Server", "akamaighost", verdict{firewallRefused, doFirewall}},
	{"X-Goog-Iap-Generated-Response", "", verdict{platformLogin, doPlatformLogin}},
	{"X-Amzn-Errortype", "accessdenied", verdict{platformLogin, doPlatformLogin}},
	{"X-Amzn-Errortype", "forbidden", verdict{platformLogin, doPlatformLogin}},
	{"X-Amzn-Errortype", "unauthorized", verdict{platformLogin, doPlatformLogin}},
	{"X-Amzn-Errortype", "missingauthenticationtoken", verdict{platformLogin, doPlatformLogin}},
	{"Www-Authenticate", "tunnel", verdict{platformLogin, doPlatformLogin}},
	{"Ngrok-Error-Code", "", verdict{tunnelResponded, doTunnel}},
}

func byHeader(r deliver.Result, _ string) (verdict, bool) {
	for _, t := range headerTraces {
		if t.name == "Server" && r.Status != http.StatusForbidden {
			continue
		}
		for _, value := range r.Header.Values(t.name) {
			if strings.Contains(strings.ToLower(value), t.part) {
				return t.verdict, true
			}
		}
	}
	return verdict{}, false
}

// csrf finds messages about a token against forged requests. The name alone is in the head of many pages.
var csrf = lazyregexp.New(`\b[cx]srf\b[^<>="]{0,40}` +
	`\b(fail|invalid|mismatch|missing|incorrect|not |expired|required|error)` +
	`|\b(fail|invalid|mismatch|missing|incorrect|no|expired|require|verify|bad|wrong)[^<>="]{0,40}\b[cx]srf\b` +
	`|anti-?forgery|request forgery|invalidauthenticitytoken` +
	`|[cx]srf[-_]?token[^<>="]{0,20}(fail|invalid|mismatch|missing)`)

// bodyTraces has texts in lower case that only an intermediary, or the framework around the endpoint, sends.
var bodyTraces = []struct {
	verdict verdict
	texts   []string
}{
	{verdict{csrfRefused, doCSRF}, []string{
		"the change you wanted was rejected", "cross-site post form submissions are forbidden",
		"cross-origin request detected", "unable to verify your data submission", "<title>page expired",
		"invalid authenticity token", "the action you requested is not allowed", "invalid security token",
		"rest_cookie_invalid_nonce",
	}},
	{verdict{vercelLogin, doVercelLogin}, []string{"vercel.com/sso-api", "_vercel_sso_nonce"}},
	{verdict{accessLogin, doAccessExempt}, []string{"cloudflareaccess.com", "cloudflare access"}},
	{verdict{platformLogin, doPlatformLogin}, []string{
		"does not have permission to get url", "invalid iap credentials", "missing authentication token",
		"user is not authorized to access this resource", "missing subscription key",
	}},
	{verdict{tunnelResponded, doTunnel}, []string{"err_ngrok_", "bypass-tunnel-reminder"}},
	{verdict{firewallRefused, doFirewall}, []string{
		"incapsula", "imperva", "sucuri website firewall", "wordfence", "mod_security", "modsecurity",
		"captcha", "perimeterx", "please consult with your administrator", "the request is blocked",
		"generated by cloudfront", "edgesuite.net", "ddos-guard", "web application firewall", "aws waf",
		"security checkpoint", "verify you are human", "you are a human", "you're not a bot", "checking your browser",
		"enable javascript and cookies", "challenges.cloudflare.com", "you have been blocked",
		"blocked by our security", "blocked by security",
	}},
}

// byBody isn't for a page that accepts the delivery: a site's own pages have captchas and tokens too.
func byBody(r deliver.Result, body string) (verdict, bool) {
	if isAccepted(r.Status) {
		return verdict{}, false
	}
	if csrf().MatchString(body) {
		return verdict{csrfRefused, doCSRF}, true
	}
	for _, t := range bodyTraces {
		if containsAny(body, t.texts...) {
			return t.verdict, true
		}
	}
	return verdict{}, false
}

// passwordSchemes and tokenSchemes are schemes of WWW-Authenticate with which no delivery comes.
var (
	passwordSchemes = []string{"basic", "digest", "negotiate", "ntlm"}
	tokenSchemes    = []string{"bearer", "dpop", "hawk", "aws4-hmac-sha256", "jwt", "token", "apikey", "api-key", "key"}
)

// wantsCredential recognizes a demand for a password, or a token that deliveries don't have.
func wantsCredential(r deliver.Result, body string) (verdict, bool) {
	for _, value := range r.Header.Values("Www-Authenticate") {
		for challenge := range strings.SplitSeq(strings.ToLower(value), ",") {
			scheme, _, _ := strings.Cut(strings.TrimSpace(challenge), " ")
			switch {
			case slices.Contains(passwordSchemes, scheme):
				return verdict{passwordWanted(scheme), doPasswordWanted}, true
			case slices.Contains(tokenSchemes, scheme):
				return verdict{tokenWanted, doKeyWanted}, true
			}
		}
	}
	if containsAny(body, "authentication credentials were not provided", "missing authorization header",
		"no api key found", "full authentication is required", "no authorization token was found",
		"jwt must be provided", `"unauthenticated."`, `"not authenticated"`, "missing bearer token") {
		return verdict{tokenWanted, doKeyWanted}, true
	}
	return verdict{}, false
}

var (
	passwordInput = lazyregexp.New(`<input\b[^<>]*\btype\s*=\s*["']?password\b`)
	loginTitle    = lazyregexp.New(`<title[^<>]*>[^<]*\b(log ?in|log ?on|sign[ -]?in|password protected|` +
		`authentication required|login required|single sign-on)\b`)
)

// loginPage recognizes a page on which people sign in.
func loginPage(r deliver.Result, body string) (verdict, bool) {
	mayBe := isAccepted(r.Status) || r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden
	if mayBe && isPage(body) && (passwordInput().MatchString(body) || loginTitle().MatchString(body)) {
		return verdict{loginResponded, doExemptLogin}, true
	}
	return verdict{}, false
}

// byStatus recognizes status codes that only an intermediary sends.
func byStatus(r deliver.Result, _ string) (verdict, bool) {
	switch r.Status {
	case 419: // of Laravel; it has no name
		return verdict{csrfRefused, doCSRF}, true
	case http.StatusNetworkAuthenticationRequired:
		return verdict{loginResponded, doExemptLogin}, true
	}
	return verdict{}, false
}

// acceptedPage recognizes a web page in place of an endpoint: a parked domain, a site's start page, a captive portal.
func acceptedPage(r deliver.Result, body string) (verdict, bool) {
	return verdict{webPageAccepted, doFindEndpoint}, isAccepted(r.Status) && isPage(body)
}

// redirect recognizes places to which no delivery can go: they are for people who sign in, or valid only once.
func (e *examination) redirect(location string) (verdict, bool) {
	from, err := url.Parse(e.address)
	if err != nil || location == "" {
		return verdict{}, false
	}
	to, err := from.Parse(location)
	if err != nil {
		return verdict{}, false
	}
	switch {
	case isHost(to, "script.googleusercontent.com") || isHost(from, "script.google.com"):
		return verdict{appsScriptRedirect, doAppsScript}, true
	case isHost(to, "cloudflareaccess.com") || strings.HasPrefix(to.Path, "/cdn-cgi/access/"):
		return verdict{accessLogin, doAccessExempt}, true
	case isHost(to, "vercel.com"):
		return verdict{vercelLogin, doVercelLogin}, true
	case isLogin(from, to):
		return verdict{redirectToLogin, doExemptLogin}, true
	case to.Host == from.Host && to.RequestURI() == from.RequestURI() && to.Scheme == from.Scheme:
		return verdict{redirectToItself, doFirewall}, true
	case isOneTime(from, to):
		return verdict{redirectOnce, doRespondItself}, true
	}
	return verdict{}, false
}

// isHost reports whether a URL's host is the domain or under it.
func isHost(u *url.URL, domain string) bool {
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	return host == domain || strings.HasSuffix(host, "."+domain)
}

// loginHosts has domains on which people sign in.
var loginHosts = []string{
	"accounts.google.com", "login.microsoftonline.com", "login.microsoft.com", "login.live.com", "login.windows.net",
	"b2clogin.com", "ciamlogin.com", "okta.com", "oktapreview.com", "auth0.com", "onelogin.com", "pingone.com",
	"amazoncognito.com", "appleid.apple.com", "accounts.dev", "workos.com", "duosecurity.com", "id.atlassian.com",
}

// isLogin reports whether to is a place to sign in, and from isn't.
func isLogin(from, to *url.URL) bool {
	if slices.ContainsFunc(loginHosts, func(domain string) bool { return isHost(to, domain) }) {
		return true
	}
	label, _, _ := strings.Cut(strings.ToLower(to.Hostname()), ".")
	words := []string{
		"auth", "oauth", "sso", "idp", "login", "signin", "accounts", "identity", "authelia", "authentik", "keycloak",
	}
	if !strings.EqualFold(from.Hostname(), to.Hostname()) && slices.Contains(words, label) {
		return true
	}
	known := strings.Split(strings.ToLower(from.Path), "/")
	return slices.ContainsFunc(strings.Split(strings.ToLower(to.Path), "/"), func(segment string) bool {
		return !slices.Contains(known, segment) && isLoginSegment(segment)
	})
}

func isLoginSegment(segment string) bool {
	bare, _, _ := strings.Cut(strings.TrimPrefix(segment, "."), ".")
	if containsAny(bare, "login", "log-in", "signin", "sign-in", "sign_in", "logon") {
		return true
	}
	return slices.Contains([]string{
		"auth", "oauth", "oauth2", "authorize", "authenticate", "sso", "sso-api", "saml", "saml2", "cas", "password",
	}, bare)
}

// longToken is the length from which a query value is taken for a token.
const longToken = 40

// isOneTime reports whether the query of to has a token that from doesn't have.
func isOneTime(from, to *url.URL) bool {
	asked := from.Query()
	for name, values := range to.Query() {
		if asked.Has(name) {
			continue
		}
		if isTokenName(strings.ToLower(name)) || slices.ContainsFunc(values, isLong) {
			return true
		}
	}
	return false
}

func isLong(text string) bool { return len(text) >= longToken && !strings.Contains(text, "/") }

func isTokenName(name string) bool {
	if strings.HasPrefix(name, "__cf_chl") {
		return true
	}
	return slices.Contains([]string{
		"user_content_key", "token", "access_token", "auth_token", "nonce", "ticket", "sig", "signature", "hmac", "hash",
		"x-amz-signature", "x-goog-signature", "expires", "code", "state", "otp", "session", "sessionid", "sid", "jwt",
	}, name)
}

func containsAny(text string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}
