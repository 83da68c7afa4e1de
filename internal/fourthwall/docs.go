package fourthwall

import "strings"

// DocsURL is the front page of the API's documentation.
const DocsURL = "https://docs.fourthwall.com"

const apiReference = DocsURL + "/api-reference/platform/"

// docsOf has the documented object that events of a type are about, by the beginning of the type's code. The API has
// no page per event type.
var docsOf = []struct{ code, page, about string }{
	{"ORDER_", "orders/get-order", "Order"},
	{"DONATION", "donations/get-donation", "Donation"},
	{"GIFT_PURCHASE", "gift-purchases/get-gift-purchase", "Gift purchase"},
	{"GIFT_DRAW_", "gifting/get-draw", "Gift draw"},
	{"PRODUCT_", "products/get-product", "Product"},
	{"COLLECTION_", "collections/list-collections", "Collections"},
	{"PROMOTION_", "promotions/get-promotion", "Promotion"},
	{"SUBSCRIPTION_", "memberships/get-member", "Member"},
	{"MEMBERSHIP_TIER_", "memberships/list-tiers", "Tiers"},
	{"NEWSLETTER_", "mailing-lists/list-entries", "Mailing list"},
	{"THANK_YOU_", "thank-yous/get-thank-you", "Thank-you"},
}

// Docs returns the page of the API's documentation that is closest to an event type, and what the page is about.
func (t EventType) Docs() (page, about string) {
	for _, d := range docsOf {
		if strings.HasPrefix(string(t), d.code) {
			return apiReference + d.page, d.about
		}
	}
	return apiReference + "webhooks/create-webhook", "Event types"
}
