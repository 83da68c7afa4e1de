package handlers

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"hookwall/internal/team"
)

const (
	maxSearch = 200 // characters

	// idPart is how many bytes of an ID have to be typed to find what it is part of. All IDs of a kind begin alike.
	idPart = 8

	webhookPrefix = "wcon_" // of the ID of a webhook
	shopPrefix    = "sh_"   // of the ID of a shop
)

// searchQuery is what a person searches for.
type searchQuery struct {
	text  string
	words []string // in lower case
}

func newSearchQuery(text string) searchQuery {
	text = strings.TrimSpace(valid(text))
	return searchQuery{text, strings.Fields(strings.ToLower(text))}
}

func (q searchQuery) isTooLong() bool { return utf8.RuneCountInString(q.text) > maxSearch }

// namesDelivery and namesWebhook report whether the text is the ID of one, by its form.
func (q searchQuery) namesDelivery() bool {
	return isID(q.text) && strings.HasPrefix(q.text, deliveryPrefix)
}

func (q searchQuery) namesWebhook() bool {
	return isID(q.text) && strings.HasPrefix(q.text, webhookPrefix)
}

// id returns an ID as text to search in, or "" if the query is no part of one, or too little of it.
func (q searchQuery) id(id string) string {
	if len(q.words) != 1 || len(q.text) < idPart {
		return ""
	}
	return id
}

// isIn reports whether each word is in one of the texts.
func (q searchQuery) isIn(texts ...string) bool {
	all := strings.ToLower(strings.Join(texts, "\n"))
	for _, word := range q.words {
		if !strings.Contains(all, word) {
			return false
		}
	}
	return len(q.words) > 0
}

// touches reports whether one of the words is in one of the texts.
func (q searchQuery) touches(texts ...string) bool {
	all := strings.ToLower(strings.Join(texts, "\n"))
	for _, word := range q.words {
		if strings.Contains(all, word) {
			return true
		}
	}
	return false
}

// withoutURLSecrets returns a text without what may be secret in its URLs: user, password, query and fragment.
func withoutURLSecrets(text string) string {
	words := strings.Fields(text)
	changed := false
	for i, word := range words {
		words[i] = withoutURLSecret(word)
		changed = changed || words[i] != word
	}
	if !changed {
		return text
	}
	return strings.Join(words, " ")
}

func withoutURLSecret(word string) string {
	if u, err := url.Parse(word); err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" {
		bare := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
		if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return bare.String()
		}
		return word
	}
	address, query, _ := strings.Cut(word, "?")
	if strings.Contains(address, ".") && strings.Contains(query, "=") {
		return address
	}
	return word
}

var (
	knownID    = regexp.MustCompile(`^(` + deliveryPrefix + `|` + webhookPrefix + `|` + shopPrefix + `)[\w-]+$`)
	uuid       = regexp.MustCompile(`(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	secretForm = regexp.MustCompile(`^[A-Za-z0-9+/_=-]{20,}$`)
	longHex    = regexp.MustCompile(`^[0-9a-fA-F]{32,}$`)
	jsonToken  = regexp.MustCompile(`^eyJ[\w-]+\.[\w-]+\.[\w-]*$`)

	// accessTokenForm also matches a part of a token, and one whose letters were changed.
	accessTokenForm = regexp.MustCompile(`(?i)` + team.TokenPrefix + `[A-Z0-9]{8,}`)
)

func isID(text string) bool { return knownID.MatchString(text) }

// holdsSecret reports whether one of the words of a text looks like a password, a token or a signing secret: long and
// random, and no ID. A search must not bring it into a URL.
func holdsSecret(text string) bool {
	for word := range strings.FieldsSeq(text) {
		switch {
		case accessTokenForm.MatchString(word):
			return true
		case isID(word) || uuid.MatchString(word):
		case jsonToken.MatchString(word), longHex.MatchString(word), secretForm.MatchString(word) && isMixed(word):
			return true
		}
	}
	return false
}

// isMixed reports whether a word changes between capitals, small letters and digits as often as random text does. Words
// in capitals, slugs and names with a year don't.
func isMixed(word string) bool {
	kind := func(c rune) int {
		switch {
		case unicode.IsUpper(c):
			return 1
		case unicode.IsLower(c):
			return 2
		case unicode.IsDigit(c):
			return 3
		}
		return 0
	}
	changes, last := 0, 0
	for _, c := range word {
		if now := kind(c); now != 0 {
			if last != 0 && now != last {
				changes++
			}
			last = now
		}
	}
	return 3*changes >= len(word)
}
