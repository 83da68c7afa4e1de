package handlers

import (
	"net/url"

	"hookwall/internal/fourthwall"
	"hookwall/views/ui"
)

// This file has the paths of our pages. routes.go maps them to handlers.

const (
	homePath         = "/"
	alivePath        = "/healthz"
	readyPath        = "/readyz"
	connectPath      = "/connect"
	shopsPath        = "/shops"
	findShopPath     = "/switcher"
	signInPath       = "/sign-in"
	signInStart      = "/sign-in/start"
	peoplePath       = "/people"
	teamActivityPath = "/people/activity"
	youPath          = "/you"
	youEndPath       = "/you/end"
	signOutPath      = "/sign-out"
	displayPath      = "/display"
	helpPath         = "/help"
	startPath        = "/oauth/start"
	toolsPath        = "/tools"
	signaturePath    = "/tools/signature"
	urlNotesPath     = "/tools/url-notes"
	guidePath        = "/guide/hide"

	securityTextPath = "/.well-known/security.txt"

	signedOut           = "signed_out"
	signedOutHref       = connectPath + "?outcome=" + signedOut
	signedOutOfTeamHref = signInPath + "?outcome=" + signedOut
)

func shopPath(shopID string) string { return "/shops/" + url.PathEscape(shopID) }

func disconnectPath(shopID string) string { return shopPath(shopID) + "/disconnect" }

func disconnectWebhooksPath(shopID string) string { return disconnectPath(shopID) + "/webhooks" }

func webhooksPath(shopID string) string { return shopPath(shopID) + "/webhooks" }

func webhooksCSVPath(shopID string) string { return webhooksPath(shopID) + ".csv" }

func newWebhookPath(shopID string) string { return webhooksPath(shopID) + "/new" }

func presetHref(shopID, preset string) string { return newWebhookPath(shopID) + "?preset=" + preset }

func webhookPath(shopID, id string) string {
	return webhooksPath(shopID) + "/" + url.PathEscape(id)
}

func labelPath(shopID, id string) string { return webhookPath(shopID, id) + "/label" }

func secretPath(shopID, id string) string { return webhookPath(shopID, id) + "/secret" }

func secretStoredPath(shopID, id string) string { return secretPath(shopID, id) + "/stored" }

func testPath(shopID, id string) string { return webhookPath(shopID, id) + "/test" }

func checksPath(shopID string) string { return shopPath(shopID) + "/checks" }

func checkPath(shopID, id string) string { return checksPath(shopID) + "/" + url.PathEscape(id) }

func checkStreamPath(shopID, id string) string { return checkPath(shopID, id) + "/stream" }

// checkStartHref returns a link to the form before a check. name says what
// value identifies: a webhook, a form, or again (an earlier check).
func checkStartHref(shopID, name, value string) string {
	return withQuery(checksPath(shopID)+"/new", url.Values{name: {value}}.Encode())
}

func eventsPath(shopID string) string { return shopPath(shopID) + "/events" }

func eventsCSVPath(shopID string) string { return eventsPath(shopID) + ".csv" }

func newestHref(shopID, eventType string) string {
	return withQuery(shopPath(shopID)+"/newest-event", filled(map[string]string{"type": eventType}).Encode())
}

func eventPath(shopID, id string) string { return eventsPath(shopID) + "/" + url.PathEscape(id) }

func eventBodyHref(shopID, id string) string { return eventPath(shopID, id) + "?show=body" }

// eventsHref returns a link to the deliveries of a webhook.
func eventsHref(shopID, webhook string) string {
	return withQuery(eventsPath(shopID), filled(map[string]string{"webhook": webhook}).Encode())
}

func samplePath(t fourthwall.EventType) string { return "/samples/" + url.PathEscape(string(t)) }

// connectLink returns a link to connect a shop again, and from there to back.
// Either may be "".
func connectLink(back, shopID string) ui.Link {
	query := filled(map[string]string{"return": back, "shop": shopID})
	return ui.Link{Href: withQuery(connectPath, query.Encode()), Text: "Connect the shop again"}
}

// signInHref returns a link to sign in to the team, and from there to back,
// which may be "".
func signInHref(back string) string {
	return withQuery(signInPath, filled(map[string]string{"return": back}).Encode())
}

func personPath(id string) string { return peoplePath + "/" + url.PathEscape(id) }

// signInStartHref returns a link that starts the sign-in, and leads back.
func signInStartHref(back string) string {
	return withQuery(signInStart, filled(map[string]string{"return": back}).Encode())
}

// otherAccountHref is the same, but the identity provider asks for an account.
func otherAccountHref(back string) string {
	return withQuery(signInStart, filled(map[string]string{"return": back, "account": "other"}).Encode())
}

// withDraft returns the URL of the page p with a kept form in it.
func withDraft(p, draft string) string { return p + "?draft=" + url.QueryEscape(draft) }

func withQuery(p, query string) string {
	if query == "" {
		return p
	}
	return p + "?" + query
}

// filled returns the pairs that have a value.
func filled(pairs map[string]string) url.Values {
	v := url.Values{}
	for name, value := range pairs {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v
}

// forDevelopersURL is the page on which a shop's owner finds the signing
// secret, the test button and the Open API user.
const forDevelopersURL = "https://my-shop.fourthwall.com/admin/dashboard/settings/for-developers?redirect"

func editPath(shopID, id string) string { return webhookPath(shopID, id) + "/edit" }

func deletePath(shopID, id string) string { return webhookPath(shopID, id) + "/delete" }

func confirmPath(shopID, id, draft string) string {
	return editPath(shopID, id) + "/confirm?draft=" + url.QueryEscape(draft)
}

func activityPath(shopID string) string { return shopPath(shopID) + "/activity" }

func undoPath(shopID, activityID string) string {
	return activityPath(shopID) + "/" + url.PathEscape(activityID) + "/undo"
}
