package handlers

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"strings"

	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/internal/team"
	"hookwall/views"
	"hookwall/views/ui"
)

const (
	maxKeysText = 1 << 20              // bytes of a file, or of what was pasted
	maxKeysForm = maxKeysText + 64<<10 // bytes; all of it stays in memory
	keysFile    = "file"               // for a file
	keysForm    = "form"               // one-time ID
)

// mayConnect reports whether a person may connect shops now.
func (s *server) mayConnect(ctx context.Context, id string) (bool, error) {
	if s.Team == nil {
		return false, nil
	}
	person, err := s.Team.Person(ctx, id)
	if errors.Is(err, team.ErrNotFound) {
		return false, nil
	}
	return person.Role.Includes(roleFor[admin]), err
}

// countRefused counts keys that Fourthwall refused against the limit of an
// address.
func (s *server) countRefused(ctx context.Context, address string) error {
	c := s.badKeysFrom(address)
	return s.Store.Spend(ctx, c.Limit, c.key)
}

// handleKeys connects shops with the API keys that were pasted, or that a file
// has. They are tried after the response.
func (s *server) handleKeys(w http.ResponseWriter, r *http.Request) error {
	keys, wrong, err := s.readKeys(r)
	if err != nil {
		return err
	}
	if wrong != "" {
		status := http.StatusUnprocessableEntity
		if wrong == keysTooLargeText {
			status = http.StatusRequestEntityTooLarge
		}
		return s.drawKeys(w, r, status, wrong)
	}
	if hit, err := s.mayTryKey(r); err != nil {
		return err
	} else if hit != nil {
		s.logLimit(r, hit)
		setRetryAfter(w, hit.wait)
		return s.keysAgain(w, r, http.StatusTooManyRequests, badKeysNotice(hit.wait))
	}
	id := r.PostFormValue(keysForm)
	if !randomID.MatchString(id) {
		id = rand.Text()
	}
	i, isNew, err := s.imports.Begin(r.Context(), id, stateOf(r).self, s.actor(r), s.clientNetworkName(r), keys)
	if errors.Is(err, store.ErrBusy) {
		setRetryAfter(w, busyPause)
		return s.keysAgain(w, r, http.StatusTooManyRequests, tooManyImportsNotice())
	}
	if err != nil {
		return err
	}
	if isNew {
		stateOf(r).log.Info("an import of API keys began", "import", i.ID, "lines", len(keys))
		s.work(r, i)
	}
	return redirect(w, r, keyImportPath(i.ID)+followed(r))
}

// readKeys returns the keys of a form, or a sentence that says what is wrong
// with it.
func (s *server) readKeys(r *http.Request) (keys []shops.KeyLine, wrong string, err error) {
	//nolint:gosec // bodyLimits bounds this page's body, all of which fits into memory
	err = r.ParseMultipartForm(maxKeysForm)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, keysTooLargeText, nil
	case err != nil && !errors.Is(err, http.ErrNotMultipart):
		return nil, "", badForm(err)
	}
	pasted := r.PostFormValue(keysField)
	file, err := readKeysFile(r)
	if err != nil {
		return nil, "", badForm(err)
	}
	isPasted := strings.TrimSpace(pasted) != ""
	switch {
	case isPasted && len(file) > 0:
		return nil, keysTwiceText, nil
	case isPasted:
		file = []byte(pasted)
	}
	if len(file) > maxKeysText {
		return nil, keysTooLargeText, nil
	}
	keys, err = shops.ReadKeys(file)
	return keys, keysText(err), nil
}

// readKeysFile returns the file that was chosen, or nothing.
func readKeysFile(r *http.Request) ([]byte, error) {
	if r.MultipartForm == nil {
		return nil, nil
	}
	file, _, err := r.FormFile(keysFile)
	if errors.Is(err, http.ErrMissingFile) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(file)
}

// drawKeys draws the connect page with what is wrong with the keys. They are
// never drawn again.
func (s *server) drawKeys(w http.ResponseWriter, r *http.Request, status int, wrong string) error {
	page, err := s.connectPage(r, nil)
	if err != nil {
		return err
	}
	page.Keys.Err = &ui.FieldError{Text: wrong}
	return s.render(w, r, status, views.Connect(page))
}

// keysAgain draws the connect page with a notice. The keys must be sent again.
func (s *server) keysAgain(w http.ResponseWriter, r *http.Request, status int, n ui.Notice) error {
	page, err := s.connectPage(r, nil)
	if err != nil {
		return err
	}
	n.Text = keysNotSentText(status, w.Header().Get("Retry-After"))
	page.Notices = append(page.Notices, *withRequestID(n, r))
	return s.render(w, r, status, views.Connect(page))
}
