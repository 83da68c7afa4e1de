package views

import "hookwall/views/ui"

// NotConfirmedPage is what a person sees when it is not known whether a
// webhook was created.
type UnconfirmedPage struct {
	Frame
	Action     string // POST target of "Check again"; fields as in the create form
	Submission string
	URL        string
	Types      []ui.EventBadge
	ListHref   string
	// CanCheck is false when the shop's webhooks may not be read, so that a
	// check would tell nothing.
	CanCheck  bool
	RequestID string
	Looked    string // what the check that was just made came to; "" when none was
}

// notice returns the warning at the top of the page.
func (p UnconfirmedPage) notice() ui.Notice {
	n := ui.Notice{Kind: ui.Warning, Title: unconfirmedTitle, Text: unconfirmedText, RequestID: p.RequestID}
	switch {
	case p.Looked != "":
		n.Title, n.Text = stillUnconfirmedTitle, p.Looked
	case !p.CanCheck:
		n.Text = unconfirmedUnseenText
	}
	return n
}
