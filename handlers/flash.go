package handlers

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"hookwall/internal/store"
	"hookwall/views"
)

// flash leaves a notice for the next visit to page, a path as it stands in an
// address.
func (s *server) flash(r *http.Request, owner store.Owner, page string, n views.Notice) error {
	data, err := json.Marshal(n)
	if err != nil {
		return err
	}
	if page, err = url.PathUnescape(page); err != nil {
		return err
	}
	return s.Store.AddFlash(r.Context(), owner, page, data)
}

// tell leaves a notice for the next visit to page. What it tells of is done,
// and shows there, so a database that cannot be written only costs the notice.
func (s *server) tell(r *http.Request, owner store.Owner, page string, n views.Notice) error {
	err := s.flash(r, owner, page, n)
	if errors.Is(err, store.ErrUnavailable) {
		stateOf(r).log.Error("a notice could not be kept", "title", n.Title, "error", err)
		return nil
	}
	return err
}
