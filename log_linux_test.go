package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestLogOnATerminal starts the program on a terminal, where the log is text.
func TestLogOnATerminal(t *testing.T) {
	person, program := pseudoTerminal(t)
	settings := env("HOME", t.TempDir(), "HOOKWALL_ADDR", "127.0.0.1:0", "HOOKWALL_SANDBOX_ADDR", "127.0.0.1:0")
	startTo(t, program, settings, nil)
	scanner := bufio.NewScanner(person)
	for i, want := range []string{"Hookwall is at ", "time="} {
		if !scanner.Scan() || !strings.HasPrefix(scanner.Text(), want) {
			t.Errorf("line %d is %q, want %q", i+1, scanner.Text(), want)
		}
	}
}

// pseudoTerminal returns both ends of a new terminal.
func pseudoTerminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("this system has no terminals: ", err)
	}
	t.Cleanup(func() { person.Close() })
	number, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	return person, program
}
