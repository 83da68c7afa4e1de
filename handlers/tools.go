package handlers

import (
	"net/http"

	"hookwall/internal/fourthwall"
	"hookwall/views"
)

// handleTools lists the tools. Those that need a shop link to the only one, or
// to the list of shops.
func (s *server) handleTools(w http.ResponseWriter, r *http.Request) error {
	frame, err := s.frame(r, "Tools")
	if err != nil {
		return err
	}
	check, test := shopsPath, shopsPath
	switch {
	case len(frame.Shops) == 1:
		check, test = checksPath(frame.Shops[0].ID)+"/new", webhooksPath(frame.Shops[0].ID)
	case !frame.SignedIn:
		check, test = connectPath, connectPath
	}
	return s.render(w, r, http.StatusOK, views.Tools(views.ToolsPage{
		Frame: frame, SignatureHref: signaturePath, SampleHref: samplePath(fourthwall.Groups()[0].Types[0].Code),
		CheckHref: check, TestHref: test,
	}))
}
