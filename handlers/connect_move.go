package handlers

import (
	"errors"
	"net/http"
	"slices"

	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/views"
	"hookwall/views/ui"
)

// moveForm says which shops are to be moved to the team, as it was sent. The
// zero value is the form before that.
type moveForm struct {
	sent       bool
	move, drop []string // IDs of shops; drop are those that the team has
	err        *ui.FieldError
}

// handleMoveForm offers to move shops of before the team to the team.
func (s *server) handleMoveForm(w http.ResponseWriter, r *http.Request) error {
	return s.drawMove(w, r, http.StatusOK, moveForm{})
}

// handleMove moves the chosen shops. It deletes the browser's own access to a
// shop that the team has only if the person chose that.
func (s *server) handleMove(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	f := moveForm{sent: true, move: r.PostForm["move"], drop: r.PostForm["drop"]}
	var moves []store.Move
	for _, id := range f.move {
		moves = append(moves, store.Move{Shop: id})
	}
	for _, id := range f.drop {
		moves = append(moves, store.Move{Shop: id, Drop: true})
	}
	if len(moves) == 0 {
		f.err = &ui.FieldError{Text: moveNothingText}
		return s.drawMove(w, r, http.StatusUnprocessableEntity, f)
	}
	v := stateOf(r)
	done, err := s.Shops.Move(r.Context(), s.actor(r), v.self, moves)
	if errors.Is(err, store.ErrNotFound) {
		return s.drawMove(w, r, http.StatusOK, moveForm{}) // the session has ended since
	}
	if err != nil {
		return err
	}
	for _, m := range done {
		v.log.Info("a shop of before the team", "shop", clip(m.ShopID, maxLoggedShop), "end", m.End)
	}
	if err := s.tell(r, shopsPath, keptFlash{Notice: movedNotice(done)}); err != nil {
		return err
	}
	return redirect(w, r, shopsPath)
}

func (s *server) drawMove(w http.ResponseWriter, r *http.Request, status int, f moveForm) error {
	v := stateOf(r)
	frame, err := s.frame(r, "Move shops")
	if err != nil {
		return err
	}
	own, err := s.Store.Connections(r.Context(), v.self)
	if err != nil {
		return err
	}
	ofTeam, err := s.Store.Connections(r.Context(), v.owner)
	if err != nil {
		return err
	}
	page := views.MovePage{
		Frame: frame, Action: movePath, ListHref: shopsPath, EndText: s.personalEnd(), Err: f.err,
	}
	for _, c := range own {
		row := views.MoveRow{ShopLink: shopLink(c), Way: shops.Way(c)}
		if slices.ContainsFunc(ofTeam, func(other store.Connection) bool { return other.ShopID == c.ShopID }) {
			row.Chosen = slices.Contains(f.drop, c.ShopID)
			page.OfTeam = append(page.OfTeam, row)
			continue
		}
		row.Chosen = !f.sent || slices.Contains(f.move, c.ShopID)
		page.Shops = append(page.Shops, row)
	}
	return s.render(w, r, status, views.Move(page))
}
