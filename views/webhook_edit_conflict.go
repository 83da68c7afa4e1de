package views

import "hookwall/views/ui"

// ConflictPage shows both versions when a webhook has changed at Fourthwall
// since the form was opened.
type WebhookEditConflictPage struct {
	Frame
	ID          string
	WebhookHref string
	Yours       Version
	Theirs      Version
	UseAction   string // POST target that saves Yours over Theirs
	Draft       string // hidden field draft
	Seen        string // hidden field seen: tells which version of theirs was shown
	EditHref    string // the form with Yours, to be changed further
}

// Version is a webhook's content beside another.
type Version struct {
	URL        string
	URLDiffers bool
	Types      []VersionType
}

// VersionType is an event type of a version.
type VersionType struct {
	ui.EventBadge
	Only bool // the other version does not have it
}

// parted divides the event types into those that only this version has and
// the others.
func (v Version) parted() (only, both []ui.EventBadge) {
	for _, t := range v.Types {
		if t.Only {
			only = append(only, t.EventBadge)
		} else {
			both = append(both, t.EventBadge)
		}
	}
	return only, both
}
