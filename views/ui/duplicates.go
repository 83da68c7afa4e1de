package ui

// DuplicateOf is another webhook of the shop that already receives some of
// the same event types at the same address.
type Duplicate struct {
	ID     string
	URL    string
	Href   string
	Shared []EventBadge
	// ExtendHref opens that webhook's edit form with the Missing event types
	// ticked as well; "" when it would miss nothing.
	ExtendHref string
	Missing    int
}
