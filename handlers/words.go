package handlers

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/internal/team"
	"hookwall/internal/webhooks"
	"hookwall/views/ui"
)

// This file has the sentences that code chooses between: errors, outcomes and
// hints. The fixed text of a page is in its template.

// errorTexts are the texts of an error page that has none of its own.
var errorTexts = map[int]struct{ heading, text string }{
	http.StatusBadRequest: {
		"We couldn’t read this request",
		"Part of it was missing or broken. Nothing was changed. Go back and try again.",
	},
	http.StatusForbidden: {
		"This isn’t allowed",
		"Nothing was changed. Go back and try again.",
	},
	http.StatusNotFound: {
		"This page doesn’t exist",
		"The link may be wrong, or the item was deleted. Go back, or start from your shops.",
	},
	http.StatusConflict: {
		"We couldn’t do this",
		"Something changed while you were here. Reload the page and try again.",
	},
	http.StatusGone: {
		"This page has expired",
		"Nothing was changed. Start again from your webhooks.",
	},
	http.StatusMethodNotAllowed: {
		"This action isn’t available here",
		"Go back and use the button on the page.",
	},
	http.StatusRequestEntityTooLarge: {
		"This form is too large",
		"A form can have at most 1 MB. Nothing was changed. Shorten it, then send it again.",
	},
	http.StatusMisdirectedRequest: {
		"This isn’t Hookwall’s URL",
		"Open Hookwall at the URL that it was set up with.",
	},
	http.StatusTooManyRequests: {
		"Too many requests",
		"Nothing was changed. Wait a little, then try again.",
	},
	http.StatusInternalServerError: {
		"Something went wrong on our side",
		"Try again in a moment. If you contact support, include the request ID below.",
	},
	http.StatusBadGateway: {
		"Fourthwall didn’t respond as expected",
		"We couldn’t reach Fourthwall, or couldn’t read its response. Try again in a moment.",
	},
	http.StatusServiceUnavailable: {
		"Fourthwall is busy",
		"Fourthwall is rate limiting requests. Try again in a moment.",
	},
}

// Requests that a layer or the guard refuses.
const (
	crossOriginText = "This form came from another site, so nothing was changed. " +
		"Open the page in Hookwall and send it from there."
	busyText = "We’re receiving too many large forms, so nothing was changed. " +
		"Go back, and send yours again in a few seconds."
	unreadableFormText = "We couldn’t read the form, so nothing was changed. Open the page again and send it from " +
		"there."
	unconnectedText = "This shop is not connected here. You may have disconnected it in another tab."
	typedIsKeptText = " We keep your form for an hour. Connect the shop again to continue."
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
	draftTooLargeText = "This form is too large to keep while you sign in. Nothing was changed. " +
		"Go back, shorten it and send it again."
	tooManyDraftsText = "Your network has sent too many forms without signing in, so we didn’t keep this one. " +
		"Nothing was changed. Go back, connect your shop in another tab, and send it again."
)

// The database.
const (
	unavailableTitle  = "Hookwall can’t use its database"
	unavailableFix    = "If this continues, give the request ID to your administrator. The log says why."
	unavailableText   = "Your webhooks keep working, and you’re still signed in. Try again in a moment. "
	sendAgainText     = "Send it again in a moment. If it already worked, we won’t repeat it. "
	keptBelowText     = "Your input is kept below. "
	clickAgainText    = "Click the button again in a moment. If it already worked, we won’t repeat it. "
	typePasswordAgain = " Enter the password again."
)

// unavailableNotice is for a form that is drawn as it was sent.
func unavailableNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: unavailableTitle,
		Text: keptBelowText + clickAgainText + unavailableFix,
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
		return "You’ve hit the limit for this action. It counts everyone in your network."
	}
	return "You’ve hit the limit for this action."
}

// limitNotice is for a form that is drawn as it was sent.
func limitNotice(by string, wait time.Duration) ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "Too many requests",
		Text: limitText(by) + " Nothing was changed, and your input is kept. " +
			"Wait " + ui.Duration(wait) + ", then click the button again.",
	}
}

func badKeysNotice(wait time.Duration) ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "Too many failed sign-ins from your network",
		Text: "We didn’t try this API key. Try again in " + ui.Duration(wait) + ", or connect in another way.",
	}
}

// Responses of the API.
const (
	tooLargeTitle = "Fourthwall’s response is too large"
	tooLargeText  = "Fourthwall’s response is larger than Hookwall reads, so we can’t show it. " +
		"Your connection works. Try again later, or open Fourthwall’s own settings."
	shopGoneTitle      = "This shop no longer exists"
	reconnectText      = " Connect the shop again, or disconnect it under Shops."
	webhookUnknownText = "Fourthwall doesn’t know this webhook. " +
		"It may have been deleted. Check your webhooks."
	deliveryUnknownText  = "Fourthwall doesn’t know this delivery. It may be too old."
	mayNotReadWebhooks   = "This connection can’t read webhooks"
	mayNotReadText       = "This connection can’t read webhooks. " + readMissing + allowText
	mayNotReadDeliveries = "This connection can’t read deliveries. " + readMissing + allowText
	readMissing          = "The permission webhook_read is missing. "
	allowText            = "Connect the shop again and allow it."
)

// mayNotRead says that the connection lacks a permission. what is webhooks or
// deliveries.
func mayNotRead(what string) (title, text string) {
	return "This connection can’t read " + what, readMissing +
		"You can still create webhooks. To see your " + what + ", connect the shop again and allow it."
}

// noList says that the API has no such list, which is a problem of its URL.
func noList(what string) (title, text string) {
	return "Fourthwall has no list of " + what + " here", "Fourthwall returned 404 Not Found. " +
		"Ask your administrator to check FOURTHWALL_API_URL."
}

func loadAgainText(when string) string {
	return "Fourthwall is rate limiting requests. Reload this page " + when + "."
}

// fromCreateText says why a webhook is shown as the create returned it.
func fromCreateText(api *fourthwall.Error) string {
	const text = "This is what Fourthwall returned when the webhook was created. "
	switch {
	case api.Forbidden():
		return text + "We can’t read it again, because the permission webhook_read is missing."
	case api.NotFound():
		return text + "We can’t read it yet. Reload the page in a moment."
	}
	return text + "We can’t read it right now. Reload the page in a moment."
}

// fromUpdateText says why a webhook is shown as the change returned it.
func fromUpdateText(api *fourthwall.Error) string {
	const text = "This is what Fourthwall returned when the change was saved. "
	if api.Status == http.StatusForbidden {
		return text + "We can’t read it again, because the permission webhook_read is missing."
	}
	return text + "We can’t read it right now. Reload the page in a moment."
}

// guideDoneNotice ends the first steps.
func guideDoneNotice() ui.Notice {
	return ui.Notice{Kind: ui.Success, Title: "All done: your first event arrived"}
}

// missingNotice says that a list is incomplete.
func missingNotice(read fourthwall.WebhookList) ui.Notice {
	return ui.Notice{Kind: ui.Warning, Title: "Some webhooks are missing", Text: missingText(read)}
}

// missingText says why a list is incomplete. It is for pages and files.
func missingText(read fourthwall.WebhookList) string {
	listed := ui.Number(len(read.Webhooks))
	promised := read.Total > len(read.Webhooks)
	switch {
	case read.Cut && promised:
		return "Showing the first " + listed + " of " + ui.Number(read.Total) + " webhooks. Hookwall doesn’t read more."
	case read.Cut:
		return "Showing the first " + listed + " webhooks. There are more, but Hookwall doesn’t read them."
	case read.Changed:
		return "Webhooks were deleted while we read the list, so some may be missing. Reload the list."
	case promised:
		return "Showing " + listed + " of " + ui.Number(read.Total) + " webhooks. Fourthwall didn’t return the rest." +
			againText(read)
	}
	return "Showing " + listed + " webhooks. Fourthwall didn’t return the rest." + againText(read)
}

// againText says when to load a list again of which a page couldn't be read.
func againText(read fourthwall.WebhookList) string {
	api := fourthwall.AsError(read.Err)
	if api == nil {
		return ""
	}
	return " Reload the list " + inText(api.RetryAfter) + "."
}

// tooManyNotice says that an API returned a larger page than is shown.
func tooManyNotice(found webhooks.Deliveries) ui.Notice {
	shown := len(found.Events)
	return ui.Notice{
		Kind: ui.Warning, Title: "Some deliveries are missing",
		Text: "Fourthwall returned " + ui.Number(shown+found.LeftOut) + " deliveries on one page. Showing the first " +
			ui.Number(shown) + ".",
	}
}

// What is wrong with a time range.
const emptySpanText = "The end must be after the start."

func notATimeText(text string) string {
	return "“" + text + "” is not a time. Write it like 2026-11-27 18:30."
}

// olderDeliveriesText ends a file that isn't the whole log.
const olderDeliveriesText = "Older deliveries are not in this file."

// What follows a number of deliveries that are of no full 24 hours.
const (
	inSevenDays = " in 7 days"
	asFarAsRead = ", as far as read"
)

// healthUnknownText says why deliveries couldn't be read, and until when they are
// known from visits.
func healthUnknownText(err error, timedOut bool, until time.Time) string {
	lead := "Health is unavailable. "
	if !until.IsZero() {
		lead = "Health is as of " + until.UTC().Format("Jan 2, 15:04 UTC") + ". "
	}
	var api *fourthwall.Error
	switch {
	case errors.As(err, &api) && api.Fault == fourthwall.InFront:
		return lead + "Something in front of Fourthwall rejected the request."
	case api.Forbidden():
		return lead + "The permission webhook_read is missing."
	case timedOut:
		return lead + "Fourthwall took too long to respond."
	}
	return lead + "Fourthwall didn’t return any deliveries."
}

// refusedTypeNotice says that the API doesn't filter by an event type. Only an
// edited URL can ask for such a type.
func refusedTypeNotice(shopID string) ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "Fourthwall rejected this filter",
		Text: "It can’t list deliveries of this event type.",
		Link: &ui.Link{Href: eventsPath(shopID), Text: "Show all deliveries"},
	}
}

const sampleUnknownText = "We have no sample of this event type, because Hookwall doesn’t know it. " +
	"Codes are in capitals, such as ORDER_PLACED."

// How a list of webhooks is sorted.
const (
	sortName   = "url"
	sortTypes  = "types"
	sortListed = "listed"
)

var sortLabels = labels{
	{"", "Trouble first"},
	{sortName, "By name"},
	{sortTypes, "Most event types first"},
	{sortListed, "Fourthwall’s order"},
}

// How the list of shops is sorted.
const (
	sortShopName = "name"
	sortShopSeen = "seen"
)

var shopSortLabels = labels{
	{"", "Trouble first"},
	{sortShopName, "By name"},
	{sortShopSeen, "Longest unseen first"},
}

// shopStateLabels are the choices of the filter.
var shopStateLabels = labels{
	{"", "Any state"},
	{string(fleet.Failing), "Failing"},
	{string(fleet.Reconnect), "To reconnect"},
	{string(fleet.Stale), "Stale"},
	{string(fleet.Look), "To check"},
	{string(fleet.Unseen), "Not known"},
	{string(fleet.Healthy), "Healthy"},
}

// shopCountTexts follow a number of shops.
var shopCountTexts = map[fleet.State]string{
	fleet.Failing: "failing", fleet.Reconnect: "to reconnect", fleet.Stale: "stale", fleet.Look: "to check",
	fleet.Unseen: "not known", fleet.Healthy: "healthy",
}

// shopProblemTexts say why a visit couldn't read or understand a shop.
var shopProblemTexts = map[fleet.Problem]string{
	fleet.Busy:        "Rate limited by Fourthwall",
	fleet.NoAnswer:    "No usable response",
	fleet.InFront:     "Request refused by a firewall",
	fleet.Ended:       "Connection ended",
	fleet.Forbidden:   "No permission to read",
	fleet.ShopGone:    "Shop no longer exists",
	fleet.AppRejected: "Client ID rejected by Fourthwall",
	fleet.Unreadable:  "Unreadable response",
	fleet.Unclear:     "Delivery results not known",
}

// What is wrong with a shop, in a few words.
const (
	reconnectTrouble  = "Reconnect: "
	staleTrouble      = "Stale: "
	notVisitedText    = "No recent visit"
	notVisitedYetText = "First visit is pending"
	cutText           = "Not all webhooks were read"
	backlogText       = "Still reading deliveries"
	noWebhooksText    = "No webhooks"
	noEventTypesText  = "No event types"
	samePatternText   = "Same coverage"
	noReasonText      = "failed without details"
)

// Search. A kind of what was found has a heading.
const (
	shopsGroup      = "Shops"
	webhooksGroup   = "Webhooks"
	deliveriesGroup = "Deliveries"
	labelsGroup     = "Labels"
	peopleGroup     = "People"

	moreShopsText    = "Show all on the Shops page"
	moreWebhooksText = "Show the shops with these webhooks"
	morePeopleText   = "Show all people"

	secretSearchTitle = "That looks like a password, a token or a signing secret"
	notSearchedText   = "We didn’t search for it, and removed it from the URL. Search for a name, a URL or an ID."
	searchTooLongText = "That’s too long. Shorten your search to 200 characters."
	searchCutText     = "We left out the part of the URL that may be secret."
	searchIsOldText   = "We couldn’t ask Fourthwall. Webhooks are as the last visit saw them."

	nothingMatches  = "Nothing matches"
	searchAgainText = "Try a part of a name, a URL or a label, or a whole ID."
	noDeliveryTitle = "No delivery has this ID"
	noWebhookTitle  = "No webhook has this ID"
	oneByOneText    = "Fourthwall looks in one shop at a time. Open the right shop, then search again."
)

// searchNotice says what is wrong with a search, or what became of it; nil for
// nothing.
func searchNotice(outcome string, isTooLong bool) *ui.Notice {
	switch {
	case outcome == outcomeRefused:
		return &ui.Notice{Kind: ui.Failure, Title: secretSearchTitle, Text: notSearchedText}
	case isTooLong:
		return &ui.Notice{Kind: ui.Failure, Title: searchTooLongText}
	case outcome == outcomeCut:
		return &ui.Notice{Kind: ui.Info, Title: searchCutText}
	}
	return nil
}

// matchesText says how much was found.
func matchesText(n int) string {
	if n == 0 {
		return nothingMatches
	}
	return ui.Count(n, "match", "matches")
}

func unreadShopsText(n, of int) string {
	if of == 1 {
		return "The webhooks of this shop aren’t known yet, so we didn’t search them."
	}
	return "The webhooks of " + ui.Count(n, "shop", "shops") + " aren’t known yet, so we didn’t search them."
}

func cutShopsText(n, of int) string {
	if of == 1 {
		return "This shop has more webhooks than we read, so we didn’t search all of them."
	}
	return ui.Count(n, "shop has", "shops have") + " more webhooks than we read, so we didn’t search all of them."
}

// notFoundText says where an ID was looked for. Keep is how long deliveries are
// kept, 0 if that doesn't matter. Shop is the one that Fourthwall was asked about,
// which failed or not; "" for none.
func notFoundText(keep time.Duration, shop string, failed, hasMany bool) string {
	all := []string{"We looked in what visits have read."}
	if keep > 0 {
		all[0] = "We looked in what visits have read, which reaches back " + ui.Duration(keep) + " at most."
	}
	switch {
	case failed:
		all = append(all, "We couldn’t ask Fourthwall about "+shop+". Try again in a moment.")
	case shop != "":
		all = append(all, "Fourthwall doesn’t have it in "+shop+" either.")
	}
	if hasMany {
		all = append(all, oneByOneText)
	}
	return strings.Join(all, " ")
}

func visitsPausedNotice(until time.Time) ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "Refreshing is paused until " + until.UTC().Format("15:04:05") + " UTC",
		Text: "Fourthwall didn’t respond for ten shops in a row. This page shows earlier results.",
	}
}

// refreshNotice says how many shops are visited soon, and how many can't be.
func refreshNotice(asked, left int) ui.Notice {
	n := ui.Notice{
		Kind: ui.Success, Title: "Refreshing " + ui.Count(asked, "shop", "shops"),
		Text: "Reload this page in a moment to see the results.",
	}
	if asked == 0 {
		n = ui.Notice{Kind: ui.Info, Title: "No shop to refresh"}
	}
	if left > 0 {
		n.Text = strings.TrimSpace(n.Text + " " + ui.Count(left, "shop", "shops") + " must be reconnected first.")
	}
	return n
}

// Checks.
const (
	checkGoneText      = "We keep a check for one hour, for the session that ran it. This one has expired."
	tooManyStreamsText = "You’re following checks on too many pages. " +
		"Close some of them, or reload this page in half a minute."
)

func tooManyChecksNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "Two checks are running",
		Text: "Wait for one of them to finish, at most half a minute. Then click the button again.",
	}
}

// Test deliveries.
const (
	emptyBodyText = "The body is empty. Choose an event type above to restore its sample."
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
		Kind: ui.Warning, Title: "Too many test deliveries right now",
		Text: "Nothing was sent. Wait a few seconds, then click the button again.",
	}
}

func unreadTestText(when string) string {
	return "Nothing was sent. Your input is kept, except for the secret. Click the button again " + when + "."
}

const forbiddenTestText = readMissing + "Nothing was sent. " +
	"Connect the shop again and allow it. Your input is kept, except for the secret."

// Signatures.

func signaturesBusyNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "Too many signatures are being checked right now",
		Text: "We haven’t checked yours yet. Enter the secret again, then click the button in a few seconds.",
	}
}

// Shops and secrets.

func disconnectedNotice(shop string, deleted int) ui.Notice {
	n := ui.Notice{
		Kind: ui.Success, Title: shop + " is disconnected",
		Text: "Hookwall deleted its access to this shop. Its webhooks keep working.",
	}
	if deleted > 0 {
		n.Text = "We deleted " + ui.Count(deleted, "webhook", "webhooks") + ", then Hookwall’s access to this shop. " +
			"Other webhooks keep working."
	}
	return n
}

const (
	deletedOutcome     = "Deleted"
	notDeletedOutcome  = "Not deleted"
	unconfirmedOutcome = "Unconfirmed"
	notTriedOutcome    = "Not tried yet"

	lockedText         = "It’s locked. An app you installed manages this webhook. Delete it in that app."
	notCreatedHereText = "One of these webhooks wasn’t created here. Nothing was deleted. " +
		"Reload the page and try again."
)

// chosenNotice asks again with the number of webhooks that are chosen.
func chosenNotice(chosen int) ui.Notice {
	n := ui.Notice{
		Kind: ui.Info, Title: "Delete " + ui.Count(chosen, "webhook", "webhooks") + " and disconnect?",
		Text: "Nothing was deleted yet. Check your selection, then confirm.",
	}
	if chosen == 0 {
		n.Title = "Disconnect without deleting webhooks?"
	}
	return n
}

func notDisconnectedNotice(shop string) ui.Notice {
	return ui.Notice{
		Kind: ui.Failure, Title: shop + " is still connected",
		Text: "Not all selected webhooks were deleted. Try again, or disconnect anyway.",
	}
}

// endedNotice says why webhooks of a shop can't be deleted.
func endedNotice(why string) ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "This connection has ended",
		Text: why + " To delete webhooks first, reconnect the shop. You can also disconnect it now.",
	}
}

func unlistedToDeleteNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "We couldn’t read this shop’s webhooks",
		Text: "So you can’t delete the ones created here right now. If you disconnect, they keep working.",
	}
}

func someUnlistedNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "Fourthwall didn’t return all webhooks",
		Text: "More webhooks may have been created here. If you disconnect, they keep working.",
	}
}

// labelChangeText says which labels a shop got and lost.
func labelChangeText(d activity.Detail) string {
	var all []string
	for _, label := range d.LabelsAdded {
		all = append(all, "+ "+label)
	}
	for _, label := range d.LabelsRemoved {
		all = append(all, "− "+label)
	}
	return strings.Join(all, ", ")
}

func labelsAddedNotice(labels []string) ui.Notice {
	if len(labels) == 0 {
		return ui.Notice{Kind: ui.Info, Title: "Nothing to add", Text: "The shop already has what you typed."}
	}
	title := ui.Plural(len(labels), "Label", "Labels") + " added"
	return ui.Notice{Kind: ui.Success, Title: title, Text: strings.Join(labels, ", ")}
}

func labelRemovedNotice(label string) ui.Notice {
	return ui.Notice{Kind: ui.Success, Title: "Label removed", Text: label}
}

func labelNotThereNotice(label string) ui.Notice {
	return ui.Notice{Kind: ui.Info, Title: "Already removed", Text: "The shop doesn’t have the label " + label + "."}
}

// shopFullText says that a shop can't have more labels.
func shopFullText() string {
	return fmt.Sprintf("This shop would have more than %d labels. Remove some first.", store.MaxShopLabels)
}

// shopsLabeledNotice says how many shops got labels, and why others didn't.
func shopsLabeledNotice(labels []string, added, had, full int) ui.Notice {
	n := ui.Notice{Kind: ui.Success, Title: ui.Count(added, "shop", "shops") + " labeled"}
	if added == 0 {
		n = ui.Notice{Kind: ui.Info, Title: "No shop was labeled"}
	}
	text := []string{strings.Join(labels, ", ") + "."}
	if had > 0 {
		text = append(text, ui.Count(had, "shop", "shops")+" already had "+
			ui.Plural(len(labels), "this label.", "these labels."))
	}
	if full > 0 {
		n.Kind = ui.Warning
		text = append(text, fmt.Sprintf("%s would have more than %d labels. Remove some there first.",
			ui.Count(full, "shop", "shops"), store.MaxShopLabels))
	}
	n.Text = strings.Join(text, " ")
	return n
}

// personalShopsNotice is shown in a team's Hookwall that a browser used before there
// was a team.
func personalShopsNotice(n int, help string) ui.Notice {
	title := ui.Count(n, "shop isn’t", "shops aren’t") + " the team’s yet"
	text := "This browser connected it before the team existed. "
	if n > 1 {
		text = "This browser connected them before the team existed. "
	}
	return ui.Notice{Kind: ui.Info, Title: title, Text: text + help}
}

const (
	teamsStayText  = "The team already has %s. We kept the team’s access."
	moveHelpText   = "Move them, so that the whole team can use them."
	noMoveHelpText = "Only admins can move shops to the team. "
)

// personalEndText says how long shops of before the team are kept: idle after
// the last visit, and life after the sign-in.
func personalEndText(idle, life time.Duration) string {
	text := "Shops that aren’t moved stay until you sign out, at most " + ui.Duration(life) + " after you signed in"
	if idle < life {
		text += " and " + ui.Duration(idle) + " after your last visit"
	}
	return text + "."
}

// movedNotice says what became of shops that were to be moved.
func movedNotice(done []store.Moved) ui.Notice {
	names := map[string][]string{}
	for _, m := range done {
		names[m.End] = append(names[m.End], cmp.Or(m.ShopName, m.ShopID))
	}
	n := ui.Notice{Kind: ui.Success, Title: ui.Count(len(names[store.MoveDone]), "shop", "shops") + " moved to the team"}
	var text []string
	for _, part := range []struct{ end, one, many string }{
		{store.MoveKept, teamsStayText, teamsStayText},
		{store.MoveDropped, "We deleted this browser’s access to %s.", "We deleted this browser’s access to %s."},
		{store.MoveLocked, "%s can’t be read here. Connect it again.", "%s can’t be read here. Connect them again."},
		{store.MoveGone, "%s is no longer connected in this browser.", "%s are no longer connected in this browser."},
	} {
		if shops := names[part.end]; len(shops) > 0 {
			text = append(text, fmt.Sprintf(ui.Plural(len(shops), part.one, part.many), someOf(shops)))
		}
	}
	if len(names[store.MoveDone]) == 0 {
		n.Kind, n.Title = ui.Info, "No shop was moved"
	}
	if len(names[store.MoveLocked])+len(names[store.MoveGone]) > 0 {
		n.Kind = ui.Warning
	}
	n.Text = strings.Join(text, " ")
	return n
}

// someOf names at most three of several.
func someOf(names []string) string {
	const most = 3
	if len(names) > most {
		return strings.Join(names[:most], ", ") + " and " + ui.Count(len(names)-most, "other shop", "other shops")
	}
	return strings.Join(names, ", ")
}

const moveNothingText = "Select at least one shop."

const (
	otherShopsTitle = "The list has changed"
	otherShopsText  = "No shop was labeled. Check the shops below, then add the labels again."
)

func secretGoneNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Info, Title: "We no longer have this secret",
		Text: "We deleted it 15 minutes after you created the webhook, or when you confirmed that you’d saved it. " +
			"You’ll find it in your shop’s settings, under For developers.",
	}
}

func secretDeletedNotice() ui.Notice {
	return ui.Notice{Kind: ui.Success, Title: "Secret deleted from Hookwall"}
}

// Webhooks, connections and activity.

var actionLabels = labels{
	{activity.CreateWebhook, "Creations"},
	{activity.UpdateWebhook, "Updates"},
	{activity.DeleteWebhook, "Deletions"},
	{activity.ConnectShop, "Connections"},
	{activity.DisconnectShop, "Disconnections"},
	{activity.MoveShop, "Moves"},
	{activity.LabelShop, "Labels"},
	{activity.CutOff, "Cut off by the owner"},
	{activity.EndConnection, "Ended connections"},
	{activity.CheckEndpoint, "Checks"},
	{activity.TestEndpoint, "Test deliveries"},
}

// teamActionLabels are the actions in the list of the team.
var teamActionLabels = labels{
	{activity.SignIn, "Sign-ins"},
	{activity.SignOut, "Sign-outs"},
	{activity.EndSession, "Ended sessions"},
	{activity.ChangeRole, "Roles"},
	{activity.RemovePerson, "Removals"},
	{activity.ReadmitPerson, "Readmissions"},
	{activity.ConnectShop, "Connections"},
	{activity.DisconnectShop, "Disconnections"},
	{activity.ConnectChannel, "Connected channels"},
	{activity.ReplaceSecret, "New channel secrets"},
	{activity.DisconnectChannel, "Disconnected channels"},
	{activity.MoveShop, "Moves"},
	{activity.InviteOwner, "Invitations"},
	{activity.RevokeInvitation, "Revoked invitations"},
	{activity.AcceptInvitation, "Accepted invitations"},
	{activity.CutOff, "Cut off by the owner"},
	{activity.EndConnection, "Ended connections"},
	{activity.MakeToken, "Access tokens"},
	{activity.RevokeToken, "Revoked access tokens"},
	{activity.MakePlan, "Plans"},
	{activity.ApprovePlan, "Approved plans"},
	{activity.ApplyPlan, "Applied plans"},
	{activity.StopPlan, "Stopped runs"},
	{activity.ResumePlan, "Resumed runs"},
	{activity.RetryPlan, "Retried runs"},
	{activity.EndPlan, "Ended runs"},
	{activity.MakeTemplate, "Templates"},
	{activity.ChangeTemplate, "Changed templates"},
	{activity.DeleteTemplate, "Deleted templates"},
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
	activity.MoveShop:  {{store.OutcomeDone, "Shop connected (moved)"}},
	activity.LabelShop: {{store.OutcomeDone, "Labels changed"}},
	activity.DisconnectShop: {
		{store.OutcomeDone, "Shop disconnected"},
		{store.OutcomeRefused, "Disconnection rejected"},
		{store.OutcomeFailed, "Disconnection failed"},
		{store.OutcomeUnclear, "Disconnection unconfirmed"},
		{store.OutcomePending, "Disconnection pending"},
	},
	activity.CutOff:           {{store.OutcomeDone, "Access cut off"}},
	activity.InviteOwner:      {{store.OutcomeDone, "Owner invited"}},
	activity.RevokeInvitation: {{store.OutcomeDone, "Invitation revoked"}},
	activity.AcceptInvitation: {{store.OutcomeDone, "Invitation accepted"}},
	activity.CheckEndpoint: {
		{store.OutcomeDone, "Endpoint checked"},
		{store.OutcomeFailed, "Check found a problem"},
		{store.OutcomeUnclear, "Check not finished"},
	},
	activity.TestEndpoint: {
		{store.OutcomeDone, "Test delivery accepted"},
		{store.OutcomeFailed, "Test delivery failed"},
		{store.OutcomeUnclear, "Test delivery unconfirmed"},
	},
	activity.EndConnection: {{store.OutcomeDone, "Connection ended"}},
	activity.SignIn:        {{store.OutcomeDone, "Signed in"}},
	activity.SignOut:       {{store.OutcomeDone, "Signed out"}},
	activity.EndSession:    {{store.OutcomeDone, "Session ended"}},
	activity.ChangeRole:    {{store.OutcomeDone, "Role changed"}},
	activity.RemovePerson:  {{store.OutcomeDone, "Person removed"}},
	activity.ReadmitPerson: {{store.OutcomeDone, "Person readmitted"}},

	activity.ConnectChannel:    {{store.OutcomeDone, "Channel connected"}},
	activity.ReplaceSecret:     {{store.OutcomeDone, "Channel secret replaced"}},
	activity.DisconnectChannel: {{store.OutcomeDone, "Channel disconnected"}},

	activity.MakeToken:   {{store.OutcomeDone, "Access token made"}},
	activity.RevokeToken: {{store.OutcomeDone, "Access token revoked"}},

	activity.MakePlan:    {{store.OutcomeDone, "Plan made"}},
	activity.ApprovePlan: {{store.OutcomeDone, "Plan approved"}},
	activity.ApplyPlan:   {{store.OutcomeDone, "Plan applied"}},
	activity.StopPlan:    {{store.OutcomeDone, "Run stopped"}},
	activity.ResumePlan:  {{store.OutcomeDone, "Run resumed"}},
	activity.RetryPlan:   {{store.OutcomeDone, "Failed changes retried"}},
	activity.EndPlan:     {{store.OutcomeDone, "Run ended"}},

	activity.MakeTemplate:   {{store.OutcomeDone, "Template made"}},
	activity.ChangeTemplate: {{store.OutcomeDone, "Template changed"}},
	activity.DeleteTemplate: {{store.OutcomeDone, "Template deleted"}},
}

// callReason returns in a few words why an endpoint didn't accept a call.
func callReason(a store.Activity) string {
	if a.Status != 0 {
		return "Status code " + strconv.Itoa(a.Status)
	}
	return ""
}

// roleChangeText returns in a few words which role a person had and has.
func roleChangeText(d activity.Detail) string {
	before, after := roleNames[team.Role(d.RoleBefore)], roleNames[team.Role(d.RoleAfter)]
	if d.Member == "" || before == after {
		return ""
	}
	return before + " → " + after
}

// rejectionReasons are the short reasons of rejected attempts, by the API's code.
var rejectionReasons = map[string]string{
	"WEBHOOK_URI_IP_NOT_ALLOWED":   "IP address not allowed",
	"WEBHOOK_URI_PORT_NOT_ALLOWED": "Port not allowed",
	"WEBHOOK_URI_UNALLOWED_DOMAIN": "Domain not allowed",
	webhooks.CodeImmutable:         "An app manages this webhook",
}

// statusReasons are the same, by the status code. They hold only for a response
// of the API, since others may come from something in front of it.
var statusReasons = map[int]string{
	http.StatusUnauthorized:       "Access expired",
	http.StatusForbidden:          "Permission missing",
	http.StatusNotFound:           "Not found at Fourthwall",
	http.StatusTooManyRequests:    "Too many requests",
	http.StatusServiceUnavailable: "Fourthwall was busy",
}

func isBusy(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}

// reasonOf returns in a few words why an attempt did not succeed, or that this
// isn't known.
func reasonOf(a store.Activity) string {
	switch {
	case a.Outcome == store.OutcomePending:
		return "Waiting for Fourthwall"
	case a.Code != "" && (a.Outcome == store.OutcomeRefused || isBusy(a.Status)):
		return cmp.Or(rejectionReasons[a.Code], statusReasons[a.Status], a.Code)
	case a.Code != "":
		return a.Code
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

// Many API keys.
const (
	keyImportTitle   = "Connect many keys"
	keysTooLargeText = "This is larger than 1 MB. Split the keys into smaller files."
	keysTwiceText    = "Paste the keys or choose a file, not both."
	importGoneText   = "We keep these results for one day, for the session that sent the keys. The shops that were " +
		"connected stay connected."
)

// keysNotSentText says what to do with keys that were not tried. They are kept
// nowhere.
func keysNotSentText(status int, retryAfter string) string {
	wait, err := strconv.Atoi(retryAfter)
	if err != nil || status == http.StatusServiceUnavailable {
		return "Nothing was connected. Paste the keys or choose the file again in a moment. " + unavailableFix
	}
	return "Nothing was connected. Wait " + ui.Duration(time.Duration(wait)*time.Second) +
		", then paste the keys or choose the file again."
}

// keysText says what is wrong with all keys that were sent, or "" for nothing.
func keysText(err error) string {
	switch {
	case errors.Is(err, shops.ErrNoKeys):
		return "There are no keys here. Paste one key a line, or choose a CSV file."
	case errors.Is(err, shops.ErrTooManyKeys):
		return "There are more than " + ui.Number(shops.MaxKeys) + " keys. Split them into smaller files."
	case errors.Is(err, shops.ErrNotCSV):
		return "This isn’t a CSV file. Save it as “CSV UTF-8”, then choose it again."
	case errors.Is(err, shops.ErrKeyHeader):
		return "The first line must name the columns username and password."
	}
	return ""
}

// keyResult returns how one of many keys fared.
func keyResult(row store.KeyRow) (ui.State, string) {
	switch row.Result {
	case store.KeyPending:
		return ui.NotKnown, "Waiting"
	case store.KeyWaiting:
		return ui.NotKnown, "Not tried yet"
	case store.KeyUntried:
		return ui.Look, "Not tried before we deleted its password"
	case store.KeyConnected:
		return ui.OK, ""
	case store.KeyReplaced:
		return ui.OK, "This key replaces the earlier access"
	case store.KeyKept:
		return ui.OK, "Already connected another way, which we kept"
	case store.KeyTemporary:
		return ui.Look, temporaryKeyTexts[row.Code]
	case shops.LineSame:
		return ui.Failing, "Same username as line " + ui.Number(row.SameLine)
	}
	return ui.Failing, badKeyTexts[row.Result]
}

var temporaryKeyTexts = map[string]string{
	shops.KeyUnreachable: "Couldn’t reach Fourthwall",
	shops.KeyInFront:     "Something in front of Fourthwall rejected it",
	shops.KeyBusy:        "Fourthwall is busy",
	shops.KeyFailed:      "Fourthwall’s API failed",
}

var badKeyTexts = map[string]string{
	shops.KeyRefused:      "Username or password not accepted",
	shops.KeyShopUnknown:  "Fourthwall didn’t say which shop this is",
	shops.LineQuotes:      "Quotes don’t match",
	shops.LineColumns:     "Needs a username and a password",
	shops.LineNoUsername:  "Username missing",
	shops.LineNoPassword:  "Password missing",
	shops.LineColon:       "Username has a colon",
	shops.LineTooLong:     "Too long for an API key",
	shops.LineUnprintable: "Has invisible characters",
	shops.LineNotUTF8:     "Not UTF-8. Save the file as “CSV UTF-8”",
}

// connectedIn returns how many keys of an import belong to a shop that is
// connected now.
func connectedIn(i store.KeyImport) int {
	return i.Count[store.KeyConnected] + i.Count[store.KeyReplaced] + i.Count[store.KeyKept]
}

// importNotice says how an import ended.
func importNotice(i store.KeyImport) ui.Notice {
	connected, total := connectedIn(i), i.Total()
	title := ui.Number(connected) + " of " + ui.Count(total, "key", "keys") + " connected"
	n := ui.Notice{Kind: ui.Warning, Title: title, Text: "The lines that need a fix say what to do."}
	switch {
	case i.Reason == shops.StopRefused:
		n.Title = "We stopped after many rejected keys"
		n.Text = title + ". Check that these are the usernames and passwords of Open API users."
	case i.Reason == shops.StopFailed:
		n.Title, n.Text = "We stopped because Fourthwall doesn’t respond", title+". Try the rest again in a moment."
	case i.Reason == shops.StopRights:
		n.Title, n.Text = "We stopped when you were no longer an admin", title+". We deleted the other passwords."
	case i.Reason == shops.StopExpired:
		n.Title, n.Text = "We ran out of time", title+". We deleted the other passwords. Send those lines again."
	case connected == total:
		n.Kind, n.Text = ui.Success, "Every key belongs to a connected shop."
	case i.Count[store.KeyTemporary] > 0:
		n.Text = "Some lines can be tried again."
	}
	return n
}

func tooManyImportsNotice() ui.Notice {
	return ui.Notice{Kind: ui.Warning, Title: "Your team is connecting many keys already"}
}

func nothingToRetryNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "There’s nothing to try again",
		Text: "We keep passwords for 15 minutes. Paste the lines again.",
	}
}

// pageText says which page of several this is.
func pageText(at, of int) string { return "Page " + ui.Number(at) + " of " + ui.Number(of) }

// permissionTexts say what each scope allows.
var permissionTexts = map[string]string{
	"webhook_read":  "See your webhooks",
	"webhook_write": "Create, change and delete webhooks",
}

// teamPermissionTexts are the same on the page of a team, where space is short.
var teamPermissionTexts = map[string]string{
	"webhook_read":  "View webhooks",
	"webhook_write": "Manage webhooks",
}

// connectOutcomes are the notices that explain why a person is on the connect
// page. The key is in the URL. Nothing else from there is shown.
var connectOutcomes = map[string]ui.Notice{
	"access_denied": {
		Kind: ui.Info, Title: "The shop was not connected",
		Text: "You chose not to allow it. Nothing was changed. You can start again at any time.",
	},
	"temporarily_unavailable": {
		Kind: ui.Warning, Title: "Fourthwall can’t sign you in right now",
		Text: "Its sign-in is busy. Try again in a moment.",
	},
	"server_error": {
		Kind: ui.Warning, Title: "Fourthwall can’t sign you in right now",
		Text: "Its sign-in failed. Try again in a moment.",
	},
	"authentication_expired": {
		Kind: ui.Warning, Title: "The shop was not connected",
		Text: "The sign-in took too long, so Fourthwall ended it. Start again.",
	},
	"login_required": {
		Kind: ui.Warning, Title: "The shop was not connected",
		Text: "You’re not signed in to Fourthwall. Start again, and sign in when Fourthwall asks you to.",
	},
	"interaction_required": {
		Kind: ui.Warning, Title: "The shop was not connected",
		Text: "Fourthwall needs something from you before it can connect the shop. Start again, and follow its " +
			"steps.",
	},
	"consent_required": {
		Kind: ui.Warning, Title: "The shop was not connected",
		Text: "Fourthwall needs your consent to connect the shop. Start again, and allow it when Fourthwall asks.",
	},
	"invalid_scope": {
		Kind: ui.Failure, Title: "The shop was not connected",
		Text: "Fourthwall doesn’t offer the permissions that Hookwall requested. Ask your administrator to check " +
			"FOURTHWALL_SCOPES.",
	},
	"unauthorized_client": {
		Kind: ui.Failure, Title: "The shop was not connected",
		Text: "Fourthwall doesn’t allow this app to sign in this way. Try another way, or ask your " +
			"administrator to check FOURTHWALL_CLIENT_ID.",
	},
	"client_refused": {
		Kind: ui.Failure, Title: "The shop was not connected",
		Text: "Fourthwall doesn’t accept Hookwall’s client ID and secret, so trying again won’t help. Ask your " +
			"administrator to check FOURTHWALL_CLIENT_ID and FOURTHWALL_CLIENT_SECRET.",
	},
	"not_understood": {
		Kind: ui.Failure, Title: "The shop was not connected",
		Text: "Fourthwall doesn’t accept Hookwall’s sign-in request. Use an API key, or ask your " +
			"administrator to check FOURTHWALL_CLIENT_ID, FOURTHWALL_AUTH_URL and FOURTHWALL_TOKEN_URL.",
	},
	"refused": {
		Kind: ui.Failure, Title: "The shop was not connected",
		Text: "Fourthwall rejected the sign-in. Start again. If this continues, use an API key.",
	},
	"code_refused": {
		Kind: ui.Failure, Title: "The shop was not connected",
		Text: "Fourthwall didn’t accept the sign-in, perhaps because it took too long. Start again. If this " +
			"continues, ask your administrator to check HOOKWALL_PUBLIC_URL.",
	},
	"unreachable": {
		Kind: ui.Warning, Title: "The shop was not connected",
		Text: "We couldn’t reach Fourthwall to finish the sign-in. Nothing was changed. Try again in a moment. If " +
			"this continues, ask your administrator to check FOURTHWALL_API_URL and FOURTHWALL_TOKEN_URL.",
	},
	"no_token": {
		Kind: ui.Warning, Title: "The shop was not connected",
		Text: "Fourthwall’s token URL returned no token. Something in front of Fourthwall may have rejected the " +
			"request. Start again in a moment. If this continues, ask your administrator to check " +
			"FOURTHWALL_TOKEN_URL.",
	},
	"in_front": {
		Kind: ui.Warning, Title: "The shop was not connected",
		Text: "Something in front of Fourthwall rejected the request, probably a firewall or a proxy. Fourthwall itself " +
			"didn’t reject your sign-in. Try again in a moment. If this continues, ask your administrator.",
	},
	"unfamiliar": {
		Kind: ui.Warning, Title: "The shop was not connected",
		Text: "Perhaps something in front of Fourthwall rejected the request, such as a firewall or a proxy. We don’t " +
			"recognize the code. Try again in a moment. If this continues, give the code to your administrator.",
	},
	"wrong_api": {
		Kind: ui.Failure, Title: "The shop was not connected",
		Text: "The response isn’t from Fourthwall’s API, so Fourthwall didn’t reject your sign-in. Ask your " +
			"administrator to check FOURTHWALL_API_URL.",
	},
	"shop_unknown": {
		Kind: ui.Failure, Title: "The shop was not connected",
		Text: "Fourthwall didn’t say which shop this is. Sign in to the shop’s admin first, then start again.",
	},
	"keys_not_kept": {
		Kind: ui.Info, Title: "Your keys were not sent",
		Text: "You had to sign in first, and we don’t keep keys until then. Paste them or choose the file again.",
	},
	"way_not_offered": {
		Kind: ui.Info, Title: "This way of signing in isn’t available here",
		Text: "Choose one of the ways below.",
	},
	signedOut: {
		Kind: ui.Success, Title: "You’re signed out",
		Text: "We disconnected your shops in this browser, and deleted their tokens.",
	},
}

// findingTexts say what a check for an unconfirmed webhook found.
var findingTexts = map[webhooks.Finding]string{
	webhooks.NotLooked: "We’re still processing your last request. Wait a moment, then check " +
		"again.",
	webhooks.ListUnavailable: "We couldn’t check, because Fourthwall didn’t return the shop’s webhooks. Wait a " +
		"moment, then check again. Don’t create the webhook again yet.",
	webhooks.Ambiguous: "A matching webhook now exists, but we can’t tell whether it came from this form. " +
		"Check the list before you create another.",
	webhooks.NotFound: "We checked again and found no new webhook with this URL and these event types. " +
		"Fourthwall may need a little longer. Wait a moment, then check again. After two minutes, it’s as good as " +
		"certain.",
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
	n.Text += "Wait " + waitText(r.RetryAfter) + ", then click Create webhook again. If you’re sure that the webhook " +
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
		Kind: ui.Info, Title: "Your saved form has expired",
		Text: "We keep a form for one hour, for the browser that sent it. Fill it in again.",
	}
}

// draftNotice says what the button do was to do with a kept form.
func draftNotice(do string) ui.Notice {
	n := ui.Notice{
		Kind: ui.Info, Title: "We kept your form",
		Text: "Nothing was created yet. Click Create webhook to continue.",
	}
	switch do {
	case "":
	case "check", "edit", "repeat": // which are asked where a create was not confirmed
		n = ui.Notice{
			Kind: ui.Warning, Title: "We couldn’t confirm whether this webhook was created",
			Text: "Click Create webhook to continue. We’ll check first whether it exists.",
		}
	default:
		n.Title = "We kept your form, as you typed it"
	}
	return n
}

func otherShopNotice(shop string) ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "You started this form for another shop",
		Text: "Nothing was created yet. If you click Create webhook, it’s created for " + shop + ".",
	}
}

func changeGoneNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Info, Title: "Your saved change has expired",
		Text: "We keep a change for one hour, for the browser that made it. This is the webhook as Fourthwall " +
			"has it now.",
	}
}

func keptChangeNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Info, Title: "We kept your form, as you left it",
		Text: "Nothing was saved yet. Click Review changes to continue.",
	}
}

func unchangedNotice() *ui.Notice {
	return &ui.Notice{
		Kind: ui.Info, Title: "Nothing has changed",
		Text: "Change the URL or the event types, or click Cancel.",
	}
}

// urlRejectedNotice is for a form whose URL Fourthwall rejected. The URL field says why.
func urlRejectedNotice(editing bool, problems, types int) *ui.Notice {
	n := ui.Notice{Kind: ui.Failure, Title: "Webhook not created"}
	if editing {
		n.Title = "Changes not saved"
	}
	n.Text = "The URL has " + ui.Count(problems, "problem", "problems") + ". Your " +
		ui.Count(types, "event type is kept.", "event types are kept.")
	return &n
}

// Presets of an owner.

const (
	presetNameMissing  = "Enter a name for this preset."
	presetNameTooLong  = "This name is longer than 40 characters. Shorten it."
	presetEmptyText    = "Select at least one event type. A preset keeps the event types that are selected."
	presetExistsText   = "A preset of this name exists. Choose another name."
	tooManyPresetsText = "You have 20 presets, which is the limit. Delete one to save another."
)

// presetSavedNotice is for a preset that the button do saved.
func presetSavedNotice(name, do string) ui.Notice {
	n := ui.Notice{Kind: ui.Success, Title: "Preset saved", Text: "Find “" + name + "” beside the other presets."}
	switch do {
	case "create":
		n.Text += " The webhook isn’t created yet. To continue, click Create webhook."
	case "review":
		n.Text += " To continue, click Review changes."
	}
	return n
}

func presetDeletedNotice(name string) ui.Notice {
	n := ui.Notice{Kind: ui.Success, Title: "Preset deleted"}
	if name != "" {
		n.Text = "“" + name + "” is gone. The selected event types stay."
	}
	return n
}

const (
	editGoneText = "We keep a change for one hour, for the browser that made it. This one has expired. " +
		"Nothing was saved by this request."
	formUnknownText = "We no longer know this form. Check your webhooks to see " +
		"whether it created one."
	stillAtWorkTitle = "Still working on it"
	stillAtWorkText  = "Your first click is being processed, or someone else is changing the same webhook. " +
		"Nothing was sent twice. Check your webhooks in a moment."
)

// Outcomes of a change or a delete.

const savedTitle = "The webhook is saved"

func savedNotice() ui.Notice { return ui.Notice{Kind: ui.Success, Title: savedTitle} }

// namedNotice says that a webhook has a new name, which is its host and path if
// the label is empty.
func namedNotice(label, hostAndPath string) ui.Notice {
	n := ui.Notice{Kind: ui.Success, Title: "Name saved", Text: "This webhook’s name is now " + label + "."}
	if label == "" {
		n = ui.Notice{Kind: ui.Success, Title: "Name removed", Text: "Hookwall shows " + hostAndPath + " again."}
	}
	return n
}

func unreadLabelText(when string) string {
	return "The name wasn’t saved, but it’s still below. Click Save name again " + when + "."
}

// otherContentNotice says that a webhook isn't as it was asked for.
func otherContentNotice(action string, asked, has fourthwall.Content) *ui.Notice {
	n := &ui.Notice{
		Kind: ui.Warning, Title: "Created, but not exactly as requested",
		Text: "You requested " + contentText(asked) + ". Fourthwall has " + contentText(has) + ". " +
			"Reload the page in a moment. If nothing changes, edit the webhook.",
	}
	if action == activity.UpdateWebhook {
		n.Title = "Saved, but not exactly as requested"
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
		n.Text = why + "The webhook was still created."
	case activity.UpdateWebhook:
		n.Text = why + "Your change was still saved."
	default:
		n.Text = why + "The webhook was still deleted."
	}
	return n
}

func unkeptSecretNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "We couldn’t save the signing secret",
		Text: "Copy it from this page now. We can’t show it again.",
	}
}

func unconfirmedChangeNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "We couldn’t confirm whether the change was saved",
		Text: "Fourthwall’s response didn’t arrive, or was unclear. Click Review changes to read the webhook again. " +
			"Saving twice does no harm.",
	}
}

func unconfirmedDeleteNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "We couldn’t confirm whether the webhook was deleted",
		Text: "Fourthwall’s response was lost or unclear. Deleting again does no harm.",
	}
}

func immutableText() string {
	return "You can’t edit or delete it here (" + webhooks.CodeImmutable + "). " +
		"An app you installed manages this webhook. Change it in that app."
}

func immutableNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Failure, Title: "Nothing was changed",
		Text: "Fourthwall rejected the request, because this webhook is locked.",
	}
}

func notDeletedText(when string) string {
	return "Nothing was deleted, because we couldn’t read this webhook first. Try again " + when + "."
}

// deletedNotice names the webhook that was deleted, if that is known.
func deletedNotice(hook fourthwall.Webhook, name string) ui.Notice {
	n := ui.Notice{
		Kind: ui.Success, Title: name + " is deleted", Text: "It was gone already.",
	}
	switch {
	case len(hook.AllowedTypes) == 0 && hook.URL != "":
		n.Text = "It had no event types, so Fourthwall sent nothing to " + hook.URL + "."
	case len(hook.AllowedTypes) > 0:
		n.Text = "Fourthwall no longer sends " + ui.Count(len(hook.AllowedTypes), "event type", "event "+
			"types") + " to " + hook.URL + ". If you re-create it, it gets a new ID and maybe a new secret."
	}
	return n
}

// stillListedNotice says that a webhook that was deleted is still listed. The
// list may be late.
func stillListedNotice(hook fourthwall.Webhook, name string) ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: name + " is still listed",
		Text: "Fourthwall reported the webhook for " + hook.URL + " as deleted, but still lists it. " +
			"Reload the page in a moment. If it is still here, delete it again.",
	}
}

// usedFormNotice names what was created by a form that was sent again with
// other content.
func usedFormNotice(shopID string, result webhooks.Result) *ui.Notice {
	n := &ui.Notice{Kind: ui.Warning, Title: "You’ve already sent this form with other content"}
	if made := result.Webhook; result.Of == webhooks.Created {
		n.Text = "It created the webhook " + made.ID + " for " + made.URL + ". Nothing new was created. " +
			"To create another webhook from this form, click Create webhook again."
		n.Link = &ui.Link{Href: webhookPath(shopID, made.ID), Text: "See that webhook"}
		return n
	}
	n.Text = "We couldn’t confirm whether that created a webhook. Check your webhooks first. " +
		"To create one from this form, click Create webhook again."
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
		n.Text = webhooks.ShopGone + " Nothing was saved. Connect the shop again to continue. Your changes are kept."
	case api.NotFound():
		n.Title = "This webhook no longer exists"
		n.Text = "Someone deleted it while you were editing, so nothing was saved. Your input is kept below."
	case api.Forbidden():
		n.Title = mayNotReadWebhooks
		n.Text = readMissing + "Hookwall needs it to edit safely. Connect the shop again and allow it. " +
			"Your changes are kept."
	default:
		n.Text = faultText(api) + "Nothing was saved. Your changes are kept below. Click Review changes again " +
			inText(api.RetryAfter) + "."
	}
	return n
}

// Fields of forms.
const (
	noTypesText      = "Select at least one event type."
	unknownTypesText = "Hookwall doesn’t know some of the selected event types. Clear the boxes " +
		"marked as unknown."
	keyUserMissing     = "Enter the username of the shop’s Open API user."
	keyUserColon       = "A username can’t contain a colon. Copy it again from the shop’s settings."
	keyPasswordMissing = "Enter the user’s password."
	keyUnfamiliarText  = " The username or the password may also be wrong."
	keyRejectedText    = "Fourthwall doesn’t accept this username and password. Copy both again from the " +
		"shop’s settings, under For developers."
	signInMismatchText = "This sign-in started in another browser, was already used, or took longer than " +
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

// What a role may not do, and who can help.
const (
	formIsKeptText = " We keep your form for an hour."

	connectAgainTitle = "This shop must be connected again"
	adminsConnectText = " Admins connect shops. "
	reconnectHelpText = "An admin can reconnect a shop. "
)

var roleNames = map[team.Role]string{
	team.NoRole: "No role", team.Viewer: "Viewer", team.Operator: "Operator", team.Admin: "Admin",
}

// notAllowed returns what to say to a person whose role doesn't include what a
// page needs.
func notAllowed(role, needed team.Role, admins []team.Person) (heading, text string) {
	help := whoCanHelp(admins)
	switch {
	case role == team.NoRole:
		return "You don’t have access yet", "You’re signed in, but you have no role in this team. " + help
	case needed == team.Admin:
		return "Only admins can do this", "Nothing was changed. Your role is " + string(role) + ". " + help
	}
	return "Viewers can’t do this", "Nothing was changed. Operators and admins can. " + help
}

// unverifiedText returns a sentence for a person whose email address counts for
// nothing, or "".
func unverifiedText(p team.Person) string {
	if p.Email == "" || p.EmailVerified {
		return ""
	}
	return " Your identity provider doesn’t confirm that " + p.Email + " is yours, so the address gives you no role."
}

// whoCanHelp returns a sentence that names some admins.
func whoCanHelp(admins []team.Person) string {
	var names []string
	for _, p := range admins {
		name := p.Called()
		if p.Email != "" && p.Email != name {
			name += " (" + p.Email + ")"
		}
		names = append(names, name)
	}
	switch len(names) {
	case 0:
		return "Ask the person who set up Hookwall."
	case 1:
		return "Ask " + names[0] + "."
	case 2:
		return "Ask " + names[0] + " or " + names[1] + "."
	}
	return "Ask " + names[0] + ", " + names[1] + " or another admin."
}

// Signing in to the team.
const (
	removedTitle = "You were removed from this team"
	removedText  = "An admin removed you, so you can’t sign in. Ask an admin of your team to readmit you."

	noHeaderTitle = "Open Hookwall through your team’s sign-in"
	noHeaderText  = "The reverse proxy in front of Hookwall didn’t say who you are. If you came through it, tell the " +
		"person who set it up. The log has the reason."
)

// signInSlugs are the outcomes in the URL, by why nobody was signed in.
var signInSlugs = map[team.Problem]string{
	team.ProblemDown:       "down",
	team.ProblemDenied:     "denied",
	team.ProblemSettings:   "settings",
	team.ProblemClock:      "clock",
	team.ProblemDomain:     "domain",
	team.ProblemUnverified: "unverified",
	team.ProblemMismatch:   "mismatch",
	team.ProblemToken:      "token",
}

// signInOutcomes are the notices of the sign-in page. The key is in the URL.
var signInOutcomes = map[string]ui.Notice{
	signedOut: {
		Kind: ui.Success, Title: "You’re signed out of Hookwall",
		Text: "Your identity provider may still have you signed in. Sign out there too on a shared computer.",
	},
	"removed": {Kind: ui.Failure, Title: removedTitle, Text: removedText},
	"down": {
		Kind: ui.Failure, Title: "Your identity provider isn’t working",
		Text: "It gave no response that we can use. Try again in a moment. If this continues, tell the person who runs " +
			"Hookwall. The log has the reason.",
	},
	"denied": {
		Kind: ui.Info, Title: "You weren’t signed in",
		Text: "The sign-in was canceled, or your identity provider doesn’t allow you to use Hookwall.",
	},
	"settings": {
		Kind: ui.Failure, Title: "Hookwall’s sign-in isn’t set up correctly",
		Text: "Tell the person who set up Hookwall. The log names the setting.",
	},
	"clock": {
		Kind: ui.Failure, Title: "The clocks don’t agree",
		Text: "Hookwall’s clock and your identity provider’s differ by more than a minute. Tell the person who runs " +
			"Hookwall.",
	},
	"domain": {
		Kind: ui.Failure, Title: "This account can’t use Hookwall",
		Text: "Its email address isn’t in a domain of your team. Sign in with your work account.",
	},
	"unverified": {
		Kind: ui.Failure, Title: "Your email address isn’t verified",
		Text: "Your identity provider doesn’t confirm that the address is yours. Verify it there, then sign in again.",
	},
	"mismatch": {
		Kind: ui.Warning, Title: "This sign-in has ended",
		Text: "It took too long, or it began in another browser. Start again.",
	},
	"token": {
		Kind: ui.Failure, Title: "We couldn’t verify your sign-in",
		Text: "Your identity provider sent something that Hookwall can’t accept. The log has the reason.",
	},
}

// anotherAccountHelps are the outcomes after which the same account would only
// fail again.
var anotherAccountHelps = map[string]bool{"removed": true, "denied": true, "domain": true, "unverified": true}

// signInFailureText returns a sentence with the details of a failure, or "" if
// the usual one says all that is known.
func signInFailureText(outcome, setting, email string, skew time.Duration) string {
	switch {
	case outcome == signInSlugs[team.ProblemSettings] && setting != "":
		return "Tell the person who set up Hookwall to check " + setting + ". The log has the reason."
	case outcome == signInSlugs[team.ProblemClock] && skew > 0:
		return "Hookwall’s clock is about " + ui.Duration(skew.Round(time.Minute)) + " ahead of your identity " +
			"provider’s. Tell the person who runs Hookwall."
	case outcome == signInSlugs[team.ProblemClock] && skew < 0:
		return "Hookwall’s clock is about " + ui.Duration(-skew.Round(time.Minute)) + " behind your identity " +
			"provider’s. Tell the person who runs Hookwall."
	case outcome == signInSlugs[team.ProblemDomain] && email != "":
		return email + " isn’t in a domain of your team. Use your work account."
	case outcome == signInSlugs[team.ProblemUnverified] && email != "":
		return "Your identity provider doesn’t confirm that " + email + " is yours. Verify it there, or use another " +
			"account."
	}
	return ""
}

// Access tokens.
const (
	youTitle   = "Sessions and tokens"
	tokenTitle = "Access token"
)

// scopeLabels say what an access token may be used for.
var scopeLabels = labels{
	{string(team.ReadScope), "Read"},
	{string(team.PlanScope), "Read and plan"},
	{string(team.ApplyScope), "Read, plan and apply"},
}

func inDaysText(days int) string { return "In " + strconv.Itoa(days) + " days" }

// tokenProblem says what is wrong with what was typed, or "".
func tokenProblem(err error) string {
	switch {
	case errors.Is(err, team.ErrTokenName):
		return "Enter a name of at most 60 characters. It tells your tokens apart."
	case errors.Is(err, team.ErrTokenScope):
		return "Choose again what the token may do, and when it expires. Your role may have changed."
	case errors.Is(err, team.ErrTooManyTokens):
		return "You have too many tokens. Revoke one that you no longer use, then make another."
	}
	return ""
}

func tokenShownNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Info, Title: "We showed this token already",
		Text: "We show a token only once. If you didn’t copy it, revoke it and make another.",
	}
}

func tokenRevokedNotice() ui.Notice {
	return ui.Notice{Kind: ui.Success, Title: "Token revoked", Text: "Programs that use it no longer have access."}
}

// apiTexts are the details of problems of the API that have none of their own.
var apiTexts = map[int]string{
	http.StatusBadRequest:            "Part of the request is missing or broken. Nothing was changed.",
	http.StatusForbidden:             "This isn’t allowed. Nothing was changed.",
	http.StatusNotFound:              "There is nothing at this path. The OpenAPI file lists all paths.",
	http.StatusMethodNotAllowed:      "This path has other methods. The Allow header lists them.",
	http.StatusConflict:              "Something changed since you read it. Read it again, then decide.",
	http.StatusRequestEntityTooLarge: "The body is too large. A fleet file can have at most 4 MB, everything else 1 MB.",
	http.StatusTooManyRequests:       "You’ve hit the limit. Nothing was changed. Wait as Retry-After says, then retry.",
	http.StatusInternalServerError:   "Something went wrong on our side. Try again soon. The log has the request ID.",
	http.StatusServiceUnavailable:    "The database is unavailable. Try again in a moment.",
}

// Problems of the API.
const (
	noTeamAPIText = "The API needs a team, whose members make access tokens. This Hookwall has none. " +
		"Set HOOKWALL_SIGN_IN, or use Plans in the browser."
	noFleetAPIText = "This Hookwall doesn’t visit shops in the background, so there are no plans. " +
		"Remove HOOKWALL_NO_VISITS."
	noTokenText = "Send an access token in the Authorization header: Bearer hw_…. Make one in Hookwall under Sessions " +
		"and tokens."
	badTokenText     = "This access token doesn’t exist. It may have been revoked. Make another one in Hookwall."
	expiredTokenText = "This access token has expired. Make another one in Hookwall."
	idleTokenText    = "Your identity provider decides your role, and you last used Hookwall over 30 days ago. " +
		"Sign in to Hookwall again, then use this token."
	badJSONText    = "The body isn’t the JSON that this path takes. The OpenAPI file describes it."
	noDigestText   = "The body needs the digest of the plan that you reviewed."
	badFormatText  = "Use yaml or json as the format."
	badKeyText     = "The Idempotency-Key has to have 1 to 200 visible characters."
	otherFileTitle = "The key was used before"
	otherFileText  = "This Idempotency-Key was used for another file. Use a new key for a new file."
	badTypeText    = "Send the file as application/yaml or application/json."
)

const fileProblemTitle = "The fleet file has problems"

// fileProblemText says how many problems a fleet file has.
func fileProblemText(n int) string {
	return "Nothing was planned. Fix " + ui.Count(n, "problem", "problems") + " in the file, then send it again."
}

// tokenMark names an access token where a session is named.
func tokenMark(name string) string { return "Access token " + name }

// scopeText says that an access token's scope doesn't allow something.
func scopeText(has, needed team.Scope) string {
	return "This access token has the scope " + string(has) + ", and this needs " + string(needed) + ". Nothing was " +
		"changed. Make a token with that scope."
}

// planProblem is a problem of the API about a plan. Slug names its type.
type planProblem struct {
	is                  error
	slug, title, detail string
}

// planProblems are those with the status 409.
var planProblems = []planProblem{
	{
		store.ErrPlanAltered, "plan-altered", "The plan is not what was reviewed",
		"The digest isn’t that of the stored plan, so nothing was sent. Read the plan, or make a new one.",
	},
	{
		store.ErrWrongKey, "plan-altered", "The plan is not what was reviewed",
		"The stored plan can’t be decrypted, so nothing was sent. Make a new one.",
	},
	{
		store.ErrPlanState, "plan-state", "The plan is in another state",
		"This can’t be done in the state that the plan is in now. Read the plan, then decide.",
	},
	{
		store.ErrShopsBusy, "shops-busy", "Another plan is at work in these shops",
		"Nothing was sent. Wait until that plan is done, then try again.",
	},
	{
		fleet.ErrNeedsApproval, "needs-approval", "The plan needs approval",
		"Nothing was sent. Another person has to approve the plan in Hookwall first.",
	},
}

// apiDeletesText says how to confirm deletes.
func apiDeletesText(n int) string {
	return "Nothing was deleted. Send " + strconv.Itoa(n) + " as the number of deletes to confirm it."
}

// People.
const (
	removedRole       = "Removed"
	unknownBrowser    = "Unknown browser"
	personUnknownText = "This person isn’t in the team."
	notYourselfText   = "You can’t remove yourself. Ask another admin."
)

func roleChoices() []ui.Choice {
	var out []ui.Choice
	for _, role := range []team.Role{team.Viewer, team.Operator, team.Admin, team.NoRole} {
		out = append(out, ui.Choice{Value: string(role), Text: roleNames[role]})
	}
	return out
}

// roleTally returns how many people there are, and how many have each role.
func roleTally(counts map[team.Role]int) []string {
	total := 0
	for _, n := range counts {
		total += n
	}
	out := []string{ui.Count(total, "member", "members")}
	for _, one := range []struct {
		role      team.Role
		one, many string
	}{
		{team.Admin, "admin", "admins"},
		{team.Operator, "operator", "operators"},
		{team.Viewer, "viewer", "viewers"},
		{team.NoRole, "without a role", "without a role"},
	} {
		if n := counts[one.role]; n > 0 {
			out = append(out, ui.Count(n, one.one, one.many))
		}
	}
	return out
}

// sourceOf returns where a person's role comes from, and the name of the group
// or the domain.
func sourceOf(p team.Person) (text, name string) {
	switch {
	case p.IsRemoved():
		return "Removed by " + p.RoleBy + " on " + p.RemovedAt.Format("Jan 2"), ""
	case p.Source == team.Configured:
		return "Named in the configuration", ""
	case p.Source == team.ByGroup:
		return "Group", p.Group
	case p.Source == team.ByAdmin:
		return "Set by " + p.RoleBy + " on " + p.RoleAt.Format("Jan 2"), ""
	case p.Source == team.ByDomain:
		return "Everyone at", p.Domain()
	}
	return "No one has set a role", ""
}

func endSessionsText(n int, own bool) string {
	switch {
	case own && n == 1:
		return "End other session"
	case own:
		return "End other sessions"
	case n == 1:
		return "End session"
	}
	return "End " + ui.Number(n) + " sessions"
}

func roleChangedNotice(p team.Person) ui.Notice {
	is := map[team.Role]string{
		team.NoRole: " has no role now.", team.Viewer: " is a viewer now.", team.Operator: " is an operator now.",
		team.Admin: " is an admin now.",
	}
	return ui.Notice{Kind: ui.Success, Title: "Role changed", Text: p.Called() + is[p.Role]}
}

func removedNotice(p team.Person) ui.Notice {
	return ui.Notice{Kind: ui.Success, Title: p.Called() + " is removed", Text: "Their sessions have ended."}
}

func readmittedNotice(p team.Person) ui.Notice {
	n := ui.Notice{Kind: ui.Success, Title: p.Called() + " is readmitted"}
	if p.Role == team.NoRole {
		n.Text = "Set a role, so that they can do something."
	}
	return n
}

func sessionsEndedNotice(p team.Person) ui.Notice {
	return ui.Notice{Kind: ui.Success, Title: "Sessions ended", Text: p.Called() + " must sign in again."}
}

func sessionEndedNotice() ui.Notice {
	return ui.Notice{Kind: ui.Success, Title: "Session ended", Text: "That browser must sign in again."}
}

func lastAdminNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "The last admin stays", Text: "Nothing was changed. Make another person an admin first.",
	}
}

func readmitFirstNotice(name string) ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: name + " was removed", Text: "Nothing was changed. Readmit them first.",
	}
}

func doneBeforeNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Info, Title: "Nothing was changed", Text: "This was done already, perhaps by another admin.",
	}
}

func decidedElsewhereNotice(name string) ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "This role isn’t set here",
		Text: "Nothing was changed. The configuration or a group decides the role of " + name + ".",
	}
}

// Channels.

const (
	clientIDMissing     = "Enter the client ID. It begins with channel."
	clientSecretMissing = "Enter the client secret."
	typeSecretAgain     = " Enter the client secret again."
	channelUnknownText  = "There’s no such channel here. It may have been disconnected."
	channelEndedTitle   = "Fourthwall no longer accepts this channel’s secret"
	channelEndedText    = "Enter a new secret to connect its shops again. Their webhooks keep working."

	channelMayNotTitle = "The channel can’t use this shop’s webhooks"
	channelMayNotText  = "Fourthwall refused, either for the whole channel or because the shop has left it. Connecting " +
		"the shop again doesn’t help. Ask Fourthwall to allow webhooks for the channel. Nothing was changed."
	noShopChosenTitle = "Choose at least one shop"
	noShopChosenText  = "Select the shops to connect, or connect all of them."
	pageChangedTitle  = "The number of shops has changed"
	pageChangedText   = "Nothing was disconnected. Check the number, then decide again."
)

// clientRejectedText says that Fourthwall doesn't accept the credentials of a
// channel, and what they usually look like.
func clientRejectedText(clientID string) string {
	const text = "Fourthwall doesn’t accept this client ID and secret. "
	if !strings.HasPrefix(clientID, "channel.") {
		return text + "A channel’s client ID begins with channel. Check both, and enter the secret again."
	}
	return text + "Check both, and enter the secret again."
}

// channelOutcomes say why a channel can't be read or connected, by the outcome of
// the same fault in a sign-in.
var channelOutcomes = map[string]ui.Notice{
	"temporarily_unavailable": {
		Kind: ui.Warning, Title: "Fourthwall is busy", Text: "Nothing was changed. Try again in a moment.",
	},
	"server_error": {
		Kind: ui.Warning, Title: "Fourthwall failed", Text: "Nothing was changed. Try again in a moment.",
	},
	"unreachable": {
		Kind: ui.Warning, Title: "We couldn’t reach Fourthwall",
		Text: "Nothing was changed. Try again in a moment. If this continues, ask your administrator to check " +
			"FOURTHWALL_API_URL and HOOKWALL_CHANNEL_TOKEN_URL.",
	},
	"no_token": {
		Kind: ui.Warning, Title: "Fourthwall returned no token for the channel",
		Text: "Something in front of Fourthwall may have rejected the request. Nothing was changed. Try again in a " +
			"moment. If this continues, ask your administrator to check HOOKWALL_CHANNEL_TOKEN_URL.",
	},
	"in_front": {
		Kind: ui.Warning, Title: "Something in front of Fourthwall rejected the request",
		Text: "It’s probably a firewall or a proxy. The channel’s credentials weren’t rejected. Try again in a moment.",
	},
	"not_allowed": {
		Kind: ui.Failure, Title: "Fourthwall doesn’t allow this",
		Text: "It accepts the client ID and secret, but not for reading the channel. Ask Fourthwall about the code.",
	},
	"wrong_api": {
		Kind: ui.Failure, Title: "The response isn’t from Fourthwall’s API",
		Text: "Nothing was changed. Ask your administrator to check FOURTHWALL_API_URL.",
	},
}

func channelConnectedNotice(name string) ui.Notice {
	return ui.Notice{Kind: ui.Success, Title: name + " is connected", Text: "Choose the shops to connect."}
}

func channelSecretNotice() ui.Notice {
	return ui.Notice{Kind: ui.Success, Title: "Secret replaced"}
}

// channelShopsNotice says how many shops were connected, how many stayed as they
// were, and how many are no longer the channel's.
func channelShopsNotice(added, kept, gone int) ui.Notice {
	n := ui.Notice{Kind: ui.Success, Title: ui.Count(added, "shop", "shops") + " connected"}
	if added == 0 {
		n.Kind, n.Title = ui.Info, "No shop was connected"
	}
	var text []string
	if kept > 0 {
		text = append(text, ui.Count(kept, "shop was", "shops were")+" connected before, and unchanged.")
	}
	if gone > 0 {
		text = append(text, ui.Count(gone, "shop is", "shops are")+" no longer in the channel.")
	}
	n.Text = strings.Join(text, " ")
	return n
}

func channelDisconnectedNotice(name string, shops int) ui.Notice {
	return ui.Notice{
		Kind: ui.Success, Title: name + " is disconnected",
		Text: "We deleted its credentials and the access to " + ui.Count(shops, "shop", "shops") +
			". Webhooks keep working.",
	}
}

// channelLacksNotice says that the channel may not read the webhooks of a shop
// that it lists.
func channelLacksNotice(shop string, api *fourthwall.Error) ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "Fourthwall doesn’t allow this channel to use webhooks", Code: api.Code,
		RequestID: api.RequestID,
		Text: "It refused to list the webhooks of " + shop + ". Shops stay connected. Ask Fourthwall to allow webhooks " +
			"for the channel.",
	}
}

// leftChannelNotice names shops that are connected, and that the channel doesn't
// list.
func leftChannelNotice(names []string) ui.Notice {
	n := ui.Notice{
		Kind: ui.Warning, Title: ui.Count(len(names), "connected shop isn’t", "connected shops aren’t") +
			" in the channel anymore",
	}
	shown := names[:min(5, len(names))]
	n.Text = "Fourthwall no longer lists " + strings.Join(shown, ", ")
	if more := len(names) - len(shown); more > 0 {
		n.Text += " and " + ui.Count(more, "other", "others")
	}
	n.Text += ". Disconnect each under Shops, or connect it in another way."
	return n
}

// Invitations of shops' owners.
const (
	anyShop      = "Any shop"
	noDomainText = "That’s not a shop’s domain. Example: studio-nine.com. Leave it empty to allow any shop."

	invitationUnknownTitle = "This link doesn’t work"
	invitationUnknownText  = "Check that you opened the whole link. If you did, ask the team for a new one."
	invitationOverTitle    = "This invitation has ended"
	invitationOverText     = "An invitation works for 7 days, unless the team revokes it. Ask the team for a new link."
	invitationUsedTitle    = "This invitation was already used"
	invitationUsedText     = "Each invitation works once. If you connected your shop, open the page that you " +
		"bookmarked then. If it wasn’t you, tell the team, and ask for a new link."
	invitedMismatchText = "This sign-in started in another browser, was already used, or took longer than ten minutes. " +
		"Nothing was connected. If you have an invitation, open its link again."

	receiptUnknownTitle = "This link doesn’t work"
	receiptUnknownText  = "Check that you opened the whole link that you bookmarked. To remove the app without it, open " +
		"your shop’s settings at Fourthwall."
)

func invitationTitle(team string) string { return "Connect your shop to " + team }

func receiptTitle(shop string) string { return "Access to " + shop }

func linkShownNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Info, Title: "This link was already shown",
		Text: "We can’t show it again. If you don’t have it, revoke it and create a new one.",
	}
}

func revokedNotice() ui.Notice {
	return ui.Notice{Kind: ui.Success, Title: "Invitation revoked", Text: "Its link no longer works."}
}

func notOpenNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Info, Title: "Nothing to revoke",
		Text: "This invitation was used, revoked, or has expired since you opened the page.",
	}
}

// wrongShopNotice says that an invitation is for another shop than the one that
// its owner signed in to.
func wrongShopNotice(domain string, shop fourthwall.Shop) ui.Notice {
	return ui.Notice{
		Kind: ui.Failure, Title: "Your shop was not connected",
		Text: "This invitation is only for " + domain + ", and you chose " + shop.Name + " (" + shop.Domain + "). We kept " +
			"nothing. Sign in to the right shop at Fourthwall, then try again here.",
	}
}

// invitedProblemText replaces what only an administrator can fix.
const invitedProblemText = "We couldn’t finish the sign-in at Fourthwall. Try again in a moment, or use an API " +
	"key. If this continues, tell the team, with the codes below."

// invitedOutcome returns an outcome in the words for a shop's owner.
func invitedOutcome(n ui.Notice) ui.Notice {
	if strings.Contains(n.Text, "administrator") {
		n.Title, n.Text = "Your shop was not connected", invitedProblemText
	}
	return n
}

// leftText says how much time is left.
func leftText(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "less than a minute left"
	case d < time.Hour:
		return ui.Number(int(d/time.Minute)) + " min left"
	case d < 24*time.Hour:
		return ui.Number(int(d/time.Hour)) + " h left"
	}
	return ui.Count(int(d/(24*time.Hour)), "day left", "days left")
}

// peopleByRole returns how many people have each role, without those who have
// none.
func peopleByRole(all []team.Person) string {
	counts := map[team.Role]int{}
	for _, p := range all {
		if p.Role != team.NoRole {
			counts[p.Role]++
		}
	}
	return strings.Join(roleTally(counts)[1:], ", ")
}

// roleOfActor returns who attempted something, without a name.
func roleOfActor(a store.Activity) string {
	switch {
	case a.Actor == activity.ByShopOwner:
		return "You"
	case a.Action == activity.EndConnection:
		return a.Actor
	case a.Person.Role == string(team.Admin):
		return "An admin"
	case a.Person.Role == string(team.Operator):
		return "An operator"
	}
	return "The team"
}

// entriesText says how many changes there are, if that many were counted, and how many the page shows.
func entriesText(found store.ActivityList) string {
	total, shown := found.Total, len(found.Rows)
	switch {
	case found.Uncounted:
		return ui.Number(shown) + " of " + ui.Number(total) + "+ entries"
	case total == shown:
		return ui.Count(total, "entry", "entries") + ", all shown"
	}
	return ui.Number(shown) + " of " + ui.Number(total) + " entries"
}

// Plans.
const (
	plansTitle        = "Plans"
	planTitle         = "Plan a change"
	planFileTitle     = "Plan from a file"
	fileKindText      = "File"
	planFileText      = "Download the webhooks of these shops, edit the file, and upload it."
	noFileTitle       = "No file chosen"
	noFileText        = "Choose a file or paste its text. Nothing was planned."
	youText           = "you"
	unknownGroupTitle = "Unknown to this version of Hookwall"
	planUnknownText   = "There is no such plan here. See the list of plans."

	otherShopsPlanText = "Other shops match the filter now, so nothing was planned. Check the shops, then click the " +
		"button again."
	copyUnreadTitle = "We couldn’t read the webhook"
	copyUnreadText  = "Enter its URL and select its event types."

	noSuchURLText   = "No webhook of these shops has exactly this URL. Choose one from the list."
	noSuchHostText  = "No webhook of these shops has this host. Choose one from the list."
	fromMissingText = "Enter the URL to replace."
	sameURLText     = "This is the URL that you replace. Enter another one."
	sameHostText    = "This is the host that you replace. Enter another one."
	hostMissingText = "Enter a host, such as hooks.example.com."
	hostOnlyText    = "Enter only the host, such as hooks.example.com. The rest of each URL stays."

	newerPlansText = "Newer plans"
	olderPlansText = "Older plans"
	endedPlanText  = "Ended"
)

// planName is what a plan is called.
func planName(number int64) string { return "Plan " + strconv.FormatInt(number, 10) }

var planWords = unseenWords{"Review without them", "Review as typed"}

// planKinds are the changes that a person can plan.
var planKinds = labels{
	{string(fleet.AddTypes), "Add event types"},
	{string(fleet.RemoveTypes), "Remove event types"},
	{string(fleet.ReplaceURL), "Replace a URL"},
	{string(fleet.ReplaceHost), "Replace a host"},
	{string(fleet.CopyHook), "Copy a webhook"},
	{string(fleet.FromTemplate), "Apply a template"},
	{string(fleet.DeleteHooks), "Delete webhooks"},
}

// planListKinds are all kinds of plans.
var planListKinds = append(slices.Clone(planKinds), labels{
	{string(fleet.FromFile), fileKindText}, {string(fleet.UndoOf), "Undo"},
}...)

// planKindTexts say what each change does.
var planKindTexts = map[fleet.EditKind]string{
	fleet.AddTypes:    "Existing webhooks receive more events.",
	fleet.RemoveTypes: "Existing webhooks receive fewer events.",
	fleet.ReplaceURL:  "Webhooks with one URL get another.",
	fleet.ReplaceHost: "Only the host changes. Paths and queries stay.",
	fleet.CopyHook:    "Shops without the webhook get it. Those with other event types get these.",
	fleet.DeleteHooks: "Only an admin can apply it.",

	fleet.FromTemplate: "Shops get the webhooks that their template says.",
}

// planTypeTexts are the legends of the event types.
var planTypeTexts = map[fleet.EditKind]string{
	fleet.AddTypes: "Event types to add", fleet.RemoveTypes: "Event types to remove", fleet.CopyHook: "Event types",
}

// planFieldTexts are the labels and hints of the fields, by field and kind.
var planFieldTexts = map[string][2]string{
	onlyField + " " + string(fleet.AddTypes):    {onlyLabel, onlyHint},
	onlyField + " " + string(fleet.RemoveTypes): {onlyLabel, onlyHint},
	onlyField + " " + string(fleet.DeleteHooks): {
		onlyLabel, "If you leave it empty, the plan deletes all webhooks of these shops.",
	},
	fromField + " " + string(fleet.ReplaceURL):  {"Current URL", ""},
	toField + " " + string(fleet.ReplaceURL):    {"New URL", ""},
	fromField + " " + string(fleet.ReplaceHost): {"Current host", "Such as hooks.example.com."},
	toField + " " + string(fleet.ReplaceHost):   {"New host", ""},
	toField + " " + string(fleet.CopyHook):      {"Endpoint URL", ""},
}

const (
	onlyLabel = "Only webhooks with this URL"
	onlyHint  = "If you leave it empty, all webhooks of these shops change."
)

// leftTexts say why shops are left out of a plan, and what to do.
var leftTexts = map[fleet.Reason]struct{ text, fix string }{
	fleet.IsEnded:     {"Their connection has ended.", "Connect them again first."},
	fleet.IsStale:     {"We read their webhooks too long ago.", "Refresh them, then plan the change again."},
	fleet.IsUnseen:    {"We have not read their webhooks yet.", "Refresh them, then plan the change again."},
	fleet.IsCut:       {"They have more webhooks than we read.", "Change their webhooks one by one."},
	fleet.IsBusy:      {"Another plan is running there, or paused.", "Try again when it is done."},
	fleet.IsLocked:    {"An app manages the webhook.", "Change it in that app."},
	fleet.NoWebhooks:  {"They have no webhooks.", "Copy a webhook to them instead."},
	fleet.NoTypesLeft: {"The webhook would have no event types.", "Delete it instead."},
	fleet.NoValue:     {"The URL needs a value that we don’t know of the shop.", "Change these shops one by one."},
	fleet.Contradicts: {
		"Two of their templates want different event types for one URL.", "Change a template, or the labels of these shops.",
	},
}

// leftLinks lead to what helps.
var leftLinks = map[fleet.Reason]ui.Link{
	fleet.IsEnded:  {Href: shopsPath + "?state=" + string(fleet.Reconnect), Text: "Reconnect"},
	fleet.IsStale:  {Href: shopsPath + "?state=" + string(fleet.Stale), Text: "Refresh"},
	fleet.IsUnseen: {Href: shopsPath + "?state=" + string(fleet.Unseen), Text: "Refresh"},

	fleet.Contradicts: {Href: templatesPath, Text: "See the templates"},
}

// planAtWorkText says that a plan is at work in shops, and what to do.
func planAtWorkText(plan int64) (text, fix string) {
	return planName(plan) + " is changing them, or is paused.", "Wait until it is done, or end it."
}

const openPlanText = "Open plan "

// fileProblemsNotice says that a file makes no plan.
func fileProblemsNotice(n int) ui.Notice {
	out := ui.Notice{Kind: ui.Failure, Title: "This file has " + ui.Number(n) + " problems"}
	out.Text = "Nothing was planned. Fix them, then upload the file again."
	if n == 1 {
		out.Title, out.Text = "This file has one problem", "Nothing was planned. Fix it, then upload the file again."
	}
	return out
}

// nothingToChangeNotice says why an edit makes no plan.
func nothingToChangeNotice(p fleet.Proposal) ui.Notice {
	n := ui.Notice{Kind: ui.Warning, Title: "Nothing would change", Text: "All of these shops are left out. Below is why."}
	if p.Same > 0 {
		n.Text = ui.Count(p.Same, "shop is", "shops are") + " already like this, so there is no plan."
	}
	return n
}

// verbTexts say what a change does.
var verbTexts = map[fleet.Action]string{
	fleet.Create: "New webhook", fleet.Update: "Edit", fleet.Delete: "Delete",
}

var planStates = labels{
	{store.PlanDraft, "Draft"}, {store.PlanRunning, "Running"}, {store.PlanPaused, "Paused"}, {store.PlanDone, "Done"},
}

// runMarks are how plans are drawn.
var runMarks = map[string]ui.State{
	store.PlanDraft: ui.NotKnown, store.PlanRunning: ui.NotKnown, store.PlanPaused: ui.Look, store.PlanDone: ui.OK,
}

// runText says why a run is paused, or "".
func runText(p store.Plan) string {
	switch {
	case p.State == store.PlanDone && p.Why == store.EndedByPerson:
		return "A person ended this run. We skipped the remaining changes."
	case p.State != store.PlanPaused:
		return ""
	}
	switch p.Why {
	case store.PausedFirstWave:
		return "Paused after the first shop. Check it, then resume."
	case store.PausedFailures:
		return "Stopped because too many changes failed. Check them before you resume."
	case store.PausedAltered:
		return "Stopped because the stored plan is not what was reviewed. Make a new plan."
	}
	return "Stopped by a person."
}

// itemLabels are the states of the items of a run.
var itemLabels = labels{
	{store.ItemRejected, "Rejected"},
	{store.ItemFailed, "Failed"},
	{store.ItemUnconfirmed, "Unconfirmed"},
	{store.ItemChanged, "Changed since the review"},
	{store.ItemCalling, "In progress"},
	{store.ItemDone, "Done"},
	{itemWaiting, "Waiting"},
	{store.ItemPending, "To go"},
	{store.ItemSkipped, "Skipped"},
}

// itemWaiting is the state of an item that is pending because an attempt did
// nothing.
const itemWaiting = "waiting"

// waitTexts say why an item waits, by its code. The time follows.
var waitTexts = map[string]string{
	fleet.CodeLimit:   "This shop is at its rate limit.",
	fleet.CodeEarlier: "An earlier attempt may still succeed.",
	"":                "Fourthwall didn’t respond.",
}

// itemWaitText says why an item waits, and until when.
func itemWaitText(i store.PlanItem) string {
	return cmp.Or(waitTexts[i.Code], waitTexts[""]) + " We try again at " + i.WaitUntil.UTC().Format("15:04:05") + " UTC."
}

// itemCountTexts follow the number of items in a state.
var itemCountTexts = map[string]string{
	store.ItemRejected: "rejected", store.ItemFailed: "failed", store.ItemUnconfirmed: "unconfirmed",
	store.ItemChanged: "changed since the review", store.ItemCalling: "in progress", store.ItemDone: "done",
	store.ItemPending: "to go", itemWaiting: "waiting", store.ItemSkipped: "skipped",
}

// doneTexts say what an item did.
var doneTexts = map[fleet.Action]string{
	fleet.Create: "Created", fleet.Update: "Updated", fleet.Delete: "Deleted",
}

// itemCodeTexts say what our own codes mean, by the item's state and code.
var itemCodeTexts = map[string]string{
	store.ItemChanged:                "Someone changed this webhook after the review, so we left it as it is.",
	store.ItemChanged + " gone":      "Someone deleted this webhook after the review.",
	store.ItemChanged + " duplicate": "Someone created such a webhook after the review, so we made no second one.",

	store.ItemSkipped: "A person ended the run before this change.",

	store.ItemUnconfirmed + " " + fleet.CodeNoCopy: "We can’t predict what Fourthwall does with this webhook.",

	store.ItemUnconfirmed: "We never got Fourthwall’s response. Check the shop’s webhooks before you retry.",

	store.ItemFailed + " ended":     "The connection has ended. Connect the shop again, then retry.",
	store.ItemFailed + " no_answer": "Fourthwall didn’t respond after several attempts. Retry later.",
	store.ItemFailed + " key":       "Another change was sent under the same name. Make a new plan for this shop.",
	store.ItemFailed + " unlisted": "Fourthwall didn’t return all webhooks of the shop, so we sent nothing. " +
		"Retry later.",
	store.ItemFailed + " earlier": "An earlier attempt may still succeed, so we sent nothing. Retry later.",
	store.ItemFailed + " limit":   "The shop stayed at its rate limit, so we sent nothing. Retry later.",
	store.ItemFailed + " absent":  "We stopped before we sent anything. Retry it.",

	store.ItemFailed + " unanswered": "We never got Fourthwall’s response to an earlier attempt. " +
		"Check the shop, then retry.",
}

// itemText says why an item isn't done, and whether the code is the API's.
func itemText(i store.PlanItem, item fleet.Item) (text string, ofAPI bool) {
	for _, key := range []string{i.State + " " + i.Code, i.State} {
		if text := itemCodeTexts[key]; text != "" {
			return text, false
		}
	}
	if i.Code == webhooks.CodeImmutable {
		return "An app manages this webhook. Change it in that app, or leave this shop out.", true
	}
	return rejectionText(i, item), i.Code != ""
}

// rejectionText says what a code of the API means for an item.
func rejectionText(i store.PlanItem, item fleet.Item) string {
	sent := ""
	if item.After != nil {
		sent = item.After.URL
	}
	rejection := webhooks.Rejection{Status: http.StatusBadRequest, Code: i.Code}
	if text := rejection.URLFix(sent); text != "" {
		return text
	}
	if strings.Contains(i.Code, "FORBIDDEN") {
		return "This connection can’t change webhooks. Connect the shop again and allow it, then retry."
	}
	e := webhooks.Explain(itemActions[item.Action()], rejection, "")
	return e.Title + ". " + e.Text
}

// itemActions are the activities of items.
var itemActions = map[fleet.Action]string{
	fleet.Create: activity.CreateWebhook, fleet.Update: activity.UpdateWebhook, fleet.Delete: activity.DeleteWebhook,
}

// planNotices returns what to say if something could not be done to a plan, or
// nil.
func planNotices(err error) *ui.Notice {
	n := &ui.Notice{Kind: ui.Failure}
	switch {
	case errors.Is(err, store.ErrPlanAltered):
		n.Title = "This plan is not what was reviewed"
		n.Text = "The stored plan or its digest was altered, so nothing was sent. Make a new plan."
	case errors.Is(err, store.ErrWrongKey):
		n.Title = "This plan can’t be decrypted"
		n.Text = "Its encryption key is missing, so nothing was sent. Make a new plan, or ask your administrator."
	case errors.Is(err, store.ErrPlanState):
		n.Kind, n.Title = ui.Warning, "This plan has changed"
		n.Text = "Someone was faster. This page shows the plan as it is now. Check it before you continue."
	case errors.Is(err, store.ErrShopsBusy):
		n.Kind, n.Title = ui.Warning, "Another plan is at work in these shops"
		n.Text = "Nothing was sent. Try again when it is done."
	case errors.Is(err, fleet.ErrNeedsApproval):
		n.Title = "This plan needs approval"
		n.Text = "Nothing was sent. Ask one of the people below to approve it."
	case errors.Is(err, fleet.ErrOwnPlan):
		n.Title = "You made this plan"
		n.Text = "Another person has to approve it. Ask one of the people below."
	case errors.Is(err, errPlanRights):
		n.Title = "You can’t do this"
	default:
		return nil
	}
	return n
}

// errPlanRights means that a person's rights don't allow what was asked of a
// plan.
var errPlanRights = errors.New("the rights don't allow it")

// deletesText says what to type before webhooks are deleted.
func deletesText(n int) string {
	return "Nothing was deleted. Type " + strconv.Itoa(n) + " to confirm how many webhooks the plan deletes."
}

// lostText says that a plan can't be applied because of who made or approved it.
func lostText(name string) string {
	return name + " made or approved this plan and can no longer change shops. Make the plan again."
}

// Who can help with a plan.
const (
	planViewerText = "Operators and admins can apply plans. "
	planDeleteText = "This plan deletes webhooks, so only an admin can apply it. "
)

func planApprovedNotice() ui.Notice {
	return ui.Notice{Kind: ui.Success, Title: "Plan approved"}
}

func planAppliedNotice(shops int) ui.Notice {
	return ui.Notice{
		Kind: ui.Success, Title: "The run has begun", Text: "It changes " + ui.Count(shops, "shop", "shops") +
			". You can leave this page.",
	}
}

func planStoppedNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Success, Title: "The run is stopped", Text: "A change that was already sent may still finish.",
	}
}

func planEndedNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Success, Title: "The run is ended",
		Text: "We skipped the remaining changes. Other plans can change these shops.",
	}
}

// overlapNotice says which plan is at work in how many shops of one that can't
// begin.
func overlapNotice(plan int64, shops int) ui.Notice {
	name := planName(plan)
	return ui.Notice{
		Kind: ui.Warning, Title: name + " is at work in " + ui.Count(shops, "of these shops", "of these shops"),
		Text: "Nothing was sent. Wait until " + strings.ToLower(name) + " is done, or end it. Then apply this plan again.",
		Link: &ui.Link{Href: planPath(plan), Text: openPlanText + strconv.FormatInt(plan, 10)},
	}
}

func rehearsalBusyNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "Another rehearsal is running", Text: "Wait a moment, then click Rehearse again.",
	}
}

// collectHelp says who can have the secrets of a run.
func collectHelp(p store.Plan) string {
	if p.Applied.At.IsZero() {
		return "This plan isn’t applied, so there are no secrets."
	}
	return "Only " + p.Applied.Name + ", who applied this plan, can collect its secrets."
}

func runSecretsGoneNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Info, Title: "We no longer have these secrets",
		Text: "We deleted each 15 minutes after we created its webhook, or when you confirmed that you’d saved them. " +
			"You’ll find them in each shop’s settings, under For developers.",
	}
}

func runSecretsDeletedNotice() ui.Notice {
	return ui.Notice{Kind: ui.Success, Title: "Secrets deleted from Hookwall"}
}

// runSecretsTitle is the heading of the secrets of a run.
const runSecretsTitle = "Signing secrets"

func planResumedNotice() ui.Notice {
	return ui.Notice{Kind: ui.Success, Title: "The run continues"}
}

func nothingToUndoNotice() ui.Notice {
	return ui.Notice{Kind: ui.Warning, Title: "Nothing to undo", Text: "The run has changed nothing so far."}
}

// Templates.
const (
	templatesTitle      = "Templates"
	newTemplateTitle    = "New template"
	changeTemplateTitle = "Edit template"
	templateUnknownText = "There is no such template here. See the list of templates."
	templateNameText    = "Enter a name, such as Music."
	templateExistsText  = "Another template has this name. Enter another one."
)

var templateWords = unseenWords{"Save without them", "Save as typed"}

// unknownPlaceholderText says which placeholders there are.
func unknownPlaceholderText(word string) string {
	return "Hookwall doesn’t know " + word + ". Use {shop.id}, {shop.domain} or {shop.name}."
}

// unfilledText warns of a placeholder where no template fills it in.
func unfilledText(word string) string {
	return "Only a template fills in " + word + ". Here it stays in the URL as it is."
}

func misplacedText(word string) string {
	return word + " is before the path. Move it after the host, such as https://hooks.example.com/" + word + "."
}

func sameTemplateURLText(at int) string {
	return "Webhook " + strconv.Itoa(at) + " has this URL. Select all event types there, and remove this one."
}

// unknownLabelText says which labels shops have.
func unknownLabelText(label string, known []string) string {
	if len(known) == 0 {
		return "No shop has the label “" + label + "”. Label your shops first, or leave this empty."
	}
	return "No shop has the label “" + label + "”. Your labels: " + joined(known[:min(labelsNamed, len(known))]) +
		ui.When(len(known) > labelsNamed, ", and more") + "."
}

// labelsNamed is how many labels an error names.
const labelsNamed = 10

func seenHookText(address string, types int) string {
	return ui.HostAndPath(address) + " (" + ui.Count(types, "event type", "event types") + ")"
}

// chooseTemplateNotice says that a plan needs a template.
func chooseTemplateNotice(gone bool) ui.Notice {
	n := ui.Notice{Kind: ui.Failure, Title: "Choose a template", Text: "The plan needs one. Choose it below."}
	if gone {
		n.Title = "This template was deleted"
	}
	return n
}

func templateMadeNotice(name string) ui.Notice {
	return ui.Notice{
		Kind: ui.Success, Title: "Template made",
		Text: "No shop has changed. Below are the shops that differ from " + name + ".",
	}
}

func templateChangedNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Success, Title: "Template saved", Text: "No shop has changed. Below are the shops that differ.",
	}
}

func templateDeletedNotice(name string) ui.Notice {
	return ui.Notice{
		Kind: ui.Success, Title: "Template deleted",
		Text: "No shop has changed. Plans made from " + name + " stay as they are.",
	}
}

func tooManyTemplatesNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Failure, Title: "You have " + ui.Number(store.MaxTemplates) + " templates already",
		Text: "Delete one that you no longer need, then save again.",
	}
}

func templateConflictNotice() ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "Someone changed this template",
		Text: "Nothing was saved. If you save again, your version becomes the newest. The other one stays below it.",
	}
}

func templateMadeBeforeNotice(name string) ui.Notice {
	return ui.Notice{
		Kind: ui.Warning, Title: "This form has already made a template",
		Text: "Its name is " + name + ". Save again to make another one.",
	}
}

// likenessStates are how shops compare with templates, in the order in which
// they are shown.
var likenessStates = []fleet.Likeness{fleet.AsTemplate, fleet.Differs, fleet.NotKnown}

// likenessMarks are how these are drawn.
var likenessMarks = map[fleet.Likeness]ui.State{
	fleet.AsTemplate: ui.OK, fleet.Differs: ui.Look, fleet.NotKnown: ui.NotKnown,
}

// likenessTexts follow the number of shops.
var likenessTexts = map[fleet.Likeness]string{
	fleet.AsTemplate: "as template", fleet.Differs: "differ", fleet.NotKnown: "not known",
}

// likenessLabels are the values of the filter.
var likenessLabels = labels{
	{string(fleet.AsTemplate), "As template"}, {string(fleet.Differs), "Differs"}, {string(fleet.NotKnown), "Not known"},
}

// likenessCounts says how shops compare with a template, and draws the worst.
func likenessCounts(n map[fleet.Likeness]int) (text string, state ui.State) {
	var all []string
	state = ui.NotKnown
	for _, l := range likenessStates {
		if n[l] == 0 {
			continue
		}
		all = append(all, ui.Number(n[l])+" "+likenessTexts[l])
		if l != fleet.NotKnown {
			state = likenessMarks[l]
		}
	}
	if len(all) == 0 {
		return "No shop has its labels", state
	}
	return strings.Join(all, ", "), state
}

// How many event types are named before they are only counted: in a list, and
// on a page about one template.
const (
	namedInList = 2
	namedOnPage = 8
)

// driftTexts say in a few words what makes a shop differ from a template. Up to
// most event types are named.
func driftTexts(d fleet.Drift, hasNone bool, most int) (all []string) {
	switch d.Why {
	case fleet.Contradicts:
		return []string{"Templates contradict each other"}
	case fleet.NoValue:
		return []string{"A value for the URL is missing"}
	}
	missing := 0
	for _, g := range fleet.Groups(d.Items) {
		if g.Action == fleet.Create {
			missing += len(g.Items)
			continue
		}
		if len(g.Added) > 0 {
			all = append(all, "− "+typesNamed(g.Added, most))
		}
		if len(g.Removed) > 0 {
			all = append(all, "+ "+typesNamed(g.Removed, most))
		}
	}
	switch {
	case missing > 0 && hasNone:
		all = append([]string{"No webhook"}, all...)
	case missing > 0:
		all = append([]string{ui.Count(missing, "webhook", "webhooks") + " missing"}, all...)
	}
	if n := len(d.Extra); n > 0 {
		all = append(all, ui.Count(n, "other webhook", "other webhooks"))
	}
	return all
}

// typesNamed names event types, or says how many there are.
func typesNamed(types []fourthwall.EventType, most int) string {
	if len(types) > most {
		return ui.Count(len(types), "event type", "event types")
	}
	var names []string
	for _, t := range types {
		names = append(names, badge(t).Name())
	}
	return joined(names)
}

// againstText says how shops with one pattern compare with a template.
func againstText(l fleet.Likeness, missing, more []string, hasNone bool) string {
	switch {
	case l == fleet.AsTemplate:
		return "as template"
	case l != fleet.Differs:
		return "not known"
	case hasNone:
		return "no webhook"
	case len(missing) == 1 && len(more) == 0:
		return missing[0] + " missing"
	case len(more) == 0 && len(missing) > 0:
		return ui.Number(len(missing)) + " missing"
	case len(missing) == 0 && len(more) > 0:
		return ui.Number(len(more)) + " more"
	case len(missing) > 0:
		return ui.Number(len(missing)) + " missing, " + ui.Number(len(more)) + " more"
	}
	return "other webhooks or URLs"
}

// joined puts what makes a shop differ in one line.
func joined(texts []string) string { return strings.Join(texts, ", ") }
