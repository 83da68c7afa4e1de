package oauth

import (
	"io"
	"net/http"
	"strings"
)

// refuse answers every refresh with invalid_grant, without a network.
type refuse struct{}

func (refuse) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusBadRequest, Request: r, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(`{"error":"invalid_grant"}`)),
	}, nil
}
