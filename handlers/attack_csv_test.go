package handlers

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"hookwall/internal/activity"
)

// formulas are cells that some spreadsheet computes, or runs, when it opens a
// file.
var formulas = []string{
	"=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\u200b=1", "\ufeff=1", "＝1", "＋1", "－1", "＠SUM(1)",
	`"=1`, "x;=1", "x; =1", `x;"=1`, "|calc", "%0a=1", `=HYPERLINK("https://evil.example","x")`, "=cmd|' /C calc'!A0",
}

// TestFilesHoldNoFormula puts each of them into every column that comes from
// outside, of both files.
func TestFilesHoldNoFormula(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	var hooks []map[string]any
	for _, text := range formulas {
		hooks = append(hooks, map[string]any{"id": text, "url": text, "allowedTypes": []string{text}, "apiVersion": text})
		g.plant(shop, owner(p), activity.UpdateWebhook, text,
			activity.Detail{Before: contentOf(text, text), After: contentOf(text+"x", text, "x"), Shop: text, Scopes: text})
	}
	g.calls.set(nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/webhooks") {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_ = json.NewEncoder(w).Encode(hooks)
	}))
	for _, path := range []string{webhooksPath(shop.ID) + ".csv", activityPath(shop.ID) + ".csv"} {
		file := p.get(path)
		rows, err := readCSV(file.body)
		g.must(err)
		if len(rows) < len(formulas) {
			t.Fatalf("%s has %d rows", path, len(rows))
		}
		quoted := 0
		for _, cell := range flat(rows) {
			for part := range strings.SplitSeq(cell, ";") {
				begin := strings.Trim(part, "\" \t\r\n\u00a0\u200b\ufeff")
				if strings.IndexAny(begin, "=+-@|%＝＋－＠") == 0 {
					t.Errorf("%s: %q would be computed", path, cell)
				}
			}
			if strings.Contains(cell, "'") {
				quoted++
			}
		}
		if quoted < len(formulas) {
			t.Errorf("%s: only %d cells are quoted", path, quoted)
		}
	}
}

func flat(rows [][]string) (out []string) {
	for _, row := range rows {
		out = append(out, row...)
	}
	return out
}
