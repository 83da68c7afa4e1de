package deploy

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hookwall/internal/team"
)

const proxySecret = "0123456789abcdef0123456789abcdef"

// headerBackend says whom a request names, as Hookwall does behind a proxy.
func headerBackend(t *testing.T) string {
	t.Helper()
	header, err := team.NewHeader(team.HeaderConfig{
		UserHeader: "X-Forwarded-User", Secret: proxySecret, Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
	})
	if err != nil {
		t.Fatal(err)
	}
	backend := newReplica(t, func(w http.ResponseWriter, r *http.Request) {
		id, err := header.Identify(r)
		var failed *team.SignInError
		if errors.As(err, &failed) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, failed.Error())
			return
		}
		_, _ = io.WriteString(w, "signed in as "+id.Subject)
	})
	return backend.address()
}

// fakeOAuth2Proxy names the person in the cookie "who", or none for "nobody".
func fakeOAuth2Proxy(t *testing.T) string {
	t.Helper()
	return newReplica(t, func(w http.ResponseWriter, r *http.Request) {
		who, err := r.Cookie("who")
		switch {
		case err != nil:
			w.WriteHeader(http.StatusUnauthorized)
			return
		case who.Value != "nobody":
			w.Header().Set("X-Auth-Request-Email", who.Value)
		}
		w.WriteHeader(http.StatusAccepted)
	}).address()
}

// documentedNginx runs nginx with the settings that docs/sign-in.md shows.
func documentedNginx(t *testing.T, backend, signIn string, more string) proxy {
	t.Helper()
	block := regexp.MustCompile("(?s)```nginx\n(.*?)```").FindStringSubmatch(readFile(t, "docs/sign-in.md"))
	if block == nil {
		t.Fatal("docs/sign-in.md has no settings for nginx")
	}
	locations := strings.NewReplacer("127.0.0.1:4180", signIn, "127.0.0.1:8080", backend, "YOUR_SECRET", proxySecret).
		Replace(block[1])
	for range 20 {
		p, dir := proxy{plain: freeAddress(t)}, t.TempDir()
		settings := filepath.Join(dir, "nginx.conf")
		text := beginning(dir) + "access_log off;\nserver {\nlisten " + p.plain + ";\n" + more + locations + "}\n}\n"
		if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if runNginx(t, dir, settings, p) {
			return p
		}
	}
	t.Fatal("no port is free")
	return proxy{}
}

// sendLines sends a request as it is, and returns the status and the body.
func sendLines(t *testing.T, address string, lines ...string) (int, string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	lines = append([]string{"GET /shops HTTP/1.1", "Host: hooks.example.com", "Connection: close"}, lines...)
	if _, err := io.WriteString(conn, strings.Join(lines, "\r\n")+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body) + resp.Header.Get("Location")
}

// TestSignInBehindNginx forges headers before the documented nginx, before one
// that passes headers with underscores on, and before Hookwall itself.
func TestSignInBehindNginx(t *testing.T) {
	needed(t)
	backend, signIn := headerBackend(t), fakeOAuth2Proxy(t)
	documented := documentedNginx(t, backend, signIn, "").plain
	lenient := documentedNginx(t, backend, signIn, "underscores_in_headers on;\n").plain
	const (
		ada    = "Cookie: who=ada@example.com"
		secret = "X-Hookwall-Proxy-Secret: " + proxySecret
		forged = "X-Forwarded-User: eve@example.com"
		twin   = "X_Forwarded_User: eve@example.com"
	)
	asAda, refused := "signed in as ada@example.com", "the proxy's headers aren't acceptable"
	for name, tt := range map[string]struct {
		at     string
		lines  []string
		status int
		says   string
	}{
		"signed in":                    {documented, []string{ada}, 200, asAda},
		"not signed in":                {documented, nil, 302, "/oauth2/sign_in?rd=http://hooks.example.com/shops"},
		"not signed in, forged":        {documented, []string{forged, secret}, 302, "/oauth2/sign_in"},
		"forged":                       {documented, []string{ada, forged}, 200, asAda},
		"forged twice":                 {documented, []string{ada, forged, forged}, 200, asAda},
		"forged, with a secret":        {documented, []string{ada, forged, "X-Hookwall-Proxy-Secret: guess"}, 200, asAda},
		"forged, with underscores":     {documented, []string{ada, twin}, 200, asAda},
		"forged, nobody named":         {documented, []string{"Cookie: who=nobody", forged}, 403, refused},
		"lenient, signed in":           {lenient, []string{ada}, 200, asAda},
		"lenient, underscores":         {lenient, []string{ada, twin}, 403, refused},
		"lenient, secret's twin":       {lenient, []string{ada, "X_Hookwall_Proxy_Secret: guess"}, 403, refused},
		"lenient, one underscore":      {lenient, []string{ada, "x-forwarded_user: eve"}, 403, refused},
		"past the proxy":               {backend, []string{forged}, 403, refused},
		"past the proxy, with a guess": {backend, []string{forged, "X-Hookwall-Proxy-Secret: guess"}, 403, refused},
	} {
		t.Run(name, func(t *testing.T) {
			status, says := sendLines(t, tt.at, tt.lines...)
			if status != tt.status || !strings.Contains(says, tt.says) {
				t.Errorf("status %d: %s\nwant %d: %s", status, says, tt.status, tt.says)
			}
		})
	}
}
