package fleet_test

import (
	"database/sql"
	"fmt"
	"strings"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
)

// bodies returns the bodies of a shop's deliveries.
func (g *rig) bodies(shop string) (all []string) {
	g.t.Helper()
	conn, err := g.store.Connection(g.t.Context(), g.owner, shop)
	g.must(err)
	page, err := g.connected.Client(conn).Events(g.t.Context(), fourthwall.EventQuery{Size: 100})
	g.must(err)
	for _, e := range page.Events {
		all = append(all, e.Body.Reveal())
	}
	return all
}

// ofBuyers are fields that say something about a person.
var ofBuyers = map[string]bool{
	"email": true, "phone": true, "address1": true, "city": true, "zip": true, "username": true, "nickname": true,
	"message": true, "last": true,
}

// personal returns the texts in JSON that are about a person.
func personal(v any, field bool) (all []string) {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			all = append(all, personal(value, ofBuyers[name])...)
		}
	case []any:
		for _, value := range v {
			all = append(all, personal(value, field)...)
		}
	case string:
		if field && len(v) > 3 {
			all = append(all, v)
		}
	}
	return all
}

// dump returns all rows of each table, as text.
func (g *rig) dump() map[string]string {
	g.t.Helper()
	db := g.raw()
	query := `SELECT name FROM sqlite_schema WHERE type = 'table'`
	if store.IsPostgres(g.database) {
		query = `SELECT tablename FROM pg_tables WHERE schemaname = current_schema()`
	}
	all := map[string]string{}
	for _, table := range strings.Fields(g.text(db, query)) {
		all[table] = g.text(db, `SELECT * FROM `+table)
	}
	return all
}

// text returns the values of a query's rows.
func (g *rig) text(db *sql.DB, query string) string {
	g.t.Helper()
	rows, err := db.Query(query)
	g.must(err)
	defer rows.Close()
	columns, err := rows.Columns()
	g.must(err)
	var text strings.Builder
	for rows.Next() {
		row, to := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			to[i] = &row[i]
		}
		g.must(rows.Scan(to...))
		for _, value := range row {
			fmt.Fprintf(&text, "%s ", value)
		}
	}
	g.must(rows.Err())
	return text.String()
}
