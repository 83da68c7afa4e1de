package views

import (
	"strconv"

	"hookwall/views/ui"
)

// The sentences that the models choose between. Text that is always there is in
// its page's template.

const (
	unconfirmedTitle = "Don’t create it again yet"
	unconfirmedText  = "The connection dropped before Fourthwall replied. " +
		"Check again: this won’t create a second webhook."
	unconfirmedUnseenText = "The connection dropped before Fourthwall replied. We couldn’t read the shop’s webhooks " +
		"before, so we can’t tell which one is new. Check the list of webhooks, or Fourthwall’s own settings. " +
		"If it isn’t there, go back to the form and create it. Hookwall asks before it creates a second one " +
		"that it can see."
	stillUnconfirmedTitle = "Still unconfirmed"
	unconfirmedLead       = "We couldn’t confirm whether the webhook was created."

	absentTitle = "There is no such webhook"
	absentText  = "We looked just now and found no new webhook with this URL and these event types. " +
		"It probably wasn’t created. " + absentRisk
	absentCertainText = "We looked just now and found no new webhook with this URL and these event types. " +
		"It’s as good as certain that it wasn’t created. " + absentRisk
	absentRisk = "Fourthwall could still create it late. If you create it again and that happens, there are two. " +
		"We check the list again before anything is sent."

	returnedOldLead  = "We couldn’t confirm whether the webhook was created. Fourthwall’s response doesn’t fit."
	returnedOldTitle = "Fourthwall named a webhook that existed before"

	returnedUnknownTitle = "Fourthwall doesn’t know the webhook that it named"

	noneChosen = "No events selected yet. Pick the ones your tool needs."

	implicitWait    = "One moment. We’re asking Fourthwall which shop this is."
	implicitNothing = "There is no sign-in to finish here. It has ended, or you opened this page directly."

	createdLead = "Fourthwall will now send these events to your URL."
	webhookLead = "See which events Fourthwall sends to this URL, and how to receive them."

	noTypesTitle = "No event types"

	failingCount  = "failing"
	lookCount     = "to check"
	notKnownCount = "not known"

	previousPage       = "Previous"
	nextPage           = "Next"
	actionsFor         = "Actions for "
	neverFires         = "Never fires"
	noDeliveriesYet    = "No deliveries yet"
	noRecentDeliveries = "No recent deliveries"
	deliveriesNotKnown = "Deliveries not known"
	sharedURL          = "Shares its URL with another webhook"
	noState            = "without a state"
	noTypesLead        = "Fourthwall has this URL, but nothing to send to it."

	connectionExpired = "Fourthwall no longer accepts the old connection."
	connectionNeeded  = "To continue, you need a new connection."

	signatureValid   = "The signature is valid"
	signatureInvalid = "The signature is not valid"

	checkNotBegun  = "The check is about to start."
	testNoResponse = "No response"
)

// failedOf returns how many deliveries failed.
func failedOf(failed, deliveries int) string {
	return ui.Number(failed) + " of " + ui.Number(deliveries) + " failed"
}

// checkTitle returns the result of an endpoint check of one kind.
func checkTitle(kind string) string {
	switch kind {
	case ui.Success:
		return "Everything passed"
	case ui.Warning:
		return "Some steps need your attention"
	case ui.Failure:
		return "This endpoint needs a fix"
	default:
		return "The check is incomplete"
	}
}

// stepOf returns which step of an endpoint check is running.
func stepOf(n, total int, title string) string {
	return "Step " + strconv.Itoa(n) + " of " + strconv.Itoa(total) + ": " + ui.Plain(title) + "."
}

// testText returns what a test delivery that got a response means to Fourthwall.
func testText(kind string) string {
	switch kind {
	case ui.Failure:
		return "Fourthwall would count this delivery as failed."
	case ui.Warning:
		return "Check the warnings below."
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

// How many deliveries a filter chose, and among which.

func matchOfAll(n, total int) string {
	return ui.Number(n) + " of " + ui.Count(total, "delivery matches.", "deliveries match.")
}

func matchOfLast(n, last int) string {
	return ui.Number(n) + " of the last " + ui.Count(last, "delivery matches.", "deliveries match.")
}

func matchOfRange(n, from, to int) string {
	return ui.Number(n) + " of deliveries " + ui.Number(from) + "–" + ui.Number(to) +
		" match. Deliveries count from the newest."
}

// otherStepsText says how many steps of a check need no attention.
func otherStepsText(passed, notRun int) string {
	text := ui.Count(passed, "step passed", "steps passed")
	if notRun > 0 {
		text += ", " + strconv.Itoa(notRun) + " not run"
	}
	return text
}

// returnedUnknownText says that Fourthwall named a webhook as the new one that
// it doesn't know.
func returnedUnknownText(named NamedWebhook) string {
	return "Fourthwall reported the new webhook as " + named.ID + ", but doesn’t know it when asked. " +
		"We couldn’t find another new one. Check again: this won’t create a second webhook."
}

// emptyListText returns what to say of a shop without webhooks.
func emptyListText(isReadOnly bool) string {
	if isReadOnly {
		return "Operators and admins of your team create them."
	}
	return "Create one to send orders, members and more to your tools as they happen."
}
