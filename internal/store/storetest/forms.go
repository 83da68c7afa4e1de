package storetest

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"hookwall/internal/store"
)

func signInAttempt(f *fixture) store.SignIn {
	return store.SignIn{
		State: "state-1", Browser: "browser-1", Way: "code", Verifier: "verifier-1",
		Return: "/shops/sh_1/webhooks/new", Shop: "sh_1", ExpiresAt: f.start.Add(10 * time.Minute),
	}
}

var signInTests = map[string]func(*testing.T, *fixture){
	"taken once, with every field": func(t *testing.T, f *fixture) {
		must(t, f.one.PutSignIn(t.Context(), signInAttempt(f)))
		got, err := f.other.TakeSignIn(t.Context(), "state-1", "browser-1")
		must(t, err)
		same(t, "sign-in", got, signInAttempt(f))
		_, err = f.one.TakeSignIn(t.Context(), "state-1", "browser-1")
		is(t, "again", err, store.ErrNotFound)
	},

	"taken by one of many at once": func(t *testing.T, f *fixture) {
		must(t, f.one.PutSignIn(t.Context(), signInAttempt(f)))
		won := f.race(32, func(_ int, s *store.Store) bool {
			_, err := s.TakeSignIn(t.Context(), "state-1", "browser-1")
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				t.Errorf("unexpected error: %v", err)
			}
			return err == nil
		})
		same(t, "takers", won, 1)
	},

	"not for another browser, which does not use it up": func(t *testing.T, f *fixture) {
		must(t, f.one.PutSignIn(t.Context(), signInAttempt(f)))
		for name, ask := range map[string]struct{ state, browser string }{
			"unknown state":    {"state-2", "browser-1"},
			"empty state":      {"", "browser-1"},
			"another browser":  {"state-1", "browser-2"},
			"no browser":       {"state-1", ""},
			"swapped":          {"browser-1", "state-1"},
			"a longer browser": {"state-1", "browser-11"},
		} {
			_, err := f.one.TakeSignIn(t.Context(), ask.state, ask.browser)
			is(t, name, err, store.ErrNotFound)
		}
		_, err := f.open(sandbox).TakeSignIn(t.Context(), "state-1", "browser-1")
		is(t, "another environment", err, store.ErrNotFound)
		_, err = f.one.TakeSignIn(t.Context(), "state-1", "browser-1")
		must(t, err)
	},

	"expires at its time": func(t *testing.T, f *fixture) {
		second := signInAttempt(f)
		second.State = "state-2"
		must(t, f.one.PutSignIn(t.Context(), signInAttempt(f)))
		must(t, f.one.PutSignIn(t.Context(), second))
		f.clock.move(10*time.Minute - time.Millisecond)
		_, err := f.one.TakeSignIn(t.Context(), "state-1", "browser-1")
		must(t, err)
		f.clock.move(time.Millisecond)
		_, err = f.one.TakeSignIn(t.Context(), "state-2", "browser-1")
		is(t, "at its end", err, store.ErrNotFound)
	},

	"several of one browser at once": func(t *testing.T, f *fixture) {
		second := signInAttempt(f)
		second.State, second.Verifier, second.Return = "state-2", "verifier-2", "/shops"
		must(t, f.one.PutSignIn(t.Context(), signInAttempt(f)))
		must(t, f.one.PutSignIn(t.Context(), second))
		got, err := f.one.TakeSignIn(t.Context(), "state-2", "browser-1")
		must(t, err)
		same(t, "second", got, second)
		got, err = f.one.TakeSignIn(t.Context(), "state-1", "browser-1")
		must(t, err)
		same(t, "first", got, signInAttempt(f))
	},

	"refused without state or browser, or with a known state": func(t *testing.T, f *fixture) {
		must(t, f.one.PutSignIn(t.Context(), signInAttempt(f)))
		for name, change := range map[string]func(*store.SignIn){
			"no state":    func(a *store.SignIn) { a.State = "" },
			"no browser":  func(a *store.SignIn) { a.State, a.Browser = "state-2", "" },
			"known state": func(a *store.SignIn) { a.Browser = "browser-2" },
		} {
			a := signInAttempt(f)
			change(&a)
			if err := f.one.PutSignIn(t.Context(), a); err == nil {
				t.Errorf("%s: no error", name)
			}
		}
	},
}

func draft() store.Draft {
	return store.Draft{
		Browser: "browser-1", Page: "/shops/sh_1/webhooks/new", Shop: "sh_1",
		Form: url.Values{
			"url": {"https://a.example/?x=1&y=ü\r\n"}, "allowedTypes": {"ORDER_PLACED", "DONATION"}, "empty": {""},
		},
	}
}

var draftTests = map[string]func(*testing.T, *fixture){
	"kept with every field": func(t *testing.T, f *fixture) {
		kept, err := f.one.PutDraft(t.Context(), draft())
		must(t, err)
		want := draft()
		want.ID, want.ExpiresAt = kept.ID, f.start.Add(time.Hour)
		same(t, "kept", kept, want)
		if len(kept.ID) < 20 {
			t.Fatalf("ID %q can be guessed", kept.ID)
		}
		for range 2 {
			got, err := f.other.Draft(t.Context(), "browser-1", kept.ID)
			must(t, err)
			same(t, "read", got, want)
		}
	},

	"replaced under the same ID": func(t *testing.T, f *fixture) {
		kept, err := f.one.PutDraft(t.Context(), draft())
		must(t, err)
		f.clock.move(time.Minute)
		next := store.Draft{ID: kept.ID, Browser: "browser-1", Page: "/p", Shop: "sh_2", Form: url.Values{"a": {"b"}}}
		next, err = f.one.PutDraft(t.Context(), next)
		must(t, err)
		got, err := f.one.Draft(t.Context(), "browser-1", kept.ID)
		must(t, err)
		same(t, "read", got, next)
		same(t, "end", got.ExpiresAt, f.start.Add(time.Minute+time.Hour))
	},

	"another browser's": func(t *testing.T, f *fixture) {
		kept, err := f.one.PutDraft(t.Context(), draft())
		must(t, err)
		_, err = f.one.Draft(t.Context(), "browser-2", kept.ID)
		is(t, "read", err, store.ErrNotFound)
		_, err = f.one.Draft(t.Context(), "", kept.ID)
		is(t, "read without a browser", err, store.ErrNotFound)
		must(t, f.one.DeleteDraft(t.Context(), "browser-2", kept.ID))
		theirs := store.Draft{ID: kept.ID, Browser: "browser-2", Form: url.Values{"x": {"y"}}}
		_, err = f.one.PutDraft(t.Context(), theirs)
		must(t, err)
		got, err := f.one.Draft(t.Context(), "browser-1", kept.ID)
		must(t, err)
		same(t, "own", got, kept)
	},

	"refused without a browser": func(t *testing.T, f *fixture) {
		d := draft()
		d.Browser = ""
		if _, err := f.one.PutDraft(t.Context(), d); err == nil {
			t.Fatal("no error")
		}
	},

	"expires after an hour": func(t *testing.T, f *fixture) {
		kept, err := f.one.PutDraft(t.Context(), draft())
		must(t, err)
		f.clock.move(time.Hour - time.Millisecond)
		_, err = f.one.Draft(t.Context(), "browser-1", kept.ID)
		must(t, err)
		f.clock.move(time.Millisecond)
		_, err = f.one.Draft(t.Context(), "browser-1", kept.ID)
		is(t, "at its end", err, store.ErrNotFound)
	},

	"deleted": func(t *testing.T, f *fixture) {
		kept, err := f.one.PutDraft(t.Context(), draft())
		must(t, err)
		must(t, f.one.DeleteDraft(t.Context(), "browser-1", kept.ID))
		_, err = f.one.Draft(t.Context(), "browser-1", kept.ID)
		is(t, "read", err, store.ErrNotFound)
		must(t, f.one.DeleteDraft(t.Context(), "browser-1", kept.ID))
	},

	"an empty form": func(t *testing.T, f *fixture) {
		kept, err := f.one.PutDraft(t.Context(), store.Draft{Browser: "browser-1"})
		must(t, err)
		got, err := f.one.Draft(t.Context(), "browser-1", kept.ID)
		must(t, err)
		same(t, "fields", len(got.Form), 0)
	},
}

// take returns the flashes of a page as texts.
func take(t tb, s *store.Store, owner store.Owner, page string) []string {
	t.Helper()
	all, err := s.TakeFlashes(background, owner, page)
	must(t, err)
	var texts []string
	for _, data := range all {
		texts = append(texts, string(data))
	}
	return texts
}

func flash(t tb, s *store.Store, owner store.Owner, page, text string) {
	t.Helper()
	must(t, s.AddFlash(background, owner, page, []byte(text)))
}

var flashTests = map[string]func(*testing.T, *fixture){
	"shown once, in order, on their page, to their owner": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		for _, text := range []string{"c", "a", "b"} {
			flash(t, f.one, owner, "/shops", text)
		}
		flash(t, f.one, owner, "/connect", "elsewhere")
		same(t, "to another owner", take(t, f.one, other, "/shops"), nil)
		same(t, "on another page", take(t, f.one, owner, "/shop"), nil)
		same(t, "first", take(t, f.other, owner, "/shops"), []string{"c", "a", "b"})
		same(t, "again", take(t, f.one, owner, "/shops"), nil)
		same(t, "the other page's", take(t, f.one, owner, "/connect"), []string{"elsewhere"})
	},

	"not after an hour": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		flash(t, f.one, owner, "/shops", "old")
		f.clock.move(time.Millisecond)
		flash(t, f.one, owner, "/shops", "new")
		f.clock.move(time.Hour - time.Millisecond)
		same(t, "flashes", take(t, f.one, owner, "/shops"), []string{"new"})
		f.clock.move(-time.Hour)
		same(t, "what was too old", take(t, f.one, owner, "/shops"), nil)
	},

	"each once, however many ask": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		for range 8 {
			flash(t, f.one, owner, "/shops", "x")
		}
		shown := make([]int, 32)
		f.race(len(shown), func(i int, s *store.Store) bool {
			shown[i] = len(take(t, s, owner, "/shops"))
			return true
		})
		total := 0
		for _, n := range shown {
			total += n
		}
		same(t, "flashes shown", total, 8)
	},

	"none for a deleted owner": func(t *testing.T, f *fixture) {
		is(t, "add", f.one.AddFlash(t.Context(), "nobody", "/shops", []byte("x")), store.ErrNotFound)
	},
}

// secret returns a secret, "" if there is none.
func secret(t tb, s *store.Store, owner store.Owner, shop, webhook string) string {
	t.Helper()
	text, _, err := s.Secret(background, owner, shop, webhook)
	if errors.Is(err, store.ErrNotFound) {
		return ""
	}
	must(t, err)
	return text
}

var secretTests = map[string]func(*testing.T, *fixture){
	"kept until its time": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		until := f.start.Add(15 * time.Minute)
		must(t, f.one.PutSecret(t.Context(), owner, "sh_1", "wcon_1", "s3cret", until))
		f.clock.move(15*time.Minute - time.Millisecond)
		got, end, err := f.other.Secret(t.Context(), owner, "sh_1", "wcon_1")
		must(t, err)
		same(t, "secret", got, "s3cret")
		same(t, "end", end, until)
		f.clock.move(time.Millisecond)
		_, _, err = f.other.Secret(t.Context(), owner, "sh_1", "wcon_1")
		is(t, "at its end", err, store.ErrNotFound)
	},

	"deleted": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		must(t, f.one.PutSecret(t.Context(), owner, "sh_1", "wcon_1", "s3cret", f.start.Add(time.Minute)))
		must(t, f.one.PutSecret(t.Context(), owner, "sh_1", "wcon_2", "other", f.start.Add(time.Minute)))
		must(t, f.one.DeleteSecret(t.Context(), owner, "sh_1", "wcon_1"))
		must(t, f.one.DeleteSecret(t.Context(), owner, "sh_1", "wcon_1"))
		same(t, "deleted", secret(t, f.one, owner, "sh_1", "wcon_1"), "")
		same(t, "another webhook's", secret(t, f.one, owner, "sh_1", "wcon_2"), "other")
	},

	"replaced": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		must(t, f.one.PutSecret(t.Context(), owner, "sh_1", "wcon_1", "first", f.start.Add(time.Minute)))
		must(t, f.one.PutSecret(t.Context(), owner, "sh_1", "wcon_1", "second", f.start.Add(time.Hour)))
		got, end, err := f.one.Secret(t.Context(), owner, "sh_1", "wcon_1")
		must(t, err)
		same(t, "secret", got, "second")
		same(t, "end", end, f.start.Add(time.Hour))
	},

	"not for another owner": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		must(t, f.one.PutSecret(t.Context(), owner, "sh_1", "wcon_1", "s3cret", f.start.Add(time.Minute)))
		same(t, "another owner", secret(t, f.one, other, "sh_1", "wcon_1"), "")
		same(t, "another shop", secret(t, f.one, owner, "sh_2", "wcon_1"), "")
		same(t, "another webhook", secret(t, f.one, owner, "sh_1", "wcon_2"), "")
	},

	"none for a deleted owner": func(t *testing.T, f *fixture) {
		err := f.one.PutSecret(t.Context(), "nobody", "sh_1", "wcon_1", "s3cret", f.start.Add(time.Minute))
		is(t, "put", err, store.ErrNotFound)
	},

	"long": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		long := strings.Repeat("§", 10_000)
		must(t, f.one.PutSecret(t.Context(), owner, "sh_1", "wcon_1", long, f.start.Add(time.Minute)))
		same(t, "secret", secret(t, f.one, owner, "sh_1", "wcon_1"), long)
	},
}
