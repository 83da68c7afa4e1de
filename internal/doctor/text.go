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

// maxQuoted is how many characters are shown of a text by the endpoint or the person.
const maxQuoted = 200

// quote returns text by others as it may be shown: cut, with every character visible, and without the signing secret.
func (e *examination) quote(s string) string { return cutText(e.redact(s)) }

// redact is quote without the cut, for text of limited length.
func (e *examination) redact(s string) string {
	if secret := e.request.Secret.Reveal(); secret != "" {
		s = strings.ReplaceAll(s, secret, e.request.Secret.String())
	}
	return visible(s)
}

func cutText(s string) string {
	n := 0
	for i := range s {
		if n++; n > maxQuoted {
			return s[:i] + "… (cut)"
		}
	}
	return s
}

// visible escapes characters that are invisible or change the text around them: control characters, those that change
// the direction of the text, unusual spaces, and invalid UTF-8.
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

// explain splits the text of an error of package deliver into what happened, with its code, and what to do.
func explain(err error) (what, do string) {
	public, code := callFailed, ""
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
		do = doCheckLogThenAgain
	}
	if code != "" {
		what += " [" + code + "]"
	}
	return what, do
}

// duration formats a duration for people: 120 ms, 2.35 s.
func duration(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "less than 1 ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	}
	return strings.TrimRight(strings.TrimRight(strconv.FormatFloat(d.Seconds(), 'f', 2, 64), "0"), ".") + " s"
}

// count returns a number with thousands separators and a noun.
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

// minute formats a time to the minute.
func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// days formats a duration in whole days.
func days(d time.Duration) string {
	if d < 24*time.Hour {
		return lessThanADayLeft
	}
	return count(int(d/(24*time.Hour)), "day", "days")
}

// list joins at most so many items, and counts the rest.
func list(all []string, most int) string {
	if len(all) <= most {
		return strings.Join(all, ", ")
	}
	return strings.Join(all[:most], ", ") + " " + andMore(len(all)-most)
}

// summarize returns the worst result and a summary. ended reports whether steps are missing, unproven whether the
// response may be the right one to a wrong signature.
func summarize(steps []Step, ended, unproven bool) (worst Result, sentence string) {
	titles := map[Result][]string{}
	for _, s := range steps {
		titles[s.Result] = append(titles[s.Result], s.Title)
	}
	join := func(r Result) string { return strings.Join(titles[r], ", ") }
	switch {
	case len(titles[Failed]) > 0:
		worst, sentence = Failed, summaryFailed(titles[Failed])
	case ended && len(titles[Warned]) > 0:
		return Skipped, summaryUnfinishedWarned(join(Warned))
	case unproven && len(titles[Warned]) > 0:
		worst, sentence = Warned, summaryUnproven(join(Warned))
	case len(titles[Warned]) > 0:
		worst, sentence = Warned, summaryWarned(join(Warned))
	case len(titles[Skipped]) > 0:
		return Skipped, summaryUnfinished
	default:
		return Passed, summaryPassed
	}
	if ended {
		sentence += summaryEnded
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
			b.WriteString(" (" + duration(s.Took) + ")")
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
