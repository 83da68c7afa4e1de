package handlers

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"hookwall/internal/store"
	"hookwall/views/ui"
)

// flash stores a notice for the next visit to page, which is an escaped path.
func (s *server) flash(r *http.Request, owner store.Owner, page string, n ui.Notice) error {
	data, err := json.Marshal(n)
	if err != nil {
		return err
	}
	if page, err = url.PathUnescape(page); err != nil {
		return err
	}
	return s.Store.AddFlash(r.Context(), owner, page, data)
}

// tell is flash for a change that the page shows anyway. If the database cannot
// be written, only the notice is lost.
func (s *server) tell(r *http.Request, owner store.Owner, page string, n ui.Notice) error {
	err := s.flash(r, owner, page, n)
	if errors.Is(err, store.ErrUnavailable) {
		stateOf(r).log.Error("a notice could not be kept", "title", n.Title, "error", err)
		return nil
	}
	return err
}

// takeFlashes returns the notices for this page, once. If the database cannot
// be written, they stay for the next visit, and the page is shown without them.
func (s *server) takeFlashes(r *http.Request) ([]ui.Notice, error) {
	v := stateOf(r)
	flashes, err := s.Store.TakeFlashes(r.Context(), v.owner, r.URL.Path)
	if errors.Is(err, store.ErrUnavailable) {
		v.log.Error("the notices of a page could not be taken", "error", err)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []ui.Notice
	for i, data := range flashes {
		if slices.ContainsFunc(flashes[:i], func(before []byte) bool { return bytes.Equal(before, data) }) {
			continue // both clicks of a double click left it
		}
		var n ui.Notice
		if err := json.Unmarshal(data, &n); err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

// What a flash passes to a webhook's page, besides what is shown.
const (
	createdMark = "webhook-created" // it was created just now
	revealMark  = "secret-revealed" // its secret is to be shown, this once
)

// takeMarks separates the marks from the notices that are shown.
func takeMarks(all []ui.Notice) (rest []ui.Notice, marks map[string]bool) {
	marks = map[string]bool{}
	for _, n := range all {
		if n.Kind == createdMark || n.Kind == revealMark {
			marks[n.Kind] = true
			continue
		}
		rest = append(rest, n)
	}
	return rest, marks
}
