package sandbox

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

//go:embed openapi.yaml
var openapiYAML []byte

// description is the OpenAPI description, once as it is written and once with event types that
// nobody has listed yet.
type description struct{ strict, open *openapi3.T }

// loadDescription parses the description once; it is only read afterwards.
var loadDescription = sync.OnceValues(func() (*description, error) {
	strict, err := parseDescription()
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	open, err := parseDescription()
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	open.Components.Schemas["EventType"].Value.Enum = nil
	return &description{strict, open}, nil
})

func parseDescription() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(openapiYAML)
	if err != nil {
		return nil, err
	}
	return doc, doc.Validate(context.Background())
}

// operation is one method of one path of the description.
type operation struct{ strict, open *routers.Route }

func (d *description) operation(method, path string) operation {
	return operation{route(d.strict, method, path), route(d.open, method, path)}
}

func route(doc *openapi3.T, method, path string) *routers.Route {
	item := doc.Paths.Value(path)
	return &routers.Route{Spec: doc, Path: path, PathItem: item, Method: method, Operation: item.GetOperation(method)}
}

func (o operation) as(open bool) *routers.Route {
	if open {
		return o.open
	}
	return o.strict
}

func (o operation) takesBody() bool { return o.strict.Operation.RequestBody != nil }

var errNotThisWay = errors.New("the caller came another way")

// missingScopes compares the caller's scopes with what the operation asks for, and returns the scopes that
// would have helped.
func (o operation) missingScopes(r *http.Request, who caller) (missing []string) {
	judge := func(_ context.Context, in *openapi3filter.AuthenticationInput) error {
		if (in.SecurityScheme.Type == "http") != who.full {
			return errNotThisWay
		}
		if !who.full && !containsAll(who.scopes, in.Scopes) {
			missing = slices.Clone(in.Scopes)
			return errNotThisWay
		}
		return nil
	}
	in := &openapi3filter.RequestValidationInput{
		Route:   o.strict,
		Options: &openapi3filter.Options{AuthenticationFunc: judge},
	}
	if openapi3filter.ValidateSecurityRequirements(r.Context(), in, *o.strict.Operation.Security) == nil {
		return nil
	}
	return missing
}

// checkRequest returns the decoded body of a request that keeps the description.
func (o operation) checkRequest(r *http.Request, open bool) (any, error) {
	in := o.input(r, open)
	if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
		return nil, err
	}
	if kept, ok := in.Request.Body.(interface{ ValidatedValue() any }); ok {
		return kept.ValidatedValue(), nil
	}
	return nil, nil
}

// checkResponse returns an error that says how a response breaks the description, or nil.
func (o operation) checkResponse(r *http.Request, p reply, body []byte) error {
	h := p.header.Clone()
	if h == nil {
		h = http.Header{}
	}
	if p.body != nil {
		h.Set("Content-Type", "application/json")
	}
	return openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: o.input(r, p.open), Status: p.status, Header: h,
		Body: io.NopCloser(bytes.NewReader(body)), Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
}

func (o operation) input(r *http.Request, open bool) *openapi3filter.RequestValidationInput {
	return &openapi3filter.RequestValidationInput{
		Request: r, QueryParams: r.URL.Query(), Route: o.as(open),
		PathParams: map[string]string{
			webhookParameter: r.PathValue(webhookParameter), eventParameter: r.PathValue(eventParameter),
		},
		Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, // admit has judged the caller
			KeepValidatedValue: true,
		},
	}
}
