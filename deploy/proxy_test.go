package deploy

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// replica is a fake instance of Hookwall that keeps the requests it received.
type replica struct {
	*httptest.Server
	mu    sync.Mutex
	asked []*http.Request
}

func newReplica(t *testing.T, answer http.HandlerFunc) *replica {
	t.Helper()
	r := &replica{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		_, _ = io.Copy(io.Discard, q.Body)
		r.mu.Lock()
		r.asked = append(r.asked, q)
		r.mu.Unlock()
		answer(w, q)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *replica) count(method string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, q := range r.asked {
		if q.Method == method {
			n++
		}
	}
	return n
}

func (r *replica) address() string { return r.Listener.Addr().String() }

func fine(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("fine")) }

func cut(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func closed(t *testing.T) string { return freeAddress(t) }

func send(t *testing.T, method, address string, header http.Header, body string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	resp, err := from("127.0.0.2").Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

// TestNextReplica: another one is asked when one cannot be reached, and when
// one died over a GET; never when one died over a form.
func TestNextReplica(t *testing.T) {
	needed(t)
	const times = 6
	tests := []struct {
		name, method string
		first        func(*testing.T) *replica // nil: it cannot be reached
		refused      int                       // answers that are not the other replica's
	}{
		{"reading, one away", http.MethodGet, nil, 0},
		{"sending, one away", http.MethodPost, nil, 0},
		{"reading, one dies", http.MethodGet, func(t *testing.T) *replica { return newReplica(t, cut) }, 0},
		{"sending, one dies", http.MethodPost, func(t *testing.T) *replica { return newReplica(t, cut) }, times / 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			second := newReplica(t, fine)
			seen, at := func() int { return second.count(test.method) }, closed(t)
			if test.first != nil {
				first := test.first(t)
				seen, at = func() int { return first.count(test.method) + second.count(test.method) }, first.address()
			}
			p := startProxy(t, freeAddress(t), [2]string{at, second.address()})
			refused := 0
			for range times {
				resp, body := send(t, test.method, "http://"+p.plain+"/shops?code=canary", nil, "x=1")
				switch {
				case resp.StatusCode == http.StatusOK && body == "fine":
				case resp.StatusCode == http.StatusBadGateway && strings.Contains(body, "Hookwall did not answer"):
					refused++
					checkUnavailable(t, resp)
				default:
					t.Errorf("status %d: %s", resp.StatusCode, body)
				}
			}
			if refused != test.refused {
				t.Errorf("%d of %d were not answered, want %d", refused, times, test.refused)
			}
			if test.method == http.MethodPost && seen() != times {
				t.Errorf("%d forms were sent, the replicas have seen %d", times, seen())
			}
			log, err := os.ReadFile(p.log)
			isLogged := strings.Contains(string(log), `"`+test.method+" /shops\" ")
			if err != nil || !isLogged || strings.Contains(string(log), "canary") {
				t.Errorf("the log is %q, %v", log, err)
			}
		})
	}
}

func checkUnavailable(t *testing.T, resp *http.Response) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Type": "text/html", "Cache-Control": "no-store", "Retry-After": "5",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Server": "nginx",
	} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestWhatTheProxyHandsOn: the host, the client's address at the end of the
// list, long headers both ways, and Hookwall's own errors.
func TestWhatTheProxyHandsOn(t *testing.T) {
	needed(t)
	long := strings.Repeat("x", 20<<10)
	r := newReplica(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", long)
		w.Header().Set("Location", "http://hookwall/elsewhere")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = w.Write([]byte("Hookwall's own page"))
	})
	p := startProxy(t, freeAddress(t), [2]string{r.address(), r.address()})
	header := http.Header{
		"X-Forwarded-For": {"203.0.113.9"}, "X-Forwarded-Host": {"hooks.example.com"}, "Cookie": {"a=" + long},
	}
	resp, body := send(t, http.MethodGet, "http://"+p.plain+"/a%2Fb?c=d", header, "")
	location := resp.Header.Get("Location")
	if body != "Hookwall's own page" || resp.Header.Get("X-Long") != long || location != "http://hookwall/elsewhere" {
		t.Errorf("status %d, %v: %s", resp.StatusCode, resp.Header, body)
	}
	asked := r.asked[0]
	got := []string{asked.Host, asked.RequestURI}
	for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Host", "Cookie"} {
		got = append(got, asked.Header.Get(name))
	}
	want := []string{p.plain, "/a%2Fb?c=d", "203.0.113.9, 127.0.0.2", "hooks.example.com," + p.plain, "a=" + long}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("it was asked %q, want %q", got, want)
	}
}

// TestStreamThroughProxy: what a replica sends piece by piece arrives so. The
// second piece is sent only when the first has arrived.
func TestStreamThroughProxy(t *testing.T) {
	needed(t)
	arrived := make(chan struct{})
	r := newReplica(t, func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("X-Accel-Buffering", "no") // as the pages that stream say it
		_, _ = io.WriteString(w, "data: 1\n\n")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-arrived:
		case <-q.Context().Done():
		}
		_, _ = io.WriteString(w, "data: 2\n\n")
	})
	p := startProxy(t, freeAddress(t), [2]string{r.address(), r.address()})
	resp, err := from("127.0.0.1").Get("http://" + p.plain + "/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for _, want := range []string{"data: 1", "", "data: 2"} {
		if !lines.Scan() || lines.Text() != want {
			t.Fatalf("got %q, %v, want %q", lines.Text(), lines.Err(), want)
		}
		if want == "" {
			close(arrived)
		}
	}
}

func TestTLSOfProxy(t *testing.T) {
	needed(t)
	r := newReplica(t, fine)
	p := startProxy(t, freeAddress(t), [2]string{r.address(), r.address()})
	client := from("127.0.0.1")
	config := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}
	client.Transport = &http.Transport{DisableKeepAlives: true, TLSClientConfig: config}
	resp, err := client.Get("https://" + p.secure + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || string(body) != "fine" || r.asked[0].Header.Get("X-Forwarded-For") != "127.0.0.1" {
		t.Errorf("%q, %v, %v", body, err, r.asked[0].Header)
	}
	old := &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}
	if _, err := tls.Dial("tcp", p.secure, old); err == nil {
		t.Error("an old TLS is spoken")
	}
	moved, _ := send(t, http.MethodGet, "http://"+p.redirect+"/connect?a=b", http.Header{}, "")
	location := moved.Header.Get("Location")
	if moved.StatusCode != http.StatusPermanentRedirect || location != "https://127.0.0.1/connect?a=b" {
		t.Errorf("without TLS: %d %v", moved.StatusCode, moved.Header)
	}
}

// nginxOfOperate runs nginx with the settings that docs/operate.md shows for one machine.
func nginxOfOperate(t *testing.T, backend string) (address, dir string) {
	t.Helper()
	block := regexp.MustCompile("(?s)```nginx\n(.*?)```").FindStringSubmatch(readFile(t, "docs/operate.md"))
	if block == nil {
		t.Fatal("docs/operate.md has no settings for nginx")
	}
	for range 20 {
		p, dir := proxy{plain: freeAddress(t)}, t.TempDir()
		writeCertificate(t, dir)
		server := strings.NewReplacer("listen 443 ", "listen "+p.plain+" ", "/etc/ssl/hooks.example.com", dir,
			"/var/log/nginx", dir, "127.0.0.1:8080", backend).Replace(block[1])
		settings := filepath.Join(dir, "nginx.conf")
		if err := os.WriteFile(settings, []byte(beginning(dir)+server+"}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if runNginx(t, dir, settings, p) {
			return p.plain, dir
		}
	}
	t.Fatal("no port is free")
	return "", ""
}

// TestNginxOfOperate: the settings for one machine meet what the page requires of a proxy.
func TestNginxOfOperate(t *testing.T) {
	needed(t)
	r := newReplica(t, fine)
	address, dir := nginxOfOperate(t, r.address())
	q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+address+"/a?code=canary",
		strings.NewReader(strings.Repeat("x", 4<<20)))
	if err != nil {
		t.Fatal(err)
	}
	q.Host = "hooks.example.com"
	q.Header.Set("X-Forwarded-For", "203.0.113.9")
	q.Header.Set("X-Forwarded-Host", "forged.example.com")
	client := from("127.0.0.1")
	client.Transport = &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	resp, err := client.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	asked := r.asked[0]
	got := []string{
		string(body), asked.Host, asked.RequestURI, asked.Header.Get("X-Forwarded-For"),
		asked.Header.Get("X-Forwarded-Host"),
	}
	want := []string{"fine", "hooks.example.com", "/a?code=canary", "203.0.113.9, 127.0.0.1", "hooks.example.com"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	log, err := os.ReadFile(filepath.Join(dir, "error.log"))
	if err != nil || strings.Contains(string(log), "canary") {
		t.Errorf("the log is %q, %v", log, err)
	}
}

// writeCertificate makes one that nobody trusts.
func writeCertificate(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"fullchain.pem": {Type: "CERTIFICATE", Bytes: certificate}, "privkey.pem": {Type: "PRIVATE KEY", Bytes: private},
	} {
		var text bytes.Buffer
		if err := pem.Encode(&text, block); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
