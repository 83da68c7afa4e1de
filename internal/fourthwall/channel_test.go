package fourthwall_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/fourthwall"
)

const (
	channelBody      = `{"id":"ch_1","name":"Agency","extra":1}`
	channelShopsBody = `{"shops":[{"shopId":"sh_1","name":"One"},{"shopId":"sh_2","name":"Two"}]}`
)

func TestChannelResponses(t *testing.T) {
	t.Parallel()
	type result struct {
		Channel fourthwall.Channel
		Shops   []fourthwall.Shop
		Failed  bool
	}
	one := fourthwall.Shop{ID: "sh_1", Name: "One"}
	for _, c := range []struct {
		name, body string
		want       result // of a list, unless it has a channel
		self       bool   // it is about the channel itself
	}{
		{"a channel", channelBody, result{Channel: fourthwall.Channel{ID: "ch_1", Name: "Agency"}}, true},
		{"a channel without a name", `{"id":"ch_1","name":7}`, result{Channel: fourthwall.Channel{ID: "ch_1"}}, true},
		{"no channel", `{"name":"Agency"}`, result{Failed: true}, true},
		{"HTML", `<html>`, result{Failed: true}, true},
		{"shops", channelShopsBody, result{Shops: []fourthwall.Shop{one, {ID: "sh_2", Name: "Two"}}}, false},
		{"no shops", `{"shops":[]}`, result{}, false},
		{
			"twice, and without an ID", `{"shops":[{"shopId":"sh_1","name":"One"},{"name":"?"},{"shopId":7},{"shopId":"sh_1"}]}`,
			result{Shops: []fourthwall.Shop{one}},
			false,
		},
		{"without a list", `{}`, result{Failed: true}, false},
		{"null", `{"shops":null}`, result{Failed: true}, false},
		{"an array", `[]`, result{Failed: true}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte(c.body))
			}))
			defer server.Close()
			client, err := fourthwall.New(server.URL, fourthwall.Options{
				Transport: &http.Transport{DisableKeepAlives: true},
			})
			if err != nil {
				t.Fatal(err)
			}
			var got result
			if c.self {
				got.Channel, err = client.CurrentChannel(t.Context(), fourthwall.Bearer{Token: "t"})
			} else {
				got.Shops, err = client.ChannelShops(t.Context(), fourthwall.Bearer{Token: "t"})
			}
			got.Failed = err != nil
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestChannelNamesItsShop: each call with a channel's token names one shop, and other
// credentials name none. A call that can't name one isn't sent.
// Checklist 52.
func TestChannelNamesItsShop(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		cred  fourthwall.Credential
		named []string // nil if nothing is sent
		auth  string
	}{
		{"a channel", fourthwall.ChannelShop{Token: "t", ShopID: "sh_1"}, []string{"sh_1"}, "Bearer t"},
		{"a token", fourthwall.Bearer{Token: "t"}, []string{}, "Bearer t"},
		{"an API key", fourthwall.APIKey{Username: "a", Password: "b"}, []string{}, "Basic YTpi"},
		{"no shop", fourthwall.ChannelShop{Token: "t"}, nil, ""},
		{"a shop that can't be sent", fourthwall.ChannelShop{Token: "t", ShopID: "sh_1\r\nX-ShopId: sh_2"}, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var named []string
			auth := ""
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				named, auth = append([]string{}, r.Header.Values("X-ShopId")...), r.Header.Get("Authorization")
				_, _ = w.Write([]byte(shopBody))
			}))
			defer server.Close()
			client, err := fourthwall.New(server.URL, fourthwall.Options{
				Transport: &http.Transport{DisableKeepAlives: true},
			})
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.CurrentShop(context.Background(), c.cred)
			if diff := cmp.Diff(c.named, named); diff != "" || auth != c.auth || (err != nil) != (c.named == nil) {
				t.Errorf("sent as %q, error %v, shops (-want +got):\n%s", auth, err, diff)
			}
		})
	}
}
