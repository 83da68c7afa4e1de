package ui

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestURLNotes(t *testing.T) {
	const (
		ascii    = "This domain resolves as "
		reads    = "In its own letters, this domain is "
		like     = "This URL uses letters that look like others: "
		sure     = ". Make sure that it’s the host you mean."
		unseen   = "This URL contains characters that are invisible or reverse text: "
		distrust = ". Don’t trust it unless you put them there."
		signs    = "This URL contains characters that only look like a slash, a dot or a colon: "
		ends     = ". Check where its host ends."
	)
	tests := []struct {
		name, address string
		want          []string
	}{
		{"plain", "https://hooks.example.com/fourthwall?a=b#c", nil},
		{"an IP number", "https://203.0.113.7/", nil},
		{"IPv6", "https://[2001:db8::1]:443/", nil},
		{"nothing", "", nil},
		{"no address", "% :", nil},
		{"underscores, which DNS has", "https://my_hooks.example.com/", nil},
		{"umlauts", "https://bücher.example/", []string{ascii + "xn--bcher-kva.example"}},
		{"umlauts, in ASCII", "https://xn--bcher-kva.example/", []string{reads + "bücher.example"}},
		{"umlauts, in capitals", "https://BÜCHER.example/", []string{ascii + "xn--bcher-kva.example"}},
		{"wide letters", "https://ｅｘａｍｐｌｅ.com/", []string{ascii + "example.com"}},
		{"Cyrillic", "https://пример.рф/", []string{ascii + "xn--e1afmkfd.xn--p1ai"}},
		{"Japanese", "https://東京タワーのtest.example/", []string{ascii + "xn--test-4c4crs0kodv073ay09b.example"}},
		{"Korean", "https://한국漢字a.example/", []string{ascii + "xn--a-471bq89cry2dozzb.example"}},
		{"Chinese with Bopomofo", "https://ㄅ漢a.example/", []string{ascii + "xn--a-1jux89u.example"}},
		{"a mark that belongs to every script", "https://q\u0301.example/", []string{ascii + "xn--q-xbb.example"}},
		{"umlauts and underscores", "https://my_bücher.example/", []string{ascii + "xn--my_bcher-95a.example"}},
		{"no host that there can be", "https://xn--ü.example/", []string{"This host name can’t be written in ASCII, so it can’t exist."}},
		{"Latin and Cyrillic", "https://\u0440aypal.com/", []string{ascii + "xn--aypal-uye.com", like + "“\u0440aypal” mixes Cyrillic and Latin" + sure}},
		{"Latin and Cyrillic, in ASCII", "https://xn--aypal-uye.com/", []string{reads + "\u0440aypal.com", like + "“\u0440aypal” mixes Cyrillic and Latin" + sure}},
		{"Latin and Greek", "https://a\u03bf.example/", []string{ascii + "xn--a-smb.example", like + "“a\u03bf” mixes Greek and Latin" + sure}},
		{"all Cyrillic, all like Latin", "https://\u0430\u0440\u0440\u04cf\u0435.com/", []string{ascii + "xn--80ak6aa92e.com", like + "“\u0430\u0440\u0440\u04cf\u0435” can be read as Latin letters and is Cyrillic" + sure}},
		{"the same under a Cyrillic top", "https://\u0430\u0440\u0440\u0435.рф/", []string{ascii + "xn--80ak6aa.xn--p1ai"}},
		{"the same, with the dot of the root", "https://\u0430\u0440\u0440\u0435.рф./", []string{ascii + "xn--80ak6aa.xn--p1ai."}},
		{"all Cyrillic, all like Latin, with a digit", "https://\u0430\u0440\u0440\u0435-1.com/", []string{ascii + "xn---1-6kcu8ca.com", like + "“\u0430\u0440\u0440\u0435-1” can be read as Latin letters and is Cyrillic" + sure}},
		{"all Cyrillic, not all like Latin", "https://привет.com/", []string{ascii + "xn--b1agh1afp.com"}},
		{"each label by itself", "https://пример.hooks.example/", []string{ascii + "xn--e1afmkfd.hooks.example"}},
		{"Hebrew", "https://שלום.example/", []string{ascii + "xn--9dbne9b.example"}},
		{"not to be decoded", "https://xn--99999999.example/", nil},
		{"turned in the path", "https://e.example/\u202egpj.exe", []string{unseen + "U+202E" + distrust}},
		{"turned and invisible in the query", "https://e.example/?a=\u2066b\u200b\u2066", []string{unseen + "U+2066, U+200B" + distrust}},
		{"a byte that is no text", "https://e.example/\xff", []string{unseen + "0xFF" + distrust}},
		{"many", "https://e.example/\u202a\u202b\u202c\u202d\u202e\u2066\u2067", []string{unseen + "U+202A, U+202B, U+202C, U+202D, U+202E, and 2 more" + distrust}},
		{"a slash that is none", "https://e.example/a\u2215b", []string{signs + "U+2215" + ends}},
		{"letters in the path", "https://e.example/привет", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, URLNotes(test.address)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestLettersThatLookLatin tries each letter by itself. A letter that is missing
// is a host that nobody is warned of.
func TestLettersThatLookLatin(t *testing.T) {
	for script, letters := range map[string]string{
		"Cyrillic": "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u051b\u051d\u04bb\u04cf\u044c\u0475\u043a\u043c\u0442\u0432\u043d\u0433",
		"Greek":    "\u03bf\u03bd\u03c1\u03b9\u03ba\u03c5\u03b1\u03c7\u03c4\u03bc\u03b3",
		"Armenian": "\u0585\u0578\u057d\u0581\u0570\u0566\u0575",
	} {
		for _, letter := range letters {
			notes := strings.Join(URLNotes("https://"+string(letter)+".example/"), "\n")
			want := "“" + string(letter) + "” can be read as Latin letters and is " + script
			if !strings.Contains(notes, want) {
				t.Errorf("%U: the notes are %q, want %q", letter, notes, want)
			}
		}
	}
}

// TestLookalikeSigns tries each sign by itself.
func TestLookalikeSigns(t *testing.T) {
	for like, signs := range map[string]string{
		"/":  "\u2044\u2215\u2571\u29f8\uff0f",
		".":  "\u3002\uff0e\uff61\u2024",
		":":  "\uff1a\u2236\u02d0",
		"?":  "\uff1f",
		"#":  "\uff03",
		"@":  "\uff20",
		"\\": "\u29f5\ufe68\uff3c",
	} {
		for _, sign := range signs {
			notes := strings.Join(URLNotes("https://e.example/a"+string(sign)+"b"), "\n")
			want := fmt.Sprintf("characters that only look like a slash, a dot or a colon: %U.", sign)
			if !strings.Contains(notes, want) {
				t.Errorf("%U, which looks like %s: the notes are %q", sign, like, notes)
			}
		}
	}
}

// TestLookalikeSlashInHost: a host can't seem to end before it does.
func TestLookalikeSlashInHost(t *testing.T) {
	notes := strings.Join(URLNotes("https://fourthwall.com\u2044hooks.evil.example/"), "\n")
	if !strings.Contains(notes, "U+2044") || !strings.Contains(notes, "Check where its host ends") {
		t.Errorf("the notes are %q", notes)
	}
}

// TestURLNotesHideNothing: the notes have no hidden characters.
func TestURLNotesHideNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		host, path := rapid.String().Draw(rt, "host"), rapid.String().Draw(rt, "path")
		for _, note := range URLNotes("https://" + host + ".example/" + path) {
			for _, p := range split(Plain(note), hiddenInNames) {
				if p.special {
					rt.Fatalf("%q", note)
				}
			}
		}
	})
}
