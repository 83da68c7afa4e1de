package replicas

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hookwall/e2e/process"
	"hookwall/internal/fourthwall"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
	"hookwall/oauth"
)

const (
	eventsPath = "/open-api/v1.0/webhook-events"

	appSecret   = "of-the-app-of-this-fleet"
	appRedirect = "http://localhost:1/oauth/callback"
)

// fleet is a sandbox in this process, whose shops a team has connected by sign-in, and a network before it that is
// slow, loses responses, and counts. All access tokens have expired.
type fleet struct {
	t        testing.TB
	box      *sandbox.Server
	url      string
	database string

	mu      sync.Mutex
	latency time.Duration
	cut     int             // of so many renewals, one loses its response; 0: none does
	short   bool            // tokens are about to expire as soon as they were issued
	dead    map[string]bool // shops that give no answer
	grants  map[string]string
	shops   map[string]*seen // by ID

	calls, renewals, lost int

	faulty  bool            // some creates lose their response, or take effect after it
	refused map[string]bool // shops whose access has ended

	creates, lostCreates, lateCreates int
	last                              time.Time // when the last late effect comes
}

// seen is what the network saw of a shop.
type seen struct {
	visits  int // that read the deliveries
	calls   int
	now     int // calls in progress
	most    int // calls in progress at once
	renewed int
	began   time.Time // the first call of the visit
	took    time.Duration
	at      time.Time // the end of the last visit
}

// newFleet connects shops for the team of a database. None has an oddity.
func newFleet(t testing.TB, shops int, database string) *fleet {
	t.Helper()
	f := oddFleet(t, shops, database)
	for _, shop := range f.box.Shops() {
		check(t, f.box.Configure(shop.ID, sandbox.Switches{}))
	}
	return f
}

// oddFleet is newFleet with the oddities that the sandbox's fleet has.
func oddFleet(t testing.TB, shops int, database string) *fleet {
	t.Helper()
	f := &fleet{
		t: t, database: database, dead: map[string]bool{}, grants: map[string]string{}, shops: map[string]*seen{},
	}
	var err error
	f.box, err = sandbox.New(sandbox.Config{Shops: &shops, Clients: []sandbox.Client{{
		ID: process.ClientID, Name: process.ClientID, Secret: appSecret, RedirectURIs: []string{appRedirect},
	}}})
	check(t, err)
	t.Cleanup(func() { check(t, f.box.Close()) })
	server := httptest.NewUnstartedServer(f)
	server.Config.ErrorLog = quiet
	server.Start()
	t.Cleanup(server.Close)
	f.url = server.URL
	for _, shop := range f.box.Shops() {
		f.shops[shop.ID] = &seen{}
	}
	f.connect()
	return f
}

func (f *fleet) connect() {
	f.t.Helper()
	st := f.open()
	defer st.Close()
	team, err := st.Team(f.t.Context())
	check(f.t, err)
	for _, shop := range f.box.Shops() {
		held := f.grant(shop.ID)
		text, err := held.Encode()
		check(f.t, err)
		_, err = st.PutConnection(f.t.Context(), store.Connection{
			Owner: team, ShopID: shop.ID, ShopName: shop.Name, ShopDomain: shop.Domain, Way: held.Way,
			Credential: text, Scopes: held.Scopes, ExpiresAt: held.ExpiresAt,
		})
		check(f.t, err)
	}
}

// open opens the database, as a dashboard of the fleet does.
func (f *fleet) open() *store.Store {
	f.t.Helper()
	keys, err := store.ParseKeys(process.Key)
	check(f.t, err)
	st, err := store.Open(context.Background(), f.database, store.Options{Keys: keys, Environment: f.url})
	check(f.t, err)
	return st
}

// grant installs the app in a shop, and returns tokens of which one must be renewed.
func (f *fleet) grant(shop string) oauth.Credential {
	f.t.Helper()
	back := f.ask("/_sandbox/shops/"+shop+"/install", url.Values{"clientId": {process.ClientID}})
	to, err := url.Parse(back.Header().Get("Location"))
	check(f.t, err)
	code := to.Query().Get("code")
	f.grants[grantOf(code)] = shop
	answer := f.ask(tokenPath, url.Values{
		"grant_type": {"authorization_code"}, "client_id": {process.ClientID}, "client_secret": {appSecret},
		"redirect_uri": {appRedirect}, "code": {code},
	})
	var tokens struct {
		Access  fourthwall.Secret `json:"access_token"`
		Refresh fourthwall.Secret `json:"refresh_token"`
		Scope   string            `json:"scope"`
	}
	check(f.t, json.Unmarshal(answer.Body.Bytes(), &tokens))
	return oauth.Credential{
		Way: oauth.WayCode, AccessToken: tokens.Access, RefreshToken: tokens.Refresh, Scopes: tokens.Scope,
		ExpiresAt: time.Now().Add(-time.Hour),
	}
}

// ask posts a form to the sandbox, past the network.
func (f *fleet) ask(path string, form url.Values) *httptest.ResponseRecorder {
	f.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	f.box.ServeHTTP(w, r)
	return w
}

// grantOf returns which grant of the sandbox a code or a token is of.
func grantOf(token string) string {
	id, _, _ := strings.Cut(token, ".")
	return id
}

// dashboard starts a dashboard that visits the fleet.
func (f *fleet) dashboard(environment ...string) *process.Process {
	f.t.Helper()
	return process.Dashboard(f.t, &process.Process{URL: f.url}, f.database,
		append(environment, "HOOKWALL_NO_VISITS=false", "FOURTHWALL_CLIENT_SECRET="+appSecret)...)
}

// ServeHTTP passes a call on to the sandbox. It takes effect before it takes time, so that a client that is killed has
// changed something.
func (f *fleet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	shop := f.shopOf(r, body)
	lost, latency, dead := f.begin(shop, r.URL.Path)
	status := 0
	defer func() { f.end(shop, r.URL.Path, status) }()
	answer := httptest.NewRecorder()
	late := time.Duration(0)
	if isCreate(r) {
		var cut bool
		cut, late = f.fault()
		lost = lost || cut
	}
	switch {
	case f.isRefused(shop):
		r.Header.Set("Authorization", "Bearer ended")
		r.Body = io.NopCloser(strings.NewReader("grant_type=refresh_token&refresh_token=ended"))
		f.box.ServeHTTP(answer, r)
	case late > 0:
		again := r.Clone(context.WithoutCancel(r.Context()))
		again.Body = io.NopCloser(bytes.NewReader(body))
		time.AfterFunc(late, func() { f.box.ServeHTTP(httptest.NewRecorder(), again) })
		panic(http.ErrAbortHandler)
	case !dead:
		f.box.ServeHTTP(answer, r)
	}
	timer := time.NewTimer(latency)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	}
	if lost || dead {
		panic(http.ErrAbortHandler)
	}
	status = answer.Code
	text := answer.Body.Bytes()
	if f.short {
		text = bytes.Replace(text, []byte(`"expires_in":300`), []byte(`"expires_in":31`), 1)
	}
	maps.Copy(w.Header(), answer.Header())
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

// fault returns whether a create loses its response, or after which time it takes effect.
func (f *fleet) fault() (lost bool, late time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.creates++
	switch {
	case !f.faulty:
	case f.creates%lateCreate == lateCreate-1:
		f.lateCreates++
		late = min(time.Duration(f.lateCreates)*time.Second, mostLate)
		if at := time.Now().Add(late); at.After(f.last) {
			f.last = at
		}
	case f.creates%lostCreate == lostCreate-1:
		f.lostCreates++
		lost = true
	}
	return lost, late
}

// breaks lets creates fail, and ends the access to a shop.
func (f *fleet) breaks(ends string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.latency, f.faulty, f.refused = callTime, true, map[string]bool{ends: true}
}

// untilEffects returns how long it takes until all late effects have come.
func (f *fleet) untilEffects() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Until(f.last) + time.Second
}

func (f *fleet) isRefused(shop string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.refused[shop]
}

func (f *fleet) setLatency(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.latency = d
}

// shopOf returns the shop of a token.
func (f *fleet) shopOf(r *http.Request, body []byte) string {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if r.URL.Path == tokenPath {
		form, err := url.ParseQuery(string(body))
		check(f.t, err)
		token = form.Get("refresh_token")
	}
	return f.grants[grantOf(token)]
}

// silence is longer than anybody waits.
const silence = time.Minute

func (f *fleet) begin(shop, path string) (lost bool, latency time.Duration, dead bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.shops[shop]
	if s == nil {
		f.t.Errorf("a call of no shop: %s", path)
		return true, 0, true
	}
	f.calls++
	s.calls++
	s.now++
	s.most = max(s.most, s.now)
	if s.began.IsZero() {
		s.began = time.Now()
	}
	if path == tokenPath {
		f.renewals++
		s.renewed++
		if lost = f.cut > 0 && f.renewals%f.cut == 0; lost {
			f.lost++
		}
	}
	if f.dead[shop] {
		return true, silence, true
	}
	return lost, f.latency, false
}

func (f *fleet) end(shop, path string, status int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.shops[shop]
	if s == nil {
		return
	}
	s.now--
	if path == eventsPath && status == http.StatusOK {
		s.visits++
		s.at = time.Now()
		s.took, s.began = s.at.Sub(s.began), time.Time{}
	}
}

// counts returns a copy of what was seen of shops.
func (f *fleet) counts() map[string]seen {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := map[string]seen{}
	for id, s := range f.shops {
		out[id] = *s
	}
	return out
}

// unvisited returns the shops that weren't visited yet.
func (f *fleet) unvisited() (all []string) {
	for id, s := range f.counts() {
		if s.visits == 0 {
			all = append(all, id)
		}
	}
	return all
}

// called returns how many calls there were.
func (f *fleet) called() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

// renewed returns how many tokens the sandbox has renewed.
func (f *fleet) renewed() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.renewals
}

// setCut makes one of n renewals lose its response from now on; 0: none.
func (f *fleet) setCut(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cut = n
}

// percentile returns the value that p of all are at most.
func percentile(all []time.Duration, p float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[min(int(p*float64(len(all))), len(all)-1)]
}

// works reports whether a credential that is held opens its shop, now or after a renewal.
func (f *fleet) works(text []byte) bool {
	f.t.Helper()
	held, err := oauth.Decode(text)
	check(f.t, err)
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/open-api/v1.0/shops/current", nil)
	r.Header.Set("Authorization", "Bearer "+held.AccessToken.Reveal())
	w := httptest.NewRecorder()
	f.box.ServeHTTP(w, r)
	if w.Code == http.StatusOK {
		return true
	}
	answer := f.ask(tokenPath, url.Values{
		"grant_type": {"refresh_token"}, "client_id": {process.ClientID}, "client_secret": {appSecret},
		"refresh_token": {held.RefreshToken.Reveal()},
	})
	return answer.Code == http.StatusOK
}

// report formats numbers of a run.
func report(name string, all []time.Duration) string {
	return fmt.Sprintf("%s p50 %v, p99 %v", cmp.Or(name, "time"), percentile(all, .5).Round(time.Millisecond),
		percentile(all, .99).Round(time.Millisecond))
}
