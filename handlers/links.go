package handlers

import (
	"net/url"
	"strconv"
	"strings"

	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/views/ui"
)

// This file has the paths of our pages. routes.go maps them to handlers.

const (
	homePath         = "/"
	alivePath        = "/healthz"
	readyPath        = "/readyz"
	selfCheckPath    = "/self-check"
	connectPath      = "/connect"
	keysPath         = "/connect/keys"
	shopsPath        = "/shops"
	findShopPath     = "/switcher"
	searchPath       = "/search"
	searchFoundPath  = "/search/found"
	labelShopsPath   = "/shops/labels"
	coveragePath     = "/shops/coverage"
	plansPath        = "/plans"
	newPlanPath      = "/plans/new"
	templatesPath    = "/templates"
	newTemplatePath  = "/templates/new"
	planFilePath     = "/plans/file"
	fileSchemaPath   = "/fleet-file.schema.json"
	shopsCSVPath     = "/shops.csv"
	shopsYAMLPath    = "/shops.yaml"
	shopsJSONPath    = "/shops.json"
	shopsStreamPath  = refreshPath + "/stream"
	refreshPath      = "/shops/refresh"
	shopLabelsRoute  = "/shops/{shop}/labels"
	movePath         = "/connect/move"
	signInPath       = "/sign-in"
	signInStart      = "/sign-in/start"
	peoplePath       = "/people"
	teamActivityPath = "/people/activity"
	invitePath       = "/people/invitations"
	youPath          = "/you"
	youEndPath       = "/you/end"
	tokensPath       = "/you/tokens"
	revokeTokenPath  = "/you/tokens/revoke" //nolint:gosec // a path
	signOutPath      = "/sign-out"
	displayPath      = "/display"
	helpPath         = "/help"
	startPath        = "/oauth/start"
	connectChannel   = "/connect/channel"
	toolsPath        = "/tools"
	signaturePath    = "/tools/signature"
	urlNotesPath     = "/tools/url-notes"
	guidePath        = "/guide/hide"
	callbackPath     = "/oauth/callback"

	// Below these are the pages of shops' owners, who have no account.
	invitationsPath = "/invitations/"
	accessPath      = "/access/"

	// Below this is the API.
	apiPath         = "/api"
	apiShopsPath    = "/api/v1/shops"
	apiFilePath     = "/api/v1/fleet"
	apiPlansPath    = "/api/v1/plans"
	apiDocumentPath = "/api/v1/openapi.yaml"

	securityTextPath = "/.well-known/security.txt"

	keysNotKeptHref     = connectPath + "?outcome=keys_not_kept"
	signedOut           = "signed_out"
	signedOutHref       = connectPath + "?outcome=" + signedOut
	signedOutOfTeamHref = signInPath + "?outcome=" + signedOut
)

// isAPI reports whether a path is the API's, where errors are problems and
// people are known by an access token.
func isAPI(path string) bool { return path == apiPath || strings.HasPrefix(path, apiPath+"/") }

func shopPath(shopID string) string { return "/shops/" + url.PathEscape(shopID) }

func keyImportPath(id string) string { return keysPath + "/" + url.PathEscape(id) }

func disconnectPath(shopID string) string { return shopPath(shopID) + "/disconnect" }

func shopLabelsPath(shopID string) string { return shopPath(shopID) + "/labels" }

func disconnectWebhooksPath(shopID string) string { return disconnectPath(shopID) + "/webhooks" }

func webhooksPath(shopID string) string { return shopPath(shopID) + "/webhooks" }

func webhooksCSVPath(shopID string) string { return webhooksPath(shopID) + ".csv" }

func newWebhookPath(shopID string) string { return webhooksPath(shopID) + "/new" }

func planPath(number int64) string { return plansPath + "/" + strconv.FormatInt(number, 10) }

func planSecretsPath(number int64) string { return planPath(number) + "/secrets" }

func templatePath(id string) string { return templatesPath + "/" + url.PathEscape(id) }

// templatePrefix is before the ID of a template that coverage compares with.
const templatePrefix = "template:"

// coverageAgainstHref returns a link to compare shops with a template.
func coverageAgainstHref(template string) string {
	return withQuery(coveragePath, url.Values{"against": {templatePrefix + template}}.Encode())
}

// copyHref returns a link to plan copies of a webhook in other shops.
func copyHref(shopID, webhook string) string {
	q := url.Values{"kind": {string(fleet.CopyHook)}, "shop": {shopID}, "webhook": {webhook}}
	return withQuery(newPlanPath, q.Encode())
}

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

func channelPath(id string) string { return "/channels/" + url.PathEscape(id) }

func personPath(id string) string { return peoplePath + "/" + url.PathEscape(id) }

// searchHref returns a link to a search, or to what became of one.
func searchHref(query, outcome string) string {
	return withQuery(searchPath, filled(map[string]string{"q": query, "outcome": outcome}).Encode())
}

// signInStartHref returns a link that starts the sign-in, and leads back.
func signInStartHref(back string) string {
	return withQuery(signInStart, filled(map[string]string{"return": back}).Encode())
}

// otherAccountHref is the same, but the identity provider asks for an account.
func otherAccountHref(back string) string {
	return withQuery(signInStart, filled(map[string]string{"return": back, "account": "other"}).Encode())
}

// invitationPath is where the owner of a shop accepts an invitation.
func invitationPath(token string) string { return invitationsPath + url.PathEscape(token) }

// receiptPath is where the owner sees and ends the access.
func receiptPath(token string) string { return accessPath + url.PathEscape(token) }

// inviteHref returns a link to the form for an invitation, filled in with a
// domain, which may be "".
func inviteHref(domain string) string {
	return withQuery(connectPath, filled(map[string]string{"domain": domain}).Encode()) + "#invite"
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

// isOfGuests reports whether a page belongs to shops' owners, who have no account.
func isOfGuests(path string) bool {
	return strings.HasPrefix(path, invitationsPath) || strings.HasPrefix(path, accessPath)
}

// isOpenToGuests reports whether a reverse proxy may let people pass to a page
// without a sign-in, because shops' owners come there as well.
func isOpenToGuests(path string) bool { return path == callbackPath || path == helpPath }
