package oauth

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hookwall/internal/fourthwall"
)

// memory is a CredentialStore of one connection, with the rules of package store.
type memory struct {
	mu     sync.Mutex
	stored StoredCredential
	holder string
	until  time.Time
	now    func() time.Time
	faults int // so many calls of FinishRefresh fail
	tries  int // calls of FinishRefresh
	gone   bool
}

var errGone = errors.New("there is no such connection")

func (m *memory) StoredCredential(context.Context, string) (StoredCredential, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.gone {
		return StoredCredential{}, errGone
	}
	return m.stored, nil
}

func (m *memory) LeaseRefresh(
	_ context.Context,
	_ string,
	version int64,
	holder string,
	ttl time.Duration,
) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stored.Expired || m.stored.Version != version || (m.holder != "" && m.now().Before(m.until)) {
		return false, nil
	}
	m.holder, m.until = holder, m.now().Add(ttl)
	return true, nil
}

func (m *memory) FinishRefresh(
	_ context.Context,
	_ string,
	version int64,
	holder string,
	credential []byte,
	_ time.Time,
	_ string,
) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tries++
	if m.tries <= m.faults {
		return errors.New("the database is locked")
	}
	if m.gone || m.holder != holder || m.stored.Version != version {
		return ErrLeaseLost
	}
	c, err := Decode(credential)
	m.stored.Credential, m.holder = c, ""
	m.stored.Version++
	return err
}

func (m *memory) ReleaseRefresh(_ context.Context, _, holder string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.holder == holder {
		m.holder = ""
	}
	return nil
}

func (m *memory) ExpireConnection(_ context.Context, _ string, version int64, _ error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stored.Version == version {
		m.stored.Expired = true
	}
	return nil
}

func storedUntil(refreshToken string, end time.Time) StoredCredential {
	return StoredCredential{
		ID:      "conn",
		Version: 1,
		Credential: Credential{
			Way:          WayCode,
			AccessToken:  "a1",
			RefreshToken: fourthwall.Secret(refreshToken),
			ExpiresAt:    end,
		},
	}
}

const renewed = `{"access_token":"a2","token_type":"Bearer","expires_in":300,"refresh_token":"r2"}`

// Checklist 10.
func TestFresh(t *testing.T) {
	tests := []struct {
		name    string
		stored  StoredCredential
		status  int
		body    string
		token   fourthwall.Secret // returned
		err     error
		hits    int32
		expired bool
	}{
		{"valid for long", storedUntil("r1", noon.Add(time.Hour)), 200, renewed, "a1", nil, 0, false},
		{"expiry unknown", storedUntil("r1", time.Time{}), 200, renewed, "a1", nil, 0, false},
		{"expires soon", storedUntil("r1", noon.Add(20*time.Second)), 200, renewed, "a2", nil, 1, false},
		{"expired", storedUntil("r1", noon.Add(-time.Second)), 200, renewed, "a2", nil, 1, false},
		{"expires soon, no refresh token", storedUntil("", noon.Add(20*time.Second)), 200, renewed, "a1", nil, 0, false},
		{"expired, no refresh token", storedUntil("", noon), 200, renewed, "", ErrReconnect, 0, true},
		{"expires soon, provider fails", storedUntil("r1", noon.Add(20*time.Second)), 503, "", "a1", nil, 1, false},
		{
			"expires soon, rejected",
			storedUntil("r1", noon.Add(20*time.Second)),
			400,
			`{"error":"invalid_grant"}`,
			"",
			ErrReconnect,
			1,
			true,
		},
		{"expired, rejected", storedUntil("r1", noon), 400, `{"error":"invalid_grant"}`, "", ErrReconnect, 1, true},
		{
			"marked as expired",
			StoredCredential{ID: "conn", Version: 1, Expired: true},
			200,
			renewed,
			"",
			ErrReconnect,
			0,
			true,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newTokenServer(t, test.status, test.body)
			m := &memory{stored: test.stored, now: func() time.Time { return noon }}
			got, err := NewRefresher(s.provider(), m).Fresh(t.Context(), test.stored)
			if !errors.Is(err, test.err) || got.Credential.AccessToken.Reveal() != test.token.Reveal() {
				t.Errorf("got token %q, error %v", got.Credential.AccessToken.Reveal(), err)
			}
			if s.hits.Load() != test.hits || m.stored.Expired != test.expired || (m.holder != "" && !test.expired) {
				t.Errorf("%d calls, expired %v, lease %q", s.hits.Load(), m.stored.Expired, m.holder)
			}
		})
	}
}

// TestOnlyARefusedTokenEnds: a connection ends only if the provider says that the refresh token is no longer good.
// Everything else stays as it was, and is tried again the next time.
func TestOnlyARefusedTokenEnds(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		ends   bool
		app    bool // it's the fault of the client ID and secret
		code   string
	}{
		{"invalid_grant", 400, `{"error":"invalid_grant"}`, true, false, "invalid_grant"},
		{"invalid_grant with 200", 200, `{"error":"invalid_grant"}`, true, false, "invalid_grant"},
		{"invalid_grant with 401", 401, `{"error":"invalid_grant","error_description":"Session not active"}`, true, false, "invalid_grant"},
		{"invalid_token", 400, `{"error":"invalid_token"}`, true, false, "invalid_token"},
		{"interaction_required", 400, `{"error":"interaction_required"}`, true, false, "interaction_required"},
		{"invalid_grant, with a fault", 500, `{"error":"invalid_grant"}`, false, false, ""},
		{"invalid_grant, beside a redirect", 302, `{"error":"invalid_grant"}`, false, false, ""},
		{"invalid_client", 401, `{"error":"invalid_client"}`, false, true, "invalid_client"},
		{"invalid_client with 200", 200, `{"error":"invalid_client"}`, false, true, "invalid_client"},
		{"unauthorized_client", 400, `{"error":"unauthorized_client"}`, false, true, "unauthorized_client"},
		{"invalid_scope", 400, `{"error":"invalid_scope"}`, false, false, "invalid_scope"},
		{"invalid_request", 400, `{"error":"invalid_request"}`, false, false, "invalid_request"},
		{"unsupported_grant_type", 400, `{"error":"unsupported_grant_type"}`, false, false, "unsupported_grant_type"},
		{"a code of the future", 400, `{"error":"made_up"}`, false, false, "made_up"},
		{"a 400 without a code", 400, `{"message":"Bad Request"}`, false, false, ""},
		{"a framework's 400", 400, `{"status":400,"error":"Bad Request"}`, false, false, ""},
		{"an error that is an object", 400, `{"error":{"code":"invalid_grant"}}`, false, false, ""},
		{"an empty 400", 400, "", false, false, ""},
		{"an empty 401", 401, "", false, false, ""},
		{"a challenge page", 403, "<!DOCTYPE html>canary", false, false, ""},
		{"nothing there", 404, "404 page not found", false, false, ""},
		{"a proxy's password", 407, "", false, false, ""},
		{"a law", 451, "<html>", false, false, ""},
		{"too many", 429, "<html>", false, false, ""},
		{"a redirect", 302, "", false, false, ""},
		{"a page", 200, "<html>canary", false, false, ""},
		{"an empty object", 200, `{}`, false, false, ""},
		{"a token of another kind", 200, `{"access_token":"a","token_type":"mac"}`, false, false, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newTokenServer(t, test.status, test.body)
			m := &memory{stored: storedUntil("r1", noon), now: func() time.Time { return noon }}
			_, err := NewRefresher(s.provider(), m).Fresh(t.Context(), m.stored)
			if errors.Is(err, ErrReconnect) != test.ends || m.stored.Expired != test.ends || errors.Is(err, ErrApp) != test.app {
				t.Errorf("ended %v, error %v", m.stored.Expired, err)
			}
			var answer *TokenError
			if !errors.As(err, &answer) || answer.Code != test.code || strings.Contains(err.Error(), "canary") {
				t.Errorf("error %v, want code %q", err, test.code)
			}
			if !test.ends && (m.holder != "" || m.stored.Version != 1) {
				t.Errorf("lease %q, version %d", m.holder, m.stored.Version)
			}
		})
	}
}

// TestRefreshWithoutClientID: a client ID that is missing from the settings ends no connection.
func TestRefreshWithoutClientID(t *testing.T) {
	s := newTokenServer(t, 200, renewed)
	m := &memory{stored: storedUntil("r1", noon), now: func() time.Time { return noon }}
	_, err := NewRefresher(s.provider(func(c *Config) { c.ClientID = "" }), m).Fresh(t.Context(), m.stored)
	if !errors.Is(err, ErrApp) || m.stored.Expired || s.hits.Load() != 0 {
		t.Errorf("error %v, ended %v, %d calls", err, m.stored.Expired, s.hits.Load())
	}
}

// TestOneRefresh has fifty requests in each of two processes renew at the same time.
// Checklist 10.
func TestOneRefresh(t *testing.T) {
	s := newTokenServer(t, 200, renewed)
	m := &memory{stored: storedUntil("r1", noon.Add(time.Hour)), now: time.Now}
	replicas := []*Refresher{NewRefresher(s.provider(), m), NewRefresher(s.provider(), m)}
	stored := m.stored
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			got, err := replicas[i%2].Renew(t.Context(), stored)
			if err != nil || got.Credential.AccessToken != "a2" || got.Version != 2 {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
	wg.Wait()
	if s.hits.Load() != 1 {
		t.Errorf("refreshed %d times", s.hits.Load())
	}
}

// shelf is a CredentialStore of several connections, by ID.
type shelf map[string]*memory

func (s shelf) StoredCredential(ctx context.Context, id string) (StoredCredential, error) {
	return s[id].StoredCredential(ctx, id)
}

func (s shelf) LeaseRefresh(
	ctx context.Context,
	id string,
	version int64,
	holder string,
	ttl time.Duration,
) (bool, error) {
	return s[id].LeaseRefresh(ctx, id, version, holder, ttl)
}

func (s shelf) FinishRefresh(
	ctx context.Context,
	id string,
	version int64,
	holder string,
	credential []byte,
	end time.Time,
	scopes string,
) error {
	return s[id].FinishRefresh(ctx, id, version, holder, credential, end, scopes)
}

func (s shelf) ReleaseRefresh(ctx context.Context, id, holder string) error {
	return s[id].ReleaseRefresh(ctx, id, holder)
}

func (s shelf) ExpireConnection(ctx context.Context, id string, version int64, reason error) error {
	return s[id].ExpireConnection(ctx, id, version, reason)
}

// tokensOf is a token server that responds after a second. Its access tokens name the refresh token.
type tokensOf struct{}

func (tokensOf) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	time.Sleep(time.Second) //nolint:forbidigo // in a bubble
	body := `{"access_token":"from-` + r.PostForm.Get("refresh_token") +
		`","token_type":"Bearer","expires_in":300,"refresh_token":"next"}`
	return &http.Response{
		StatusCode: http.StatusOK,
		Request:    r,
		Header:     http.Header{"Content-Type": {"application/json"}},
		Body:       io.NopCloser(strings.NewReader(body)),
	}, nil
}

// TestConcurrentRefreshes: a call during the refresh of something else doesn't get the result of that: neither the
// credential of another connection, nor the version that the API has rejected.
// Checklist 10.
func TestConcurrentRefreshes(t *testing.T) {
	for _, test := range []struct {
		name        string
		elsewhere   bool   // another replica renews the first credential
		id          string // of the connection that the second call is for
		first, then StoredCredential
	}{
		{"another connection", false, "other", renewedTo("conn", 2, "from-r-of-conn"), renewedTo("other", 2, "from-r-of-other")},
		{"the next version of the same", true, "conn", renewedTo("conn", 2, "a2"), renewedTo("conn", 3, "from-r2")},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := shelf{}
				for _, id := range []string{"conn", "other"} {
					stored := storedUntil("r-of-"+id, time.Now())
					stored.ID = id
					store[id] = &memory{stored: stored, now: time.Now}
				}
				r := NewRefresher(
					New(Config{ClientID: "x", TokenURL: "http://token.example", Transport: tokensOf{}, Now: time.Now}),
					store,
				)
				ask := func(old, want StoredCredential) {
					got, err := r.Renew(t.Context(), old)
					got.Credential = Credential{AccessToken: got.Credential.AccessToken}
					if err != nil || got != want {
						t.Errorf("got %+v, %v, want %+v", got, err, want)
					}
				}
				replica := func(stored StoredCredential) bool {
					leased, err := store.LeaseRefresh(t.Context(), stored.ID, stored.Version, "replica", leaseTime)
					return leased && err == nil
				}
				old := store["conn"].stored
				if test.elsewhere && !replica(old) {
					t.Fatal("there is no lease")
				}
				var first sync.WaitGroup
				first.Go(func() { ask(old, test.first) })
				time.Sleep(pollInterval / 2) //nolint:forbidigo // in a bubble
				if test.elsewhere {
					if err := store.FinishRefresh(t.Context(), "conn", 1, "replica",
						[]byte(`{"way":"code","access_token":"a2","refresh_token":"r2"}`), time.Time{}, ""); err != nil {
						t.Fatal(err)
					}
				}
				ask(store[test.id].stored, test.then)
				first.Wait()
			})
		})
	}
}

func renewedTo(id string, version int64, token fourthwall.Secret) StoredCredential {
	return StoredCredential{ID: id, Version: version, Credential: Credential{AccessToken: token}}
}

// TestLeaseExpires: the lease of a holder that never finishes can be taken when it expires.
func TestLeaseExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{
			stored: storedUntil("r1", time.Now()),
			now:    time.Now,
			holder: "crashed",
			until:  time.Now().Add(leaseTime),
		}
		start := time.Now()
		p := New(Config{ClientID: "x", TokenURL: "http://token.example", Transport: refuse{}, Now: time.Now})
		_, err := NewRefresher(p, m).Renew(t.Context(), m.stored)
		if !errors.Is(err, ErrReconnect) {
			t.Errorf("got %v", err)
		}
		if waited := time.Since(start); waited < leaseTime || waited > leaseTime+time.Second {
			t.Errorf("waited %v for a lease of %v", waited, leaseTime)
		}
	})
}

// TestNewTokenIsSaved: the old token can't be used again, so saving the new one is retried, unless it's useless.
func TestNewTokenIsSaved(t *testing.T) {
	tests := []struct {
		name      string
		faults    int
		meanwhile func(*memory) // called before the provider responds
		token     fourthwall.Secret
		fails     error // nil for any error where there is no token
		tries     int   // 0: until the time is over
	}{
		{"no failure", 0, nil, "a2", nil, 1},
		{"a short failure", 20, nil, "a2", nil, 21},
		{"a long failure", 1000, nil, "", nil, 0},
		{"connected again", 0, func(m *memory) { m.stored.Version, m.stored.Credential.AccessToken = 2, "a3" }, "a3", nil, 1},
		{"disconnected", 0, func(m *memory) { m.gone = true }, "", errGone, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &memory{stored: storedUntil("r1", time.Now()), now: time.Now, faults: test.faults}
				stored, start := m.stored, time.Now()
				server := &rotating{latency: time.Second}
				p := New(Config{ClientID: "x", TokenURL: "http://token.example", Transport: server, Now: time.Now})
				time.AfterFunc(server.latency/2, func() {
					m.mu.Lock()
					defer m.mu.Unlock()
					if test.meanwhile != nil {
						test.meanwhile(m)
					}
				})
				got, err := NewRefresher(p, m).Renew(t.Context(), stored)
				if got.Credential.AccessToken.Reveal() != test.token.Reveal() || (err == nil) != (test.token != "") ||
					(test.fails != nil && !errors.Is(err, test.fails)) {
					t.Errorf("token %q, error %v", got.Credential.AccessToken.Reveal(), err)
				}
				if took := time.Since(start); took > refreshTime || (test.tries != 0 && m.tries != test.tries) ||
					server.calls != 1 {
					t.Errorf("saved at try %d after %d calls, in %v", m.tries, server.calls, took)
				}
			})
		})
	}
}

// TestExpiredInTheMeantime: Renew doesn't wait for the lease of a connection that is marked as expired.
func TestExpiredInTheMeantime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := storedUntil("r1", time.Now())
		m := &memory{stored: old, now: time.Now}
		m.stored.Expired = true
		start := time.Now()
		_, err := NewRefresher(
			New(Config{ClientID: "x", TokenURL: "http://token.example", Transport: tokensOf{}, Now: time.Now}),
			m,
		).Renew(t.Context(), old)
		if !errors.Is(err, ErrReconnect) || time.Since(start) != 0 {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
	})
}

// TestRefreshOutlivesItsRequest: a rotated token is saved though the request that started the refresh is canceled.
func TestRefreshOutlivesItsRequest(t *testing.T) {
	s := newTokenServer(t, 200, renewed)
	m := &memory{stored: storedUntil("r1", noon), now: time.Now}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := NewRefresher(s.provider(), m)
	if _, err := r.Renew(ctx, m.stored); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	got, err := r.Renew(t.Context(), storedUntil("r1", noon))
	if err != nil || got.Credential.AccessToken != "a2" || s.hits.Load() != 1 {
		t.Errorf("got %+v, %v after %d calls", got, err, s.hits.Load())
	}
}
