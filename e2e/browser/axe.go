package browser

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Violation is one rule of axe-core that a page breaks.
type Violation struct {
	ID     string `json:"id"` // of the rule, such as "image-alt"
	Impact string `json:"impact"`
	Help   string `json:"help"`
	Nodes  []struct {
		Target  []string `json:"target"` // CSS selectors
		HTML    string   `json:"html"`
		Summary string   `json:"failureSummary"`
	} `json:"nodes"`
}

// String returns the rule and the first elements that break it.
func (v Violation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s): %s", v.ID, v.Impact, v.Help)
	for i, n := range v.Nodes {
		if i == 5 {
			fmt.Fprintf(&b, "\n    and %d more", len(v.Nodes)-i)
			break
		}
		summary := strings.ReplaceAll(n.Summary, "\n", "\n      ")
		fmt.Fprintf(&b, "\n    %s\n      %s\n      %s", strings.Join(n.Target, " "), n.HTML, summary)
	}
	return b.String()
}

// promptTimers replaces the timers of a page whose scripts are off: there
// none ever runs, and axe-core waits for some. Long ones are time limits.
const promptTimers = `window.setTimeout = (f, ms = 0) => { if (ms < 100) Promise.resolve().then(f); return 1 }`

// AxeViolations runs all rules of axe-core, those of good practice too, over
// the page as it is now. It needs no exception in the page's policy.
func (p *Page) AxeViolations() []Violation {
	p.t.Helper()
	if p.Eval("() => typeof axe === 'undefined'") == true {
		if p.s.noScript {
			p.Eval(promptTimers + "; undefined")
		}
		p.Eval(p.s.engine.axe + "\n;undefined")
	}
	text := p.Eval(`async () => JSON.stringify(
		(await axe.run(document, {resultTypes: ['violations']})).violations)`)
	var found []Violation
	p.Must(json.Unmarshal([]byte(fmt.Sprint(text)), &found))
	return found
}

// Axe fails the test for every rule that the page breaks as it is now.
func (p *Page) Axe() {
	p.t.Helper()
	p.axe("")
}

// Accessible is Axe in the light and in the dark scheme. The scheme is Light
// afterwards.
func (p *Page) Accessible() {
	p.t.Helper()
	for _, scheme := range []string{Dark, Light} {
		p.SetScheme(scheme)
		p.axe(", " + scheme)
	}
}

func (p *Page) axe(how string) {
	p.t.Helper()
	for _, v := range p.AxeViolations() {
		p.t.Errorf("browser: axe at %s%s: %v", p.PW.URL(), how, v)
	}
}
