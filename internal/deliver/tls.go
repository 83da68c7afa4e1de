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

// TLS is what a handshake has shown.
type TLS struct {
	Version     uint16        // as in crypto/tls; tls.VersionName gives its name
	CipherSuite uint16        // as in crypto/tls; tls.CipherSuiteName gives its name; 0 when the certificate failed
	Chain       []Certificate // as the server sent it, its own certificate first; at most 10
	Problems    []Kind        // all that is wrong with the certificate, the authority first
}

// Certificate is what a person wants to know of one. The texts are cut after 1 KiB, the names after 100.
type Certificate struct {
	Subject   string
	Issuer    string
	Names     []string // host names and IP addresses it is for
	NotBefore time.Time
	NotAfter  time.Time
}

const (
	maxChain = 10
	maxNames = 100
	maxText  = 1 << 10
)

func (v *Visit) handshake(ctx context.Context) error {
	conn := tls.Client(v.raw, &tls.Config{ //nolint:gosec // old versions are named, and nothing is sent below 1.2
		ServerName: v.result.Target.Host,
		RootCAs:    v.client.o.RootCAs,
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
		v.result.TLS = describe(state, certificates)
	}
	if bad != nil {
		v.result.TLS.Problems = v.client.problems(certificates, v.result.Target.Host, time.Now())
		return &Error{Step: StepTLS, Kind: v.result.TLS.Problems[0], Err: err}
	}
	if kind := handshakeKind(ctx, state, err); kind != "" {
		return &Error{Step: StepTLS, Kind: kind, Err: err}
	}
	v.conn, v.secured = conn, true
	return nil
}

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

// alertText is what the other side broke off with, or "". Package tls has no exported type for it.
func alertText(err error) string {
	var remote *net.OpError
	if errors.As(err, &remote) && remote.Op == "remote error" {
		return remote.Err.Error()
	}
	return ""
}

// problems lists everything that is wrong with a certificate that failed: verification itself stops at the first.
func (c *Client) problems(chain []*x509.Certificate, host string, now time.Time) []Kind {
	leaf := chain[0]
	o := x509.VerifyOptions{Roots: c.o.RootCAs, Intermediates: x509.NewCertPool(), CurrentTime: now}
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
		// At the leaf's date another one may be out of its own, which says nothing of today.
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
	if leaf.VerifyHostname(host) != nil {
		all = append(all, KindCertificateName)
	}
	if len(all) == 0 {
		all = append(all, KindCertificateInvalid)
	}
	return slices.Compact(all)
}

func chainKind(leaf *x509.Certificate, err error) Kind {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown) && leaf.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) == nil:
		return KindSelfSigned
	case errors.As(err, &unknown):
		return KindUnknownAuthority
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return KindCertificateExpired
	}
	return KindCertificateInvalid
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
