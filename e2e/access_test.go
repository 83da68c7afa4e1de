package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/playwright-community/playwright-go"

	"hookwall/e2e/browser"
)

// TestDoneIsHeard: the notice of a change has the focus, or is announced if the
// focus belongs elsewhere.
func TestDoneIsHeard(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	v.Open("/connect")
	v.giveKey(0)
	v.hasFocus("flash-0")
	v.SeeText(v.Role("status", "Done: Studio Nine is connected"), "Studio Nine is connected")

	v.compose(v.app.shop(0), good, donation)
	v.create()
	if title, err := v.PW.Title(); err != nil || title != "Webhook created · Studio Nine · Hookwall" {
		t.Errorf("title %q, error %v", title, err)
	}
	v.Submit(v.Role("button", "Show the secret"))
	v.hasFocus("secret")
	v.Submit(v.Role("button", "I’ve saved it"))
	v.hasFocus("flash-0")

	late := v.tab()
	late.compose(v.app.shop(0), good+"/2", donation)
	late.app.move(13 * time.Hour)
	late.create()
	late.signIn(0)
	late.HasFocus(late.address())
	late.SeeText(late.CSS("#live"), "Done: Studio Nine is connected")
}

// TestActivityPrints: the printed log names the shop and has all details, in
// dark letters on any theme, and no controls.
func TestActivityPrints(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{Scheme: browser.Dark})
	shop := v.connectKey(0)
	v.Open(activityPath(shop))
	details := v.entries().First().GetByText("Session", exactText)
	v.Gone(details)
	v.Must(v.PW.EmulateMedia(playwright.PageEmulateMediaOptions{Media: playwright.MediaPrint}))
	v.See(details)
	v.See(v.Role("banner", "").GetByText(shop.Name, exactText).First())
	v.Gone(v.Role("link", "Download CSV"))
	v.Gone(v.Role("navigation", "Main").First())
	if got := v.Eval("() => getComputedStyle(document.body).color"); got != "rgb(29, 27, 23)" {
		t.Errorf("the text is printed in %v", got)
	}
}

// TestHintsComeWhileTyping: the script shows the hints for a URL that the
// server shows when it draws the form again, and a screen reader announces
// them.
func TestHintsComeWhileTyping(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	old := v.app.visit(browser.Options{NoJavaScript: true})
	shop := v.connectKey(0)
	old.connectKey(0)
	v.Open(newPath(shop))
	old.Open(newPath(shop))
	none := 0
	for _, address := range []string{
		"http://hooks.example.com/", good,
		"https://203.0.113.7/", "https://hooks.example.com:443/fw",
		"https://[2001:db8::1]/", "http://localhost:8080/x", "https://intranet/",
		"https://printer.local./", "https://shop.fourthwall.com/", "https://me:pw@hooks.example.com:8443/",
		"ftp://hooks.example.com/", "hooks.example.com/{id}#a", "https://" + good, good + "/a\u200bb",
	} {
		v.Fill(v.address(), address)
		v.Press("Tab")
		old.Fill(old.address(), address)
		old.Submit(old.named("button", "^Fulfillment"))
		want := old.warnings()
		v.Must(v.Expect(v.CSS("#url-warnings li")).ToHaveCount(len(want)))
		if len(want) == 0 {
			none++
			continue
		}
		v.Must(v.Expect(v.CSS("#url-warnings li")).ToHaveText(want))
		v.SeeText(v.CSS("#live"), want[len(want)-1])
	}
	if none != 2 {
		t.Errorf("%d addresses were without a hint, want 2", none)
	}
	v.Fill(v.address(), "hooks.example.com/fw")
	v.SeeText(v.CSS("#live"), "Hookwall adds https:// in front")
	v.Fill(v.address(), "https://hooks")
	v.Must(v.Expect(v.CSS("#url-warnings li")).ToHaveCount(0))

	v.Check(v.box(donation))
	v.Fill(v.address(), "<"+good+">")
	v.Accessible()
	v.Must(v.named("button", "^Use ").Click())
	v.Must(v.Expect(v.CSS("#url-warnings li")).ToHaveCount(0))
	v.Must(v.Expect(v.CSS(".offers")).ToHaveCount(0))
	v.kept(good, donation)
	v.hasFocus("url")
}

// warnings returns the hints under the URL, a string each.
func (v *visitor) warnings() []string {
	v.app.t.Helper()
	all, err := v.CSS("#url-warnings li").AllTextContents()
	v.Must(err)
	for i, text := range all {
		all[i] = strings.Join(strings.Fields(text), " ")
	}
	return all
}

// effort counts what a person does, by the keystroke-level model.
type effort struct {
	keys     int // pressed
	points   int // ways of the mouse to a target
	clicks   int
	turns    int // of the wheel, by three notches
	thoughts int // decisions what to look for
}

// seconds returns how long an experienced person needs.
func (e effort) seconds() float64 {
	return .2*float64(e.keys+e.clicks+e.turns) + 1.1*float64(e.points) + 1.35*float64(e.thoughts)
}

// mostSeconds is how long it may take to choose five event types from as many
// groups.
const mostSeconds = 15

// scattered are event types of five groups, and words that come to mind.
var scattered = []struct{ title, word string }{
	{donation, "tip"},
	{"Membership expired", "expire"},
	{"Product updated", "price"},
	{"Cart left for 24 hours", "24"},
	{"Newsletter sign-up", "newsletter"},
}

func (v *visitor) choseScattered(e effort) {
	v.app.t.Helper()
	var titles []string
	for _, s := range scattered {
		titles = append(titles, s.title)
	}
	v.ticked(titles...)
	v.app.t.Logf("%+v: %.1f s", e, e.seconds())
	if e.seconds() > mostSeconds {
		v.app.t.Errorf("choosing five event types takes %.1f s, want at most %d", e.seconds(), mostSeconds)
	}
}

// TestChoosingByKeyboardIsQuick goes from the URL to the search, and types as
// much of each word as it needs.
func TestChoosingByKeyboardIsQuick(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	v.Open(newPath(v.connectKey(0)))
	v.HasFocus(v.address())
	search := v.named("searchbox", "^Search")
	var e effort
	press := func(key string) { v.Press(key); e.keys++ }
	for v.goesTo(search); !v.focusState().Goal; {
		press("Tab")
	}
	for _, s := range scattered {
		e.thoughts++
		for _, letter := range s.word {
			press(string(letter))
			if v.TextOf(v.CSS(".found")) == "Enter ticks it." {
				break
			}
		}
		press("Enter")
		v.SeeText(v.CSS("#live"), s.title+": ticked.")
	}
	v.Press("Enter")
	v.SeeText(v.CSS("#live"), "Newsletter sign-up: not ticked. 4 of 29")
	v.Press("Enter", "Escape")
	v.choseScattered(e)
}

// TestChoosingByMouseIsQuick scrolls to each event type and clicks its row.
func TestChoosingByMouseIsQuick(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	v.Open(newPath(v.connectKey(0)))
	var e effort
	for _, s := range scattered {
		e.thoughts++
		row := v.CSS(".type label").Filter(hasText(s.title))
		for v.lower(row) {
			v.Eval("() => scrollBy({top: 300, behavior: 'instant'})")
			e.turns++
		}
		v.Click(row)
		e.points++
		e.clicks++
	}
	v.choseScattered(e)
}

// lower reports whether an element ends below the window.
func (v *visitor) lower(l playwright.Locator) bool {
	v.app.t.Helper()
	below, err := l.Evaluate("e => e.getBoundingClientRect().bottom > innerHeight", nil)
	v.Must(err)
	return below == true
}

// tooSmall lists the targets that are smaller than 24 px. Links in a sentence and
// the parts of a chart are excused, as WCAG 2.5.8 does, but each part of a chart
// is 24 px high. The row around a checkbox is part of it.
const tooSmall = `() => {
	const shown = e => e.checkVisibility({visibilityProperty: true}) && !e.closest('.vh, .out, .skip')
	const place = e => ((e.type === 'checkbox' || e.type === 'radio') && e.closest('label') || e).getBoundingClientRect()
	const inSentence = e => getComputedStyle(e).display === 'inline' &&
		[...e.parentElement.childNodes].some(n => n.nodeType === 3 && n.data.trim())
	const all = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
		.filter(shown)
	return all.filter(e => {
		const r = place(e)
		return (r.width < 23.9 && !e.closest('.chart, .squares') || r.height < 23.9) && !inSentence(e)
	}).map(e => e.outerHTML.slice(0, 90) + ' ' + JSON.stringify(place(e))).join('\n')
}`

// spread sets the text spacing of WCAG 1.4.12.
const spread = `() => {
	const sheet = new CSSStyleSheet()
	sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: .12em !important; ' +
		'word-spacing: .16em !important } p { margin-bottom: 2em !important }')
	document.adoptedStyleSheets.push(sheet)
}`

// spoiled lists text that is cut off, and text that overlaps other text. Text for
// screen readers alone is left out. An ellipsis is allowed where the whole text is
// in a title, or on the page that the row leads to. What opens over the page, or
// sticks to the window, may cover it, but nothing within it may overlap.
const spoiled = `() => {
	const found = []
	const named = e => e.outerHTML.slice(0, 90)
	const style = e => getComputedStyle(e)
	const within = (e, test) => { for (; e; e = e.parentElement) if (test(e)) return e }
	const unseen = e => within(e, e => style(e).clipPath === 'inset(50%)' || e.matches('.out, svg, textarea, select'))
	const leads = e => e.title || e.closest('a') || e.closest('li, tr')?.querySelector(':is(h2, th) a[href]')
	const cuts = (s, axis) => ['hidden', 'clip'].includes(s['overflow' + axis])
	for (const e of document.body.querySelectorAll('*')) {
		if (!e.checkVisibility() || unseen(e) || e.matches('input')) continue
		const s = style(e), wide = e.scrollWidth > e.clientWidth + 1
		const shortened = s.textOverflow === 'ellipsis' && leads(e)
		if (cuts(s, 'X') && wide && !shortened || cuts(s, 'Y') && e.scrollHeight > e.clientHeight + 1)
			found.push('cut off: ' + named(e))
		if (e.matches('.button, .badge, .mark, summary') && wide && e.clientWidth) found.push('spills: ' + named(e))
	}
	const pieces = []
	const walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT)
	for (let n; n = walk.nextNode();) {
		const e = n.parentElement
		if (!n.data.trim() || !e.checkVisibility() || unseen(e)) continue
		const layer = e.closest('.pop, .confirm-body, .summary')
		const range = document.createRange()
		range.selectNodeContents(n)
		for (const {left, right, top, bottom} of range.getClientRects()) {
			const r = {left, right, top, bottom}
			within(e, e => {
				const s = style(e), box = e.getBoundingClientRect()
				if (s.overflowX !== 'visible') [r.left, r.right] = [Math.max(r.left, box.left), Math.min(r.right, box.right)]
				if (s.overflowY !== 'visible') [r.top, r.bottom] = [Math.max(r.top, box.top), Math.min(r.bottom, box.bottom)]
			})
			if (r.right - r.left > 2 && r.bottom - r.top > 2) pieces.push({e, r, layer})
		}
	}
	for (const [i, a] of pieces.entries()) for (const b of pieces.slice(i + 1)) {
		if (a.e === b.e || a.layer !== b.layer) continue
		const wide = Math.min(a.r.right, b.r.right) - Math.max(a.r.left, b.r.left),
			high = Math.min(a.r.bottom, b.r.bottom) - Math.max(a.r.top, b.r.top)
		if (wide > 2 && high > 6) found.push('over each other: ' + named(a.e) + ' and ' + named(b.e))
	}
	return [...new Set(found)].slice(0, 8).join('\n')
}`

// TestSpoiledTextIsFound spoils text of a list in each way, one at a time.
func TestSpoiledTextIsFound(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	showRowActions(v)
	v.isEasy("as it is")
	const (
		row    = `.hooks li:nth-child(2)`
		narrow = "overflow: hidden; white-space: nowrap"
	)
	for name, spoil := range map[string]struct{ element, style, found string }{
		"a cell that is cut": {row + " .hook-last", "width: 1rem; " + narrow, "cut off"},
		"lines that are cut": {row + " .hook", "max-height: 1rem; overflow: hidden", "cut off"},
		"an ellipsis without the whole": {
			".tally span", "width: 3rem; display: block; text-overflow: ellipsis; " + narrow, "cut off",
		},
		"a line under a name":          {row + " .row-sub", "margin-top: -1rem", "over each other"},
		"a cell over a cell":           {row + " .hook-last", "transform: translateX(-20rem)", "over each other"},
		"a list over its menu's words": {".acts .pop li:nth-child(2)", "margin-top: -2.5rem", "over each other"},
		"a button that is too full":    {"main .button.main", "width: 4rem; white-space: nowrap", "spills"},
	} {
		undo := v.Eval("([selector, style]) => { const e = document.querySelector(selector), was = e.style.cssText;"+
			" e.style.cssText = style; return was }", []string{spoil.element, spoil.style})
		if found := fmt.Sprint(v.Eval(spoiled)); !strings.Contains(found, spoil.found) {
			t.Errorf("%s: found %q, want %q", name, found, spoil.found)
		}
		v.Eval("([selector, style]) => { document.querySelector(selector).style.cssText = style }",
			[]any{spoil.element, undo})
	}
	v.isEasy("as it was")
}

// isEasy fails the test for targets that are too small, and for text that is
// cut off or overlaps other text.
func (v *visitor) isEasy(how string) {
	v.app.t.Helper()
	for what, script := range map[string]string{"targets too small": tooSmall, "text spoiled": spoiled} {
		if found := fmt.Sprint(v.Eval(script)); found != "" {
			v.app.t.Errorf("%s, %s:\n%s", how, what, found)
		}
	}
}

// bearsSpacing sets wide text spacing, and checks again.
func (v *visitor) bearsSpacing() {
	v.app.t.Helper()
	v.Eval(spread)
	v.isEasy("320 px, text set wide")
	v.NoSidewaysScroll()
	v.Resize(1280, 800)
	v.isEasy("1280 px, text set wide")
	v.NoSidewaysScroll()
}
