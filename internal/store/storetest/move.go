package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"hookwall/internal/store"
)

// personal returns an owner of before the team, with connections to shops and all that goes with them, and the team.
func personal(t *testing.T, f *fixture, shops ...string) (owner, team store.Owner) {
	t.Helper()
	owner, _ = signIn(t, f.one)
	for _, shop := range shops {
		fill(t, f.one, owner, shop)
	}
	return owner, theTeam(t, f.one)
}

func theTeam(t *testing.T, s *store.Store) store.Owner {
	t.Helper()
	team, err := s.Team(t.Context())
	must(t, err)
	return team
}

// moveAll moves shops, and records how each ended.
func moveAll(t tb, s *store.Store, from, to store.Owner, moves ...store.Move) []store.Moved {
	t.Helper()
	done, err := s.MoveConnections(background, from, to, moves, moveActivity)
	must(t, err)
	return done
}

func moveActivity(m store.Moved) ([]store.Activity, error) {
	return []store.Activity{{Shop: m.ShopID, Action: "shop.connect", Detail: []byte(m.End)}}, nil
}

var moveTests = map[string]func(*testing.T, *fixture){
	"moved with all that belongs to it, and nothing copied": func(t *testing.T, f *fixture) {
		owner, team := personal(t, f, "sh_1", "sh_2")
		labelShops(t, f.one, owner, []string{"sh_1", "sh_2"}, "mine")
		mine := addPreset(t, f.one, owner, "Mine", "DONATION")
		before, err := f.one.Connection(t.Context(), owner, "sh_1")
		must(t, err)
		listed := before
		listed.Credential = nil
		f.clock.move(time.Minute)

		done := moveAll(t, f.other, owner, team, store.Move{Shop: "sh_1"}, store.Move{Shop: "sh_9", Drop: true})
		same(t, "done", done, []store.Moved{
			{Connection: listed, End: store.MoveDone},
			{Connection: store.Connection{ShopID: "sh_9"}, End: store.MoveGone},
		})
		want := before
		want.Owner = team
		got, err := f.one.Connection(t.Context(), team, "sh_1")
		must(t, err)
		same(t, "connection", got, want)
		got, err = f.one.ConnectionByID(t.Context(), before.ID)
		must(t, err)
		same(t, "by ID", got, want)
		same(t, "what is left of it", has(t, f.one, owner, "sh_1"), nothing)
		same(t, "the other shop", has(t, f.one, owner, "sh_2"), everything)
		secret, _, err := f.one.Secret(t.Context(), team, "sh_1", "wcon_1")
		must(t, err)
		same(t, "secret", secret, "secret")
		same(t, "labels", shopLabels(t, f.one, team), map[string][]string{"sh_1": {"mine"}})
		same(t, "labels left", shopLabels(t, f.one, owner), map[string][]string{"sh_2": {"mine"}})
		same(t, "presets", presets(t, f.one, team), []store.Preset{mine})
		same(t, "presets left", presets(t, f.one, owner), nil)
		same(t, "recorded", details(t, f.one, "sh_1")[:1], []string{"shop.connect done moved"})

		same(t, "again", moveAll(t, f.one, owner, team, store.Move{Shop: "sh_1", Drop: true})[0].End, store.MoveGone)
		must(t, f.one.DeleteOwner(t.Context(), owner))
		same(t, "shops of the team", len(connections(t, f.one, team)), 1)
	},

	"a shop that the team has stays the team's": func(t *testing.T, f *fixture) {
		owner, team := personal(t, f, "sh_1")
		put(t, f.one, connection(team, "sh_1"))
		ofTeam, err := f.one.Connection(t.Context(), team, "sh_1")
		must(t, err)
		same(t, "kept", moveAll(t, f.one, owner, team, store.Move{Shop: "sh_1"})[0].End, store.MoveKept)
		same(t, "personal", has(t, f.one, owner, "sh_1"), everything)
		same(t, "dropped", moveAll(t, f.one, owner, team, store.Move{Shop: "sh_1", Drop: true})[0].End, store.MoveDropped)
		same(t, "what is left", has(t, f.one, owner, "sh_1"), nothing)
		got, err := f.other.Connection(t.Context(), team, "sh_1")
		must(t, err)
		same(t, "the team's", got, ofTeam)
	},

	"labels and presets join the team's, as many as fit": func(t *testing.T, f *fixture) {
		owner, team := personal(t, f, "sh_1")
		for i := range store.MaxShopLabels - 1 {
			labelShops(t, f.one, team, []string{"sh_1"}, fmt.Sprint(i))
		}
		labelShops(t, f.one, owner, []string{"sh_1"}, "0", "first", "second")
		for i := range store.MaxPresets - 1 {
			addPreset(t, f.one, team, fmt.Sprint(i))
		}
		addPreset(t, f.one, owner, "0", "DONATION")
		f.clock.move(time.Second)
		addPreset(t, f.one, owner, "b")
		f.clock.move(time.Second)
		addPreset(t, f.one, owner, "a")
		moveAll(t, f.one, owner, team, store.Move{Shop: "sh_1"})
		same(t, "labels", shopLabels(t, f.one, team)["sh_1"],
			[]string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "first"})
		same(t, "presets", len(presets(t, f.one, team)), store.MaxPresets)
		same(t, "left", len(presets(t, f.one, owner)), 2)
	},

	"templates join the team's with their versions": func(t *testing.T, f *fixture) {
		owner, team := personal(t, f, "sh_1")
		ofTeam := addTemplate(t, f.one, team, "t", "Games", "team's")
		first := addTemplate(t, f.one, owner, "a", "Music", "one")
		second := changeTemplate(t, f.one, first, "Songs", "two")
		taken := changeTemplate(t, f.one, addTemplate(t, f.one, owner, "b", "Free", "one"), "GAMES", "two")
		moveAll(t, f.one, owner, team, store.Move{Shop: "sh_1"})
		first.Owner, second.Owner = team, team
		same(t, "the team's", templates(t, f.one, team), []store.Template{ofTeam, second})
		same(t, "versions", versions(t, f.one, team, 9), []store.Template{second, first})
		same(t, "left", templates(t, f.one, owner), []store.Template{taken})
	},

	"a refresh that holds its lease ends as usual": func(t *testing.T, f *fixture) {
		owner, team := personal(t, f, "sh_1")
		c, err := f.one.Connection(t.Context(), owner, "sh_1")
		must(t, err)
		same(t, "lease", lease(t, f.one, c, "refresher"), true)
		moveAll(t, f.other, owner, team, store.Move{Shop: "sh_1"})
		same(t, "a second lease", lease(t, f.other, c, "another"), false)
		must(t, f.one.FinishRefresh(t.Context(), c.ID, c.Version, "refresher", []byte("new"), f.start.Add(time.Hour), "x"))
		got, err := f.other.Connection(t.Context(), team, "sh_1")
		must(t, err)
		same(t, "credential", string(got.Credential), "new")
		same(t, "version", got.Version, c.Version+1)
	},

	"a refresh that ends at the same time is not lost": func(t *testing.T, f *fixture) {
		_, team := personal(t, f)
		for i := range 20 {
			owner, _ := signIn(t, f.one)
			shop := fmt.Sprint("sh_", i)
			c := put(t, f.one, connection(owner, shop))
			same(t, "lease", lease(t, f.one, c, "refresher"), true)
			var both sync.WaitGroup
			both.Go(func() {
				err := f.one.FinishRefresh(t.Context(), c.ID, c.Version, "refresher", []byte("new"), f.start, "x")
				if err != nil {
					t.Errorf("refresh: %v", err)
				}
			})
			both.Go(func() {
				_, err := f.other.MoveConnections(t.Context(), owner, team, []store.Move{{Shop: shop}}, moveActivity)
				if err != nil {
					t.Errorf("move: %v", err)
				}
			})
			both.Wait()
			got, err := f.one.Connection(t.Context(), team, shop)
			must(t, err)
			same(t, "credential", string(got.Credential), "new")
		}
	},

	"all or nothing": func(t *testing.T, f *fixture) {
		owner, team := personal(t, f, "sh_1", "sh_2")
		addPreset(t, f.one, owner, "Mine")
		broken := errors.New("broken")
		_, err := f.one.MoveConnections(t.Context(), owner, team, []store.Move{{Shop: "sh_1"}, {Shop: "sh_2"}},
			func(m store.Moved) ([]store.Activity, error) {
				if m.ShopID == "sh_2" {
					return nil, broken
				}
				return moveActivity(m)
			})
		is(t, "error", err, broken)
		for _, shop := range []string{"sh_1", "sh_2"} {
			same(t, shop, has(t, f.one, owner, shop), everything)
		}
		same(t, "presets", len(presets(t, f.one, owner)), 1)
		same(t, "of the team", len(connections(t, f.one, team)), 0)
		same(t, "recorded", details(t, f.one, "sh_1"), nil)
	},

	"moved once, however often at the same time": func(t *testing.T, f *fixture) {
		owner, team := personal(t, f, "sh_1")
		won := f.race(8, func(_ int, s *store.Store) bool {
			done, err := s.MoveConnections(t.Context(), owner, team, []store.Move{{Shop: "sh_1"}}, moveActivity)
			if err != nil {
				t.Errorf("unexpected error: %v", err)
				return false
			}
			return done[0].End == store.MoveDone
		})
		same(t, "moved", won, 1)
		same(t, "of the team", len(connections(t, f.one, team)), 1)
	},

	"beside somebody who connects the shop for the team": func(t *testing.T, f *fixture) {
		_, team := personal(t, f)
		for i := range 10 {
			owner, _ := signIn(t, f.one)
			shop := fmt.Sprint("sh_", i)
			put(t, f.one, connection(owner, shop))
			var both sync.WaitGroup
			both.Go(func() {
				if _, err := f.one.PutConnection(t.Context(), connection(team, shop)); err != nil {
					t.Errorf("connect: %v", err)
				}
			})
			both.Go(func() {
				_, err := f.other.MoveConnections(t.Context(), owner, team, []store.Move{{Shop: shop}}, moveActivity)
				if err != nil {
					t.Errorf("move: %v", err)
				}
			})
			both.Wait()
			got, err := f.one.Connection(t.Context(), team, shop)
			must(t, err)
			same(t, "credential", string(got.Credential), string(connection(team, shop).Credential))
		}
	},

	"one of the owners is gone": func(t *testing.T, f *fixture) {
		owner, team := personal(t, f, "sh_1")
		for _, both := range [][2]store.Owner{{owner, "nobody"}, {"nobody", team}} {
			_, err := f.one.MoveConnections(t.Context(), both[0], both[1], []store.Move{{Shop: "sh_1"}}, moveActivity)
			is(t, "error", err, store.ErrNotFound)
		}
		same(t, "kept", has(t, f.one, owner, "sh_1"), everything)
	},
}
