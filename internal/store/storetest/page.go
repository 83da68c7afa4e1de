package storetest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"hookwall/internal/store"
)

// openPage loads a session as a page does, and returns the context of its request.
func openPage(t tb, s *store.Store, token string, q store.PageQuery) context.Context {
	t.Helper()
	r := httptest.NewRequestWithContext(store.WithBudget(background), http.MethodGet, "/", nil)
	r = r.WithContext(store.WithPage(r.Context(), q))
	r.AddCookie(&http.Cookie{Name: cookieName, Value: token})
	ctx := r.Context()
	_, err := s.Sessions(store.CookieOptions{Name: cookieName}).Get(r, cookieName)
	must(t, err)
	return ctx
}

func shopsOf(list []store.Connection) (ids []string) {
	for _, c := range list {
		ids = append(ids, c.ShopID)
	}
	return ids
}

var pageTests = map[string]func(*testing.T, *fixture){
	"a page finds what single statements find": func(t *testing.T, f *fixture) {
		owner, token := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		put(t, f.one, connection(other, "sh_1"))
		for n := range 8 {
			put(t, f.one, connection(owner, fmt.Sprint("sh_", n)))
			f.clock.move(time.Second)
		}
		for name, q := range map[string]store.PageQuery{
			"a shop":            {Shop: "sh_1", Recent: []string{"sh_1", "sh_3"}},
			"another's shop":    {Shop: "sh_9", Recent: []string{"sh_9"}},
			"no shop":           {},
			"many recent shops": {Shop: "sh_0", Recent: []string{"sh_4", "gone", "sh_2", "sh_1", "' OR 1=1", "sh_3"}},
			"of another owner":  {Shop: "sh_1", Owner: other},
			"of nobody":         {Shop: "sh_1", Owner: "nobody"},
		} {
			of := owner
			if q.Owner != "" {
				of = q.Owner
			}
			p := store.PageOf(openPage(t, f.other, token, q))
			conn, err, ok := p.Connection(of, q.Shop)
			wantConn, wantErr := f.other.Connection(t.Context(), of, q.Shop)
			same(t, name+": read", ok, true)
			same(t, name+": connection", conn, wantConn)
			same(t, name+": error", fmt.Sprint(err), fmt.Sprint(wantErr))
			recent := q.Recent[:min(len(q.Recent), store.RecentShops)]
			list, total, ok := p.RecentConnections(of, recent)
			wantList, wantTotal, err := f.other.RecentConnections(t.Context(), of, recent)
			must(t, err)
			same(t, name+": read", ok, true)
			same(t, name+": recent", shopsOf(list), shopsOf(wantList))
			same(t, name+": total", total, wantTotal)
			_, _, ok = p.Connection("somebody else", q.Shop)
			same(t, name+": to another owner", ok, false)
			_, _, ok = p.RecentConnections(of, []string{"sh_7", "another"})
			same(t, name+": with other shops", ok, false)
		}
	},

	"an unreadable credential is the page's error": func(t *testing.T, f *fixture) {
		owner, token := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		page := store.PageOf(openPage(t, f.rekeyed(), token, store.PageQuery{Shop: "sh_1"}))
		conn, err, ok := page.Connection(owner, "sh_1")
		is(t, "error", err, store.ErrWrongKey)
		same(t, "read", ok, true)
		same(t, "expired", conn.Expired, true)
	},

	"flashes are those of the page": func(t *testing.T, f *fixture) {
		owner, token := signIn(t, f.one)
		flash(t, f.one, owner, "/shops", "a")
		for path, want := range map[string]bool{"/shops": true, "/connect": false} {
			p := store.PageOf(openPage(t, f.other, token, store.PageQuery{Path: path}))
			same(t, path, p.HasFlashes(owner, path), want)
			same(t, path+" of another owner", p.HasFlashes("other", path), true)
			same(t, "another page than "+path, p.HasFlashes(owner, path+"/x"), true)
		}
	},

	"presets are those of the owner": func(t *testing.T, f *fixture) {
		owner, token := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		_, err := f.one.AddPreset(t.Context(), owner, store.Preset{Name: "Mine", Types: []string{"DONATION"}})
		must(t, err)
		for of, want := range map[store.Owner]bool{owner: true, other: false} {
			p := store.PageOf(openPage(t, f.other, token, store.PageQuery{Owner: of}))
			same(t, "page", p.HasPresets(of), want)
			same(t, "another owner", p.HasPresets("another"), true)
		}
	},

	"a write ends what a page knows": func(t *testing.T, f *fixture) {
		owner, token := signIn(t, f.one)
		ctx := openPage(t, f.one, token, store.PageQuery{Path: "/shops", Shop: "sh_1"})
		same(t, "before", store.PageOf(ctx) != nil, true)
		_, err := f.one.PutConnection(ctx, connection(owner, "sh_1"))
		must(t, err)
		same(t, "after", store.PageOf(ctx) == nil, true)
	},

	"a session that has ended has no page": func(t *testing.T, f *fixture) {
		_, token := signIn(t, f.one)
		f.clock.move(store.SessionIdle)
		same(t, "page", store.PageOf(openPage(t, f.one, token, store.PageQuery{})) == nil, true)
		same(t, "of no session", store.PageOf(openPage(t, f.one, "unknown", store.PageQuery{})) == nil, true)
	},

	"many shops are all counted": func(t *testing.T, f *fixture) {
		owner, token := signIn(t, f.one)
		for n := range 103 {
			put(t, f.one, connection(owner, fmt.Sprintf("sh_%03d", n)))
		}
		total := func() int {
			_, n, _ := store.PageOf(openPage(t, f.one, token, store.PageQuery{})).RecentConnections(owner, nil)
			return n
		}
		same(t, "total", total(), 103)
		put(t, f.one, connection(owner, "sh_103"))
		same(t, "total after another one", total(), 104)
		must(t, f.one.DeleteConnection(t.Context(), owner, "sh_000"))
		same(t, "total after one less", total(), 103)
	},
}
