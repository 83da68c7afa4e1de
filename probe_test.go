package main

import (
	"errors"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hookwall/internal/fourthwall"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
	"hookwall/oauth"
)

// TestProbe probes the sandbox with an API key and with a connected shop, and compares what is said.
func TestProbe(t *testing.T) {
	box, err := sandbox.New(sandbox.Config{AnyHost: true})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(box)
	t.Cleanup(func() { server.Close(); _ = box.Close() })
	shop := box.Shops()[0]
	key := shop.APIUser + ":" + shop.APIPassword
	settings := []string{
		"FOURTHWALL_API_URL", server.URL, "HOOKWALL_SECRET_KEY", testKey,
		"HOOKWALL_DATABASE_URL", filepath.Join(t.TempDir(), "hookwall.db"),
	}
	connect(t, settings, shop)
	keyFile := func(text string) string {
		file := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	same, half, wrong := keyFile(key), keyFile("user"), keyFile("no:body")
	const address = "https://hooks.example.com/probe"
	tests := []struct {
		name string
		args []string
		key  string
		want []string // parts of what is printed, or of the error
		sent bool
		err  bool
	}{
		{"a key", []string{address, "--yes"}, key, []string{
			"All lead to " + address, "0 differ", "A13  holds      IP addresses", "Seen: it came.",
		}, true, false},
		{"a connected shop", []string{address, "--yes", "--shop", shop.ID}, "", []string{"0 differ", "A19  holds"}, true, false},
		{"not yet", []string{address}, key, []string{"Up to 4 webhooks", "nothing was sent. Add --yes"}, false, true},
		{
			"another shop",
			[]string{address, "--yes", "--shop", "sh_none"},
			"",
			[]string{"no connection to this shop works"},
			false, true,
		},
		{"neither", []string{address, "--yes"}, "", []string{"--key-file", "--shop"}, false, true},
		{"both", []string{address, "--yes", "--shop", shop.ID}, key, []string{"not both"}, false, true},
		{"half a key", []string{address, "--yes"}, "user", []string{"USERNAME:PASSWORD"}, false, true},
		{"a wrong key", []string{address, "--yes"}, "no:body", []string{"used: 401", "Check the API key"}, true, true},
		{"an IP address", []string{"https://192.0.2.7/", "--yes"}, key, []string{"use an https URL"}, false, true},
		{"http", []string{"http://hooks.example.com/", "--yes"}, key, []string{"use an https URL of your own"}, false, true},
		{"a port", []string{"https://hooks.example.com:8443/", "--yes"}, key, []string{"on port 443"}, false, true},
		{"the same key twice", []string{address, "--yes", "--other-key-file", same}, key, []string{"this is the same key"}, false, true},
		{"half a key, not yet", []string{address}, "user", []string{"USERNAME:PASSWORD"}, false, true},
		{"half another key, not yet", []string{address, "--other-key-file", half}, key, []string{
			"--other-key-file or HOOKWALL_PROBE_OTHER_KEY: the API key must be USERNAME:PASSWORD",
		}, false, true},
		{"half another key", []string{address, "--yes", "--other-key-file", half}, key, []string{
			"--other-key-file or HOOKWALL_PROBE_OTHER_KEY: the API key must be USERNAME:PASSWORD",
		}, false, true},
		{"a wrong other key", []string{address, "--yes", "--other-key-file", wrong}, key, []string{
			"A09  not known", "with the other key: 401", "0 differ",
		}, true, false},
		{"a pause before now", []string{address, "--yes", "--pause=-1s"}, key, []string{"from 0s to 5s"}, false, true},
		{"a day of pause", []string{address, "--yes", "--pause=24h"}, key, []string{"from 0s to 5s"}, false, true},
		{"a fragment", []string{"https://hooks.example.com/#a", "--yes"}, key, []string{"use an https URL of your own"}, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, requests := box.Webhooks(shop.ID), len(box.Requests())
			pairs := append([]string{"HOOKWALL_PROBE_KEY", tt.key}, settings...)
			var out strings.Builder
			err := run(t.Context(), append([]string{"probe", "--pause", "0s"}, tt.args...), env(pairs...), &out)
			if (err != nil) != tt.err {
				t.Errorf("error is %v", err)
			}
			said := out.String()
			if err != nil {
				said += err.Error()
			}
			for _, part := range tt.want {
				if !strings.Contains(said, part) {
					t.Errorf("%q is missing in:\n%s", part, said)
				}
			}
			for _, secret := range []string{testKey, shop.APIPassword, shop.WebhookSecret, shop.Name} {
				if strings.Contains(said, secret) {
					t.Error("it says a secret, or the shop's name")
				}
			}
			if sent := len(box.Requests()) > requests; sent != tt.sent {
				t.Errorf("requests were sent: %v", sent)
			}
			if after := box.Webhooks(shop.ID); len(after) != len(before) {
				t.Errorf("%d webhooks before, %d after", len(before), len(after))
			}
		})
	}
}

// connect connects a shop in the database that settings name, with its API key.
func connect(t *testing.T, settings []string, shop sandbox.DemoShop) {
	t.Helper()
	c, err := load(t, env(settings...))
	if err != nil {
		t.Fatal(err)
	}
	st, err := openStore(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	owner, err := st.Team(t.Context())
	credential, encodeErr := oauth.Credential{
		Way: oauth.WayAPIKey, Username: shop.APIUser, Password: fourthwall.Secret(shop.APIPassword),
	}.Encode()
	if err := errors.Join(err, encodeErr); err != nil {
		t.Fatal(err)
	}
	_, err = st.PutConnection(t.Context(), store.Connection{
		Owner: owner, ShopID: shop.ID, ShopName: shop.Name, ShopDomain: shop.Domain, Way: oauth.WayAPIKey, Credential: credential,
	})
	if err := errors.Join(err, st.Close()); err != nil {
		t.Fatal(err)
	}
}
