package sandbox

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
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

// The OpenAPI description, once as it is written and once with event types that nobody has listed yet. Each is parsed
// when it is first needed, and is only read afterwards.
var (
	strictDescription = sync.OnceValue(parseDescription)
	openDescription   = sync.OnceValue(func() *openapi3.T {
		doc := parseDescription()
		doc.Components.Schemas["EventType"].Value.Enum = nil
		return doc
	})
)

// parseDescription panics if the description can't be read, since it is part of the program.
func parseDescription() *openapi3.T {
	doc, err := openapi3.NewLoader().LoadFromData(openapiYAML)
	if err != nil {
		panic("openapi.yaml: " + err.Error())
	}
	return doc
}

// operation is one method of one path of the description.
type operation struct{ method, path string }

// route returns what the description says of the operation, with event types that nobody has listed if open.
func (o operation) route(open bool) *routers.Route {
	doc := strictDescription
	if open {
		doc = openDescription
	}
	item := doc().Paths.Value(o.path)
	return &routers.Route{
		Spec: doc(), Path: o.path, PathItem: item, Method: o.method, Operation: item.GetOperation(o.method),
	}
}

func (o operation) takesBody() bool { return o.route(false).Operation.RequestBody != nil }

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
	route := o.route(false)
	in := &openapi3filter.RequestValidationInput{
		Route:   route,
		Options: &openapi3filter.Options{AuthenticationFunc: judge},
	}
	if openapi3filter.ValidateSecurityRequirements(r.Context(), in, *route.Operation.Security) == nil {
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
		Request: r, QueryParams: r.URL.Query(), Route: o.route(open),
		PathParams: map[string]string{
			webhookParameter: r.PathValue(webhookParameter), eventParameter: r.PathValue(eventParameter),
		},
		Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, // admit has judged the caller
			KeepValidatedValue: true,
		},
	}
}
