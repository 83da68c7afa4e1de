package storetest

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hookwall/internal/store"
)

var isolationTests = map[string]func(*testing.T, *fixture){
	"another environment sees nothing": func(t *testing.T, f *fixture) {
		elsewhere := f.open(sandbox)
		owner, token := signIn(t, f.one)
		fill(t, f.one, owner, "sh_1")
		d, err := f.one.PutDraft(t.Context(), draft())
		must(t, err)
		c, err := f.one.Connection(t.Context(), owner, "sh_1")
		must(t, err)

		same(t, "owner", ownerOf(t, elsewhere, token), "")
		same(t, "rows", has(t, elsewhere, owner, "sh_1"), nothing)
		same(t, "connections", len(connections(t, elsewhere, owner)), 0)
		_, err = elsewhere.ConnectionByID(t.Context(), c.ID)
		is(t, "connection by ID", err, store.ErrNotFound)
		_, err = elsewhere.Draft(t.Context(), d.Browser, d.ID)
		is(t, "draft", err, store.ErrNotFound)
		_, err = elsewhere.PutConnection(t.Context(), c)
		is(t, "connecting for its owner", err, store.ErrNotFound)
	},

	"another environment sees and changes nothing of a shop's": func(t *testing.T, f *fixture) {
		elsewhere := f.open(sandbox)
		owner, _ := signIn(t, f.one)
		put(t, f.one, connection(owner, "sh_1"))
		a := beginActivity(t, f.one, activity(owner, "sh_1"))
		must(t, f.one.MarkImmutable(t.Context(), "sh_1", "wcon_1", f.start.Add(time.Hour)))

		for _, shop := range []string{"sh_1", ""} {
			same(t, "activities", activities(t, elsewhere, store.ActivityQuery{Shop: shop}), store.ActivityList{})
		}
		same(t, "due", due(t, elsewhere, 0), nil)
		is(t, "outcome", elsewhere.RecordOutcome(t.Context(), a.ID, store.Ending{Outcome: "done"}), store.ErrNotFound)
		is(t, "detail", elsewhere.ReplaceDetail(t.Context(), a), store.ErrNotFound)
		same(t, "live connection", liveOwner(t, elsewhere, "sh_1", owner), "")
		same(t, "immutable", immutable(t, elsewhere, "sh_1"), nil)
		must(t, elsewhere.MarkImmutable(t.Context(), "sh_1", "wcon_1", f.start.Add(-time.Hour)))

		same(t, "activity at home", theActivity(t, f.one, "sh_1"), a)
		same(t, "immutable at home", immutable(t, f.one, "sh_1"), []string{"wcon_1"})
	},

	"a cursor shows nothing of another shop or environment": func(t *testing.T, f *fixture) {
		elsewhere := f.open(sandbox)
		for _, s := range []*store.Store{f.one, elsewhere} {
			for _, shop := range []string{"sh_1", "sh_2"} {
				beginAll(t, s, shop, "1 of "+shop, "2 of "+shop)
			}
		}
		// On the other side of this cursor are rows of the other shop and environment.
		at := activities(t, elsewhere, store.ActivityQuery{Shop: "sh_2", Limit: 1}).Older
		same(t, "before", summary(activities(t, f.one, store.ActivityQuery{Shop: "sh_1", Before: at})),
			pageOf{[]string{"2 of sh_1", "1 of sh_1"}, 2, false, false})
		newest := activities(t, f.one, store.ActivityQuery{Shop: "sh_1", Limit: 1})
		at = activities(t, f.one, store.ActivityQuery{Shop: "sh_1", Before: newest.Older}).Newer
		same(t, "after", summary(activities(t, elsewhere, store.ActivityQuery{Shop: "sh_2", After: at})),
			pageOf{[]string{"2 of sh_2", "1 of sh_2"}, 2, false, false})
	},

	"another environment changes nothing": func(t *testing.T, f *fixture) {
		elsewhere := f.open(sandbox)
		owner, token := signIn(t, f.one)
		fill(t, f.one, owner, "sh_1")
		c, err := f.one.Connection(t.Context(), owner, "sh_1")
		must(t, err)

		must(t, elsewhere.ExpireConnection(t.Context(), c.ID, c.Version, store.End{}))
		same(t, "lease", lease(t, elsewhere, c, "a"), false)
		must(t, elsewhere.DeleteConnection(t.Context(), owner, "sh_1"))
		must(t, elsewhere.DeleteSecret(t.Context(), owner, "sh_1", "wcon_1"))
		must(t, elsewhere.DeleteOwner(t.Context(), owner))
		op := operationOf(t, f.one, owner, "key of sh_1")
		_, err = elsewhere.RestartOperation(t.Context(), op, create(owner, "", "me"), operationLease)
		is(t, "restart of the operation", err, store.ErrNotFound)
		is(t, "finish of the operation", finish(elsewhere, op, store.StateDone, "wcon_1", ""), store.ErrNotFound)
		held := started(t, f.one, change(owner, "held", "me"))
		is(t, "proof", prove(elsewhere, held), store.ErrLeaseLost)
		is(t, "call", call(elsewhere, held, nil), store.ErrLeaseLost)
		same(t, "operation at home", operationOf(t, f.one, owner, "held"), held)
		same(t, "lease at home", lease(t, f.one, c, "a"), true)
		must(t, elsewhere.ReleaseRefresh(t.Context(), c.ID, "a"))
		err = elsewhere.FinishRefresh(t.Context(), c.ID, c.Version, "a", []byte("other"), time.Time{}, "")
		is(t, "finish", err, store.ErrLeaseLost)
		same(t, "second lease at home", lease(t, f.one, c, "b"), false)

		v := arrive(t, elsewhere, token)
		v.session.Options.MaxAge = -1
		v.save(t)
		same(t, "owner", ownerOf(t, f.one, token), owner)
		same(t, "rows", has(t, f.one, owner, "sh_1"), everything)
		same(t, "expired", expired(t, f.one, c.ID), false)
	},

	"environments differ by more than a slash at the end": func(t *testing.T, f *fixture) {
		owner, token := signIn(t, f.one)
		same(t, "owner", ownerOf(t, f.open(live+"/"), token), owner)
	},

	"random operations of two owners on two shops": func(t *testing.T, f *fixture) {
		rapid.Check(t, func(rt *rapid.T) {
			m := newModel(rt, f)
			rt.Repeat(map[string]func(*rapid.T){
				"connect":    m.connect,
				"refresh":    m.refresh,
				"disconnect": m.disconnect,
				"secret":     m.secret,
				"operate":    m.operate,
				"flash":      m.flash,
				"take":       m.take,
				"renew":      m.renew,
				"leave":      m.leave,
				"compare":    m.compare,
			})
			m.compare(rt)
		})
	},
}

// cell is a shop of one owner.
type cell struct {
	owner int
	shop  string
}

// model is what two owners should see in the database.
type model struct {
	f       *fixture
	owners  []store.Owner
	tokens  []string
	count   int
	conns   map[cell]string
	secrets map[cell]string
	ops     map[cell]string
	flashes map[cell][]string
}

var shops = []string{"sh_1", "sh_2"}

func newModel(t *rapid.T, f *fixture) *model {
	m := &model{
		f: f, conns: map[cell]string{}, secrets: map[cell]string{}, ops: map[cell]string{},
		flashes: map[cell][]string{},
	}
	for range 2 {
		owner, token := signIn(t, f.one)
		m.owners, m.tokens = append(m.owners, owner), append(m.tokens, token)
	}
	return m
}

// pick draws an owner and a shop, a handle, and a text that is nowhere else in the database.
func (m *model) pick(t *rapid.T) (cell, *store.Store, string) {
	c := cell{rapid.IntRange(0, 1).Draw(t, "owner"), rapid.SampledFrom(shops).Draw(t, "shop")}
	m.count++
	s := m.f.one
	if rapid.Bool().Draw(t, "other handle") {
		s = m.f.other
	}
	return c, s, fmt.Sprintf("text %d of %s", m.count, m.owners[c.owner])
}

func (m *model) connect(t *rapid.T) {
	c, s, text := m.pick(t)
	conn := connection(m.owners[c.owner], c.shop)
	conn.Credential = []byte(text)
	put(t, s, conn)
	m.conns[c] = text
}

func (m *model) refresh(t *rapid.T) {
	c, s, text := m.pick(t)
	if _, ok := m.conns[c]; !ok {
		return
	}
	conn, err := s.Connection(background, m.owners[c.owner], c.shop)
	must(t, err)
	same(t, "lease", lease(t, s, conn, text), true)
	must(t, s.FinishRefresh(background, conn.ID, conn.Version, text, []byte(text), time.Time{}, ""))
	m.conns[c] = text
}

func (m *model) disconnect(t *rapid.T) {
	c, s, _ := m.pick(t)
	must(t, s.DeleteConnection(background, m.owners[c.owner], c.shop))
	m.forget(c)
}

func (m *model) forget(c cell) {
	delete(m.conns, c)
	delete(m.secrets, c)
	delete(m.ops, c)
	delete(m.flashes, c)
}

func (m *model) secret(t *rapid.T) {
	c, s, text := m.pick(t)
	must(t, s.PutSecret(background, m.owners[c.owner], c.shop, "wcon_1", text, m.f.clock.Now().Add(time.Minute)))
	m.secrets[c] = text
}

// operate begins an operation, with the same key for both owners, and finishes it.
func (m *model) operate(t *rapid.T) {
	c, s, text := m.pick(t)
	op := create(m.owners[c.owner], "key of "+c.shop, "me")
	op.Shop, op.Hash = c.shop, text
	got := start(t, s, op)
	_, known := m.ops[c]
	same(t, "operation was started", got.Started, !known)
	if !known {
		must(t, finish(s, op, store.StateRejected, "", ""))
		m.ops[c] = text
	}
	same(t, "hash of the operation", got.Operation.Hash, m.ops[c])
}

func (m *model) flash(t *rapid.T) {
	c, s, text := m.pick(t)
	flash(t, s, m.owners[c.owner], page(c.shop), text)
	m.flashes[c] = append(m.flashes[c], text)
}

func (m *model) take(t *rapid.T) {
	c, s, _ := m.pick(t)
	same(t, "flashes", take(t, s, m.owners[c.owner], page(c.shop)), m.flashes[c])
	delete(m.flashes, c)
}

func (m *model) renew(t *rapid.T) {
	c, s, _ := m.pick(t)
	v := arrive(t, s, m.tokens[c.owner])
	v.session.ID = ""
	m.tokens[c.owner] = v.save(t)
}

// leave signs an owner out everywhere and signs a new one in.
func (m *model) leave(t *rapid.T) {
	c, s, _ := m.pick(t)
	must(t, s.DeleteOwner(background, m.owners[c.owner]))
	for _, shop := range shops {
		gone := has(t, s, m.owners[c.owner], shop)
		same(t, "what is left of an owner", gone, nothing)
		m.forget(cell{c.owner, shop})
	}
	m.owners[c.owner], m.tokens[c.owner] = signIn(t, s)
}

// compare reads everything of both owners and compares it.
func (m *model) compare(t *rapid.T) {
	for i, owner := range m.owners {
		same(t, "owner of the session", ownerOf(t, m.f.other, m.tokens[i]), owner)
		listed := 0
		for _, shop := range shops {
			c := cell{i, shop}
			conn, err := m.f.one.Connection(background, owner, shop)
			same(t, "connected", found(t, err), m.conns[c] != "")
			same(t, "credential", string(conn.Credential), m.conns[c])
			same(t, "secret", secret(t, m.f.one, owner, shop, "wcon_1"), m.secrets[c])
			op, err := m.f.one.Operation(background, owner, "key of "+shop)
			same(t, "has an operation", found(t, err), m.ops[c] != "")
			same(t, "operation", op.Hash, m.ops[c])
			if m.conns[c] != "" {
				listed++
			}
		}
		same(t, "connections", len(connections(t, m.f.other, owner)), listed)
	}
}
