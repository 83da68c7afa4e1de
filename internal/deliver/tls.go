package deliver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"strings"
	"time"
)

// TLS is the result of a handshake.
type TLS struct {
	Version     uint16        // as in crypto/tls; see tls.VersionName
	CipherSuite uint16        // as in crypto/tls; see tls.CipherSuiteName; 0 if the certificate is invalid
	Chain       []Certificate // as sent, the server's own certificate first; at most 10
	Problems    []Kind        // everything wrong with the certificate, the authority first
}

// Certificate has the fields of a certificate that people need. Texts are cut after 1 KiB, names after 100.
type Certificate struct {
	Subject   string
	Issuer    string
	Names     []string // host names and IP addresses
	NotBefore time.Time
	NotAfter  time.Time
}

const (
	maxChain = 10
	maxNames = 100
	maxText  = 1 << 10
)

func (c *Call) handshake(ctx context.Context) error {
	conn := tls.Client(c.raw, &tls.Config{ //nolint:gosec // versions below 1.2 are reported, and nothing is sent over them
		ServerName: c.result.Target.Host,
		RootCAs:    c.rootCAs,
		NextProtos: []string{"http/1.1"},
		MinVersion: tls.VersionTLS10,
	})
	err := conn.HandshakeContext(ctx)
	state := conn.ConnectionState()
	certificates := state.PeerCertificates
	var bad *tls.CertificateVerificationError
	if errors.As(err, &bad) {
		certificates = bad.UnverifiedCertificates
	}
	if len(certificates) > 0 {
		c.result.TLS = describe(state, certificates)
	}
	if bad != nil {
		c.result.TLS.Problems = c.problems(certificates, time.Now())
		return &Error{Step: StepTLS, Kind: c.result.TLS.Problems[0], Err: err}
	}
	if kind := handshakeKind(ctx, state, err); kind != "" {
		return &Error{Step: StepTLS, Kind: kind, Err: err}
	}
	c.conn, c.secured = conn, true
	return nil
}

// handshakeKind returns why a handshake failed, or "".
func handshakeKind(ctx context.Context, state tls.ConnectionState, err error) Kind {
	if err == nil {
		if state.Version < tls.VersionTLS12 {
			return KindTLSVersion
		}
		return ""
	}
	if kind := contextKind(ctx); kind != "" {
		return kind
	}
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &record):
		return KindNotTLS
	case alertText(err) == tls.AlertError(alertProtocolVersion).Error():
		return KindTLSVersion
	}
	if kind := connectionKind(err, false); kind != KindFailed {
		return kind
	}
	return KindTLSFailed
}

const alertProtocolVersion = 70 // RFC 8446 section 6

// alertText returns the text of the alert that the server sent, or "". Package tls exports no type for alerts.
func alertText(err error) string {
	var remote *net.OpError
	if errors.As(err, &remote) && remote.Op == "remote error" {
		return remote.Err.Error()
	}
	return ""
}

// problems returns everything that is wrong with an invalid certificate. Verification itself stops at the first
// problem.
func (c *Call) problems(chain []*x509.Certificate, now time.Time) []Kind {
	leaf := chain[0]
	o := x509.VerifyOptions{Roots: c.rootCAs, Intermediates: x509.NewCertPool(), CurrentTime: now}
	for _, intermediate := range chain[1:] {
		o.Intermediates.AddCert(intermediate)
	}
	var dates []Kind
	switch {
	case now.After(leaf.NotAfter):
		dates, o.CurrentTime = []Kind{KindCertificateExpired}, leaf.NotAfter
	case now.Before(leaf.NotBefore):
		dates, o.CurrentTime = []Kind{KindCertificateEarly}, leaf.NotBefore
	}
	var all []Kind
	_, err := leaf.Verify(o)
	if err != nil && len(dates) > 0 && chainKind(leaf, err) == KindCertificateExpired {
		// Another certificate may have been invalid at that time, which means nothing today.
		o.CurrentTime = now
		_, err = leaf.Verify(o)
		if chainKind(leaf, err) == KindCertificateExpired {
			err = nil
		}
	}
	if err != nil {
		all = append(all, chainKind(leaf, err))
	}
	all = append(all, dates...)
	if leaf.VerifyHostname(c.result.Target.Host) != nil {
		all = append(all, KindCertificateName)
	}
	if len(all) == 0 {
		all = append(all, KindCertificateInvalid)
	}
	return slices.Compact(all)
}

// chainKind returns the kind of an error of verifying the chain of a certificate.
func chainKind(leaf *x509.Certificate, err error) Kind {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown) && isSelfSigned(leaf):
		return KindSelfSigned
	case errors.As(err, &unknown):
		return KindUnknownAuthority
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return KindCertificateExpired
	}
	return KindCertificateInvalid
}

func isSelfSigned(c *x509.Certificate) bool {
	return c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}

func describe(state tls.ConnectionState, chain []*x509.Certificate) *TLS {
	t := &TLS{Version: state.Version, CipherSuite: state.CipherSuite}
	for _, c := range chain[:min(len(chain), maxChain)] {
		t.Chain = append(t.Chain, Certificate{
			Subject: cut(c.Subject.String()), Issuer: cut(c.Issuer.String()), Names: certificateNames(c),
			NotBefore: c.NotBefore, NotAfter: c.NotAfter,
		})
	}
	return t
}

func certificateNames(c *x509.Certificate) []string {
	var names []string
	for _, name := range c.DNSNames {
		names = append(names, cut(name))
	}
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names[:min(len(names), maxNames)]
}

func cut(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), maxText)], "\uFFFD")
}
