package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/views/ui"
)

// keptFlash is a notice as it is stored.
type keptFlash struct {
	ui.Notice

	Claim *claim `json:"claim,omitempty"` // what it says of a webhook
}

// claim is what a notice says was done to a webhook. The page that shows the
// notice compares it with what it reads.
type claim struct {
	Action string             `json:"action"` // the activity's
	ID     string             `json:"id"`
	Before fourthwall.Content `json:"before"`
	Asked  fourthwall.Content `json:"asked"`
	Has    fourthwall.Content `json:"has"` // by Fourthwall's response
}

// flash stores a notice for this session's next visit to page, which is an
// escaped path.
func (s *server) flash(r *http.Request, page string, n ui.Notice) error {
	return s.flashWith(r.Context(), stateOf(r).self, page, keptFlash{Notice: n})
}

func (s *server) flashWith(ctx context.Context, self store.Owner, page string, f keptFlash) error {
	page, data, err := stored(page, f)
	if err != nil {
		return err
	}
	return s.Store.AddFlash(ctx, self, page, data)
}

// stored returns the page and the data of a flash as they are stored.
func stored(page string, f keptFlash) (path string, data []byte, err error) {
	if data, err = json.Marshal(f); err != nil {
		return "", nil, err
	}
	path, err = url.PathUnescape(page)
	return path, data, err
}

// tell is flash for a change that the page shows anyway. It stores the notice
// even if the client has left. If the database cannot be written, only the
// notice is lost.
func (s *server) tell(r *http.Request, page string, f keptFlash) error {
	err := s.flashWith(context.WithoutCancel(r.Context()), stateOf(r).self, page, f)
	if errors.Is(err, store.ErrUnavailable) {
		stateOf(r).log.Error("a notice could not be kept", "title", f.Title, "error", err)
		return nil
	}
	return err
}

// takeFlashes returns the notices for this page, once. The state of the request
// has them with their claims. If the database cannot be written, they stay for
// the next visit, and the page is shown without them.
func (s *server) takeFlashes(r *http.Request) ([]ui.Notice, error) {
	v := stateOf(r)
	if !store.PageOf(r.Context()).HasFlashes(v.self, r.URL.Path) {
		return nil, nil
	}
	flashes, err := s.Store.TakeFlashes(r.Context(), v.self, r.URL.Path)
	if errors.Is(err, store.ErrUnavailable) {
		logFailure(r, "the notices of a page could not be taken", err)
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
		var f keptFlash
		if err := json.Unmarshal(data, &f); err != nil {
			return nil, err
		}
		v.flashes = append(v.flashes, f)
		out = append(out, f.Notice)
	}
	return out, nil
}

// returnFlashes stores the notices of a page that could not be drawn again, for
// the next visit.
func (s *server) returnFlashes(r *http.Request) {
	v := stateOf(r)
	for _, f := range v.flashes {
		if err := s.tell(r, r.URL.EscapedPath(), f); err != nil {
			v.log.Warn("a notice could not be kept", "title", f.Title, "error", err)
		}
	}
}

// claimOf returns what the page's notices claim of an action on a webhook, or
// nil.
func (v *requestState) claimOf(action, id string) *claim {
	for _, f := range v.flashes {
		if f.Claim != nil && f.Claim.Action == action && f.Claim.ID == id {
			return f.Claim
		}
	}
	return nil
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
