package sandbox

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/http"
	"time"
)

// Receiver is the built-in receiver for clients on the network of this machine. It responds
// according to the path, whatever the host.
func (s *Server) Receiver() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxDelivery)
		s.handleDelivery(w, r)
	})
}

// NewReceiverCertificate makes a certificate for the built-in receiver. A new authority signs it
// and is then forgotten. Clients of the receiver have to trust the authority.
func NewReceiverCertificate(now time.Time) (tls.Certificate, *x509.Certificate, error) {
	authority, signer, err := newCertificate(now, pkix.Name{CommonName: "Hookwall sandbox"}, nil, nil)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	leaf, key, err := newCertificate(now, pkix.Name{CommonName: ReceiverHost}, authority, signer)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	return tls.Certificate{Certificate: [][]byte{leaf.Raw, authority.Raw}, PrivateKey: key, Leaf: leaf}, authority, nil
}

// newCertificate makes an authority, or what one signs.
func newCertificate(now time.Time, name pkix.Name, authority *x509.Certificate,
	signer *ecdsa.PrivateKey,
) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	c := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(randomBytes(16)), Subject: name,
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		BasicConstraintsValid: true, IsCA: authority == nil, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	if authority == nil {
		c.KeyUsage |= x509.KeyUsageCertSign
		authority, signer = c, key
	} else {
		c.DNSNames, c.ExtKeyUsage = ReceiverHosts(), []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	raw, err := x509.CreateCertificate(rand.Reader, c, authority, key.Public(), signer)
	if err != nil {
		return nil, nil, err
	}
	parsed, err := x509.ParseCertificate(raw)
	return parsed, key, err
}
