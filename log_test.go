package main

import (
	"bufio"
	"encoding/json"
	"io"
	"strings"
	"testing"
)

// TestFirstLineAndLog starts the program with each log format. The first line
// is for people, whatever was logged before.
func TestFirstLineAndLog(t *testing.T) {
	fourthwall := []string{"FOURTHWALL_API_URL", "https://api.example.com", "HOOKWALL_SECRET_KEY", testKey}
	tests := []struct {
		name string
		env  []string
		args []string
		want string // in the first line
		json bool   // whether the log is JSON
	}{
		{"a sandbox", nil, nil, "(the sandbox is at http://127.0.0.1:", true},
		{"a real Fourthwall", fourthwall, nil, "(Fourthwall at https://api.example.com)", true},
		{"text", nil, []string{"--log-format", "text"}, "Hookwall is at http://127.0.0.1:", false},
		{"JSON", nil, []string{"--log-format=json"}, "Hookwall is at http://127.0.0.1:", true},
		{"text by the environment", []string{"HOOKWALL_LOG_FORMAT", "text"}, nil, "Hookwall is at ", false},
		{"a flag before the environment", []string{"HOOKWALL_LOG_FORMAT", "text"}, []string{"--log-format", "json"}, "Hookwall is at ", true},
		{"a sandbox alone", nil, []string{"sandbox", "--addr", "127.0.0.1:0", "--log-format", "text"}, "The sandbox is at http://127.0.0.1:", false},
		{"a warning", []string{"FOURTHWALL_TOKEN_URL", "https://t.example.com"}, nil, "Hookwall is at ", true},
		{"plain http", []string{"HOOKWALL_PUBLIC_URL", "http://hooks.example.com"}, nil, "Hookwall is at http://hooks.example.com ", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			settings := env(append([]string{
				"HOME", t.TempDir(), "HOOKWALL_ADDR", "127.0.0.1:0", "HOOKWALL_SANDBOX_ADDR", "127.0.0.1:0",
			}, test.env...)...)
			lines := linesOf(t, settings, test.args)
			if first := <-lines; !strings.Contains(first, test.want) || strings.Contains(first, "level") {
				t.Errorf("the first line is %q, want %q", first, test.want)
			}
			for line := range lines {
				var fields map[string]any
				isJSON := json.Unmarshal([]byte(line), &fields) == nil && fields["msg"] != nil
				isText := strings.HasPrefix(line, "time=") && strings.Contains(line, " msg=")
				if isJSON != test.json || isText == test.json {
					t.Errorf("a line of the log is %q", line)
				}
			}
		})
	}
}

// linesOf runs the program and returns its lines, up to the one that says that
// it listens.
func linesOf(t *testing.T, getenv func(string) string, args []string) <-chan string {
	t.Helper()
	r, w := io.Pipe()
	startTo(t, w, getenv, args)
	lines := make(chan string, 100)
	defer close(lines)
	scanner := bufio.NewScanner(r)
	for scanner.Scan() {
		lines <- scanner.Text()
		if strings.Contains(scanner.Text(), "listening") {
			go func() { _, _ = io.Copy(io.Discard, r) }()
			return lines
		}
	}
	t.Fatal("it ended early")
	return nil
}

// TestLogOfAFailedStart holds that a start that fails keeps no line back.
func TestLogOfAFailedStart(t *testing.T) {
	var out strings.Builder
	settings := env("HOME", t.TempDir(), "HOOKWALL_ADDR", "127.0.0.1:0", "HOOKWALL_SANDBOX_ADDR", "127.0.0.1:0",
		"FOURTHWALL_TOKEN_URL", "https://t.example.com", "HOOKWALL_DATABASE_URL", t.TempDir())
	if err := run(t.Context(), nil, settings, &out); err == nil {
		t.Error("it starts with a folder as its database")
	}
	if !strings.HasPrefix(out.String(), `{"time":`) || !strings.Contains(out.String(), "FOURTHWALL_TOKEN_URL") {
		t.Errorf("it prints %q", out.String())
	}
}
