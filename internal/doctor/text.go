package doctor

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"hookwall/internal/deliver"
)

// maxForeign is how many characters of a text are shown that the endpoint or the person supplied.
const maxForeign = 200

// foreign is text that was written by others, fit to be shown: without the secret, should somebody have put it there,
// cut, and with every character visible.
func (e *examination) foreign(s string) string { return cutText(e.shown(s)) }

// shown is foreign for text that is bounded already.
func (e *examination) shown(s string) string {
	if secret := e.request.Secret.Reveal(); secret != "" {
		s = strings.ReplaceAll(s, secret, e.request.Secret.String())
	}
	return visible(s)
}

func cutText(s string) string {
	n := 0
	for i := range s {
		if n++; n > maxForeign {
			return s[:i] + "… (cut)"
		}
	}
	return s
}

// visible writes everything that is not seen as it is, or moves what stands beside it, as an escape: control
// characters, those that turn the direction of the text, unusual spaces, bytes that are no text.
func visible(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02X`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xFFFF:
			fmt.Fprintf(&b, `\U%08X`, r)
		default:
			fmt.Fprintf(&b, `\u%04X`, r)
		}
	}
	return b.String()
}

// explain divides the sentence of a failure into what was seen, with the code beside, and what to do.
func explain(err error) (what, do string) {
	public, code := "The call failed.", ""
	var refusal *deliver.Refusal
	var failure *deliver.Error
	switch {
	case errors.As(err, &refusal):
		public, code = refusal.Public(), string(refusal.Reason)
	case errors.As(err, &failure):
		public, code = failure.Public(), string(failure.Step)+": "+string(failure.Kind)
	}
	what, do, two := strings.Cut(public, ". ")
	if two {
		what += "."
	} else {
		do = "Look at the log of the server for this moment, then check again."
	}
	if code != "" {
		what += " [" + code + "]"
	}
	return what, do
}

// length writes a time as people say it: 120 ms, 2.35 s.
func length(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "less than 1 ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	}
	return strings.TrimRight(strings.TrimRight(strconv.FormatFloat(d.Seconds(), 'f', 2, 64), "0"), ".") + " s"
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits + " " + many
}

// list shows the first of many.
func list(all []string, most int) string {
	if len(all) <= most {
		return strings.Join(all, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), len(all)-most)
}

// summarise returns the worst result and a sentence for it.
func summarise(steps []Step, ended bool) (worst Result, sentence string) {
	titles := map[Result][]string{}
	for _, s := range steps {
		titles[s.Result] = append(titles[s.Result], s.Title)
	}
	all := len(steps)
	switch {
	case len(titles[Failed]) > 0:
		worst, sentence = Failed, "Deliveries to this address fail, or may fail. Look at: "+list(titles[Failed], all)+"."
	case ended && len(titles[Warned]) > 0:
		return Skipped, "The check could not be finished. Of what it got to see, look at: " + list(titles[Warned], all) + "."
	case len(titles[Warned]) > 0:
		worst, sentence = Warned, "Nothing that makes deliveries fail was seen, but look at: "+list(titles[Warned], all)+"."
	case len(titles[Skipped]) > 0:
		return Skipped, "The check could not be finished. What it got to see is fine."
	default:
		return Passed, "This endpoint takes deliveries as Fourthwall makes them."
	}
	if ended {
		sentence += " The check was ended before all steps were made."
	}
	return worst, sentence
}

// Text returns the report as plain text, to be copied into a message or a ticket.
func (r Report) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Endpoint check, %s\nResult: %s\n", r.Started.UTC().Format("2006-01-02 15:04:05 UTC"), r.Result)
	if r.Summary != "" {
		b.WriteString(r.Summary + "\n")
	}
	for i, s := range r.Steps {
		fmt.Fprintf(&b, "\n%d. %s: %s", i+1, s.Title, s.Result)
		if s.Took > 0 {
			b.WriteString(" (" + length(s.Took) + ")")
		}
		b.WriteString("\n")
		for _, seen := range s.Seen {
			b.WriteString("   - " + seen + "\n")
		}
		if s.Do != "" {
			b.WriteString("   What to do: " + s.Do + "\n")
		}
	}
	return b.String()
}
