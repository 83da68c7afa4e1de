package oauth

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

const maxResponse = 1 << 20 // bytes; more is no token

// named is a transport that says who asks, and for what, as each call to the API does. What is in front of Fourthwall
// may refuse Go's own name.
type named struct {
	next      http.RoundTripper
	userAgent string
}

// idleConns is at least the number of shops that are visited at once, each of which renews its token.
const idleConns = 64

// tokenTransport has no timeout of its own, since tokenClient has one.
var tokenTransport = func() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport) //nolint:forbidigo // its settings are cloned
	if !ok {
		return http.DefaultTransport //nolint:forbidigo // replaced by a test
	}
	t = t.Clone()
	t.MaxIdleConnsPerHost = idleConns
	return t
}()

func newTransport(c Config) http.RoundTripper {
	t := named{c.Transport, cmp.Or(c.UserAgent, "hookwall")}
	if t.next == nil {
		t.next = tokenTransport
	}
	return t
}

func (t named) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", t.userAgent)
	response, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	return readable(r.Context(), response)
}

// readable returns the response in the form that the library reads: it takes text/plain for a form, and wants a whole
// number of seconds. A body that can't be read, or that is Cloudflare's own, is as good as none.
func readable(ctx context.Context, response *http.Response) (*http.Response, error) {
	body, err := io.ReadAll(io.LimitReader(response.Body, maxResponse))
	_ = response.Body.Close() // it has been read
	if err != nil && ctx.Err() != nil {
		return nil, err
	}
	if err != nil || response.Header.Get("Cf-Mitigated") != "" {
		body = nil
	}
	response.Header = response.Header.Clone()
	response.Header.Del("Location") // it isn't followed, so it need not be a URL
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) == nil && fields != nil {
		if seconds := wholeSeconds(string(fields["expires_in"])); seconds > 0 {
			fields["expires_in"] = strconv.AppendInt(nil, seconds, 10)
		} else {
			delete(fields, "expires_in")
		}
		if body, err = json.Marshal(fields); err != nil {
			return nil, err
		}
		response.Header.Set("Content-Type", "application/json")
	}
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return response, nil
}

// wholeSeconds returns the seconds of a number, which may be a JSON string and have a fraction, or 0.
func wholeSeconds(value string) int64 {
	seconds, err := strconv.ParseFloat(strings.Trim(value, `" `), 64)
	if err != nil || !(seconds > 0) {
		return 0
	}
	return int64(min(seconds, maxTokenLife.Seconds()))
}
