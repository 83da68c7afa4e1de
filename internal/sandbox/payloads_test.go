package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// shapes are the fields that the platform's schemas require, or that tell one kind from another.
// "name" means text, "name:Shape" for an object, "name:[]Shape" for a list of them that is not
// empty. Shapes in small letters are plain values.
var shapes = map[string]string{
	"Money":     "value:number currency",
	"Image":     "id url width:number height:number transformedUrl",
	"Kind":      "type",
	"Address":   "name address1 city state country",
	"Place":     "address:Address",
	"Size":      "length:number width:number height:number unit",
	"Weight":    "value:number unit",
	"Attribute": "description",
	"Offer":     "id name slug description",
	"Gift":      "id status",
	"Winner":    "selectedAt:time redeemUri",
	"WonGift":   "id status winner:Winner",

	"OrderAmounts": "subtotal:Money shipping:Money tax:Money donation:Money discount:Money giftCards:list total:Money",
	"OrderVariant": "id name sku unitPrice:Money attributes:Attribute quantity:number price:Money weight:Weight dimensions:Size",
	"OrderOffer":   "id name slug description variant:OrderVariant",
	"Order": `id shopId friendlyId checkoutId status email emailMarketingOptIn:bool message amounts:OrderAmounts
		billing:Place shipping:Place offers:[]OrderOffer source:Kind createdAt:time updatedAt:time`,
	"OrderUpdated": "order:Order update:Kind",

	"Variant":     "id name sku unitPrice:Money attributes:Attribute stock:Kind weight:Weight dimensions:Size images:[]Image",
	"Product":     "id name slug description type state:Kind access:Kind images:[]Image variants:[]Variant createdAt:time updatedAt:time",
	"ProductPage": "results:[]Product",
	"Updated":     "product:ProductPage",
	"Collection":  "id shopId name slug description available:bool state:Kind offerIds:list",

	"GiftAmounts": "subtotal:Money tax:Money total:Money profit:Money prepaidShipping:Money",
	"GiftSale":    "id friendlyId shopId offer:Offer amounts:GiftAmounts email quantity:number gifts:[]Gift createdAt:time",
	"DrawAmounts": "subtotal:Money total:Money",
	"Draw":        "id type giveawayId giveawayFriendlyId shopId offer:Offer amounts:DrawAmounts email gifts:[]Gift createdAt:time durationSeconds:number",
	"Drawn":       "gifts:[]WonGift",

	"Total":       "total:Money",
	"Donation":    "id shopId status email amounts:Total createdAt:time updatedAt:time",
	"TierVariant": "id tierId interval amount:Money",
	"Tier":        "id name variants:[]TierVariant",
	"Membership":  "type variant:TierVariant",
	"Member":      "id email nickname createdAt:time subscription:Membership",
	"NoMember":    "id email nickname createdAt:time subscription:Kind",
	"Supporter":   "email",
	"ThankedFor":  "type id shopId supporter:Supporter",
	"ThankYou":    "id mediaUrl contribution:ThankedFor",
	"Promotion":   "type id code discount:Kind status usageCount:number appliesTo:Kind",
	"CartItem":    "offerVariantId quantity:number",
	"Cart":        "cartId shopId email items:[]CartItem cartOrigin cartCreatedAt:time cartUpdatedAt:time",

	"Gone":     "id shopId",
	"Post":     "id shopId title createdAt:time updatedAt:time",
	"Tag":      "id shopId name createdAt:time updatedAt:time",
	"Stream":   "id shopId title startedAt:time",
	"App":      "appId shopId",
	"Listener": "email",
}

// payloadShapes says which shapes the payload of each type has.
var payloadShapes = map[string]string{
	"ORDER_PLACED": "Order", "ORDER_UPDATED": "OrderUpdated", "GIFT_PURCHASE": "GiftSale",
	"PRODUCT_CREATED": "Product", "PRODUCT_UPDATED": "Updated", "DONATION": "Donation",
	"SUBSCRIPTION_PURCHASED": "Member", "SUBSCRIPTION_EXPIRED": "NoMember", "SUBSCRIPTION_CHANGED": "Member",
	"NEWSLETTER_SUBSCRIBED": "Listener", "THANK_YOU_SENT": "ThankYou", "GIFT_DRAW_STARTED": "Draw",
	"GIFT_DRAW_ENDED": "Draw Drawn", "PROMOTION_CREATED": "Promotion", "PROMOTION_UPDATED": "Promotion",
	"PROMOTION_STATUS_CHANGED": "Promotion", "PLATFORM_APP_DISCONNECTED": "App",
	"MEMBERSHIP_POST_UPSERTED": "Post", "MEMBERSHIP_SERIES_UPSERTED": "Post", "MEMBERSHIP_SERIES_DELETED": "Gone",
	"MEMBERSHIP_TAG_CREATED": "Tag", "MEMBERSHIP_TAG_UPDATED": "Tag", "MEMBERSHIP_TAG_DELETED": "Gone",
	"MEMBERSHIP_TIER_UPSERTED": "Tier", "MEMBERSHIP_TIER_DELETED": "Gone", "COLLECTION_UPDATED": "Collection",
	"CART_ABANDONED_1H": "Cart", "CART_ABANDONED_24H": "Cart", "CART_ABANDONED_72H": "Cart",
	"LIVESTREAM_STARTED": "Stream", "LIVESTREAM_ENDED": "Stream",
}

// misfits lists how a value does not have a shape.
func misfits(value any, shape, at string) []string {
	object, ok := value.(map[string]any)
	if !ok || shapes[shape] == "" {
		return []string{fmt.Sprintf("%s is no %s: %v", at, shape, value)}
	}
	var out []string
	for _, field := range strings.Fields(shapes[shape]) {
		name, kind, _ := strings.Cut(field, ":")
		out = append(out, misfit(object[name], kind, at+"."+name)...)
	}
	return out
}

func misfit(v any, kind, at string) (out []string) {
	text, isText := v.(string)
	var fits bool
	switch kind {
	case "":
		fits = isText && text != ""
	case "number":
		_, fits = v.(float64)
	case "bool":
		_, fits = v.(bool)
	case "list":
		_, fits = v.([]any)
	case "time":
		_, err := time.Parse(time.RFC3339, text)
		fits = err == nil
	default:
		shape, isList := strings.CutPrefix(kind, "[]")
		if !isList {
			return misfits(v, shape, at)
		}
		items, _ := v.([]any)
		for i, item := range items {
			out = append(out, misfits(item, shape, fmt.Sprintf("%s[%d]", at, i))...)
		}
		fits = len(items) > 0
	}
	if !fits {
		out = append(out, fmt.Sprintf("%s is no %q: %v", at, kind, v))
	}
	return out
}

var (
	mailForm    = regexp.MustCompile(`[^"\s]+@[^"\s]+`)
	hostForm    = regexp.MustCompile(`https?://([^/"]+)`)
	prefixedIDs = regexp.MustCompile(`"(?:ch|prm|don|giv|gft|gdr|ty|col|mem|mt|mtv|mpo|mse|mta|live)_([^"]*)"`)
	uuids       = regexp.MustCompile(`"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"`)
)

// Each type's payload has what the schemas ask for, belongs to the shop, and names nobody real.
func TestPayloads(t *testing.T) {
	t.Parallel()
	if n := len(payloadShapes); n != len(eventTypes)+len(futureTypes) {
		t.Errorf("%d types in the test", n)
	}
	at := time.Date(2026, 11, 2, 9, 0, 0, 123e6, time.UTC)
	shop := seeds()[1].shop
	for i, kind := range slices.Sorted(maps.Keys(payloadShapes)) {
		raw, err := payload(kind, newScene(shop, at, int64(i)))
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		text := string(raw)
		var value any
		if err := json.Unmarshal(raw, &value); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		for shape := range strings.FieldsSeq(payloadShapes[kind]) {
			for _, problem := range misfits(value, shape, kind) {
				t.Error(problem)
			}
		}
		for _, mail := range mailForm.FindAllString(text, -1) {
			if !strings.HasSuffix(mail, "@example.com") {
				t.Errorf("%s holds the address %s", kind, mail)
			}
		}
		for _, host := range hostForm.FindAllStringSubmatch(text, -1) {
			if host[1] != "images.example.com" && host[1] != shop.PublicDomain {
				t.Errorf("%s leads to %s", kind, host[1])
			}
		}
		for _, id := range prefixedIDs.FindAllStringSubmatch(text, -1) {
			if len(id[1]) != 22 {
				t.Errorf("%s has the id %s", kind, id[0])
			}
		}
		if strings.Contains(text, "no value") || strings.Contains(text, "{{") || len(raw) > 4<<10 {
			t.Errorf("%s: %d bytes: %s", kind, len(raw), text)
		}
		if strings.Contains(text, `"shopId"`) && !strings.Contains(text, `"shopId":"`+shop.ID+`"`) {
			t.Errorf("%s belongs to another shop: %s", kind, text)
		}
	}
}

// The sums of an order add up, and its times are the event's.
func TestOrderAddsUp(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 2, 9, 0, 0, 123e6, time.UTC)
	raw, err := payload("ORDER_PLACED", newScene(seeds()[0].shop, at, 1))
	if err != nil {
		t.Fatal(err)
	}
	type money struct{ Value float64 }
	var order struct {
		Email     string
		Message   string
		Amounts   struct{ Subtotal, Shipping, Tax, Donation, Discount, Total money }
		Offers    []struct{ Variant struct{ Price money } }
		CreatedAt time.Time
	}
	if err := json.Unmarshal(raw, &order); err != nil {
		t.Fatal(err)
	}
	a, goods := order.Amounts, 0.0
	for _, o := range order.Offers {
		goods += o.Variant.Price.Value
	}
	sum := a.Subtotal.Value + a.Shipping.Value + a.Tax.Value + a.Donation.Value - a.Discount.Value
	if goods != a.Subtotal.Value || fmt.Sprintf("%.2f", sum) != fmt.Sprintf("%.2f", a.Total.Value) {
		t.Errorf("goods %v, sum %v, amounts %+v", goods, sum, a)
	}
	if !order.CreatedAt.Equal(at) || order.Email != "zoe.lindqvist@example.com" || !strings.Contains(order.Message, "☀") {
		t.Errorf("%+v", order)
	}
}

func TestPayloadsDiffer(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	seen := map[string]bool{}
	for range 3 {
		raw, err := payload("ORDER_PLACED", newScene(seeds()[0].shop, at, 0))
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range append(uuids.FindAllString(string(raw), -1), prefixedIDs.FindAllString(string(raw), -1)...) {
			if seen[id] {
				t.Errorf("%s came twice", id)
			}
			seen[id] = true
		}
	}
	if len(seen) != 3*9 {
		t.Errorf("%d ids", len(seen))
	}
	codes := regexp.MustCompile(`^[A-HJ-NP-Z2-9]{8}$`)
	if code := (scene{}).Code(); !codes.MatchString(code) {
		t.Errorf("code %q", code)
	}
}

// An unknown type or a broken template is an error, never half a payload.
func TestPayloadErrors(t *testing.T) {
	t.Parallel()
	if _, err := payload("NOTHING", scene{}); err == nil {
		t.Error("unknown type")
	}
	if _, err := (scene{}).Ago("soon"); err == nil {
		t.Error("no duration")
	}
}
