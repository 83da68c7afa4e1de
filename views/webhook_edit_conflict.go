package views

import "hookwall/views/ui"

// WebhookEditConflictPage shows both versions of a webhook that has changed at
// Fourthwall since the edit form was opened.
type WebhookEditConflictPage struct {
	Frame
	Name        string
	WebhookHref string
	Yours       Version
	Theirs      Version
	UseAction   string // POST target that replaces Theirs by Yours
	Draft       string // value of the hidden field draft
	Seen        string // value of the hidden field seen, which names the version of Theirs that was shown
	EditHref    string // opens the form with Yours
}

// Version is one of the two versions.
type Version struct {
	URL        string
	URLDiffers bool
	Types      []VersionType
}

// VersionType is an event type of a version.
type VersionType struct {
	ui.EventBadge
	Only bool // the other version doesn't have it
}

// parted returns the event types that only this version has, and those that
// both have.
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

// versionRow is an event type that one of the versions has.
type versionRow struct {
	ui.EventBadge

	yours bool // it is yours that has it
}

// rows returns the event types by which the versions differ.
func (p WebhookEditConflictPage) rows() []versionRow {
	var rows []versionRow
	yours, _ := p.Yours.parted()
	for _, e := range yours {
		rows = append(rows, versionRow{e, true})
	}
	theirs, _ := p.Theirs.parted()
	for _, e := range theirs {
		rows = append(rows, versionRow{e, false})
	}
	return rows
}
