package main

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener for connections in memory, which work in a synctest bubble.
type pipes struct {
	accepted chan net.Conn
	closed   chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.accepted:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func (p *pipes) dial() net.Conn {
	here, there := net.Pipe()
	p.accepted <- there
	return here
}

// slow sends a byte per second for ten minutes.
func slow(conn net.Conn, text string) {
	for i := range 600 {
		if _, err := io.WriteString(conn, text[i%len(text):i%len(text)+1]); err != nil {
			return
		}
		time.Sleep(time.Second) //nolint:forbidigo // in a bubble, where no time passes
	}
}

// TestSlowRequests holds that a slow client can't keep a connection. Checklist 39.
func TestSlowRequests(t *testing.T) {
	const start = "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
	tests := []struct {
		name string
		send func(conn net.Conn)
		ends time.Duration
	}{
		{"nothing is sent", func(net.Conn) {}, 10 * time.Second},
		{"a header without end", func(conn net.Conn) {
			_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n")
			slow(conn, "X: y\r\n")
		}, 10 * time.Second},
		{"a request line without end", func(conn net.Conn) { slow(conn, "GET /aaaa") }, 10 * time.Second},
		{"a body without end", func(conn net.Conn) { _, _ = io.WriteString(conn, start); slow(conn, "a") }, 30 * time.Second},
		{"chunks without end", func(conn net.Conn) {
			_, _ = io.WriteString(conn, strings.Replace(start, "Content-Length: 1000000", "Transfer-Encoding: chunked", 1))
			slow(conn, "1\r\na\r\n")
		}, 30 * time.Second},
		{"no second request", func(conn net.Conn) { _, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n") }, 2 * time.Minute},
		{"half of a second request", func(conn net.Conn) {
			_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT")
		}, 10 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn, stop := serveForTest(t)
				began := time.Now()
				var sender sync.WaitGroup
				sender.Go(func() { test.send(conn) })
				_, _ = io.Copy(io.Discard, conn) // until the server closes it
				if took := time.Since(began); took > test.ends+time.Second || took < time.Second {
					t.Errorf("the connection was closed after %s, want %s", took, test.ends)
				}
				_ = conn.Close()
				sender.Wait()
				stop()
			})
		})
	}
}

// TestSlowReaders holds that a client that doesn't read can't keep a connection.
// Checklist 39.
func TestSlowReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, stop := serveForTest(t)
		began := time.Now()
		_, _ = io.WriteString(conn, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
		line, err := bufio.NewReaderSize(conn, 16).ReadString('\n')
		if err != nil || !strings.Contains(line, "200") {
			t.Fatalf("%q %v", line, err)
		}
		time.Sleep(95 * time.Second) //nolint:forbidigo // in a bubble, where no time passes
		if n, _ := io.Copy(io.Discard, conn); n > 1_000_000 {
			t.Errorf("%d bytes were still sent after %s", n, time.Since(began))
		}
		_ = conn.Close()
		stop()
	})
}

// TestOptionsOfTheServer holds that the library responds to nothing by itself, so
// that every response has our headers. Checklist 27.
func TestOptionsOfTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, stop := serveForTest(t)
		_, _ = io.WriteString(conn, "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		answer, _ := io.ReadAll(conn)
		if !strings.Contains(string(answer), "X-Ours: yes") {
			t.Errorf("answered %q", answer)
		}
		_ = conn.Close()
		stop()
	})
}

// serveForTest serves with the settings of the program, over a pipe.
func serveForTest(t *testing.T) (net.Conn, func()) {
	t.Helper()
	l := &pipes{accepted: make(chan net.Conn), closed: make(chan struct{})}
	server := newServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Ours", "yes")
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/large" {
			for range 100 {
				if _, err := io.WriteString(w, strings.Repeat("a", 100_000)); err != nil {
					return
				}
			}
		}
	}), slog.New(slog.DiscardHandler))
	go func() { _ = server.Serve(l) }()
	return l.dial(), func() { _ = server.Close() }
}

// TestEndsInOrder holds that open requests get their response after the program
// was told to end, for half a minute, and that no new ones begin. Checklist 39.
func TestEndsInOrder(t *testing.T) {
	for name, takes := range map[string]time.Duration{"in time": 20 * time.Second, "too long": time.Minute} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, end := context.WithCancel(t.Context())
				l := &pipes{accepted: make(chan net.Conn), closed: make(chan struct{})}
				begun, ended := make(chan struct{}), make(chan error, 1)
				h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					close(begun)
					time.Sleep(takes) //nolint:forbidigo // in a bubble, where no time passes
					_, _ = io.WriteString(w, "done")
				})
				go func() { ended <- serveHTTP(ctx, l, h, slog.New(slog.DiscardHandler)) }()
				conn := l.dial()
				_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
				<-begun
				began := time.Now()
				end()
				<-l.closed
				answered := make(chan string, 1)
				go func() {
					all, _ := io.ReadAll(conn)
					answered <- string(all)
				}()
				err := <-ended
				took := time.Since(began)
				if (err == nil) != (takes < shutdownTime) || took < min(takes, shutdownTime) || took > shutdownTime {
					t.Errorf("it ended after %v with %v", took, err)
				}
				if answer := <-answered; !strings.Contains(answer, "\r\n\r\ndone") && takes < shutdownTime {
					t.Errorf("answered %q", answer)
				}
			})
		})
	}
}
