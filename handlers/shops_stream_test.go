package handlers

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/html"

	"hookwall/internal/fleet/fleettest"
	"hookwall/internal/store"
)

// followed returns the address of the events that a page follows.
func (pg *page) followed() (address string) {
	walk(pg.doc, func(n *html.Node) {
		if a := attr(n, "data-follow"); a != "" {
			address = a
		}
	})
	return address
}

// TestShopsStream: what a page doesn't show yet is told at once and whenever a
// visit reads something, and what it shows isn't.
func TestShopsStream(t *testing.T) {
	t.Parallel()
	g, p := newFleetRig(t, oddShops()...)
	g.server.visits.every = time.Millisecond
	for _, path := range []string{shopsPath, coveragePath} {
		address := p.get(path).want(http.StatusOK).followed()
		stream, err := p.client.Do(p.request(http.MethodGet, address, nil))
		g.must(err)
		if stream.StatusCode != http.StatusOK || stream.Header.Get("Content-Type") != "text/event-stream" {
			t.Fatalf("%s: %d, %v", address, stream.StatusCode, stream.Header)
		}
		g.move(time.Second)
		fleettest.Put(t, g.store, owner(p), fleettest.Shop{ID: "sh_new", Name: "Just connected"})
		lines := bufio.NewScanner(stream.Body)
		if !lines.Scan() || lines.Text() != "event: visited" {
			t.Errorf("%s: the stream begins with %q, %v", address, lines.Text(), lines.Err())
		}
		g.must(stream.Body.Close())

		stream, err = p.client.Do(p.request(http.MethodGet, address, nil)) // as the page was
		g.must(err)
		if lines := bufio.NewScanner(stream.Body); !lines.Scan() || lines.Text() != "event: visited" {
			t.Errorf("%s: the stream begins with %q, %v", address, lines.Text(), lines.Err())
		}
		g.must(stream.Body.Close())
	}
	newRig(t, options{}).person().get(shopsStreamPath).want(http.StatusNotFound)

	// While an older page follows, the newest visit is known, and a page that shows it is told nothing.
	now := p.get(shopsPath).want(http.StatusOK).followed()
	var streams []*http.Response
	for _, address := range []string{shopsStreamPath, now} {
		stream, err := p.client.Do(p.request(http.MethodGet, address, nil))
		g.must(err)
		t.Cleanup(func() { stream.Body.Close() })
		streams = append(streams, stream)
		if address == now {
			break
		}
		first := make([]byte, len("event: visited"))
		if _, err := io.ReadFull(stream.Body, first); err != nil || string(first) != "event: visited" {
			t.Errorf("the stream begins with %q, %v", first, err)
		}
	}
	g.server.background.drain()
	if text, err := io.ReadAll(streams[1].Body); err != nil || len(text) > 0 {
		t.Errorf("a page that shows everything is told %q, %v", text, err)
	}
}

// TestVisitWatch: the database is asked once for all pages that follow, and not
// at all without one.
func TestVisitWatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var reads, newest atomic.Int64
		w := &visitWatch{every: time.Second, read: func(context.Context) (map[store.Owner]time.Time, error) {
			if reads.Add(1) == 2 {
				return nil, errors.New("no database")
			}
			return map[store.Owner]time.Time{"team": time.UnixMilli(newest.Load())}, nil
		}}
		b := newBackground()
		defer b.end()
		wait := func(want int64) {
			t.Helper()
			time.Sleep(3*time.Second + time.Millisecond) //nolint:forbidigo // in a bubble of synctest
			synctest.Wait()
			if got := reads.Load(); got != want {
				t.Errorf("%d reads, want %d", got, want)
			}
		}
		wait(0)
		first, second := w.join(b), w.join(b)
		wait(4)
		_, changed := w.of("team")
		newest.Store(1)
		wait(7)
		select {
		case <-changed:
		default:
			t.Error("a visit isn't told")
		}
		if got, _ := w.of("team"); got.UnixMilli() != 1 {
			t.Errorf("newest is %v", got)
		}
		first()
		first()
		wait(10)
		second()
		wait(10)
		defer w.join(b)()
		wait(14)
	})
}
