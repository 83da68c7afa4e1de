package handlers

import (
	"net/http"
	"strconv"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/oauth"
	"hookwall/views"
)

var errorTexts = map[int]struct{ heading, text string }{
	http.StatusBadRequest:            {"This request could not be understood", "Part of it was missing or broken, so nothing was done. Go back and try again."},
	http.StatusForbidden:             {"This is not allowed", "Nothing was done. Go back to the page that you came from, and try from there."},
	http.StatusNotFound:              {"This page does not exist", "The address may be mistyped, or what it showed is gone. Go to the start and find your way from there."},
	http.StatusConflict:              {"This cannot be done now", "Something has changed meanwhile, so nothing was done. Open the page again and look how things stand."},
	http.StatusGone:                  {"What this page was about is over", "It was kept for a while only, and nothing was done now. Start again from the list of webhooks."},
	http.StatusMethodNotAllowed:      {"This address does not take that kind of request", "Open it as a page, or use the form that leads to it."},
	http.StatusRequestEntityTooLarge: {"This is too large", "A form may have at most 1 MiB, so nothing was done. Make it shorter and send it again."},
	http.StatusMisdirectedRequest:    {"This is not Hookwall’s address", "Open Hookwall under the address that it was set up with."},
	http.StatusTooManyRequests:       {"Too many requests", "Nothing was done. Wait a little, then try again."},
	http.StatusInternalServerError:   {"Something went wrong on our side", "It is not your fault, and the details are in the log under this request id. Try again in a moment."},
	http.StatusBadGateway:            {"Fourthwall did not answer as expected", "Fourthwall could not be reached or sent something that could not be read. Try again in a moment."},
	http.StatusServiceUnavailable:    {"Fourthwall is busy", "Fourthwall asks us to wait. Try again in a moment."},
}

const shopGoneText = "Fourthwall does not know this shop any more: it may have been closed."

// missingText says that a list has gaps.
func missingText(read fourthwall.WebhookList) string {
	if read.Total > len(read.Webhooks) {
		return "Fourthwall says that there are " + strconv.Itoa(read.Total) + " webhooks, and listed " + strconv.Itoa(len(read.Webhooks)) + " of them. The others are neither shown nor counted here."
	}
	return "Fourthwall did not list all of them: there are more than the " + strconv.Itoa(len(read.Webhooks)) + " that are shown and counted here."
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

// why says which limit it was, for a person.
func (t *tooMany) why() string {
	if t.by == "address" {
		return "Hookwall takes only so many of these at a time from one network, and others in yours count as well."
	}
	return "Hookwall takes only so many of these at a time from one person."
}

// notice stands in a form that is drawn as it was sent.
func (t *tooMany) notice() views.Notice {
	return views.Notice{
		Kind: views.Warning, Title: "Too many requests",
		Text: t.why() + " Nothing was done, and what you entered is kept. Wait " + views.Duration(t.wait) + ", then press the button again.",
	}
}

const (
	unavailableTitle = "Hookwall cannot use its own database"
	unavailableCure  = "If it stays like this, give the request id to whoever runs this Hookwall: the log says why."
)
