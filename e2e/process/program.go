package process

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

var (
	built   = sync.OnceValues(build)
	scratch string // folder of the program, set by built and read when the tests are over
)

// Program builds the program, once, and returns the path of its file.
func Program() (string, error) { return built() }

func build() (string, error) {
	var err error
	if scratch, err = os.MkdirTemp("", "hookwall-process-"); err != nil {
		return "", err
	}
	program := filepath.Join(scratch, "hookwall")
	// Without the debugger's tables it is linked in half the time.
	args := []string{"build", "-buildvcs=false", "-ldflags=-s -w", "-o", program, "hookwall"}
	out, err := exec.Command("go", args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return program, nil
}

// Clean deletes the program. It is called when the tests are over.
func Clean() error {
	if scratch == "" {
		return nil
	}
	return os.RemoveAll(scratch)
}

// Main runs the tests of a package and cleans up. It is called from TestMain
// and does not return.
func Main(m *testing.M) {
	code := m.Run()
	if err := Clean(); err != nil {
		fmt.Fprintln(os.Stderr, "process:", err)
		code = 1
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, "process:", err)
		code = 1
	}
	os.Exit(code)
}
