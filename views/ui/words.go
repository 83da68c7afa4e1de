package ui

import (
	"strings"
	"time"
)

// The sentences that components choose between. Text that is always there is in
// its component's template.

const (
	noSuchHost    = "This host name can’t be written in ASCII, so it can’t exist."
	hostInASCII   = "This domain resolves as "
	hostInLetters = "In its own letters, this domain is "

	// What screen readers read before a notice.
	successPrefix = "Done: "
	warningPrefix = "Warning: "
	failurePrefix = "Error: "

	// The words for a State.
	okWord       = "OK"
	lookWord     = "Look"
	failingWord  = "Failing"
	notKnownWord = "Not known"

	// How a delivery went.
	acceptedWord   = "Accepted"
	failedNoReason = "Failed, no details"
	noStateGiven   = "No state given"

	// The same within a sentence.
	acceptedInText = "accepted"
	failedInText   = "failed"
	noStateInText  = "without a state"

	// Why a delivery may belong to no webhook, in short and in a sentence.
	sharedURL           = "shared URL"
	sharedURLText       = "Several webhooks use this URL, so this delivery can’t be matched to one of them."
	webhookNotKnown     = "webhook not known"
	webhookNotKnownText = "Webhook unknown, because we couldn’t read the list of webhooks."
	noWebhook           = "no current webhook"
	noWebhookText       = "No current webhook uses this URL."
	webhookDeleted      = "deleted"
	webhookDeletedText  = "This webhook has been deleted."

	// The words for the results of a CheckStep.
	wordPassed      = "Passed"
	wordWarned      = "Needs attention"
	wordFailed      = "Failed"
	wordSkipped     = "Skipped"
	wordInterrupted = "Not finished"
	wordRunning     = "Running"
	wordNotReached  = "Not reached"
	wordWaiting     = "Waiting"
)

// hiddenCharacters returns the note on invisible characters.
func hiddenCharacters(numbers string) string {
	return "This URL contains characters that are invisible or reverse text: " + numbers +
		". Don’t trust it unless you put them there."
}

// lookalikeSigns returns the note on characters that look like those that divide
// a URL.
func lookalikeSigns(numbers string) string {
	return "This URL contains characters that only look like a slash, a dot or a colon: " + numbers +
		". Check where its host ends."
}

// mixedScripts returns the note on a label with letters of several scripts.
func mixedScripts(label string, scripts []string) string {
	return "This URL uses letters that look like others: “" + label + "” mixes " + strings.Join(scripts, " and ") +
		". Make sure that it’s the host you mean."
}

// looksLatinBut returns the note on a label of another script that looks Latin.
func looksLatinBut(label, script string) string {
	return "This URL uses letters that look like others: “" + label +
		"” can be read as Latin letters and is " + script + ". Make sure that it’s the host you mean."
}

// span says which time a series covers.
func (s Series) span() string {
	if len(s) == 0 {
		return "no time"
	}
	if s.daily() {
		const day = "Jan 2"
		return s[0].Start.UTC().Format(day) + " to " + s[len(s)-1].Start.UTC().Format(day) + ", UTC"
	}
	const at = "Jan 2, 15:04"
	return s[0].Start.UTC().Format(at) + " to " + s[len(s)-1].Start.UTC().Add(time.Hour).Format(at) + " UTC"
}

// summary says what a series sums up to, for its title.
func (s Series) summary() string {
	sum := s.Total()
	if sum.all() == 0 && !sum.Known {
		return "Not known, " + s.span()
	}
	text := s.span() + ": " + sum.counts()
	switch {
	case !sum.Known && s.daily():
		text += ". Some days are not known"
	case !sum.Known:
		text += ". Some hours are not known"
	}
	return text
}

// label says which hour or day it is.
func (h Hour) label() string {
	if h.Day {
		return h.Start.UTC().Format("Jan 2")
	}
	return h.Start.UTC().Format("15:04")
}

// nowLabel is at the end of a chart.
func (s Series) nowLabel() string {
	if s.daily() {
		return "today"
	}
	return "now"
}

// partName heads the column of hours or days.
func (s Series) partName() string {
	if s.daily() {
		return "Day (UTC)"
	}
	return "Hour (UTC)"
}

// counts says how many deliveries were accepted and failed.
func (h Hour) counts() string {
	if h.all() == 0 {
		return "no deliveries"
	}
	text := Number(h.Accepted) + " accepted, " + Number(h.Failed) + " failed"
	if h.Other > 0 {
		text += ", " + Number(h.Other) + " in another state"
	}
	return text
}

// words says what is known of an hour, for its bar.
func (h Hour) words() string {
	text := h.label() + " UTC: "
	switch {
	case h.Known:
		return text + h.counts()
	case h.all() == 0:
		return text + "not known"
	}
	return text + "at least " + h.counts()
}

// cell says a number of an hour in a table.
func (h Hour) cell(n int) string {
	switch {
	case h.Known:
		return Number(n)
	case n == 0:
		return "not known"
	}
	return "at least " + Number(n)
}

// stateInText names a state that isn't known, within a sentence.
func stateInText(state string) string { return "in the state " + state }
