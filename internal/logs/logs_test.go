package logs

import (
	"bytes"
	"log/slog"
	"slices"
	"testing"
	"time"
)

// TestTo writes a line with what its context knows.
func TestTo(t *testing.T) {
	moment := time.Date(2026, 11, 23, 1, 2, 3, 0, time.FixedZone("east", 9*60*60))
	request := []slog.Attr{slog.String(Request, "r1")}
	traced := append(slices.Clip(request), slog.String(Trace, "t1"))
	own := func(r *slog.Record) { r.AddAttrs(slog.String(Request, "x")) }
	inGroup := func(h slog.Handler) slog.Handler { return h.WithGroup("g") }
	for name, test := range map[string]struct {
		with []slog.Attr // in the context
		to   func(slog.Handler) slog.Handler
		add  func(*slog.Record)
		want string
	}{
		"no request":        {nil, nil, nil, `"a":1`},
		"a request":         {request, nil, nil, `"a":1,"request":"r1"`},
		"a request's trace": {traced, nil, nil, `"a":1,"request":"r1","trace":"t1"`},
		"a line's own":      {traced, nil, own, `"a":1,"request":"x","trace":"t1"`},
		"in a group":        {request, inGroup, nil, `"a":1,"g":{"request":"r1"}`},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			h := To(slog.NewJSONHandler(&out, nil)).WithAttrs([]slog.Attr{slog.Int("a", 1)})
			if test.to != nil {
				h = test.to(h)
			}
			line := slog.NewRecord(moment, slog.LevelInfo, "m", 0)
			if test.add != nil {
				test.add(&line)
			}
			if err := h.Handle(With(t.Context(), test.with...), line); err != nil {
				t.Fatal(err)
			}
			if want := `{"time":"2026-11-22T16:02:03Z","level":"INFO","msg":"m",` + test.want + "}\n"; out.String() != want {
				t.Errorf("got %s want %s", &out, want)
			}
		})
	}
}

// TestWith: contexts that begin with the same one don't share what was added.
func TestWith(t *testing.T) {
	both := With(With(t.Context(), slog.String("a", "1")), slog.String("b", "2"))
	left, right := With(both, slog.String("c", "3")), With(both, slog.String("c", "4"))
	for _, test := range []struct {
		name string
		got  string
		want string
	}{
		{"the first", Value(left, "a"), "1"},
		{"the second", Value(left, "b"), "2"},
		{"added on the left", Value(left, "c"), "3"},
		{"added on the right", Value(right, "c"), "4"},
		{"added later", Value(both, "c"), ""},
		{"the last of two", Value(With(left, slog.String("c", "5")), "c"), "5"},
		{"none", Value(t.Context(), "a"), ""},
	} {
		if test.got != test.want {
			t.Errorf("%s: %q, want %q", test.name, test.got, test.want)
		}
	}
}

// TestTraceID has the examples of https://www.w3.org/TR/trace-context/ and what it forbids.
func TestTraceID(t *testing.T) {
	const trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	for name, test := range map[string]struct {
		headers []string
		want    string
	}{
		"none":                     {nil, ""},
		"sampled":                  {[]string{"00-" + trace + "-" + parent + "-01"}, trace},
		"not sampled":              {[]string{"00-" + trace + "-" + parent + "-00"}, trace},
		"two":                      {[]string{"00-" + trace + "-" + parent + "-01", "00-" + trace + "-" + parent + "-01"}, ""},
		"a later version":          {[]string{"01-" + trace + "-" + parent + "-01"}, trace},
		"a later version and more": {[]string{"cc-" + trace + "-" + parent + "-01-what-comes"}, trace},
		"more in this version":     {[]string{"00-" + trace + "-" + parent + "-01-what-comes"}, ""},
		"no separator before more": {[]string{"cc-" + trace + "-" + parent + "-01.what"}, ""},
		"the forbidden version":    {[]string{"ff-" + trace + "-" + parent + "-01"}, ""},
		"no trace":                 {[]string{"00-00000000000000000000000000000000-" + parent + "-01"}, ""},
		"no parent":                {[]string{"00-" + trace + "-0000000000000000-01"}, ""},
		"upper case":               {[]string{"00-4BF92F3577B34DA6A3CE929D0E0E4736-" + parent + "-01"}, ""},
		"too short":                {[]string{"00-" + trace[1:] + "-" + parent + "-01"}, ""},
		"no flags":                 {[]string{"00-" + trace + "-" + parent}, ""},
		"a line break":             {[]string{"00-" + trace + "-" + parent + "-01\n"}, ""},
		"other text":               {[]string{"<script>"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := TraceID(test.headers); got != test.want {
				t.Errorf("%q: %q, want %q", test.headers, got, test.want)
			}
		})
	}
}
