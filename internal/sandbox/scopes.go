package sandbox

import (
	"slices"
	"strings"
)

const (
	scopeRead  = "webhook_read"
	scopeWrite = "webhook_write"
)

// A scope is a permission as the platform names it, and as a person would.
type scope struct{ Code, Words string }

var scopes = []scope{
	{"donation_read", "See tips"},
	{"order_read", "See orders"},
	{"order_write", "Change orders"},
	{"fulfillment_write", "Mark orders as fulfilled"},
	{"giveaway_read", "See giveaways"},
	{"giveaway_write", "Create and change giveaways"},
	{"memberships_read", "See members and tiers"},
	{"memberships_write", "Change members and tiers"},
	{"promotions_write", "Create and change promotions"},
	{"promotions_read", "See promotions"},
	{"offer_read", "See products"},
	{"offer_write", "Create and change products"},
	{"shop_read", "See the shop's details"},
	{"thankyou_read", "See thank-you messages"},
	{"thankyou_write", "Send thank-you messages"},
	{scopeRead, "See your webhooks"},
	{scopeWrite, "Create, change and delete webhooks"},
	{"media_read", "See uploaded media"},
	{"media_write", "Upload and delete media"},
	{"analytics_read", "See analytics"},
	{"samples_read", "See sample orders"},
	{"samples_write", "Order samples"},
	{"dns_read", "See domain settings"},
	{"dns_write", "Change domain settings"},
	{"settings_read", "See the shop's settings"},
	{"payout_read", "See payouts"},
	{"integrations_read", "See connected integrations"},
}

// defaultScopes are granted where a request names none.
var defaultScopes = []string{scopeWrite, scopeRead}

func lookupScope(code string) (scope, bool) {
	i := slices.IndexFunc(scopes, func(s scope) bool { return s.Code == code })
	if i < 0 {
		return scope{}, false
	}
	return scopes[i], true
}

// identityScopes are those of OpenID Connect, which libraries ask for by themselves. They are granted,
// and allow nothing: the sandbox knows shops, not people, and issues no ID tokens.
var identityScopes = []string{"openid", "profile", "email", "offline_access"}

// parseScopes splits a list of scopes at spaces and drops repetitions. It reports false when one is
// unknown. Those of OpenID Connect come apart.
func parseScopes(list string) (out, identity []string, ok bool) {
	for _, code := range strings.Fields(list) {
		to := &out
		if slices.Contains(identityScopes, code) {
			to = &identity
		} else if _, known := lookupScope(code); !known {
			return nil, nil, false
		}
		if !slices.Contains(*to, code) {
			*to = append(*to, code)
		}
	}
	return out, identity, true
}

func containsAll(held, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(w string) bool { return !slices.Contains(held, w) })
}
