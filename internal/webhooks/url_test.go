package webhooks

import (
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNormalURL(t *testing.T) {
	tests := []struct {
		a, b string
		same bool
	}{
		{"https://hooks.example.com/fw", "https://hooks.example.com/fw", true},
		{"HTTPS://Hooks.Example.COM/fw", "https://hooks.example.com/fw", true},
		{"https://hooks.example.com:443/fw", "https://hooks.example.com/fw", true},
		{"https://hooks.example.com:0443/fw", "https://hooks.example.com/fw", true},
		{"https://hooks.example.com:08443/fw", "https://hooks.example.com:8443/fw", true},
		{"http://hooks.example.com:80/fw", "http://hooks.example.com/fw", true},
		{"https://hooks.example.com:80/fw", "https://hooks.example.com/fw", false},
		{"https://hooks.example.com../fw", "https://hooks.example.com/fw", false},
		{"https://hooks.example.com../fw", "https://hooks.example.com./fw", false},
		{"https://hooks.example.com:/fw", "https://hooks.example.com/fw", true},
		{"https://hooks.example.com", "https://hooks.example.com/", true},
		{"https://hooks.example.com?a=b", "https://hooks.example.com/?a=b", true},
		{"https://hooks.example.com./fw", "https://hooks.example.com/fw", true},
		{"https://bücher.example/fw", "https://xn--bcher-kva.example/fw", true},
		{"https://BÜCHER.example/fw", "https://xn--bcher-kva.example/fw", true},
		{"https://b%C3%BCcher.example/fw", "https://xn--bcher-kva.example/fw", true},
		{"https://xn--bcher-kva.example./fw", "https://bücher.example:443/fw", true},
		{"https://[2001:DB8::1]/fw", "https://[2001:db8::1]:443/fw", true},
		{"https://hooks.example.com/fw#part", "https://hooks.example.com/fw", true},
		{"https://hooks.example.com/FW", "https://hooks.example.com/fw", false},
		{"https://hooks.example.com/fw/", "https://hooks.example.com/fw", false},
		{"https://hooks.example.com/fw?a=1", "https://hooks.example.com/fw?a=2", false},
		{"https://hooks.example.com/fw?a=1", "https://hooks.example.com/fw", false},
		{"https://hooks.example.com/fw?A=1", "https://hooks.example.com/fw?a=1", false},
		{"https://hooks.example.com/fw", "http://hooks.example.com/fw", false},
		{"https://me@hooks.example.com/fw", "https://hooks.example.com/fw", false},
		{"https://a.example.com/fw", "https://b.example.com/fw", false},
		{"https://%zz", "https://%zz", true},
		{"https://%zz", "https://%zy", false},
		{"", "", true},
	}
	for _, test := range tests {
		if same := NormalURL(test.a) == NormalURL(test.b); same != test.same {
			t.Errorf("%q is %q, %q is %q", test.a, NormalURL(test.a), test.b, NormalURL(test.b))
		}
		if once := NormalURL(test.a); NormalURL(once) != once {
			t.Errorf("%q is %q, and that %q", test.a, once, NormalURL(once))
		}
	}
}

// FuzzNormalURL: normalizing a URL twice equals normalizing it once. What is no URL stays unchanged. Two URLs stay
// the same or different, however they are written.
func FuzzNormalURL(f *testing.F) {
	for _, seed := range []string{
		"https://hooks.example.com/fourthwall", "HTTPS://Hooks.Example.COM:443", "http://münchen.example:80/?q#f",
		"http://[::1]:8080/%2e/a%zz", "https://a.example./x", "//x", ":", "https://xn--/",
		"http://[fe80::1%25en0]:0080/", "https://faß.example:00443", "http://a.example%2e:65536/", "http://a。/",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) { checkNormalURL(t, address) })
}

// TestNormalURLProperties checks the same with texts that mostly are URLs.
func TestNormalURLProperties(t *testing.T) {
	part := rapid.StringOfN(rapid.RuneFrom([]rune("aZ9-_.~%/?#:@éß漢１。\u00adİſ[] ")), 0, 12, -1)
	port := rapid.SampledFrom([]string{"", ":", ":80", ":443", ":0443", ":8443", ":99999"})
	rapid.Check(t, func(t *rapid.T) {
		scheme := rapid.SampledFrom([]string{"http", "https", "HTTP", "hTtPs"}).Draw(t, "scheme")
		checkNormalURL(t, scheme+"://"+part.Draw(t, "host")+".Example"+port.Draw(t, "port")+"/"+part.Draw(t, "path"))
	})
}

func checkNormalURL(t interface{ Errorf(string, ...any) }, address string) {
	once := NormalURL(address)
	if twice := NormalURL(once); twice != once {
		t.Errorf("%q becomes %q, and that %q", address, once, twice)
	}
	if checkURL(address) == "" && checkURL(once) != "" {
		t.Errorf("%q is an address, and %q is none: %s", address, once, checkURL(once))
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		if once != address {
			t.Errorf("%q is no address, and becomes %q", address, once)
		}
		return
	}
	for name, other := range sameAddress(*u) {
		if got := NormalURL(other); got != once {
			t.Errorf("%q becomes %q; with %s, as %q, it becomes %q", address, once, name, other, got)
		}
	}
	for name, other := range otherAddress(*u) {
		if NormalURL(other) == once {
			t.Errorf("%q becomes %q, and so does %q, which has %s", address, once, other, name)
		}
	}
}

// sameAddress returns other spellings of a URL.
func sameAddress(u url.URL) map[string]string {
	plain := u.String()
	upper, port, fragment := u, u, u
	_, rest, _ := strings.Cut(plain, ":")
	if strings.IndexFunc(u.Host, func(r rune) bool { return r > '~' || r == '%' }) < 0 {
		upper.Host = strings.ToUpper(u.Host)
	}
	if u.Port() == "" {
		port.Host = strings.TrimSuffix(u.Host, ":") + map[string]string{"http": ":080", "https": ":443"}[u.Scheme]
	}
	fragment.Fragment, fragment.RawFragment = "part", ""
	return map[string]string{
		"itself": plain, "an upper-case scheme": strings.ToUpper(u.Scheme) + ":" + rest, "an upper-case host": upper.String(),
		"the default port": port.String(), "a fragment": fragment.String(),
	}
}

// otherAddress returns URLs that differ from it.
func otherAddress(u url.URL) map[string]string {
	path, query, scheme, host := u, u, u, u
	path.Path, path.RawPath = u.Path+"/x", ""
	query.RawQuery += "&x"
	scheme.Scheme = map[string]string{"http": "https", "https": "http"}[u.Scheme]
	host.Host = "x." + u.Host
	all := map[string]string{
		"another path": path.String(), "another query": query.String(), "another scheme": scheme.String(),
	}
	if !strings.HasPrefix(u.Host, "[") {
		all["another host"] = host.String()
	}
	return all
}
