package views

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"hookwall/views/ui"
)

// The sentences that the models choose between. Text that is always there is in
// its page's template.

const (
	unconfirmedTitle = "Don’t create it again yet"
	unconfirmedText  = "Fourthwall’s response didn’t arrive, or was unclear. " +
		"Check again: this won’t create a second webhook."
	unconfirmedUnseenText = "Fourthwall’s response didn’t arrive, or was unclear. We couldn’t read the shop’s " +
		"webhooks before, so we can’t tell which one is new. Check the list of webhooks, or Fourthwall’s own settings. " +
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

	theyRead        = "Event contents, which may include customers’ personal data. Viewers can’t read them."
	theyCannot      = "Change orders, products, payouts or your password"
	theyCannotByKey = "See or change your password"

	cutOffText    = "You can’t undo this. To connect again, you need a new invitation."
	cutOffKey     = "You can’t undo this. Delete the Open API user in your shop too, so that its key ends everywhere."
	cutOffChannel = "Your shop is in the team’s channel, so an admin can connect it again. Leave the channel first."

	noneChosen = "No events selected yet. Pick the ones your tool needs."

	implicitWait    = "One moment. We’re asking Fourthwall which shop this is."
	implicitNothing = "There is no sign-in to finish here. It has ended, or you opened this page directly."

	noTypesTitle = "No event types"

	failingCount  = "failing"
	lookCount     = "to check"
	notKnownCount = "not known"

	previousPage       = "Previous"
	nextPage           = "Next"
	actionsFor         = "Actions for "
	detailsOf          = "Details of "
	shopsTitle         = "Shops"
	coverageTitle      = "Coverage"
	plansTitle         = "Plans"
	templatesTitle     = "Templates"
	missingInShops     = "missing"
	notInTemplate      = "covered, not in the template"
	planYou            = "you"
	waveTitle          = "Wave "
	coverageNotKnown   = "not known"
	notCovered         = "not covered"
	allCovered         = "all covered"
	nothingCovered     = "nothing covered"
	missingHere        = " not covered"
	whereNotCovered    = "Shops where it isn’t covered"
	neverFires         = "Never fires"
	noDeliveriesInDay  = "No deliveries"
	atLeast            = "At least "
	noDeliveriesYet    = "No deliveries yet"
	onlyTests          = "Only tests so far"
	lastFailedBefore   = "Last delivery failed"
	noneInSpan         = "no deliveries"
	weekPrefix         = "7 days: "
	asFarAsRead        = ", as far as read"
	testsNotCounted    = "Tests aren’t counted."
	noneLast           = "none"
	neverLast          = "never"
	lastNotKnown       = "not known"
	noRecentDeliveries = "No recent deliveries"
	deliveriesNotKnown = "Deliveries not known"
	sharedURL          = "Shares its URL with another webhook"
	noState            = "without a state"
	noTypesLead        = "Fourthwall has this URL, but nothing to send to it."

	keepConnected    = "Keep connected"
	backToShops      = "Back to the shops"
	disconnectAnyway = "Disconnect anyway"

	connectionNeeded = "To continue, you need a new connection."

	signatureValid   = "The signature is valid"
	signatureInvalid = "The signature is not valid"

	signOnceHint = "Used for this delivery only, never stored. If empty, the test is signed with a random key."
	signKeptHint = "Leave it empty: we still keep the secret that came with this webhook, and sign with it."

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

// label says what the chart counts.
func (c DeliveryChart) label() string {
	if len(c.Series) > 0 && c.Series[0].Day {
		return "Deliveries per day"
	}
	return "Deliveries per hour"
}

// failingText says how a failing webhook is doing. The time of its last failure
// follows.
func failingText(h Health) string {
	return " is failing: " + failedOf(h.Recent.Failed, h.Recent.Total) + h.Span + ", last "
}

func moreFailingText(n int) string {
	return ui.Count(n, "more webhook is failing", "more webhooks are failing")
}

// longText says how many deliveries failed in 7 days, or since when they are
// known.
func (h Health) longText() string {
	switch {
	case h.WeekKnown:
		return weekPrefix + rateText(h.Week)
	case h.Known && !h.Since.IsZero():
		return "Since " + moment(h.Since) + ": " + rateText(h.Week)
	}
	return weekPrefix + h.rate(h.Week, false)
}

// How the deliveries of a webhook went.

// noneText says that no delivery is known.
func (l WebhookLog) noneText() string {
	h := l.Health
	switch {
	case h.Ambiguous:
		return "Another webhook uses the same URL, so we can’t tell which of them the deliveries were for."
	case h.Tests > 0:
		return "Only tests so far. They don’t count as deliveries."
	case h.never():
		return "No deliveries yet."
	}
	return "No recent deliveries. Older ones weren’t read."
}

// noDeliveriesText says why a page has no deliveries.
func (p WebhookShowPage) noDeliveriesText() string {
	switch {
	case p.Log == nil:
		return "Deliveries appear here when we can read them."
	case p.Log.Health.Ambiguous:
		return "The list of all deliveries includes those that we can’t match to a webhook."
	}
	return "The first delivery appears here. A test from Hookwall goes to your URL directly, so it isn’t listed."
}

// lastWas says how the last delivery went. Its time comes before that.
func lastWas(r ui.DeliveryRow) string {
	if r.Mark == ui.Failing {
		return " failed. "
	}
	return " was " + r.Outcome() + ". "
}

// failuresText says how many deliveries failed, and what was before them.
func failuresText(failed, before int) string {
	text := "The last " + ui.Number(failed) + " deliveries failed."
	if failed == 1 {
		text = "The last delivery failed."
	}
	switch {
	case before == 1:
		return text + " The one before was accepted."
	case before > 1:
		return text + " The " + ui.Number(before) + " before were accepted."
	}
	return text
}

// countText says how many deliveries there were in the last 24 hours, and how many
// failed, if that is known.
func (l WebhookLog) countText() string {
	if h := l.Health; h.DayKnown && !h.Ambiguous {
		return ui.Number(h.Day.Total) + " in the last 24 hours, " + failedOrNone(h.Day.Failed) + "."
	}
	r := l.Health.Recent
	return "We read " + ui.Number(r.Total) + ", " + failedOrNone(r.Failed) + "."
}

func failedOrNone(n int) string {
	if n == 0 {
		return "none failed"
	}
	return ui.Number(n) + " failed"
}

// notes say what the figures don't cover.
func (l WebhookLog) notes() []string {
	h := l.Health
	var all []string
	switch {
	case h.Ambiguous:
		all = append(all,
			"Another webhook uses the same URL. Deliveries that can’t be matched to one of them aren’t counted.")
	case !h.Known:
		all = append(all, "Hatched times weren’t read.")
	case !h.Since.IsZero() && len(l.Month) > 0 && h.Since.After(l.Month[0].Start.AddDate(0, 0, 1)):
		all = append(all, "Hatched times weren’t read. Hookwall knows all deliveries since "+moment(h.Since)+".")
	case !h.Until.IsZero():
		all = append(all, "Hatched times weren’t read.")
	}
	if h.Tests > 0 {
		all = append(all, testsNotCounted)
	}
	return all
}

// moment writes a time within a sentence.
func moment(t time.Time) string { return t.UTC().Format("Jan 2, 15:04 UTC") }

func noneSince(t time.Time) string { return "none since " + moment(t) }

// sinceText says since when all deliveries are known.
func sinceText(t time.Time) string {
	return "Health covers deliveries since " + moment(t) + ". Older ones weren’t read."
}

const (
	lastAcceptedName = "Last accepted"
	lastFailedName   = "Last failed"
	lastDayName      = "Last 24 hours"
	lastWeekName     = "Last 7 days"
)

// lastDeliveriesText is the heading of a strip of n deliveries.
func lastDeliveriesText(n int) string {
	if n == 1 {
		return "Last delivery"
	}
	return "Last " + ui.Number(n) + " deliveries"
}

// otherTypesText says how many event types a webhook doesn't receive.
func otherTypesText(n int) string {
	return ui.Count(n, "event type doesn’t go here.", "event types don’t go here.") + " "
}

// createdText says what a new webhook receives.
func createdText(types int) string {
	return "Fourthwall will now send " + ui.Count(types, "event type", "event types") + " to your URL."
}

// advice says why a delivery probably failed, and what to do.
type advice struct{ Why, Do string }

var (
	statusInText = regexp.MustCompile(`\b[2-5][0-9][0-9]\b`)
	slowInText   = regexp.MustCompile(`(?i)time[ds]?[ -]?out|in time|too slow|deadline`)
	nameInText   = regexp.MustCompile(`(?i)no such host|unknown host|dns|resolve`)
	certInText   = regexp.MustCompile(`(?i)certificate|tls|ssl|x509`)
	closedInText = regexp.MustCompile(`(?i)refused|unreachable|connection reset|connect`)
)

// adviceOn reads the words that Fourthwall has for an error. They aren't
// documented, so what they don't say is left open.
func adviceOn(reported string) advice {
	status := statusInText.FindString(reported)
	switch {
	case strings.HasPrefix(status, "5"):
		return advice{
			status + " means that your server failed while it handled the event. The URL and the certificate work.",
			"Fix the error that the logs show.",
		}
	case status == "404" || status == "410":
		return advice{
			status + " means that your server has nothing at this path.", "Compare the URL with the one in your tool.",
		}
	case status == "401" || status == "403":
		return advice{
			status + " means that your server refused access. Fourthwall can’t sign in.",
			"Allow POST requests to this URL without a sign-in, and verify the signature instead.",
		}
	case status == "405":
		return advice{"405 means that your server doesn’t accept POST requests at this URL.", "Accept POST requests."}
	case status == "429":
		return advice{"429 means that your server limits how many requests it accepts.", "Raise the limit for this URL."}
	case strings.HasPrefix(status, "4"):
		return advice{status + " means that your server rejected the request.", "Find out what it rejects."}
	case strings.HasPrefix(status, "3"):
		return advice{
			status + " is a redirect, which counts as a failure.", "Use the URL that the redirect leads to.",
		}
	case status != "":
		return advice{"Fourthwall only accepts status 200.", "Return status 200."}
	case slowInText.MatchString(reported):
		return advice{
			"Your endpoint was too slow. Fourthwall expects a response within 2 seconds.",
			"Return status 200 first, and do the work afterwards.",
		}
	case nameInText.MatchString(reported):
		return advice{"The host name probably can’t be found.", "Check the URL and the domain’s DNS records."}
	case certInText.MatchString(reported):
		return advice{"The certificate is probably not accepted.", "Renew it, and install its whole chain."}
	case closedInText.MatchString(reported):
		return advice{"Your server probably couldn’t be reached.", "Make sure that it runs and accepts connections."}
	}
	return advice{"Fourthwall gives no reason that we know.", "Find the request in the logs, and fix what failed."}
}

// signature says with what the test was signed.
func (r TestResult) signature() string {
	switch {
	case r.Kept:
		return "Signed with the webhook’s secret."
	case r.Signed:
		return "Signed with the secret that you entered."
	}
	return "Signed with a random key."
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

// noShopsText returns what to say if no shop is connected.
func noShopsText(noConnect bool) string {
	if noConnect {
		return "An admin of your team connects shops."
	}
	return "Connect a shop to see and create its webhooks."
}

// channelSecretField returns the field for a channel's client secret, which is
// never drawn with a value. It has the focus if isFirst says that its error is the
// first.
func channelSecretField(err *ui.FieldError, isFirst bool) ui.TextField {
	f := ui.SecretField("Client secret", "", err)
	f.Focus = err != nil && isFirst
	return f
}

// countText says how many shops of the channel are connected, and how many it
// has.
func (p ChannelPage) countText() string {
	text := ui.Count(p.Connected, "shop", "shops") + " connected"
	if p.Ended > 0 {
		text += " · " + ui.Number(p.Ended) + " to reconnect"
	}
	if p.Listed {
		text += " · " + ui.Number(p.Total) + " at Fourthwall"
	}
	return text
}

// shownText says how many shops of the channel are shown.
func (p ChannelPage) shownText() string {
	switch {
	case len(p.Shops) < p.Found:
		return "Showing " + ui.Number(len(p.Shops)) + " of " + ui.Count(p.Found, "shop", "shops") +
			". Search to find others."
	case p.Query != "" && p.Found == 0:
		return "No shops match. Try another search."
	case p.Query != "":
		return ui.Number(p.Found) + " of " + ui.Count(p.Total, "shop matches.", "shops match.")
	case p.Open == 0:
		return "All shops of this channel are connected."
	case p.Open < p.Total:
		return ui.Count(p.Open, "shop", "shops") + " to connect. Shops that the team has already stay as they are."
	}
	return ui.Count(p.Open, "shop", "shops") + " to connect."
}

func connectAllText(shops int) string {
	if shops == 1 {
		return "Connect this shop"
	}
	return "Connect all " + ui.Number(shops) + " shops"
}

// stateText says whether the team has the shop already.
func (s ChannelShop) stateText() string {
	switch {
	case !s.Refused.IsZero():
		return "Its owner ended your team’s access on " + s.Refused.UTC().Format("2 January 2006") +
			". Ask before you choose it."
	case s.Ended:
		return "Connection ended. Choose it to connect it again."
	case s.ByChannel:
		return "Connected"
	case s.Href != "":
		return "Connected before: " + s.Way
	}
	return ""
}

func channelDisconnectTitle(name string, shops int) string {
	if shops == 0 {
		return "Disconnect " + ui.Plain(name) + "?"
	}
	return "Disconnect " + ui.Plain(name) + " and " + ui.Count(shops, "shop", "shops") + "?"
}

func channelDisconnectButton(shops int) string {
	if shops == 0 {
		return "Disconnect the channel"
	}
	return "Disconnect " + ui.Count(shops, "shop", "shops")
}
