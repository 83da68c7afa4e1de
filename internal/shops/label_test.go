package shops

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReadLabels: what a person typed becomes labels, or a sentence says what to
// do.
func TestReadLabels(t *testing.T) {
	t.Parallel()
	full := strings.Repeat("é", MaxLabel)
	for name, test := range map[string]struct {
		typed   string
		labels  []string
		problem string
	}{
		"one":                       {"Studio Nine", []string{"Studio Nine"}, ""},
		"several":                   {" client,production ,, b\u00a0 c ", []string{"client", "production", "b c"}, ""},
		"twice":                     {"Größe, größe, Gro\u0308ße", []string{"Größe"}, ""},
		"composed":                  {"Cafe\u0301", []string{"Café"}, ""},
		"as long as may be":         {full, []string{full}, ""},
		"as long once composed":     {strings.Repeat("e\u0301", MaxLabel), []string{full}, ""},
		"with what can't be seen":   {"cli\u200bent\u202e ❤\ufe0f", []string{"client ❤"}, ""},
		"as many as may be":         {"0,1,2,3,4,5,6,7,8,9", strings.Split("0123456789", ""), ""},
		"nothing":                   {" , \u200b", nil, "Type a label, such as a client’s name."},
		"too long":                  {full + "x", nil, labelTooLong(41)},
		"too many":                  {"0,1,2,3,4,5,6,7,8,9,10", nil, "These are 11 labels. A shop can have 10."},
		"a control character":       {"a\x07b", nil, labelControl},
		"a line break":              {"a\nb", nil, labelControl},
		"not UTF-8":                 {"a\xff", nil, labelControl},
		"markup and a formula stay": {"=1+1, <b>", []string{"=1+1", "<b>"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			labels, problem := ReadLabels(test.typed)
			if diff := cmp.Diff(test.labels, labels); diff != "" || problem != test.problem {
				t.Errorf("%q, %s", problem, diff)
			}
		})
	}
}
