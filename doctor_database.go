package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"hookwall/internal/jobs"
	"hookwall/internal/store"
)

// checkDatabase checks the database, its tables, its clock, and the keys. It changes nothing.
func (d *diagnosis) checkDatabase(ctx context.Context, c Config) {
	kind, keys := "SQLite", store.Keys{}
	if store.IsPostgres(c.DatabaseURL) {
		kind = "Postgres"
	}
	text, err := existingKeys(c)
	if err == nil && text != "" {
		keys, err = store.ParseKeys(text)
	}
	if err != nil {
		d.problem("Keys", err.Error(), "Correct the file with the key, or restore it from your copy.")
		return
	}
	found, err := jobs.Inspect(ctx, c.DatabaseURL, keys)
	var noFile *fs.PathError
	switch {
	case errors.As(err, &noFile) && errors.Is(err, fs.ErrNotExist):
		d.fact("Database", kind+", no file "+noFile.Path+" yet. The first start makes it")
		return
	case err != nil:
		do := "Check HOOKWALL_DATABASE_URL, and that no other program locks the file. Hookwall's user must be able to " +
			"write to the file and its folder."
		if kind == "Postgres" {
			do = "Check HOOKWALL_DATABASE_URL, and that the server can be reached."
		}
		d.problem("Database", err.Error(), do)
		return
	}
	d.tables(kind, found)
	if kind == "Postgres" {
		d.drift("the database's", found.Ahead)
	}
	if text == "" && len(found.Keys) > 0 {
		d.problem("Keys", "the database has data, and there is no key",
			"Restore secret.key beside it, or set HOOKWALL_SECRET_KEY.")
		return
	}
	for _, use := range found.Keys {
		d.keyUse(use)
	}
}

// existingKeys returns the keys, or "" if there are none yet.
func existingKeys(c Config) (string, error) {
	if c.SecretKeys != "" {
		return c.SecretKeys, nil
	}
	b, err := os.ReadFile(filepath.Join(c.DataDir, "secret.key"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(b)), err
}

// tables prints whether the tables can be used.
func (d *diagnosis) tables(kind string, found jobs.Inspection) {
	switch {
	case found.Current > found.Known:
		d.problem("Database", fmt.Sprintf("%s, tables at version %d, and this Hookwall knows %d", kind, found.Current,
			found.Known), "Start the newer Hookwall that made them, or restore a backup from before.")
		return
	case found.Current < found.Known:
		d.fact("Database", fmt.Sprintf("%s, tables at version %d of %d. The next start updates them", kind, found.Current,
			found.Known))
	default:
		d.fact("Database", fmt.Sprintf("%s, tables up to date (version %d)", kind, found.Known))
	}
	if found.NotWritable != nil {
		d.problem("Database", "can't be written: "+found.NotWritable.Error(),
			"Give Hookwall's user the right to write, and free space if the disk is full.")
	}
	if found.Jobs {
		d.fact("Background", "tables up to date")
	} else {
		d.fact("Background", "tables not up to date. The next start updates them")
	}
}

// keyUse prints what a key is needed for.
func (d *diagnosis) keyUse(use store.KeyUse) {
	switch {
	case !use.Given:
		d.problem("Key "+use.Key, fmt.Sprintf("not given, and %s can't be decrypted without it", values(use.Values)),
			"Add the key that you used before to HOOKWALL_SECRET_KEY, behind the first.")
	case !use.Opens:
		d.problem("Key "+use.Key, fmt.Sprintf("doesn't decrypt all of its %s", values(use.Values)),
			"Another key has the same ID, or a value was altered. Add the key that you used before, behind the first.")
	case use.Seals:
		d.fact("Key "+use.Key, fmt.Sprintf("encrypts, and decrypts %s", values(use.Values)))
	case use.Values == 0:
		d.fact("Key "+use.Key, "isn't needed. Remove it from HOOKWALL_SECRET_KEY")
	default:
		d.fact("Key "+use.Key, fmt.Sprintf("decrypts %s. Run hookwall rotate-key before you remove it", values(use.Values)))
	}
}
