package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// sealedColumn is a column with sealed values, and what each value is bound to.
type sealedColumn struct {
	table, column string
	key           string // columns of the primary key
	row           string // columns that the value is bound to, as in its rowContext; t is the table
	join          string // for columns of another table
}

const ofItsConnection = "JOIN connections AS c ON c.id = t.connection"

// sealedColumns are all columns with sealed values. Statements are built from these constants alone.
var sealedColumns = []sealedColumn{
	{"connections", "credential", "id", "t.environment, t.owner, t.shop_id", ""},
	{"channels", "credential", "id", "t.environment, t.owner, t.client_id", ""},
	{"sign_ins", "verifier", "state_hash", "t.environment, t.state_hash", ""},
	{"drafts", "form", "environment, browser_hash, id", "t.environment, t.browser_hash, t.id", ""},
	{"flashes", "data", "id", "t.environment, t.owner, t.page, t.id", ""},
	{"operations", "result", "environment, owner, key", "t.environment, t.owner, t.key", ""},
	{
		"webhook_secrets", "secret", "environment, owner, shop, webhook_id",
		"t.environment, t.owner, t.shop, t.webhook_id", "",
	},
	{"activities", "detail", "id", "t.environment, t.shop, t.id", ""},
	{"checks", "report", "environment, owner, id", "t.environment, t.owner, t.id", ""},
	{"webhook_labels", "label", "environment, shop, webhook_id", "t.environment, t.shop, t.webhook_id", ""},
	{"key_imports", "sender", "environment, owner, id", "t.environment, t.owner, t.session, t.id", ""},
	{
		"key_import_rows", "credential", "environment, owner, import, line",
		"t.environment, t.owner, i.session, t.import, t.line",
		"JOIN key_imports AS i ON i.environment = t.environment AND i.owner = t.owner AND i.id = t.import",
	},
	{"observations", "webhooks", "connection", "c.environment, c.owner, t.connection", ofItsConnection},
	{"observation_changes", "detail", "connection, changed_at", "c.environment, c.owner, t.connection", ofItsConnection},
	{
		"delivery_facts", "error", "connection, event, webhook",
		"c.environment, c.owner, t.connection, t.event, t.webhook", ofItsConnection,
	},
	{"plans", "document", "environment, owner, number", "t.environment, t.owner, t.form", ""},
	{"plans", "rehearsal", "environment, owner, number", "t.environment, t.owner, t.form", ""},
	{
		"plans", "actor", "environment, owner, number",
		"t.environment, t.owner, t.form, t.applied_by, t.applied_name, t.applied_at", "",
	},
	{
		"template_versions", "document", "environment, owner, id, version",
		"t.environment, t.owner, t.id, t.version", "",
	},
}

// sealedValue is a value of a sealed column.
type sealedValue struct {
	key    []any // of its row
	row    rowContext
	sealed []byte
}

// values returns the values of the column that meet a condition with one parameter and lie behind the key after, up to
// the key to. Without these keys, it begins with the first, or ends with the last.
func (c sealedColumn) values(
	ctx context.Context, db *sql.DB, condition string, parameter any, after, to []any,
) ([]sealedValue, error) {
	row := strings.Split(c.row, ", ")
	//nolint:gosec // of constants alone
	query := fmt.Sprintf("SELECT t.%[1]s, %[2]s, CAST(%[3]s AS TEXT) FROM %[4]s AS t %[5]s WHERE t.%[1]s IS NOT NULL AND ",
		c.column, c.keys(), strings.Join(row, " AS TEXT), CAST("), c.table, c.join)
	query += strings.ReplaceAll(condition, "?", "t."+c.column) + c.between(2, after, to)
	rows, err := db.QueryContext(ctx, query, slices.Concat([]any{parameter}, after, to)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []sealedValue
	for rows.Next() {
		v := sealedValue{row: rowContext{c.table, c.column, make([]string, len(row))}}
		v.key = make([]any, 1+strings.Count(c.key, ","))
		if err := rows.Scan(slices.Concat([]any{&v.sealed}, pointers(v.key), pointers(v.row.row))...); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// keyBehind returns the key of the row that lies n rows behind a key, or nil if there are fewer.
func (c sealedColumn) keyBehind(ctx context.Context, db *sql.DB, after []any, n int) ([]any, error) {
	//nolint:gosec // of constants alone
	query := fmt.Sprintf("SELECT %s FROM %s AS t WHERE 1 = 1%s ORDER BY %[1]s LIMIT 1 OFFSET %[4]d",
		c.keys(), c.table, c.between(1, after, nil), n-1)
	key := make([]any, 1+strings.Count(c.key, ","))
	err := db.QueryRowContext(ctx, query, after...).Scan(pointers(key)...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return key, err
}

// keys returns the columns of the key as those of the table t.
func (c sealedColumn) keys() string { return "t." + strings.ReplaceAll(c.key, ", ", ", t.") }

// between returns the condition for rows behind one key and up to another, with parameters from $first on.
func (c sealedColumn) between(first int, after, to []any) (condition string) {
	if after != nil {
		condition = fmt.Sprintf(" AND (%s) > (%s)", c.keys(), parameters(first, len(after)))
	}
	if to != nil {
		condition += fmt.Sprintf(" AND (%s) <= (%s)", c.keys(), parameters(first+len(after), len(to)))
	}
	return condition
}

// pointers returns a pointer to each item.
func pointers[T any](items []T) []any {
	all := make([]any, len(items))
	for i := range items {
		all[i] = &items[i]
	}
	return all
}

// parameters returns n parameters for a statement, from $first on.
func parameters(first, n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("$%d", first+i))
	}
	return strings.Join(all, ", ")
}

// KeyUse is how many values in the database need a key. They begin with its ID, which reveals nothing of the key.
type KeyUse struct {
	Key    string // its ID
	Given  bool   // it's among the keys
	Seals  bool   // it's the first of the keys
	Values int
	Opens  bool // of each column, the first value opens; true if there are no values
}

// keyUses returns the use of each key that is given or needed: first the one that seals, then by ID.
func keyUses(ctx context.Context, db *sql.DB, keys Keys) ([]KeyUse, error) {
	uses := map[byte]*KeyUse{}
	for i, k := range keys.list {
		if uses[k.id] == nil {
			uses[k.id] = &KeyUse{Key: k.name(), Given: true, Seals: i == 0, Opens: true}
		}
	}
	for _, column := range sealedColumns {
		if err := column.count(ctx, db, keys, uses); err != nil {
			return nil, err
		}
	}
	var all []KeyUse
	for _, use := range uses {
		all = append(all, *use)
	}
	slices.SortFunc(all, func(a, b KeyUse) int {
		if a.Seals != b.Seals && a.Seals {
			return -1
		}
		if b.Seals {
			return 1
		}
		return cmp.Compare(a.Key, b.Key)
	})
	return all, nil
}

// count adds the values of the column to the uses of their keys.
func (c sealedColumn) count(ctx context.Context, db *sql.DB, keys Keys, uses map[byte]*KeyUse) error {
	counts, err := c.counts(ctx, db)
	if err != nil {
		return err
	}
	for id, n := range counts {
		use := uses[id]
		if use == nil {
			use = &KeyUse{Key: fmt.Sprintf("%02x", id)}
			uses[id] = use
		}
		use.Values += n
		if !use.Given {
			continue
		}
		opens, err := c.opens(ctx, db, keys, id)
		if err != nil {
			return err
		}
		use.Opens = use.Opens && opens
	}
	return nil
}

// opens reports whether the keys open a value that begins with an ID.
func (c sealedColumn) opens(ctx context.Context, db *sql.DB, keys Keys, id byte) (bool, error) {
	some, err := c.values(ctx, db, "substr(?, 1, 1) = $1 LIMIT 1", []byte{id}, nil, nil)
	if err != nil || len(some) == 0 {
		return err == nil, err
	}
	_, err = keys.open(some[0].sealed, some[0].row)
	return err == nil, nil
}

// counts returns how many values of the column begin with each ID.
func (c sealedColumn) counts(ctx context.Context, db *sql.DB) (map[byte]int, error) {
	//nolint:gosec // of constants alone
	query := fmt.Sprintf("SELECT substr(%[1]s, 1, 1), COUNT(*) FROM %[2]s WHERE %[1]s IS NOT NULL GROUP BY 1",
		c.column, c.table)
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	counts := map[byte]int{}
	for rows.Next() {
		var id []byte
		var n int
		if err := rows.Scan(&id, &n); err != nil {
			return nil, err
		}
		if len(id) == 1 {
			counts[id[0]] += n
		}
	}
	return counts, rows.Err()
}
