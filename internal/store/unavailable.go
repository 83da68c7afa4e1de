package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	sqlite3 "modernc.org/sqlite/lib"
)

// unavailable reports whether an error is one of the database itself and not of a statement.
func unavailable(err error) bool {
	var ofPostgres *pgconn.PgError
	switch kind := kindOf(err); {
	case errors.Is(err, errDatabaseFile), errors.Is(err, errSilent):
		return true
	case kind != 0:
		return unavailableSQLite(kind)
	case errors.As(err, &ofPostgres):
		return unavailablePostgres(ofPostgres.Code)
	}
	var unreachable *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &unreachable) || errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, sql.ErrConnDone) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, context.DeadlineExceeded) || pgconn.SafeToRetry(err)
}

func unavailableSQLite(kind int) bool {
	switch kind {
	case sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH,
		sqlite3.SQLITE_MISUSE, sqlite3.SQLITE_RANGE, sqlite3.SQLITE_TOOBIG:
		return false
	}
	return true
}

// unavailablePostgres reports whether a SQLSTATE is one of the database itself.
func unavailablePostgres(state string) bool {
	switch state {
	case "25006", "55P03", // read_only_sql_transaction, lock_not_available
		"3D000", "42P01": // invalid_catalog_name, undefined_table: the server has another database now
		return true
	}
	for _, class := range []string{
		"08", // connection exception
		"28", // invalid authorization, such as a changed password
		"53", // insufficient resources, such as a full disk or no connection left
		"57", // operator intervention, such as a shutdown or a statement timeout
		"58", // system error, such as one of the disk
		"XX", // internal error, such as damaged data
	} {
		if strings.HasPrefix(state, class) {
			return true
		}
	}
	return false
}
