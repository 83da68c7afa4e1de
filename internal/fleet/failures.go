package fleet

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"hookwall/internal/store"
)

// Failure says how deliveries to one URL of a shop failed in the last 24 hours, or before if none did since and a
// webhook is failing.
type Failure struct {
	Shop    string
	Webhook string // its ID; "" if the URL has no webhook or several
	Host    string // of the URL; "" if it isn't known
	Reason  string // the API's text about the last of them; "" for none
	Count   int
	First   time.Time
}

// Failures returns how deliveries to an owner's shops failed, by shop.
func (s *Service) Failures(ctx context.Context, owner store.Owner) (map[string][]Failure, error) {
	found, err := s.store.Failures(ctx, owner, store.SpansAt(s.store.Now()).Day)
	if err != nil {
		return nil, err
	}
	var shops []string
	for _, f := range found {
		shops = append(shops, f.Shop)
	}
	seen, err := s.store.ObservedWebhooks(ctx, owner, append([]string{}, slices.Compact(shops)...))
	if err != nil {
		return nil, err
	}
	all := map[string][]Failure{}
	urls := map[string]map[string]string{} // by connection, then as in Delivery
	for _, f := range found {
		if urls[f.Connection] == nil {
			urls[f.Connection] = s.urls(owner, f.Connection, seen[f.Shop])
		}
		one := Failure{Shop: f.Shop, Reason: f.LastError, Count: f.Count, First: f.First}
		one.Host = hostOf(urls[f.Connection][f.Webhook])
		if !strings.HasPrefix(f.Webhook, store.URLKey) {
			one.Webhook = f.Webhook
		}
		all[f.Shop] = append(all[f.Shop], one)
	}
	return all, nil
}

// urls returns the URLs of webhooks by what their deliveries are counted by.
func (s *Service) urls(owner store.Owner, connection string, text []byte) map[string]string {
	all := map[string]string{}
	for _, hook := range webhooksIn(text) {
		all[hook.ID], all[s.URLKey(owner, connection, hook.URL)] = hook.URL, hook.URL
	}
	return all
}

// webhooksIn returns webhooks from what the database keeps of them.
func webhooksIn(text []byte) (hooks []Webhook) {
	if json.Unmarshal(text, &hooks) != nil {
		return nil
	}
	return hooks
}

// hostOf returns the host of a URL, with its port unless that is the usual one.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	host, usual := strings.ToLower(u.Host), map[string]string{"https": ":443", "http": ":80"}[u.Scheme]
	return strings.TrimSuffix(strings.TrimSuffix(host, usual), ".")
}

// Seen returns the webhooks of an owner's shops, as visits saw them, by shop. One whose webhooks aren't known is
// missing.
func (s *Service) Seen(ctx context.Context, owner store.Owner) (map[string][]Webhook, error) {
	seen, err := s.store.ObservedWebhooks(ctx, owner, nil)
	if err != nil {
		return nil, err
	}
	all := make(map[string][]Webhook, len(seen))
	for shop, text := range seen {
		all[shop] = webhooksIn(text)
	}
	return all, nil
}

// Cause is what makes deliveries of several shops fail: one host in one way.
type Cause struct {
	Host   string
	Reason string
	Shops  int
	Count  int // of the failed deliveries
	First  time.Time
	One    Failure // of those with a webhook, if there is one
}

// Causes returns what makes deliveries of several shops fail, the most shops and then the most deliveries first.
func Causes(failures map[string][]Failure) []Cause {
	type key struct{ host, reason string }
	found := map[key]*Cause{}
	last := map[key]string{} // shop
	for shop, all := range failures {
		for _, f := range all {
			k := key{f.Host, f.Reason}
			c := found[k]
			if f.Host == "" {
				continue
			}
			if c == nil {
				c = &Cause{Host: f.Host, Reason: f.Reason, First: f.First, One: f}
				found[k] = c
			}
			if last[k] != shop {
				last[k] = shop
				c.Shops++
			}
			c.Count += f.Count
			if f.First.Before(c.First) {
				c.First = f.First
			}
			if c.One.Webhook == "" || f.Webhook != "" && f.Shop < c.One.Shop {
				c.One = f
			}
		}
	}
	var out []Cause
	for _, c := range found {
		if c.Shops > 1 {
			out = append(out, *c)
		}
	}
	slices.SortFunc(out, func(a, b Cause) int {
		return cmp.Or(cmp.Compare(b.Shops, a.Shops), cmp.Compare(b.Count, a.Count),
			cmp.Compare(a.Host, b.Host), cmp.Compare(a.Reason, b.Reason))
	})
	return out
}
