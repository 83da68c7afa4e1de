package fleet

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
)

// hook returns a webhook; types are written as one string, a letter each.
func hook(id, address, types string) Webhook {
	return Webhook{id, fourthwall.Content{URL: address, AllowedTypes: letters(types)}}
}

func letters(types string) (all []fourthwall.EventType) {
	for _, letter := range types {
		all = append(all, fourthwall.EventType(letter))
	}
	return all
}

// seen returns a shop whose webhooks were read.
func seen(t testing.TB, id string, hooks ...Webhook) Shop {
	t.Helper()
	text, err := json.Marshal(hooks)
	if err != nil {
		t.Fatal(err)
	}
	return Shop{
		Place: Place{ID: id, Domain: id + ".example", Name: "Shop " + id},
		Seen:  store.Observation{SeenAt: time.Unix(1, 0), Webhooks: text},
	}
}

// said writes an item in one line.
func said(items []Item) (lines []string) {
	write := func(c *fourthwall.Content) string {
		if c == nil {
			return "-"
		}
		text := c.URL + " "
		for _, t := range fourthwall.TypeSet(c.AllowedTypes) {
			text += string(t)
		}
		return text
	}
	for _, i := range items {
		lines = append(lines, fmt.Sprintf("%s %s: %s → %s", i.Shop, i.Webhook, write(i.Before), write(i.After)))
	}
	return lines
}

func TestPropose(t *testing.T) {
	t.Parallel()
	const a, b = "https://a.example/x", "https://b.example/y"
	template := &Template{Webhooks: []fourthwall.Content{hook("", "https://a.example/{shop.id}", "xy").Content}}
	nameless := seen(t, "s")
	nameless.Name = ""
	change := func(do func(*Shop), hooks ...Webhook) Shop {
		s := seen(t, "s", hooks...)
		do(&s)
		return s
	}
	tests := map[string]struct {
		edit Edit
		shop Shop
		want []string
		left []LeftOut
		same int
	}{
		"types are added where they are missing": {
			edit: Edit{Kind: AddTypes, Types: letters("y")},
			shop: seen(t, "s", hook("1", a, "x"), hook("2", b, "yx")),
			want: []string{"s 1: " + a + " x → " + a + " xy"},
		},
		"only at one URL": {
			edit: Edit{Kind: AddTypes, Types: letters("y"), URL: b},
			shop: seen(t, "s", hook("1", a, "x"), hook("2", b, "x")),
			want: []string{"s 2: " + b + " x → " + b + " xy"},
		},
		"a shop without webhooks has nothing to add them to": {
			edit: Edit{Kind: AddTypes, Types: letters("y")},
			shop: seen(t, "s"),
			left: []LeftOut{{Shop: "s", Why: NoWebhooks}},
		},
		"unknown types stay": {
			edit: Edit{Kind: RemoveTypes, Types: letters("x")},
			shop: seen(t, "s", hook("1", a, "xz")),
			want: []string{"s 1: " + a + " xz → " + a + " z"},
		},
		"a webhook without types is none": {
			edit: Edit{Kind: RemoveTypes, Types: letters("x")},
			shop: seen(t, "s", hook("1", a, "x"), hook("2", b, "xy")),
			want: []string{"s 2: " + b + " xy → " + b + " y"},
			left: []LeftOut{{Shop: "s", Webhook: "1", Why: NoTypesLeft}},
		},
		"a URL is replaced by another": {
			edit: Edit{Kind: ReplaceURL, From: a, To: b},
			shop: seen(t, "s", hook("1", a, "x"), hook("2", a+"/", "x")),
			want: []string{"s 1: " + a + " x → " + b + " x"},
		},
		"a host keeps the rest of the URL": {
			edit: Edit{Kind: ReplaceHost, From: "a.example", To: "c.example:8443"},
			shop: seen(t, "s", hook("1", "https://me:pw@A.example?u=a.example/#a.example", "x"), hook("2", b+"/a.example", "x")),
			want: []string{"s 1: https://me:pw@A.example?u=a.example/#a.example x → https://me:pw@c.example:8443?u=a.example/#a.example x"},
		},
		"webhooks are deleted": {
			edit: Edit{Kind: DeleteHooks, URL: a},
			shop: seen(t, "s", hook("1", a, "x"), hook("2", b, "x"), hook("3", a, "y")),
			want: []string{"s 1: " + a + " x → -", "s 3: " + a + " y → -"},
		},
		"a copy is new": {
			edit: Edit{Kind: CopyHook, Content: &fourthwall.Content{URL: a, AllowedTypes: letters("xy")}},
			shop: seen(t, "s", hook("1", b, "xy")),
			want: []string{"s : - → " + a + " xy"},
		},
		"a copy is there already": {
			edit: Edit{Kind: CopyHook, Content: &fourthwall.Content{URL: a, AllowedTypes: letters("xy")}},
			shop: seen(t, "s", hook("1", a, "yxx")),
			same: 1,
		},
		"a copy changes the nearest of the same URL": {
			edit: Edit{Kind: CopyHook, Content: &fourthwall.Content{URL: a, AllowedTypes: letters("xyz")}},
			shop: seen(t, "s", hook("1", a, "x"), hook("2", a, "xy")),
			want: []string{"s 2: " + a + " xy → " + a + " xyz"},
		},
		"a shop becomes as its template": {
			edit: Edit{Kind: FromTemplate, Template: template},
			shop: seen(t, "s", hook("1", "https://a.example/s", "x"), hook("2", b, "x")),
			want: []string{"s 1: https://a.example/s x → https://a.example/s xy"},
		},
		"a template needs the name": {
			edit: Edit{Kind: FromTemplate, Template: &Template{
				Webhooks: []fourthwall.Content{{URL: "https://a.example/{shop.name}", AllowedTypes: letters("x")}},
			}},
			shop: nameless, left: []LeftOut{{Shop: "s", Why: NoValue}},
		},
		"a locked webhook stays": {
			edit: Edit{Kind: AddTypes, Types: letters("y")},
			shop: change(func(s *Shop) { s.Locked = []string{"1"} }, hook("1", a, "x"), hook("2", b, "x")),
			want: []string{"s 2: " + b + " x → " + b + " xy"}, left: []LeftOut{{Shop: "s", Webhook: "1", Why: IsLocked}},
		},
		"ended":    {shop: change(func(s *Shop) { s.Seen.Expired = true }), left: []LeftOut{{Shop: "s", Why: IsEnded}}},
		"not seen": {shop: change(func(s *Shop) { s.Seen.SeenAt = time.Time{} }), left: []LeftOut{{Shop: "s", Why: IsUnseen}}},
		"stale":    {shop: change(func(s *Shop) { s.Stale = true }), left: []LeftOut{{Shop: "s", Why: IsStale}}},
		"cut":      {shop: change(func(s *Shop) { s.Seen.Cut = true }), left: []LeftOut{{Shop: "s", Why: IsCut}}},
		"busy": {
			shop: change(func(s *Shop) { s.Busy = &Work{7} }), left: []LeftOut{{Shop: "s", Why: IsBusy, Plan: 7}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := Propose(test.edit, []Shop{test.shop})
			if err != nil {
				t.Fatal(err)
			}
			if got := said(p.Items); !slices.Equal(got, test.want) {
				t.Errorf("items\n%q, want\n%q", got, test.want)
			}
			if !slices.Equal(p.LeftOut, test.left) || p.Same != test.same {
				t.Errorf("left out %v, same %d, want %v, %d", p.LeftOut, p.Same, test.left, test.same)
			}
		})
	}
}

// apply does to a fleet what the items say, as the API would. A webhook that isn't as the item expects fails the test.
func apply(t testing.TB, fleet map[string][]Webhook, items []Item, newID func() string) (done []Applied) {
	t.Helper()
	for _, item := range items {
		hooks := fleet[item.Shop]
		i := slices.IndexFunc(hooks, func(h Webhook) bool { return h.ID == item.Webhook })
		if item.Action() != Create && (i < 0 || !hooks[i].Equal(*item.Before)) {
			t.Fatalf("the fleet has no webhook as %q expects", said([]Item{item}))
		}
		made := ""
		switch item.Action() {
		case Create:
			made = newID()
			hooks = append(hooks, Webhook{made, *item.After})
		case Update:
			hooks[i].Content = *item.After
		case Delete:
			hooks = slices.Delete(hooks, i, i+1)
		}
		fleet[item.Shop] = hooks
		done = append(done, Applied{item, made})
	}
	return done
}

// contents writes what a fleet has, without IDs.
func contents(fleet map[string][]Webhook) (all []string) {
	for shop, hooks := range fleet {
		for _, h := range hooks {
			all = append(all, fmt.Sprint(shop, " ", h.URL, " ", fourthwall.TypeSet(h.AllowedTypes)))
		}
	}
	slices.Sort(all)
	return all
}

func drawFleet(t *rapid.T) map[string][]Webhook {
	fleet := map[string][]Webhook{}
	for n := range rapid.IntRange(1, 5).Draw(t, "shops") {
		id := fmt.Sprintf("sh_%d", n)
		fleet[id] = []Webhook{}
		for i := range rapid.IntRange(0, 4).Draw(t, "webhooks") {
			fleet[id] = append(fleet[id], Webhook{fmt.Sprintf("%s.%d", id, i), drawContent(t)})
		}
	}
	return fleet
}

func drawContent(t *rapid.T) fourthwall.Content {
	return fourthwall.Content{
		URL: rapid.SampledFrom([]string{
			"https://a.example/x", "https://a.example/y", "https://b.example/x", "https://A.example", "https://a.example/sh_1",
		}).Draw(t, "URL"),
		AllowedTypes: drawTypes(t),
	}
}

func drawTypes(t *rapid.T) []fourthwall.EventType {
	return rapid.SliceOfN(rapid.SampledFrom(letters("uvwxyz")), 1, 5).Draw(t, "types")
}

func drawEdit(t *rapid.T) Edit {
	c := drawContent(t)
	e := Edit{Kind: rapid.SampledFrom([]EditKind{
		AddTypes, RemoveTypes, ReplaceURL, ReplaceHost, DeleteHooks, CopyHook, FromTemplate,
	}).Draw(t, "kind")}
	switch e.Kind {
	case AddTypes, RemoveTypes:
		e.Types = drawTypes(t)
		e.URL = rapid.SampledFrom([]string{"", c.URL}).Draw(t, "only at")
	case ReplaceURL:
		e.From, e.To = c.URL, "https://new.example/"
	case ReplaceHost:
		e.From, e.To = "a.example", "new.example"
	case DeleteHooks:
		e.URL = c.URL
	case CopyHook:
		e.Content = &c
	case FromTemplate:
		own := fourthwall.Content{URL: "https://a.example/{shop.id}", AllowedTypes: drawTypes(t)}
		e.Template = &Template{Webhooks: []fourthwall.Content{c, own}}
	}
	return e
}

// TestPlanAndUndo: after a plan, its edit changes nothing more, and its undo gives back the fleet as it was.
func TestPlanAndUndo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		fleet := drawFleet(r)
		before := contents(fleet)
		e := drawEdit(r)
		propose := func() Proposal {
			var shops []Shop
			for _, id := range slices.Sorted(maps.Keys(fleet)) {
				shops = append(shops, seen(t, id, fleet[id]...))
			}
			p, err := Propose(e, shops)
			if err != nil {
				r.Fatal(err)
			}
			return p
		}
		n := 0
		newID := func() string { n++; return fmt.Sprint("new", n) }
		done := apply(t, fleet, propose().Items, newID)
		if again := propose(); len(again.Items) > 0 {
			r.Fatalf("after %+v there is more to do: %q", e, said(again.Items))
		}
		back, err := Undo(done)
		if err != nil {
			r.Fatal(err)
		}
		apply(t, fleet, back, newID)
		if after := contents(fleet); !slices.Equal(before, after) {
			r.Fatalf("undone\n%q, want\n%q", after, before)
		}
	})
}

// TestDigest: no item can be altered, moved, added or left out without another digest.
func TestDigest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		e := drawEdit(r)
		var shops []Shop
		for id, hooks := range drawFleet(r) {
			shops = append(shops, seen(t, id, hooks...))
		}
		p, err := Propose(e, shops)
		if err != nil {
			r.Fatal(err)
		}
		digest, err := Digest(e, p.Items)
		if err != nil {
			r.Fatal(err)
		}
		text, err := json.Marshal(p.Items)
		if err != nil || len(p.Items) == 0 {
			r.Skip(err)
		}
		at := rapid.IntRange(0, len(text)-1).Draw(r, "byte")
		text[at] ^= byte(rapid.IntRange(1, 127).Draw(r, "flip"))
		var altered []Item
		if json.Unmarshal(text, &altered) != nil {
			return
		}
		if slices.Equal(said(p.Items), said(altered)) {
			return // the same change in other letters
		}
		if got, err := Digest(e, altered); err != nil || got == digest {
			r.Fatalf("%q has the digest of %q", said(altered), said(p.Items))
		}
	})
}

func TestGroups(t *testing.T) {
	t.Parallel()
	var shops []Shop
	for _, id := range []string{"a", "b", "c"} {
		shops = append(shops, seen(t, id, hook("1", "https://x.example", "uv"), hook("2", "https://y.example", "u")))
	}
	shops = append(shops, seen(t, "d", hook("1", "https://x.example", "u")))
	p, err := Propose(Edit{Kind: AddTypes, Types: letters("v")}, shops)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range Groups(p.Items) {
		got = append(got, fmt.Sprintf("%s %s %q +%s -%s of %d in %d",
			g.Action, g.URL, g.NewURL, g.Added, g.Removed, g.TypeCount, len(g.Items)))
	}
	want := []string{`update https://y.example "" +[v] -[] of 1 in 3`, `update https://x.example "" +[v] -[] of 1 in 1`}
	if !slices.Equal(got, want) {
		t.Errorf("groups\n%q, want\n%q", got, want)
	}
}

// TestGroupsByHost: shops in which a webhook changes in the same way are one line of the review, although the path of
// its URL is the shop's own.
func TestGroupsByHost(t *testing.T) {
	t.Parallel()
	var shops []Shop
	for _, id := range []string{"a", "b", "c", "d"} {
		shops = append(shops, seen(t, id, hook("1", "https://x.example/"+id, "u"), hook("2", "https://y.example/all", "u")))
	}
	shops = append(shops, seen(t, "e", hook("1", "http://x.example/e", "u"), hook("2", "https://x.example/e", "uw"),
		hook("3", "https://x.example/f", "u"), hook("4", "https://x.example/f", "u")))
	tests := map[string]struct {
		edit Edit
		want []string
	}{
		"event types": {Edit{Kind: AddTypes, Types: letters("v")}, []string{
			`update https://x.example/… "" true [0 2 4 6 10 11]`, `update https://y.example/all "" false [1 3 5 7]`,
			`update http://x.example/e "" false [8]`, `update https://x.example/e "" false [9]`,
		}},
		"a host": {Edit{Kind: ReplaceHost, From: "x.example", To: "z.example"}, []string{
			`update https://x.example/… "https://z.example/…" true [0 1 2 3 6 7]`,
			`update http://x.example/e "http://z.example/e" false [4]`, `update https://x.example/e "https://z.example/e" false [5]`,
		}},
		"deletes": {Edit{Kind: DeleteHooks}, []string{
			`delete https://x.example/… "" true [0 2 4 6 10 11]`, `delete https://y.example/all "" false [1 3 5 7]`,
			`delete http://x.example/e "" false [8]`, `delete https://x.example/e "" false [9]`,
		}},
	}
	for name, test := range tests {
		p, err := Propose(test.edit, shops)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, g := range GroupsByHost(p.Items) {
			got = append(got, fmt.Sprintf("%s %s %q %v %v", g.Action, g.URL, g.NewURL, g.Various, g.At))
			for i, at := range g.At {
				if p.Items[at].Webhook != g.Items[i].Webhook || p.Items[at].Shop != g.Items[i].Shop {
					t.Errorf("%s: item %d isn't %+v", name, at, g.Items[i])
				}
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s:\n%q, want\n%q", name, got, test.want)
		}
	}
}

func TestTemplateURL(t *testing.T) {
	t.Parallel()
	shop := Place{ID: "sh_1", Domain: "a.example", Name: "A/B & Söhne?"}
	tests := map[string]struct{ text, want, missing string }{
		"no placeholder": {"https://h.example/x", "https://h.example/x", ""},
		"path":           {"https://h.example/{shop.name}/{shop.id}", "https://h.example/A%2FB%20&%20S%C3%B6hne%3F/sh_1", ""},
		"query":          {"https://h.example/?s={shop.name}&i={shop.id}", "https://h.example/?s=A%2FB+%26+S%C3%B6hne%3F&i=sh_1", ""},
	}
	for name, test := range tests {
		if got, missing := urlFor(test.text, shop); got != test.want || missing != test.missing {
			t.Errorf("%s: %q, %q, want %q, %q", name, got, missing, test.want, test.missing)
		}
	}
	if got, _ := urlFor("https://h.example/a/{shop.name}/b", Place{Name: ".."}); got != "https://h.example/a/%2E%2E/b" {
		t.Errorf("dots: %q", got)
	}
	if _, missing := urlFor("https://h.example/{shop.domain}", Place{ID: "sh_1"}); missing != "{shop.domain}" {
		t.Errorf("missing: %q", missing)
	}
	unknown, misplaced := UnknownPlaceholders("https://{shop.domain}/{shop.id}/{shop}?{x}")
	if !slices.Equal(unknown, []string{"{shop}", "{x}"}) || !slices.Equal(misplaced, []string{"{shop.domain}"}) {
		t.Errorf("unknown %q, misplaced %q", unknown, misplaced)
	}
}
