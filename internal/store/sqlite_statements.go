package store

import (
	"context"
	"database/sql/driver"
	"strings"
)

// maxStatements is how many statements a connection keeps. A page's need some kilobytes each.
const maxStatements = 32

// statements are those that a connection to SQLite keeps prepared. Preparing one again takes about as long as running
// it. Package database/sql uses a connection for one call at a time.
type statements struct{ all map[string]*statement }

// statement is one that may be in use: within a transaction, rows may be open while the same query runs again.
type statement struct {
	prepared interface {
		driver.Stmt
		driver.StmtQueryContext
		driver.StmtExecContext
	}
	inUse bool
}

// isKept reports whether a text is worth keeping prepared: a statement that reads or changes rows.
func isKept(text string) bool {
	verb, _, _ := strings.Cut(strings.TrimLeft(text, " \t\n"), " ")
	switch verb {
	case "SELECT", "WITH", "INSERT", "UPDATE", "DELETE":
		return true
	}
	return false
}

// take returns a prepared statement for the caller alone, who sets inUse to false at the end. It is nil if the text
// isn't kept, or is in use.
func (s *statements) take(ctx context.Context, conn driver.ConnPrepareContext, text string) (*statement, error) {
	if one := s.all[text]; one != nil {
		if one.inUse {
			return nil, nil
		}
		one.inUse = true
		return one, nil
	}
	if !isKept(text) {
		return nil, nil
	}
	made, err := conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	one := &statement{inUse: true}
	var ok bool
	if one.prepared, ok = made.(interface {
		driver.Stmt
		driver.StmtQueryContext
		driver.StmtExecContext
	}); !ok {
		return nil, made.Close()
	}
	s.keep(text, one)
	return one, nil
}

// keep keeps a statement. If there are too many, those that aren't in use are closed first.
func (s *statements) keep(text string, one *statement) {
	if len(s.all) >= maxStatements {
		for other, old := range s.all {
			if !old.inUse {
				_ = old.prepared.Close() // frees memory, nothing else
				delete(s.all, other)
			}
		}
	}
	s.all[text] = one
}

// close closes all statements, before their connection is closed.
func (s *statements) close() {
	for _, one := range s.all {
		_ = one.prepared.Close()
	}
	clear(s.all)
}

// usedRows are the rows of a statement that is kept.
type usedRows struct {
	driver.Rows

	of *statement
}

// Close ends the use of the statement.
func (r usedRows) Close() error {
	err := r.Rows.Close()
	r.of.inUse = false
	return err
}
