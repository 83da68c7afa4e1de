package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"hookwall/internal/terminal"
)

var errFull = errors.New("no space left on device")

// full is a device without space.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

// TestLostOutput runs each command that prints something where it can't be printed.
func TestLostOutput(t *testing.T) {
	dir := t.TempDir()
	database := filepath.Join(dir, "x.db")
	seal(t, database, testKey, "a")
	for _, args := range []string{
		"version", "-h", "fleet plan -h", "completion bash", "completion zsh", "completion fish", "doctor", "rotate-key",
		"backup " + filepath.Join(dir, "copy.db"), "probe https://hooks.example.com/ --shop sh_1",
	} {
		t.Run(args, func(t *testing.T) {
			getenv := env("HOME", dir, "HOOKWALL_ADDR", "127.0.0.1:0", "HOOKWALL_DATABASE_URL", database,
				"HOOKWALL_SECRET_KEY", testKey)
			err := run(t.Context(), strings.Fields(args), getenv, full{})
			if !errors.Is(err, errFull) {
				t.Fatalf("error %v", err)
			}
			var said strings.Builder
			if status := report(err, &said); status != 1 || !strings.Contains(said.String(), "the output is incomplete") {
				t.Errorf("status %d, it says %q", status, said.String())
			}
		})
	}
}

// A status of its own would say that everything was printed.
func TestLostOutputOfAPlan(t *testing.T) {
	out := &output{Writer: full{}}
	_, _ = out.Write(nil)
	err := out.result(terminal.ExitError(terminal.ExitChanges))
	if status := report(err, &strings.Builder{}); status != 1 {
		t.Errorf("status %d", status)
	}
}
