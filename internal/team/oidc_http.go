package team

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	callTimeout = 10 * time.Second
	maxResponse = 1 << 20 // bytes
)

// providerClient calls the identity provider.
type providerClient struct {
	http      *http.Client
	userAgent string
}

// newProviderClient returns a client that follows no redirect, so that a code and a secret are sent to the configured
// provider and nowhere else.
func newProviderClient(transport http.RoundTripper, userAgent string) providerClient {
	if transport == nil {
		transport = http.DefaultTransport //nolint:forbidigo // with a timeout and without redirects
	}
	return providerClient{userAgent: userAgent, http: &http.Client{
		Transport: transport, Timeout: callTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// A response is what the provider returned, read to its end.
type response struct {
	status   int
	location string // of a redirect
	date     time.Time
	isJSON   bool
	body     []byte
}

// get fetches a URL, with an access token unless that is "".
func (c providerClient) get(ctx context.Context, address, token string) (response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return response{}, err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return c.do(r)
}

// post sends a form, with credentials by HTTP Basic unless id is "".
func (c providerClient) post(
	ctx context.Context, address string, form url.Values, id, secret string,
) (response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return response{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if id != "" {
		r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret)) // RFC 6749 §2.3.1
	}
	return c.do(r)
}

// do sends a request. Its error is a ProblemDown: there was no response, or none that can be read.
func (c providerClient) do(r *http.Request) (response, error) {
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", c.userAgent)
	resp, err := c.http.Do(r) //nolint:gosec // the operator says which provider, and it says its endpoints
	if err != nil {
		return response{}, &SignInError{Problem: ProblemDown, Err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	if err == nil && len(body) > maxResponse {
		err = fmt.Errorf("the response of %s is larger than 1 MB", r.URL.Host)
	}
	if err != nil {
		return response{}, &SignInError{Problem: ProblemDown, Err: err}
	}
	out := response{status: resp.StatusCode, location: resp.Header.Get("Location"), body: body}
	out.date, _ = http.ParseTime(resp.Header.Get("Date"))
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	out.isJSON = kind == "application/json" || strings.HasSuffix(kind, "+json")
	return out, nil
}

// decode reads a 200 as JSON into v. Its error is a ProblemDown.
func (r response) decode(v any, what string) error {
	switch {
	case r.status != http.StatusOK:
		return problem(ProblemDown, fmt.Sprintf("%s: status %d", what, r.status))
	case !r.isJSON:
		return problem(ProblemDown, what+" is no JSON. A page was returned, perhaps by something in front of the provider")
	}
	if err := json.Unmarshal(r.body, v); err != nil {
		return &SignInError{Problem: ProblemDown, Err: fmt.Errorf("%s: %w", what, err)}
	}
	return nil
}
