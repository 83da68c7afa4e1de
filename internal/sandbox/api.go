package sandbox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Codes of the sandbox's own making, where the platform documents none.
const (
	codeBadRequest       = "OPEN_API_BAD_REQUEST"
	codeUnauthorized     = "OPEN_API_UNAUTHORIZED"
	codeForbidden        = "OPEN_API_FORBIDDEN"
	codeNoSuchAddress    = "OPEN_API_NOT_FOUND"
	codeMethodNotAllowed = "OPEN_API_METHOD_NOT_ALLOWED"
	codeTooLarge         = "OPEN_API_PAYLOAD_TOO_LARGE"
	codeMediaType        = "OPEN_API_UNSUPPORTED_MEDIA_TYPE"
	codeInternal         = "OPEN_API_INTERNAL_ERROR"
	codeCrossOrigin      = "SANDBOX_CROSS_ORIGIN_REFUSED"
	codeHost             = "SANDBOX_HOST_REFUSED"
)

const (
	maxBody     = 64 << 10 // bytes of a request
	maxPageSize = 100

	quota       = 100 // requests of a shop in any quotaPeriod
	quotaPeriod = 10 * time.Second

	slowAnswer = 2 * time.Second // of a shop that is set so
)

// A reply is a response before it is checked and sent. A nil body is an empty one.
type reply struct {
	status int
	header http.Header
	body   any
	open   bool // may hold event types that the description does not list
	// later makes the body once the lock is released, if it takes long; nil if the body is there.
	later func() (any, error)
}

// An apiError is the body of a refusal: a code, sometimes with ids, and no text for people.
type apiError struct {
	Code                   string `json:"code"`
	WebhookConfigurationID string `json:"webhookConfigurationId,omitempty"`
	WebhookEventID         string `json:"webhookEventId,omitempty"`
	ShopID                 string `json:"shopId,omitempty"`
}

func refusedWith(status int, code string) reply {
	return reply{status: status, body: apiError{Code: code}}
}

// A call is a request of the API that has passed every check on the way to its handler.
type call struct {
	shop  *shop
	id    string // of the webhook or event, from the path
	query url.Values
	input webhookInput
}

type webhookInput struct {
	url          string
	allowedTypes []string
}

// caller is the shop that a request is for, and its permissions.
type caller struct {
	shop   *shop
	scopes []string
	full   bool // an API key: full access to its own shop
	slow   bool // the shop's responses come late
}

// api wraps the handler of an operation into the checks that all of them share, in the platform's
// own order: authentication, rate limit, permission, validation. handle runs under the lock.
func (s *Server) api(method, path string, handle func(*Server, call) (reply, error)) http.Handler {
	op := operation{method, path}
	return s.described(op, func(w http.ResponseWriter, r *http.Request) reply {
		who, refused := s.admit(r, op)
		if refused != nil {
			return *refused
		}
		if who.slow && !s.until(r.Context(), s.now().Add(slowAnswer)) {
			panic(http.ErrAbortHandler) // the client has left
		}
		c := call{
			shop: who.shop, id: cmp.Or(r.PathValue(webhookParameter), r.PathValue(eventParameter)),
			query: r.URL.Query(),
		}
		if refused := s.readBody(w, r, op, &c); refused != nil {
			return *refused
		}
		answer, err := s.answer(c, handle)
		if err == nil && answer.later != nil {
			answer.body, err = answer.later()
		}
		if err != nil {
			return s.internalError(r, err)
		}
		return answer
	})
}

func (s *Server) answer(c call, handle func(*Server, call) (reply, error)) (reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer, err := handle(s, c)
	answer.open = c.shop.open()
	return answer, err
}

func (s *Server) isOpen(sh *shop) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sh.open()
}

func (s *Server) isLenient(sh *shop) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sh.switches.Lenient
}

// described sends a reply if it keeps the description, and complains loudly otherwise.
func (s *Server) described(op operation, handle func(http.ResponseWriter, *http.Request) reply) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := handle(w, r)
		body, err := p.encode()
		if err == nil {
			err = op.checkResponse(r, p, body)
		}
		if err != nil {
			p = s.internalError(r, err)
			body, _ = p.encode()
		}
		p.write(w, body)
	})
}

func (p reply) encode() ([]byte, error) {
	if p.body == nil {
		return nil, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(p.body)
	return b.Bytes(), err
}

func (p reply) write(w http.ResponseWriter, body []byte) {
	for name, values := range p.header {
		w.Header()[name] = values
	}
	if p.body != nil {
		w.Header().Set("Content-Type", "application/json")
	}
	send(w, p.status, body)
}

// send writes a response whose headers are set.
func send(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	// It fails when the client is gone, and then there is nobody to tell.
	_, _ = w.Write(body) //nolint:gosec // JSON, or a page that html/template escaped
}

func (s *Server) internalError(r *http.Request, err error) reply {
	s.log.ErrorContext(r.Context(), "SANDBOX FAULT", "err", err, "method", r.Method, "path", bounded(r.URL.Path, 200),
		"request_id", requestID(r))
	return refusedWith(http.StatusInternalServerError, codeInternal)
}

// admit finds the caller, counts the request, and checks what the caller may do.
func (s *Server) admit(r *http.Request, op operation) (caller, *reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	who, refused := s.authenticate(r)
	if refused != nil {
		return who, refused
	}
	record(r).Shop, who.slow = who.shop.ID, who.shop.switches.Slow
	switch {
	case who.shop.switches.RefuseAccess:
		return who, new(unauthorized(r))
	case who.shop.switches.LimitRate:
		return who, new(tooManyRequests(quotaPeriod))
	}
	if wait := who.shop.recent.take(s.now()); wait > 0 {
		return who, new(tooManyRequests(wait))
	}
	missing := op.missingScopes(r, who)
	if !who.full && len(missing) == 0 && !containsAll(who.scopes, who.shop.switches.RequireScopes) {
		missing = who.shop.switches.RequireScopes
	}
	if len(missing) > 0 {
		return who, new(forbidden(missing))
	}
	return who, nil
}

func (s *Server) authenticate(r *http.Request) (caller, *reply) {
	if user, password, ok := r.BasicAuth(); ok {
		i := slices.IndexFunc(s.shops, func(sh *shop) bool { return sh.APIUser == user })
		if i < 0 || !same(s.shops[i].APIPassword, password) {
			return caller{}, new(unauthorized(r))
		}
		return caller{shop: s.shops[i], full: true}, nil
	}
	if s.isOfChannel(r) {
		return s.channelCaller(r)
	}
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") {
		return caller{}, new(unauthorized(r))
	}
	sh, scopes := s.bearer(strings.TrimSpace(token))
	if sh == nil {
		return caller{}, new(unauthorized(r))
	}
	return caller{shop: sh, scopes: scopes}, nil
}

const (
	oauthChallenge = `Bearer realm="Hookwall sandbox"`
	basicChallenge = `Basic realm="Hookwall sandbox", charset="UTF-8"`
)

// unauthorized names the scheme that the caller used, or both where it used neither. It follows RFC 6750, section 3: an
// error is named only where a token was sent.
func unauthorized(r *http.Request) reply {
	p := refusedWith(http.StatusUnauthorized, codeUnauthorized)
	challenges := []string{oauthChallenge, basicChallenge}
	kind, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch strings.ToLower(kind) {
	case "basic":
		challenges = []string{basicChallenge}
	case "bearer":
		challenges = []string{oauthChallenge + `, error="invalid_token"`}
	}
	p.header = http.Header{"Www-Authenticate": challenges}
	return p
}

func forbidden(missing []string) reply {
	p := refusedWith(http.StatusForbidden, codeForbidden)
	p.header = http.Header{"Www-Authenticate": {
		oauthChallenge + `, error="insufficient_scope", scope="` + strings.Join(missing, " ") + `"`,
	}}
	return p
}

func tooManyRequests(wait time.Duration) reply {
	return reply{
		status: http.StatusTooManyRequests,
		header: http.Header{"Retry-After": {strconv.Itoa(int(math.Ceil(wait.Seconds())))}},
		body: struct {
			Code   string `json:"code"`
			Title  string `json:"title"`
			Status int    `json:"status"`
		}{"OPEN_API_TOO_MANY_REQUESTS", "Too many requests", http.StatusTooManyRequests},
	}
}

// readBody checks the request against the description, as a shop that knows more event types reads
// it where that is so, and takes the input from what was checked.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request, op operation, c *call) *reply {
	if op.takesBody() {
		kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil || kind != "application/json" {
			return new(refusedWith(http.StatusUnsupportedMediaType, codeMediaType))
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return new(refusedWith(http.StatusRequestEntityTooLarge, codeTooLarge))
		}
		// The description's validator reads the first JSON value only.
		if err != nil || !json.Valid(body) {
			return new(refusedWith(http.StatusBadRequest, codeBadRequest))
		}
		if s.isLenient(c.shop) {
			body = withoutTypes(body)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	value, err := op.checkRequest(r, s.isOpen(c.shop))
	if err != nil {
		return new(refusedWith(http.StatusBadRequest, codeBadRequest))
	}
	c.input = readInput(value)
	return nil
}

// withoutTypes adds an empty allowedTypes to a body that has types in its place, as the platform reads it.
func withoutTypes(body []byte) []byte {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil || fields["types"] == nil || fields["allowedTypes"] != nil {
		return body
	}
	fields["allowedTypes"] = json.RawMessage("[]")
	changed, err := json.Marshal(fields)
	if err != nil {
		return body
	}
	return changed
}

// readInput takes url and allowedTypes out of a body that keeps the description.
func readInput(value any) (in webhookInput) {
	fields, _ := value.(map[string]any)
	in.url, _ = fields["url"].(string)
	types, _ := fields["allowedTypes"].([]any)
	in.allowedTypes = make([]string, 0, len(types))
	for _, t := range types {
		code, _ := t.(string)
		in.allowedTypes = append(in.allowedTypes, code)
	}
	return in
}

// window remembers when a shop's last requests came.
type window struct{ at []time.Time }

// take counts a request and returns 0, or returns how long it has to wait and does not count it.
func (w *window) take(now time.Time) time.Duration {
	since := now.Add(-quotaPeriod)
	w.at = slices.DeleteFunc(w.at, func(t time.Time) bool { return !t.After(since) })
	if len(w.at) >= quota {
		return w.at[0].Sub(since)
	}
	w.at = append(w.at, now)
	return 0
}
