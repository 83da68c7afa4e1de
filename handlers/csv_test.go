package handlers

import (
	"encoding/csv"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/activity"
	"hookwall/internal/store"
)

// FuzzCSV: the cells of a file are read back unchanged, and no cell begins a
// formula, whatever sign a spreadsheet splits cells at.
func FuzzCSV(f *testing.F) {
	for _, cell := range []string{
		"", "=1+1", `a"b,c`, "x;=1", "\t-2", "\r\n@a", "\xff+", "'", "\u202e=1", `";"=1`, "＋1", "a\nb",
	} {
		f.Add(cell, "https://hooks.example.com/"+cell, "DONATION")
	}
	f.Fuzz(func(t *testing.T, id, address, code string) {
		d := activity.Detail{Before: contentOf(address, code), After: contentOf(id, code, id)}
		rows := [][]string{
			{id, address, code},
			activityRecord(store.Activity{
				Action: code, Actor: address, WebhookID: id, Code: code, RequestID: address, Status: 200,
			}, d),
		}
		w := httptest.NewRecorder()
		if err := sendCSV(w, "a.csv", rows); err != nil {
			t.Fatal(err)
		}
		text, hasMark := strings.CutPrefix(w.Body.String(), "\ufeff")
		if !hasMark {
			t.Errorf("%q has no byte order mark", w.Body)
		}
		r := csv.NewReader(strings.NewReader(text))
		r.FieldsPerRecord = -1
		got, err := r.ReadAll()
		if err != nil {
			t.Fatalf("%q: %v", w.Body, err)
		}
		want := make([][]string, len(rows))
		for i, row := range rows {
			for _, cell := range row {
				want[i] = append(want[i], strings.ReplaceAll(formulaSafe(valid(cell)), "\r\n", "\n"))
				checkCell(t, cell)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q is read as:\n%s", w.Body, diff)
		}
	})
}

// checkCell checks that a cell follows OWASP's guide to CSV injection, and that
// nothing is lost.
func checkCell(t *testing.T, cell string) {
	t.Helper()
	safe := formulaSafe(cell)
	if strings.ReplaceAll(safe, "'", "") != strings.ReplaceAll(cell, "'", "") {
		t.Errorf("%q became %q", cell, safe)
	}
	for part := range strings.SplitSeq(safe, ";") {
		if begin := strings.Trim(part, "\" \t\r\n\v\f\u00a0"); begin != "" && strings.ContainsAny(begin[:1], "=+-@") {
			t.Errorf("%q became %q, which a spreadsheet computes", cell, safe)
		}
	}
}

// TestCSVBytes: a file has the byte order mark and the line ends that Excel
// needs, and is quoted by RFC 4180.
func TestCSVBytes(t *testing.T) {
	for name, test := range map[string]struct {
		rows [][]string
		want string
		keys []int
	}{
		"letters beyond ASCII":          {[][]string{{"Müller", "☂"}}, `"Müller","☂"` + "\r\n", nil},
		"two rows":                      {[][]string{{"a"}, {"b"}}, "\"a\"\r\n\"b\"\r\n", nil},
		"an empty cell":                 {[][]string{{"a", ""}}, `"a",""` + "\r\n", nil},
		"quotes":                        {[][]string{{`say "hi"`}}, `"say ""hi"""` + "\r\n", nil},
		"commas and semicolons":         {[][]string{{"a,b;c"}}, `"a,b;c"` + "\r\n", nil},
		"a line break":                  {[][]string{{"a\nb"}}, "\"a\nb\"\r\n", nil},
		"a formula":                     {[][]string{{"=1+1"}}, `"'=1+1"` + "\r\n", nil},
		"a formula after a mark":        {[][]string{{"\ufeff=1+1"}}, "\"'\ufeff=1+1\"\r\n", nil},
		"a shorter row":                 {[][]string{{"a", "b", "c"}, {"1"}}, "\"a\",\"b\",\"c\"\r\n\"1\",\"\",\"\"\r\n", nil},
		"bytes that are no text":        {[][]string{{"\xff"}}, "\"\ufffd\"\r\n", nil},
		"a key that begins with a sign": {[][]string{{"-R1S_b=", "-R1S_b="}}, `"'-R1S_b=","-R1S_b="` + "\r\n", []int{1}},
		"a formula in place of a key":   {[][]string{{"", "=1+1", "-1|a!b"}}, `"","'=1+1","'-1|a!b"` + "\r\n", []int{1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			if err := sendCSV(w, "a.csv", test.rows, test.keys...); err != nil {
				t.Fatal(err)
			}
			if got := w.Body.String(); got != "\xef\xbb\xbf"+test.want {
				t.Errorf("got %q, want %q after the mark", got, test.want)
			}
		})
	}
}
