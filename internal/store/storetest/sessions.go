package storetest

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"hookwall/internal/store"
)

var sessionTests = map[string]func(*testing.T, *fixture){
	"a saved session is found again by its cookie, on every replica": func(t *testing.T, f *fixture) {
		v := arrive(t, f.one, "")
		same(t, "owner of a new session", store.OwnerOf(v.session), "")
		same(t, "new", v.session.IsNew, true)
		token := v.save(t)
		owner := store.OwnerOf(v.session)
		if owner == "" || v.session.IsNew {
			t.Fatalf("saved session: owner %q, new %v", owner, v.session.IsNew)
		}
		if !regexp.MustCompile(`^[A-Z2-7]{26}$`).MatchString(token) {
			t.Fatalf("token %q is not 130 bits in base32", token)
		}
		for _, s := range []*store.Store{f.one, f.other} {
			again := arrive(t, s, token)
			same(t, "owner", store.OwnerOf(again.session), owner)
			same(t, "new", again.session.IsNew, false)
			if again.session.ID == "" || strings.Contains(again.session.ID, token) {
				t.Fatalf("ID %q must be there and must not tell the token", again.session.ID)
			}
		}
	},

	"owners and tokens differ": func(t *testing.T, f *fixture) {
		a, tokenA := signIn(t, f.one)
		b, tokenB := signIn(t, f.one)
		if a == b || tokenA == tokenB {
			t.Fatalf("two sign-ins share something: owners %q %q", a, b)
		}
	},

	"a request loads its session once": func(t *testing.T, f *fixture) {
		v := arrive(t, f.one, "")
		again, err := v.sessions.Get(v.request, cookieName)
		must(t, err)
		if again != v.session {
			t.Fatal("two sessions in one request")
		}
	},

	"saving twice sets one cookie": func(t *testing.T, f *fixture) {
		v := arrive(t, f.one, "")
		token := v.save(t)
		same(t, "token", v.save(t), token)
	},

	"saving a loaded session sets no cookie": func(t *testing.T, f *fixture) {
		owner, token := signIn(t, f.one)
		same(t, "cookie", arrive(t, f.one, token).save(t), "")
		same(t, "owner", ownerOf(t, f.one, token), owner)
	},

	"a cookie that is no session": func(t *testing.T, f *fixture) {
		_, token := signIn(t, f.one)
		for name, value := range map[string]string{
			"none":              "",
			"unknown":           strings.Repeat("A", 26),
			"garbage":           "x",
			"long":              strings.Repeat("A", 4000),
			"a token, cut":      token[:len(token)-1],
			"a token, extended": token + "A",
			"a token, padded":   token + "=",
			"quotes":            `' OR 1=1 --`,
		} {
			t.Run(name, func(t *testing.T) {
				v := arrive(t, f.one, value)
				same(t, "new", v.session.IsNew, true)
				same(t, "ID", v.session.ID, "")
				same(t, "owner", store.OwnerOf(v.session), "")
				same(t, "cookies set", len(v.answer.Result().Cookies()), 0)
				same(t, "values", len(v.session.Values), 0)
			})
		}
	},

	"a chosen cookie value never becomes a session": func(t *testing.T, f *fixture) {
		chosen := strings.Repeat("B", 26)
		v := arrive(t, f.one, chosen)
		token := v.save(t)
		if token == chosen {
			t.Fatal("the session took the chosen token")
		}
		same(t, "owner by the chosen token", ownerOf(t, f.one, chosen), "")
		same(t, "owner by the new token", ownerOf(t, f.one, token), store.OwnerOf(v.session))
	},

	"a renewed session keeps its owner and loses its old token": func(t *testing.T, f *fixture) {
		owner, old := signIn(t, f.one)
		v := arrive(t, f.one, old)
		v.session.ID = ""
		token := v.save(t)
		if token == old || token == "" {
			t.Fatalf("renewal gave the token %q", token)
		}
		same(t, "owner in the same request", store.OwnerOf(v.session), owner)
		same(t, "owner by the new token", ownerOf(t, f.other, token), owner)
		same(t, "owner by the old token", ownerOf(t, f.other, old), "")
	},

	"a session renewed twice in one request leaves the last token": func(t *testing.T, f *fixture) {
		owner, old := signIn(t, f.one)
		v := arrive(t, f.one, old)
		v.session.ID = ""
		first := v.save(t)
		v.session.ID, v.answer = "", httptest.NewRecorder()
		second := v.save(t)
		same(t, "owner by the first", ownerOf(t, f.one, first), "")
		same(t, "owner by the second", ownerOf(t, f.one, second), owner)
	},

	"a renewed session keeps what its owner has": func(t *testing.T, f *fixture) {
		owner, old := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		v := arrive(t, f.one, old)
		v.session.ID = ""
		v.save(t)
		same(t, "connections", len(connections(t, f.one, owner)), 1)
	},

	"two tabs that renew at once stay with their owner": func(t *testing.T, f *fixture) {
		owner, old := signIn(t, f.one)
		tabs := []*browserRequest{arrive(t, f.one, old), arrive(t, f.other, old)}
		for _, v := range tabs {
			v.session.ID = ""
			same(t, "owner", ownerOf(t, f.one, v.save(t)), owner)
		}
	},

	"another session of the owner ends when one is renewed": func(t *testing.T, f *fixture) {
		owner, old := signIn(t, f.one)
		one, other := renew(t, f.one, old), renew(t, f.other, old)
		planted, kept := one.save(t), other.save(t)
		f.clock.move(time.Second)
		victim := renew(t, f.one, planted)
		token := victim.save(t)
		same(t, "owner of the renewed session", ownerOf(t, f.one, token), owner)
		same(t, "owner by the twin", ownerOf(t, f.other, kept), "")
	},

	"two different session cookies count as none": func(t *testing.T, f *fixture) {
		owner, token := signIn(t, f.one)
		_, planted := signIn(t, f.one)
		for name, cookies := range map[string][]string{
			"the planted one first": {planted, token},
			"the planted one last":  {token, planted},
			"one that is no token":  {token, "x"},
			"the same twice":        {token, token},
		} {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			for _, value := range cookies {
				r.AddCookie(&http.Cookie{Name: cookieName, Value: value})
			}
			session, err := f.one.Sessions(store.CookieOptions{Name: cookieName}).Get(r, cookieName)
			must(t, err)
			want := store.Owner("")
			if name == "the same twice" {
				want = owner
			}
			same(t, name, store.OwnerOf(session), want)
		}
	},

	"a sign-in over a session that ended starts with nothing": func(t *testing.T, f *fixture) {
		owner, old := signIn(t, f.one)
		f.clock.move(store.SessionIdle)
		v := arrive(t, f.one, old)
		if token := v.save(t); token == old || store.OwnerOf(v.session) == owner {
			t.Fatalf("a dead session lives on as %q", store.OwnerOf(v.session))
		}
	},

	"a session for a given owner": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		v := arrive(t, f.one, "")
		v.session.Values["owner"] = owner
		same(t, "owner before it is saved", store.OwnerOf(v.session), "")
		same(t, "owner", ownerOf(t, f.one, v.save(t)), owner)
	},

	"a session ends after 12 hours without a request": func(t *testing.T, f *fixture) {
		owner, token := signIn(t, f.one)
		f.clock.move(store.SessionIdle - time.Millisecond)
		same(t, "owner a moment before", ownerOf(t, f.one, token), owner)
		f.clock.move(store.SessionIdle - time.Millisecond)
		same(t, "owner, seen in between", ownerOf(t, f.one, token), owner)
		f.clock.move(store.SessionIdle)
		same(t, "owner after it", ownerOf(t, f.one, token), "")
	},

	"a session ends 7 days after its sign-in, however busy": func(t *testing.T, f *fixture) {
		owner, token := signIn(t, f.one)
		for f.clock.Now().Before(f.start.Add(store.SessionLife - time.Hour)) {
			f.clock.move(time.Hour)
			same(t, "owner at "+f.clock.Now().String(), ownerOf(t, f.one, token), owner)
		}
		f.clock.move(time.Hour)
		same(t, "owner after 7 days", ownerOf(t, f.one, token), "")
	},

	"a renewal begins a new absolute life": func(t *testing.T, f *fixture) {
		owner, token := signIn(t, f.one)
		for range 14 * 4 {
			f.clock.move(6 * time.Hour)
			v := arrive(t, f.one, token)
			v.session.ID = ""
			token = v.save(t)
			same(t, "owner", store.OwnerOf(v.session), owner)
		}
	},

	"the last request is recorded every 5 minutes at most": func(t *testing.T, f *fixture) {
		_, early := signIn(t, f.one)
		owner, late := signIn(t, f.one)
		f.clock.move(5*time.Minute - time.Millisecond)
		ownerOf(t, f.one, early) // too soon to be noted
		f.clock.move(time.Millisecond)
		ownerOf(t, f.one, late)
		f.clock.move(store.SessionIdle - 5*time.Minute)
		same(t, "owner of the session seen too soon", ownerOf(t, f.one, early), "")
		same(t, "owner of the session seen later", ownerOf(t, f.one, late), owner)
	},

	"a mark distinguishes sessions and reveals no token": func(t *testing.T, f *fixture) {
		v := arrive(t, f.one, "")
		same(t, "mark of a new session", v.sessions.Mark(v.session), "")
		same(t, "mark of none", v.sessions.Mark(nil), "")
		token := v.save(t)
		mark := v.sessions.Mark(v.session)
		sum := sha256.Sum256([]byte(token))
		same(t, "mark", mark, hex.EncodeToString(sum[:4]))
		again := arrive(t, f.other, token)
		same(t, "mark of the same session", again.sessions.Mark(again.session), mark)
		again.session.ID = ""
		again.save(t)
		if renewed := again.sessions.Mark(again.session); renewed == mark || len(renewed) != 8 {
			t.Fatalf("the renewed session has the mark %q, as before", renewed)
		}
		again.session.Options.MaxAge = -1
		again.save(t)
		same(t, "mark after signing out", again.sessions.Mark(again.session), "")
	},

	"signing out ends the session everywhere": func(t *testing.T, f *fixture) {
		owner, token := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		v := arrive(t, f.one, token)
		v.session.Options.MaxAge = -1
		same(t, "cookie", v.save(t), "")
		same(t, "cookies set", len(v.answer.Result().Cookies()), 1)
		same(t, "owner in the same request", store.OwnerOf(v.session), "")
		same(t, "owner by the old token", ownerOf(t, f.other, token), "")
		same(t, "connections", len(connections(t, f.other, owner)), 0)
	},

	"signing out keeps the owner's other sessions": func(t *testing.T, f *fixture) {
		owner, token := signIn(t, f.one)
		second := arrive(t, f.one, "")
		second.session.Values["owner"] = owner
		secondToken := second.save(t)
		put(t, f.one, connection(owner, "sh_1"))
		v := arrive(t, f.one, token)
		v.session.Options.MaxAge = -1
		v.save(t)
		same(t, "owner by the other token", ownerOf(t, f.one, secondToken), owner)
		same(t, "connections", len(connections(t, f.one, owner)), 1)
	},

	"signing out without a session clears the cookie": func(t *testing.T, f *fixture) {
		v := arrive(t, f.one, strings.Repeat("A", 26))
		v.session.Options.MaxAge = -1
		same(t, "cookie", v.save(t), "")
		same(t, "cookies set", len(v.answer.Result().Cookies()), 1)
	},

	"a cookie for plain http": func(t *testing.T, f *fixture) {
		ss := f.one.Sessions(store.CookieOptions{Name: "hookwall_session"})
		r, w := httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRecorder()
		session, err := ss.New(r, "hookwall_session")
		must(t, err)
		must(t, ss.Save(r, w, session))
		got := w.Result().Cookies()[0]
		same(t, "cookie", got, &http.Cookie{
			Name: "hookwall_session", Value: got.Value, Raw: got.Raw, Path: "/", MaxAge: 604800,
			HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
	},

	"values that a session cannot keep are an error": func(t *testing.T, f *fixture) {
		for name, change := range map[string]func(*browserRequest){
			"another value":        func(v *browserRequest) { v.session.Values["theme"] = "dark" },
			"a flash":              func(v *browserRequest) { v.session.AddFlash("saved") },
			"an owner by its text": func(v *browserRequest) { v.session.Values["owner"] = "somebody" },
		} {
			t.Run(name, func(t *testing.T) {
				v := arrive(t, f.one, "")
				change(v)
				if err := v.session.Save(v.request, v.answer); err == nil {
					t.Fatal("no error")
				}
				same(t, "cookies set", len(v.answer.Result().Cookies()), 0)
			})
		}
	},

	"a session by another name is an error": func(t *testing.T, f *fixture) {
		v := arrive(t, f.one, "")
		session, err := v.sessions.New(v.request, "session")
		if err == nil || session == nil || !session.IsNew {
			t.Fatalf("session %v, error %v", session, err)
		}
	},

	"an owner signs out everywhere": func(t *testing.T, f *fixture) {
		owner, token := signIn(t, f.one)
		second := arrive(t, f.one, "")
		second.session.Values["owner"] = owner
		secondToken := second.save(t)
		stays, staysToken := signIn(t, f.one)
		must(t, f.one.DeleteOwner(t.Context(), owner))
		same(t, "owner by the first token", ownerOf(t, f.other, token), "")
		same(t, "owner by the second token", ownerOf(t, f.other, secondToken), "")
		same(t, "owner by another's token", ownerOf(t, f.other, staysToken), stays)
		must(t, f.one.DeleteOwner(t.Context(), owner))
	},

	"many requests of one session at once": func(t *testing.T, f *fixture) {
		owner, token := signIn(t, f.one)
		f.clock.move(time.Hour)
		n := f.race(64, func(_ int, s *store.Store) bool {
			v := arrive(t, s, token)
			return store.OwnerOf(v.session) == owner
		})
		same(t, "requests that found their session", n, 64)
	},
}
