package store

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"time"
)

const draftLife = time.Hour

// Draft is a form as typed that must survive a sign-in. It belongs to the browser that sent it. Browser
// is given in clear; the database has its hash only. Form is sealed there.
type Draft struct {
	ID        string
	Browser   string // value of a cookie of its own, which outlives the session
	Page      string // path of the form
	Shop      string
	Form      url.Values
	ExpiresAt time.Time // set by PutDraft
}

// PutDraft stores a draft for one hour and returns it as stored. It makes an ID if there is none, and
// otherwise replaces the browser's draft of that ID. Browser must not be empty.
func (s *Store) PutDraft(ctx context.Context, d Draft) (Draft, error) {
	if d.Browser == "" {
		return Draft{}, errors.New("store: put draft: browser is required")
	}
	if d.ID == "" {
		d.ID = rand.Text()
	}
	d.ExpiresAt = s.now().Add(draftLife)
	browser := hashOf(d.Browser)
	_, err := s.exec(ctx, `
		INSERT INTO drafts (environment, browser_hash, id, page, shop, form, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (environment, browser_hash, id) DO UPDATE SET
			page = excluded.page, shop = excluded.shop, form = excluded.form, expires_at = excluded.expires_at`,
		s.env, browser, d.ID, d.Page, d.Shop,
		s.keys.seal([]byte(d.Form.Encode()), s.formContext(browser, d.ID)), millis(d.ExpiresAt))
	return d, failed("put draft", err)
}

// Draft returns a browser's draft, or ErrNotFound.
func (s *Store) Draft(ctx context.Context, browser, id string) (Draft, error) {
	d := Draft{ID: id, Browser: browser}
	var sealed []byte
	var expires int64
	err := s.engine.read.QueryRowContext(ctx, `
		SELECT page, shop, form, expires_at FROM drafts
		WHERE environment = $1 AND browser_hash = $2 AND id = $3 AND expires_at > $4`,
		s.env, hashOf(browser), id, millis(s.now())).Scan(&d.Page, &d.Shop, &sealed, &expires)
	if err != nil {
		return Draft{}, failed("read draft", err)
	}
	d.ExpiresAt = timeAt(expires)
	form, err := s.keys.open(sealed, s.formContext(hashOf(browser), id))
	if err != nil {
		return Draft{}, s.gone(ctx, "read draft", err)
	}
	d.Form, err = url.ParseQuery(string(form))
	return d, failed("read draft", err)
}

// DeleteDraft deletes a browser's draft. It is no error if there is none.
func (s *Store) DeleteDraft(ctx context.Context, browser, id string) error {
	_, err := s.exec(ctx, `DELETE FROM drafts WHERE environment = $1 AND browser_hash = $2 AND id = $3`,
		s.env, hashOf(browser), id)
	return failed("delete draft", err)
}

func (s *Store) formContext(browserHash, id string) rowContext {
	return rowContext{"drafts", "form", []string{s.env, browserHash, id}}
}
