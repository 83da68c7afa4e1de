// Package fourthwall is a client of the Fourthwall platform API: the current shop, its webhooks and what was
// delivered to them, the errors the API gives, and the catalogue of event types.
//
// A call that fails returns an *Error. Reads are tried again while the API is busy or the connection breaks; writes only
// when it is certain that nothing was sent, or the API answered 429, too many requests.
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
	Transport http.RoundTripper // default: a transport of the client's own, with timeouts and the environment's proxy
	UserAgent string            // default "hookwall"
	Budget    time.Duration     // all tries of one call together; default 8 s
	Logger    *slog.Logger      // gets a debug line for each try, without secrets; default none
}

// Client calls the API. It is safe for concurrent use.
type Client struct {
	base      string // without a slash at its end
	transport http.RoundTripper
	userAgent string
	budget    time.Duration
	logger    *slog.Logger
}

// New makes a client for the API at baseURL, an absolute http or https address that may have a path. It fails for any
// other address, and for options that cannot work.
func New(baseURL string, o Options) (*Client, error) {
	base, err := parseBase(baseURL)
	if err != nil {
		return nil, err
	}
	c := &Client{base: base, transport: o.Transport, userAgent: o.UserAgent, budget: o.Budget, logger: o.Logger}
	if c.transport == nil {
		c.transport = newTransport()
	}
	if c.userAgent == "" {
		c.userAgent = "hookwall"
	}
	if c.budget == 0 {
		c.budget = defaultBudget
	}
	if c.logger == nil {
		c.logger = slog.New(slog.DiscardHandler)
	}
	if c.budget < 0 {
		return nil, fmt.Errorf("fourthwall: the budget %v is negative", c.budget)
	}
	if !httpguts.ValidHeaderFieldValue(c.userAgent) {
		return nil, errors.New("fourthwall: the user agent holds characters that cannot be sent")
	}
	return c, nil
}

// parseBase repeats nothing of the address in its errors, since it might hold a password.
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

func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    8,
		IdleConnTimeout:        30 * time.Second, // shorter than a server's: it is the one to close
		TLSHandshakeTimeout:    5 * time.Second,
		ResponseHeaderTimeout:  defaultBudget,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// CloseIdleConnections closes connections that no call is using.
func (c *Client) CloseIdleConnections() {
	if t, ok := c.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// CurrentShop returns the shop that the credential belongs to.
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

// CreateWebhook creates a webhook. Check an Error's Uncertain before it is tried again: the webhook may exist.
func (c *Client) CreateWebhook(ctx context.Context, cred Credential, in Content) (Webhook, error) {
	return c.webhook(ctx, cred, opCreate, webhooksPath, &in, "")
}

// Webhook returns one webhook, or an Error with Status 404.
func (c *Client) Webhook(ctx context.Context, cred Credential, id string) (Webhook, error) {
	path, err := itemPath(opRead, webhooksPath, id)
	if err != nil {
		return Webhook{}, err
	}
	return c.webhook(ctx, cred, opRead, path, nil, id)
}

// UpdateWebhook replaces the URL and the event types of a webhook. Check an Error's Uncertain: it may have been changed.
func (c *Client) UpdateWebhook(ctx context.Context, cred Credential, id string, in Content) (Webhook, error) {
	path, err := itemPath(opUpdate, webhooksPath, id)
	if err != nil {
		return Webhook{}, err
	}
	return c.webhook(ctx, cred, opUpdate, path, &in, id)
}

// DeleteWebhook deletes a webhook. Any 2xx answer means that it is done, unless it has a body that is not JSON: then
// somebody else has answered. Check an Error's Uncertain: it may have been deleted.
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

// webhook makes a call that is answered with one webhook, the one with the id unless that is "".
func (c *Client) webhook(ctx context.Context, cred Credential, op operation, path string, in *Content, id string) (Webhook, error) {
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

// send makes one call; its answer, a 2xx, is the call's last attempt.
func (c *Client) send(ctx context.Context, cred Credential, op operation, path string, in *Content) (*call, error) {
	req, err := c.request(ctx, cred, op, path, in)
	if err != nil {
		return nil, &Error{Op: op.name, NotSent: true, Err: err}
	}
	k := &call{op: op, next: c.transport, logger: c.logger}
	if err := k.run(ctx, req); err != nil {
		return nil, err
	}
	return k, nil
}

func (c *Client) request(ctx context.Context, cred Credential, op operation, path string, in *Content) (*http.Request, error) {
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
	return req, sign(req, cred)
}

// itemPath is the path of one webhook or event among all. An id that would turn it into the path of something else
// cannot belong to one, so it is answered as the API answers an unknown one, without a call.
func itemPath(op operation, all, id string) (string, error) {
	// Also behind an escaped slash: a server on the way may read that as one.
	folder := func(part string) bool { return part == "." || part == ".." }
	if id == "" || slices.ContainsFunc(strings.FieldsFunc(id, func(c rune) bool { return c == '/' || c == '\\' }), folder) {
		return "", &Error{Op: op.name, Status: http.StatusNotFound, NotSent: true, Err: errBadID}
	}
	return all + "/" + url.PathEscape(id), nil
}
