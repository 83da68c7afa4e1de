package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

const (
	// MaxShops is how many demo shops a sandbox can have.
	MaxShops = 1000
	// DefaultShops is how many it has if nobody says.
	DefaultShops = 3
)

// fleetSeed makes every sandbox's fleet the same.
const fleetSeed = 14

// createdBefore is how old the webhooks of a fleet are at the start.
const createdBefore = 30 * 24 * time.Hour

// newSource returns a source that makes the same values for the same seed. Nothing secret comes from it.
func newSource(a, b uint64) *rand.Rand { return rand.New(rand.NewPCG(fleetSeed<<32+a, b)) } //nolint:gosec // see above

// letters returns n letters and digits.
func letters(r *rand.Rand, n int) string {
	const all = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	b := make([]byte, n)
	for i := range b {
		b[i] = all[r.IntN(len(all))]
	}
	return string(b)
}

// seedAt returns the demo shop at a place. After the first three, whose webhooks get their IDs when they are made, come
// those of a fleet.
func seedAt(i int) seed {
	if first := seeds(); i < len(first) {
		return first[i]
	}
	return fleetSeedAt(i)
}

// fleetSeedAt makes a shop like most, and one in some with an oddity.
func fleetSeedAt(i int) seed {
	r := newSource(uint64(i), 0) //nolint:gosec // a place is never negative
	name := fleetName(i)
	slug := strings.ReplaceAll(strings.ToLower(strings.TrimSuffix(name, ".")), " ", "-")
	out := seed{shop: demoShop("sh_"+letters(r, 22), name, slug), webhooks: fleetWebhooks(slug)}
	if odd := oddityAt(i); odd != nil {
		odd(&out)
	}
	for n := range out.webhooks {
		out.webhooks[n].ID, out.webhooks[n].ShopID = "wcon_"+letters(r, 22), out.shop.ID
	}
	return out
}

// Hosts of the webhooks of a fleet. They are further names of the built-in receiver.
const (
	ordersHost  = "orders.sandbox.example"
	alertsHost  = "alerts.sandbox.example"
	catalogHost = "catalog.sandbox.example"
)

// The event types of a fleet's webhooks. No code changes a list in place, so that all shops share them.
var (
	orderTypes   = []string{"ORDER_PLACED", "ORDER_UPDATED", "GIFT_PURCHASE", "THANK_YOU_SENT"}
	alertTypes   = []string{"DONATION", "SUBSCRIPTION_PURCHASED", "SUBSCRIPTION_CHANGED", "SUBSCRIPTION_EXPIRED"}
	catalogTypes = []string{"PRODUCT_CREATED", "PRODUCT_UPDATED", "COLLECTION_UPDATED", "PROMOTION_STATUS_CHANGED"}
	fleetTypes   = slices.Concat(orderTypes, alertTypes, catalogTypes)
)

func fleetWebhooks(slug string) []Webhook {
	return []Webhook{
		{URL: "https://" + ordersHost + "/" + slug, AllowedTypes: orderTypes},
		{URL: "https://" + alertsHost + "/" + slug, AllowedTypes: alertTypes},
		{URL: "https://" + catalogHost + "/" + slug, AllowedTypes: catalogTypes},
	}
}

// fleetOddities are what one shop in some has, one each.
var fleetOddities = []func(*seed){
	func(s *seed) {
		s.webhooks[0].AllowedTypes = []string{"ORDER_PLACED", "GIFT_PURCHASE", "THANK_YOU_SENT"}
	},
	func(s *seed) { s.webhooks = append(s.webhooks, s.webhooks[0]) },
	func(s *seed) { s.webhooks[2].Locked = true },
	func(s *seed) { s.switches.RefuseAccess = true },
	func(s *seed) { s.switches.LimitRate = true },
	func(s *seed) { s.webhooks[1].URL = "https://" + ReceiverHost + "/fail?shop=" + s.shop.slug() },
	func(s *seed) { s.switches.Slow = true },
	func(s *seed) {
		s.switches.FutureTypes = true
		for i, w := range s.webhooks {
			s.webhooks[i].AllowedTypes = withFuture(w.AllowedTypes, true)
		}
	},
	func(s *seed) { s.webhooks[2].AllowedTypes = []string{} },
}

// slug is the shop's name in its domain.
func (d DemoShop) slug() string {
	slug, _, _ := strings.Cut(d.Domain, ".")
	return slug
}

// oddityAt returns what is odd about the shop at a place, or nil. The first 40 shops of a fleet have each oddity once.
// Each further 40 have three of them.
func oddityAt(i int) func(*seed) {
	const block, apart = 40, 4
	block40, at := (i-DefaultShops)/block, (i-DefaultShops)%block
	which := at / apart
	switch {
	case at%apart != apart-1 || which >= len(fleetOddities):
		return nil
	case block40 > 0 && which%3 != block40%3:
		return nil
	}
	return fleetOddities[which]
}

// fleetName makes up the name of the shop at a place. All differ.
func fleetName(i int) string {
	pairs := len(firstWords) * len(secondWords)
	n := (i*587 + 11) % pairs // 587 and the number of pairs have no common factor
	return firstWords[n%len(firstWords)] + " " + secondWords[n/len(firstWords)] + lastWords[i%len(lastWords)]
}

var (
	firstWords = []string{
		"Amber", "Birch", "Cobalt", "Copper", "Coral", "Cotton", "Cricket", "Dapper", "Drowsy", "Ember", "Feather",
		"Fern", "Foggy", "Ginger", "Golden", "Hazel", "Hollow", "Honey", "Indigo", "Ivory", "Juniper", "Kettle", "Little",
		"Lucky", "Maple", "Marble", "Midnight", "Minty", "Mossy", "Nimble", "Olive", "Paper", "Pepper", "Plum", "Quiet",
		"Rusty", "Saffron", "Silver", "Velvet", "Willow", "Winter",
	}
	secondWords = []string{
		"Acorn", "Anchor", "Antler", "Badger", "Beacon", "Bicycle", "Cactus", "Canoe", "Comet", "Compass", "Crayon",
		"Dial", "Falcon", "Finch", "Fox", "Gazette", "Heron", "Kite", "Lemon", "Magpie", "Mitten", "Moth", "Needle",
		"Otter", "Owl", "Pixel", "Plaza", "Puddle", "Quill", "Radio", "Rocket", "Saddle", "Sparrow", "Static", "Teapot",
		"Thistle", "Turnip", "Walrus", "Whistle", "Yarn",
	}
	lastWords = []string{"", "", " Prints", "", " Studio", "", " Supply", "", " Club"}
)

// fleetSecret derives a password or a secret of a shop from the sandbox's own key, so that nothing is stored for a shop
// that nobody changed.
func fleetSecret(key, purpose, shopID string, n int) string {
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(purpose + " " + shopID))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil)[:n])
}

// isOfFleet reports whether the shop is none of the first three.
func (sh *shop) isOfFleet() bool { return sh.place >= DefaultShops }

// The names of oddities, as the front page has them.
const (
	oddMissing   = "missing event type"
	oddDuplicate = "duplicate webhook"
	oddLocked    = "locked webhook"
	oddRefused   = "refused access"
	oddLimited   = "rate limited (429)"
	oddFailing   = "failing endpoint"
	oddSlow      = "slow responses"
	oddFuture    = "future event types"
	oddNoTypes   = "webhook without event types"
)

// oddityNames are all of them, in the order in which the front page offers them.
var oddityNames = []string{
	oddMissing, oddDuplicate, oddLocked, oddRefused, oddLimited, oddFailing, oddSlow, oddFuture, oddNoTypes,
}

// oddities returns what is odd about the shop now.
func (sh *shop) oddities() []string {
	has := map[string]bool{
		oddRefused: sh.switches.RefuseAccess, oddLimited: sh.switches.LimitRate, oddSlow: sh.switches.Slow,
		oddFuture: sh.switches.FutureTypes,
	}
	var covered []string
	for i, w := range sh.webhooks {
		has[oddLocked] = has[oddLocked] || w.Locked
		has[oddNoTypes] = has[oddNoTypes] || len(w.AllowedTypes) == 0
		has[oddFailing] = has[oddFailing] || isFailing(w.URL)
		has[oddDuplicate] = has[oddDuplicate] || slices.ContainsFunc(sh.webhooks[:i], w.isLike)
		covered = append(covered, w.AllowedTypes...)
	}
	has[oddMissing] = sh.isOfFleet() && !has[oddNoTypes] && !containsAll(covered, fleetTypes)
	out := []string{}
	for _, name := range oddityNames {
		if has[name] {
			out = append(out, name)
		}
	}
	return out
}

// isFailing reports whether a URL is the one of the built-in receiver that always fails.
func isFailing(url string) bool { return strings.HasPrefix(url, "https://"+ReceiverHost+"/fail") }

// isLike reports whether another webhook has the same URL and event types.
func (w Webhook) isLike(o Webhook) bool {
	return w.URL == o.URL && slices.Equal(w.AllowedTypes, o.AllowedTypes)
}
