package handlers

import (
	"cmp"
	"net"
	"net/http"
	"strings"

	"hookwall/handlers/middleware"
)

const (
	// SelfCheckHeader has the ticket of a self-check, made with a key of the dashboard.
	SelfCheckHeader = "X-Hookwall-Self-Check"
	// SelfCheckPurpose is what the ticket is for.
	SelfCheckPurpose = "self-check"

	maxSeenHeader = 300 // bytes
)

// SelfCheck is what the dashboard sees of a request by hookwall doctor, which compares it with what it sent.
type SelfCheck struct {
	Version   string            `json:"version"`
	Host      string            `json:"host"`
	Peer      string            `json:"peer"`      // IP address that connected
	Trusted   bool              `json:"trusted"`   // it is a trusted proxy
	Client    string            `json:"client"`    // IP address that the limits count
	Forwarded map[string]string `json:"forwarded"` // headers of proxies
	Jobs      string            `json:"jobs"`      // "running" or "not running"
}

// forwardedHeaders are the headers by which proxies describe a request.
var forwardedHeaders = []string{
	"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Forwarded", "Via",
}

// handleSelfCheck responds to hookwall doctor, which has the same keys, with what it sees of the request. To others,
// there's no such page.
func (s *server) handleSelfCheck(w http.ResponseWriter, r *http.Request) error {
	if !s.Store.CheckTicket(SelfCheckPurpose, r.Header.Get(SelfCheckHeader)) {
		return tellSupervisor(w, http.StatusNotFound, "not found\n")
	}
	peer, _, _ := net.SplitHostPort(r.RemoteAddr)
	seen := SelfCheck{
		Version: s.Version, Host: middleware.Clip(r.Host, maxSeenHeader), Peer: cmp.Or(peer, r.RemoteAddr),
		Trusted: s.clients.IsTrusted(r), Client: s.clientAddress(r), Forwarded: map[string]string{}, Jobs: "running",
	}
	for _, name := range forwardedHeaders {
		if all := r.Header.Values(name); len(all) > 0 {
			seen.Forwarded[name] = middleware.Clip(strings.Join(all, ", "), maxSeenHeader)
		}
	}
	if s.jobsErr() != nil {
		seen.Jobs = "not running"
	}
	return writeJSON(w, http.StatusOK, "application/json", seen)
}
