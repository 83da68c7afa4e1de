package sandbox

import "slices"

// apiVersion is the only version of webhooks that the platform knows.
const apiVersion = "V1"

// eventTypes are the codes that the platform documents, in its order.
var eventTypes = []string{
	"ORDER_PLACED", "ORDER_UPDATED", "GIFT_PURCHASE", "PRODUCT_CREATED", "PRODUCT_UPDATED",
	"DONATION", "SUBSCRIPTION_PURCHASED", "SUBSCRIPTION_EXPIRED", "SUBSCRIPTION_CHANGED",
	"NEWSLETTER_SUBSCRIBED", "THANK_YOU_SENT", "GIFT_DRAW_STARTED", "GIFT_DRAW_ENDED",
	"PROMOTION_CREATED", "PROMOTION_UPDATED", "PROMOTION_STATUS_CHANGED",
	"PLATFORM_APP_DISCONNECTED", "MEMBERSHIP_POST_UPSERTED", "MEMBERSHIP_SERIES_UPSERTED",
	"MEMBERSHIP_SERIES_DELETED", "MEMBERSHIP_TAG_CREATED", "MEMBERSHIP_TAG_UPDATED",
	"MEMBERSHIP_TAG_DELETED", "MEMBERSHIP_TIER_UPSERTED", "MEMBERSHIP_TIER_DELETED",
	"COLLECTION_UPDATED", "CART_ABANDONED_1H", "CART_ABANDONED_24H", "CART_ABANDONED_72H",
}

// An eventGroup is a part of the list of types that a person chooses from.
type eventGroup struct {
	Title string
	Types []string
}

// eventGroups hold each type once.
var eventGroups = []eventGroup{
	{"Orders and tips", []string{"ORDER_PLACED", "ORDER_UPDATED", "DONATION"}},
	{"Gifts and draws", []string{"GIFT_PURCHASE", "GIFT_DRAW_STARTED", "GIFT_DRAW_ENDED"}},
	{"Members", []string{"SUBSCRIPTION_PURCHASED", "SUBSCRIPTION_CHANGED", "SUBSCRIPTION_EXPIRED"}},
	{"Member content and tiers", []string{
		"MEMBERSHIP_POST_UPSERTED", "MEMBERSHIP_SERIES_UPSERTED", "MEMBERSHIP_SERIES_DELETED", "MEMBERSHIP_TAG_CREATED",
		"MEMBERSHIP_TAG_UPDATED", "MEMBERSHIP_TAG_DELETED", "MEMBERSHIP_TIER_UPSERTED", "MEMBERSHIP_TIER_DELETED",
	}},
	{"Catalog", []string{"PRODUCT_CREATED", "PRODUCT_UPDATED", "COLLECTION_UPDATED"}},
	{"Promotions", []string{"PROMOTION_CREATED", "PROMOTION_UPDATED", "PROMOTION_STATUS_CHANGED"}},
	{"Carts", []string{"CART_ABANDONED_1H", "CART_ABANDONED_24H", "CART_ABANDONED_72H"}},
	{"Audience", []string{"NEWSLETTER_SUBSCRIBED", "THANK_YOU_SENT"}},
	{"App", []string{"PLATFORM_APP_DISCONNECTED"}},
}

// futureTypes are invented: they represent types that the platform adds after a client was written.
var futureTypes = []string{"LIVESTREAM_STARTED", "LIVESTREAM_ENDED"}

func documented(types []string) bool {
	return !slices.ContainsFunc(types, func(t string) bool { return !slices.Contains(eventTypes, t) })
}
