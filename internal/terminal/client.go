package terminal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

const (
	callTime    = 60 * time.Second // of one request
	maxResponse = 64 << 20         // bytes
	tokenPrefix = "hw_"
)

// Client calls the API of a Hookwall server.
type Client struct {
	server *url.URL
	token  string
	agent  string
	http   *http.Client
	pause  time.Duration // between two requests that ask for the same
}

// NewClient returns a client of the server at a URL. Plain http would show the token to others, so it's only for this
// machine, unless insecure allows it.
func NewClient(server, token, agent string, insecure bool) (*Client, error) {
	if server == "" {
		return nil, errNoServer
	}
	u, err := url.Parse(strings.TrimRight(server, "/"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return nil, errBadServer
	}
	if u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errServerPath
	}
	if u.Scheme == "http" && !insecure && !isLoopback(u.Hostname()) {
		return nil, errPlainServer
	}
	switch {
	case token == "":
		return nil, errNoToken
	case !strings.HasPrefix(token, tokenPrefix) || strings.ContainsFunc(token, isNotGraphic):
		return nil, errBadToken
	}
	return &Client{server: u, token: token, agent: agent, pause: time.Second, http: &http.Client{
		Timeout:       callTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

func isNotGraphic(r rune) bool { return r <= ' ' || r > '~' }

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

// ProblemError is what the server says of a request that failed, by RFC 9457.
type ProblemError struct {
	Type      string  `json:"type"`
	Title     string  `json:"title"`
	Status    int     `json:"status"`
	Detail    string  `json:"detail"`
	RequestID string  `json:"requestId"`
	Errors    []Fault `json:"errors,omitempty"`
}

// Fault is one thing that is wrong with a file.
type Fault struct {
	Line   int    `json:"line,omitempty"`   // from 1; 0 if it's about the whole file
	Column int    `json:"column,omitempty"` // from 1; 0 if it isn't known
	Detail string `json:"detail"`
}

// Error implements error.
func (p *ProblemError) Error() string {
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	if p.Status >= http.StatusInternalServerError && p.RequestID != "" {
		text += " Request ID: " + p.RequestID + "."
	}
	return clean(text)
}

// is reports whether err is a problem of a type.
func is(err error, slug string) bool {
	var p *ProblemError
	return errors.As(err, &p) && p.Type == "urn:hookwall:problem:"+slug
}

// mayPass reports whether an error may be gone if the request is sent again.
func mayPass(err error) bool {
	var p *ProblemError
	if errors.As(err, &p) {
		return p.Status == http.StatusTooManyRequests || p.Status >= http.StatusInternalServerError
	}
	return errors.Is(err, errConnection)
}

// request is one call of the API.
type request struct {
	method, path string
	query        url.Values
	header       map[string]string
	body         []byte
}

// send makes a request, and returns the body and the status of a response that says that it succeeded.
func (c *Client) send(ctx context.Context, r request) ([]byte, int, error) {
	u := *c.server
	u.Path, u.RawQuery = "/api/v1"+r.path, r.query.Encode()
	made, err := http.NewRequestWithContext(ctx, r.method, u.String(), bytes.NewReader(r.body))
	if err != nil {
		return nil, 0, err
	}
	made.Header.Set("Authorization", "Bearer "+c.token)
	made.Header.Set("User-Agent", c.agent)
	for name, value := range r.header {
		made.Header.Set(name, value)
	}
	resp, err := c.http.Do(made)
	if err != nil {
		return nil, 0, connectionError(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse))
	if err != nil {
		return nil, 0, connectionError(err)
	}
	if resp.StatusCode < 300 {
		return text, resp.StatusCode, nil
	}
	return nil, resp.StatusCode, failure(resp, text)
}

// sendJSON makes a request with a body in JSON.
func (c *Client) sendJSON(ctx context.Context, path string, body any) ([]byte, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	answer, _, err := c.send(ctx, request{
		method: http.MethodPost, path: path, body: text, header: map[string]string{"Content-Type": "application/json"},
	})
	return answer, err
}

// connectionError returns the error of a request without a response. It doesn't name the URL, which net/http repeats.
func connectionError(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		err = of.Err
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w (%w). Check HOOKWALL_SERVER and your network", errConnection, err)
}

// failure returns the error of a response that says that the request failed.
func failure(resp *http.Response, text []byte) error {
	if to := resp.Header.Get("Location"); resp.StatusCode < 400 && to != "" {
		return fmt.Errorf("the server redirects to %s. If that is your Hookwall, set HOOKWALL_SERVER to its URL",
			clean(to))
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	var p ProblemError
	if kind == "application/problem+json" && json.Unmarshal(text, &p) == nil && p.Status == resp.StatusCode {
		return &p
	}
	return &ProblemError{
		Status: resp.StatusCode,
		Detail: fmt.Sprintf("The server responded with status %d, and not as Hookwall does. Check HOOKWALL_SERVER, and "+
			"what is in front of it.", resp.StatusCode),
	}
}
