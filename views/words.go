package views

import (
	"strconv"

	"hookwall/views/ui"
)

// The sentences that the models choose between. Text that is always there is in
// its page's template.

const (
	unconfirmedTitle = "Do not create it a second time yet"
	unconfirmedText  = "The answer was lost on its way. " +
		"Check again: Hookwall looks for the webhook and makes no second one."
	unconfirmedUnseenText = "The answer was lost on its way, and Hookwall could not see the shop’s webhooks before, " +
		"so it cannot tell the new one. Look for it in the list of webhooks, or in Fourthwall’s own settings. " +
		"If it is not there, go back to the form and create it: Hookwall asks before it makes a second one that it can see."
	stillUnconfirmedTitle = "Still not known"
	unconfirmedLead       = "Fourthwall gave no clear answer, so the webhook may have been created or not."

	absentTitle = "There is no such webhook"
	absentText  = "We looked just now and found no new webhook with this URL and these event types. " +
		"It probably wasn’t created. " + absentRisk
	absentCertainText = "We looked just now and found no new webhook with this URL and these event types. " +
		"It’s as good as certain that it wasn’t created. " + absentRisk
	absentRisk = "Fourthwall could still create it late. If you create it again and that happens, there are two. " +
		"We check the list again before anything is sent."

	returnedOldLead  = "Fourthwall’s response doesn’t fit, so the webhook may have been created or not."
	returnedOldTitle = "Fourthwall named a webhook that existed before"

	noneChosen = "Nothing chosen yet. Tick what your tools should hear about."

	implicitWait    = "One moment: Hookwall asks Fourthwall which shop this is."
	implicitNothing = "Nothing came with this address. It belongs to a sign-in that is over, or was opened by itself."

	createdLead = "Fourthwall calls your endpoint from now on."
	webhookLead = "What Fourthwall sends to this address, and how to receive it."

	noTypesTitle = "No event types"
	noTypesInRow = "No event types, so it never receives anything"
	noTypesLead  = "Fourthwall has this URL, but nothing to send to it."

	connectionExpired = "Fourthwall no longer accepts the old connection."
	connectionNeeded  = "What you were about to do needs a new connection."

	signatureValid   = "The signature is valid"
	signatureInvalid = "The signature is not valid"

	checkNotBegun  = "It is about to begin."
	testNoResponse = "No answer"
)

// checkTitle returns the result of an endpoint check of one kind.
func checkTitle(kind string) string {
	switch kind {
	case ui.Success:
		return "Everything passed"
	case ui.Warning:
		return "There is something to look at"
	case ui.Failure:
		return "This endpoint needs a fix"
	default:
		return "The check could not be finished"
	}
}

// stepOf returns which step of an endpoint check is running.
func stepOf(n, total int, title string) string {
	return "Step " + strconv.Itoa(n) + " of " + strconv.Itoa(total) + ": " + ui.Plain(title) + "."
}

// testText returns what a test delivery that was answered means to Fourthwall.
func testText(kind string) string {
	switch kind {
	case ui.Failure:
		return "Fourthwall would count this delivery as failed."
	case ui.Warning:
		return "Look at what is marked below."
	default:
		return "Fourthwall would count this delivery as received."
	}
}

// returnedOldText says that Fourthwall named a webhook as the new one that
// existed before.
func returnedOldText(old NamedWebhook) string {
	return "Fourthwall said that it created the webhook " + old.ID + " for " + old.URL + ". That one existed before, " +
		"and we found no new one. Check again: this won’t create a second webhook."
}
