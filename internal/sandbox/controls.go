package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The controls take JSON from programs and forms from the front page. A program gets the state back,
// the front page is shown again.

// failureInput is a Failure as a program writes it: {"method":"POST","path":"/open-api/*","status":503,
// "header":{"Retry-After":"2"},"delay":"1s","cut":"","effect":false,"times":1}.
type failureInput struct {
	Method string            `json:"method"`
	Path   string            `json:"path"`
	Status int               `json:"status"`
	Code   string            `json:"code"`
	Body   string            `json:"body"`
	Effect bool              `json:"effect"`
	Header map[string]string `json:"header"`
	Delay  string            `json:"delay"`
	Cut    string            `json:"cut"`
	Times  int               `json:"times"`
}

func (in failureInput) failure() (Failure, error) {
	delay, err := readDuration(in.Delay)
	f := Failure{
		Method: in.Method, Path: in.Path, Status: in.Status, Code: in.Code, Body: in.Body, Effect: in.Effect,
		Header: http.Header{}, Delay: delay, Cut: in.Cut, Times: in.Times,
	}
	for name, value := range in.Header {
		f.Header.Set(name, value)
	}
	return f, errors.Join(err, f.check())
}

func newFailureInput(f Failure) failureInput {
	in := failureInput{
		f.Method, f.Path, f.Status, f.Code, f.Body, f.Effect, map[string]string{}, f.Delay.String(), f.Cut, f.Times,
	}
	for name := range f.Header {
		in.Header[name] = f.Header.Get(name)
	}
	return in
}

// readDuration reads "90s" or, as a form has it, a plain number of seconds. Nothing is zero.
func readDuration(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		text += "s"
	}
	return time.ParseDuration(text)
}

func (s *Server) handleFailNext(w http.ResponseWriter, r *http.Request) {
	var in failureInput
	s.control(w, r, &in, func(form url.Values) error { return readFailureForm(form, &in) }, func() error {
		f, err := in.failure()
		if err == nil {
			s.FailNext(f)
		}
		return err
	})
}

// readFailureForm reads the front page's form, which names method and path in one field.
func readFailureForm(form url.Values, in *failureInput) error {
	in.Method, in.Path, _ = strings.Cut(form.Get("request"), " ")
	in.Code, in.Body, in.Delay, in.Cut = form.Get("code"), form.Get("body"), form.Get("delay"), form.Get("cut")
	in.Effect = form.Has("effect")
	if after := form.Get("retry_after"); after != "" {
		in.Header = map[string]string{"Retry-After": after}
	}
	return errors.Join(readInt(form, "status", &in.Status), readInt(form, "times", &in.Times))
}

func readInt(form url.Values, name string, to *int) error {
	text := strings.TrimSpace(form.Get(name))
	if text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return errNumber(name)
	}
	*to = n
	return nil
}

func (s *Server) handleForgetFailures(w http.ResponseWriter, r *http.Request) {
	s.control(w, r, &struct{}{}, nil, func() error {
		s.ForgetFailures()
		return nil
	})
}

func (s *Server) handleAdvance(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Advance string `json:"advance"` // such as "6m"
	}
	fromForm := func(form url.Values) error {
		in.Advance = form.Get("advance")
		return nil
	}
	s.control(w, r, &in, fromForm, func() error {
		d, err := readDuration(in.Advance)
		if err == nil && d <= 0 {
			err = errBackward
		}
		if err != nil {
			return err
		}
		return s.advance(d)
	})
}

// Advance moves the sandbox's clock forward: tokens age, quotas recover, deliveries are tried again,
// and attempts that are running run out of time; [Server.AwaitDeliveries] first lets them end. A d
// below zero does nothing. The clock keeps its lead over a restart.
func (s *Server) Advance(d time.Duration) {
	if err := s.advance(max(d, 0)); err != nil {
		s.log.Error("clock not kept", "err", err)
	}
}

func (s *Server) advance(d time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.setOffset(time.Duration(s.offset.Load()) + d)
}

// maxLead is how far ahead the clock may be: times stay representable.
const maxLead = 100 * 365 * 24 * time.Hour

func (s *Server) setOffset(d time.Duration) error {
	if d < 0 || d > maxLead {
		return errTooFar
	}
	if err := s.files.apply(change{"clock", "offset", d}); err != nil {
		return err
	}
	s.offset.Store(int64(d))
	s.stir()
	return nil
}

func (s *Server) handleReset(w http.ResponseWriter, r *http.Request) {
	s.control(w, r, &struct{}{}, nil, s.Reset)
}

// Reset makes everything as on the first start: webhooks, switches, consents, events, failures,
// requests and the clock. The demo shops keep their passwords and secrets.
func (s *Server) Reset() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.setOffset(0); err != nil {
		return err
	}
	for _, g := range s.grants {
		if err := s.revoke(g); err != nil {
			return err
		}
	}
	if err := s.resetChannel(); err != nil {
		return err
	}
	for i, sh := range s.shops {
		if err := s.plant(sh, seedAt(i)); err != nil {
			return err
		}
	}
	s.failures, s.requests, s.receipts = nil, nil, nil
	return nil
}

// handleConfigure changes the switches that a program names and leaves the others. A form has them
// all.
func (s *Server) handleConfigure(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("shop")
	in := s.Switches(id)
	fromForm := func(form url.Values) error {
		in = Switches{
			SecretInCreate: form.Has("secretInCreate"), FutureTypes: form.Has("futureTypes"),
			BareList: form.Has("bareList"), LongTokens: form.Has("longTokens"), Lenient: form.Has("lenient"),
			IgnoreSize: form.Has("ignoreSize"), RefuseSize: form.Has("refuseSize"),
			RefuseAccess: form.Has("refuseAccess"), LimitRate: form.Has("limitRate"), Slow: form.Has("slow"),
			RequireScopes: strings.Fields(form.Get("requireScopes")),
		}
		return readInt(form, "pageSize", &in.PageSize)
	}
	s.control(w, r, &in, fromForm, func() error { return s.Configure(id, in) })
}

func (s *Server) handleAddWebhook(w http.ResponseWriter, r *http.Request) {
	var in struct {
		URL          string   `json:"url"`
		AllowedTypes []string `json:"allowedTypes"`
	}
	fromForm := func(form url.Values) error {
		in.URL, in.AllowedTypes = form.Get("url"), strings.Fields(form.Get("allowedTypes"))
		return nil
	}
	s.control(w, r, &in, fromForm, func() error {
		_, err := s.AddWebhook(r.PathValue("shop"), in.URL, in.AllowedTypes)
		return err
	})
}

// handleFire lets an event happen.
func (s *Server) handleFire(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Type     string `json:"type"`
		TestMode bool   `json:"testMode"`
	}
	var fired struct {
		EventIDs []string `json:"eventIds"`
	}
	fromForm := func(form url.Values) error {
		in.Type, in.TestMode = form.Get("type"), form.Has("testMode")
		return nil
	}
	s.controlled(w, r, &in, fromForm, func() (err error) {
		fired.EventIDs, err = s.Fire(r.PathValue("shop"), in.Type, in.TestMode)
		if err == nil && isForm(r) {
			s.linger(r.Context())
		}
		return err
	}, func() any { return fired })
}

// linger waits a moment for first attempts, so that the page that a person sees next shows how they went.
func (s *Server) linger(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_ = s.AwaitDeliveries(ctx)
}

// control reads JSON into in, or a form by fromForm, does what was asked for, and returns the state
// to a program.
func (s *Server) control(w http.ResponseWriter, r *http.Request, in any, fromForm func(url.Values) error,
	do func() error,
) {
	s.controlled(w, r, in, fromForm, do, func() any { return s.state() })
}

// controlled is control with a response of its own.
func (s *Server) controlled(w http.ResponseWriter, r *http.Request, in any, fromForm func(url.Values) error,
	do func() error, answer func() any,
) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	err := readControl(r, in, fromForm)
	if err == nil {
		err = do()
	}
	switch {
	case err != nil:
		s.refuse(w, r, http.StatusBadRequest, codeBadRequest, cannotBeDone(err))
	case isForm(r):
		w.Header().Set("Location", s.backTo(r))
		send(w, http.StatusSeeOther, nil)
	default:
		s.tell(w, r, answer())
	}
}

// backTo returns the part of the front page that a form is in, or that shows its effect. A folded tool
// is opened.
func (s *Server) backTo(r *http.Request) string {
	id, part := r.PathValue("shop"), ""
	switch {
	case strings.HasSuffix(r.URL.Path, "/events"):
		part = "deliveries"
	case id != "":
		part = url.PathEscape(id)
	}
	switch {
	case part != "" && len(s.Shops()) > shownCards: // a list has no forms, so the form was beside one shop
		return "/?" + url.Values{"q": {id}}.Encode() + "#" + part
	case part != "":
		return "/#" + part
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/_sandbox/"), "/")
	return "/?open=" + name + "#" + name
}

func isForm(r *http.Request) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return kind == "application/x-www-form-urlencoded"
}

func readControl(r *http.Request, in any, fromForm func(url.Values) error) error {
	if isForm(r) {
		if err := r.ParseForm(); err != nil || fromForm == nil {
			return err
		}
		return fromForm(r.PostForm)
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case kind == "application/json":
		d := json.NewDecoder(r.Body)
		d.DisallowUnknownFields()
		return d.Decode(in)
	case r.ContentLength == 0 && fromForm == nil:
		return nil
	}
	return errOtherBody
}

// state is what the sandbox reports of itself.
type state struct {
	Now      time.Time       `json:"now"`
	AppKey   string          `json:"appKey"` // signs the deliveries of every shop
	Clients  []stateClient   `json:"clients"`
	Shops    []stateShop     `json:"shops"`
	Channel  DemoChannel     `json:"channel"`
	Failures []failureInput  `json:"failures"`
	Requests []RequestRecord `json:"requests"`
	// Deliveries and Received are the newest, the newest first.
	Deliveries []Delivery `json:"deliveries"`
	Received   []Receipt  `json:"received"` // by the built-in receiver
}

const shownDeliveries = 50

type stateClient struct {
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	Public       bool     `json:"public"`
	RedirectURIs []string `json:"redirectUris"`
}

type stateShop struct {
	ID            string    `json:"id"`
	Name          string    `json:"name"`
	Domain        string    `json:"domain"`
	PublicDomain  string    `json:"publicDomain"`
	APIUser       string    `json:"apiUser"`
	APIPassword   string    `json:"apiPassword"`
	WebhookSecret string    `json:"webhookSecret"`
	Switches      Switches  `json:"switches"`
	Webhooks      []Webhook `json:"webhooks"`
	Oddities      []string  `json:"oddities"` // what a client must cope with in it
}

func (s *Server) state() state {
	received := s.Receipts()
	s.mu.Lock()
	defer s.mu.Unlock()
	st := state{
		Now: s.now(), AppKey: s.appKey, Channel: s.channel.copy(), Clients: []stateClient{}, Failures: []failureInput{},
		Requests:   append([]RequestRecord{}, s.requests...),
		Deliveries: append([]Delivery{}, s.newest(shownDeliveries)...),
		Received:   append([]Receipt{}, received...),
	}
	for _, c := range s.clients {
		st.Clients = append(st.Clients, stateClient{c.id, c.name, c.secret == "", c.redirectURIs})
	}
	for _, sh := range s.shops {
		st.Shops = append(st.Shops, stateShop{
			sh.ID, sh.Name, sh.Domain, sh.PublicDomain, sh.APIUser, sh.APIPassword, sh.WebhookSecret,
			sh.switches, append([]Webhook{}, sh.webhooks...), sh.oddities(),
		})
	}
	for _, f := range s.failures {
		st.Failures = append(st.Failures, newFailureInput(f))
	}
	return st
}

// handleState returns the state, immediately or when no delivery is in progress. It ignores that
// the wait ended early, because then the client or the sandbox is gone.
func (s *Server) handleState(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("settled") == "true" {
		_ = s.AwaitDeliveries(r.Context())
	}
	s.tell(w, r, s.state())
}

// tell responds to a program.
func (s *Server) tell(w http.ResponseWriter, r *http.Request, what any) {
	p := done(what)
	body, err := p.encode()
	if err != nil {
		p = s.internalError(r, err)
		body, _ = p.encode()
	}
	p.write(w, body)
}
