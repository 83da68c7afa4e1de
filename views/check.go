package views

import (
	"strconv"
	"time"

	"hookwall/views/ui"
)

// CheckStartPage says what an examination of an endpoint will send, and asks
// before it does.
type CheckStartPage struct {
	Frame
	Action      string // POST target; fields url, type, secret, follow
	Hidden      []ui.HiddenField
	BackHref    string // the form or the webhook
	BackText    string
	URL         string
	URLError    *ui.FieldError
	Type        string // code of the event type that is sent
	TypeChoices []ui.EventBadge
	Banner      *ui.Notice
}

// CheckPage shows an examination, as far as it has got.
type CheckPage struct {
	Frame
	URL        string
	Type       ui.EventBadge
	StartedAt  time.Time
	Report     CheckReport
	SelfHref   string // while it runs: the page again
	FollowHref string // while it runs: the stream of CheckReport fragments, as server-sent events
	AgainHref  string
	BackHref   string
	BackText   string
}

// CheckReport is what was found so far. It is drawn anew with each step.
type CheckReport struct {
	Steps       []ui.CheckStep
	Done        bool
	Interrupted bool   // the process that made it died
	Kind        string // when done: Success, Warning or Failure
	Summary     string // when done
	Text        string // when done: all of it, to be copied
}

// verdict is what a finished examination comes to.
func (r CheckReport) verdict() ui.Notice {
	title := "The check could not be finished"
	switch r.Kind {
	case ui.Success:
		title = "Everything passed"
	case ui.Warning:
		title = "There is something to look at"
	case ui.Failure:
		title = "There is something to put right"
	}
	return ui.Notice{Kind: r.Kind, Title: title, Text: r.Summary}
}

// now says where the examination is.
func (r CheckReport) now() string {
	for i, s := range r.Steps {
		if s.Result == ui.StepRunning {
			return "Step " + strconv.Itoa(i+1) + " of " + strconv.Itoa(len(r.Steps)) + ": " + ui.Plain(s.Title) + "."
		}
	}
	return "It is about to begin."
}
