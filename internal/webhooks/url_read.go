package webhooks

import (
	"net/url"
	"slices"
	"strings"

	"hookwall/internal/lazyregexp"
	"hookwall/internal/unseen"
)

// URLReport is what can be said of a URL before anything is sent.
type URLReport struct {
	// URL is what is sent: the typed text without what can't be seen around it, and with https:// if it had no scheme.
	URL string
	// Errors say why no webhook can have it. Whether a URL is allowed is for the API to decide.
	Errors []string
	// Unseen names characters inside that can't be seen. They are legal, but the person must agree to send them.
	Unseen string
	// Likely are the reasons for which Fourthwall would probably reject it. They never prevent sending.
	Likely []LikelyRejection
	// Hints are warnings about what would not work. They never prevent sending either.
	Hints []string
	// RelayFor is the tool that the URL belongs to, if it needs a relay, or "".
	RelayFor string
	// Offers are URLs that were probably meant, the likeliest first. With Unseen, the first is the URL without them.
	Offers []string
	// Completed reports whether https:// was added.
	Completed bool
}

// ReadURL judges a URL as it was typed or pasted.
func ReadURL(typed string) URLReport {
	text := unseen.Trim(typed)
	switch {
	case text == "":
		return URLReport{Errors: []string{urlMissing}}
	case len(text) > MaxURL:
		return URLReport{URL: text, Errors: []string{urlTooLong}}
	}
	visible, removed := unseen.Remove(text)
	meant := mend(visible, mostMends)
	r := URLReport{URL: complete(text), Errors: meant.faults, Offers: meant.urls}
	if len(removed) > 0 {
		r.nameUnseen(removed)
	} else if len(r.Errors) == 0 {
		r.Offers = nil
	}
	if len(r.Errors) > 0 {
		r.URL = text
	}
	r.Completed = r.URL != text
	r.addHints(append(meant.urls, visible)[0])
	return r
}

// ReadPartOfURL returns what can be said of a URL that is still being typed.
func ReadPartOfURL(typed string) URLReport {
	r := ReadURL(typed)
	if len(r.Offers) == 0 && !slices.ContainsFunc(r.Errors, isSure) {
		r.Errors = nil
	}
	r.Likely = slices.DeleteFunc(r.Likely, func(one LikelyRejection) bool {
		return one.Text == hintLocal || isAboutHost(one.Text)
	})
	return r
}

// isSure reports whether an error stays however the text continues.
func isSure(fault string) bool {
	for _, text := range schemeTexts {
		if text == fault {
			return true
		}
	}
	return false
}

// nameUnseen makes what can't be seen a question if the URL is legal with it, or else an error.
func (r *URLReport) nameUnseen(removed []rune) {
	var names []string
	for _, char := range removed {
		names = append(names, unseen.Name(char))
	}
	if len(r.Errors) == 0 && checkURL(r.URL) == "" {
		r.Unseen = urlUnseen(names)
		return
	}
	r.Errors = append(r.Errors, urlUnseen(names))
}

// addHints adds what there is to say of the URL that was probably meant.
func (r *URLReport) addHints(meant string) {
	if r.Completed {
		r.Hints = append(r.Hints, hintCompleted(meant))
	}
	if u, err := url.Parse(meant); err == nil && checkURL(meant) == "" {
		r.addTool(u)
	}
	hints, better := urlHints(meant)
	r.Hints = append(r.Hints, hints...)
	if better != meant && len(mend(better, mostMends).faults) == 0 {
		r.Offers = union(r.Offers, []string{better})
	}
}

// addTool adds what is likely to be rejected, and what there is to say of a tool's own URL.
func (r *URLReport) addTool(u *url.URL) {
	r.Likely = LikelyRejections(u)
	warning, relayFor := toolWarning(u)
	if warning != "" {
		r.Hints = append(r.Hints, warning)
	}
	r.RelayFor = relayFor
}

// complete returns the URL with https:// if it has no scheme.
func complete(text string) string {
	if startsHost(text) {
		return "https://" + strings.TrimPrefix(text, "//")
	}
	return text
}

// isWeb reports whether a text begins with http:// or https://.
func isWeb(text string) bool { return webScheme().MatchString(text) }

var webScheme = lazyregexp.New(`^(?i)https?://`)

// startsHost reports whether a text begins with a host.
func startsHost(text string) bool {
	return hostFirst().MatchString(text) && !schemeFirst().MatchString(text)
}

var schemeFirst = lazyregexp.New(`^(?i)https?(?:[:;/\\]|$)`)

// hostFirst matches a text that begins with a host, perhaps after a user name and password: one with a dot, an IP
// address, localhost, or any name with a port.
var hostFirst = lazyregexp.New(`^(?:(?i)(?://)?(?:[^\s/\\?#@]+@)?` +
	`(?:\[[\da-f:.]+\]|localhost|[\pL\pN_][\pL\pM\pN_.-]*\.(?:[\pL\pM][\pL\pM\pN-]+|\d+)\.?|[\pL\pN_-]+:\d+)` +
	`(?::\d*)?(?:[/?#\\].*)?)$`)

const (
	mostMends  = 6 // of a text, one after another
	mostOffers = 3

	mostInside    = 16 // URLs in a text that are looked at
	longestBefore = 64 // bytes before a URL that tell what it is
)

// meaning is what a text was probably meant to be, and what is wrong with it.
type meaning struct{ urls, faults []string }

// mend repairs a text as often as it can. Without faults, there was nothing to repair, and the only URL is the text.
func mend(text string, left int) meaning {
	text = unseen.Trim(text)
	for _, repair := range repairs {
		fixed, fault := repair(text)
		if fault == "" {
			continue
		}
		out := meaning{faults: []string{fault}}
		if left > 0 {
			out.addBest(fixed, left-1)
		}
		return out
	}
	if whole := complete(text); whole != text && left > 0 {
		return mend(whole, left-1)
	}
	if fault := checkURL(text); fault != "" {
		return meaning{faults: []string{fault}}
	}
	return meaning{urls: []string{text}}
}

// addBest adds the texts that can be mended, or else what is wrong with the first.
func (m *meaning) addBest(texts []string, left int) {
	var all []meaning
	for _, text := range texts {
		all = append(all, mend(text, left))
	}
	good := slices.DeleteFunc(slices.Clone(all), func(one meaning) bool { return len(one.urls) == 0 })
	if len(good) == 0 && len(all) > 0 {
		good = all[:1]
	}
	for _, one := range good {
		m.urls, m.faults = union(m.urls, one.urls), union(m.faults, one.faults)
	}
	m.urls = m.urls[:min(len(m.urls), mostOffers)]
}

// union returns the texts of both lists, each once.
func union(a, b []string) []string {
	for _, text := range b {
		if !slices.Contains(a, text) {
			a = append(a, text)
		}
	}
	return a
}
