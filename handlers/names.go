package handlers

import (
	"cmp"
	"net/http"

	"hookwall/views/ui"
)

// names has what people call the webhooks of a shop, by the webhook's ID.
type names map[string]string

// names returns the labels of the shop in the path.
func (s *server) names(r *http.Request) (names, error) {
	return s.Store.Labels(r.Context(), stateOf(r).conn.ShopID)
}

// of returns the name of a webhook: its label, or the host and path of its URL.
// If neither is known, its ID is its name.
func (n names) of(id, address string) string {
	return cmp.Or(n[id], ui.HostAndPath(address), id)
}

// nameOf returns the name of one webhook of the shop in the path. It is for a
// notice or an error, for which the host and path will do if the labels can't be
// read.
func (s *server) nameOf(r *http.Request, id, address string) string {
	if stateOf(r).offline {
		return names{}.of(id, address)
	}
	all, err := s.names(r)
	if err != nil {
		logFailure(r, "the labels of a shop could not be read", err)
	}
	return all.of(id, address)
}
