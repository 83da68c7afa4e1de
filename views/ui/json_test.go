package ui

import "testing"

func TestHighlightedJSON(t *testing.T) {
	for body, want := range map[string]string{
		`{"a": "b: \"c\"", "n": -1.5e3}`: `{<span class="json-name">&#34;a&#34;</span>: ` +
			`<span class="json-text">&#34;b: \&#34;c\&#34;&#34;</span>, ` +
			`<span class="json-name">&#34;n&#34;</span>: <span class="json-value">-1.5e3</span>}`,
		`[true, null]`: `[<span class="json-value">true</span>, <span class="json-value">null</span>]`,
		`"<b>"`:        `<span class="json-text">&#34;&lt;b&gt;&#34;</span>`,
		"\"\u202e\"":   `<span class="json-text">&#34;<span class="ctl">U+202E</span>&#34;</span>`,
		"":             "",
	} {
		if got := drawn(t, highlighted(body)); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}
