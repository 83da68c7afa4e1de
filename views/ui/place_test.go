package ui

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestHostAndPath(t *testing.T) {
	long := strings.Repeat("a", 60)
	for address, want := range map[string]string{
		"https://hooks.example.com/fourthwall":                              "hooks.example.com/fourthwall",
		"https://hooks.example.com/":                                        "hooks.example.com",
		"https://203.0.113.7:8443/fw":                                       "203.0.113.7:8443/fw",
		"http://hooks.example.com/fw":                                       "http://hooks.example.com/fw",
		"https://hooks.example.com/fw?a=1":                                  "hooks.example.com/fw?a=1",
		"https://bank.example@evil.example/fw":                              "evil.example/fw",
		"https://crm.example.net/v2/hooks/fourthwall/in/studio-nine/orders": "crm.example.net/…/in/studio-nine/orders",
		"https://hooks.example.com/" + long:                                 "hooks.example.com/…" + long[:21],
		"https://" + long + ".evil.example/fw":                              "…" + (long + ".evil.example")[60+13-30:] + "/fw",
		"https://" + long + ".evil.example/" + long:                         "…" + (long + ".evil.example")[60+13-30:] + "/…" + long[:7],
		"nonsense": "nonsense",
		long:       "…" + long[:30],
		"":         "",
	} {
		got := HostAndPath(address)
		if got != want {
			t.Errorf("%s: got %q, want %q", address, got, want)
		}
		if utf8.RuneCountInString(got) > placeLength {
			t.Errorf("%s: %q is too long", address, got)
		}
	}
}
