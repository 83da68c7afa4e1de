package doctor

import (
	"net/url"
	"strings"

	"hookwall/internal/deliver"
)

// offline recognizes tools and hosting platforms that say that nothing takes deliveries at the URL. Their status says
// little: for 404, people would look for a mistake in the path.
func (e *examination) offline(r deliver.Result) (verdict, bool) {
	if r.Status < 400 {
		return verdict{}, false
	}
	body := strings.TrimSpace(bodyStart(r))
	switch {
	case strings.Contains(body, "the requested webhook") && strings.Contains(body, "is not registered"):
		if u, err := url.Parse(e.address); err == nil && strings.Contains(u.Path, "/webhook-test/") {
			return verdict{n8nTestURL, doN8nProductionURL}, true
		}
		return verdict{n8nNotActive, doN8nActivate}, true
	case strings.Contains(body, "this webhook is not registered for post requests"):
		return verdict{n8nOtherMethod, doN8nMethod}, true
	case strings.HasPrefix(body, "there is no scenario listening for this webhook"):
		return verdict{makeNotActive, doMakeActivate}, true
	case strings.HasPrefix(body, "please unsubscribe me!"):
		return verdict{zapierNotActive, doZapierActivate}, true
	}
	if name := platformWithoutApp(r, body); name != "" {
		return verdict{noAppAtHost(name), doStartApp(name)}, true
	}
	return verdict{}, false
}

// platformWithoutApp returns the name of the hosting platform that says that it runs nothing for the host name, or "".
func platformWithoutApp(r deliver.Result, body string) string {
	for _, t := range []struct{ platform, header, part string }{
		{"Railway", "X-Railway-Fallback", "true"},
		{"Render", "X-Render-Routing", "no-server"},
		{"Render", "X-Render-Routing", "suspend"},
		{"Vercel", "X-Vercel-Error", "deployment_not_found"},
		{"Vercel", "X-Vercel-Error", "deployment_disabled"},
	} {
		if strings.Contains(strings.ToLower(r.Header.Get(t.header)), t.part) {
			return t.platform
		}
	}
	switch {
	case containsAny(body, "herokucdn.com/error-pages/no-such-app", "<title>heroku | no such app"):
		return "Heroku"
	case strings.HasPrefix(body, "not found - request id:"), strings.Contains(body, "netlify internal id"):
		return "Netlify"
	case strings.Contains(body, "error 403 - this web app is stopped"):
		return "Azure"
	}
	return ""
}
