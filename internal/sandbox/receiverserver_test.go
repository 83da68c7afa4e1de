package sandbox

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestReceiverOverTheNetwork: the receiver responds to real requests to its name, by TLS that its authority
// vouches for.
// Checklist 42.
func TestReceiverOverTheNetwork(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	certificate, authority, err := NewReceiverCertificate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(r.Receiver())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	server.StartTLS()
	defer server.Close()
	trusted := x509.NewCertPool()
	trusted.AddCert(authority)
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: trusted},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
		},
	}}
	shop := r.Shops()[0]
	body, err := SampleEvent("DONATION", "", DemoShop{ID: shop.ID}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, method, path, body, key string
		want                          int
	}{
		{"any path", "POST", "/", body, "", 200},
		{"the right signature", "POST", "/verify", body, shop.WebhookSecret, 200},
		{"a wrong signature", "POST", "/verify", body, "wrong", 401},
		{"a failure", "POST", "/fail", body, "", 500},
		{"no event", "POST", "/ok", "{", "", 400},
		{"too much", "POST", "/ok", strings.Repeat(" ", maxDelivery+1), "", 400},
		{"another method", "GET", "/ok", "", "", 405},
	} {
		t.Run(test.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), test.method, "https://"+ReceiverHost+test.path,
				strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set(shopSignatureHeader, sign(test.key, test.body))
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.StatusCode != test.want {
				t.Errorf("status %d, want %d", res.StatusCode, test.want)
			}
		})
	}
}
