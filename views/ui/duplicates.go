package ui

// Duplicate is another webhook of the shop with the same URL and some of the
// same event types.
type Duplicate struct {
	ID     string
	URL    string
	Href   string
	Shared []EventBadge
	// ExtendHref opens its edit form with the Missing event types selected as
	// well; "" if none is missing.
	ExtendHref string
	Missing    int
}
