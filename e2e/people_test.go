package e2e

import (
	"net/url"
	"testing"

	"hookwall/e2e/browser"
	"hookwall/internal/sandbox"
)

// peopleURL is a link to the sandbox's identity provider.
func (a *app) peopleURL() string {
	return a.boxURL + sandbox.IssuerPath + "/authorize?" + url.Values{
		"response_type": {"code"}, "client_id": {"trial"}, "redirect_uri": {a.url + "/connect"}, "scope": {"openid"},
		"state": {"a state"}, "code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, // RFC 7636, appendix B
		"code_challenge_method": {"S256"},
	}.Encode()
}

func showPeople(v *visitor) int { return v.Open(v.app.peopleURL()) }

// TestPeopleByKeyboard chooses a person, and nobody, without script and without a mouse.
func TestPeopleByKeyboard(t *testing.T) {
	t.Parallel()
	a := startApp(t)
	for _, person := range append(sandbox.People(), sandbox.Person{Name: "Cancel"}) {
		v := a.visit(browser.Options{NoJavaScript: true})
		v.status(showPeople(v), 200)
		button := v.named("button", "^"+person.Name)
		v.stepTo(button)
		v.status(v.press("Enter", button), 200)
		u, err := url.Parse(v.PW.URL())
		v.Must(err)
		back := u.Query()
		wasChosen := back.Get("code") != "" && back.Get("error") == ""
		if u.Path != "/connect" || back.Get("state") != "a state" || back.Get("iss") != a.boxURL+sandbox.IssuerPath ||
			wasChosen != (person.ID != "") {
			t.Errorf("%s: returned to %s", person.Name, u)
		}
	}
}
