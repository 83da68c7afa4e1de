package views

import (
	"time"

	"github.com/a-h/templ"

	"hookwall/views/ui"
)

// DisconnectPage asks before a shop is disconnected.
type DisconnectPage struct {
	Frame
	Name         string // of the shop
	Action       string // POST target that deletes the chosen webhooks if there are any, then disconnects; field webhook
	AnywayAction string // POST target that only disconnects; "" unless webhooks that were chosen are left
	KeepHref     string
	Ended        bool            // the connection can't be used
	Notice       *ui.Notice      // about the connection, the list or the last attempt
	Webhooks     []DisconnectRow // that were created here and exist
	ListKnown    bool            // the shop's webhooks could be read
	Attempts     []DeleteAttempt // of the form that was just sent
}

// DisconnectRow is a webhook that was created here.
type DisconnectRow struct {
	ID, Name  string
	URL       string
	TypeCount int
	Who       string // created it
	CreatedAt time.Time
	Chosen    bool
	Locked    bool // it can't be deleted
}

// DeleteAttempt says what became of one webhook that was to be deleted.
type DeleteAttempt struct {
	Name    string
	State   ui.State
	Outcome string // "Deleted"
	Text    string // why it wasn't deleted, and what to do
	Code    string
}

// chosen returns how many webhooks are chosen.
func (p DisconnectPage) chosen() (n int) {
	for _, row := range p.Webhooks {
		if row.Chosen {
			n++
		}
	}
	return n
}

// hasChoice reports whether there is a webhook that can be deleted.
func (p DisconnectPage) hasChoice() bool {
	for _, row := range p.Webhooks {
		if !row.Locked {
			return true
		}
	}
	return false
}

func (p DisconnectPage) keepText() string {
	if p.Ended {
		return backToShops
	}
	return keepConnected
}

// deleteText names on the button how many webhooks are deleted.
func deleteText(n string, plural bool) string {
	if plural {
		return "Delete " + n + " webhooks and disconnect"
	}
	return "Delete " + n + " webhook and disconnect"
}

// noneText returns the text of the button if no webhook is chosen.
func (p DisconnectPage) noneText() string {
	if len(p.Attempts) > 0 && p.AnywayAction == "" {
		return disconnectAnyway
	}
	return p.disconnectText()
}

// buttonText returns the text of the button for the webhooks that are chosen.
func (p DisconnectPage) buttonText() string {
	if n := p.chosen(); n > 0 {
		return deleteText(ui.Number(n), n > 1)
	}
	return p.noneText()
}

func (p DisconnectPage) disconnectText() string { return "Disconnect " + ui.Plain(p.Name) }

// buttonTexts has the texts that script writes on the button while webhooks are
// chosen. # is their number.
func (p DisconnectPage) buttonTexts() templ.Attributes {
	if !p.hasChoice() {
		return nil
	}
	return templ.Attributes{
		"data-none": p.noneText(), "data-one": deleteText("1", false), "data-many": deleteText("#", true),
	}
}
