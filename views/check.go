package views

import (
	"time"

	"hookwall/views/ui"
)

// CheckStartPage says what an endpoint check will send and asks before it does.
type CheckStartPage struct {
	Frame
	Action      string // POST target; fields url, type, secret, follow
	Hidden      []ui.HiddenField
	BackHref    string // to the form or the webhook
	BackText    string
	URL         string
	AsTyped     string // URL that is checked as it is; "" if none
	URLError    *ui.FieldError
	URLNotes    ui.FieldNotes
	NotesHref   string // where the script asks for notes on the URL
	Type        string // code of the event type that is sent
	TypeChoices []ui.EventBadge
	Banner      *ui.Notice
}

// failed reports whether the form is shown again because of an error.
func (p CheckStartPage) failed() bool {
	return p.URLError != nil || isFailure(p.Banner) || failedNotice(p.Frame)
}

// CheckPage shows an endpoint check while it runs and when it is done.
type CheckPage struct {
	Frame
	URL        string
	Type       ui.EventBadge
	StartedAt  time.Time
	Report     CheckReport
	SelfHref   string // reloads the page; "" unless the check is running
	FollowHref string // stream of CheckProgress fragments (server-sent events); "" unless the check is running
	AgainHref  string
	BackHref   string
	BackText   string
}

// CheckReport has the findings so far.
type CheckReport struct {
	Steps       []ui.CheckStep
	Done        bool
	Interrupted bool   // its process ended before it was done
	Kind        string // ui.Success, ui.Warning or ui.Failure; "" until it is done
	Summary     string // "" until it is done
	Text        string // the whole report as plain text; "" until it is done
}

// verdict returns the result of a finished check.
func (r CheckReport) verdict() ui.Notice {
	return ui.Notice{Kind: r.Kind, Title: checkTitle(r.Kind), Text: r.Summary}
}

// now returns the progress in words.
func (r CheckReport) now() string {
	for i, s := range r.Steps {
		if s.Result == ui.StepRunning {
			return stepOf(i+1, len(r.Steps), s.Title)
		}
	}
	return checkNotBegun
}

// parted returns the steps that are shown, those that failed first, and those
// that are folded. Until the check is done, all are shown in their order.
func (r CheckReport) parted() (first, others []ui.CheckStep) {
	if !r.Done {
		return r.Steps, nil
	}
	var warned []ui.CheckStep
	for i, s := range r.Steps {
		s.Number = i + 1
		switch s.Result {
		case ui.StepFailed:
			first = append(first, s)
		case ui.StepWarned:
			warned = append(warned, s)
		default:
			others = append(others, s)
		}
	}
	return append(first, warned...), others
}

// otherSteps says how many steps are folded.
func otherSteps(steps []ui.CheckStep) string {
	passed := 0
	for _, s := range steps {
		if s.Result == ui.StepPassed {
			passed++
		}
	}
	return otherStepsText(passed, len(steps)-passed)
}
