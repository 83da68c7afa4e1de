package deliver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const secureHook = "https://hooks.example/fourthwall"

// authority issues certificates that are valid for an hour around now, unless change sets other dates.
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

func template(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
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

func newAuthority(t *testing.T, name string, by *authority, change ...func(*x509.Certificate)) *authority {
	t.Helper()
	tmpl := template(name)
	for _, f := range change {
		f(tmpl)
	}
	tmpl.IsCA, tmpl.BasicConstraintsValid, tmpl.KeyUsage, tmpl.ExtKeyUsage = true, true, x509.KeyUsageCertSign, nil
	a := &authority{key: newKey(t)}
	parent, signer := tmpl, a.key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	a.cert = sign(t, tmpl, parent, a.key, signer)
	return a
}

// issue returns a certificate for hooks.example. It is self-signed if the authority is nil.
func (a *authority) issue(t *testing.T, change func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	tmpl := template("leaf")
	tmpl.DNSNames = []string{"hooks.example"}
	if change != nil {
		change(tmpl)
	}
	key := newKey(t)
	parent, signer := tmpl, key
	if a != nil {
		parent, signer = a.cert, a.key
	}
	return tls.Certificate{Certificate: [][]byte{sign(t, tmpl, parent, key, signer).Raw}, PrivateKey: key}
}

// overTLS sets up TLS and then serves. hits counts the connections over which anything was received.
func overTLS(config *tls.Config, hits *atomic.Int32, serve func(net.Conn)) func(net.Conn) {
	return func(conn net.Conn) {
		secured := tls.Server(conn, config)
		if secured.Handshake() != nil || secured.ConnectionState().NegotiatedProtocol == "h2" {
			return
		}
		if n, _ := secured.Read(make([]byte, 1)); n > 0 {
			hits.Add(1)
		}
		serve(secured)
		_ = secured.Close()
	}
}

// Checklist 33.
func TestTLS(t *testing.T) {
	trusted, stranger := newAuthority(t, "Trusted", nil), newAuthority(t, "Stranger", nil)
	roots := x509.NewCertPool()
	roots.AddCert(trusted.cert)
	intermediate := newAuthority(t, "Intermediate", trusted)
	expired := func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = c.NotBefore.Add(-time.Hour), time.Now().Add(-time.Minute)
	}
	early := func(c *x509.Certificate) { c.NotBefore = time.Now().Add(30 * time.Minute) }
	otherName := func(c *x509.Certificate) { c.DNSNames = []string{"other.example", "*.hooks.example"} }
	full := intermediate.issue(t, nil)
	full.Certificate = append(full.Certificate, intermediate.cert.Raw)
	old := newAuthority(t, "Old", trusted, expired)
	fullOld := old.issue(t, nil)
	fullOld.Certificate = append(fullOld.Certificate, old.cert.Raw)

	rows := []struct {
		name     string
		cert     tls.Certificate
		change   func(*tls.Config)
		fail     string
		problems []Kind
		names    string
		chain    int
		version  uint16
	}{
		{name: "good", cert: trusted.issue(t, nil), names: "[hooks.example]", chain: 1, version: tls.VersionTLS13},
		{name: "good, by an intermediate", cert: full, names: "[hooks.example]", chain: 2, version: tls.VersionTLS13},
		{
			name: "good, TLS 1.2", cert: trusted.issue(t, nil), change: func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 },
			names: "[hooks.example]", chain: 1, version: tls.VersionTLS12,
		},
		{
			name: "good, prefers HTTP/2", cert: trusted.issue(t, nil), change: func(c *tls.Config) { c.NextProtos = []string{"h2", "http/1.1"} },
			names: "[hooks.example]", chain: 1, version: tls.VersionTLS13,
		},
		{
			name: "good, wildcard", cert: trusted.issue(t, func(c *x509.Certificate) { c.DNSNames = []string{"*.example"} }),
			names: "[*.example]", chain: 1, version: tls.VersionTLS13,
		},
		{
			name: "TLS 1.1", cert: trusted.issue(t, nil), change: func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 },
			fail: "tls tls-version", names: "[hooks.example]", chain: 1, version: tls.VersionTLS11,
		},
		{
			name: "TLS 1.0", cert: trusted.issue(t, nil), change: func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS10 },
			fail: "tls tls-version", names: "[hooks.example]", chain: 1, version: tls.VersionTLS10,
		},
		{
			name: "expired", cert: trusted.issue(t, expired), fail: "tls certificate-expired", problems: []Kind{KindCertificateExpired},
			names: "[hooks.example]", chain: 1, version: tls.VersionTLS13,
		},
		{
			name: "not valid yet", cert: trusted.issue(t, early), fail: "tls certificate-early", problems: []Kind{KindCertificateEarly},
			names: "[hooks.example]", chain: 1, version: tls.VersionTLS13,
		},
		{
			name: "not valid before its authority ends", cert: trusted.issue(t, func(c *x509.Certificate) {
				c.NotBefore, c.NotAfter = time.Now().Add(48*time.Hour), time.Now().Add(72*time.Hour)
			}),
			fail: "tls certificate-early", problems: []Kind{KindCertificateEarly}, names: "[hooks.example]", chain: 1, version: tls.VersionTLS13,
		},
		{
			name: "wrong name", cert: trusted.issue(t, otherName), fail: "tls certificate-name", problems: []Kind{KindCertificateName},
			names: "[other.example *.hooks.example]", chain: 1, version: tls.VersionTLS13,
		},
		{
			name: "no name at all", cert: trusted.issue(t, func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = nil, []net.IP{{8, 8, 8, 8}} }),
			fail: "tls certificate-name", problems: []Kind{KindCertificateName}, names: "[8.8.8.8]", chain: 1, version: tls.VersionTLS13,
		},
		{
			name: "self-signed", cert: (*authority)(nil).issue(t, nil), fail: "tls self-signed", problems: []Kind{KindSelfSigned},
			names: "[hooks.example]", chain: 1, version: tls.VersionTLS13,
		},
		{
			name: "unknown authority", cert: stranger.issue(t, nil), fail: "tls unknown-authority", problems: []Kind{KindUnknownAuthority},
			names: "[hooks.example]", chain: 1, version: tls.VersionTLS13,
		},
		{
			name: "intermediate missing", cert: intermediate.issue(t, nil), fail: "tls unknown-authority", problems: []Kind{KindUnknownAuthority},
			names: "[hooks.example]", chain: 1, version: tls.VersionTLS13,
		},
		{
			name: "intermediate expired", cert: fullOld, fail: "tls certificate-expired", problems: []Kind{KindCertificateExpired},
			names: "[hooks.example]", chain: 2, version: tls.VersionTLS13,
		},
		{
			name: "not for servers", cert: trusted.issue(t, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }),
			fail: "tls certificate-invalid", problems: []Kind{KindCertificateInvalid}, names: "[hooks.example]", chain: 1, version: tls.VersionTLS13,
		},
		{
			name: "expired, for another name", cert: trusted.issue(t, func(c *x509.Certificate) { expired(c); otherName(c) }),
			fail: "tls certificate-expired", problems: []Kind{KindCertificateExpired, KindCertificateName},
			names: "[other.example *.hooks.example]", chain: 1, version: tls.VersionTLS13,
		},
		{
			name: "expired, self-signed", cert: (*authority)(nil).issue(t, expired), fail: "tls self-signed",
			problems: []Kind{KindSelfSigned, KindCertificateExpired}, names: "[hooks.example]", chain: 1, version: tls.VersionTLS13,
		},
		{
			name: "everything at once", cert: (*authority)(nil).issue(t, func(c *x509.Certificate) { early(c); otherName(c) }),
			fail: "tls self-signed", problems: []Kind{KindSelfSigned, KindCertificateEarly, KindCertificateName},
			names: "[other.example *.hooks.example]", chain: 1, version: tls.VersionTLS13,
		},
		{
			name: "wants a client certificate", cert: trusted.issue(t, nil), change: func(c *tls.Config) { c.ClientAuth = tls.RequireAnyClientCert },
			fail: "response tls-failed", names: "[hooks.example]", chain: 1, version: tls.VersionTLS13,
		},
		{
			name: "wants a client certificate, TLS 1.2", cert: trusted.issue(t, nil),
			change: func(c *tls.Config) { c.ClientAuth, c.MaxVersion = tls.RequireAnyClientCert, tls.VersionTLS12 },
			fail:   "tls tls-failed", names: "[hooks.example]", chain: 1, version: tls.VersionTLS12,
		},
		{
			name: "another protocol only", cert: trusted.issue(t, nil), change: func(c *tls.Config) { c.NextProtos = []string{"imap"} }, fail: "tls tls-failed",
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var hits atomic.Int32
			config := &tls.Config{Certificates: []tls.Certificate{row.cert}, MinVersion: tls.VersionTLS12}
			if row.change != nil {
				row.change(config)
			}
			o := listen(t, "443", overTLS(config, &hits, func(conn net.Conn) {
				_ = readRequest(conn)
				_, _ = io.WriteString(conn, ok)
			}))
			o.RootCAs = roots
			r, err := newClient(t, o).Do(t.Context(), Request{URL: secureHook})
			if failureOf(err) != row.fail || (err == nil) != (row.fail == "") {
				t.Fatalf("%v, want %q", err, row.fail)
			}
			want := map[bool]string{true: "200 1", false: "0 0"}[row.fail == ""]
			if got := fmt.Sprint(r.Status, hits.Load()); got != want {
				t.Errorf("status and hits %s", got)
			}
			if row.version == 0 {
				if r.TLS != nil {
					t.Errorf("TLS %+v", r.TLS)
				}
				return
			}
			if r.TLS == nil || r.TLS.Version != row.version || len(r.TLS.Chain) != row.chain ||
				fmt.Sprint(r.TLS.Chain[0].Names) != row.names {
				t.Fatalf("TLS %+v", r.TLS)
			}
			if diff := cmp.Diff(row.problems, r.TLS.Problems); diff != "" {
				t.Error(diff)
			}
			leaf, _ := x509.ParseCertificate(row.cert.Certificate[0])
			c := r.TLS.Chain[0]
			if c.Subject != "CN=leaf" || c.Issuer != leaf.Issuer.String() || !c.NotBefore.Equal(leaf.NotBefore) ||
				!c.NotAfter.Equal(leaf.NotAfter) {
				t.Errorf("certificate %+v", c)
			}
			if r.Timing.TLS == 0 || row.fail == "" && (r.TLS.CipherSuite == 0 || r.Timing.FirstByte == 0) {
				t.Errorf("%+v %+v", r.TLS, r.Timing)
			}
		})
	}
}

// TestStepsOverTLS makes a call over TLS step by step, twice.
func TestStepsOverTLS(t *testing.T) {
	trusted := newAuthority(t, "Trusted", nil)
	var hits atomic.Int32
	o := listen(t, "443", overTLS(&tls.Config{Certificates: []tls.Certificate{trusted.issue(t, nil)}}, &hits,
		func(conn net.Conn) {
			_ = readRequest(conn)
			_, _ = io.WriteString(conn, ok)
		}))
	o.RootCAs = x509.NewCertPool()
	o.RootCAs.AddCert(trusted.cert)
	v := newTestCall(t, newClient(t, o), secureHook)
	for i := range int32(2) {
		for range 2 {
			if err := v.Handshake(t.Context()); err != nil || v.Result().TLS == nil || v.Result().Status != 0 ||
				hits.Load() != i {
				t.Fatalf("handshake: %v, %+v", err, v.Result())
			}
		}
		if err := v.Exchange(t.Context(), Message{}); err != nil || v.Result().TLS == nil || v.Result().Status != 200 ||
			hits.Load() != i+1 {
			t.Fatalf("exchange: %v, %+v", err, v.Result())
		}
	}
}

// TestAuthorityOfOneHost checks that an exception's own authorities are trusted for its host alone.
func TestAuthorityOfOneHost(t *testing.T) {
	trusted := newAuthority(t, "Trusted", nil)
	certificate := trusted.issue(t, func(c *x509.Certificate) { c.DNSNames = []string{"hooks.example", "other.example"} })
	var hits atomic.Int32
	o := listen(t, "443", overTLS(&tls.Config{Certificates: []tls.Certificate{certificate}}, &hits, func(conn net.Conn) {
		_ = readRequest(conn)
		_, _ = io.WriteString(conn, ok)
	}))
	o.RootCAs = x509.NewCertPool()
	own := x509.NewCertPool()
	own.AddCert(trusted.cert)
	o.Exceptions = append(o.Exceptions, Exception{Host: "other.example:443", Addr: o.Exceptions[0].Addr, RootCAs: own})
	client := newClient(t, o)
	for address, want := range map[string]string{
		"https://other.example/": "200 ", secureHook: "0 tls unknown-authority",
	} {
		r, err := client.Do(t.Context(), Request{URL: address})
		if got := fmt.Sprint(r.Status, " ", failureOf(err)); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

func TestHandshakesThatFail(t *testing.T) {
	rows := []struct {
		name, want string
		serve      func(net.Conn)
	}{
		{"plain HTTP", "tls not-tls", func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
			_, _ = io.Copy(io.Discard, conn)
		}},
		{"closed", "tls closed", func(conn net.Conn) { _, _ = conn.Read(make([]byte, 4096)) }},
		{"only old versions, by alert", "tls tls-version", func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = conn.Write([]byte{21, 3, 1, 0, 2, 2, 70})
		}},
		{"no common cipher, by alert", "tls tls-failed", func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = conn.Write([]byte{21, 3, 3, 0, 2, 2, 40})
		}},
		{"a message that makes no sense", "tls tls-failed", func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = conn.Write([]byte{22, 3, 3, 0, 4, 99, 0, 0, 0})
			_, _ = io.Copy(io.Discard, conn)
		}},
		{"reset", "tls reset", func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 4096))
			resetOnClose(conn)
		}},
		{"silence", "tls timeout", func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			o := listen(t, "443", row.serve)
			if row.want == "tls timeout" {
				o.Timeout = 100 * time.Millisecond
			}
			r, err := newClient(t, o).Do(t.Context(), Request{URL: secureHook})
			if failureOf(err) != row.want || r.TLS != nil || !r.RemoteAddr.IsValid() || r.Timing.TLS == 0 {
				t.Errorf("%v, want %s; %+v", err, row.want, r)
			}
		})
	}
}

// The texts of a certificate are the endpoint's, so they are cut.
func TestCertificateTextIsBounded(t *testing.T) {
	trusted := newAuthority(t, "Trusted", nil)
	cert := trusted.issue(t, func(c *x509.Certificate) {
		c.Subject.CommonName = strings.Repeat("é", maxText)
		for i := range 200 {
			c.DNSNames = append(c.DNSNames, fmt.Sprint("n", i, ".example"))
		}
	})
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	var chain []*x509.Certificate
	for range 20 {
		chain = append(chain, leaf)
	}
	got := describe(tls.ConnectionState{}, chain)
	if len(got.Chain) != maxChain || len(got.Chain[0].Names) != maxNames || len(got.Chain[0].Subject) > maxText+2 {
		t.Errorf("%d certificates, %d names, %d bytes", len(got.Chain), len(got.Chain[0].Names), len(got.Chain[0].Subject))
	}
}
