//go:build unix

package benchtest

import (
	"bufio"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sync/errgroup"
)

// roleVariable names what a test's program does in place of tests.
const roleVariable = "HOOKWALL_BENCHTEST_ROLE"

const (
	clientRole = "client" // makes requests
	serverRole = "server" // responds with what it was given
)

// Child makes this program one of the processes that benchmarks start, and ends
// it, if that is why it was started. Packages with such benchmarks call it when
// they are initialized.
func Child() {
	var err error
	switch os.Getenv(roleVariable) {
	case "":
		return
	case clientRole:
		err = beClient(os.Stdin, os.Stdout)
	case serverRole:
		err = beServer(os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// process is a child with the pipes to it.
type process struct {
	in  *gob.Encoder
	out *gob.Decoder
}

// start starts a child that ends with the test.
func start(tb testing.TB, role string) process {
	tb.Helper()
	c := exec.CommandContext(tb.Context(), os.Args[0]) //nolint:gosec // this program
	c.Env = append(os.Environ(), roleVariable+"="+role)
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	check(tb, err)
	out, err := c.StdoutPipe()
	check(tb, err)
	check(tb, c.Start())
	tb.Cleanup(func() {
		_ = in.Close()
		_ = c.Wait()
	})
	return process{gob.NewEncoder(in), gob.NewDecoder(out)}
}

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// connectionsAtOnce is how many requests a Client makes at the same time.
const connectionsAtOnce = 4

// Client is a process that makes requests, so that its own cost doesn't count.
type Client struct{ process }

// NewClient starts one.
func NewClient(tb testing.TB) Client {
	tb.Helper()
	return Client{start(tb, clientRole)}
}

// order is what a client is asked to do.
type order struct {
	URL    string
	Header http.Header
	N      int
}

// Get requests a URL n times and reads the bodies. It fails the test unless all
// responses have status 200.
func (c Client) Get(tb testing.TB, address string, header http.Header, n int) {
	tb.Helper()
	check(tb, c.in.Encode(order{address, header, n}))
	var problem string
	check(tb, c.out.Decode(&problem))
	if problem != "" {
		tb.Fatal(problem)
	}
}

func beClient(in io.Reader, out io.Writer) error {
	orders, results := gob.NewDecoder(in), gob.NewEncoder(out)
	for {
		var o order
		if err := orders.Decode(&o); err != nil {
			return ignoreEOF(err)
		}
		problem := ""
		if err := o.do(); err != nil {
			problem = err.Error()
		}
		if err := results.Encode(problem); err != nil {
			return err
		}
	}
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// do makes the requests on a few connections.
func (o order) do() error {
	var open errgroup.Group
	for i := range connectionsAtOnce {
		open.Go(func() error { return o.on((o.N + i) / connectionsAtOnce) })
	}
	return open.Wait()
}

// on makes n requests on one connection.
func (o order) on(n int) error {
	u, err := url.Parse(o.URL)
	if err != nil {
		return err
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(context.Background(), "tcp", u.Host)
	if err != nil {
		return err
	}
	defer conn.Close()
	r := &http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: o.Header}
	from := bufio.NewReaderSize(conn, 64<<10)
	for range n {
		if err := r.Write(conn); err != nil {
			return err
		}
		if err := read(from, r); err != nil {
			return err
		}
	}
	return nil
}

func read(from *bufio.Reader, r *http.Request) error {
	resp, err := http.ReadResponse(from, r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", r.URL, resp.Status)
	}
	return nil
}

// Response is a response with status 200.
type Response struct {
	ContentType string
	Body        string
}

// NewServer starts a process that has these responses by the Authorization header, a space, path and query, and
// returns its URL. Everything else is a 404.
func NewServer(tb testing.TB, responses map[string]Response) string {
	tb.Helper()
	p := start(tb, serverRole)
	check(tb, p.in.Encode(responses))
	var at string
	check(tb, p.out.Decode(&at))
	return at
}

func beServer(in io.Reader, out io.Writer) error {
	var responses map[string]Response
	orders := gob.NewDecoder(in)
	if err := orders.Decode(&responses); err != nil {
		return err
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		one, ok := responses[r.Header.Get("Authorization")+" "+r.URL.RequestURI()]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", one.ContentType)
		_, _ = io.WriteString(w, one.Body)
	}))
	defer server.Close()
	if err := gob.NewEncoder(out).Encode(server.URL); err != nil {
		return err
	}
	return ignoreEOF(orders.Decode(&responses)) // which waits until the test ends
}
