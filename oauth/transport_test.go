package oauth

import (
	"io"
	"net/http"
	"strings"
)

// refuse is a token server that returns invalid_grant for every refresh.
type refuse struct{}

func (refuse) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusBadRequest, Request: r, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(`{"error":"invalid_grant"}`)),
	}, nil
}
