package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"
)

// PageQuery is what a page needs to know beside its session. The statement that loads the session reads it.
type PageQuery struct {
	Path   string   // of the page, for its flashes
	Shop   string   // of the page; "" for none
	Recent []string // shops, as for RecentConnections
	Owner  Owner    // of the connections; "" for the owner of the session
}

// PageState is what a PageQuery found when the session was loaded. It counts until the request writes. Nil is that of
// a request without one.
type PageState struct {
	query   PageQuery
	owner   Owner // of the connections
	self    Owner // of the session
	flashes bool
	presets bool
	list    []Connection // of the shops of the query, and the newest; without credentials
	total   int
	conn    Connection // to the shop of the query
	err     error      // why that can't be used
}

type pageKey struct{}

// WithPage returns the context of a request for a page. The session that is loaded with it fills the state that
// PageOf returns.
func WithPage(ctx context.Context, q PageQuery) context.Context {
	q.Recent = q.Recent[:min(len(q.Recent), RecentShops)]
	return context.WithValue(ctx, pageKey{}, &PageState{query: q})
}

// PageOf returns what was read for the page of a request, or nil if nothing was, or if the request has written since.
func PageOf(ctx context.Context) *PageState {
	p, _ := ctx.Value(pageKey{}).(*PageState)
	if p == nil || p.owner == "" || hasWritten(ctx) {
		return nil
	}
	return p
}

// Connection returns an owner's connection to the shop of the page, as Store.Connection does. ok is false if it must
// be read.
//
//nolint:revive // the error is the shop's, and ok says whether there is one
func (p *PageState) Connection(owner Owner, shop string) (c Connection, err error, ok bool) {
	if p == nil || p.owner != owner || p.query.Shop != shop {
		return Connection{}, nil, false
	}
	return p.conn, p.err, true
}

// RecentConnections returns what Store.RecentConnections does. ok is false if it must be read.
func (p *PageState) RecentConnections(owner Owner, recent []string) (list []Connection, total int, ok bool) {
	if p == nil || p.owner != owner || !p.hasRead(recent) {
		return nil, 0, false
	}
	place := func(c Connection) int {
		if i := slices.Index(recent, c.ShopID); i >= 0 && i < RecentShops {
			return i
		}
		return RecentShops
	}
	list = slices.SortedFunc(slices.Values(p.list), func(a, b Connection) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ShopID, b.ShopID))
	})
	return list[:min(len(list), RecentShops)], p.total, true
}

// hasRead reports whether all of some shops were in the query.
func (p *PageState) hasRead(shops []string) bool {
	isUnread := func(id string) bool { return id != p.query.Shop && !slices.Contains(p.query.Recent, id) }
	return !slices.ContainsFunc(shops, isUnread)
}

// HasFlashes reports whether a page of an owner has flashes to take. It is true if that isn't known.
func (p *PageState) HasFlashes(owner Owner, path string) bool {
	return p == nil || p.self != owner || p.query.Path != path || p.flashes
}

// HasPresets reports whether an owner has presets. It is true if that isn't known.
func (p *PageState) HasPresets(owner Owner) bool { return p == nil || p.owner != owner || p.presets }

// countedShops is up to how many shops of an owner a page counts each time. The number of more is up to countsFor old.
const (
	countedShops = 20
	countsFor    = 10 * time.Second
)

// selectPage selects a session, whether its page has flashes and its owner presets, and how many shops there are, up to
// a limit. Each further row is a connection that the page may show. Those of the page's shops and the newest ones are
// found by an index each, so that a page costs the same with one shop and with a thousand.
const selectPage = `
	WITH session AS (
		SELECT owner, person, seen_at, CASE WHEN $6 = '' THEN owner ELSE $6 END AS holder FROM sessions
		WHERE environment = $1 AND token_hash = $2
		AND seen_at > $3 AND created_at > $4 AND (person = '' OR created_at > $5)
	)
	SELECT owner, person, seen_at, holder,
		EXISTS (SELECT 1 FROM flashes WHERE flashes.environment = $1 AND flashes.owner = session.owner AND page = $7),
		(SELECT count(*) FROM (SELECT 1 FROM connections WHERE connections.environment = $1
			AND connections.owner = holder LIMIT 21) AS counted),
		EXISTS (SELECT 1 FROM presets WHERE presets.environment = $1 AND presets.owner = holder),
		'', '', '', '', '', '', '', '', '', 0, FALSE, 0, 0, 0, 0, '', '', NULL, NULL
	FROM session
	UNION ALL
	SELECT '', '', 0, '', FALSE, 0, FALSE, ` + connectionColumns + `, CASE WHEN shop_id = $8 THEN credential END
	FROM connections WHERE environment = $1 AND owner = (SELECT holder FROM session)
		AND shop_id IN ($8, $9, $10, $11, $12, $13)
	UNION ALL
	SELECT '', '', 0, '', FALSE, 0, FALSE, ` + connectionColumns + `, NULL
	FROM (SELECT * FROM connections WHERE environment = $1 AND owner = (SELECT holder FROM session)
		ORDER BY created_at DESC, shop_id LIMIT 5) AS newest
	WHERE shop_id NOT IN ($8, $9, $10, $11, $12, $13)`

// pageSession is the session of a page.
type pageSession struct {
	owner  Owner
	person string
	seen   int64
}

// loadPage reads the session of a hash and what its page needs.
func (s *Store) loadPage(ctx context.Context, hash string, now time.Time, p *PageState) (pageSession, error) {
	args := []any{
		s.env, hash, millis(now.Add(-s.sessionIdle)), millis(now.Add(-s.sessionLife)), millis(now.Add(-s.memberLife())),
		p.query.Owner, p.query.Path, p.query.Shop,
	}
	for i := range RecentShops {
		shop := "" // no shop's
		if i < len(p.query.Recent) {
			shop = p.query.Recent[i]
		}
		args = append(args, shop)
	}
	rows, err := s.engine.read.QueryContext(ctx, selectPage, args...)
	if err != nil {
		return pageSession{}, err
	}
	defer rows.Close()
	session, err := s.scanPage(rows, p)
	if err == nil && p.total > countedShops {
		p.total, err = s.countConnections(ctx, p.owner)
	}
	if err != nil {
		p.owner = "" // nothing is known
	}
	return session, err
}

// scanPage reads the rows of selectPage. The error is sql.ErrNoRows if there is no such session.
func (s *Store) scanPage(rows budgetRows, p *PageState) (session pageSession, err error) {
	p.err = failed("read connection", sql.ErrNoRows)
	for rows.Next() {
		var of pageSession
		var state PageState
		var sealed []byte
		c, err := s.scanConnection(scanAfter{rows, []any{
			&of.owner, &of.person, &of.seen, &state.owner, &state.flashes, &state.total, &state.presets,
		}}, &sealed)
		switch {
		case err != nil:
			return session, err
		case of.owner != "":
			session, p.self = of, of.owner
			p.owner, p.flashes, p.presets, p.total = state.owner, state.flashes, state.presets, state.total
			continue
		case c.ShopID == p.query.Shop:
			p.conn, p.err = s.unsealed(c, sealed)
		}
		p.list = append(p.list, c)
	}
	if err = rows.Err(); err == nil && session.owner == "" {
		err = sql.ErrNoRows
	}
	return session, err
}

// scanAfter scans some columns before others.
type scanAfter struct {
	scanner

	first []any
}

// Scan reads the row.
func (r scanAfter) Scan(dest ...any) error { return r.scanner.Scan(append(r.first, dest...)...) }

// connectionCount is how many connections an owner had at a time.
type connectionCount struct {
	n  int
	at time.Time
}

// countConnections returns how many connections an owner with many has, or had a short time ago.
func (s *Store) countConnections(ctx context.Context, owner Owner) (int, error) {
	if known, ok := s.shopCounts.Load(owner); ok {
		if c, _ := known.(connectionCount); time.Since(c.at) < countsFor {
			return c.n, nil
		}
	}
	c := connectionCount{at: time.Now()}
	err := s.engine.read.QueryRowContext(ctx,
		`SELECT count(*) FROM connections WHERE environment = $1 AND owner = $2`, s.env, owner).Scan(&c.n)
	if err == nil {
		s.shopCounts.Store(owner, c)
	}
	return c.n, err
}

// forgetCounts makes countConnections count again after connections were added or deleted.
func (s *Store) forgetCounts() { s.shopCounts.Clear() }
