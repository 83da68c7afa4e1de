package webhooks

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"hookwall/internal/unseen"
)

// fw is the URL that is meant in most of these tests.
const fw = "https://hooks.example.com/fw"

// TestTrimsWhatCannotBeSeen: what copying adds around a URL is dropped, whatever it is.
func TestTrimsWhatCannotBeSeen(t *testing.T) {
	for _, char := range "\u200b\u200f\u200e\u2060\u00ad\ufeff\u202a\u202c\u2066\u2069\u200d\u00a0\u2007\u202f\u3000" +
		"\u2028\u0085\t\n\r \u0000\u007f\u034f\u061c\u180e\u3164\u2800\ufe0f\U000e0020\U000e0100\ufffc" {
		for _, typed := range []string{string(char) + fw, fw + string(char), " " + string(char) + fw + string(char) + " "} {
			if diff := cmp.Diff(URLReport{URL: fw}, ReadURL(typed)); diff != "" {
				t.Errorf("%q: %s", typed, diff)
			}
		}
	}
}

// TestNamesWhatCannotBeSeen: what is inside is named, and the URL without it is offered first.
func TestNamesWhatCannotBeSeen(t *testing.T) {
	tests := []struct {
		typed   string
		names   []string
		isLegal bool
		offer   string
	}{
		{"https://hooks.example.com/f\u200bw", []string{"U+200B (zero-width space)"}, true, fw},
		{"https://hooks.example.com/f\u200fw", []string{"U+200F (right-to-left mark)"}, true, fw},
		{"https://hooks.exam\u2060ple.com/fw", []string{"U+2060 (word joiner)"}, true, fw},
		{"https://hooks.exam\u00adple.com/f\u00adw", []string{"U+00AD (soft hyphen)"}, true, fw},
		{"https://\ufeffhooks.example.com/fw", []string{"U+FEFF (byte order mark)"}, true, fw},
		{"https://hooks.example.com/f\ufe0fw", []string{"U+FE0F (variation selector)"}, true, fw},
		{"https://hooks.example.com/f\U000e0041w", []string{"U+E0041 (tag character)"}, true, fw},
		{"https://hooks.example.com/\u202afw\u202c?", []string{"U+202A", "U+202C"}, true, fw + "?"},
		{"hooks.example.com/f\u200bw", []string{"U+200B"}, true, fw},
		{"https://hooks.example.com/f\u0007w", []string{"U+0007 (control character)"}, false, fw},
		{"ht\u200btps://hooks.example.com/fw", []string{"U+200B"}, false, fw},
		{"https://hooks.example.com/f\u00a0w", []string{"U+00A0 (no-break space)"}, false, fw},
		{"https://hooks.example.com/f\n\tw", []string{"U+000A (line break)", "U+0009 (tab)"}, false, fw},
		{"<https://hooks.example.com/f\u200bw>", []string{"U+200B"}, false, fw},
	}
	for _, test := range tests {
		r := ReadURL(test.typed)
		said := r.Unseen
		if said == "" {
			said = strings.Join(r.Errors, " ")
		}
		for _, name := range test.names {
			if !strings.Contains(said, name) {
				t.Errorf("%q: %q does not name %s", test.typed, said, name)
			}
		}
		if isLegal := len(r.Errors) == 0; isLegal != test.isLegal || isLegal != (r.Unseen != "") {
			t.Errorf("%q: %+v", test.typed, r)
		}
		if len(r.Offers) == 0 || r.Offers[0] != test.offer {
			t.Errorf("%q: offers %q, want %s", test.typed, r.Offers, test.offer)
		}
	}
}

// TestOffersTheURLInside: a URL is found in what people paste with it.
func TestOffersTheURLInside(t *testing.T) {
	for _, typed := range []string{
		"<" + fw + ">", "“" + fw + "”", "‘" + fw + "’", "\"" + fw + "\"", "'" + fw + "'", "«" + fw + "»", "„" + fw + "“",
		"「" + fw + "」", "`" + fw + "`", "```\n" + fw + "\n```", "(" + fw + ")", "[" + fw + "]", "*" + fw + "*", "**" + fw + "**",
		"_" + fw + "_", "\"" + fw, fw + "\"", fw + "`", fw + "”", fw + ">", "(see " + fw + ").",
		"[x](" + fw + ")", "[x](" + fw + " \"title\")", "![x](" + fw + ")", "[" + fw + "](" + fw + ")",
		"[https://other.example](" + fw + ")", "[1]: " + fw, "<" + fw + "|text>", "<" + fw + "|" + fw + ">",
		"<a href=\"" + fw + "\">here</a>", "<a href='" + fw + "'>here</a>", "<p>" + fw + "</p>",
		"POST " + fw, "GET " + fw + " HTTP/1.1", "post\t" + fw, "curl " + fw, "curl -X POST " + fw + " -d '{\"a\": \"b\"}'",
		"curl -X POST '" + fw + "' \\\n  -H 'A: b'", "curl -d \"a=b\" \"" + fw + "\"", "fetch(`" + fw + "`)",
		"requests.post('" + fw + "', json={})", "{\"url\": \"" + fw + "\"}", `"https:\/\/hooks.example.com\/fw"`,
		"URL: " + fw, "url=" + fw, "Webhook URL: " + fw, "WEBHOOK_URL=" + fw, "export URL=\"" + fw + "\"", "- " + fw,
		"→ " + fw, "Endpoint URL " + fw, "view-source:" + fw, fw + " please", fw + ", thanks",
		"<hooks.example.com/fw>", "“hooks.example.com/fw”", "POST hooks.example.com/fw", "[x](hooks.example.com/fw)",
		"<hooks.example.com/fw|text>", "curl -X POST hooks.example.com/fw -d x", "URL:hooks.example.com/fw",
		"https%3A%2F%2Fhooks.example.com%2Ffw", "&lt;" + fw + "&gt;", "&quot;" + fw + "&quot;", "href=&#39;" + fw + "&#39;",
		fw + "</a>", fw + "<br>", "[[" + fw + "|x]]", "[url]" + fw + "[/url]", "[url=" + fw + "]x[/url]",
		"POST /fw HTTP/1.1\nHost: hooks.example.com\n\n{}", "curl ^\"" + fw + "^\" ^\n -X POST",
		"curl -e https://a.example/ -A 'x (+https://b.example)' " + fw, "curl -x http://proxy.example:8080 " + fw,
		"curl -H 'Origin: https://a.example' -d '{\"u\":\"https://b.example\"}' --url " + fw,
		"curl -d \"https://a.example\" \"" + fw + "\"",
	} {
		r := ReadURL(typed)
		if len(r.Errors) == 0 || len(r.Offers) == 0 || r.Offers[0] != fw {
			t.Errorf("%q: %+v", typed, r)
		}
	}
}

// TestRespellsSchemes: what is wrong with the beginning of a URL is said, and the right one offered.
func TestRespellsSchemes(t *testing.T) {
	const plain = "http://hooks.example.com/fw"
	for offer, list := range map[string][]string{
		fw: {
			"https://" + fw, "http://" + fw, "https:" + fw, "https://https://" + fw, "HTTPS://" + fw,
			"https://https//hooks.example.com/fw", "https//hooks.example.com/fw", "https:/hooks.example.com/fw",
			"https:hooks.example.com/fw", "https:///hooks.example.com/fw", "https;//hooks.example.com/fw",
			"https.//hooks.example.com/fw", "https ://hooks.example.com/fw", "https:// hooks.example.com/fw",
			"https:\\\\hooks.example.com\\fw", `https:\/\/hooks.example.com\/fw`, "://hooks.example.com/fw",
			"htps://hooks.example.com/fw", "hhttps://hooks.example.com/fw", "htttps://hooks.example.com/fw",
			"ttps://hooks.example.com/fw", "httsp://hooks.example.com/fw", "hptts://hooks.example.com/fw",
			"httpss://hooks.example.com/fw", "hxxps://hooks.example.com/fw", "htps:/hooks.example.com/fw",
			"https：／／hooks.example.com/fw", "https://www." + fw, "https:/ /hooks.example.com/fw", "h ttps://hooks.example.com/fw",
			"https//:hooks.example.com/fw", "tps://hooks.example.com/fw", "s://hooks.example.com/fw", "///hooks.example.com/fw",
			`\\hooks.example.com\fw`, "POST" + fw,
		},
		plain: {
			"https://" + plain, "http://" + plain, "http:/hooks.example.com/fw", "htp://hooks.example.com/fw",
			"hhttp://hooks.example.com/fw", "http//hooks.example.com/fw",
		},
	} {
		for _, typed := range list {
			r := ReadURL(typed)
			if len(r.Errors) == 0 || len(r.Offers) == 0 || r.Offers[0] != offer || slices.Contains(r.Errors, urlSurrounded) {
				t.Errorf("%q: %+v", typed, r)
			}
		}
	}
	if r := ReadURL("https://" + fw); r.Errors[0] != urlDoubled {
		t.Errorf("two schemes: %q", r.Errors)
	}
}

// TestOtherSchemes: https:// in front does not make these URLs of web servers.
func TestOtherSchemes(t *testing.T) {
	for want, list := range map[string][]string{
		urlWebSocket:            {"wss://hooks.example.com/fw", "ws://hooks.example.com", "WSS://x", "https://wss://x.example/fw"},
		urlFileServer:           {"ftp://hooks.example.com/fw", "sftp://x.example", "ftps://x.example", "https://ftp://x.example"},
		urlMail:                 {"mailto:me@hooks.example.com", "me@hooks.example.com", "https://mailto:me@hooks.example.com", "<mailto:me@x.example>"},
		urlPhone:                {"tel:+4912345", "tel:12345", "sms:12345"},
		urlBrowserOnly:          {"javascript:alert(1)", "https://javascript:alert(1)", "data:text/html,x", "about:blank", "blob:x"},
		urlFile:                 {"file:///tmp/x", `C:\hooks\fw`, "c:/hooks/fw", "c://hooks/fw", `\\server\share`, "~/fw"},
		urlOtherScheme("slack"): {"slack://open", "https://slack://open", "SLACK://open"},
		urlOtherScheme("urn"):   {"urn:isbn:x"},
	} {
		for _, typed := range list {
			r := ReadURL(typed)
			if !slices.Contains(r.Errors, want) || len(r.Offers) > 0 {
				t.Errorf("%q: %+v", typed, r)
			}
		}
	}
}

// TestCompletes: a URL without a scheme gets https://, which is said.
func TestCompletes(t *testing.T) {
	for _, typed := range []string{
		"streamer.bot/x", "example.com", "example.com:443/hook", "localhost:3000/x", "localhost", "203.0.113.7/fw",
		"[2001:db8::1]:443/fw", "intranet:8080/x", "müller.example/x", "WWW.Example.COM?a=b", "me:pw@hooks.example.com/fw",
		"x.example/?u=https://y.example", "x.example./fw#part", "data:8080/x",
	} {
		r := ReadURL(" " + typed + "\u200b")
		whole := "https://" + typed
		if r.URL != whole || len(r.Errors) > 0 || !r.Completed || !slices.Contains(r.Hints, hintCompleted(whole)) {
			t.Errorf("%q: %+v", typed, r)
		}
	}
	if r := ReadURL("//streamer.bot/x"); r.URL != "https://streamer.bot/x" || !r.Completed {
		t.Errorf("%+v", r)
	}
	for _, typed := range []string{"https", "foo", "foo/bar", "/fw", "not yet a URL", "?a=b", "https://", "https:///fw"} {
		if r := ReadURL(typed); len(r.Errors) == 0 || r.Completed || len(r.Offers) > 0 {
			t.Errorf("%q: %+v", typed, r)
		}
	}
}

// TestHostsAndPorts: what is wrong behind https:// is named.
func TestHostsAndPorts(t *testing.T) {
	for want, list := range map[string][]string{
		urlPortImpossible: {
			"https://hooks.example.com:0/fw", "https://hooks.example.com:65536/fw", "https://hooks.example.com:-1/fw",
			"https://hooks.example.com:https/fw", "https://hooks.example.com:443:443/fw", "https://a@hooks.example.com::443/fw",
			"https://[2001:db8::1]:x/fw",
		},
		urlBareIPv6:  {"https://::1/fw", "https://2001:db8::1/fw"},
		urlMalformed: {"https://[2001:db8::1/fw", fw + "/100%"},
	} {
		for _, typed := range list {
			if r := ReadURL(typed); !slices.Equal(r.Errors, []string{want}) {
				t.Errorf("%q: %+v", typed, r)
			}
		}
	}
}

func TestBackslashes(t *testing.T) {
	for typed, offer := range map[string]string{
		`https://hooks.example.com\fw`:              fw,
		`https://hooks.example.com/a\b`:             "https://hooks.example.com/a/b",
		`hooks.example.com\fw`:                      fw,
		`https://hooks.example.com/fw\?a\=b\&c`:     fw + "?a=b&c",
		`https://hooks.example.com\/fw`:             fw,
		`https://hooks.example.com/f\_w`:            "https://hooks.example.com/f_w",
		`https://hooks.example.com/fw?a=1\u0026b=2`: fw + "?a=1&b=2",
		`https://hooks.example.com/fw\`:             fw,
		`https://hooks.example.com/fw\n`:            fw,
	} {
		r := ReadURL(typed)
		if !slices.Equal(r.Errors, []string{urlBackslash}) || !slices.Equal(r.Offers, []string{offer}) {
			t.Errorf("%q: %+v", typed, r)
		}
	}
}

func TestSpacesInside(t *testing.T) {
	const a, ab, b = "https://hooks.example.com/a", "https://hooks.example.com/ab", "https://other.example/b"
	tests := []struct {
		typed  string
		fault  string
		offers []string
	}{
		{a + " b", urlBlank, []string{a, ab}},
		{a + "\n   b", urlSpaces([]string{unseen.Name('\n')}), []string{ab, a}},
		{"https://hooks .example.com/a", urlBlank, []string{a}},
		{a + " is what we use now", urlBlank, []string{a}},
		{a + " " + b, urlSeveral, []string{a, b}},
		{a + "\n" + b + "\n" + a, urlSeveral, []string{a, b}},
		{a + ", " + b + ".", urlSeveral, []string{a, b}},
		{a + " and other.example/b", urlSeveral, []string{a, b}},
	}
	for _, test := range tests {
		r := ReadURL(test.typed)
		if !slices.Equal(r.Errors, []string{test.fault}) || !slices.Equal(r.Offers, test.offers) {
			t.Errorf("%q: %+v", test.typed, r)
		}
	}
}

// TestHints: what is said of a URL that can be sent, and what is offered in its place.
func TestHints(t *testing.T) {
	tests := []struct {
		url   string
		hints []string
		offer string
	}{
		{fw, nil, ""},
		{fw + "?a[]=1&filter[name]=b&c=(d)&e=f's", nil, ""},
		{"https://web.archive.org/https://x.example", nil, ""},
		{"https://hooks.example.com/fw#part", []string{hintFragment}, ""},
		{fw + "?a=1&amp;b=2", []string{hintEntity("&amp;")}, fw + "?a=1&b=2"},
		{fw + "?a=1&#38;b=2", []string{hintEntity("&#38;")}, fw + "?a=1&b=2"},
		{fw + "?a=1&#x26;b=2#c", []string{hintEntity("&#x26;"), hintFragment}, fw + "?a=1&b=2#c"},
		{fw + "?copy=1&copy=2&amps=3", nil, ""},
		{fw + "/{id}", []string{hintPlaceholder("{id}")}, ""},
		{fw + "/${ID}", []string{hintPlaceholder("${ID}")}, ""},
		{fw + "/{{id}}", []string{hintPlaceholder("{{id}}")}, ""},
		{fw + "/<id>", []string{hintPlaceholder("<id>")}, ""},
		{fw + "/%3Cid%3E", []string{hintPlaceholder("%3Cid%3E")}, ""},
		{fw + "/[YOUR-ID]", []string{hintPlaceholder("[YOUR-ID]")}, ""},
		{fw + "/YOUR_TOKEN", []string{hintPlaceholder("YOUR_TOKEN")}, ""},
		{fw + "/XXXXXXXX", []string{hintPlaceholder("XXXXXXXX")}, ""},
		{"https://your-domain.com/fw", []string{hintPlaceholder("your-domain")}, ""},
		{"https://{host}/fw", []string{hintPlaceholder("{host}")}, ""},
		{"https://<host>/fw", []string{hintPlaceholder("<host>")}, ""},
		{"https://[YOUR-HOST]/fw", []string{hintPlaceholder("[YOUR-HOST]")}, ""},
		{"https://hooks.example.com:{port}/fw", []string{hintPlaceholder("{port}")}, ""},
		{fw + ".", []string{hintEnd(".")}, fw},
		{fw + "),", []string{hintEnd("),")}, fw},
		{fw + "(a)", nil, ""},
		{fw + "%20", []string{hintEnd("%20")}, fw},
		{fw + "/:id/x", []string{hintPlaceholder(":id")}, ""},
		{fw + "/x:publish", nil, ""},
		{fw + "/[id]", []string{hintPlaceholder("[id]")}, ""},
		{fw + "/[...slug]", []string{hintPlaceholder("[...slug]")}, ""},
		{fw + "/$ID", []string{hintPlaceholder("$ID")}, ""},
		{fw + "?$filter=a", nil, ""},
		{fw + "/%s", []string{hintPlaceholder("%s")}, ""},
		{fw + "/%d/x", []string{hintPlaceholder("%d")}, ""},
		{fw + "/%TOKEN%", []string{hintPlaceholder("%TOKEN%")}, ""},
		{fw + "/%E2%82%AC%D0%B0", nil, ""},
		{fw + "/__TOKEN__", []string{hintPlaceholder("__TOKEN__")}, ""},
		{fw + "/REPLACE_ME", []string{hintPlaceholder("REPLACE_ME")}, ""},
		{"https://your-subdomain.example.com/fw", []string{hintPlaceholder("your-subdomain")}, ""},
		{"https://{{host}}:{{port}}/fw", []string{hintPlaceholder("{{host}}"), hintPlaceholder("{{port}}")}, ""},
		{fw + "/abc…", []string{hintHidden("…")}, ""},
		{fw + "/abc...", []string{hintHidden("...")}, ""},
		{fw + "/****", []string{hintHidden("****")}, ""},
		{fw + "," + fw, []string{hintSeveral}, fw},
		{fw + fw, []string{hintSeveral}, fw},
		{fw + "/?to=https://x.example/https://y.example", nil, ""},
		{"https://@hooks.example.com/fw", nil, ""},
		{"https://:pw@hooks.example.com/fw", []string{hintLogin}, ""},
		{"https://hooks,example.com/fw", []string{hintHost("hooks,example.com")}, ""},
		{"https://a..example.com/fw", []string{hintHost("a..example.com")}, ""},
		{"https://-a.example.com/fw", []string{hintHost("-a.example.com")}, ""},
		{"https://my_shop.example.com/fw", nil, ""},
		{"https://müller.example/fw", nil, ""},
		{"https://nas.lan/", []string{hintLocal}, ""},
		{fw + "/%E2%80%8B", []string{hintEncodedUnseen([]string{unseen.Name('\u200b')})}, fw + "/"},
		{fw + "/a%20b%C3%BC", nil, ""},
		{"https://my-shop.fourthwall.com/x", []string{hintFourthwall("my-shop.fourthwall.com")}, ""},
		{"https://FOURTHWALL.com./x", []string{hintFourthwall("fourthwall.com")}, ""},
		{"https://ｆourthwall.com/x", []string{hintFourthwall("fourthwall.com")}, ""},
		{"https://notfourthwall.com/x", nil, ""},
		{"https://fourthwall.com.example/x", nil, ""},
		{"https://203.0.113.7/", []string{hintIP}, ""},
		{"https://2130706433/", []string{hintIP}, ""},
		{"https://0x7f.1/", []string{hintIP}, ""},
		{"https://[2001:db8::1]/", []string{hintIP}, ""},
		{"https://localhost/", []string{hintLocalhost}, ""},
		{"https://intranet/", []string{hintLocal}, ""},
		{"https://db.Internal./", []string{hintLocal}, ""},
		{"http://me@localhost:8080/#a", []string{hintLocalhost, hintPort("8080"), hintPlain, hintLogin, hintFragment}, ""},
	}
	for _, test := range tests {
		want := URLReport{URL: test.url}
		want.Likely, want.Hints = parted(test.hints)
		if test.offer != "" {
			want.Offers = []string{test.offer}
		}
		if diff := cmp.Diff(want, ReadURL(test.url), cmpopts.IgnoreUnexported(LikelyRejection{})); diff != "" {
			t.Errorf("%s: %s", test.url, diff)
		}
	}
}

// TestFaultsAndHintsTogether: a URL that must be corrected has the hints of what is offered.
func TestFaultsAndHintsTogether(t *testing.T) {
	r := ReadURL(`<https://http:\\localhost:8080\a#b>`)
	faults := []string{urlSurrounded, urlDoubled, urlBeginning(`http:\\`), urlBackslash}
	hints := []string{hintLocalhost, hintPort("8080"), hintPlain, hintFragment}
	want := URLReport{
		URL: `<https://http:\\localhost:8080\a#b>`, Errors: faults, Offers: []string{"http://localhost:8080/a#b"},
	}
	want.Likely, want.Hints = parted(hints)
	if diff := cmp.Diff(want, r, cmpopts.IgnoreUnexported(LikelyRejection{})); diff != "" {
		t.Error(diff)
	}
}

// TestLikelyBecomesCertain: what Fourthwall rejects is likely until its code names it, and then a fact.
func TestLikelyBecomesCertain(t *testing.T) {
	for _, test := range []struct{ url, code, before, after string }{
		{
			"https://203.0.113.7/fw", codeIP, "Fourthwall probably rejects IP addresses. ",
			"Fourthwall doesn’t send to IP addresses. ",
		},
		{
			"https://example.com:8443/fw", codePort, "Fourthwall probably rejects port 8443. Remove “:8443” ",
			"Fourthwall doesn’t send to port 8443. Remove “:8443” ",
		},
		{
			"https://a.fourthwall.com/", codeDomain,
			"a.fourthwall.com is Fourthwall’s own domain. Fourthwall probably rejects it. ",
			"Fourthwall doesn’t send to its own domain a.fourthwall.com. ",
		},
		{
			"https://a-.example/", codeDomain, "“a-.example” can’t be a host name, so Fourthwall will probably reject it. ",
			"Fourthwall rejected the host name “a-.example”. ",
		},
		{"https://nas.lan/", codeDomain, hintLocal, hintLocal},
		{"https://localhost/", codeDomain, hintLocalhost, hintLocalhost},
	} {
		likely := ReadURL(test.url).Likely
		if len(likely) != 1 || likely[0].Code != test.code || !strings.HasPrefix(likely[0].Text, test.before) {
			t.Errorf("before %s is sent: %+v, want %s and %q", test.url, likely, test.code, test.before)
		}
		if got := (Rejection{Status: 400, Code: test.code}).URLFix(test.url); !strings.HasPrefix(got, test.after) {
			t.Errorf("after %s was rejected: %q, want %q", test.url, got, test.after)
		}
	}
}

// parted returns those of the sentences that are about a likely rejection, with their codes, and the others.
func parted(hints []string) (likely []LikelyRejection, others []string) {
	for _, hint := range hints {
		switch {
		case hint == hintIP:
			likely = append(likely, LikelyRejection{Code: codeIP, Text: hint})
		case strings.Contains(hint, "rejects port"):
			likely = append(likely, LikelyRejection{Code: codePort, Text: hint})
		case hint == hintLocal, hint == hintLocalhost, isAboutHost(hint), strings.Contains(hint, "own domain"):
			likely = append(likely, LikelyRejection{Code: codeDomain, Text: hint})
		default:
			others = append(others, hint)
		}
	}
	return likely, others
}

// TestToolURLs: a tool's own URL that can't receive events is named, and nothing else is.
func TestToolURLs(t *testing.T) {
	for _, test := range []struct {
		url, warning, relayFor string
	}{
		{"https://discord.com/api/webhooks/118/EXAMPLE", warningDiscord, "Discord"},
		{"https://canary.discord.com/api/v10/webhooks/118/EXAMPLE", warningDiscord, "Discord"},
		{"https://discordapp.com/api/webhooks/118/EXAMPLE", warningDiscord, "Discord"},
		{"discord.com/api/webhooks/118/EXAMPLE", warningDiscord, "Discord"},
		{"https://hooks.slack.com/services/T0/B0/EXAMPLE", warningSlack, "Slack"},
		{"https://HOOKS.slack.com./services/T0/B0/EXAMPLE", warningSlack, "Slack"},
		{"https://script.google.com/macros/s/EXAMPLE/exec", warningAppsScript, "Apps Script"},
		{"https://docs.google.com/spreadsheets/d/EXAMPLE/edit", warningGoogleSheets, "Google Sheets"},
		{"https://api.streamelements.com/kappa/v2/tips/EXAMPLE", warningStreamElements, "StreamElements"},
		{"https://n8n.example.com/webhook-test/fw", warningN8N, ""},
		{"http://localhost:5678/webhook-test/fw", localN8N, ""},
		{"http://127.0.0.1:7474/DoAction", localStreamerBot, ""},
		{"http://192.168.0.20:7474/DoAction", localStreamerBot, ""},
		{"http://localhost:8911/api/v2/commands/x", localMixItUp, ""},
		{"http://[::1]:5678/webhook/fw", localN8N, ""},
		{"https://localhost/fw", "", ""},
		{"https://n8n.example.com:5678/webhook/fw", "", ""},
		{"https://n8n.example.com/webhook/fw", "", ""},
		{"https://hooks.zapier.com/hooks/catch/1/EXAMPLE/", "", ""},
		{"https://hook.eu2.make.com/EXAMPLE", "", ""},
		{"https://EXAMPLE.m.pipedream.net", "", ""},
		{"https://api.mixitupapp.com/api/webhook/EXAMPLE?secret=EXAMPLE", "", ""},
		{"https://notdiscord.com/api/webhooks/118/EXAMPLE", "", ""},
		{"https://discord.com.example/api/webhooks/118/EXAMPLE", "", ""},
		{"https://docs.google.com/forms/d/EXAMPLE", "", ""},
		{"https://slack.com/", "", ""},
	} {
		r := ReadURL(test.url)
		warning := ""
		for _, hint := range r.Hints {
			for _, row := range toolTable {
				if hint == row.warning || hint == row.local {
					warning += hint
				}
			}
		}
		if warning != test.warning || r.RelayFor != test.relayFor {
			t.Errorf("%s: %q, relay for %q", test.url, warning, r.RelayFor)
		}
		if len(r.Errors) > 0 {
			t.Errorf("%s can't be sent: %q", test.url, r.Errors)
		}
	}
}

// TestTools: each tool of the catalog has a name of its own and says where its URL is, or what to use instead.
func TestTools(t *testing.T) {
	seen, relays := map[string]bool{}, false
	for _, tool := range Tools() {
		if tool.Text == "" || tool.Name == "" || seen[tool.ID] || seen[tool.Name] {
			t.Errorf("%+v", tool)
		}
		seen[tool.ID], seen[tool.Name] = true, true
		if strings.Count(tool.Text, "*")%2 != 0 {
			t.Errorf("%s has an asterisk too many: %s", tool.Name, tool.Text)
		}
		if relays && !tool.Relay {
			t.Errorf("%s comes after a tool that needs a relay", tool.Name)
		}
		relays = tool.Relay
		if strings.Contains(tool.Text, "Pipedream as a relay") != tool.Relay {
			t.Errorf("%s: relay %v, but %s", tool.Name, tool.Relay, tool.Text)
		}
	}
}

// FuzzReadURL: what is offered can be sent as it is, and what can be sent is read the same again.
func FuzzReadURL(f *testing.F) {
	for _, seed := range []string{
		fw, "<" + fw + "|x>", "https://" + fw, "hooks.example.com\\fw", "[a](b.example/c \"d\")",
		"curl 'https:\\/\\/a.b' c", "a@b.c",
		"https://{a}/<b>%7Bc%7D?d=&amp;e#f).", "\u200bht\u200btps://a\u00a0b\u202ec.d", "https%3A%2F%2Fa.b%2F%E2%80%8B", "wss://x",
		"https://\"><script>alert(1) </script>",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) { checkReadURL(t, typed) })
}

// TestReadURLProperties checks the same with texts that are made of what people paste.
func TestReadURLProperties(t *testing.T) {
	part := rapid.SampledFrom([]string{
		"https", "http", ":", "//", "/", "\\", "www.", "hooks.example.com", "localhost", "203.0.113.7", "[::1]", ":8443", "@", "?", "#", "=",
		"&amp;", "{id}", "<id>", "<", ">", "|", "(", ")", "[", "]", "\"", "“", "”", "`", "'", " ", "\n", "\u00a0", "\u200b", "\u202e", "\ufe0f", "%E2%80%8B",
		"%7B", "POST", "curl", "wss://", "mailto:", "url:", ".", ",", "*", "_", "ü", "。", "👍",
	})
	rapid.Check(t, func(t *rapid.T) {
		checkReadURL(t, strings.Join(rapid.SliceOfN(part, 0, 12).Draw(t, "parts"), ""))
	})
}

func checkReadURL(t interface{ Errorf(string, ...any) }, typed string) {
	r := ReadURL(typed)
	if len(r.Errors) == 0 {
		if again := ReadURL(r.URL); again.URL != r.URL || len(again.Errors) > 0 || checkURL(r.URL) != "" {
			t.Errorf("%q is sent as %q, which is read as %+v", typed, r.URL, again)
		}
	}
	if len(r.Offers) > mostOffers+1 || r.Unseen != "" && len(r.Offers) == 0 {
		t.Errorf("%q: offers %q", typed, r.Offers)
	}
	for _, offer := range r.Offers {
		if again := ReadURL(offer); again.URL != offer || len(again.Errors) > 0 || again.Unseen != "" {
			t.Errorf("%q: the offer %q is read as %+v", typed, offer, again)
		}
		if strings.ContainsFunc(offer, func(c rune) bool { return unseen.Is(c) || unicode.IsSpace(c) }) {
			t.Errorf("%q: the offer %q has characters that can't be seen", typed, offer)
		}
	}
}
