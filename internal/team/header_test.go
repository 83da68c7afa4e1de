package team

import (
	"bufio"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const proxySecret = "0123456789abcdef0123456789abcdef"

func testHeader(t *testing.T) *Header {
	t.Helper()
	h, err := NewHeader(HeaderConfig{
		UserHeader: "x-forwarded-user", Secret: proxySecret,
		Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestHeader reads requests as they come from the network, and shows that one that isn't exactly right is refused.
// Checklist 50.
func TestHeader(t *testing.T) {
	const (
		proxy  = "10.1.2.3:4444"
		secret = "X-Hookwall-Proxy-Secret: " + proxySecret
		user   = "X-Forwarded-User: ada"
	)
	person := func(subject string) Identity { return Identity{Issuer: HeaderIssuer, Subject: subject} }
	for name, tt := range map[string]struct {
		peer  string
		lines []string
		want  Identity // none if it must be refused
	}{
		"right":               {proxy, []string{secret, user}, person("ada")},
		"an e-mail address":   {proxy, []string{secret, "X-Forwarded-User: Ada@example.com"}, Identity{Issuer: HeaderIssuer, Subject: "Ada@example.com", Email: "Ada@example.com", EmailVerified: true}},
		"other letter case":   {proxy, []string{strings.ToUpper(secret[:23]) + secret[23:], "x-forwarded-USER: ada"}, person("ada")},
		"blanks around it":    {proxy, []string{secret, "X-Forwarded-User: \t ada \t"}, person("ada")},
		"a name with a blank": {proxy, []string{secret, `X-Forwarded-User: CORP\ada king`}, person(`CORP\ada king`)},
		"over IPv6":           {"[fd00::1]:4444", []string{secret, user}, person("ada")},
		"IPv4 in IPv6":        {"[::ffff:10.1.2.3]:4444", []string{secret, user}, person("ada")},
		"with other headers":  {proxy, []string{"X-Forwarded-For: 1.2.3.4", secret, user, "X-Forwarded-Users: eve"}, person("ada")},

		"forged peer":              {"192.0.2.1:4444", []string{secret, user}, Identity{}},
		"forged peer, forwarded":   {"192.0.2.1:4444", []string{"X-Forwarded-For: 10.1.2.3", secret, user}, Identity{}},
		"forged peer over IPv6":    {"[2001:db8::1]:4444", []string{secret, user}, Identity{}},
		"a socket":                 {"@", []string{secret, user}, Identity{}},
		"no secret":                {proxy, []string{user}, Identity{}},
		"empty secret":             {proxy, []string{"X-Hookwall-Proxy-Secret:", user}, Identity{}},
		"wrong secret":             {proxy, []string{secret + "0", user}, Identity{}},
		"first part of the secret": {proxy, []string{secret[:len(secret)-1], user}, Identity{}},
		"secret in capitals":       {proxy, []string{"X-Hookwall-Proxy-Secret: " + strings.ToUpper(proxySecret), user}, Identity{}},
		"secret twice":             {proxy, []string{secret, secret, user}, Identity{}},
		"wrong secret beside it":   {proxy, []string{"X-Hookwall-Proxy-Secret: guess", secret, user}, Identity{}},
		"secret with underscores":  {proxy, []string{"X_Hookwall_Proxy_Secret: " + proxySecret, user}, Identity{}},
		"secret and its twin":      {proxy, []string{secret, "X-Hookwall_Proxy-Secret: x", user}, Identity{}},
		"nobody":                   {proxy, []string{secret}, Identity{}},
		"empty":                    {proxy, []string{secret, "X-Forwarded-User:"}, Identity{}},
		"only blanks":              {proxy, []string{secret, "X-Forwarded-User:  \t "}, Identity{}},
		"doubled":                  {proxy, []string{secret, user, user}, Identity{}},
		"doubled, one empty":       {proxy, []string{secret, user, "X-Forwarded-User:"}, Identity{}},
		"doubled, other case":      {proxy, []string{secret, user, "x-forwarded-user: eve"}, Identity{}},
		"a list":                   {proxy, []string{secret, "X-Forwarded-User: ada, eve"}, Identity{}},
		"a list without blanks":    {proxy, []string{secret, "X-Forwarded-User: ada,eve"}, Identity{}},
		"underscores":              {proxy, []string{secret, "X_Forwarded_User: ada"}, Identity{}},
		"underscore twin":          {proxy, []string{secret, user, "X_Forwarded_User: eve"}, Identity{}},
		"one underscore":           {proxy, []string{secret, user, "x-forwarded_user: eve"}, Identity{}},
		"empty twin":               {proxy, []string{secret, user, "X_FORWARDED_USER:"}, Identity{}},
		"not ASCII":                {proxy, []string{secret, "X-Forwarded-User: ad\u00e1"}, Identity{}},
		"look-alike letter":        {proxy, []string{secret, "X-Forwarded-User: \u0430da"}, Identity{}},
		"a tab inside":             {proxy, []string{secret, "X-Forwarded-User: a\tda"}, Identity{}},
		"too long":                 {proxy, []string{secret, "X-Forwarded-User: " + strings.Repeat("a", 256)}, Identity{}},
		"placeholder of Caddy":     {proxy, []string{secret, "X-Forwarded-User: {http.reverse_proxy.header.X-Auth-Request-Email}"}, Identity{}},
		"placeholder of Apache":    {proxy, []string{secret, "X-Forwarded-User: (null)"}, Identity{}},
		"placeholder of Envoy":     {proxy, []string{secret, "X-Forwarded-User: -"}, Identity{}},
		"user in the trailer":      {proxy, []string{secret, "Trailer: X-Forwarded-User"}, Identity{}},
	} {
		t.Run(name, func(t *testing.T) {
			raw := "GET / HTTP/1.1\r\nHost: hooks.example.com\r\n" + strings.Join(tt.lines, "\r\n") + "\r\n\r\n"
			r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
			if err != nil {
				t.Fatal(err)
			}
			r.RemoteAddr = tt.peer
			got, err := testHeader(t).Identify(r)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("identity differs (-want +got):\n%s", diff)
			}
			if isRefused := problemOf(err) == ProblemHeader; isRefused != (tt.want.Subject == "") {
				t.Errorf("error is %v", err)
			}
			if err != nil && (strings.Contains(err.Error(), proxySecret) || strings.Contains(err.Error(), "eve")) {
				t.Errorf("error %v repeats what was sent", err)
			}
		})
	}
}

func TestNewHeaderNeedsItsParts(t *testing.T) {
	whole := HeaderConfig{UserHeader: "X-User", Secret: "s", Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	for name, remove := range map[string]func(*HeaderConfig){
		"header":    func(c *HeaderConfig) { c.UserHeader = "" },
		"secret":    func(c *HeaderConfig) { c.Secret = "" },
		"addresses": func(c *HeaderConfig) { c.Proxies = nil },
	} {
		c := whole
		remove(&c)
		if _, err := NewHeader(c); err == nil {
			t.Errorf("without %s: no error", name)
		}
	}
}

func TestGroupRoles(t *testing.T) {
	for name, tt := range map[string]struct {
		text   string
		groups []string
		want   Role
		wrong  int // mistakes in text
	}{
		"nothing":               {"", []string{"admins"}, NoRole, 0},
		"one":                   {"admins=admin", []string{"admins"}, Admin, 0},
		"the highest counts":    {"a=viewer, b=admin, c=operator", []string{"a", "c"}, Operator, 0},
		"in any order":          {"a=viewer, b=admin, c=operator", []string{"c", "b", "a"}, Admin, 0},
		"no group fits":         {"a=viewer", []string{"A", "aa", ""}, NoRole, 0},
		"no groups":             {"a=viewer", nil, NoRole, 0},
		"blanks and a path":     {" /Team Support = Operator ,", []string{"/Team Support"}, Operator, 0},
		"a group with =":        {"cn=admins=admin", []string{"cn=admins"}, Admin, 0},
		"the same twice":        {"a=viewer,a=viewer", []string{"a"}, Viewer, 0},
		"two roles":             {"a=viewer,a=admin", []string{"a"}, Viewer, 1},
		"no role":               {"admins", []string{"admins"}, NoRole, 1},
		"an empty role":         {"admins=", []string{"admins"}, NoRole, 1},
		"no group":              {"=admin", []string{""}, NoRole, 1},
		"a role that isn't one": {"a=owner,b=root", []string{"a"}, NoRole, 2},
	} {
		t.Run(name, func(t *testing.T) {
			roles, err := ParseGroupRoles(tt.text)
			if got := roles.Of(tt.groups); got != tt.want {
				t.Errorf("role is %q, want %q", got, tt.want)
			}
			found := 0
			if joined, ok := errors.AsType[interface {
				error
				Unwrap() []error
			}](err); ok {
				found = len(joined.Unwrap())
			}
			if found != tt.wrong {
				t.Errorf("%d mistakes, want %d: %v", found, tt.wrong, err)
			}
		})
	}
}

func TestRoleIncludes(t *testing.T) {
	want := map[[2]Role]bool{
		{Viewer, Viewer}: true, {Operator, Viewer}: true, {Admin, Viewer}: true,
		{Operator, Operator}: true, {Admin, Operator}: true, {Admin, Admin}: true,
	}
	all := []Role{NoRole, Viewer, Operator, Admin, "owner"}
	for _, has := range all {
		for _, needed := range all[1:] {
			if got := has.Includes(needed); got != want[[2]Role{has, needed}] {
				t.Errorf("%q includes %q: %t", has, needed, got)
			}
		}
	}
}
