package storetest

import (
	"errors"
	"fmt"
	"strconv"
	"testing"

	"hookwall/internal/store"
)

// template returns a template that Ada makes.
func template(owner store.Owner, id, name, document string) store.Template {
	return store.Template{
		Owner: owner, ID: id, Name: name, Document: []byte(document), Made: store.PlanPerson{ID: "p_1", Name: "Ada"},
	}
}

// addTemplate adds a template, and records that.
func addTemplate(t tb, s *store.Store, owner store.Owner, id, name, document string) store.Template {
	t.Helper()
	made, err := s.AddTemplate(background, template(owner, id, name, document),
		store.Activity{Owner: owner, Shop: "team", Action: "add " + id})
	must(t, err)
	return made
}

// changeTemplate changes a template, and records that.
func changeTemplate(t tb, s *store.Store, made store.Template, name, document string) store.Template {
	t.Helper()
	made.Name, made.Document = name, []byte(document)
	changed, err := s.ChangeTemplate(background, made,
		store.Activity{Owner: made.Owner, Shop: "team", Action: "change " + made.ID})
	must(t, err)
	return changed
}

func templates(t tb, s *store.Store, owner store.Owner) []store.Template {
	t.Helper()
	all, err := s.Templates(background, owner)
	must(t, err)
	return all
}

// versions returns those of the template “a”.
func versions(t tb, s *store.Store, owner store.Owner, limit int) []store.Template {
	t.Helper()
	all, err := s.TemplateVersions(background, owner, "a", limit)
	must(t, err)
	return all
}

var templateTests = map[string]func(*testing.T, *fixture){
	"kept by name with every field": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		music := addTemplate(t, f.one, owner, "b", "Music", `{"a":1}`)
		games := addTemplate(t, f.other, owner, "a", "games", "two")
		want := template(owner, "b", "Music", `{"a":1}`)
		want.Version, want.Made.At = 1, f.start
		same(t, "made", music, want)
		same(t, "templates", templates(t, f.other, owner), []store.Template{games, music})
		same(t, "recorded", recorded(t, f.one, "team", "add b"), 1)
	},

	"one form makes one template": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		first := addTemplate(t, f.one, owner, "a", "Music", "one")
		same(t, "the same again", addTemplate(t, f.other, owner, "a", "Music", "one"), first)
		same(t, "with other content", addTemplate(t, f.other, owner, "a", "Games", "two"), first)
		same(t, "templates", templates(t, f.one, owner), []store.Template{first})
		same(t, "recorded", recorded(t, f.one, "team", "add a"), 1)
	},

	"a change is a new version, and the older ones stay": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		first := addTemplate(t, f.one, owner, "a", "Music", "one")
		second := changeTemplate(t, f.one, first, "Songs", "two")
		third := changeTemplate(t, f.other, second, "Songs", "three")
		same(t, "version", third.Version, 3)
		same(t, "newest", templates(t, f.one, owner), []store.Template{third})
		same(t, "versions", versions(t, f.one, owner, 9), []store.Template{third, second, first})
		same(t, "two versions", versions(t, f.one, owner, 2), []store.Template{third, second})
		same(t, "unchanged", changeTemplate(t, f.one, first, "Songs", "three"), third)
		same(t, "recorded", recorded(t, f.one, "team", "change a"), 2)
		_, err := f.one.ChangeTemplate(t.Context(), template(owner, "a", "Songs", "four"))
		is(t, "of an older version", err, store.ErrTemplateChanged)
		_, err = f.one.ChangeTemplate(t.Context(), template(owner, "b", "Songs", "four"))
		is(t, "of none", err, store.ErrNotFound)
	},

	"one of each name": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		other, _ := signIn(t, f.one)
		first := addTemplate(t, f.one, owner, "a", "Größe", "one")
		for _, name := range []string{"Größe", "größe", "GRÖßE"} {
			_, err := f.other.AddTemplate(t.Context(), template(owner, "b", name, "two"))
			is(t, name, err, store.ErrTemplateExists)
		}
		addTemplate(t, f.one, other, "a", "Größe", "one")
		second := addTemplate(t, f.one, owner, "b", "Games", "two")
		second.Name = "größe"
		_, err := f.one.ChangeTemplate(t.Context(), second)
		is(t, "changed to it", err, store.ErrTemplateExists)
		renamed := changeTemplate(t, f.one, first, "GRÖßE", "one")
		same(t, "its own in capitals", renamed.Version, 2)
		changeTemplate(t, f.one, renamed, "Small", "one")
		addTemplate(t, f.one, owner, "c", "größe", "three")
	},

	"one of two changes of the same version wins": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		first := addTemplate(t, f.one, owner, "a", "Music", "one")
		won := f.race(8, func(i int, s *store.Store) bool {
			mine := first
			mine.Document = []byte(strconv.Itoa(i))
			_, err := s.ChangeTemplate(background, mine)
			if err != nil && !errors.Is(err, store.ErrTemplateChanged) {
				t.Errorf("unexpected error: %v", err)
			}
			return err == nil
		})
		same(t, "changed", won, 1)
		same(t, "versions", len(versions(t, f.one, owner, 20)), 2)
	},

	"50 for an owner": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		for i := range store.MaxTemplates {
			addTemplate(t, f.one, owner, fmt.Sprint(i), fmt.Sprint("template ", i), "one")
		}
		_, err := f.one.AddTemplate(t.Context(), template(owner, "more", "One more", "one"))
		is(t, "one more", err, store.ErrTooManyTemplates)
	},

	"deleted with its versions": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		changeTemplate(t, f.one, addTemplate(t, f.one, owner, "a", "Music", "one"), "Music", "two")
		kept := addTemplate(t, f.one, owner, "b", "Games", "one")
		gone := store.Activity{Owner: owner, Shop: "team", Action: "delete"}
		must(t, f.one.DeleteTemplate(t.Context(), owner, "a", gone))
		must(t, f.one.DeleteTemplate(t.Context(), owner, "a", gone))
		same(t, "templates", templates(t, f.one, owner), []store.Template{kept})
		same(t, "versions", len(versions(t, f.one, owner, 9)), 0)
		same(t, "recorded", recorded(t, f.one, "team", "delete"), 1)
	},

	"of one owner and environment": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		other, _ := signIn(t, f.one)
		elsewhere := f.open(sandbox)
		made := addTemplate(t, f.one, owner, "a", "Music", "one")
		same(t, "another owner's", len(templates(t, f.one, other)), 0)
		same(t, "elsewhere", len(templates(t, elsewhere, owner)), 0)
		same(t, "another owner's versions", len(versions(t, f.one, other, 9)), 0)
		same(t, "versions elsewhere", len(versions(t, elsewhere, owner, 9)), 0)
		must(t, f.one.DeleteTemplate(t.Context(), other, "a"))
		must(t, elsewhere.DeleteTemplate(t.Context(), owner, "a"))
		mine := made
		mine.Owner, mine.Document = other, []byte("two")
		_, err := f.one.ChangeTemplate(t.Context(), mine)
		is(t, "changed by another owner", err, store.ErrNotFound)
		same(t, "templates", templates(t, f.one, owner), []store.Template{made})
		_, err = f.one.AddTemplate(t.Context(), template("gone", "a", "Music", "one"))
		is(t, "without an owner", err, store.ErrNotFound)
	},

	"deleted with the owner": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		addTemplate(t, f.one, owner, "a", "Music", "one")
		must(t, f.one.DeleteOwner(t.Context(), owner))
		same(t, "templates", len(templates(t, f.other, owner)), 0)
	},

	"listed without a document if its key is missing": func(t *testing.T, f *fixture) {
		owner := teamOwner(t, f.one)
		addTemplate(t, f.one, owner, "a", "Music", "one")
		all := templates(t, f.rekeyed(), owner)
		if len(all) != 1 || all[0].Name != "Music" || all[0].Document != nil {
			t.Errorf("templates: %v", all)
		}
	},
}
