package main

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"

	"github.com/mattn/go-isatty"

	"hookwall/internal/logs"
)

// newLogger returns a logger that writes lines to w: text for people, or JSON.
func newLogger(w io.Writer, text bool) *slog.Logger {
	var h slog.Handler = slog.NewJSONHandler(w, nil)
	if text {
		h = slog.NewTextHandler(w, nil)
	}
	return slog.New(logs.To(h))
}

// isText reports whether the log is for people: "auto" means that they read it
// on a terminal.
func isText(format string, stdout io.Writer) bool {
	if out, ok := stdout.(*output); ok {
		stdout = out.Writer
	}
	file, isFile := stdout.(*os.File)
	return format == "text" || format == "auto" && isFile && isatty.IsTerminal(file.Fd())
}

// logFormat checks the format of the log.
func (p *problems) logFormat(given string) string {
	if !slices.Contains([]string{"auto", "text", "json"}, given) {
		p.add("HOOKWALL_LOG_FORMAT: %q is not a log format. Use auto, text or json", clip(given))
	}
	return given
}

// heldLog keeps back what is written until it is released, so that the first
// line is the one that says where to go.
type heldLog struct {
	w io.Writer

	mu       sync.Mutex
	kept     bytes.Buffer
	released bool
}

// Write writes to w, or keeps b.
func (l *heldLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.released {
		return l.w.Write(b)
	}
	return l.kept.Write(b)
}

// release writes what was kept. Later calls do nothing.
func (l *heldLog) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.released {
		l.released = true
		_, _ = l.kept.WriteTo(l.w)
	}
}
