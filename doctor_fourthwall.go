package main

import (
	"cmp"
	"context"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"hookwall/internal/fourthwall"
)

// checkFourthwall checks whether the API and its sign-in page can be reached, without a credential.
func (d *diagnosis) checkFourthwall(ctx context.Context, c Config) {
	if c.Sandbox {
		d.fact("Fourthwall", "the sandbox. Nothing reaches the real one")
		return
	}
	d.checkAPI(ctx, c)
	if c.ChannelTokenURL != "" {
		d.fact("Channels", "tokens from "+c.ChannelTokenURL)
	}
	if c.ClientID == "" {
		d.fact("Connect", "with API keys only, because FOURTHWALL_CLIENT_ID is not set")
		return
	}
	d.fact("Redirect URL", ownURL(c, "/oauth/callback")+" (register exactly this in your Fourthwall app)")
	if c.ImplicitAuthURL != "" {
		d.fact("Redirect URL", ownURL(c, "/oauth/implicit")+" (and this, for the implicit flow)")
	}
	d.checkSignInPage(ctx, strings.ReplaceAll(c.AuthURL, "{client_id}", url.PathEscape(c.ClientID)))
}

// checkAPI makes a call that the API refuses, since it has no credential.
func (d *diagnosis) checkAPI(ctx context.Context, c Config) {
	started := time.Now()
	resp, err := ask(ctx, c.APIURL+"/open-api/v1.0/shops/current")
	if err != nil {
		d.problem("Fourthwall", "the API can't be reached: "+err.Error(), "Check DNS, the firewall and FOURTHWALL_API_URL.")
		return
	}
	kind, _, _ := mime.ParseMediaType(resp.header.Get("Content-Type"))
	isJSON := kind == "application/json" || strings.HasSuffix(kind, "+json")
	isRefused := resp.status == http.StatusUnauthorized && kind != "text/html" ||
		resp.status == http.StatusForbidden && isJSON
	took := time.Since(started)
	if !isRefused {
		d.problem("Fourthwall", fmt.Sprintf("%s responds with status %d (%s), where the API responds with 401", c.APIURL,
			resp.status, cmp.Or(kind, "no content type")),
			"Check FOURTHWALL_API_URL, and whether a proxy or a firewall responds in the API's place.")
		return
	}
	d.fact("Fourthwall", fmt.Sprintf("the API at %s responded in %d ms", c.APIURL, took.Milliseconds()))
	if date, err := http.ParseTime(resp.header.Get("Date")); err == nil {
		d.drift("Fourthwall's", date.Sub(started.Add(took/2)))
	}
}

// checkSignInPage checks whether there is a page at which a shop grants access.
func (d *diagnosis) checkSignInPage(ctx context.Context, address string) {
	resp, err := ask(ctx, address)
	switch {
	case err != nil:
		d.problem("Sign-in page", "can't be reached: "+err.Error(), "Check DNS, the firewall and FOURTHWALL_AUTH_URL.")
	case resp.status == http.StatusNotFound || resp.status >= http.StatusInternalServerError:
		d.problem("Sign-in page", fmt.Sprintf("%s responds with status %d", address, resp.status),
			"Check FOURTHWALL_AUTH_URL and FOURTHWALL_CLIENT_ID.")
	default:
		d.fact("Sign-in page", "responds at "+address)
	}
}

// reply is a response without its body.
type reply struct {
	status int
	header http.Header
}

// ask sends a GET request without a credential. It follows no redirect.
func ask(ctx context.Context, address string) (reply, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return reply{}, err
	}
	r.Header.Set("User-Agent", userAgent())
	r.Header.Set("Accept", "application/json")
	transport := fourthwall.NewTransport()
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return reply{}, err
	}
	return reply{resp.StatusCode, resp.Header}, resp.Body.Close()
}
