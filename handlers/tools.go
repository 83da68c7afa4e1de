package handlers

import (
	"net/http"

	"hookwall/internal/fourthwall"
	"hookwall/views"
)

// handleTools lists the tools. Those that need a shop link to the one in the
// bar, or to the list of shops.
func (s *server) handleTools(w http.ResponseWriter, r *http.Request) error {
	frame, err := s.frame(r, "Tools")
	if err != nil {
		return err
	}
	check, test := shopsPath, shopsPath
	switch {
	case frame.Shop != nil:
		check, test = checksPath(frame.Shop.ID)+"/new", webhooksPath(frame.Shop.ID)
	case !frame.SignedIn:
		check, test = connectPath, connectPath
	}
	return s.render(w, r, http.StatusOK, views.Tools(views.ToolsPage{
		Frame: frame, SignatureHref: signaturePath, SampleHref: samplePath(fourthwall.Groups()[0].Types[0].Code),
		CheckHref: check, TestHref: test,
	}))
}
