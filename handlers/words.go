package handlers

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/views/ui"
)

// This file has the sentences that code chooses between: errors, outcomes and
// hints. The fixed text of a page is in its template.

// errorTexts are the texts of an error page that has none of its own.
var errorTexts = map[int]struct{ heading, text string }{
	http.StatusBadRequest: {
		"This request could not be understood",
		"Part of it was missing or broken, so nothing was done. Go back and try again.",
	},
	http.StatusForbidden: {
		"This isn’t allowed",
		"Nothing was done. Go back to the page that you came from, and try from there.",
	},
	http.StatusNotFound: {
		"This page doesn’t exist",
		"The link may be wrong, or the item was deleted. Go to the start to find your way.",
	},
	http.StatusConflict: {
		"This can’t be done now",
		"Something changed while you were here. Reload the page and try again.",
	},
	http.StatusGone: {
		"This page has expired",
		"Nothing was changed. Start again from the list of webhooks.",
	},
	http.StatusMethodNotAllowed: {
		"This action isn’t available here",
		"Go back and use the button on the page.",
	},
	http.StatusRequestEntityTooLarge: {
		"This is too large",
		"A form may have at most 1 MiB, so nothing was done. Make it shorter and send it again.",
	},
	http.StatusMisdirectedRequest: {
		"This is not Hookwall’s address",
		"Open Hookwall under the address that it was set up with.",
	},
	http.StatusTooManyRequests: {
		"Too many requests",
		"Nothing was done. Wait a little, then try again.",
	},
	http.StatusInternalServerError: {
		"Something went wrong on our side",
		"Try again in a moment. If you contact support, include the request ID below.",
	},
	http.StatusBadGateway: {
		"Fourthwall didn’t respond as expected",
		"Fourthwall could not be reached or sent something that could not be read. Try again in a moment.",
	},
	http.StatusServiceUnavailable: {
		"Fourthwall is busy",
		"Fourthwall is rate limiting requests. Try again in a moment.",
	},
}

// Requests that a layer or the guard refuses.
const (
	crossOriginText = "This form was sent from another site, so nothing was done. " +
		"Open the page in Hookwall and send it from there."
	busyText = "Many large forms are on their way at this moment, so this one was not read and nothing was done. " +
		"Go back, and send it again in a few seconds."
	unreadableFormText = "The form could not be read, so nothing was done. Open the page again and send it from " +
		"there."
	unconnectedText = "This shop is not connected here. It may have been disconnected in another tab."
	typedIsKeptText = " Hookwall keeps your form for an hour. Connect the shop again to continue."
)

func wrongHostText(public *url.URL) string {
	return "This URL isn’t Hookwall’s. Open " + public.String() + " instead."
}

// Below a URL field.
const useURLText = "Use"

// unseenWords are the buttons of a form whose URL has characters that can't be
// seen.
type unseenWords struct{ without, asTyped string }

var (
	createWords = unseenWords{"Create without them", "Create as typed"}
	editWords   = unseenWords{"Review changes without them", "Review changes as typed"}
	checkWords  = unseenWords{"Check without them", "Check as typed"}
)

// completedNotice is for a webhook whose URL was typed without a scheme.
func completedNotice() ui.Notice {
	return ui.Notice{Kind: ui.Info, Text: "Hookwall added https:// in front of the URL that you entered."}
}

// Forms that are kept.
const (
	draftTooLargeText = "This form is too large to be kept until you are back, so nothing was done. " +
		"Go back, shorten what you entered and send it again."
	tooManyDraftsText = "Too many forms were sent from your network without a session, " +
		"so this one was not kept and nothing was done. Go back, connect your shop in another tab, and send it again."
)

// The database.
const (
	unavailableTitle  = "Hookwall cannot use its own database"
	unavailableFix    = "If this continues, give the request ID to your administrator: the log says why."
	unavailableText   = "Your webhooks are at Fourthwall and go on as they are, and you are still signed in. "
	sendAgainText     = "Send it again in a moment: whatever was done already is not done twice. "
	keptBelowText     = "What you entered is kept below. "
	pressAgainText    = "Press the button again in a moment: whatever was done already is not done twice. "
	typePasswordAgain = " The password has to be typed again."
)

// unavailableNotice is for a form that is drawn as it was sent.
func unavailableNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: unavailableTitle,
		Text: keptBelowText + pressAgainText + unavailableFix,
	}
}

// What a limit counts.
const (
	byAddress = "address"
	bySession = "session"
)

// limitText says which limit was reached.
func limitText(by string) string {
	if by == byAddress {
		return "Hookwall takes only so many of these at a time from one network, and others in yours count as well."
	}
	return "Hookwall takes only so many of these at a time from one person."
}

// limitNotice is for a form that is drawn as it was sent.
func limitNotice(by string, wait time.Duration) ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "Too many requests",
		Text: limitText(by) + " Nothing was done, and what you entered is kept. " +
			"Wait " + ui.Duration(wait) + ", then press the button again.",
	}
}

func badKeysNotice(wait time.Duration) ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "Too many keys were refused",
		Text: "Fourthwall refused the last API keys from your network, and nobody should find one by trying. " +
			"This one was not tried. Wait " + ui.Duration(wait) + ", then try again, or connect in another way.",
	}
}

// Responses of the API.
const (
	tooLargeTitle = "Fourthwall’s answer is too large"
	tooLargeText  = "Fourthwall’s answer is larger than Hookwall reads, so it is not shown. " +
		"Nothing is wrong with the connection: try again later, or look in Fourthwall’s own settings."
	shopGoneTitle      = "This shop is gone"
	reconnectText      = " Connect the shop again, or disconnect it under Shops."
	webhookUnknownText = "Fourthwall does not know this webhook. " +
		"It may have been deleted: look in the list of webhooks."
	deliveryUnknownText  = "Fourthwall does not know this delivery. It may be too old."
	mayNotReadWebhooks   = "This connection may not read webhooks"
	mayNotReadText       = "This connection may not read webhooks: it lacks the permission webhook_read. " + allowText
	mayNotReadDeliveries = "This connection may not read deliveries: it lacks the permission webhook_read. " +
		"" + allowText
	allowText = "Connect the shop again and allow it."
)

// mayNotRead says that the connection lacks a permission. what is webhooks or
// deliveries.
func mayNotRead(what string) (title, text string) {
	return "This connection may not read " + what, "It lacks the permission webhook_read. " +
		"You can still create webhooks; to see your " + what + ", connect the shop again and allow it."
}

// noList says that the API has no such list, which is a problem of its URL.
func noList(what string) (title, text string) {
	return "Fourthwall has no list of " + what + " here", "It answered that there is nothing at this address. " +
		"Ask your administrator to check FOURTHWALL_API_URL."
}

func loadAgainText(when string) string {
	return "Fourthwall asks us to wait. Load this page again " + when + "."
}

// fromCreateText says why a webhook is shown as the create returned it.
func fromCreateText(api *fourthwall.Error) string {
	const text = "This is what Fourthwall answered when the webhook was created. "
	switch {
	case api.Forbidden():
		return text + "It cannot be read again, because this connection lacks the permission webhook_read."
	case api.NotFound():
		return text + "It cannot be read yet; look again in a moment."
	}
	return text + "It cannot be read right now; look again in a moment."
}

// fromUpdateText says why a webhook is shown as the change returned it.
func fromUpdateText(api *fourthwall.Error) string {
	const text = "This is what Fourthwall returned when the change was saved. "
	if api.Status == http.StatusForbidden {
		return text + "It can’t be read, because this connection lacks the permission webhook_read."
	}
	return text + "It can’t be read right now. Reload the page in a moment."
}

// missingNotice says that a list is incomplete.
func missingNotice(read fourthwall.WebhookList) ui.Notice {
	return ui.Notice{Kind: ui.Warning, Title: "Not all webhooks are listed", Text: missingText(read)}
}

// missingText says why a list is incomplete. It is for pages and files.
func missingText(read fourthwall.WebhookList) string {
	listed := ui.Number(len(read.Webhooks))
	promised := read.Total > len(read.Webhooks)
	switch {
	case read.Cut && promised:
		return "Only the first " + listed + " of " + ui.Number(read.Total) + " webhooks are shown and counted here. " +
			"Hookwall doesn’t read more."
	case read.Cut:
		return "Only the first " + listed + " webhooks are shown and counted here. There are more, which Hookwall " +
			"doesn’t read."
	case read.Changed:
		return "Webhooks were deleted while Hookwall read the list, so some may be missing here. Load the list again."
	case promised:
		return "Fourthwall says that there are " + ui.Number(read.Total) + " webhooks, and listed " + listed +
			" of them. The others are neither shown nor counted here." + againText(read)
	}
	return "Fourthwall did not list all of them: there are more than the " + listed +
		" that are shown and counted here." + againText(read)
}

// againText says when to load a list again of which a page couldn't be read.
func againText(read fourthwall.WebhookList) string {
	api := fourthwall.AsError(read.Err)
	if api == nil {
		return ""
	}
	return " Load the list again " + inText(api.RetryAfter) + "."
}

// tooManyNotice says that an API returned a larger page than is shown.
func tooManyNotice(found fourthwall.EventPage) ui.Notice {
	shown := len(found.Events)
	return ui.Notice{
		Kind: ui.Warning, Title: "Not all deliveries are listed",
		Text: "Fourthwall returned " + ui.Number(shown+found.LeftOut) + " deliveries on one page. Only the first " +
			ui.Number(shown) + " are shown.",
	}
}

// healthUnknownText says why a list of webhooks is shown without their
// deliveries.
func healthUnknownText(err error, timedOut bool) string {
	var api *fourthwall.Error
	switch {
	case errors.As(err, &api) && api.Fault == fourthwall.InFront:
		return "Deliveries are not shown: something in front of Fourthwall refused."
	case api.Forbidden():
		return "Deliveries are not shown: this connection lacks the permission webhook_read."
	case timedOut:
		return "Deliveries are not shown: Fourthwall did not list them within a second."
	}
	return "Deliveries are not shown: Fourthwall could not list them."
}

// refusedTypeNotice says that the API doesn't filter by an event type. Only an
// edited URL can ask for such a type.
func refusedTypeNotice(shopID string) ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "Fourthwall refuses this choice",
		Text: "It does not look for deliveries of the event type in this address.",
		Link: &ui.Link{Href: eventsPath(shopID), Text: "Show all deliveries"},
	}
}

const sampleUnknownText = "There is no sample of this event type, because Hookwall does not know it. " +
	"Codes are written in capitals, such as ORDER_PLACED."

// How a list of webhooks is sorted.
const (
	sortURL    = "url"
	sortTypes  = "types"
	sortFailed = "failed" // the only order that needs the deliveries
)

var sortLabels = labels{
	{"", "As Fourthwall lists them"},
	{sortURL, "By address"},
	{sortTypes, "Most event types first"},
	{sortFailed, "Failures first"},
}

// Checks.
const (
	checkGoneText      = "A check is kept for one hour, for the session that made it. This one is over."
	tooManyStreamsText = "Too many pages of this session follow checks. " +
		"Close some of them, or look again in half a minute."
)

func tooManyChecksNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "Two checks are under way",
		Text: "Wait until one of them is done, half a minute at most, and press the button again.",
	}
}

// Test deliveries.
const (
	emptyBodyText = "There is nothing to send. Choose an event type above to get its sample back."
	onlyJSONText  = "Fourthwall only ever sends JSON."
)

// bodyProblem says why a text cannot be the body of a delivery, or returns ""
// if it can.
func bodyProblem(body string) string {
	if strings.TrimSpace(body) == "" {
		return emptyBodyText
	}
	err := json.Unmarshal([]byte(body), &json.RawMessage{})
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		line := 1 + strings.Count(body[:min(int(syntax.Offset), len(body))], "\n")
		return "This is no longer valid JSON. Check line " + strconv.Itoa(line) + ". " + onlyJSONText
	}
	if err != nil {
		return "This is no longer valid JSON. " + onlyJSONText
	}
	return ""
}

func tooManyTestsNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "Too many test deliveries at once",
		Text: "Nothing was sent. Wait a few seconds and press the button again.",
	}
}

func unreadTestText(when string) string {
	return "Nothing was sent, and what you entered is kept, but for the secret. Press the button again " + when + "."
}

const forbiddenTestText = "It lacks the permission webhook_read, so nothing was sent. " +
	"Connect the shop again and allow it; what you entered is kept, but for the secret."

// Signatures.

func signaturesBusyNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "Many signatures are being checked at this moment",
		Text: "Yours was not checked yet. Enter the secret again and press the button in a few seconds.",
	}
}

// Shops and secrets.

func disconnectedNotice(shop string) ui.Notice {
	return ui.Notice{
		Kind: ui.Success, Title: shop + " is disconnected",
		Text: "Hookwall deleted its access to this shop. " +
			"The shop’s webhooks live on at Fourthwall and keep being called.",
	}
}

func secretGoneNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Info, Title: "The secret is no longer kept here",
		Text: "It was kept for 15 minutes, or until you said that you have stored it. " +
			"The shop’s owner finds it in the shop’s settings, under For developers.",
	}
}

func secretDeletedNotice() ui.Notice {
	return ui.Notice{Kind: ui.Success, Title: "The secret was deleted here"}
}

// Webhooks, connections and activity.

var actionLabels = labels{
	{activity.CreateWebhook, "Creations"},
	{activity.UpdateWebhook, "Updates"},
	{activity.DeleteWebhook, "Deletions"},
	{activity.ConnectShop, "Connections"},
	{activity.DisconnectShop, "Disconnections"},
}

var outcomeLabels = labels{
	{store.OutcomeDone, "Succeeded"},
	{store.OutcomeRefused, "Rejected"},
	{store.OutcomeFailed, "Failed"},
	{store.OutcomeUnclear, "Unconfirmed"},
	{store.OutcomePending, "Pending"},
}

// activityTitles say what became of an attempt, by its action and its outcome.
var activityTitles = map[string]labels{
	activity.CreateWebhook: {
		{store.OutcomeDone, "Webhook created"},
		{store.OutcomeRefused, "Creation rejected"},
		{store.OutcomeFailed, "Creation failed"},
		{store.OutcomeUnclear, "Creation unconfirmed"},
		{store.OutcomePending, "Creation pending"},
	},
	activity.UpdateWebhook: {
		{store.OutcomeDone, "Webhook updated"},
		{store.OutcomeRefused, "Update rejected"},
		{store.OutcomeFailed, "Update failed"},
		{store.OutcomeUnclear, "Update unconfirmed"},
		{store.OutcomePending, "Update pending"},
	},
	activity.DeleteWebhook: {
		{store.OutcomeDone, "Webhook deleted"},
		{store.OutcomeRefused, "Deletion rejected"},
		{store.OutcomeFailed, "Deletion failed"},
		{store.OutcomeUnclear, "Deletion unconfirmed"},
		{store.OutcomePending, "Deletion pending"},
	},
	activity.ConnectShop: {
		{store.OutcomeDone, "Shop connected"},
		{store.OutcomeRefused, "Connection rejected"},
		{store.OutcomeFailed, "Connection failed"},
		{store.OutcomeUnclear, "Connection unconfirmed"},
		{store.OutcomePending, "Connection pending"},
	},
	activity.DisconnectShop: {
		{store.OutcomeDone, "Shop disconnected"},
		{store.OutcomeRefused, "Disconnection rejected"},
		{store.OutcomeFailed, "Disconnection failed"},
		{store.OutcomeUnclear, "Disconnection unconfirmed"},
		{store.OutcomePending, "Disconnection pending"},
	},
}

// rejectionReasons are the short reasons of rejected attempts, by the API's code.
var rejectionReasons = map[string]string{
	"WEBHOOK_URI_IP_NOT_ALLOWED":   "IP address not allowed",
	"WEBHOOK_URI_PORT_NOT_ALLOWED": "Port not allowed",
	"WEBHOOK_URI_UNALLOWED_DOMAIN": "Domain not allowed",
	webhooks.CodeImmutable:         "An app manages this webhook",
}

// statusReasons are the same, by the status code. They hold only for a response
// with a code, since others may come from something in front of the API.
var statusReasons = map[int]string{
	http.StatusUnauthorized:       "Access expired",
	http.StatusForbidden:          "Permission missing",
	http.StatusNotFound:           "Not found at Fourthwall",
	http.StatusTooManyRequests:    "Too many requests",
	http.StatusServiceUnavailable: "Fourthwall was busy",
}

// reasonOf returns in a few words why an attempt did not succeed, or that this
// isn't known.
func reasonOf(a store.Activity) string {
	switch {
	case a.Outcome == store.OutcomePending:
		return "Waiting for Fourthwall"
	case a.Code != "":
		return cmp.Or(rejectionReasons[a.Code], statusReasons[a.Status], a.Code)
	case a.Status != 0:
		return "Status code " + strconv.Itoa(a.Status)
	case a.Outcome == store.OutcomeFailed:
		return "Nothing was changed"
	}
	return "No response from Fourthwall"
}

// changeText returns in a few words what was changed in a webhook's content.
func changeText(movedURL bool, added, removed []ui.EventBadge) string {
	switch {
	case len(added)+len(removed) == 0 && movedURL:
		return "URL changed"
	case movedURL || len(added) > 0 && len(removed) > 0:
		n := len(added) + len(removed)
		if movedURL {
			n++
		}
		return ui.Count(n, "change", "changes")
	case len(added) == 1:
		return titleOf(added[0]) + " added"
	case len(removed) == 1:
		return titleOf(removed[0]) + " removed"
	case len(added) > 0:
		return ui.Count(len(added), "event type added", "event types added")
	case len(removed) > 0:
		return ui.Count(len(removed), "event type removed", "event types removed")
	}
	return ""
}

// titleOf returns the name of an event type, or its code if it is unknown.
func titleOf(e ui.EventBadge) string { return cmp.Or(e.Title, e.Code) }

// typesText returns in a few words what a webhook receives.
func typesText(types []ui.EventBadge) string {
	if len(types) == 1 {
		return titleOf(types[0])
	}
	return ui.Count(len(types), "event type", "event types")
}

const (
	undoText        = "Undo"
	createAgainText = "Create again"
	undoLateText    = "Only the last change of a webhook can be undone, and this isn’t the last one. " +
		"Reload the activity and try again."
	activityGoneText = "There is no such entry in this shop’s activity. Entries are kept for 400 days."
)

// dayText returns the heading of a day's entries.
func dayText(day, today time.Time) string {
	switch date := day.Format("Jan 2"); {
	case day.Equal(today):
		return "Today, " + date
	case day.Equal(today.AddDate(0, 0, -1)):
		return "Yesterday, " + date
	}
	return day.Format("Jan 2, 2006")
}

// connectOutcomes are the notices that explain why a person is on the connect
// page. The key is in the URL. Nothing else from there is shown.
var connectOutcomes = map[string]ui.Notice{
	"access_denied": {
		Kind: ui.Info, Title: "The shop was not connected",
		Text: "You chose not to allow it. Nothing was changed. You can start again whenever you like.",
	},
	"temporarily_unavailable": {
		Kind: ui.Warning, Title: "Fourthwall cannot sign you in right now",
		Text: "Its sign-in is busy. Try again in a moment.",
	},
	"server_error": {
		Kind: ui.Warning, Title: "Fourthwall cannot sign you in right now",
		Text: "Its sign-in reported a fault of its own. Try again in a moment.",
	},
	"authentication_expired": {
		Kind: ui.Warning, Title: "The shop was not connected",
		Text: "The sign-in took too long, so Fourthwall ended it. Start again.",
	},
	"login_required": {
		Kind: ui.Warning, Title: "The shop was not connected",
		Text: "You are not signed in to Fourthwall. Start again, and sign in when Fourthwall asks you to.",
	},
	"interaction_required": {
		Kind: ui.Warning, Title: "The shop was not connected",
		Text: "Fourthwall needs something from you before it can connect the shop. Start again, and do what " +
			"Fourthwall asks.",
	},
	"consent_required": {
		Kind: ui.Warning, Title: "The shop was not connected",
		Text: "Fourthwall needs your consent to connect the shop. Start again, and allow it when Fourthwall asks.",
	},
	"invalid_scope": {
		Kind: ui.Failure, Title: "The shop was not connected",
		Text: "Fourthwall does not offer the permissions that Hookwall asked for. Check FOURTHWALL_SCOPES, " +
			"or ask your administrator to.",
	},
	"unauthorized_client": {
		Kind: ui.Failure, Title: "The shop was not connected",
		Text: "Fourthwall does not let this app sign in this way. Try another way, or ask your " +
			"administrator to check FOURTHWALL_CLIENT_ID.",
	},
	"client_refused": {
		Kind: ui.Failure, Title: "The shop was not connected",
		Text: "Fourthwall does not accept Hookwall’s client ID and secret, so another try does not help. Ask your " +
			"administrator to check FOURTHWALL_CLIENT_ID and FOURTHWALL_CLIENT_SECRET.",
	},
	"not_understood": {
		Kind: ui.Failure, Title: "The shop was not connected",
		Text: "Fourthwall does not accept how Hookwall asks for the sign-in. Use an API key, or ask your " +
			"administrator to check FOURTHWALL_CLIENT_ID, FOURTHWALL_AUTH_URL and FOURTHWALL_TOKEN_URL.",
	},
	"refused": {
		Kind: ui.Failure, Title: "The shop was not connected",
		Text: "Fourthwall refused the sign-in. Start again; if it keeps happening, use an API key.",
	},
	"code_refused": {
		Kind: ui.Failure, Title: "The shop was not connected",
		Text: "Fourthwall did not accept the sign-in, perhaps because it took too long. Start again.",
	},
	"unreachable": {
		Kind: ui.Warning, Title: "The shop was not connected",
		Text: "Fourthwall could not be reached to finish the sign-in. Nothing was changed. Try again in a moment.",
	},
	"no_token": {
		Kind: ui.Warning, Title: "The shop was not connected",
		Text: "Fourthwall’s token URL responded, but not as a sign-in does. Perhaps something in front of " +
			"Fourthwall refused. Start again in a moment. If this continues, ask your administrator to check " +
			"FOURTHWALL_TOKEN_URL.",
	},
	"in_front": {
		Kind: ui.Warning, Title: "The shop was not connected",
		Text: "Something in front of Fourthwall refused, probably a firewall or a proxy. Fourthwall itself did not " +
			"reject your sign-in. Try again in a moment. If this continues, ask your administrator.",
	},
	"wrong_api": {
		Kind: ui.Failure, Title: "The shop was not connected",
		Text: "The response is not from Fourthwall’s API, so Fourthwall did not reject your sign-in. Check " +
			"FOURTHWALL_API_URL, or ask your administrator to.",
	},
	"shop_unknown": {
		Kind: ui.Failure, Title: "The shop was not connected",
		Text: "Fourthwall would not say which shop this is. Sign in to the shop’s admin first, then start again.",
	},
	"way_not_offered": {
		Kind: ui.Info, Title: "That way of signing in is not offered here",
		Text: "Choose one of the ways below.",
	},
	"signed_out": {
		Kind: ui.Success, Title: "You are signed out",
		Text: "Every shop was disconnected in this browser, and its tokens were deleted.",
	},
}

// findingTexts say what a check for an unconfirmed webhook found.
var findingTexts = map[webhooks.Finding]string{
	webhooks.NotLooked: "Hookwall is still at work on what you pressed before. Wait a moment, then check " +
		"again.",
	webhooks.ListUnavailable: "Hookwall could not look: Fourthwall did not list the shop’s webhooks. Wait a " +
		"moment, then check again, and do not create it a second time yet.",
	webhooks.Ambiguous: "Hookwall has looked again: the shop has a new webhook with this address and " +
		"these event types, or several, and nobody can say which of them this form made. Look at the list of " +
		"webhooks before you create another.",
	webhooks.NotFound: "Hookwall has looked again and found no new webhook with this address and these " +
		"event types. Fourthwall may need a little longer: wait a moment, then check again. After two minutes " +
		"it’s as good as certain.",
}

// faultText says who refused, before a text that says what became of it. It is
// "" if the API itself did.
func faultText(api *fourthwall.Error) string {
	if api.Fault == "" {
		return ""
	}
	return webhooks.ExplainFault(api.Fault, api.Status).Text + " "
}

// refusalNotice returns the status and the notice for a rejection that belongs
// to no field.
func refusalNotice(r webhooks.Rejection, action string) (int, ui.Notice) {
	e := webhooks.Explain(action, r, waitText(r.RetryAfter))
	n := ui.Notice{Kind: ui.Failure, Title: e.Title, Text: e.Text + " " + e.Fix}
	status := http.StatusUnprocessableEntity
	switch {
	case r.Reason == webhooks.Unlisted && (r.IsTemporary() || r.Fault != ""):
		return http.StatusServiceUnavailable, unlistedNotice(r)
	case r.Reason == webhooks.Unlisted:
		return http.StatusBadGateway, unlistedNotice(r)
	case r.Reason == webhooks.EarlierAttempt:
		n.Kind, status = ui.Warning, http.StatusServiceUnavailable
	case r.Reason == webhooks.NotCreated:
		n.Kind, status = ui.Warning, http.StatusBadGateway
	case r.Fault != "":
		n.Kind, status = ui.Warning, http.StatusServiceUnavailable
	case r.Status == http.StatusForbidden, r.Status == http.StatusNotFound && !r.NotSent:
		status = r.Status
	case r.IsTemporary():
		n.Kind, status = ui.Warning, http.StatusServiceUnavailable
	case r.NotSent:
		n.Kind, status = ui.Warning, http.StatusBadGateway
	}
	return status, n
}

// unlistedNotice says why nothing was created, and which two buttons there are.
func unlistedNotice(r webhooks.Rejection) ui.Notice {
	n := ui.Notice{
		Kind: ui.Warning, Title: "Hookwall can’t tell whether this webhook already exists",
		Text: "Fourthwall didn’t return the shop’s webhooks. Nothing was created. ",
	}
	switch {
	case r.Listed != nil:
		n.Text = "Hookwall could read only " + readText(*r.Listed) + ". Nothing was created. "
	case r.Fault != "":
		e := webhooks.ExplainFault(r.Fault, r.Status)
		n.Text = e.Title + ". " + e.Text + " Nothing was created. "
	}
	if r.Listed != nil && r.Listed.Cut {
		n.Text += "If you’re sure that it doesn’t exist, click Create anyway."
		return n
	}
	n.Text += "Wait " + waitText(r.RetryAfter) + " and press Create webhook again. If you’re sure that the webhook " +
		"doesn’t exist, click Create anyway."
	return n
}

func readText(l webhooks.Listed) string {
	if l.Total > l.Webhooks {
		return ui.Number(l.Webhooks) + " of the shop’s " + ui.Number(l.Total) + " webhooks"
	}
	return "some of the shop’s webhooks (" + ui.Number(l.Webhooks) + ")"
}

// inText says when to try again.
func inText(wait time.Duration) string {
	if wait > 0 {
		return "in " + waitText(wait)
	}
	return "in a moment"
}

func waitText(wait time.Duration) string {
	if wait > 0 {
		return ui.Duration(wait)
	}
	return "a moment"
}

// Kept forms of webhooks.

func formGoneNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Info, Title: "The form that was kept is gone",
		Text: "A form is kept for one hour, in the browser that sent it. Please fill it in again.",
	}
}

// draftNotice says what the button do was to do with a kept form.
func draftNotice(do string) ui.Notice {
	n := ui.Notice{
		Kind: ui.Info, Title: "Here is your form, filled in",
		Text: "Nothing was created yet. Press Create webhook to go on.",
	}
	switch do {
	case "":
	case "check", "edit", "repeat": // which are asked where a create was not confirmed
		n = ui.Notice{
			Kind: ui.Warning, Title: "It is not confirmed whether this webhook was created",
			Text: "Press Create webhook to go on: Hookwall then looks first whether it is there.",
		}
	default:
		n.Title = "Here is your form, as you typed it"
	}
	return n
}

func otherShopNotice(shop string) ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "You began this form for another shop",
		Text: "Creating now makes the webhook for " + shop + ". Nothing was created yet.",
	}
}

func changeGoneNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Info, Title: "The change that was kept is gone",
		Text: "A change is kept for one hour, in the browser that made it. Below is the webhook as Fourthwall " +
			"has it now.",
	}
}

func keptChangeNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Info, Title: "Here is your form, as you left it",
		Text: "Nothing was saved yet. Press Review changes to go on.",
	}
}

func unchangedNotice() *ui.Notice {
	return &ui.Notice{
		Kind: ui.Info, Title: "Nothing has changed",
		Text: "Change the address or the event types, or leave the form by Cancel.",
	}
}

const (
	editGoneText = "A change is kept for one hour, in the browser that made it. This one is over, and " +
		"nothing was saved by this request."
	formUnknownText = "What this form sent is no longer known here. Look at the list of webhooks to see " +
		"whether it was created."
	stillAtWorkTitle = "The first press is still under way"
	stillAtWorkText  = "This button was pressed before, or somebody else is at work on the same webhook, and " +
		"Fourthwall has not answered that yet. Nothing was sent a second time: look at the webhooks in a moment to " +
		"see what became of the first."
)

// Outcomes of a change or a delete.

const savedTitle = "The webhook is saved"

func savedNotice() ui.Notice { return ui.Notice{Kind: ui.Success, Title: savedTitle} }

// otherContentNotice says that a webhook isn't as it was asked for.
func otherContentNotice(action string, asked, has fourthwall.Content) *ui.Notice {
	n := &ui.Notice{
		Kind: ui.Warning, Title: "Fourthwall created something else than you asked for",
		Text: "You asked for " + contentText(asked) + ". Fourthwall has " + contentText(has) + ". " +
			"Reload the page in a moment. If nothing changes, edit the webhook.",
	}
	if action == activity.UpdateWebhook {
		n.Title = "Fourthwall did not keep all of your change"
	}
	return n
}

func contentText(c fourthwall.Content) string {
	if len(c.AllowedTypes) == 0 {
		return c.URL + " without event types"
	}
	return c.URL + " with " + strings.Join(codesOf(c.AllowedTypes), ", ")
}

// Outcomes that their usual page can't show.

var outcomeTitles = map[string]string{
	activity.CreateWebhook: "Webhook created",
	activity.UpdateWebhook: savedTitle,
	activity.DeleteWebhook: "The webhook is deleted",
}

// outcomeLinks name the usual page.
var outcomeLinks = map[string]string{
	activity.CreateWebhook: "See the webhook",
	activity.UpdateWebhook: "See the webhook",
	activity.DeleteWebhook: "See the webhooks",
}

func disconnectedSinceNotice(action string) ui.Notice {
	n := ui.Notice{Kind: ui.Warning, Title: "This shop is no longer connected here"}
	const why = "You may have signed out or disconnected it in another tab. "
	switch action {
	case activity.CreateWebhook:
		n.Text = why + "The webhook was created all the same."
	case activity.UpdateWebhook:
		n.Text = why + "Your change was saved all the same."
	default:
		n.Text = why + "The webhook was deleted all the same."
	}
	return n
}

func unkeptSecretNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "Hookwall could not keep the signing secret",
		Text: "Copy it from this page. It isn’t shown again.",
	}
}

func unconfirmedChangeNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "It is not confirmed whether the change was saved",
		Text: "Fourthwall gave no clear answer. Press Review changes: that reads the webhook again, and saving " +
			"twice does no harm.",
	}
}

func unconfirmedDeleteNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "It is not confirmed whether the webhook was deleted",
		Text: "Fourthwall gave no clear answer. Deleting again does no harm.",
	}
}

func immutableText() string {
	return "Fourthwall does not allow this webhook to be changed or deleted (" + webhooks.CodeImmutable + "). " +
		"It was made by something other than you, such as an app you installed: change it there."
}

func immutableNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Failure, Title: "This webhook is locked",
		Text: "Fourthwall refused, so nothing was changed.", Code: webhooks.CodeImmutable,
	}
}

func notDeletedText(when string) string {
	return "Nothing was deleted: Fourthwall could not be asked about this webhook. Try again " + when + "."
}

// deletedNotice names the webhook that was deleted, if that is known.
func deletedNotice(hook fourthwall.Webhook) ui.Notice {
	n := ui.Notice{
		Kind: ui.Success, Title: deletedTitle(hook.ID), Text: "It was gone already.",
	}
	switch {
	case len(hook.AllowedTypes) == 0 && hook.URL != "":
		n.Text = "It had no event types, so Fourthwall sent nothing to " + hook.URL + "."
	case len(hook.AllowedTypes) > 0:
		n.Text = "Fourthwall no longer sends " + ui.Count(len(hook.AllowedTypes), "event type", "event "+
			"types") + " to " + hook.URL + ". Created again, it gets a new id, and perhaps a new secret."
	}
	return n
}

func deletedTitle(id string) string { return "The webhook " + id + " is deleted" }

// stillListedNotice says that a webhook that was deleted is still listed. The
// list may be late.
func stillListedNotice(hook fourthwall.Webhook) ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "The webhook " + hook.ID + " is still listed",
		Text: "Fourthwall reported the webhook for " + hook.URL + " as deleted, but still lists it. " +
			"Reload the page in a moment. If it is still here, delete it again.",
	}
}

// usedFormNotice names what was created by a form that was sent again with
// other content.
func usedFormNotice(shopID string, result webhooks.Result) *ui.Notice {
	n := &ui.Notice{Kind: ui.Warning, Title: "This form was already sent with other content"}
	if made := result.Webhook; result.Of == webhooks.Created {
		n.Text = "It created the webhook " + made.ID + " for " + made.URL + ". Nothing new was created. To " +
			"create another webhook as the form now stands, press Create webhook again."
		n.Link = &ui.Link{Href: webhookPath(shopID, made.ID), Text: "See that webhook"}
		return n
	}
	n.Text = "It is not confirmed whether that created a webhook. Look at the list of webhooks first; to create " +
		"one as the form now stands, press Create webhook again."
	n.Link = &ui.Link{Href: webhooksPath(shopID), Text: "See the webhooks"}
	return n
}

// unreadEditNotice says that nothing was saved, because the webhook could not
// be read. Title is used if there is no better one.
func unreadEditNotice(api *fourthwall.Error, title string) ui.Notice {
	n := ui.Notice{Kind: ui.Warning, Title: title}
	switch {
	case api.ShopGone():
		n.Title = shopGoneTitle
		n.Text = webhooks.ShopGone + " Nothing was saved. Connect the shop again to go on; what you changed is kept."
	case api.NotFound():
		n.Title = "This webhook no longer exists"
		n.Text = "Someone deleted it while you were editing, so nothing was saved. What you entered is kept below."
	case api.Forbidden():
		n.Title = mayNotReadWebhooks
		n.Text = "It lacks the permission webhook_read, without which an edit is not safe. Connect the shop " +
			"again and allow it; what you changed is kept."
	default:
		n.Text = faultText(api) + "Nothing was saved; what you changed is kept below. Press Review changes again " +
			"" + inText(api.RetryAfter) + "."
	}
	return n
}

// Fields of forms.
const (
	noTypesText      = "Choose at least one event type: without one, Fourthwall would have nothing to send."
	unknownTypesText = "This version of Hookwall does not know an event type that is ticked. Untick what is " +
		"marked as unknown."
	keyUserMissing     = "Enter the user name of the shop’s Open API user."
	keyUserColon       = "A user name cannot contain a colon. Copy it again from the shop’s settings."
	keyPasswordMissing = "Enter the password that belongs to it."
	keyRejectedText    = "Fourthwall does not accept this user name and password. Copy both again from the " +
		"shop’s settings, under For developers."
	signInMismatchText = "This sign-in was not started in this browser, was already used, or took longer than " +
		"ten minutes. Nothing was connected. Start again."
)

func connectedNotice(shop string) ui.Notice {
	return ui.Notice{Kind: ui.Success, Title: shop + " is connected"}
}

// What the limits count, on the help page.
const (
	callsCounted         = "Checks and test deliveries per person"
	writesCounted        = "Forms about a shop per person"
	addressWritesCounted = "Forms about a shop per network"
	signInsCounted       = "Sign-in steps per network"
	badKeysCounted       = "Rejected API keys per network"
)

// rateText says how often something is allowed.
func rateText(r Rate) string {
	burst := ui.Number(r.Burst) + " in a row"
	switch {
	case r.Every <= 0:
		return burst
	case r.Every < time.Second:
		return burst + ", then " + ui.Number(int(time.Second/r.Every)) + " per second"
	}
	return burst + ", then one every " + ui.Duration(r.Every)
}
