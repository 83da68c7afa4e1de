package browser

import (
	"github.com/playwright-community/playwright-go"
)

// wait is given to each action: playwright-go passes no default of the page's
// to a locator, and the driver's own is half a minute.
var wait = playwright.Float(actionTimeout)

// Role finds by ARIA role and exact accessible name, as a screen reader does:
// "button", "link", "checkbox", "heading", "textbox", "alert" and so on. An
// empty name means any.
func (p *Page) Role(role, name string) playwright.Locator {
	options := playwright.PageGetByRoleOptions{}
	if name != "" {
		options.Name = name
		options.Exact = playwright.Bool(true)
	}
	return p.PW.GetByRole(playwright.AriaRole(role), options)
}

// Label finds the field with exactly this label.
func (p *Page) Label(text string) playwright.Locator {
	return p.PW.GetByLabel(text, playwright.PageGetByLabelOptions{Exact: playwright.Bool(true)})
}

// Text finds the innermost element whose text contains this, in any case.
func (p *Page) Text(text string) playwright.Locator { return p.PW.GetByText(text) }

// CSS finds by a CSS selector.
func (p *Page) CSS(selector string) playwright.Locator { return p.PW.Locator(selector) }

// Field finds a form field by its name attribute and, where that is not empty,
// by its value attribute, as for one checkbox of many.
func (p *Page) Field(name, value string) playwright.Locator {
	selector := `[name="` + name + `"]`
	if value != "" {
		selector += `[value="` + value + `"]`
	}
	return p.PW.Locator(selector)
}

// Click clicks once the element is visible, still and enabled. It does not
// wait for a document that the click leads to: see [Page.Submit].
func (p *Page) Click(l playwright.Locator) {
	p.t.Helper()
	p.Must(l.Click(playwright.LocatorClickOptions{Timeout: wait}))
}

// Fill replaces the value of a field.
func (p *Page) Fill(l playwright.Locator, value string) {
	p.t.Helper()
	p.Must(l.Fill(value, playwright.LocatorFillOptions{Timeout: wait}))
}

// Check ticks a checkbox or radio button, unless it is ticked.
func (p *Page) Check(l playwright.Locator) {
	p.t.Helper()
	p.Must(l.Check(playwright.LocatorCheckOptions{Timeout: wait}))
}

// Uncheck takes the tick away, if there is one.
func (p *Page) Uncheck(l playwright.Locator) {
	p.t.Helper()
	p.Must(l.Uncheck(playwright.LocatorUncheckOptions{Timeout: wait}))
}

// Select chooses the option with this value.
func (p *Page) Select(l playwright.Locator, value string) {
	p.t.Helper()
	_, err := l.SelectOption(playwright.SelectOptionValues{Values: &[]string{value}},
		playwright.LocatorSelectOptionOptions{Timeout: wait})
	p.Must(err)
}

// Choose sets a file field to a file of this name and content.
func (p *Page) Choose(l playwright.Locator, name string, content []byte) {
	p.t.Helper()
	file := playwright.InputFile{Name: name, MimeType: "application/octet-stream", Buffer: content}
	p.Must(l.SetInputFiles(file, playwright.LocatorSetInputFilesOptions{Timeout: wait}))
}

// Checked reports whether a checkbox or radio button is ticked now.
func (p *Page) Checked(l playwright.Locator) bool {
	p.t.Helper()
	checked, err := l.IsChecked(playwright.LocatorIsCheckedOptions{Timeout: wait})
	p.Must(err)
	return checked
}

// Value returns the value of a field now.
func (p *Page) Value(l playwright.Locator) string {
	p.t.Helper()
	value, err := l.InputValue(playwright.LocatorInputValueOptions{Timeout: wait})
	p.Must(err)
	return value
}

// TextOf is the text of an element as a person sees it.
func (p *Page) TextOf(l playwright.Locator) string {
	p.t.Helper()
	text, err := l.InnerText(playwright.LocatorInnerTextOptions{Timeout: wait})
	p.Must(err)
	return text
}

// Attr is the value of an attribute, "" when it is not there.
func (p *Page) Attr(l playwright.Locator, name string) string {
	p.t.Helper()
	value, err := l.GetAttribute(name, playwright.LocatorGetAttributeOptions{Timeout: wait})
	p.Must(err)
	return value
}

// Count is how many elements match now, without waiting.
func (p *Page) Count(l playwright.Locator) int {
	p.t.Helper()
	n, err := l.Count()
	p.Must(err)
	return n
}

// Expect returns Playwright's assertions on an element, which wait for what they
// assert: p.Must(p.Expect(l).ToHaveCount(3)).
func (p *Page) Expect(l playwright.Locator) playwright.LocatorAssertions {
	return playwright.NewPlaywrightAssertions(actionTimeout).Locator(l)
}

// See waits until the element is visible.
func (p *Page) See(l playwright.Locator) {
	p.t.Helper()
	p.Must(p.Expect(l).ToBeVisible())
}

// SeeText waits until the element's text contains this.
func (p *Page) SeeText(l playwright.Locator, text string) {
	p.t.Helper()
	p.Must(p.Expect(l).ToContainText(text))
}

// Gone waits until the element is hidden or not there.
func (p *Page) Gone(l playwright.Locator) {
	p.t.Helper()
	p.Must(p.Expect(l).ToBeHidden())
}

// HasFocus waits until the element has the keyboard focus.
func (p *Page) HasFocus(l playwright.Locator) {
	p.t.Helper()
	p.Must(p.Expect(l).ToBeFocused())
}
