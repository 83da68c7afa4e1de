package handlers

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"hookwall/internal/fleet"
	"hookwall/internal/store"
)

// apiShop is a shop of the team.
type apiShop struct {
	ID       string      `json:"id"`
	Name     string      `json:"name"`
	Domain   string      `json:"domain"`
	Labels   []string    `json:"labels"`
	State    fleet.State `json:"state"`
	Webhooks *int        `json:"webhooks"` // how many; null if they were never read
	SeenAt   *time.Time  `json:"seenAt"`   // null if never
}

// handleAPIShops lists the team's shops, by ID.
func (s *server) handleAPIShops(w http.ResponseWriter, r *http.Request) error {
	all, labels, err := s.apiShops(r)
	if err != nil {
		return err
	}
	list := []apiShop{}
	for _, o := range all {
		shop := apiShop{
			ID: o.ShopID, Name: o.ShopName, Domain: o.ShopDomain, Labels: append([]string{}, labels[o.ShopID]...),
			State: s.Fleet.StateOf(o), SeenAt: timeOrNone(o.SeenAt),
		}
		if !o.SeenAt.IsZero() {
			shop.Webhooks = &o.WebhookCount
		}
		list = append(list, shop)
	}
	return writeJSON(w, http.StatusOK, "application/json", map[string]any{"shops": list})
}

// handleAPIExport sends the fleet file of the shops.
func (s *server) handleAPIExport(w http.ResponseWriter, r *http.Request) error {
	format, contentType, err := exportFormat(r)
	if err != nil {
		return err
	}
	all, _, err := s.apiShops(r)
	if err != nil {
		return err
	}
	ids := []string{}
	for _, o := range all {
		ids = append(ids, o.ShopID)
	}
	text, err := s.Fleet.ExportFile(r.Context(), stateOf(r).owner, ids, format)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	_, err = w.Write(text)
	return err
}

// exportFormat returns what the query asks for, else what the client accepts.
// YAML is what it gets if it doesn't care.
func exportFormat(r *http.Request) (format fleet.FileFormat, contentType string, err error) {
	asked := r.URL.Query().Get("format")
	accept := strings.ToLower(strings.Join(r.Header.Values("Accept"), ","))
	switch {
	case asked == string(fleet.JSON), asked == "" && strings.Contains(accept, "json") && !strings.Contains(accept, "yaml"):
		return fleet.JSON, "application/json", nil
	case asked == string(fleet.YAML), asked == "":
		return fleet.YAML, "application/yaml", nil
	}
	return "", "", &httpError{Status: http.StatusBadRequest, Public: badFormatText}
}

// apiShops returns the team's shops by ID, of those with a label the query may
// name, and the labels of all.
func (s *server) apiShops(r *http.Request) ([]store.Observation, map[string][]string, error) {
	owner := stateOf(r).owner
	all, err := s.Store.Observations(r.Context(), owner)
	if err != nil {
		return nil, nil, err
	}
	labels, err := s.Store.ShopLabels(r.Context(), owner)
	if err != nil {
		return nil, nil, err
	}
	if label := r.URL.Query().Get("label"); label != "" {
		filter := foundShops{filter: shopFilter{label: bounded(label, maxShopQuery)}, labels: labels}
		all = slices.DeleteFunc(all, func(o store.Observation) bool { return !filter.shows(o.Connection) })
	}
	slices.SortFunc(all, func(a, b store.Observation) int { return cmp.Compare(a.ShopID, b.ShopID) })
	return all, labels, nil
}
