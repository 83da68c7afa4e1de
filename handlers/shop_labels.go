package handlers

import (
	"errors"
	"net/http"

	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/views"
	"hookwall/views/ui"
)

// shopLabelsForm is the form with the labels of a shop, as it was typed.
type shopLabelsForm struct {
	typed  string
	err    *ui.FieldError
	banner *ui.Notice
}

// handleShopLabelsForm shows the labels of a shop. After a new sign-in, and
// after a label was removed, it shows what was typed before.
func (s *server) handleShopLabelsForm(w http.ResponseWriter, r *http.Request) error {
	if err := s.findToLabel(r); err != nil {
		return err
	}
	f := shopLabelsForm{typed: bounded(r.URL.Query().Get("labels"), maxTypedLabel)}
	draft, err := s.Store.Draft(r.Context(), s.browserToken(r), r.URL.Query().Get("draft"))
	switch {
	case err == nil && draft.Page == shopLabelsRoute && draft.Shop == r.PathValue("shop"):
		f.typed = bounded(draft.Form.Get("labels"), maxTypedLabel)
	case err != nil && !draftGone(err):
		return err
	}
	return s.drawShopLabels(w, r, http.StatusOK, f)
}

// findToLabel finds the connection to the shop in the path. One that has expired
// can be labeled too, so this isn't behind the guard.
func (s *server) findToLabel(r *http.Request) error {
	v := stateOf(r)
	if v.owner == "" {
		return store.ErrNotFound // nothing is connected
	}
	conn, err := s.Store.Connection(r.Context(), v.owner, r.PathValue("shop"))
	if errors.Is(err, store.ErrNotFound) {
		return &httpError{
			Status: http.StatusNotFound, Public: unconnectedText,
			Links: []ui.Link{{Href: shopsPath, Text: "See the connected shops"}},
		}
	}
	if err != nil && !errors.Is(err, store.ErrWrongKey) {
		return err
	}
	v.conn = conn
	return nil
}

// handleShopLabels adds labels to a shop, or removes one if its button was
// used.
func (s *server) handleShopLabels(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	if err := s.findToLabel(r); err != nil {
		return err
	}
	conn, typed := stateOf(r).conn, bounded(r.PostForm.Get("labels"), maxTypedLabel)
	if remove := bounded(r.PostForm.Get("remove"), maxTypedLabel); remove != "" {
		had, err := s.Shops.RemoveLabel(r.Context(), s.actor(r), conn, remove)
		if err != nil {
			return err
		}
		n := labelNotThereNotice(remove)
		if had {
			n = labelRemovedNotice(remove)
		}
		return s.labelsChanged(w, r, n, typed)
	}
	labels, problem := shops.ReadLabels(typed)
	if problem != "" {
		f := shopLabelsForm{typed: typed, err: &ui.FieldError{Text: problem}}
		return s.drawShopLabels(w, r, http.StatusUnprocessableEntity, f)
	}
	done, err := s.Shops.AddLabels(r.Context(), s.actor(r), []store.Connection{conn}, labels)
	if err != nil {
		return err
	}
	if done[0].Full {
		f := shopLabelsForm{typed: typed, err: &ui.FieldError{Text: shopFullText()}}
		return s.drawShopLabels(w, r, http.StatusUnprocessableEntity, f)
	}
	return s.labelsChanged(w, r, labelsAddedNotice(done[0].Added), "")
}

// labelsChanged leads back to the form, which says what was done and keeps what
// was typed.
func (s *server) labelsChanged(w http.ResponseWriter, r *http.Request, n ui.Notice, typed string) error {
	at := shopLabelsPath(stateOf(r).conn.ShopID)
	if err := s.tell(r, at, keptFlash{Notice: n}); err != nil {
		return err
	}
	return redirect(w, r, withQuery(at, filled(map[string]string{"labels": typed}).Encode()))
}

// shopLabelsAgain draws the form as it was sent.
func (s *server) shopLabelsAgain(w http.ResponseWriter, r *http.Request, status int, n ui.Notice) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	if err := s.findToLabel(r); err != nil {
		return err
	}
	f := shopLabelsForm{typed: bounded(r.PostForm.Get("labels"), maxTypedLabel), banner: withRequestID(n, r)}
	return s.drawShopLabels(w, r, status, f)
}

func (s *server) drawShopLabels(w http.ResponseWriter, r *http.Request, status int, f shopLabelsForm) error {
	v := stateOf(r)
	of, err := s.Store.ShopLabels(r.Context(), v.owner)
	if err != nil {
		return err
	}
	frame, err := s.frame(r, "Labels")
	if err != nil {
		return err
	}
	page := views.ShopLabelsPage{
		Frame: frame, Of: shopLink(v.conn), ListHref: shopsPath, Action: shopLabelsPath(v.conn.ShopID),
		Labels: of[v.conn.ShopID], Banner: f.banner,
		Form: views.LabelsForm{Typed: f.typed, Err: f.err, Known: knownLabels(of)},
	}
	return s.render(w, r, status, views.ShopLabels(page))
}
