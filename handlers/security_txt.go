package handlers

import (
	"io"
	"net/http"
	"net/netip"
	"time"
)

// securityTextLife is how long security.txt is valid. RFC 9116 asks for less
// than a year.
const securityTextLife = 90 * 24 * time.Hour

// handleSecurityText says where to report a weakness, by RFC 9116.
func (s *server) handleSecurityText(w http.ResponseWriter, _ *http.Request) error {
	text := ""
	for _, contact := range s.securityContacts() {
		text += "Contact: " + contact + "\n"
	}
	text += "Expires: " + s.Now().Add(securityTextLife).UTC().Truncate(time.Hour).Format(time.RFC3339) + "\n" +
		"Preferred-Languages: en\n" +
		"Canonical: " + s.PublicURL.String() + securityTextPath + "\n"
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, text)
	return nil
}

// securityContacts returns the configured contacts or else the mailbox that RFC
// 2142 reserves for this at every host.
func (s *server) securityContacts() []string {
	if len(s.SecurityContacts) > 0 {
		return s.SecurityContacts
	}
	return []string{"mailto:security@" + mailHost(s.PublicURL.Hostname())}
}

// mailHost returns a host as it is written in the URI of a mailbox, where an IP
// address is in brackets.
func mailHost(host string) string {
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return host
	case ip.Is6():
		return "%5BIPv6:" + ip.String() + "%5D"
	}
	return "%5B" + ip.String() + "%5D"
}
