package views

import "hookwall/views/ui"

// UnconfirmedPage is shown when it isn't known whether a webhook was created.
type UnconfirmedPage struct {
	Frame
	Action   string // POST target of "Check again"; fields of the create form
	Key      string
	URL      string
	Types    []ui.EventBadge
	ListHref string
	// CanCheck is false if the shop's webhooks can't be listed, so that a check
	// would find nothing.
	CanCheck  bool
	RequestID string
	Looked    string // result of the check that was just made; "" if there was none
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
