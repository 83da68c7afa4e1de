package ui

import "strings"

// The sentences that components choose between. Text that is always there is in
// its component's template.

const (
	noSuchHost    = "The name of this host cannot be written in ASCII, so there can be no such host."
	hostInASCII   = "Machines look this host up under its ASCII name: "
	hostInLetters = "Where it is written in its own letters, this host reads: "

	// What screen readers read before a notice.
	successPrefix = "Done: "
	warningPrefix = "Warning: "
	failurePrefix = "Error: "

	// The words for a State.
	okWord       = "OK"
	lookWord     = "Look"
	failingWord  = "Failing"
	notKnownWord = "Not known"

	// The words for the results of a CheckStep.
	wordPassed      = "Passed"
	wordWarned      = "Look at this"
	wordFailed      = "Failed"
	wordSkipped     = "Skipped"
	wordInterrupted = "Not finished"
	wordRunning     = "Under way"
	wordNotReached  = "Not reached"
	wordWaiting     = "Waiting"
)

// hiddenCharacters returns the note on invisible characters.
func hiddenCharacters(numbers string) string {
	return "This address has characters that cannot be seen or that turn text around: " + numbers +
		". Do not trust it unless you put them there."
}

// lookalikeSigns returns the note on characters that look like those that divide
// a URL.
func lookalikeSigns(numbers string) string {
	return "This address has signs that only look like a slash, a dot or a colon: " + numbers +
		". Look closely where its host ends."
}

// mixedScripts returns the note on a label with letters of several scripts.
func mixedScripts(label string, scripts []string) string {
	return "This address uses letters that look like others: “" + label + "” mixes " + strings.Join(scripts, " and ") +
		". Make sure that it is the host you mean."
}

// looksLatinBut returns the note on a label of another script that looks Latin.
func looksLatinBut(label, script string) string {
	return "This address uses letters that look like others: “" + label +
		"” can be read as Latin letters and is " + script + ". Make sure that it is the host you mean."
}
