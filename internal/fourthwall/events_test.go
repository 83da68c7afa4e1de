package fourthwall_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/fourthwall"
)

// documented is the list of the API's documentation, in its order.
const documented = `ORDER_PLACED ORDER_UPDATED GIFT_PURCHASE PRODUCT_CREATED PRODUCT_UPDATED DONATION
	SUBSCRIPTION_PURCHASED SUBSCRIPTION_EXPIRED SUBSCRIPTION_CHANGED NEWSLETTER_SUBSCRIBED THANK_YOU_SENT
	GIFT_DRAW_STARTED GIFT_DRAW_ENDED PROMOTION_CREATED PROMOTION_UPDATED PROMOTION_STATUS_CHANGED
	PLATFORM_APP_DISCONNECTED MEMBERSHIP_POST_UPSERTED MEMBERSHIP_SERIES_UPSERTED MEMBERSHIP_SERIES_DELETED
	MEMBERSHIP_TAG_CREATED MEMBERSHIP_TAG_UPDATED MEMBERSHIP_TAG_DELETED MEMBERSHIP_TIER_UPSERTED
	MEMBERSHIP_TIER_DELETED COLLECTION_UPDATED CART_ABANDONED_1H CART_ABANDONED_24H CART_ABANDONED_72H`

func codes(list string) []fourthwall.EventType {
	var types []fourthwall.EventType
	for _, code := range strings.Fields(list) {
		types = append(types, fourthwall.EventType(code))
	}
	return types
}

func TestEventTypes(t *testing.T) {
	var got []fourthwall.EventType
	titles := map[string]bool{}
	for _, info := range fourthwall.EventTypes() {
		got = append(got, info.Code)
		if titles[info.Title] {
			t.Errorf("two event types have the title %q", info.Title)
		}
		titles[info.Title] = true
		checkWords(t, info.Title, info.Description)
		if found, ok := fourthwall.LookupEventType(info.Code); !ok || found != info {
			t.Errorf("looking up %s finds %+v", info.Code, found)
		}
	}
	if diff := cmp.Diff(codes(documented), got); diff != "" || len(got) != 29 {
		t.Errorf("%d codes (-want +got):\n%s", len(got), diff)
	}
	for _, unknown := range []fourthwall.EventType{"", "NEW_1", "order_placed", " ORDER_PLACED"} {
		if found, ok := fourthwall.LookupEventType(unknown); ok || found != (fourthwall.EventInfo{}) {
			t.Errorf("looking up %q finds %+v", unknown, found)
		}
	}
}

// checkWords checks the style of titles and descriptions.
func checkWords(t *testing.T, title, description string) {
	t.Helper()
	if title == "" || len(title) > 26 || !unicode.IsUpper(rune(title[0])) || strings.HasSuffix(title, ".") {
		t.Errorf("title %q", title)
	}
	if !strings.HasSuffix(description, ".") || strings.Count(description, ".") != 1 || len(description) > 80 ||
		!unicode.IsUpper(rune(description[0])) || strings.ContainsAny(description+title, "!_") {
		t.Errorf("description of %q: %q", title, description)
	}
	for _, jargon := range []string{"webhook", "upsert", "payload", "endpoint", "API", "fired", "trigger"} {
		if strings.Contains(strings.ToLower(title+description), strings.ToLower(jargon)) {
			t.Errorf("%q: %q speaks of %q", title, description, jargon)
		}
	}
}

func TestGroups(t *testing.T) {
	want := []struct{ id, title, types string }{
		{"orders", "Orders and tips", "ORDER_PLACED ORDER_UPDATED DONATION"},
		{"gifts", "Gifts and draws", "GIFT_PURCHASE GIFT_DRAW_STARTED GIFT_DRAW_ENDED"},
		{"members", "Members", "SUBSCRIPTION_PURCHASED SUBSCRIPTION_CHANGED SUBSCRIPTION_EXPIRED"},
		{"catalog", "Catalog", "PRODUCT_CREATED PRODUCT_UPDATED COLLECTION_UPDATED"},
		{"promotions", "Promotions", "PROMOTION_CREATED PROMOTION_UPDATED PROMOTION_STATUS_CHANGED"},
		{"carts", "Carts", "CART_ABANDONED_1H CART_ABANDONED_24H CART_ABANDONED_72H"},
		{"member-content", "Member content and tiers", `MEMBERSHIP_POST_UPSERTED MEMBERSHIP_SERIES_UPSERTED
			MEMBERSHIP_SERIES_DELETED MEMBERSHIP_TAG_CREATED MEMBERSHIP_TAG_UPDATED MEMBERSHIP_TAG_DELETED
			MEMBERSHIP_TIER_UPSERTED MEMBERSHIP_TIER_DELETED`},
		{"audience", "Audience", "NEWSLETTER_SUBSCRIBED THANK_YOU_SENT"},
		{"app", "App", "PLATFORM_APP_DISCONNECTED"},
	}
	groups := fourthwall.Groups()
	if len(groups) != len(want) {
		t.Fatalf("%d groups, want %d", len(groups), len(want))
	}
	seen := map[fourthwall.EventType]int{}
	for i, g := range groups {
		var types []fourthwall.EventType
		for _, info := range g.Types {
			types = append(types, info.Code)
			seen[info.Code]++
			if found, _ := fourthwall.LookupEventType(info.Code); found != info || info.Group != g.ID {
				t.Errorf("group %s has %+v, the catalog %+v", g.ID, info, found)
			}
		}
		if diff := cmp.Diff(codes(want[i].types), types); diff != "" || g.ID != want[i].id || g.Title != want[i].title {
			t.Errorf("group %q, %q, want %q, %q; types (-want +got):\n%s", g.ID, g.Title, want[i].id, want[i].title, diff)
		}
	}
	for _, code := range codes(documented) {
		if seen[code] != 1 {
			t.Errorf("%s stands in %d groups", code, seen[code])
		}
	}
}

func TestPresets(t *testing.T) {
	want := []struct{ id, title, types string }{
		{"stream-alerts", "Stream alerts", "ORDER_PLACED DONATION GIFT_PURCHASE SUBSCRIPTION_PURCHASED SUBSCRIPTION_CHANGED"},
		{"memberships", "Memberships", `SUBSCRIPTION_PURCHASED SUBSCRIPTION_CHANGED SUBSCRIPTION_EXPIRED
			MEMBERSHIP_POST_UPSERTED MEMBERSHIP_SERIES_UPSERTED MEMBERSHIP_SERIES_DELETED MEMBERSHIP_TAG_CREATED
			MEMBERSHIP_TAG_UPDATED MEMBERSHIP_TAG_DELETED MEMBERSHIP_TIER_UPSERTED MEMBERSHIP_TIER_DELETED`},
		{"fulfillment", "Fulfillment", "ORDER_PLACED ORDER_UPDATED"},
		{"catalog-sync", "Catalog sync", `PRODUCT_CREATED PRODUCT_UPDATED COLLECTION_UPDATED
			PROMOTION_CREATED PROMOTION_UPDATED PROMOTION_STATUS_CHANGED`},
		{"marketing", "Marketing", "CART_ABANDONED_1H CART_ABANDONED_24H CART_ABANDONED_72H NEWSLETTER_SUBSCRIBED THANK_YOU_SENT"},
		{"everything", "Everything", documented},
	}
	presets := fourthwall.Presets()
	if len(presets) != len(want) {
		t.Fatalf("%d presets, want %d", len(presets), len(want))
	}
	for i, p := range presets {
		checkWords(t, p.Title, p.Description)
		if diff := cmp.Diff(codes(want[i].types), p.Types); diff != "" || p.ID != want[i].id || p.Title != want[i].title {
			t.Errorf("preset %q, %q, want %q, %q; types (-want +got):\n%s", p.ID, p.Title, want[i].id, want[i].title, diff)
		}
	}
}

// A caller may change its copy of the catalog.
func TestCatalogIsCopied(t *testing.T) {
	types, groups, presets := fourthwall.EventTypes(), fourthwall.Groups(), fourthwall.Presets()
	types[0].Code = "CHANGED"
	groups[0].Types[0].Code = "CHANGED"
	for _, p := range presets {
		p.Types[0] = "CHANGED"
		_ = append(p.Types[:1], "CHANGED")
	}
	if fourthwall.EventTypes()[0].Code == "CHANGED" || fourthwall.Groups()[0].Types[0].Code == "CHANGED" {
		t.Error("the catalog has changed")
	}
	for _, p := range fourthwall.Presets() {
		if slices.Contains(p.Types, "CHANGED") {
			t.Errorf("preset %s has changed", p.ID)
		}
	}
	for _, g := range fourthwall.Groups() {
		for _, info := range g.Types {
			if info.Code == "CHANGED" {
				t.Errorf("group %s has changed", g.ID)
			}
		}
	}
}
