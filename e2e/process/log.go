package process

import (
	"bytes"
	"sync"
)

// Log keeps what is written to it, by several writers at once. The zero value
// is ready for use.
type Log struct {
	mu  sync.Mutex
	all bytes.Buffer
}

// Write keeps what is written.
func (l *Log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(b)
}

// String returns all that was written so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}
