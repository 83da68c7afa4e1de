package store

import (
	"fmt"
	"path/filepath"
	"testing"
)

// TestKeptStatements runs a query while its own rows are open, and more queries than a connection keeps.
func TestKeptStatements(t *testing.T) {
	e, err := openEngine(t.Context(), filepath.Join(t.TempDir(), "h.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.close() })
	tx, err := e.write.BeginTx(t.Context(), e.tx)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback() //nolint:errcheck // it only read
	const numbers = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT i FROM n`
	sum := func(most int, each func(int) int) (all int) {
		rows, err := tx.QueryContext(t.Context(), numbers, most)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var i int
			if err := rows.Scan(&i); err != nil {
				t.Fatal(err)
			}
			all += each(i)
		}
		if rows.Err() != nil {
			t.Fatal(rows.Err())
		}
		return all
	}
	same := func(i int) int { return i }
	for range 2 {
		if got := sum(3, func(i int) int { return sum(i, same) }); got != 1+3+6 {
			t.Errorf("the sum of sums is %d", got)
		}
		for i := range 3 * maxStatements {
			var got int
			if err := tx.QueryRowContext(t.Context(), fmt.Sprint("SELECT 1 + ", i)).Scan(&got); err != nil || got != i+1 {
				t.Fatalf("1 + %d is %d, %v", i, got, err)
			}
		}
	}
	if err := tx.QueryRowContext(t.Context(), `SELECT nothing`).Scan(new(int)); err == nil {
		t.Error("a wrong statement ran")
	}
}
