package handlers

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"

	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/views/ui"
)

// handlePlanNew shows the form that plans a change for the shops that a filter
// shows. After a new sign-in, it shows what was typed before.
func (s *server) handlePlanNew(w http.ResponseWriter, r *http.Request) error {
	if stateOf(r).owner == "" {
		return redirect(w, r, connectPath)
	}
	f := readPlanForm(r.URL.Query())
	draft, err := s.Store.Draft(r.Context(), s.browserToken(r), r.URL.Query().Get("draft"))
	switch {
	case err == nil && draft.Page == plansPath:
		f = readPlanForm(draft.Form)
	case err != nil && !draftGone(err):
		return err
	}
	found, err := s.findForPlan(r, f)
	if err != nil {
		return err
	}
	if found.seen == nil { // one shop has its own pages
		return redirect(w, r, shopsPath)
	}
	if shop := r.URL.Query().Get("shop"); shop != "" {
		if err := s.fillFromWebhook(r, f, shop, r.URL.Query().Get("webhook")); err != nil {
			return err
		}
	}
	return s.drawPlanForm(w, r, http.StatusOK, f, found)
}

// findForPlan returns the shops that the form's filter shows, and notes the
// template that it names.
func (s *server) findForPlan(r *http.Request, f *planForm) (foundShops, error) {
	found, err := s.findShops(r, f.filter)
	if err != nil || found.seen == nil {
		return found, err
	}
	if err := s.readTemplates(r, found.seen); err != nil {
		return found, err
	}
	if t, known := found.seen.templateOf(f.filter.template); known {
		f.template = &t
	}
	return found, nil
}

// fillFromWebhook fills the form in with a webhook of one of the shops. Its URL
// may be secret, so it isn't in ours.
func (s *server) fillFromWebhook(r *http.Request, f *planForm, shop, id string) error {
	conn, err := s.Store.Connection(r.Context(), stateOf(r).owner, shop)
	if errors.Is(err, store.ErrNotFound) {
		return &httpError{Status: http.StatusNotFound, Public: unconnectedText}
	}
	var hook fourthwall.Webhook
	if err == nil {
		hook, err = s.fetchWebhook(r.Context(), conn, id)
	}
	if errors.Is(err, store.ErrUnavailable) {
		return err
	}
	if err != nil {
		stateOf(r).log.Warn("the webhook could not be read to copy it", "error", err)
		f.banner = &ui.Notice{Kind: ui.Warning, Title: copyUnreadTitle, Text: copyUnreadText}
		return nil
	}
	f.to, f.types, f.asTyped = hook.URL, codesOf(hook.AllowedTypes), hook.URL
	return nil
}

// handlePlanMake makes a plan for all shops that the form's filter shows. It asks
// again if they aren't those that the form was drawn with.
func (s *server) handlePlanMake(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	if stateOf(r).owner == "" || s.Fleet == nil {
		return &httpError{Status: http.StatusNotFound}
	}
	f := readPlanForm(r.PostForm)
	found, err := s.findForPlan(r, f)
	if err != nil {
		return err
	}
	if found.seen == nil {
		return redirect(w, r, shopsPath)
	}
	draw := func(status int) error { return s.drawPlanForm(w, r, status, f, found) }
	if name := f.decide(r.PostForm.Get("do")); name == useURL {
		return draw(http.StatusOK)
	}
	if f.kind == "" {
		return draw(http.StatusUnprocessableEntity)
	}
	k, err := s.knownHooks(r, found)
	if err != nil {
		return err
	}
	if !f.validate(k) {
		return draw(http.StatusUnprocessableEntity)
	}
	if r.PostForm.Get(seenField) != found.identity() {
		f.banner = &ui.Notice{Kind: ui.Warning, Title: otherShopsTitle, Text: otherShopsPlanText}
		return draw(http.StatusConflict)
	}
	edit := f.edit()
	form, err := f.formOf(edit, found)
	if err != nil {
		return err
	}
	p, proposal, err := s.Fleet.MakePlan(r.Context(), s.actor(r), form, edit, found.ids())
	if errors.Is(err, fleet.ErrNothingToChange) {
		f.nothing, f.banner = &proposal, new(nothingToChangeNotice(proposal))
		return draw(http.StatusUnprocessableEntity)
	}
	if err != nil {
		return err
	}
	stateOf(r).log.Info("a plan was made", "plan", p.Number, "shops", p.Shops)
	return redirect(w, r, planPath(p.Number))
}

// formOf returns the ID of the form with an edit and its shops. After Back, a
// form that was changed makes another plan.
func (f *planForm) formOf(e fleet.Edit, found foundShops) (string, error) {
	text, err := json.Marshal(e)
	sum := sha256.Sum256(append(text, found.identity()...))
	return f.key + hex.EncodeToString(sum[:8]), err
}

// planFormAgain draws the form as it was sent.
func (s *server) planFormAgain(w http.ResponseWriter, r *http.Request, status int, n ui.Notice) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	f := readPlanForm(r.PostForm)
	found, err := s.findForPlan(r, f)
	if err != nil {
		return err
	}
	f.banner = withRequestID(n, r)
	return s.drawPlanForm(w, r, status, f, found)
}
