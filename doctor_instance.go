package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"hookwall/handlers"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
)

const (
	// pretended is the IP address that the doctor claims to have, as anyone could. It belongs to nobody (RFC 5737).
	pretended = "192.0.2.77"
	// ticketTime is how long the ticket of a self-check is valid.
	ticketTime = 2 * time.Minute
	maxSeen    = 16 << 10 // bytes of a response
)

// checkInstance sends a request to the running dashboard through its public URL, and compares what arrives.
func (d *diagnosis) checkInstance(ctx context.Context, c Config) {
	if c.PublicURL == nil && strings.HasSuffix(c.Addr, ":0") {
		d.fact("Instance", "not checked, because its port is picked at the start")
		return
	}
	public, err := url.Parse(ownURL(c, ""))
	if err != nil {
		d.problem("Public URL", err.Error(), "Correct HOOKWALL_PUBLIC_URL.")
		return
	}
	text, err := existingKeys(c)
	if err != nil || text == "" {
		d.fact("Instance", "not checked, because there is no key yet. Start Hookwall, and run hookwall doctor again")
		return
	}
	keys, err := store.ParseKeys(text)
	if err != nil {
		return // checkDatabase has said so
	}
	seen, err := selfCheck(ctx, public.String(), keys.Ticket(handlers.SelfCheckPurpose, time.Now().Add(ticketTime)))
	if err == nil {
		d.compare(public, seen)
		return
	}
	local := healthFlags{Addr: c.Addr}
	if c.PublicURL != nil {
		local.PublicURL = c.PublicURL.String()
	}
	if checkHealth(ctx, local, io.Discard) != nil {
		d.fact("Instance", "not checked: "+err.Error()+", and no Hookwall is ready at "+c.Addr)
		return
	}
	d.problem("Public URL", "Hookwall is ready at "+c.Addr+", but not at "+public.String()+": "+err.Error(),
		"Check DNS, the certificate and the reverse proxy. It must forward GET /self-check without a sign-in of its own.")
}

// selfCheck returns what the dashboard at a URL sees of a request.
func selfCheck(ctx context.Context, at, ticket string) (seen handlers.SelfCheck, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at+"/self-check", http.NoBody)
	if err != nil {
		return seen, err
	}
	r.Header.Set("User-Agent", userAgent())
	r.Header.Set("X-Forwarded-For", pretended)
	r.Header.Set(handlers.SelfCheckHeader, ticket)
	transport := fourthwall.NewTransport()
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return seen, err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return seen, errors.New("it isn't this Hookwall, or has another key, another clock or another version (404)")
	case resp.StatusCode == http.StatusMisdirectedRequest:
		return seen, errors.New("the Host header doesn't arrive unchanged (421)")
	case resp.StatusCode != http.StatusOK:
		return seen, fmt.Errorf("something responds with status %d", resp.StatusCode)
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxSeen)).Decode(&seen); err != nil {
		return seen, errors.New("it doesn't respond like Hookwall")
	}
	return seen, nil
}

// compare prints what arrived, and what of it is wrong.
func (d *diagnosis) compare(public *url.URL, seen handlers.SelfCheck) {
	d.fact("Instance", fmt.Sprintf("%s responds at %s", seen.Version, public))
	if seen.Version != version {
		d.fact("", "This program is "+version+". Use the same version")
	}
	peer := "not a trusted proxy"
	if seen.Trusted {
		peer = "a trusted proxy"
	}
	d.fact("Own request", fmt.Sprintf("host %s, client %s, from %s (%s)", seen.Host, seen.Client, seen.Peer, peer))
	for _, name := range slices.Sorted(maps.Keys(seen.Forwarded)) {
		d.fact("", name+": "+seen.Forwarded[name])
	}
	if sent, err := url.Parse("//" + seen.Host); err != nil || !strings.EqualFold(sent.Hostname(), public.Hostname()) {
		d.problem("Host", fmt.Sprintf("the proxy sends %s in place of %s", seen.Host, public.Host),
			"Let the proxy pass the Host header through unchanged.")
	}
	if saw, do := wrongClient(public, seen); saw != "" {
		d.problem("Client", saw, do)
	}
	if seen.Jobs != "running" {
		d.problem("Background", "not running", "The log of the instance has the reason. It tries again every 30 seconds.")
	} else {
		d.fact("Background", "running")
	}
}

// wrongClient says what is wrong with the client's IP address, and what to do; "" if nothing is.
func wrongClient(public *url.URL, seen handlers.SelfCheck) (saw, do string) {
	given := seen.Forwarded["X-Forwarded-For"]
	// Hookwall has no TLS of its own, so with https there's a proxy. So is there if the header isn't what was sent.
	isProxied := public.Scheme == "https" || given != pretended
	switch {
	case seen.Trusted && given == pretended:
		return "the proxy believes any X-Forwarded-For, so anyone can pretend to have another IP address",
			"Let the proxy replace the header, or add the address that connects to it."
	case seen.Trusted && given == "":
		return "the proxy sends no X-Forwarded-For, so everyone behind it counts as one IP address",
			"Let the proxy add the client's IP address to X-Forwarded-For."
	case seen.Trusted && seen.Client == seen.Peer && !strings.Contains(given, seen.Peer):
		return "the last value of X-Forwarded-For is no IP address, so everyone behind the proxy counts as one",
			"Let the proxy add the client's IP address."
	case !seen.Trusted && isProxied:
		return "the proxy " + seen.Peer + " is not trusted, so everyone behind it counts as one IP address",
			"Add it to HOOKWALL_TRUSTED_PROXIES, and restart Hookwall."
	}
	return "", ""
}
