package sandbox

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Where a Failure cuts the connection.
const (
	CutBefore = "before" // the request has no effect and gets no response
	CutAfter  = "after"  // the request takes effect, its response is lost
	CutBody   = "body"   // half of the response's body arrives
)

// Failure is what happens to the next requests that it matches, in place of the usual.
type Failure struct {
	// Method and Path choose the requests. An empty one or "*" matches all; a Path that ends in "*"
	// matches what begins like it. The sandbox's own pages and controls are never touched.
	Method, Path string
	// Status is returned in place of the real response, and the request has no effect unless Effect
	// is set. 0: the request is handled as usual.
	Status int
	// Code becomes the body {"code": Code}, unless Body says something else.
	Code, Body string
	// Effect lets the request take effect before Status is returned.
	Effect bool
	// Header is added to the response and replaces equal names.
	Header http.Header
	// Delay delays the response, or the cut. An effect comes before the delay, so a client that times
	// out has changed something. Combine it with CutBefore for a delay without effect. It ends early
	// when the client leaves or the sandbox closes.
	Delay time.Duration
	// Cut closes the connection at one of the three places; "" does not.
	Cut string
	// Times is how many requests fail; 0 means 1.
	Times int
}

func (f Failure) check() error {
	switch {
	case !slices.Contains([]string{"", CutBefore, CutAfter, CutBody}, f.Cut):
		return errCut(f.Cut)
	case f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return errStatus(f.Status)
	case f.Delay < 0 || f.Times < 0:
		return errNegative
	case f.Status == 0 && f.Delay == 0 && f.Cut == "" && len(f.Header) == 0:
		return errNothingFails
	}
	return nil
}

func (f Failure) matches(method, path string) bool {
	if f.Method != "" && f.Method != "*" && !strings.EqualFold(f.Method, method) {
		return false
	}
	if start, open := strings.CutSuffix(f.Path, "*"); open {
		return strings.HasPrefix(path, start)
	}
	return f.Path == "" || f.Path == path
}

// FailNext queues a failure. Of several that match a request the oldest is used up first. It panics
// on a Failure that cannot be meant: an unknown cut, a status that is none, nothing that fails.
func (s *Server) FailNext(f Failure) {
	if err := f.check(); err != nil {
		panic("sandbox: " + err.Error())
	}
	f.Times, f.Header = max(f.Times, 1), f.Header.Clone()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures = append(s.failures, f)
}

// Failures returns what is still queued, the oldest first.
func (s *Server) Failures() []Failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(s.failures)
	for i := range out {
		out[i].Header = out[i].Header.Clone()
	}
	return out
}

// ForgetFailures empties the queue.
func (s *Server) ForgetFailures() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures = nil
}

// nextFailure takes the failure for a request out of the queue.
func (s *Server) nextFailure(r *http.Request) (Failure, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.failures, func(f Failure) bool { return f.matches(r.Method, r.URL.Path) })
	if i < 0 {
		return Failure{}, false
	}
	f := s.failures[i]
	if s.failures[i].Times--; s.failures[i].Times == 0 {
		s.failures = slices.Delete(s.failures, i, i+1)
	}
	return f, true
}

func (s *Server) withFailures(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if simulated(r.URL.Path) {
			if f, found := s.nextFailure(r); found {
				s.fail(w, r, f, next)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// fail plays a failure. http.ErrAbortHandler is how a handler closes the connection.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, f Failure, next http.Handler) {
	answer := &heldAnswer{header: w.Header().Clone()}
	if f.Cut != CutBefore && (f.Status == 0 || f.Effect) {
		next.ServeHTTP(answer, r)
	}
	if f.Status != 0 {
		answer = f.answer(w.Header().Clone())
	}
	for name, values := range f.Header {
		answer.header[http.CanonicalHeaderKey(name)] = values
	}
	// net/http notices that a client leaves only once its request has been read.
	_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxBody))
	if !s.wait(r.Context(), f.Delay) || f.Cut == CutBefore || f.Cut == CutAfter {
		panic(http.ErrAbortHandler)
	}
	answer.send(w, f.Cut == CutBody)
}

// answer returns the response of the failure, with the headers that all responses have.
func (f Failure) answer(h http.Header) *heldAnswer {
	body, kind := []byte(f.Body), "text/plain; charset=utf-8"
	if f.Body == "" && f.Code != "" {
		body, _ = reply{body: apiError{Code: f.Code}}.encode()
	}
	if json.Valid(body) {
		kind = "application/json"
	}
	if len(body) > 0 {
		h.Set("Content-Type", kind)
	}
	return &heldAnswer{header: h, status: f.Status, body: body}
}

// wait reports false when the client or the sandbox went away.
func (s *Server) wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
	case <-s.done:
	}
	return false
}

// heldAnswer is a response that has not been sent yet.
type heldAnswer struct {
	header http.Header
	status int
	body   []byte
}

// Header is the header of the response to come.
func (a *heldAnswer) Header() http.Header { return a.header }

// WriteHeader remembers the first status.
func (a *heldAnswer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write keeps the body.
func (a *heldAnswer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	a.body = append(a.body, b...)
	return len(b), nil
}

// send passes the response on. In half, it announces the whole body and closes the connection in the
// middle of it.
func (a *heldAnswer) send(w http.ResponseWriter, half bool) {
	body, announced := a.body, len(a.body)
	if half {
		announced = max(announced, 2)
		body = body[:len(body)/2]
	}
	maps.Copy(w.Header(), a.header)
	w.Header().Set("Content-Length", strconv.Itoa(announced))
	w.WriteHeader(max(a.status, http.StatusOK))
	_, _ = w.Write(body)
	if half {
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}
