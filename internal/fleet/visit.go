package fleet

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
)

const (
	visitTime = 5 * time.Second  // for calls of the API
	visitLock = 20 * time.Second // then another one may visit the shop, since the process of this one has died
	storeTime = 10 * time.Second // for storing what was seen, also while the process stops

	defaultWait = 10 * time.Second // after a 429 that doesn't say how long
)

// Next is run in the transaction that ends a visit, with the time of the next one.
type Next func(ctx context.Context, tx *sql.Tx, next time.Time) error

// Visit visits a shop: through each of its connections it renews the token, lists the webhooks, and reads what is new
// of the deliveries. It stores what it saw in one transaction with what next does. If the shop can't be visited now, it
// returns after which time it can, and doesn't run next. Then the shop is being visited, the API's limit is reached, or
// visits are paused. store.ErrNotFound means that there is no such shop.
func (s *Service) Visit(ctx context.Context, shop string, next Next) (wait time.Duration, err error) {
	v, wait, err := s.store.BeginVisit(ctx, shop, visitLock, s.store.Now().Add(-openFor))
	if err != nil || wait > 0 {
		return wait, err
	}
	start := time.Now()
	end, err := s.see(ctx, v)
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		// Nothing was learned of the shop.
		end, next = store.VisitEnd{Due: s.store.Now().Add(s.intervals.Failing)}, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	if endErr := s.store.EndVisit(ctx, v, end, next); err == nil {
		err = endErr
	}
	s.onVisit(resultOf(end, err), time.Since(start))
	return 0, err
}

// Results of visits, beside the problems of shops.
const (
	visitOK     = "ok"
	visitFailed = "failed" // nothing was learned of the shop
)

// resultOf returns the result of a visit: the first problem that it met, unless there was none.
func resultOf(end store.VisitEnd, err error) string {
	if err != nil {
		return visitFailed
	}
	for _, seen := range end.Seen {
		if seen.Problem != "" {
			return strings.ReplaceAll(seen.Problem, " ", "_")
		}
	}
	return visitOK
}

// see reads a shop through each of its connections, one after another.
func (s *Service) see(ctx context.Context, v store.Visit) (end store.VisitEnd, err error) {
	ctx, cancel := context.WithTimeout(ctx, visitTime)
	defer cancel()
	items, err := s.store.ItemsOfShop(ctx, v.Shop)
	if err != nil {
		return end, err
	}
	var p pace
	var most time.Duration // until the next visit
	for _, known := range v.Connections {
		one := &look{Service: s, known: known, pace: &p, at: s.store.Now()}
		if err := one.run(ctx, items); err != nil {
			return end, err
		}
		end.Seen = append(end.Seen, one.seen)
		switch Problem(one.seen.Problem) {
		case NoAnswer:
			end.Silent = true
		case Ended: // perhaps without a call
		default:
			end.Answered = true
		}
		if one.retryAfter > 0 {
			end.NotBefore = later(end.NotBefore, one.at.Add(one.retryAfter))
		}
		if after := one.nextAfter(); most == 0 || after < most {
			most = after
		}
		if one.seen.Problem == string(Busy) {
			break // the limit is that of the shop
		}
	}
	if err := s.endWithout(ctx, v.Connections, items); err != nil {
		return end, err
	}
	if len(v.Connections) == 0 {
		most = s.intervals.OAuth
	}
	now := s.store.Now()
	end.NotBefore = later(end.NotBefore, now.Add(p.rest()))
	end.Due = later(now.Add(most), end.NotBefore)
	return end, nil
}

// look is what a visit sees through one connection.
type look struct {
	*Service

	known      store.Visited
	pace       *pace
	at         time.Time
	seen       store.Observed
	retryAfter time.Duration
	returns    bool // there is more to do
}

// run reads what there is to see. Its error says nothing about the shop.
func (l *look) run(ctx context.Context, items []store.RunItem) error {
	l.seen = store.Observed{ConnectionID: l.known.ID, Owner: l.known.Owner, At: l.at}
	if err := l.applyPlans(ctx, items); err != nil {
		return err
	}
	calls := l.pace.in(ctx)
	conn := l.known.Connection
	list, err := l.shops.Client(conn).Webhooks(calls)
	if err == nil && list.Err != nil && !errors.Is(list.Err, fourthwall.ErrHeldBack) {
		err = list.Err // the list that was seen before is worth more than a part of this one
	}
	if err != nil {
		return l.fail(ctx, err)
	}
	if l.seen.Listed, err = l.listed(ctx, l.known, list); err != nil {
		return err
	}
	if conn, err = l.renewed(ctx, conn); err != nil {
		return err
	}
	r := &reading{
		client: l.shops.Client(conn), match: webhooks.NewMatcher(list), now: l.at,
		key: func(url string) string { return l.URLKey(conn.Owner, conn.ID, url) },
	}
	l.seen.Backlog, err = r.read(calls, l.known, l.at.Add(-l.keep))
	l.seen.Deliveries = l.kept(r.found)
	l.seen.Read = len(r.found) > 0 || err == nil
	l.seen.Since, l.seen.Judge = l.at.Add(-l.keep), Judge(l.at, list, r.key)
	stopped := errors.Is(err, fourthwall.ErrHeldBack) || errors.Is(err, context.DeadlineExceeded) && len(r.found) > 0
	if err != nil && !stopped {
		return l.fail(ctx, err)
	}
	return nil
}

// renewed returns the connection with the token that the first call may have renewed, so that it isn't read again for
// each further call.
func (l *look) renewed(ctx context.Context, conn store.Connection) (store.Connection, error) {
	if conn.ExpiresAt.IsZero() {
		return conn, nil
	}
	return l.store.ConnectionByID(ctx, conn.ID)
}

// kept returns the deliveries that aren't too old to be kept.
func (l *look) kept(all []store.Delivery) (kept []store.Delivery) {
	for _, d := range all {
		if l.at.Sub(d.CreatedAt) < l.keep {
			kept = append(kept, d)
		}
	}
	return kept
}

// fail records why a call failed.
func (l *look) fail(ctx context.Context, err error) error {
	problem, code, ok := problemOf(err)
	if !ok {
		return err
	}
	if problem == Busy {
		l.retryAfter = max(l.retryAfter, cmp.Or(fourthwall.AsError(err).RetryAfter, defaultWait))
	}
	l.seen.Problem, l.seen.Code = string(problem), code
	if l.seen.Problem != l.known.Problem { // once for all visits that find the same
		l.logger.InfoContext(ctx, "a visit could not read a shop", "shop", l.known.ShopID, "problem", string(problem),
			"error", err)
	}
	return nil
}

// backoff returns how long after this visit, which met the API's limit, the next one is due: as soon as the limit
// allows, and after twice the time each further time. So a shop that others keep at its limit costs little.
func (l *look) backoff() time.Duration {
	if l.known.Problem != string(Busy) {
		return 0
	}
	return 2 * l.at.Sub(l.known.TriedAt)
}

// nextAfter returns how long after this visit the next one is due. It differs a little, so that shops that were
// connected together aren't visited together.
func (l *look) nextAfter() time.Duration {
	after := l.intervals.interval(l.known.Way)
	switch {
	case l.returns, l.seen.Backlog.Page > 0 && l.seen.Problem == "":
		return 0 // as soon as the limit allows
	case l.seen.Problem == string(Busy):
		return min(l.backoff(), after, l.intervals.Failing)
	case l.seen.Problem == string(Ended), l.seen.Problem == "":
	default:
		after = min(after, l.intervals.Failing)
	}
	return after - rand.N(after/10+1) //nolint:gosec // It need not be secret.
}
