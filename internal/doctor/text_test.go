package doctor

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain text, ünïcode 漢字":    "plain text, ünïcode 漢字",
		"a\r\nb\tc\x00\x1b[2J":      `a\u000D\u000Ab\u0009c\u0000\u001B[2J`,
		"\u202egnp.exe\u2066\u200b": `\u202Egnp.exe\u2066\u200B`,
		"a\u00a0b\u2028":            `a\u00A0b\u2028`,
		"\xff\ufffd\xc3":            "\\xFF\ufffd\\xC3",
		"\U000e0041":                `\U000E0041`,
	} {
		if got := visible(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

// Every character is printable after visible.
func TestAllVisible(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if got := visible(string(r)); strings.ContainsFunc(got,
			func(r rune) bool { return !unicode.IsPrint(r) && r != utf8.RuneError }) {
			t.Fatalf("%U: %q", r, got)
		}
	}
}

func TestCut(t *testing.T) {
	all := strings.Repeat("ü", maxQuoted)
	if got := cutText(all); got != all {
		t.Error(got)
	}
	if got := cutText(all + "x"); got != all+"… (cut)" {
		t.Error(got)
	}
}

func TestDuration(t *testing.T) {
	for in, want := range map[time.Duration]string{
		0: "less than 1 ms", time.Millisecond: "1 ms", 999 * time.Millisecond: "999 ms", time.Second: "1 s",
		1250 * time.Millisecond: "1.25 s", 10 * time.Second: "10 s", 2500 * time.Millisecond: "2.5 s",
	} {
		if got := duration(in); got != want {
			t.Errorf("%v: %s, want %s", in, got, want)
		}
	}
}

func TestExplainUnknownError(t *testing.T) {
	if what, do := explain(errors.New("with a secret in it")); what != "The request failed." || do == "" {
		t.Errorf("%q %q", what, do)
	}
}

// Every status but 200 has an explanation and advice.
func TestExplainStatus(t *testing.T) {
	for status := 100; status < 600; status++ {
		if why, do := explainStatus(status, time.Now()); status != http.StatusOK &&
			(!strings.HasSuffix(why, onlyOK) || len(why) < len(onlyOK)+20 || !strings.HasSuffix(do, ".")) {
			t.Errorf("%d: %q, %q", status, why, do)
		}
	}
}

func TestSummary(t *testing.T) {
	rows := []struct {
		results         []Result
		ended, unproven bool
		want            Result
		text            string
	}{
		{[]Result{Passed, Passed, Passed}, false, false, Passed, "This endpoint accepts deliveries the way Fourthwall sends them."},
		{[]Result{Passed, Warned, Skipped}, false, false, Warned, "Deliveries should work. Worth fixing: Fourthwall’s URL rules."},
		{[]Result{Passed, Warned, Skipped}, false, true, Warned, "Without the signing secret, this check can’t tell whether deliveries arrive. See: Fourthwall’s URL rules."},
		{[]Result{Failed, Warned, Failed}, false, false, Failed, "Deliveries will probably fail. Problems: URL, Name lookup (DNS)."},
		{[]Result{Failed, Skipped, Skipped}, true, false, Failed, "Deliveries will probably fail. Problem: URL. We couldn’t run every step."},
		{[]Result{Passed, Warned, Skipped}, true, false, Skipped, "We couldn’t run every step. Worth fixing so far: Fourthwall’s URL rules."},
		{[]Result{Passed, Skipped, Skipped}, true, false, Skipped, "We couldn’t run every step. The steps that ran passed."},
	}
	for _, row := range rows {
		steps := Plan()[:len(row.results)]
		for i := range steps {
			steps[i].Result = row.results[i]
		}
		if worst, text := summarize(steps, row.ended, row.unproven); worst != row.want || text != row.text {
			t.Errorf("%v: %s %q", row.results, worst, text)
		}
	}
}

func TestText(t *testing.T) {
	r := Report{
		Started: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), Done: true, Result: Failed, Summary: "It fails.",
		Steps: []Step{
			{Title: "Address", Result: Passed, Seen: []string{"Calls go to: x", "more"}},
			{Title: "Connection", Result: Failed, Seen: []string{"Nobody there."}, Do: "Start the server.", Took: 1500 * time.Millisecond},
		},
	}
	want := `Endpoint check, 2026-11-23 12:00:00 UTC
Result: failed
It fails.

1. Address: passed
   - Calls go to: x
   - more

2. Connection: failed (1.5 s)
   - Nobody there.
   What to do: Start the server.
`
	if got := r.Text(); got != want {
		t.Error(got)
	}
}

// Each plan is a new slice, and its IDs and results are those that are stored.
func TestPlan(t *testing.T) {
	Plan()[0].Result = Failed
	var ids []string
	for _, s := range Plan() {
		if s.Result != "waiting" || s.Title == "" {
			t.Errorf("%+v", s)
		}
		ids = append(ids, s.ID)
	}
	if got := strings.Join(ids, " "); got != "address policy dns connect tls delivery answer time repeat forged" {
		t.Error(got)
	}
}

// What to check in the logs has a time, to the second.
func TestCheckLogs(t *testing.T) {
	at := time.Date(2026, 11, 27, 13, 28, 39, 0, time.FixedZone("", -5*60*60))
	if _, do := explainStatus(http.StatusInternalServerError, at); do != "Check your server’s logs at 18:28:39 UTC." {
		t.Error(do)
	}
}
