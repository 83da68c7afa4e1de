package probe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"hookwall/internal/fourthwall"
)

const (
	shopPath     = "/open-api/v1.0/shops/current"
	webhooksPath = "/open-api/v1.0/webhooks"
	eventsPath   = "/open-api/v1.0/webhook-events"

	callTime    = 15 * time.Second
	longestWait = 10 * time.Second // a shop's limit counts over this time
	maxResponse = 32 << 20         // bytes, for a page of 50 deliveries
)

// response is what the API said.
type response struct {
	status int
	header http.Header
	body   []byte
	object map[string]any // nil unless the body is one
	array  []any          // nil unless the body is one
}

// failure is a response that says nothing of an assumption: the shop's rate limit is reached, or the API failed.
type failure struct{ response }

func (f failure) Error() string { return f.summary() }

// call makes a call after a pause. At the rate limit it waits and calls again. It returns a failure for 429 and 5xx.
func (p *prober) call(ctx context.Context, method, path string, body any) (response, error) {
	if err := wait(ctx, p.Pause); err != nil {
		return response{}, err
	}
	r, err := p.send(ctx, method, path, body)
	if err == nil && r.status == http.StatusTooManyRequests {
		if wait(ctx, retryAfter(r.header)) == nil {
			r, err = p.send(ctx, method, path, body)
		}
	}
	if err == nil && (r.status == http.StatusTooManyRequests || r.status >= http.StatusInternalServerError) {
		err = failure{r}
	}
	return r, err
}

// retryAfter returns how long the API asks to wait, at most longestWait.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.ParseUint(h.Get("Retry-After"), 10, 16)
	if err != nil {
		return longestWait
	}
	return min(time.Duration(seconds)*time.Second, longestWait)
}

// send makes a call once. The dashboard's client isn't used, since it accepts many forms of a response and repeats
// calls.
func (p *prober) send(ctx context.Context, method, path string, body any) (response, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return response{}, err
		}
		sent = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, p.BaseURL+path, sent)
	if err != nil {
		return response{}, errors.New("the API URL is not a URL")
	}
	fourthwall.Authorize(req, p.Credential)
	req.Header.Set("User-Agent", p.UserAgent)
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := p.Transport.RoundTrip(req) // redirects are responses like any other
	if err != nil {
		return response{}, fmt.Errorf("%s %s: no response: %w", method, path, err)
	}
	defer func() { _ = resp.Body.Close() }() // it has been read, so nothing is lost
	r := response{status: resp.StatusCode, header: resp.Header}
	if r.body, err = io.ReadAll(io.LimitReader(resp.Body, maxResponse)); err != nil {
		return r, fmt.Errorf("%s %s: the response was cut off: %w", method, path, err)
	}
	p.noteLimits(r.header)
	_ = json.Unmarshal(r.body, &r.object) // nil if it's something else
	_ = json.Unmarshal(r.body, &r.array)
	return r, nil
}

// wait returns after a pause, or with an error when ctx ends.
func wait(ctx context.Context, pause time.Duration) error {
	if pause == 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// text returns a field of the object that is a string.
func (r response) text(field string) string {
	s, _ := r.object[field].(string)
	return s
}

// isList reports whether the response is a list in a form that results can read.
func (r response) isList() bool {
	_, isPage := r.object["results"].([]any)
	return r.status == http.StatusOK && (isPage || r.array != nil)
}

// results returns the elements of a list, whatever its form.
func (r response) results() []map[string]any {
	all := r.array
	if r.object != nil {
		all, _ = r.object["results"].([]any)
	}
	var out []map[string]any
	for _, one := range all {
		if object, ok := one.(map[string]any); ok {
			out = append(out, object)
		}
	}
	return out
}

// summary returns the status and the code of a response. Nothing else of its body is repeated.
func (r response) summary() string {
	code := r.text("code")
	switch {
	case isCode(code):
		return fmt.Sprintf("%d %s", r.status, code)
	case r.object == nil && r.array == nil && len(r.body) > 0:
		return fmt.Sprintf("%d, not JSON", r.status)
	}
	return fmt.Sprint(r.status)
}

// isCode reports whether a text looks like a code of the API, so that it may be repeated in a report.
func isCode(text string) bool {
	if text == "" || len(text) > 100 {
		return false
	}
	for _, c := range text {
		if c != '_' && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
