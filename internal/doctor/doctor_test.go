package doctor

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/deliver"
	"hookwall/internal/fourthwall"
)

func status(code string) string { return "HTTP/1.1 " + code + "\r\nContent-Length: 0\r\n\r\n" }

func headed(header string) string {
	return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + header + "\r\n\r\nok"
}

func gzipBomb() string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.CopyN(z, zeros{}, 64<<20)
	_ = z.Close()
	return b.String()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// row is an endpoint and the expected report. The letters are the results of the ten steps: address, policy, dns,
// connect, tls, delivery, answer, time, repeat, forged. The endpoint is on this machine, so there is a warning that its
// address isn't public. Most endpoints are called without TLS, which causes a warning too.
type row struct {
	name   string
	talk   conversation
	url    string // default plain
	secret fourthwall.Secret
	change func(*Doctor, *deliver.Options)
	want   string
	says   map[string]string // by step: part of its texts
	posts  int
}

func (r row) examine(t *testing.T) (Report, *endpoint) {
	t.Helper()
	e := listen(t, r.talk)
	o, d := e.options(), &Doctor{}
	if r.change != nil {
		r.change(d, &o)
	}
	d.Client = newDoctor(t, o).Client
	if r.url == "" {
		r.url = plain
	}
	return d.Examine(t.Context(), Request{URL: r.url, Body: []byte(envelope), Secret: r.secret}, nil), e
}

func runRows(t *testing.T, rows []row) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			report, e := row.examine(t)
			if got := letters(report); got != row.want || !report.Done {
				t.Errorf("%s, want %s\n%s", got, row.want, report.Text())
			}
			for id, text := range row.says {
				if said := textOf(t, report, id); !strings.Contains(said, text) {
					t.Errorf("%s does not say %q:\n%s", id, text, said)
				}
			}
			if n := len(e.received()); n != row.posts {
				t.Errorf("%d deliveries, want %d", n, row.posts)
			}
			checkSteps(t, report)
		})
	}
}

// checkSteps checks the form of every step: a warning or a failure has advice, and a skipped step has a reason.
func checkSteps(t *testing.T, r Report) {
	t.Helper()
	for _, s := range r.Steps {
		if len(s.Seen) == 0 || strings.Join(s.Seen, "") == "" {
			t.Errorf("%s has no text", s.ID)
		}
		for _, text := range append(slices.Clone(s.Seen), s.Do) {
			if text != visible(text) {
				t.Errorf("%s says %q", s.ID, text)
			}
		}
		if bad := s.Result == Warned || s.Result == Failed; bad != (s.Do != "") {
			t.Errorf("%s is %s and says to do %q", s.ID, s.Result, s.Do)
		}
	}
}

// stopEarly limits the time of a call.
func stopEarly(_ *Doctor, o *deliver.Options) { o.Timeout = 300 * time.Millisecond }

func TestResponses(t *testing.T) {
	bomb := gzipBomb()
	runRows(t, []row{
		{
			name: "200, verifies", talk: verifying(ok, refused), secret: secret, want: "PPWPWPPPPP", posts: 3,
			says: map[string]string{
				"delivery": "signed with your signing secret", "answer": "Status: 200 OK", "time": "The whole response took",
				"repeat": "same event ID", "forged": "it verifies signatures",
			},
		},
		{
			name: "200, verifies, no secret", talk: verifying(ok, refused), want: "PPWPWPWPSS", posts: 1,
			says: map[string]string{
				"delivery": "signed with a random key", "answer": "probably verifies signatures", "repeat": "needs the signing secret", "forged": "needs the signing secret",
				"time": "for a failed response",
			},
		},
		{
			name: "403, no secret", talk: verifying(ok, status("403 Forbidden")), want: "PPWPWPWPSS", posts: 1,
			says: map[string]string{"answer": "Enter the signing secret and check again"},
		},
		{
			name: "400, no secret", talk: verifying(ok, status("400 Bad Request")), want: "PPWPWPFPSS", posts: 1,
			says: map[string]string{"answer": "If that is its response to a wrong signature"},
		},
		{
			name: "200, doesn’t verify", talk: answers(ok), secret: secret, want: "PPWPWPPPPW", posts: 3,
			says: map[string]string{"forged": "doesn’t verify signatures"},
		},
		{
			name: "200, doesn’t verify, no secret", talk: answers(ok), want: "PPWPWPPPPW", posts: 2,
			says: map[string]string{"forged": "This step sent no other delivery."},
		},
		{
			name: "201", talk: answers(status("201 Created")), secret: secret, want: "PPWPWPFPSW", posts: 2,
			says: map[string]string{"answer": "Your endpoint returned 201. Fourthwall only accepts 200, so it counts this as failed", "repeat": "didn’t get status 200", "forged": "doesn’t verify"},
		},
		{
			name: "202", talk: verifying(status("202 Accepted"), refused), secret: secret, want: "PPWPWPFPSP", posts: 2,
			says: map[string]string{"answer": "202, which means that the work is done later"},
		},
		{
			name: "204", talk: answers("HTTP/1.1 204 No Content\r\n\r\n"), want: "PPWPWPFPSW", posts: 1,
			says: map[string]string{"answer": "204, which means success without a body"},
		},
		{name: "206", talk: answers(status("206 Partial Content")), want: "PPWPWPFPSW", posts: 1, says: map[string]string{"answer": "Your endpoint returned 206."}},
		{
			name: "302", talk: answers("HTTP/1.1 302 Found\r\nLocation: https://hooks.example/fourthwall/\r\nContent-Length: 0\r\n\r\n"), secret: secret,
			want: "PPWPWPFPSS", posts: 1, says: map[string]string{"answer": "It points to: https://hooks.example/fourthwall/\nThe endpoint redirects", "forged": "didn’t accept the correctly signed delivery either"},
		},
		{
			name: "308 to a trap", talk: answers("HTTP/1.1 308 Permanent Redirect\r\nLocation: http://169.254.169.254/\u202e" + strings.Repeat("a", 300) + "\r\n\r\n"),
			want: "PPWPWPFPSS", posts: 1, says: map[string]string{"answer": `It points to: http://169.254.169.254/\u202Eaaa`},
		},
		{name: "101", talk: answers("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), want: "PPWPWPFPSS", posts: 1, says: map[string]string{"answer": "Your endpoint returned 101."}},
		{
			name: "401 with the secret", talk: answers(refused), secret: secret, want: "PPWPWPFPSS", posts: 1,
			says: map[string]string{"answer": "although it was signed with the secret that you entered"},
		},
		{name: "403 with the secret", talk: answers(status("403 Forbidden")), secret: secret, want: "PPWPWPFPSS", posts: 1, says: map[string]string{"answer": "A firewall"}},
		{name: "404", talk: answers(status("404 Not Found")), want: "PPWPWPFPSS", posts: 1, says: map[string]string{"answer": "has nothing at this path"}},
		{name: "405", talk: answers(status("405 Method Not Allowed")), want: "PPWPWPFPSS", posts: 1, says: map[string]string{"answer": "doesn’t accept POST requests"}},
		{name: "409", talk: answers(status("409 Conflict")), secret: secret, want: "PPWPWPFPSS", posts: 1, says: map[string]string{"answer": "rejected the delivery (409)"}},
		{name: "500", talk: answers(broken), secret: secret, want: "PPWPWPFPSS", posts: 1, says: map[string]string{"answer": "Your server returned an error (500)."}},
		{name: "503", talk: answers(status("503 Service Unavailable")), secret: secret, want: "PPWPWPFPSS", posts: 1, says: map[string]string{"answer": "unavailable"}},
		{name: "HTTP/1.0", talk: answers("HTTP/1.0 200 OK\r\n\r\nok"), want: "PPWPWPPPPW", posts: 2, says: map[string]string{"answer": "HTTP/1.0, which is old but works"}},
		{
			name: "gzip bomb", talk: answers("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + bomb), want: "PPWPWPPWWW", posts: 2,
			says: map[string]string{"answer": "compressed (gzip)", "time": "never ends"},
		},
		{name: "gzip", talk: answers(headed("Content-Encoding: gzip\u2066")), want: "PPWPWPPPPW", posts: 2, says: map[string]string{"answer": `compressed (gzip\u2066)`}},
		{
			name: "endless body", talk: endless("HTTP/1.1 200 OK\r\n\r\n", strings.Repeat("a", 4096)), want: "PPWPWPPWWW", posts: 2,
			says: map[string]string{"answer": "more than 16,384 bytes", "time": "Fourthwall waits for all of it"},
		},
		{
			name: "cut in the body", talk: answers("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), secret: secret, want: "PPWPWPFSSS", posts: 1,
			says: map[string]string{"answer": "[body: cut]", "time": "cut off", "repeat": "incomplete", "forged": "incomplete"},
		},
	})
}

func TestSilence(t *testing.T) {
	const noReply = "PPWPWFSSSS"
	runRows(t, []row{
		{
			name: "stalled", talk: stalled(""), change: stopEarly, want: "PPWPWFSFSS", posts: 1,
			says: map[string]string{"delivery": "[response: timeout]", "answer": noResponse, "time": "No complete response arrived within", "repeat": noResponse, "forged": noResponse},
		},
		{
			name: "drip-fed body", talk: dripping("HTTP/1.1 200 OK\r\n\r\n"), change: stopEarly, secret: secret, want: "PPWPWPPFSS", posts: 1,
			says: map[string]string{"answer": "hadn’t finished", "time": "too slowly and never finished. We received"},
		},
		{
			name: "no body", talk: stalled("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"), change: stopEarly, secret: secret,
			want: "PPWPWPPFSS", posts: 1, says: map[string]string{"time": "no body arrived within"},
		},
		{
			name: "over 1 s", talk: answers(ok), change: func(d *Doctor, _ *deliver.Options) { d.slow = 1 }, want: "PPWPWPPWWW", posts: 2,
			says: map[string]string{"time": "Above 2 s", "repeat": "Above 2 s"},
		},
		{
			name: "over 2 s", talk: answers(ok), change: func(d *Doctor, _ *deliver.Options) { d.slow, d.late = 1, 2 }, want: "PPWPWPPFFW", posts: 2,
			says: map[string]string{"time": "send the delivery again", "repeat": "send the delivery again"},
		},
		{name: "reset", talk: reset, want: noReply, posts: 1, says: map[string]string{"delivery": "[response: reset]", "time": noResponse}},
		{name: "closed", talk: closed, want: noReply, posts: 1, says: map[string]string{"delivery": "[response: closed]"}},
		{name: "not HTTP", talk: answers("SSH-2.0-OpenSSH\r\n"), want: noReply, posts: 1, says: map[string]string{"delivery": "[response: malformed]"}},
		{
			name: "endless header", talk: endless("HTTP/1.1 200 OK\r\nX: ", strings.Repeat("a", 4096)), want: noReply, posts: 1,
			says: map[string]string{"delivery": "[response: header-too-large]"},
		},
		{name: "cut in the header", talk: answers("HTTP/1.1 200 OK\r\nX-A"), want: noReply, posts: 1, says: map[string]string{"delivery": "[response: cut]"}},
	})
}

// A repeated delivery must be accepted too: otherwise Fourthwall counts it as failed.
func TestRepeat(t *testing.T) {
	runRows(t, []row{
		{name: "409", talk: answers(ok, status("409 Conflict"), refused), secret: secret, want: "PPWPWPPPFP", posts: 3, says: map[string]string{"repeat": "skip IDs you’ve already seen"}},
		{name: "500", talk: answers(ok, broken, refused), secret: secret, want: "PPWPWPPPFP", posts: 3, says: map[string]string{"repeat": "Status: 500"}},
		{name: "204", talk: answers(ok, "HTTP/1.1 204 No Content\r\n\r\n"), want: "PPWPWPPPFW", posts: 2, says: map[string]string{"repeat": "Status: 204"}},
		{name: "no answer", talk: answers(ok, "", refused), secret: secret, want: "PPWPWPPPFP", posts: 3, says: map[string]string{"repeat": "[response: closed]"}},
	})
}

// A forged delivery is refused by a 4xx other than 408 and 429, and accepted by any 2xx.
func TestForged(t *testing.T) {
	rows := []row{
		{name: "400", talk: answers(ok, ok, status("400 Bad Request")), want: "P", says: map[string]string{"forged": "it verifies"}},
		{name: "429", talk: answers(ok, ok, status("429 Too Many Requests")), want: "W", says: map[string]string{"forged": "too busy"}},
		{name: "408", talk: answers(ok, ok, status("408 Request Timeout")), want: "W", says: map[string]string{"forged": "too busy"}},
		{name: "500", talk: answers(ok, ok, broken), want: "W", says: map[string]string{"forged": "Your server returned an error (500). That isn’t a rejection."}},
		{name: "302", talk: answers(ok, ok, status("302 Found")), want: "W", says: map[string]string{"forged": "neither accepts nor rejects"}},
		{name: "204", talk: answers(ok, ok, "HTTP/1.1 204 No Content\r\n\r\n"), want: "W", says: map[string]string{"forged": "doesn’t verify"}},
		{name: "200, then cut", talk: answers(ok, ok, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"), want: "W", says: map[string]string{"forged": "doesn’t verify"}},
		{name: "no answer", talk: answers(ok, ok, ""), want: "W", says: map[string]string{"forged": "[response: closed]"}},
		{name: "ignores known events, then verifies", want: "P", talk: func(e *endpoint, conn net.Conn) {
			p, n := e.receive(conn)
			if n > 0 && (p.signed || p.body == e.received()[0].body) {
				_, _ = io.WriteString(conn, ok)
			} else {
				_, _ = io.WriteString(conn, refused)
			}
		}},
	}
	for i := range rows {
		rows[i].secret, rows[i].posts, rows[i].want = secret, 3, "PPWPWPPPP"+rows[i].want
	}
	runRows(t, rows)
}

func TestTLS(t *testing.T) {
	trusted := newAuthority(t)
	trust := func(_ *Doctor, o *deliver.Options) { o.RootCAs = trusted.pool() }
	const nothingSent = "PPWPFSSSSS"
	old := trusted.issue(t, nil)
	old.MaxVersion = tls.VersionTLS11
	rows := []row{
		{
			name: "good", talk: overTLS(trusted.issue(t, nil), verifying(ok, refused)), secret: secret, want: "PPWPPPPPPP", posts: 3,
			says: map[string]string{"tls": "Version: TLS 1.3\nCertificate for: hooks.example\nIssued by: CN=Authority\n"},
		},
		{
			name: "ends soon", talk: overTLS(trusted.issue(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(13*24*time.Hour + time.Hour) }), answers(ok)),
			want: "PPWPWPPPPW", posts: 2, says: map[string]string{"tls": "The certificate expires in 13 days"},
		},
		{
			name: "ends today", talk: overTLS(trusted.issue(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(time.Hour) }), answers(ok)),
			want: "PPWPWPPPPW", posts: 2, says: map[string]string{"tls": "expires in less than a day"},
		},
		{
			name: "other name", talk: overTLS(trusted.issue(t, func(c *x509.Certificate) { c.DNSNames = []string{"other.example"} }), answers(ok)),
			want: nothingSent, says: map[string]string{"tls": "other.example", "delivery": notPrivate},
		},
		{
			name: "expired", talk: overTLS(trusted.issue(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }), answers(ok)),
			want: nothingSent, says: map[string]string{"tls": "[tls: certificate-expired]"},
		},
		{name: "self-signed", talk: overTLS((*authority)(nil).issue(t, nil), answers(ok)), want: nothingSent, says: map[string]string{"tls": "[tls: self-signed]"}},
		{name: "unknown authority", talk: overTLS(newAuthority(t).issue(t, nil), answers(ok)), want: nothingSent, says: map[string]string{"tls": "[tls: unknown-authority]"}},
		{
			name: "everything wrong", want: nothingSent,
			talk: overTLS((*authority)(nil).issue(t, func(c *x509.Certificate) {
				c.DNSNames, c.NotAfter = []string{"other.example"}, time.Now().Add(-time.Minute)
				c.Subject.CommonName = "x\u202e"
			}), answers(ok)),
			says: map[string]string{"tls": `x\u202E`},
		},
		{name: "TLS 1.1", talk: overTLS(old, answers(ok)), want: nothingSent, says: map[string]string{"tls": "[tls: tls-version]"}},
		{name: "plain text", talk: func(_ *endpoint, conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
			_, _ = io.Copy(io.Discard, conn)
		}, want: nothingSent, says: map[string]string{"tls": "[tls: not-tls]"}},
		{name: "closed", talk: func(_ *endpoint, conn net.Conn) { _, _ = conn.Read(make([]byte, 4096)) }, want: nothingSent, says: map[string]string{"tls": "[tls: closed]"}},
	}
	for i := range rows {
		rows[i].url, rows[i].change = secure, trust
	}
	runRows(t, rows)

	everything := rows[slices.IndexFunc(rows, func(r row) bool { return r.name == "everything wrong" })]
	report, _ := everything.examine(t)
	for _, kind := range []string{"self-signed", "certificate-expired", "certificate-name"} {
		if said := textOf(t, report, StepTLS); strings.Count(said, "[tls: "+kind+"]") != 1 {
			t.Errorf("%s is not said once:\n%s", kind, said)
		}
	}
}

// These examinations end before the endpoint is called, or because no server accepts the connection.
func TestAddresses(t *testing.T) {
	gone := listen(t, nil)
	nobody, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.at = netip.MustParseAddrPort(nobody.Addr().String())
	if err := nobody.Close(); err != nil {
		t.Fatal(err)
	}
	addr := netip.MustParseAddr
	o := gone.options()
	o.Resolver = names{
		"private.example.":        {addr("192.168.1.20")},
		"mixed.example.":          {addr("8.8.8.8"), addr("10.0.0.1")},
		"many.example.":           {addr("10.0.0.1"), addr("10.0.0.2"), addr("10.0.0.3"), addr("10.0.0.4"), addr("10.0.0.5"), addr("10.0.0.6"), addr("10.0.0.7"), addr("10.0.0.8"), addr("10.0.0.9")},
		"xn--mnchen-3ya.example.": {addr("10.0.0.1")},
	}
	d := newDoctor(t, o)
	rows := []struct {
		name, url string
		hints     []string
		want      string
		says      map[string]string
	}{
		{"no address", "nonsense", nil, "FSSSSSSSSS", map[string]string{"address": "[scheme]", "policy": cannotBeCalled, "forged": cannotBeCalled}},
		{"empty", "", nil, "FSSSSSSSSS", map[string]string{"address": "[scheme]"}},
		{"other scheme", "ftp://hooks.example/", nil, "FSSSSSSSSS", map[string]string{"address": "[scheme]"}},
		{"impossible name", "https://a..example/", nil, "FSSSSSSSSS", map[string]string{"address": "[host]"}},
		{"line break", "https://hooks.example/\r\nx", nil, "FSSSSSSSSS", map[string]string{"address": "[url]"}},
		{"loopback", "https://127.0.0.1/x", nil, "PFSSSSSSSS", map[string]string{"address": "As typed: https://127.0.0.1/x", "policy": "[not-public]"}},
		{"metadata service", "http://169.254.169.254/", nil, "PFSSSSSSSS", map[string]string{"policy": "[not-public]"}},
		{"decimal", "http://2130706433/", nil, "PFSSSSSSSS", map[string]string{"policy": "[notation]"}},
		{"port", "https://hooks.example:8443/", nil, "PFSSSSSSSS", map[string]string{"policy": "[port]"}},
		{"local name", "https://db.internal/", nil, "PFSSSSSSSS", map[string]string{"policy": "[not-public]"}},
		{
			"port, with hints", "https://hooks.example:8443/",
			[]string{"Fourthwall refuses\tthe port."},
			"PFSSSSSSSS",
			map[string]string{"policy": "Fourthwall refuses\\u0009the port.\nHookwall only sends to ports 80 and 443"},
		},
		{
			"user and password", "https://me:hunter2@hooks.example/x", nil, "WFSSSSSSSS",
			map[string]string{
				"address": "Requests go to: https://hooks.example/x\n", "policy": "[userinfo]",
				"dns": "Hookwall doesn’t send to this URL.",
			},
		},
		{"user before a private address", "https://hooks.example@127.0.0.1/", nil, "WFSSSSSSSS", map[string]string{"address": "As typed: https://127.0.0.1/", "policy": "[userinfo]"}},
		{"unknown name", "https://nobody.example/", nil, "PPFSSSSSSS", map[string]string{"dns": "[resolve: name-not-found]", "connect": nowhereToGo}},
		{"private name", "https://private.example/", nil, "PPFSSSSSSS", map[string]string{"dns": "192.168.1.20 (not public)\nThis URL isn’t on the public internet, so Hookwall doesn’t send to it. [not-public]"}},
		{"private among public", "https://mixed.example/", nil, "PPFSSSSSSS", map[string]string{"dns": "8.8.8.8\n10.0.0.1 (not public)\n"}},
		{"many", "https://many.example/", nil, "PPFSSSSSSS", map[string]string{"dns": "10.0.0.8 (not public)\nand 1 more\n"}},
		{
			"umlaut", "HTTPS://München.Example:443/Ü#top", nil, "PPFSSSSSSS",
			map[string]string{"address": "Requests go to: https://xn--mnchen-3ya.example/%C3%9C\n" +
				"Host name: münchen.example. This domain resolves as xn--mnchen-3ya.example\n" +
				"As typed: HTTPS://München.Example:443/Ü#top"},
		},
		{"hints", plain, []string{"It is plain http."}, "PWWFSSSSSS", map[string]string{"policy": "It is plain http.\nUse a public host name and"}},
		{"closed port", plain, nil, "PPWFSSSSSS", map[string]string{"dns": "can’t reach it", "connect": "[connect: refused]", "tls": nobodyThere, "delivery": nobodyThere}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			report := d.Examine(t.Context(), Request{URL: row.url, Hints: row.hints, Body: []byte(envelope)}, nil)
			if got := letters(report); got != row.want || report.Result != Failed {
				t.Errorf("%s %s, want %s\n%s", got, report.Result, row.want, report.Text())
			}
			for id, text := range row.says {
				if said := textOf(t, report, id); !strings.Contains(said, text) {
					t.Errorf("%s does not say %q:\n%s", id, text, said)
				}
			}
			if strings.Contains(report.Text(), "hunter2") {
				t.Error("a password is shown")
			}
			checkSteps(t, report)
		})
	}
}

// Deliveries may go to any address of a name, so one that doesn't respond causes a warning.
func TestSeveralAddresses(t *testing.T) {
	e := listen(t, answers(ok))
	o := e.options()
	o.AllowPrivate, o.Resolver = true, names{"several.example.": {netip.MustParseAddr("::1"), e.at.Addr()}}
	report := newDoctor(t, o).Examine(t.Context(), Request{URL: fmt.Sprintf("http://several.example:%d/fourthwall",
		e.at.Port()), Body: []byte(envelope)}, nil)
	if got := letters(report); got != "PPWWWPPPPW" {
		t.Errorf("%s\n%s", got, report.Text())
	}
	said := strings.Split(textOf(t, report, StepConnect), "\n")
	if len(said) != 3 || !strings.HasPrefix(said[0], "::1, port ") ||
		!strings.HasPrefix(said[1], "Connected to 127.0.0.1, port ") {
		t.Errorf("%q", said)
	}
}

func TestJudgeTime(t *testing.T) {
	rows := []struct {
		name   string
		timing deliver.Timing
		want   Result
	}{
		{"1 s", deliver.Timing{Exchange: time.Second, FirstByte: 1}, Passed},
		{"more", deliver.Timing{Exchange: time.Second + 1, FirstByte: 1}, Warned},
		{"2 s", deliver.Timing{Exchange: 2 * time.Second, FirstByte: 1}, Warned},
		{"more than that", deliver.Timing{Exchange: 2*time.Second + 1, FirstByte: 1}, Failed},
		{"far away", deliver.Timing{Connect: 600 * time.Millisecond, TLS: 600 * time.Millisecond, Exchange: 900 * time.Millisecond}, Warned},
		{"slow name servers", deliver.Timing{DNS: 3 * time.Second, Connect: 100 * time.Millisecond, Exchange: 900 * time.Millisecond, Total: 4 * time.Second}, Passed},
	}
	for _, row := range rows {
		first := deliver.Result{Response: deliver.Response{Status: 200}, Timing: row.timing}
		e := examination{doctor: &Doctor{}, first: first}
		if f := e.judgeTime(t.Context()); f.result != row.want || (f.do != "") != (row.want != Passed) {
			t.Errorf("%s: %+v", row.name, f)
		}
	}
}

// There is no warning about the private address of this installation's own receiver.
func TestOwnReceiver(t *testing.T) {
	e := listen(t, verifying(ok, refused))
	d := newDoctor(t, e.options())
	d.Receiver = "hooks.example"
	report := d.Examine(t.Context(), Request{URL: plain, Body: []byte(envelope), Secret: secret}, nil)
	if got := letters(report); got != "PPPPWPPPPP" {
		t.Errorf("%s\n%s", got, report.Text())
	}
}

// TestDeliveries compares what is sent: the envelope twice, and a forged one with another event ID.
func TestDeliveries(t *testing.T) {
	forged := strings.Replace(envelope, "weve_1", "weve_1_forged", 1)
	const kind = "application/json"
	rows := []struct {
		name   string
		body   string
		secret fourthwall.Secret
		want   []post
	}{
		{"with the secret", envelope, secret, []post{{envelope, true, kind}, {envelope, true, kind}, {forged, false, kind}}},
		{"without", envelope, "", []post{{envelope, false, kind}, {envelope, false, kind}}},
		{"no event", `["weve_1"]`, secret, []post{{`["weve_1"]`, true, kind}, {`["weve_1"]`, true, kind}, {`["weve_1"]`, false, kind}}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			e := listen(t, answers(ok))
			newDoctor(t, e.options()).Examine(t.Context(), Request{URL: plain, Body: []byte(row.body), Secret: row.secret}, nil)
			if diff := cmp.Diff(row.want, e.received(), cmp.AllowUnexported(post{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Each report is complete and doesn't change afterwards.
func TestProgress(t *testing.T) {
	e := listen(t, verifying(ok, refused))
	d := newDoctor(t, e.options())
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.FixedZone("", 3600))
	d.Now = func() time.Time { return now }
	var reports []Report
	last := d.Examine(t.Context(), Request{URL: plain, Body: []byte(envelope), Secret: secret},
		func(r Report) { reports = append(reports, r) })
	var got []string
	for _, r := range reports {
		got = append(got, fmt.Sprint(letters(r), r.Done, r.Result))
		if !r.Started.Equal(now) || (r.Summary != "") != r.Done {
			t.Errorf("%+v", r)
		}
	}
	const done = "PPWPWPPPPP"
	var want []string
	for i := range len(done) {
		for _, sign := range []string{"R", done[i : i+1]} {
			want = append(want, done[:i]+sign+strings.Repeat("W", len(done)-i-1)+"falserunning")
		}
	}
	want = append(want, done+"truewarned")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(last, reports[len(reports)-1]); diff != "" {
		t.Error(diff)
	}
	for _, s := range last.Steps {
		called := slices.Contains([]string{StepConnect, StepDelivery, StepRepeat, StepForged}, s.ID)
		if called != (s.Took > 0) && s.ID != StepDNS {
			t.Errorf("%s took %v", s.ID, s.Took)
		}
	}
	data, err := json.Marshal(last)
	if err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(last, back); diff != "" {
		t.Error(diff)
	}
}

func TestEnds(t *testing.T) {
	t.Run("canceled between two steps", func(t *testing.T) {
		d := newDoctor(t, deliver.Options{Resolver: names{"hooks.example.": {netip.MustParseAddr("8.8.8.8")}}})
		ctx, cancel := context.WithCancel(t.Context())
		report := d.Examine(ctx, Request{URL: secure}, func(r Report) {
			if r.Steps[2].Result == Passed {
				cancel()
			}
		})
		if letters(report) != "PPPSSSSSSS" || report.Result != Skipped || !report.Done ||
			textOf(t, report, StepConnect) != endedBefore+"\n" ||
			!strings.Contains(textOf(t, report, StepDNS), "8.8.8.8") {
			t.Error(report.Text())
		}
	})
	t.Run("canceled before the start", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		report := newDoctor(t, deliver.Options{Resolver: names{}}).Examine(ctx, Request{URL: secure}, nil)
		if letters(report) != "SSSSSSSSSS" || report.Result != Skipped {
			t.Error(report.Text())
		}
	})
	t.Run("out of time in the middle of a step", func(t *testing.T) {
		r := row{talk: stalled(""), change: func(d *Doctor, _ *deliver.Options) { d.limit = 200 * time.Millisecond }}
		report, _ := r.examine(t)
		if letters(report) != "PPWPWSSSSS" || textOf(t, report, StepDelivery) != endedDuring+"\n" ||
			textOf(t, report, StepResponse) != endedBefore+"\n" ||
			report.Result != Skipped || !strings.HasPrefix(report.Summary, "We couldn’t run every step.") {
			t.Error(report.Text())
		}
	})
	t.Run("too many calls", func(t *testing.T) {
		e := listen(t, answers(ok))
		o := e.options()
		o.MaxPerTarget = 1
		d := newDoctor(t, o)
		v, err := d.Client.NewCall(plain)
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		report := d.Examine(t.Context(), Request{URL: plain}, nil)
		if letters(report) != "PPSSSSSSSS" || report.Result != Skipped ||
			!strings.Contains(textOf(t, report, StepForged), "[busy]") {
			t.Error(report.Text())
		}
		report = d.Examine(t.Context(), Request{URL: plain, Hints: []string{"A hint."}}, nil)
		if letters(report) != "PWSSSSSSSS" || report.Result != Skipped ||
			!strings.HasPrefix(report.Summary, "We couldn’t run every step.") {
			t.Errorf("with a warning before: %s", report.Text())
		}
	})
	t.Run("too many calls later", func(t *testing.T) {
		e := listen(t, answers(ok))
		o := e.options()
		o.MaxPerTarget = 1
		o.Exceptions = append(o.Exceptions, deliver.Exception{Host: "other.example:80", Addr: e.at})
		d := newDoctor(t, o)
		other, err := d.Client.NewCall("http://other.example/")
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		report := d.Examine(t.Context(), Request{URL: plain, Body: []byte(envelope), Secret: secret}, func(r Report) {
			if r.Steps[8].Result == Running {
				if err := other.Connect(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
		if letters(report) != "PPWPWPPPSS" || !strings.Contains(textOf(t, report, StepForged), "[busy]") ||
			len(e.received()) != 1 {
			t.Error(report.Text())
		}
	})
	t.Run("envelope too large", func(t *testing.T) {
		e := listen(t, answers(ok))
		report := newDoctor(t, e.options()).Examine(t.Context(), Request{URL: plain, Body: make([]byte, 2<<20)}, nil)
		if letters(report) != "PPWPWSSSSS" || !strings.Contains(textOf(t, report, StepDelivery), "[request]") ||
			len(e.received()) != 0 {
			t.Error(report.Text())
		}
	})
}

// A report has neither the signing secret, even if the endpoint sends it, nor the body of a response.
func TestNothingLeaks(t *testing.T) {
	trusted := newAuthority(t)
	config := trusted.issue(t, func(c *x509.Certificate) { c.DNSNames = append(c.DNSNames, secret.Reveal()+".example") })
	text := "HTTP/1.1 302 " + secret.Reveal() + "\r\nLocation: /" + strings.Repeat("a", maxQuoted-5) + secret.Reveal() +
		"\r\nContent-Encoding: " + secret.Reveal() + "\r\n\r\nbody-text"
	var all strings.Builder
	e := listen(t, overTLS(config, answers(text)))
	o := e.options()
	o.RootCAs = trusted.pool()
	report := newDoctor(t, o).Examine(t.Context(), Request{
		URL: secure + "?key=" + secret.Reveal(), Hints: []string{secret.Reveal()}, Body: []byte(envelope), Secret: secret,
	}, func(r Report) { fmt.Fprintf(&all, "%+v\n", r) })
	data, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	all.Write(data)
	all.WriteString(report.Text())
	if letters(report) != "PWWPPPFPSS" {
		t.Error(report.Text())
	}
	for _, forbidden := range []string{secret.Reveal(), secret.Reveal()[:4], "body-text"} {
		if strings.Contains(all.String(), forbidden) {
			t.Errorf("%q leaks:\n%s", forbidden, report.Text())
		}
	}
}
