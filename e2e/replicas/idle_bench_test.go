package replicas

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hookwall/internal/store/storetest"
)

const (
	idleSettle = 2 * time.Minute // after the first visits, since shops in trouble are visited again
	idleTime   = time.Minute
)

// BenchmarkIdleFleet reports how many statements the database gets, and how many lines the log, in a minute in which
// only shops in trouble are due. Two dashboards are counted together.
func BenchmarkIdleFleet(b *testing.B) {
	for range b.N {
		f := oddFleet(b, *fleetShops, storetest.Postgres(b))
		w := newStatements(b, f.database)
		f.database = w.url
		one, two := f.dashboard(), f.dashboard()
		eventually(b, "calling for every shop", func() bool {
			for _, s := range f.counts() {
				if s.calls == 0 {
					return false
				}
			}
			return true
		})
		<-time.After(idleSettle)
		lines := func() int { return strings.Count(one.Logs(), "\n") + strings.Count(two.Logs(), "\n") }
		statements, logged, calls := w.count.Load(), lines(), f.called()
		<-time.After(idleTime)
		minutes := idleTime.Minutes()
		b.ReportMetric(float64(w.count.Load()-statements)/minutes, "statements/min")
		b.ReportMetric(float64(lines()-logged)/minutes, "log-lines/min")
		b.ReportMetric(float64(f.called()-calls)/minutes, "calls/min")
		one.Stop()
		two.Stop()
	}
}

// statements passes connections on to a Postgres server, and counts what it's asked to execute.
type statements struct {
	url   string
	count atomic.Int64
}

func newStatements(b *testing.B, database string) *statements {
	b.Helper()
	u, err := url.Parse(database)
	check(b, err)
	server := u.Host
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(b, err)
	u.Host = listener.Addr().String()
	w := &statements{url: u.String()}
	var open sync.WaitGroup
	b.Cleanup(func() { check(b, listener.Close()); open.Wait() })
	open.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			open.Go(func() { w.pass(client, server) })
		}
	})
	return w
}

// pass passes one connection on until either side ends it.
func (w *statements) pass(client net.Conn, server string) {
	defer client.Close()
	to, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	defer to.Close()
	var back sync.WaitGroup
	defer back.Wait()
	defer to.Close()
	back.Go(func() {
		defer client.Close()
		_, _ = io.Copy(client, to)
	})
	from := bufio.NewReader(client)
	for first := true; ; first = false {
		if err := w.message(from, to, first); err != nil {
			return
		}
	}
}

// message passes one message on. The first of a connection has no type.
func (w *statements) message(from *bufio.Reader, to io.Writer, first bool) error {
	size := 5
	if first {
		size = 4
	}
	head := make([]byte, size)
	if _, err := io.ReadFull(from, head); err != nil {
		return err
	}
	if head[0] == 'Q' && !first || head[0] == 'E' && !first { // Query, Execute
		w.count.Add(1)
	}
	if _, err := to.Write(head); err != nil {
		return err
	}
	_, err := io.CopyN(to, from, int64(binary.BigEndian.Uint32(head[size-4:]))-4)
	return err
}
