package handlers

import (
	"cmp"
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"hookwall/internal/team"
	"hookwall/views"
	"hookwall/views/ui"
)

// handleYou lists the reader's own sessions and access tokens.
func (s *server) handleYou(w http.ResponseWriter, r *http.Request) error {
	return s.drawYou(w, r, http.StatusOK, views.TokenForm{Form: rand.Text()})
}

// drawYou draws the page with the form for a token as it was typed.
func (s *server) drawYou(w http.ResponseWriter, r *http.Request, status int, f views.TokenForm) error {
	v := stateOf(r)
	sessions, err := s.Team.Sessions(r.Context(), v.person.ID)
	if err != nil {
		return err
	}
	tokens, err := s.Team.Tokens(r.Context(), v.person.ID)
	if err != nil {
		return err
	}
	frame, err := s.frame(r, youTitle)
	if err != nil {
		return err
	}
	frame.Path = youPath // also after its forms
	page := views.YouPage{Frame: frame, Now: s.Store.Now(), Email: v.person.Email, EndAction: youEndPath, Make: f}
	for _, one := range sessions {
		page.Sessions = append(page.Sessions, views.SessionRow{
			ID: one.ID, Mark: one.Mark, Browser: cmp.Or(one.Browser, unknownBrowser),
			CreatedAt: one.CreatedAt, SeenAt: one.SeenAt, Current: one.ID == v.session.ID,
		})
	}
	for _, one := range tokens {
		page.Tokens = append(page.Tokens, views.TokenRow{
			ID: one.ID, Name: one.Name, Scope: scopeLabels.text(one.Scope), ExpiresAt: one.ExpiresAt, UsedAt: one.UsedAt,
			Expired: !page.Now.Before(one.ExpiresAt), RevokeAction: revokeTokenPath,
		})
	}
	addTokenChoices(&page.Make, v.role)
	return s.render(w, r, status, views.You(page))
}

// addTokenChoices adds what a person with a role may choose, unless that is
// nothing.
func addTokenChoices(f *views.TokenForm, role team.Role) {
	scopes := team.ScopesOf(role)
	if len(scopes) == 0 {
		return
	}
	f.Action = tokensPath
	for _, scope := range scopes {
		f.Scopes = append(f.Scopes, ui.Choice{Value: string(scope), Text: scopeLabels.text(string(scope))})
	}
	for _, days := range team.TokenDays() {
		f.Times = append(f.Times, ui.Choice{Value: strconv.Itoa(days), Text: inDaysText(days)})
	}
	if !slices.ContainsFunc(f.Scopes, func(c ui.Choice) bool { return c.Value == f.Scope }) {
		f.Scope = f.Scopes[0].Value
	}
	if !slices.ContainsFunc(f.Times, func(c ui.Choice) bool { return c.Value == f.Days }) {
		f.Days = f.Times[0].Value
	}
}

// handleYouEnd ends another session of the reader.
func (s *server) handleYouEnd(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	if err := s.Team.EndSession(r.Context(), s.actor(r), stateOf(r).person.ID, r.PostForm.Get("session")); err != nil {
		return err
	}
	if err := s.flash(r, youPath, sessionEndedNotice()); err != nil {
		return err
	}
	return redirect(w, r, youPath)
}

// readTokenForm reads what was posted.
func readTokenForm(r *http.Request) (views.TokenForm, error) {
	if err := r.ParseForm(); err != nil {
		return views.TokenForm{}, badForm(err)
	}
	f := views.TokenForm{
		Form: r.PostForm.Get("form"), Name: bounded(r.PostForm.Get("name"), maxShopQuery), Scope: r.PostForm.Get("scope"),
		Days: r.PostForm.Get("days"),
	}
	if !randomID.MatchString(f.Form) {
		f.Form = rand.Text()
	}
	return f, nil
}

// handleTokenMake makes an access token, and shows it, once.
func (s *server) handleTokenMake(w http.ResponseWriter, r *http.Request) error {
	f, err := readTokenForm(r)
	if err != nil {
		return err
	}
	days, _ := strconv.Atoi(f.Days) // otherwise none of those there are
	made, token, err := s.Team.AddToken(r.Context(), s.actor(r), team.NewToken{
		Form: f.Form, Name: f.Name, Scope: team.Scope(f.Scope), Days: days,
	})
	switch {
	case errors.Is(err, team.ErrTokenMade):
		if err := s.flash(r, youPath, tokenShownNotice()); err != nil {
			return err
		}
		return redirect(w, r, youPath)
	case tokenProblem(err) != "":
		if holdsSecret(f.Name) { // pasted into the wrong field
			f.Name = ""
		}
		f.Err = &ui.FieldError{Text: tokenProblem(err)}
		return s.drawYou(w, r, http.StatusUnprocessableEntity, f)
	case err != nil:
		return err
	}
	stateOf(r).log.Info("an access token was made", "token", made.ID, "scope", made.Scope, "by", made.Person)
	frame, err := s.frame(r, tokenTitle)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, views.TokenMade(views.TokenPage{
		Frame: frame, Token: token, Name: made.Name, Scope: scopeLabels.text(made.Scope), ExpiresAt: made.ExpiresAt,
		Server: s.PublicURL.String(),
	}))
}

// handleTokenRevoke deletes an access token of the reader.
func (s *server) handleTokenRevoke(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	id := r.PostForm.Get("token")
	err := s.Team.RevokeToken(r.Context(), s.actor(r), id)
	if err != nil && !errors.Is(err, team.ErrNotFound) { // it is gone, as it should be
		return err
	}
	if err := s.flash(r, youPath, tokenRevokedNotice()); err != nil {
		return err
	}
	return redirect(w, r, youPath)
}
