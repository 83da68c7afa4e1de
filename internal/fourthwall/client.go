// Package fourthwall is a client of the Fourthwall platform API: the current shop, its webhooks and their deliveries,
// the errors of the API, and the catalog of event types.
//
// A call that fails returns an *Error. Reads are retried if the API is busy or the connection fails. Writes are retried
// only if it is certain that nothing was sent, or if the API responded with 429 (too many requests).
package fourthwall

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

const defaultBudget = 8 * time.Second

const (
	shopPath     = "/open-api/v1.0/shops/current"
	webhooksPath = "/open-api/v1.0/webhooks"
	eventsPath   = "/open-api/v1.0/webhook-events"
)

// Options are the parts of a Client that have defaults.
type Options struct {
	Transport http.RoundTripper // default: a new one with timeouts and the environment's proxy
	UserAgent string            // default "hookwall"
	Budget    time.Duration     // time for all tries of a call; default 8 s
	Backoff   time.Duration     // before the second try; doubles with each further try; default 200 ms
	Logger    *slog.Logger      // gets a debug line for each try, without secrets; default none
	Observe   func(Try)         // gets each try that wasn't stopped before a response; default none
}

// Try is one request to the API. A call is repeated if that has a chance.
type Try struct {
	Op     string // as in Error
	Status int    // 0 if there was no response
	Code   string // of the API's error, or ""
	Took   time.Duration
}

// Client calls the API. It is safe for concurrent use.
type Client struct {
	base      string // without a final slash
	transport http.RoundTripper
	userAgent string
	budget    time.Duration
	backoff   time.Duration
	logger    *slog.Logger
	observe   func(Try)
}

// New returns a Client of the API at baseURL, an absolute http or https URL that may have a path. It returns an error
// for any other URL and for invalid options.
func New(baseURL string, o Options) (*Client, error) {
	base, err := parseBase(baseURL)
	if err != nil {
		return nil, err
	}
	c := &Client{
		base: base, transport: o.Transport, userAgent: o.UserAgent, budget: o.Budget, backoff: o.Backoff, logger: o.Logger,
		observe: o.Observe,
	}
	if c.transport == nil {
		c.transport = NewTransport()
	}
	if c.userAgent == "" {
		c.userAgent = "hookwall"
	}
	if c.budget == 0 {
		c.budget = defaultBudget
	}
	if c.backoff == 0 {
		c.backoff = defaultBackoff
	}
	if c.logger == nil {
		c.logger = slog.New(slog.DiscardHandler)
	}
	if c.budget < 0 {
		return nil, fmt.Errorf("fourthwall: the budget %v is negative", c.budget)
	}
	if c.backoff < 0 {
		return nil, fmt.Errorf("fourthwall: the backoff %v is negative", c.backoff)
	}
	if !httpguts.ValidHeaderFieldValue(c.userAgent) {
		return nil, errors.New("fourthwall: the user agent holds characters that cannot be sent")
	}
	return c, nil
}

// parseBase returns the URL without a final slash. Its errors don't quote the URL, which might have a password.
func parseBase(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", errors.New("fourthwall: the API address is not a URL")
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return "", errors.New("fourthwall: the API address must be an absolute http or https URL")
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return "", errors.New("fourthwall: the API address must not have a user name, query or fragment")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// idleConns is at least the number of shops that are visited at once, so that a visit needs no new connection.
const idleConns = 64

// NewTransport returns the default transport of a Client.
func NewTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    idleConns,
		IdleConnTimeout:        30 * time.Second, // less than servers have, so that we close first
		TLSHandshakeTimeout:    5 * time.Second,
		ResponseHeaderTimeout:  defaultBudget,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// CloseIdleConnections closes connections that no call uses.
func (c *Client) CloseIdleConnections() {
	if t, ok := c.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// CurrentShop returns the shop of the credential.
func (c *Client) CurrentShop(ctx context.Context, cred Credential) (Shop, error) {
	ctx, cancel := context.WithTimeout(ctx, c.budget)
	defer cancel()
	k, err := c.send(ctx, cred, opShop, shopPath, nil)
	if err != nil {
		return Shop{}, err
	}
	shop, err := decodeShop(k.last.body)
	if err != nil {
		return Shop{}, k.fail(err)
	}
	return shop, nil
}

// CreateWebhook creates a webhook. If it fails, the webhook may exist all the same: see Error.Uncertain.
func (c *Client) CreateWebhook(ctx context.Context, cred Credential, in Content) (Webhook, error) {
	return c.webhook(ctx, cred, opCreate, webhooksPath, &in, "")
}

// Webhook returns a webhook, or an *Error with Status 404.
func (c *Client) Webhook(ctx context.Context, cred Credential, id string) (Webhook, error) {
	path, err := itemPath(opRead, webhooksPath, id)
	if err != nil {
		return Webhook{}, err
	}
	return c.webhook(ctx, cred, opRead, path, nil, id)
}

// UpdateWebhook replaces the URL and the event types of a webhook. If it fails, the webhook may be changed all the
// same: see Error.Uncertain.
func (c *Client) UpdateWebhook(ctx context.Context, cred Credential, id string, in Content) (Webhook, error) {
	path, err := itemPath(opUpdate, webhooksPath, id)
	if err != nil {
		return Webhook{}, err
	}
	return c.webhook(ctx, cred, opUpdate, path, &in, id)
}

// DeleteWebhook deletes a webhook. Any 2xx response means that it was deleted, unless its body isn't JSON: such a
// response isn't the API's. If DeleteWebhook fails, the webhook may be deleted all the same: see Error.Uncertain.
func (c *Client) DeleteWebhook(ctx context.Context, cred Credential, id string) error {
	path, err := itemPath(opDelete, webhooksPath, id)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.budget)
	defer cancel()
	k, err := c.send(ctx, cred, opDelete, path, nil)
	if err != nil {
		return err
	}
	if body := bytes.TrimSpace(k.last.body); len(body) > 0 && !json.Valid(body) {
		return k.fail(errNotJSON)
	}
	return nil
}

// webhook makes a call whose response is a webhook. It returns an error if that has another ID, unless id is "".
func (c *Client) webhook(
	ctx context.Context, cred Credential, op operation, path string, in *Content, id string,
) (Webhook, error) {
	ctx, cancel := context.WithTimeout(ctx, c.budget)
	defer cancel()
	k, err := c.send(ctx, cred, op, path, in)
	if err != nil {
		return Webhook{}, err
	}
	w, err := decodeWebhook(k.last.body)
	if err != nil {
		return Webhook{}, k.fail(err)
	}
	if id != "" && w.ID != id {
		return Webhook{}, k.fail(errOtherID)
	}
	if op != opCreate {
		w.Secret = ""
	}
	return w, nil
}

// send makes a call. The call that it returns has succeeded; its last outcome is the response.
func (c *Client) send(ctx context.Context, cred Credential, op operation, path string, in *Content) (*call, error) {
	req, err := c.request(ctx, cred, op, path, in)
	if err != nil {
		return nil, &Error{Op: op.name, NotSent: true, Err: err}
	}
	k := &call{op: op, next: c.transport, backoff: c.backoff, logger: c.logger, observe: c.observe}
	if err := k.run(ctx, req); err != nil {
		return nil, err
	}
	return k, nil
}

// request returns the request of a call, with the credential.
func (c *Client) request(
	ctx context.Context, cred Credential, op operation, path string, in *Content,
) (*http.Request, error) {
	var body []byte
	if in != nil {
		var err error
		if body, err = in.encode(); err != nil {
			return nil, err
		}
	}
	req, err := newRequest(ctx, op, c.base+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.userAgent)
	return req, addCredential(req, cred)
}

// itemPath returns the path of a webhook or an event. An ID that would turn it into another path can't exist, so
// itemPath returns the error for an unknown ID, with Status 404.
func itemPath(op operation, all, id string) (string, error) {
	// A proxy may treat an escaped slash as a slash.
	isSlash := func(c rune) bool { return c == '/' || c == '\\' }
	isDots := func(part string) bool { return part == "." || part == ".." }
	if id == "" || slices.ContainsFunc(strings.FieldsFunc(id, isSlash), isDots) {
		return "", &Error{Op: op.name, Status: http.StatusNotFound, NotSent: true, Err: errBadID}
	}
	return all + "/" + url.PathEscape(id), nil
}
