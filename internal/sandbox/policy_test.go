package sandbox

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

var urlCases = []struct{ url, want string }{
	// allowed
	{"https://hooks.example.com/fourthwall", ""},
	{"http://hooks.example.com", ""},
	{"HTTPS://Hooks.Example.COM./x", ""},
	{"https://hooks.example.com:443/x?token=1#part", ""},
	{"https://hooks.example.com:80/", ""},
	{"https://hooks.example.com:0443/", ""},
	{"https://hooks.example.com:/", ""},
	{"https://receiver.sandbox.example/r/abc", ""},
	{"http://receiver.sandbox.example/ok", ""},
	{"http://receiver.sandbox.example:80/slow", ""},
	{"https://RECEIVER.sandbox.example.:443/verify?x=1", ""},
	{"https://münchen.example/x", ""},
	{"https://my_hooks.example.com/", ""},
	{"https://127.0.0.1.nip.io/", ""},
	{"https://fourthwall.com.example.org/", ""},
	{"https://notfourthwall.com/", ""},
	{"https://mylocal.dev/a@b", ""},

	// addresses
	{"https://203.0.113.7/fw", codeIPNotAllowed},
	{"https://203.0.113.7:8443/fw", codeIPNotAllowed},
	{"https://127.0.0.1./", codeIPNotAllowed},
	{"https://2130706433/", codeIPNotAllowed},
	{"https://0x7f.1/", codeIPNotAllowed},
	{"https://0X7F000001/", codeIPNotAllowed},
	{"https://0177.0.0.01/", codeIPNotAllowed},
	{"https://127.1/", codeIPNotAllowed},
	{"https://0/", codeIPNotAllowed},
	{"https://0x/", codeIPNotAllowed},
	{"https://999.999.999.999/", codeIPNotAllowed},
	{"https://1.2.3.4.5/", codeIPNotAllowed},
	{"https://[::1]/", codeIPNotAllowed},
	{"https://[::1]:8080/", codeIPNotAllowed},
	{"https://::1/", codeIPNotAllowed},
	{"https://[::ffff:127.0.0.1]/", codeIPNotAllowed},
	{"https://[::ffff:7f00:1]/", codeIPNotAllowed},
	{"https://[64:ff9b::7f00:1]/", codeIPNotAllowed},
	{"https://[fe80::1%25eth0]/", codeIPNotAllowed},
	{"https://%5B::1%5D/", codeWebhookURIInvalid},
	{"https://%31%32%37.0.0.1/", codeIPNotAllowed},
	{"https://127%2e0%2e0%2e1/", codeIPNotAllowed},
	{"https://\uff11\uff12\uff17.0.0.1/", codeIPNotAllowed}, // full-width digits
	{"https://127\u30020\u30020\u30021/", codeIPNotAllowed},
	{"https://①②⑦.0.0.1/", codeIPNotAllowed},
	{"https://127\u00ad.0.0.1/", codeIPNotAllowed},
	{"https://\uff10\uff58\uff17f.1/", codeIPNotAllowed}, // full-width 0x7

	// ports
	{"https://hooks.example.com:8443/", codePortNotAllowed},
	{"http://hooks.example.com:8080", codePortNotAllowed},
	{"https://hooks.example.com:0/", codePortNotAllowed},
	{"https://hooks.example.com:99999999999999999999/", codePortNotAllowed},
	{"http://localhost:3000/", codePortNotAllowed},

	// names
	{"https://localhost/x", codeUnallowedDomain},
	{"https://LOCALHOST./x", codeUnallowedDomain},
	{"https://ʟocalhost/x", codeUnallowedDomain},
	{"https://api.localhost/", codeUnallowedDomain},
	{"https://printer.local/", codeUnallowedDomain},
	{"https://db.internal/", codeUnallowedDomain},
	{"https://shop.test/", codeUnallowedDomain},
	{"https://fourthwall.com/", codeUnallowedDomain},
	{"https://my-shop.Fourthwall.com./", codeUnallowedDomain},
	{"https://intranet/", codeUnallowedDomain},

	// not a usable address at all
	{"", codeWebhookURIInvalid},
	{"hooks.example.com/x", codeWebhookURIInvalid},
	{"//hooks.example.com/x", codeWebhookURIInvalid},
	{"ftp://hooks.example.com/x", codeWebhookURIInvalid},
	{"javascript://hooks.example.com/%0aalert(1)", codeWebhookURIInvalid},
	{"https:///x", codeWebhookURIInvalid},
	{"https://:443/x", codeWebhookURIInvalid},
	{"https://./x", codeWebhookURIInvalid},
	{"https://a..example.com/", codeWebhookURIInvalid},
	{"https://127.0.0.1../", codeWebhookURIInvalid},
	{"https://user@hooks.example.com/", codeWebhookURIInvalid},
	{"https://user:pw@127.0.0.1/", codeWebhookURIInvalid},
	{"https://hooks.example.com\\@127.0.0.1/", codeWebhookURIInvalid},
	{"https://hooks.example.com:port/", codeWebhookURIInvalid},
	{"https://hooks.example.com:80:443/", codeWebhookURIInvalid},
	{"https://[::1/", codeWebhookURIInvalid},
	{"https://::1]/", codeWebhookURIInvalid},
	{"https://[::1]x/", codeWebhookURIInvalid},
	{"https://[hooks.example.com]/", codeWebhookURIInvalid},
	{"https://[v1.fe80]/", codeWebhookURIInvalid},
	{"https://hooks.%65xample.com/", codeWebhookURIInvalid},
	{"https://hooks.example.com/%zz", codeWebhookURIInvalid},
	{"https://hooks.%zz.com/", codeWebhookURIInvalid},
	{"https://hooks.%ff.com/", codeWebhookURIInvalid},
	{"https://hooks example.com/", codeWebhookURIInvalid},
	{" https://hooks.example.com/", codeWebhookURIInvalid},
	{"https://hooks.example.com/\n", codeWebhookURIInvalid},
	{"https://hooks.example.com/\x00", codeWebhookURIInvalid},
	{"https://hooks.example.com/\xff", codeWebhookURIInvalid},
	{"https://" + strings.Repeat("a", 64) + ".example.com/", codeWebhookURIInvalid},
	{"https://" + strings.Repeat("a.", 130) + "com/", codeWebhookURIInvalid},
	{"https://hooks.example.com/" + strings.Repeat("a", maxURL), codeWebhookURIInvalid},
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	for _, c := range urlCases {
		if got := checkURL(c.url); got != c.want {
			t.Errorf("checkURL(%.80q) = %q, want %q", c.url, got, c.want)
		}
	}
}

// Whatever the policy lets pass is an http(s) URL to a public-looking name at a usual port, also
// for the standard library, which is what would call it.
func FuzzCheckURL(f *testing.F) {
	for _, c := range urlCases {
		f.Add(c.url)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if checkURL(raw) != "" {
			return
		}
		u, err := url.Parse(raw)
		if err != nil || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
			t.Fatalf("%q passed: %v", raw, err)
		}
		if p := strings.TrimLeft(u.Port(), "0"); p != "" && p != "80" && p != "443" {
			t.Fatalf("%q passed with port %s", raw, p)
		}
		host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
		if _, err := netip.ParseAddr(host); err == nil || !strings.ContainsAny(host, ".\u3002\uff0e\uff61") {
			t.Fatalf("%q passed with host %q", raw, host)
		}
		if again := checkURL(strings.ToUpper(u.Scheme) + raw[len(u.Scheme):]); again != "" {
			t.Fatalf("%q passed, but not with its scheme in capitals: %s", raw, again)
		}
	})
}
