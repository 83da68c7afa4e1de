package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hookwall/e2e/browser"
	"hookwall/internal/sandbox"
)

// keyScenes are the pages that connect shops with many API keys.
var keyScenes = []scene{
	{name: "many keys, no CSV", show: showKeysThatAreNone, status: 422, heading: "Connect shops", team: true},
	{name: "many keys, three lines", show: showThreeKeys, status: 200, heading: "Connect many keys", team: true},
	{name: "many keys, forty lines", show: showFortyKeys, status: 200, heading: "Connect many keys", team: true},
	{name: "many keys, 2,000 lines", show: showManyLines, status: 200, heading: "Connect many keys", team: true},
	{name: "many keys, running", show: showRunningKeys, status: 200, heading: "Connect many keys", team: true},
	{name: "many keys, stopped", show: showStoppedKeys, status: 200, heading: "Connect many keys", team: true},
}

// key returns the API key of the nth demo shop as a line of a file.
func (a *app) key(n int) string {
	shop := a.shop(n)
	return shop.Name + "," + shop.APIUser + "," + shop.APIPassword + "\n"
}

// sendKeys chooses a file with keys on the connect page, and returns the status
// of the results. Without script they are complete.
func (v *visitor) sendKeys(text string) int {
	v.app.t.Helper()
	if !strings.HasSuffix(v.PW.URL(), "/connect") {
		v.hasSignedIn(ada, "/")
		v.Open("/connect")
	}
	v.Choose(v.Label("Or choose a CSV file"), "keys.csv", []byte(text))
	return v.Submit(v.Role("button", "Connect these keys"))
}

// results waits until all keys were tried.
func (v *visitor) results() int {
	v.app.t.Helper()
	v.See(v.CSS("#result"))
	return 200
}

func showKeysThatAreNone(v *visitor) int { return v.sendKeys("PK\x03\x04") }

func showThreeKeys(v *visitor) int {
	v.sendKeys(v.app.key(0) + v.app.key(1) + "Third shop,fw_api_5d40,canary-password\n")
	return v.results()
}

func showFortyKeys(v *visitor) int {
	v.app.box.FailNext(sandbox.Failure{Path: "/open-api/v1.0/shops/current", Status: 503, Times: 6})
	var text strings.Builder
	for n := range 3 {
		text.WriteString(v.app.key(n))
	}
	for i := range 37 {
		fmt.Fprintf(&text, "Shop number %d,%s\n", i, []string{"u", "user:name,p", "\"u,p", "fw_api_5d40,"}[i%4])
	}
	v.sendKeys(text.String())
	return v.results()
}

func showManyLines(v *visitor) int {
	v.sendKeys(v.app.key(0) + strings.Repeat("A shop,fw_api_5d40,\n", 1999))
	return v.results()
}

func showRunningKeys(v *visitor) int {
	v.app.box.FailNext(sandbox.Failure{
		Path: "/open-api/v1.0/shops/current", Delay: time.Minute, Cut: sandbox.CutBefore, Times: 9,
	})
	status := v.sendKeys(v.app.key(0) + v.app.key(1) + "Third shop,fw_api_5d40,\n")
	v.See(v.CSS(".key-progress"))
	return status
}

func showStoppedKeys(v *visitor) int {
	var text strings.Builder
	for i := range 45 {
		fmt.Fprintf(&text, "fw_api_%d,canary-password\n", i)
	}
	v.sendKeys(text.String())
	return v.results()
}

// TestManyKeysFromAFile: an admin sends a file with bad rows, corrects one, and
// retries another. With script and without.
func TestManyKeysFromAFile(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]browser.Options{"with script": {}, "without script": {NoJavaScript: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startTeam(t)
			one, two, three := a.shop(0), a.shop(1), a.shop(2)
			a.box.FailNext(sandbox.Failure{Path: "/open-api/v1.0/shops/current", Status: 503, Times: 9})
			v := a.member(ada, "/connect", o)
			v.status(v.sendKeys("\uFEFFname;username;password\r\n"+
				"One;"+one.APIUser+";"+one.APIPassword+"\r\n"+
				"Two;"+two.APIUser+"\r\n"+
				"Three;\""+three.APIUser+";"+three.APIPassword+"\r\n"), 200)
			v.results()
			v.hasFocus("result")
			v.reads("0 of 3 keys connected", "Fourthwall is busy", "Password missing", "Quotes don’t match")
			v.Accessible()
			a.box.ForgetFailures()
			v.Submit(v.Role("button", "Retry line 2"))
			v.results()
			v.reads("1 of 3 keys connected", one.Name)

			fix := v.Role("textbox", "Paste one key a line")
			v.Fill(fix, two.APIUser+", "+two.APIPassword+"\n"+three.APIUser+","+three.APIPassword)
			v.status(v.Submit(v.Role("button", "Connect these keys")), 200)
			v.results()
			v.reads("2 of 2 keys connected", two.Name, three.Name)
			for _, shop := range []sandbox.DemoShop{one, two, three} {
				if strings.Contains(v.html(), shop.APIPassword) {
					t.Errorf("the password of %s is shown", shop.Name)
				}
			}
			v.Open("/connect")
			v.Submit(v.named("link", "2 of 2 keys connected"))
			v.Submit(v.Role("link", "See the shops"))
			v.reads("3 shops")
		})
	}
}

// TestManyKeysByKeyboard pastes a key and retries it without a mouse and at
// 320 px.
func TestManyKeysByKeyboard(t *testing.T) {
	t.Parallel()
	a := startTeam(t)
	v := a.member(ada, "/connect", browser.Options{NoJavaScript: true, Width: 320, Height: 568})
	a.box.FailNext(sandbox.Failure{Path: "/open-api/v1.0/shops/current", Status: 503, Times: 9})
	v.TabTo(v.Role("textbox", "Paste one key a line"))
	v.Type(strings.TrimSpace(strings.SplitAfterN(a.key(0), ",", 2)[1]))
	send := v.Role("button", "Connect these keys")
	v.TabTo(send)
	v.status(v.press("Enter", send), 200)
	v.NoSidewaysScroll()
	a.box.ForgetFailures()
	retry := v.Role("button", "Retry line 1")
	v.TabTo(retry)
	v.status(v.press("Enter", retry), 200)
	v.reads("1 of 1 key connected", a.shop(0).Name)
}
