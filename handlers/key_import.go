package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/views"
	"hookwall/views/ui"
)

const (
	// importWait is how long the page waits for the results if no script follows
	// the import.
	importWait = 10 * time.Second
	importRows = 50 // of one page
)

// handleKeyImport shows what became of many API keys.
func (s *server) handleKeyImport(w http.ResponseWriter, r *http.Request) error {
	i, err := s.readKeyImport(r)
	if err != nil {
		return err
	}
	if r.URL.Query().Get("follow") == "" && i.State == store.KeysRunning {
		if i, err = s.awaitImport(r, i); err != nil {
			return err
		}
	}
	return s.drawKeyImport(w, r, http.StatusOK, i)
}

// awaitImport returns the import when it is over, or as it is when that takes
// long.
func (s *server) awaitImport(r *http.Request, i store.KeyImport) (store.KeyImport, error) {
	release, ok := s.checkWaits.acquire(stateOf(r).self)
	if !ok {
		return i, nil
	}
	defer release()
	var err error
	for range s.poll(r.Context(), checkPoll, importWait) {
		if i, err = s.readKeyImport(r); err != nil || i.State != store.KeysRunning {
			break
		}
	}
	return i, err
}

func (s *server) readKeyImport(r *http.Request) (store.KeyImport, error) {
	v := stateOf(r)
	i, err := s.Store.KeyImport(r.Context(), v.owner, v.self, r.PathValue("id"))
	if errors.Is(err, store.ErrNotFound) {
		err = &httpError{
			Status: http.StatusNotFound, Public: importGoneText, Err: err,
			Links: []ui.Link{{Href: shopsPath, Text: "See the shops"}},
		}
	}
	return i, err
}

func (s *server) drawKeyImport(w http.ResponseWriter, r *http.Request, status int, i store.KeyImport) error {
	frame, err := s.frame(r, keyImportTitle)
	if err != nil {
		return err
	}
	at := min(max(1, lineNumber(r.URL.Query().Get("page"))), importPages(i))
	part, err := s.importProgress(r, i, at)
	if err != nil {
		return err
	}
	page := views.KeyImportPage{Frame: frame, Progress: part, Pager: importPager(i, at)}
	if i.State == store.KeysRunning {
		page.SelfHref = keyImportPath(i.ID) + "?follow=1"
		page.FollowHref = keyImportPath(i.ID) + "/stream"
		return s.render(w, r, status, views.KeyImport(page))
	}
	page.Notice = importNotice(i)
	if left := s.retryable(i); left > 0 {
		page.RetryAction, page.Retryable, page.KeysUntil = keyImportPath(i.ID)+"/retry", left, i.KeysUntil()
		page.RetryHelps = i.Reason != shops.StopRefused
	}
	if connectedIn(i) < i.Total() {
		form := s.keysFormView()
		page.Form = &form
	}
	return s.render(w, r, status, views.KeyImport(page))
}

// retryable returns how many keys can be tried again without being sent again.
func (s *server) retryable(i store.KeyImport) int {
	if i.State == store.KeysRunning || !s.Store.Now().Before(i.KeysUntil()) || i.Reason == shops.StopRights {
		return 0
	}
	return i.Count[store.KeyTemporary] + i.Count[store.KeyWaiting]
}

// importProgress returns the lines of a page of the results. Those in trouble
// are first where there are several pages.
func (s *server) importProgress(r *http.Request, i store.KeyImport, at int) (views.ImportProgress, error) {
	part := views.ImportProgress{
		Total: i.Total(), Connected: connectedIn(i), Running: i.State == store.KeysRunning,
		Tried: i.Total() - i.Count[store.KeyPending] - i.Count[store.KeyWaiting],
	}
	rows, err := s.Store.KeyRows(r.Context(), i, part.Total > importRows, (at-1)*importRows, importRows)
	canRetry := s.retryable(i) > 0
	for _, row := range rows {
		line := views.ImportLine{Line: row.Line, Name: row.Name, Shop: row.ShopName}
		line.State, line.Text = keyResult(row)
		if canRetry && row.Result == store.KeyTemporary {
			line.RetryAction = keyImportPath(i.ID) + "/retry"
		}
		part.Lines = append(part.Lines, line)
	}
	return part, err
}

// lineNumber returns the number of a line or a page, or 0 if the text is none.
func lineNumber(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return min(n, shops.MaxKeys)
}

func importPages(i store.KeyImport) int { return (i.Total() + importRows - 1) / importRows }

func importPager(i store.KeyImport, at int) ui.Pager {
	href := func(page int) string {
		return keyImportPath(i.ID) + "?" + url.Values{"page": {strconv.Itoa(page)}, "follow": {"1"}}.Encode()
	}
	pages := importPages(i)
	var p ui.Pager
	if pages < 2 || i.State == store.KeysRunning {
		return p
	}
	p.Where = pageText(at, pages)
	if at > 1 {
		p.BackHref, p.BackText = href(at-1), "Previous page"
	}
	if at < pages {
		p.OnHref, p.OnText = href(at+1), "Next page"
	}
	return p
}

// handleKeyImportStream sends how far an import is, as server-sent events.
func (s *server) handleKeyImportStream(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.readKeyImport(r); err != nil {
		return err
	}
	return s.stream(w, r, admin, runPoll, func() (progress, error) {
		i, err := s.readKeyImport(r)
		if err != nil {
			return progress{}, err
		}
		part, err := s.importProgress(r, i, 1)
		return progress{views.ImportSoFar(part), !part.Running}, err
	})
}

// handleKeysRetry tries keys again that are still there: that of one line, or
// all.
func (s *server) handleKeysRetry(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	i, err := s.readKeyImport(r)
	if err != nil {
		return err
	}
	line := lineNumber(r.PostForm.Get("line"))
	if hit, err := s.mayTryKey(r); err != nil {
		return err
	} else if hit != nil {
		s.logLimit(r, hit)
		return &httpError{
			Status: http.StatusTooManyRequests, RetryAfter: hit.wait, Public: badKeysNotice(hit.wait).Title + ".",
			Links: []ui.Link{{Href: keyImportPath(i.ID), Text: "Go back"}},
		}
	}
	n, err := s.Store.RetryKeyRows(r.Context(), i, line)
	if err != nil {
		return err
	}
	if n > 0 {
		s.work(r, i)
	} else if err := s.flash(r, keyImportPath(i.ID), nothingToRetryNotice()); err != nil {
		return err
	}
	return redirect(w, r, keyImportPath(i.ID)+followed(r))
}

// followed returns the query of a page that the browser's script follows.
func followed(r *http.Request) string {
	if r.PostFormValue("follow") == "1" {
		return "?follow=1"
	}
	return ""
}

// work tries the keys of an import in the background.
func (s *server) work(r *http.Request, i store.KeyImport) {
	log := stateOf(r).log
	s.background.start(func(ctx context.Context) {
		if err := s.imports.Work(ctx, i); err != nil {
			log.Error("an import of API keys was interrupted", "import", i.ID, "error", err)
		}
	})
}
