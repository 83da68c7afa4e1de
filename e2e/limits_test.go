package e2e

import (
	"testing"
	"time"

	"hookwall/e2e/browser"
	"hookwall/handlers"
)

// hourly is a limit of one, and another one each hour.
var hourly = handlers.Rate{Burst: 1, Every: time.Hour}

// limitScenes are the pages of people who reached a limit.
var limitScenes = []scene{
	{
		name: "429, sign-in", show: showManySignIns, status: 429, heading: "Too many requests",
		limits: handlers.Limits{SignIns: hourly},
	},
	{
		name: "429, deleting", show: showManyDeletes, status: 429, heading: "Too many requests",
		limits: handlers.Limits{Writes: hourly},
	},
	{
		name: "create, too many", show: showManyForms, status: 429, heading: "Create webhook",
		limits: handlers.Limits{Writes: hourly},
	},
	{
		name: "connect, too many keys", show: showManyKeys, status: 429, heading: "Connect a shop",
		limits: handlers.Limits{BadKeys: hourly},
	},
}

func showManySignIns(v *visitor) int {
	v.Must(v.Context().SetExtraHTTPHeaders(map[string]string{"X-Forwarded-For": "203.0.113.7"}))
	v.Open("/oauth/start?way=code")
	return v.Open("/oauth/start?way=code")
}

func showManyDeletes(v *visitor) int {
	shop := v.connectKey(0)
	hook := v.app.add(0, good, "ORDER_PLACED")
	v.compose(shop, "")
	v.create()
	v.Open(webhookPath(hook) + "/delete")
	return v.Submit(v.Role("button", "Delete webhook"))
}

func showManyForms(v *visitor) int {
	v.compose(v.connectKey(0), good)
	v.status(v.create(), 422)
	v.Check(v.box(donation))
	return v.create()
}

func showManyKeys(v *visitor) int {
	v.Open("/connect")
	guess := func() int {
		v.Fill(v.Label("API username"), "nobody")
		v.Fill(v.Label("API password"), "guessed")
		return v.Submit(v.Role("button", "Connect with this key"))
	}
	v.status(guess(), 422)
	return guess()
}

// TestLimit: a person who sends too many forms loses nothing, is told how long
// to wait, and continues then.
func TestLimit(t *testing.T) {
	t.Parallel()
	v := start(t, setup{limits: handlers.Limits{Writes: hourly}}).visit(browser.Options{})
	v.status(showManyForms(v), 429)
	v.reads("Too many requests", "Nothing was changed", "minutes")
	v.hasFocus("banner")
	v.kept(good, donation)
	v.Accessible()
	v.app.none(0, good)
	v.app.move(time.Hour)
	v.status(v.create(), 200)
	v.app.onlyOne(0, good)
}
