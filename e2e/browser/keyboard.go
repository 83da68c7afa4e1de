package browser

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/playwright-community/playwright-go"
)

// maxTabs ends a walk with Tab that does not come to an end by itself.
const maxTabs = 300

// Element describes what has the keyboard focus.
type Element struct {
	Tag   string `json:"tag"`  // lower case
	ID    string `json:"id"`   // attribute
	Type  string `json:"type"` // attribute of inputs and buttons
	Name  string `json:"name"` // attribute
	Value string `json:"value"`
	Text  string `json:"text"` // label, aria-label or text, in one line
	Ring  bool   `json:"ring"` // an outline or a shadow shows where the focus is
	At    int    `json:"at"`   // position among the document's elements
}

// String names the element for a person who reads a failed test.
func (e Element) String() string {
	s := e.Tag
	if e.ID != "" {
		s += "#" + e.ID
	}
	return fmt.Sprintf("%s %q", s, e.Text)
}

// Press presses keys one after the other, with Playwright's names: "Tab",
// "Shift+Tab", "Enter", "Space", "Escape", "ArrowDown", "a". For a key that
// leads to another document: p.Navigate(func() { p.Press("Enter") }).
func (p *Page) Press(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		p.Must(p.PW.Keyboard().Press(key))
	}
}

// Type types text into whatever has the focus.
func (p *Page) Type(text string) {
	p.t.Helper()
	p.Must(p.PW.Keyboard().Type(text))
}

// Focus describes what has the focus; Tag is "body" when nothing has.
func (p *Page) Focus() Element {
	p.t.Helper()
	text := p.Eval(`() => {
		const e = document.activeElement || document.body
		const label = e.labels?.length ? e.labels[0].textContent : e.getAttribute('aria-label') || e.textContent
		const style = getComputedStyle(e)
		const outline = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0
		return JSON.stringify({
			tag: e.tagName.toLowerCase(), id: e.id, type: e.getAttribute('type') || '',
			name: e.getAttribute('name') || '', value: String(e.value ?? ''),
			text: label.replace(/\s+/g, ' ').trim().slice(0, 80),
			ring: e.matches(':focus-visible') && (outline || style.boxShadow !== 'none'),
			at: [...document.querySelectorAll('*')].indexOf(e),
		})
	}`)
	var element Element
	p.Must(json.Unmarshal([]byte(fmt.Sprint(text)), &element))
	return element
}

// TabTo presses Tab until the element has the focus, and fails the test when
// that cannot be reached.
func (p *Page) TabTo(l playwright.Locator) {
	p.t.Helper()
	p.See(l)
	var passed []Element
	for range maxTabs {
		p.Press("Tab")
		value, err := l.Evaluate("e => e === document.activeElement", nil)
		p.Must(err)
		if value == true {
			return
		}
		here := p.Focus()
		if seen(passed, here) {
			break
		}
		passed = append(passed, here)
	}
	p.t.Fatalf("browser: at %s: Tab never reaches %v; it goes to:\n%s", p.PW.URL(), l, list(passed))
}

// TabOrder presses Tab from the current focus until it comes round or leaves
// the page, and returns the elements that had the focus, in order.
func (p *Page) TabOrder() []Element {
	p.t.Helper()
	var passed []Element
	for range maxTabs {
		p.Press("Tab")
		here := p.Focus()
		if here.Tag == "body" || seen(passed, here) {
			return passed
		}
		passed = append(passed, here)
	}
	p.t.Fatalf("browser: at %s: Tab does not come to an end:\n%s", p.PW.URL(), list(passed))
	return nil
}

// seen leaves body out: after the last element the focus leaves the page, and
// comes back to its first.
func seen(passed []Element, e Element) bool {
	for _, p := range passed {
		if e.Tag != "body" && p.At == e.At {
			return true
		}
	}
	return false
}

func list(elements []Element) string {
	lines := make([]string, len(elements))
	for i, e := range elements {
		lines[i] = "  " + e.String()
	}
	return strings.Join(lines, "\n")
}
