package handlers

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// statements counts what a database is asked.
type statements struct {
	mu      sync.Mutex
	all     []string
	commits int
	inTx    bool
}

func (s *statements) trace(sql string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch verb := strings.Fields(sql)[0]; {
	case verb == "BEGIN":
		s.inTx = true
		return
	case verb == "COMMIT":
		s.inTx = false
		s.commits++
		return
	case !s.inTx && verb != "SELECT" && verb != "WITH":
		s.commits++
	}
	s.all = append(s.all, strings.Join(strings.Fields(sql), " "))
}

// take returns what was counted since it was called before.
func (s *statements) take() (all []string, commits int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all, commits = s.all, s.commits
	s.all, s.commits = nil, 0
	return all, commits
}

// TestStatementsOfCreate counts what the database is asked while a webhook is
// created, up to the notice for the next page. Each request of a shop's page asks
// for the session and the connection first.
func TestStatementsOfCreate(t *testing.T) {
	t.Parallel()
	var count statements
	g := newRig(t, options{trace: count.trace})
	p := g.person()
	shop := p.connect(0)
	form := p.noRedirects().newForm(shop.ID, good, "DONATION")
	count.take()
	form.submit().want(http.StatusSeeOther)
	all, commits := count.take()
	begun := slices.IndexFunc(all, func(sql string) bool { return strings.HasPrefix(sql, "INSERT INTO operations") })
	if begun < 0 || begun > 2 || len(all)-begun > 8 || commits > 4 {
		t.Errorf("a create runs %d statements in %d commits:\n%s", len(all), commits, strings.Join(all, "\n"))
	}
}
