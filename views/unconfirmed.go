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
	// Absent says that the webhook isn't there, so a person may create it again.
	// Certain says that it's as good as certain that it won't appear.
	Absent, Certain bool
	// Old is the webhook that Fourthwall named as the new one, though it existed
	// before; nil if it did not. Unknown is the same for one that it doesn't know.
	Old, Unknown *NamedWebhook
}

// NamedWebhook is a webhook that a sentence is about.
type NamedWebhook struct{ ID, URL string }

// lead returns the sentence below the h1.
func (p UnconfirmedPage) lead() string {
	if p.Old != nil || p.Unknown != nil {
		return returnedOldLead
	}
	return unconfirmedLead
}

// notice returns the warning at the top of the page.
func (p UnconfirmedPage) notice() ui.Notice {
	n := ui.Notice{Kind: ui.Warning, Title: unconfirmedTitle, Text: unconfirmedText, RequestID: p.RequestID}
	switch {
	case p.Absent && p.Certain:
		n.Title, n.Text = absentTitle, absentCertainText
	case p.Absent:
		n.Title, n.Text = absentTitle, absentText
	case p.Old != nil && p.Looked == "":
		n.Title, n.Text = returnedOldTitle, returnedOldText(*p.Old)
	case p.Unknown != nil && p.Looked == "":
		n.Title, n.Text = returnedUnknownTitle, returnedUnknownText(*p.Unknown)
	case p.Looked != "":
		n.Title, n.Text = stillUnconfirmedTitle, p.Looked
	case !p.CanCheck:
		n.Text = unconfirmedUnseenText
	}
	return n
}
