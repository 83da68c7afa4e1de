package fourthwall

import "slices"

// EventType is the code of an event type, as the API spells it. The API may use codes that aren't in the catalog.
type EventType string

// EventInfo describes an event type for people.
type EventInfo struct {
	Code        EventType
	Title       string // two to four words
	Description string // one sentence for creators
	Group       string // ID of its Group
}

// Group is a set of related event types. Every event type of the catalog is in exactly one group.
type Group struct {
	ID    string
	Title string
	Types []EventInfo // in the order a picker shows them
}

// Preset is a selection of event types for a purpose.
type Preset struct {
	ID          string
	Title       string
	Description string // one sentence: what the selection is for
	Types       []EventType
}

// EventTypes returns the catalog: all event types in the order of the API's documentation. The caller owns the slice.
func EventTypes() []EventInfo {
	return slices.Clone(catalog)
}

// Groups returns the groups in the order a picker shows them. The caller owns the slices.
func Groups() []Group {
	groups := make([]Group, len(groupTable))
	for i, g := range groupTable {
		groups[i] = Group{ID: g.id, Title: g.title, Types: make([]EventInfo, len(g.types))}
		for j, code := range g.types {
			groups[i].Types[j] = byCode[code]
		}
	}
	return groups
}

// Presets returns the presets in the order a picker shows them. The caller owns the slices.
func Presets() []Preset {
	return []Preset{
		{
			ID: "stream-alerts", Title: "Stream alerts",
			Description: "Show orders, tips, gifts and new members on your stream.",
			Types: []EventType{
				"ORDER_PLACED", "DONATION", "GIFT_PURCHASE", "SUBSCRIPTION_PURCHASED", "SUBSCRIPTION_CHANGED",
			},
		},
		{
			ID: "memberships", Title: "Memberships",
			Description: "Follow your members and everything you publish for them.",
			Types:       typesOf("members", "member-content"),
		},
		{
			ID: "fulfillment", Title: "Fulfillment",
			Description: "Pack and ship new orders, and follow what changes in them.",
			Types:       []EventType{"ORDER_PLACED", "ORDER_UPDATED"},
		},
		{
			ID: "catalog-sync", Title: "Catalog sync",
			Description: "Keep another system in step with your products, collections and promotions.",
			Types:       typesOf("catalog", "promotions"),
		},
		{
			ID: "marketing", Title: "Marketing",
			Description: "Win back shoppers who left their cart, and stay in touch with your audience.",
			Types:       typesOf("carts", "audience"),
		},
		{
			ID: "everything", Title: "Everything",
			Description: "Hear about everything that happens in your shop.",
			Types:       allTypes(),
		},
	}
}

// LookupEventType returns the description of an event type, or false if the catalog doesn't have it.
func LookupEventType(code EventType) (EventInfo, bool) {
	info, ok := byCode[code]
	return info, ok
}

// typesOf returns the event types of groups.
func typesOf(groupIDs ...string) []EventType {
	var types []EventType
	for _, g := range groupTable {
		if slices.Contains(groupIDs, g.id) {
			types = append(types, g.types...)
		}
	}
	return types
}

func allTypes() []EventType {
	types := make([]EventType, len(catalog))
	for i, info := range catalog {
		types[i] = info.Code
	}
	return types
}

type group struct {
	id    string
	title string
	types []EventType
}

var groupTable = []group{
	{"orders", "Orders and tips", []EventType{
		"ORDER_PLACED", "ORDER_UPDATED", "DONATION",
	}},
	{"gifts", "Gifts and draws", []EventType{
		"GIFT_PURCHASE", "GIFT_DRAW_STARTED", "GIFT_DRAW_ENDED",
	}},
	{"members", "Members", []EventType{
		"SUBSCRIPTION_PURCHASED", "SUBSCRIPTION_CHANGED", "SUBSCRIPTION_EXPIRED",
	}},
	{"catalog", "Catalog", []EventType{
		"PRODUCT_CREATED", "PRODUCT_UPDATED", "COLLECTION_UPDATED",
	}},
	{"promotions", "Promotions", []EventType{
		"PROMOTION_CREATED", "PROMOTION_UPDATED", "PROMOTION_STATUS_CHANGED",
	}},
	{"carts", "Carts", []EventType{
		"CART_ABANDONED_1H", "CART_ABANDONED_24H", "CART_ABANDONED_72H",
	}},
	{"member-content", "Member content and tiers", []EventType{
		"MEMBERSHIP_POST_UPSERTED", "MEMBERSHIP_SERIES_UPSERTED", "MEMBERSHIP_SERIES_DELETED",
		"MEMBERSHIP_TAG_CREATED", "MEMBERSHIP_TAG_UPDATED", "MEMBERSHIP_TAG_DELETED",
		"MEMBERSHIP_TIER_UPSERTED", "MEMBERSHIP_TIER_DELETED",
	}},
	{"audience", "Audience", []EventType{
		"NEWSLETTER_SUBSCRIBED", "THANK_YOU_SENT",
	}},
	{"app", "App", []EventType{
		"PLATFORM_APP_DISCONNECTED",
	}},
}

var catalog = withGroups([]EventInfo{
	{Code: "ORDER_PLACED", Title: "Order placed", Description: "A new order is paid."},
	{Code: "ORDER_UPDATED", Title: "Order updated", Description: "Its status, address or email changes."},
	{Code: "GIFT_PURCHASE", Title: "Gift purchase", Description: "A supporter buys gifts for your community."},
	{Code: "PRODUCT_CREATED", Title: "Product created", Description: "You add a product."},
	{Code: "PRODUCT_UPDATED", Title: "Product updated", Description: "You change a product’s name or price."},
	{Code: "DONATION", Title: "Donation", Description: "Someone sends you a tip."},
	{Code: "SUBSCRIPTION_PURCHASED", Title: "Membership purchased", Description: "Someone becomes a member."},
	{Code: "SUBSCRIPTION_EXPIRED", Title: "Membership expired", Description: "A membership runs out."},
	{
		Code: "SUBSCRIPTION_CHANGED", Title: "Membership changed",
		Description: "A member moves to another tier.",
	},
	{Code: "NEWSLETTER_SUBSCRIBED", Title: "Newsletter sign-up", Description: "Someone joins your newsletter."},
	{Code: "THANK_YOU_SENT", Title: "Thank-you sent", Description: "You thank a supporter."},
	{Code: "GIFT_DRAW_STARTED", Title: "Gift draw started", Description: "A draw that gives away gifts starts."},
	{Code: "GIFT_DRAW_ENDED", Title: "Gift draw ended", Description: "A draw that gives away gifts ends."},
	{
		Code: "PROMOTION_CREATED", Title: "Promotion created",
		Description: "You set up a discount code.",
	},
	{Code: "PROMOTION_UPDATED", Title: "Promotion updated", Description: "You change its details."},
	{
		Code: "PROMOTION_STATUS_CHANGED", Title: "Promotion status changed",
		Description: "It becomes active or ends.",
	},
	{Code: "PLATFORM_APP_DISCONNECTED", Title: "App disconnected", Description: "An app leaves your shop."},
	{
		Code: "MEMBERSHIP_POST_UPSERTED", Title: "Member post saved",
		Description: "You create or change a post.",
	},
	{
		Code: "MEMBERSHIP_SERIES_UPSERTED", Title: "Member series saved",
		Description: "You create or change a series.",
	},
	{
		Code: "MEMBERSHIP_SERIES_DELETED", Title: "Member series deleted",
		Description: "You delete a series.",
	},
	{Code: "MEMBERSHIP_TAG_CREATED", Title: "Member tag created", Description: "You create a content tag."},
	{Code: "MEMBERSHIP_TAG_UPDATED", Title: "Member tag updated", Description: "You change a content tag."},
	{Code: "MEMBERSHIP_TAG_DELETED", Title: "Member tag deleted", Description: "You delete a content tag."},
	{
		Code: "MEMBERSHIP_TIER_UPSERTED", Title: "Membership tier saved",
		Description: "You create or change a tier.",
	},
	{Code: "MEMBERSHIP_TIER_DELETED", Title: "Membership tier deleted", Description: "You delete a tier."},
	{Code: "COLLECTION_UPDATED", Title: "Collection updated", Description: "You change a collection."},
	{
		Code: "CART_ABANDONED_1H", Title: "Cart left for 1 hour",
		Description: "No order one hour later.",
	},
	{
		Code: "CART_ABANDONED_24H", Title: "Cart left for 24 hours",
		Description: "No order one day later.",
	},
	{
		Code: "CART_ABANDONED_72H", Title: "Cart left for 72 hours",
		Description: "No order three days later.",
	},
})

var byCode = func() map[EventType]EventInfo {
	m := make(map[EventType]EventInfo, len(catalog))
	for _, info := range catalog {
		m[info.Code] = info
	}
	return m
}()

// withGroups sets the group of each event type.
func withGroups(infos []EventInfo) []EventInfo {
	for i := range infos {
		for _, g := range groupTable {
			if slices.Contains(g.types, infos[i].Code) {
				infos[i].Group = g.id
			}
		}
	}
	return infos
}
