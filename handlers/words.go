package handlers

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/oauth"
	"hookwall/views"
)

// This file has the sentences that code chooses between: errors, outcomes and
// hints. The fixed text of a page is in its template.

// errorTexts are what an error page says when there is nothing better to say.
var errorTexts = map[int]struct{ heading, text string }{
	http.StatusBadRequest: {
		"This request could not be understood",
		"Part of it was missing or broken, so nothing was done. Go back and try again.",
	},
	http.StatusForbidden: {
		"This is not allowed",
		"Nothing was done. Go back to the page that you came from, and try from there.",
	},
	http.StatusNotFound: {
		"This page does not exist",
		"The address may be mistyped, or what it showed is gone. Go to the start and find your way from there.",
	},
	http.StatusConflict: {
		"This cannot be done now",
		"Something has changed meanwhile, so nothing was done. Open the page again and look how things stand.",
	},
	http.StatusGone: {
		"What this page was about is over",
		"It was kept for a while only, and nothing was done now. Start again from the list of webhooks.",
	},
	http.StatusMethodNotAllowed: {
		"This address does not take that kind of request",
		"Open it as a page, or use the form that leads to it.",
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
		"It is not your fault, and the details are in the log under this request id. Try again in a moment.",
	},
	http.StatusBadGateway: {
		"Fourthwall did not answer as expected",
		"Fourthwall could not be reached or sent something that could not be read. Try again in a moment.",
	},
	http.StatusServiceUnavailable: {
		"Fourthwall is busy",
		"Fourthwall asks us to wait. Try again in a moment.",
	},
}

// Requests that a layer or the guard refuses.
const (
	crossOriginText = "This form was sent from another site, so nothing was done. " +
		"Open the page in Hookwall and send it from there."
	busyText = "Many large forms are on their way at this moment, so this one was not read and nothing was done. " +
		"Go back, and send it again in a few seconds."
	unreadableFormText = "The form could not be read, so nothing was done. Open the page again and send it from there."
	unconnectedText    = "This shop is not connected here. It may have been disconnected in another tab."
	typedIsKeptText    = " What you typed is kept for an hour: connect the shop again to go on."
)

func wrongHostText(public *url.URL) string {
	return "This address does not belong to Hookwall. Open " + public.String() + " instead."
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
	unavailableFix    = "If it stays like this, give the request id to whoever runs this Hookwall: the log says why."
	unavailableText   = "Your webhooks are at Fourthwall and go on as they are, and you are still signed in. "
	sendAgainText     = "Send it again in a moment: whatever was done already is not done twice. "
	keptBelowText     = "What you entered is kept below. "
	pressAgainText    = "Press the button again in a moment: whatever was done already is not done twice. "
	typePasswordAgain = " The password has to be typed again."
)

// unavailableNotice is in a form that is drawn as it was sent.
func unavailableNotice() views.Notice {
	return views.Notice{
		Kind: views.Warning, Title: unavailableTitle,
		Text: keptBelowText + pressAgainText + unavailableFix,
	}
}

// Whom a limit counts.
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

// limitNotice is in a form that is drawn as it was sent.
func limitNotice(by string, wait time.Duration) views.Notice {
	return views.Notice{
		Kind: views.Warning, Title: "Too many requests",
		Text: limitText(by) + " Nothing was done, and what you entered is kept. " +
			"Wait " + views.Duration(wait) + ", then press the button again.",
	}
}

func badKeysNotice(wait time.Duration) views.Notice {
	return views.Notice{
		Kind: views.Warning, Title: "Too many keys were refused",
		Text: "Fourthwall refused the last API keys from your network, and nobody should find one by trying. " +
			"This one was not tried. Wait " + views.Duration(wait) + ", then try again, or connect in another way.",
	}
}

// What the API answered.
const (
	tooLargeTitle = "Fourthwall’s answer is too large"
	tooLargeText  = "Fourthwall’s answer is larger than Hookwall reads, so it is not shown. " +
		"Nothing is wrong with the connection: try again later, or look in Fourthwall’s own settings."
	shopGoneTitle      = "This shop is gone"
	shopGoneText       = "Fourthwall does not know this shop any more: it may have been closed."
	reconnectText      = " Connect the shop again, or disconnect it under Shops."
	webhookUnknownText = "Fourthwall does not know this webhook. " +
		"It may have been deleted: look in the list of webhooks."
	deliveryUnknownText  = "Fourthwall does not know this delivery. It may be too old."
	mayNotReadWebhooks   = "This connection may not read webhooks"
	mayNotReadText       = "This connection may not read webhooks: it lacks the permission webhook_read. " + allowText
	mayNotReadDeliveries = "This connection may not read deliveries: it lacks the permission webhook_read. " + allowText
	allowText            = "Connect the shop again and allow it."
)

// mayNotRead says that the connection lacks a permission. what is webhooks or
// deliveries.
func mayNotRead(what string) (title, text string) {
	return "This connection may not read " + what, "It lacks the permission webhook_read. " +
		"You can still create webhooks; to see your " + what + ", connect the shop again and allow it."
}

// noList says that the API has no such list, which is a matter of its URL.
func noList(what string) (title, text string) {
	return "Fourthwall has no list of " + what + " here", "It answered that there is nothing at this address. " +
		"Whoever runs this Hookwall should check FOURTHWALL_API_URL."
}

func loadAgainText(when string) string {
	return "Fourthwall asks us to wait. Load this page again " + when + "."
}

// fromCreateText says why what is shown comes from the create.
func fromCreateText(api *fourthwall.Error) string {
	const text = "This is what Fourthwall answered when the webhook was created. "
	switch api.Status {
	case http.StatusForbidden:
		return text + "It cannot be read again, because this connection lacks the permission webhook_read."
	case http.StatusNotFound:
		return text + "It cannot be read yet; look again in a moment."
	}
	return text + "It cannot be read right now; look again in a moment."
}

// missingNotice says that a list has gaps.
func missingNotice(read fourthwall.WebhookList) views.Notice {
	return views.Notice{Kind: views.Warning, Title: "Not all webhooks are listed", Text: missingText(read)}
}

func missingText(read fourthwall.WebhookList) string {
	listed := strconv.Itoa(len(read.Webhooks))
	if read.Total > len(read.Webhooks) {
		return "Fourthwall says that there are " + strconv.Itoa(read.Total) + " webhooks, and listed " + listed +
			" of them. The others are neither shown nor counted here."
	}
	return "Fourthwall did not list all of them: there are more than the " + listed +
		" that are shown and counted here."
}

// healthUnknownText says why a list of webhooks is without their deliveries.
func healthUnknownText(err error, timedOut bool) string {
	var api *fourthwall.Error
	switch {
	case errors.As(err, &api) && api.Status == http.StatusForbidden:
		return "Deliveries are not shown: this connection lacks the permission webhook_read."
	case timedOut:
		return "Deliveries are not shown: Fourthwall did not list them within a second."
	}
	return "Deliveries are not shown: Fourthwall could not list them."
}

// refusedTypeNotice says that the API does not look for an event type. Only a
// URL can ask for such a one.
func refusedTypeNotice(shopID string) views.Notice {
	return views.Notice{
		Kind: views.Warning, Title: "Fourthwall refuses this choice",
		Text: "It does not look for deliveries of the event type in this address.",
		Link: &views.Link{Href: eventsPath(shopID), Text: "Show all deliveries"},
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

var sortWords = words{
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

func tooManyChecksNotice() views.Notice {
	return views.Notice{
		Kind: views.Warning, Title: "Two checks are under way",
		Text: "Wait until one of them is done, half a minute at most, and press the button again.",
	}
}

// Test deliveries.
const (
	emptyBodyText = "There is nothing to send. Choose an event type above to get its sample back."
	onlyJSONText  = "Fourthwall only ever sends JSON."
)

// bodyProblem says why a text cannot be the body of a delivery; "" when it can.
func bodyProblem(body string) string {
	if strings.TrimSpace(body) == "" {
		return emptyBodyText
	}
	err := json.Unmarshal([]byte(body), &json.RawMessage{})
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		line := 1 + strings.Count(body[:min(int(syntax.Offset), len(body))], "\n")
		return "This is not JSON any more: look at line " + strconv.Itoa(line) + ". " + onlyJSONText
	}
	if err != nil {
		return "This is not JSON any more. " + onlyJSONText
	}
	return ""
}

func tooManyTestsNotice() views.Notice {
	return views.Notice{
		Kind: views.Warning, Title: "Too many test deliveries at once",
		Text: "Nothing was sent. Wait a few seconds and press the button again.",
	}
}

func unreadTestText(when string) string {
	return "Nothing was sent, and what you entered is kept, but for the secret. Press the button again " + when + "."
}

const forbiddenTestText = "It lacks the permission webhook_read, so nothing was sent. " +
	"Connect the shop again and allow it; what you entered is kept, but for the secret."

// Signatures.

func signaturesBusyNotice() views.Notice {
	return views.Notice{
		Kind: views.Warning, Title: "Many signatures are being checked at this moment",
		Text: "Yours was not checked yet. Enter the secret again and press the button in a few seconds.",
	}
}

// Shops and secrets.

func disconnectedNotice(shop string) views.Notice {
	return views.Notice{
		Kind: views.Success, Title: shop + " is disconnected",
		Text: "Hookwall deleted its access to this shop. " +
			"The shop’s webhooks live on at Fourthwall and keep being called.",
	}
}

func wayText(c store.Connection) string {
	switch c.Way {
	case oauth.WayAPIKey:
		return "API key ending in " + c.Hint
	case oauth.WayImplicit:
		return "Older sign-in (implicit)"
	}
	return "Fourthwall sign-in"
}

func secretGoneNotice() views.Notice {
	return views.Notice{
		Kind: views.Info, Title: "The secret is no longer kept here",
		Text: "It was kept for 15 minutes, or until you said that you have stored it. " +
			"The shop’s owner finds it in the shop’s settings, under For developers.",
	}
}

func secretDeletedNotice() views.Notice {
	return views.Notice{Kind: views.Success, Title: "The secret was deleted here"}
}
