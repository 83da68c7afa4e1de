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

// memory is a Keeper for one connection, with the store's rules.
type memory struct {
	mu     sync.Mutex
	held   Held
	holder string
	until  time.Time
	now    func() time.Time
	faults int // of the next calls that would keep a credential
	tried  int // to keep one
	gone   bool
}

var errGone = errors.New("there is no such connection")

func (m *memory) Held(context.Context, string) (Held, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.gone {
		return Held{}, errGone
	}
	return m.held, nil
}

func (m *memory) LeaseRefresh(_ context.Context, _ string, version int64, holder string, ttl time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held.Expired || m.held.Version != version || (m.holder != "" && m.now().Before(m.until)) {
		return false, nil
	}
	m.holder, m.until = holder, m.now().Add(ttl)
	return true, nil
}

func (m *memory) FinishRefresh(_ context.Context, _ string, version int64, holder string, credential []byte, _ time.Time, _ string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tried++
	if m.tried <= m.faults {
		return errors.New("the database is locked")
	}
	if m.gone || m.holder != holder || m.held.Version != version {
		return ErrLeaseLost
	}
	c, err := Decode(credential)
	m.held.Credential, m.holder = c, ""
	m.held.Version++
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

func (m *memory) ExpireConnection(_ context.Context, _ string, version int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held.Version == version {
		m.held.Expired = true
	}
	return nil
}

func heldUntil(refreshToken string, end time.Time) Held {
	return Held{ID: "conn", Version: 1, Credential: Credential{Way: WayCode, AccessToken: "a1", RefreshToken: fourthwall.Secret(refreshToken), ExpiresAt: end}}
}

const renewed = `{"access_token":"a2","token_type":"Bearer","expires_in":300,"refresh_token":"r2"}`

// Checklist 10.
func TestFresh(t *testing.T) {
	tests := []struct {
		name    string
		held    Held
		status  int
		body    string
		token   fourthwall.Secret // in hand afterwards
		err     error
		hits    int32
		expired bool
	}{
		{"good for long", heldUntil("r1", noon.Add(time.Hour)), 200, renewed, "a1", nil, 0, false},
		{"no end known", heldUntil("r1", time.Time{}), 200, renewed, "a1", nil, 0, false},
		{"near its end", heldUntil("r1", noon.Add(20*time.Second)), 200, renewed, "a2", nil, 1, false},
		{"at its end", heldUntil("r1", noon.Add(-time.Second)), 200, renewed, "a2", nil, 1, false},
		{"near its end, nothing to renew with", heldUntil("", noon.Add(20*time.Second)), 200, renewed, "a1", nil, 0, false},
		{"at its end, nothing to renew with", heldUntil("", noon), 200, renewed, "", ErrReconnect, 0, true},
		{"near its end, the provider has a fault", heldUntil("r1", noon.Add(20*time.Second)), 503, "", "a1", nil, 1, false},
		{"near its end, refused", heldUntil("r1", noon.Add(20*time.Second)), 400, `{"error":"invalid_grant"}`, "", ErrReconnect, 1, true},
		{"refused", heldUntil("r1", noon), 400, `{"error":"invalid_grant"}`, "", ErrReconnect, 1, true},
		{"already expired", Held{ID: "conn", Version: 1, Expired: true}, 200, renewed, "", ErrReconnect, 0, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newTokenServer(t, test.status, test.body)
			m := &memory{held: test.held, now: func() time.Time { return noon }}
			got, err := NewRefresher(s.provider(), m).Fresh(t.Context(), test.held)
			if !errors.Is(err, test.err) || got.Credential.AccessToken.Reveal() != test.token.Reveal() {
				t.Errorf("got token %q, error %v", got.Credential.AccessToken.Reveal(), err)
			}
			if s.hits.Load() != test.hits || m.held.Expired != test.expired || (m.holder != "" && !test.expired) {
				t.Errorf("%d calls, expired %v, lease %q", s.hits.Load(), m.held.Expired, m.holder)
			}
		})
	}
}

// TestOneRefresh has fifty requests in each of two processes meet a 401 at
// once.
// Checklist 10.
func TestOneRefresh(t *testing.T) {
	s := newTokenServer(t, 200, renewed)
	m := &memory{held: heldUntil("r1", noon.Add(time.Hour)), now: time.Now}
	replicas := []*Refresher{NewRefresher(s.provider(), m), NewRefresher(s.provider(), m)}
	held := m.held
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			got, err := replicas[i%2].Renew(t.Context(), held)
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

// shelf is a Keeper of several connections.
type shelf map[string]*memory

func (s shelf) Held(ctx context.Context, id string) (Held, error) { return s[id].Held(ctx, id) }

func (s shelf) LeaseRefresh(ctx context.Context, id string, version int64, holder string, ttl time.Duration) (bool, error) {
	return s[id].LeaseRefresh(ctx, id, version, holder, ttl)
}

func (s shelf) FinishRefresh(ctx context.Context, id string, version int64, holder string, credential []byte, end time.Time, scopes string) error {
	return s[id].FinishRefresh(ctx, id, version, holder, credential, end, scopes)
}

func (s shelf) ReleaseRefresh(ctx context.Context, id, holder string) error {
	return s[id].ReleaseRefresh(ctx, id, holder)
}

func (s shelf) ExpireConnection(ctx context.Context, id string, version int64) error {
	return s[id].ExpireConnection(ctx, id, version)
}

// tokensOf is a token server that takes a second, and whose access tokens tell
// what they were renewed with.
type tokensOf struct{}

func (tokensOf) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	time.Sleep(time.Second) //nolint:forbidigo // in a bubble
	body := `{"access_token":"from-` + r.PostForm.Get("refresh_token") + `","token_type":"Bearer","expires_in":300,"refresh_token":"next"}`
	return &http.Response{StatusCode: http.StatusOK, Request: r, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body))}, nil
}

// TestRefreshesAtOnce: who asks while something else is renewed does not get
// the outcome of that: not the credential of another connection, nor the very
// version that the API has refused.
// Checklist 10.
func TestRefreshesAtOnce(t *testing.T) {
	for _, test := range []struct {
		name        string
		elsewhere   bool   // another replica renews what is asked for first
		id          string // of the connection that is asked for second
		first, then Held
	}{
		{"another connection", false, "other", renewedTo("conn", 2, "from-r-of-conn"), renewedTo("other", 2, "from-r-of-other")},
		{"the next version of the same", true, "conn", renewedTo("conn", 2, "a2"), renewedTo("conn", 3, "from-r2")},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				keeper := shelf{}
				for _, id := range []string{"conn", "other"} {
					held := heldUntil("r-of-"+id, time.Now())
					held.ID = id
					keeper[id] = &memory{held: held, now: time.Now}
				}
				r := NewRefresher(New(Config{ClientID: "x", TokenURL: "http://token.example", Transport: tokensOf{}, Now: time.Now}), keeper)
				ask := func(old, want Held) {
					got, err := r.Renew(t.Context(), old)
					got.Credential = Credential{AccessToken: got.Credential.AccessToken}
					if err != nil || got != want {
						t.Errorf("got %+v, %v, want %+v", got, err, want)
					}
				}
				replica := func(held Held) bool {
					leased, err := keeper.LeaseRefresh(t.Context(), held.ID, held.Version, "replica", leaseTime)
					return leased && err == nil
				}
				old := keeper["conn"].held
				if test.elsewhere && !replica(old) {
					t.Fatal("there is no lease")
				}
				var first sync.WaitGroup
				first.Go(func() { ask(old, test.first) })
				time.Sleep(pollInterval / 2) //nolint:forbidigo // in a bubble
				if test.elsewhere {
					if err := keeper.FinishRefresh(t.Context(), "conn", 1, "replica", []byte(`{"way":"code","access_token":"a2","refresh_token":"r2"}`), time.Time{}, ""); err != nil {
						t.Fatal(err)
					}
				}
				ask(keeper[test.id].held, test.then)
				first.Wait()
			})
		})
	}
}

func renewedTo(id string, version int64, token fourthwall.Secret) Held {
	return Held{ID: id, Version: version, Credential: Credential{AccessToken: token}}
}

// TestLeaseOfTheDead waits out the lease of a holder that never finishes.
func TestLeaseOfTheDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{held: heldUntil("r1", time.Now()), now: time.Now, holder: "dead", until: time.Now().Add(leaseTime)}
		start := time.Now()
		p := New(Config{ClientID: "x", TokenURL: "http://token.example", Transport: refuse{}, Now: time.Now})
		_, err := NewRefresher(p, m).Renew(t.Context(), m.held)
		if !errors.Is(err, ErrReconnect) {
			t.Errorf("got %v", err)
		}
		if waited := time.Since(start); waited < leaseTime || waited > leaseTime+time.Second {
			t.Errorf("waited %v for a lease of %v", waited, leaseTime)
		}
	})
}

// TestNewTokenIsKept: the old token is spent, so the new one is not given up
// at the first fault of where it is kept, but where it is of no use any more.
func TestNewTokenIsKept(t *testing.T) {
	tests := []struct {
		name      string
		faults    int
		meanwhile func(*memory) // while the provider answers
		token     fourthwall.Secret
		fails     error // nil for any where there is no token
		tried     int   // 0: until the time for it is over
	}{
		{"no fault", 0, nil, "a2", nil, 1},
		{"a short fault", 20, nil, "a2", nil, 21},
		{"a long one", 1000, nil, "", nil, 0},
		{"it was connected anew", 0, func(m *memory) { m.held.Version, m.held.Credential.AccessToken = 2, "a3" }, "a3", nil, 1},
		{"it was disconnected", 0, func(m *memory) { m.gone = true }, "", errGone, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &memory{held: heldUntil("r1", time.Now()), now: time.Now, faults: test.faults}
				held, start := m.held, time.Now()
				server := &rotating{latency: time.Second}
				p := New(Config{ClientID: "x", TokenURL: "http://token.example", Transport: server, Now: time.Now})
				time.AfterFunc(server.latency/2, func() {
					m.mu.Lock()
					defer m.mu.Unlock()
					if test.meanwhile != nil {
						test.meanwhile(m)
					}
				})
				got, err := NewRefresher(p, m).Renew(t.Context(), held)
				if got.Credential.AccessToken.Reveal() != test.token.Reveal() || (err == nil) != (test.token != "") || (test.fails != nil && !errors.Is(err, test.fails)) {
					t.Errorf("token %q, error %v", got.Credential.AccessToken.Reveal(), err)
				}
				if took := time.Since(start); took > refreshTime || (test.tried != 0 && m.tried != test.tried) || server.calls != 1 {
					t.Errorf("kept at try %d after %d calls, in %v", m.tried, server.calls, took)
				}
			})
		})
	}
}

// TestMarkedMeanwhile: who finds that the connection was marked as to be
// connected again does not wait for a lease that nobody gives.
func TestMarkedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := heldUntil("r1", time.Now())
		m := &memory{held: old, now: time.Now}
		m.held.Expired = true
		start := time.Now()
		_, err := NewRefresher(New(Config{ClientID: "x", TokenURL: "http://token.example", Transport: tokensOf{}, Now: time.Now}), m).Renew(t.Context(), old)
		if !errors.Is(err, ErrReconnect) || time.Since(start) != 0 {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
	})
}

// TestRefreshOutlivesItsRequest: who goes away must not take a rotated token
// with them.
func TestRefreshOutlivesItsRequest(t *testing.T) {
	s := newTokenServer(t, 200, renewed)
	m := &memory{held: heldUntil("r1", noon), now: time.Now}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := NewRefresher(s.provider(), m)
	if _, err := r.Renew(ctx, m.held); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	got, err := r.Renew(t.Context(), heldUntil("r1", noon))
	if err != nil || got.Credential.AccessToken != "a2" || s.hits.Load() != 1 {
		t.Errorf("got %+v, %v after %d calls", got, err, s.hits.Load())
	}
}
