package doctor

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hookwall/internal/deliver"
	"hookwall/internal/fourthwall"
	"hookwall/internal/signature"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	plain  = "http://hooks.example/fourthwall"
	secure = "https://hooks.example/fourthwall"
	secret = fourthwall.Secret("the-shops-own-secret")

	envelope = `{"testMode":true,"id":"weve_1","type":"DONATION","data":{}}`

	ok      = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	refused = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
	broken  = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
)

// post is a delivery as an endpoint received it.
type post struct {
	body   string
	signed bool // with the right signature
	kind   string
}

// endpoint serves hooks.example on a loopback port.
type endpoint struct {
	at netip.AddrPort

	mu    sync.Mutex
	posts []post
}

func (e *endpoint) received() []post {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.posts)
}

// conversation is what an endpoint does with a connection.
type conversation func(e *endpoint, conn net.Conn)

// listen serves connections until the test ends.
func listen(t testing.TB, talk conversation) *endpoint {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &endpoint{at: netip.MustParseAddrPort(l.Addr().String())}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer func() { _ = conn.Close() }()
				talk(e, conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		all.Wait()
	})
	return e
}

// receive reads a delivery. It returns its number, from 1, or 0 for none.
func (e *endpoint) receive(conn net.Conn) (p post, nth int) {
	req, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return post{}, 0
	}
	body, err := io.ReadAll(req.Body)
	if err != nil || req.Method != http.MethodPost || req.URL.Path != "/fourthwall" {
		return post{}, 0
	}
	header := req.Header.Get("X-Fourthwall-Hmac-SHA256")
	p = post{string(body), header == signature.Sign(body, secret), req.Header.Get("Content-Type")}
	if _, err := signature.ParseSignature(header); err != nil {
		p.kind += ", no signature"
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.posts = append(e.posts, p)
	return p, len(e.posts)
}

// answers sends one text after the other, and then always the last.
func answers(texts ...string) conversation {
	return func(e *endpoint, conn net.Conn) {
		if _, n := e.receive(conn); n > 0 {
			_, _ = io.WriteString(conn, texts[min(n, len(texts))-1])
		}
	}
}

// verifying sends one text for a right signature and another for a wrong one.
func verifying(right, wrong string) conversation {
	return func(e *endpoint, conn net.Conn) {
		p, n := e.receive(conn)
		switch {
		case n == 0:
		case p.signed:
			_, _ = io.WriteString(conn, right)
		default:
			_, _ = io.WriteString(conn, wrong)
		}
	}
}

// stalled sends the text, and then nothing until the connection is closed.
func stalled(text string) conversation {
	return func(e *endpoint, conn net.Conn) {
		if _, n := e.receive(conn); n > 0 {
			_, _ = io.WriteString(conn, text)
			_, _ = io.Copy(io.Discard, conn)
		}
	}
}

// dripping sends the text, and then single bytes until the connection is closed.
func dripping(text string) conversation {
	return func(e *endpoint, conn net.Conn) {
		if _, n := e.receive(conn); n == 0 {
			return
		}
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		_, err := io.WriteString(conn, text)
		for ; err == nil; <-tick.C {
			_, err = io.WriteString(conn, "x")
		}
	}
}

// endless sends the text, and then repeats more until the connection is closed.
func endless(text, more string) conversation {
	return func(e *endpoint, conn net.Conn) {
		if _, n := e.receive(conn); n == 0 {
			return
		}
		_, err := io.WriteString(conn, text)
		for err == nil {
			_, err = io.WriteString(conn, more)
		}
	}
}

// reset resets the connection after the delivery.
func reset(e *endpoint, conn net.Conn) {
	e.receive(conn)
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}

// closed closes the connection after the delivery.
func closed(e *endpoint, conn net.Conn) { e.receive(conn) }

// overTLS sets up TLS first.
func overTLS(config *tls.Config, talk conversation) conversation {
	return func(e *endpoint, conn net.Conn) {
		secured := tls.Server(conn, config)
		if secured.Handshake() == nil {
			talk(e, secured)
			_ = secured.Close()
		}
	}
}

// names is a resolver with fixed addresses. Other names don't exist.
type names map[string][]netip.Addr

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if ips, ok := n[host]; ok {
		return ips, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

// options returns options in which hooks.example, with port 80 or 443, is the endpoint.
func (e *endpoint) options() deliver.Options {
	return deliver.Options{
		Resolver:   names{},
		Timeout:    10 * time.Second,
		Exceptions: []deliver.Exception{{Host: "hooks.example:80", Addr: e.at}, {Host: "hooks.example:443", Addr: e.at}},
	}
}

func newDoctor(t testing.TB, o deliver.Options) *Doctor {
	t.Helper()
	c, err := deliver.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return &Doctor{Client: c}
}

// letters returns the first letters of the results of the steps: Passed, Warned, Failed, Skipped.
func letters(r Report) string {
	var b strings.Builder
	for _, s := range r.Steps {
		b.WriteString(strings.ToUpper(string(s.Result[:1])))
	}
	return b.String()
}

// textOf returns all texts of a step.
func textOf(t *testing.T, r Report, id string) string {
	t.Helper()
	for _, s := range r.Steps {
		if s.ID == id {
			return strings.Join(append(slices.Clone(s.Seen), s.Do), "\n")
		}
	}
	t.Fatalf("no step %s", id)
	return ""
}

// authority issues certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func certificate(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(90 * 24 * time.Hour),
	}
}

func sign(t *testing.T, tmpl, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{key: newKey(t)}
	tmpl := certificate("Authority")
	tmpl.IsCA, tmpl.BasicConstraintsValid, tmpl.KeyUsage = true, true, x509.KeyUsageCertSign
	a.cert = sign(t, tmpl, tmpl, a.key, a.key)
	return a
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// issue returns a certificate for hooks.example. It is self-signed if the authority is nil.
func (a *authority) issue(t *testing.T, change func(*x509.Certificate)) *tls.Config {
	t.Helper()
	tmpl := certificate("leaf")
	tmpl.DNSNames = []string{"hooks.example"}
	tmpl.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	if change != nil {
		change(tmpl)
	}
	key := newKey(t)
	parent, signer := tmpl, key
	if a != nil {
		parent, signer = a.cert, a.key
	}
	raw := sign(t, tmpl, parent, key, signer).Raw
	return &tls.Config{MinVersion: tls.VersionTLS10, Certificates: []tls.Certificate{{
		Certificate: [][]byte{raw},
		PrivateKey:  key,
	}}}
}
