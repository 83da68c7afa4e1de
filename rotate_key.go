package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"hookwall/internal/store"
)

// anyEnvironment opens the database of a sandbox, whose address is known only while it runs.
const anyEnvironment = "http://sandbox.invalid"

// rotateKey encrypts everything with the first key, and prints which keys are still needed. It returns an error if
// some values need another key.
func rotateKey(ctx context.Context, f serveFlags, getenv func(string) string, stdout io.Writer) error {
	c, err := loadConfig(f, getenv)
	if err != nil {
		return err
	}
	if err := isThere(c.DatabaseURL); err != nil {
		return err // a new database would need no older key
	}
	c.APIURL = cmp.Or(c.APIURL, anyEnvironment)
	st, err := openStore(ctx, c, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	said := 0
	r, err := st.RotateKey(ctx, func(sealed int) {
		if sealed/10_000 > said/10_000 {
			fmt.Fprintf(stdout, "%s encrypted with the first key so far.\n", values(sealed))
		}
		said = sealed
	})
	if err = errors.Join(err, st.Close()); err != nil {
		return fmt.Errorf("%w\nRun hookwall rotate-key again: it continues where it stopped", err)
	}
	fmt.Fprintf(stdout, "%s encrypted with the first key.\n", values(r.Sealed))
	return sayKeys(stdout, r)
}

// sayKeys prints what is encrypted with which key, and whether older keys can be removed.
func sayKeys(stdout io.Writer, r store.Rotation) error {
	needed, missing, older, all := 0, 0, 0, 0
	for _, use := range r.Uses {
		all += use.Values
		fmt.Fprintf(stdout, "Key %s: %s, %s.\n", use.Key, values(use.Values), roleOf(use))
		switch {
		case !use.Given:
			missing += use.Values
		case !use.Seals:
			older++
			needed += use.Values
		}
	}
	switch {
	case missing > 0:
		return fmt.Errorf("a key is missing in HOOKWALL_SECRET_KEY, for %s. Add it behind the others, and run "+
			"hookwall rotate-key again", values(missing))
	case r.Unopened > 0:
		return fmt.Errorf("%s can't be decrypted, and stays as it is. It was altered, or two keys have the same ID. Keep "+
			"the older keys", values(r.Unopened))
	case needed > 0:
		return fmt.Errorf("an instance still encrypts with an older key: %s since the start. Put the new key first on all "+
			"instances, restart them, and run hookwall rotate-key again", values(needed))
	case older > 0 && all == 0:
		fmt.Fprintln(stdout, "This database has no encrypted values. Check that it's the dashboard's, before you remove "+
			"a key.")
	case older > 0:
		fmt.Fprintln(stdout, "The older keys aren't needed. Remove them from HOOKWALL_SECRET_KEY, and restart all instances.")
	default:
		fmt.Fprintln(stdout, "There is one key, and it encrypts everything.")
	}
	return nil
}

// values says how many values there are.
func values(n int) string {
	if n == 1 {
		return "1 value"
	}
	return fmt.Sprintf("%d values", n)
}

// roleOf says what a key is for.
func roleOf(use store.KeyUse) string {
	switch {
	case use.Seals:
		return "the first key, which encrypts"
	case use.Given:
		return "an older key"
	}
	return "a key that isn't in HOOKWALL_SECRET_KEY"
}
