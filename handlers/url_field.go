package handlers

import (
	"net/http"
	"slices"
	"strings"

	"hookwall/internal/webhooks"
	"hookwall/views/ui"
)

// What the buttons below a URL field do. A form's own button may do the same.
const (
	useURL     = "use"      // put the URL that follows into the field
	withoutThe = "without"  // continue with the URL that follows
	asTyped    = "as-typed" // continue with the URL as it was typed
)

// maxURLNotes is the size of a form with one URL, in bytes. Percent-encoded, a
// byte is three.
const maxURLNotes = 4 * webhooks.MaxURL

// urlField is a URL as it was typed, and what is said about it.
type urlField struct {
	webhooks.URLReport
	agreed bool // to characters that can't be seen
}

// readURL judges a URL. asTyped is one that may have characters that can't be
// seen.
func readURL(typed, asTyped string) urlField {
	u := urlField{URLReport: webhooks.ReadURL(typed)}
	u.agreed = asTyped == u.URL
	return u
}

// fieldError says why the URL can't be sent yet. It returns nil if it can.
func (u urlField) fieldError() *ui.FieldError {
	switch {
	case len(u.Errors) > 0:
		return &ui.FieldError{Text: strings.Join(u.Errors, " ")}
	case u.Unseen != "" && !u.agreed:
		return &ui.FieldError{Text: u.Unseen}
	}
	return nil
}

// notes returns warnings about what Fourthwall may reject, what would not work,
// and what misleads a reader. They include what is wrong, unless err says it.
func (u urlField) notes(err *ui.FieldError, words unseenWords) ui.FieldNotes {
	isAsked := err != nil && err.Text == u.Unseen
	var n ui.FieldNotes
	if own := u.fieldError(); u.URL != "" && (err == nil || own == nil || err.Text != own.Text) {
		n.Warnings = slices.Clone(u.Errors)
	}
	if u.Unseen != "" && !isAsked {
		n.Warnings = append(n.Warnings, u.Unseen)
	}
	for _, likely := range u.Likely {
		switch {
		case err == nil || err.Code == "":
			n.Warnings = append(n.Warnings, likely.Text)
		case err.Code != likely.Code: // Fourthwall names one reason at a time
			n.Also = append(n.Also, likely.Text)
		}
	}
	n.Warnings, n.RelayFor = append(n.Warnings, u.Hints...), u.RelayFor
	offers := u.Offers
	switch {
	case len(u.Errors) == 0:
		n.Warnings = append(n.Warnings, ui.LookalikeNotes(u.URL)...)
	case len(offers) > 0:
		n.Warnings = append(n.Warnings, ui.LookalikeNotes(offers[0])...)
	}
	if isAsked {
		n.Offers = []ui.Offer{
			{Do: withoutThe + ":" + offers[0], Text: words.without}, {Do: asTyped, Text: words.asTyped},
		}
		offers = offers[1:]
	}
	for _, offer := range offers {
		n.Offers = append(n.Offers, ui.Offer{Do: useURL + ":" + offer, Text: useURLText, Value: offer})
	}
	return n
}

// handleURLNotes returns the notes on a URL that is being typed, as a fragment
// of a page.
func (s *server) handleURLNotes(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	read, typed := webhooks.ReadURL, valid(r.PostForm.Get("url"))
	if r.PostForm.Get("typing") != "" {
		read = webhooks.ReadPartOfURL
	}
	u := urlField{URLReport: read(typed)}
	return s.render(w, r, http.StatusOK, ui.Notes("url", u.notes(nil, unseenWords{})))
}
