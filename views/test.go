package views

import (
	"strconv"
	"time"

	"hookwall/views/ui"
)

// TestPage sends one delivery by hand.
type TestPage struct {
	Frame
	ID          string
	URL         string
	WebhookHref string
	CheckHref   string // the endpoint's examination
	PickAction  string // of the GET form with the field type that shows another sample
	Type        string
	TypeChoices []ui.EventBadge
	Action      string // POST target; fields type, body, secret
	Body        string
	BodyError   *ui.FieldError
	Banner      *ui.Notice
	Result      *TestResult
}

// TestResult is what the endpoint answered.
type TestResult struct {
	At         time.Time
	Signed     bool // with the secret that was given
	Status     int  // 0: no answer
	StatusText string
	Took       time.Duration
	Problem    string         // why there was no answer
	Verdicts   []ui.CheckStep // against the delivery contract
	Headers    []HeaderLine
	Body       string // as the endpoint sent it, at most 16 KiB
	Truncated  bool   // there was more
	SentBytes  int
}

// HeaderLine is one line of an answer's header.
type HeaderLine struct {
	Name  string
	Value string
}

// verdict is what the answer to a test delivery comes to.
func (r TestResult) verdict() ui.Notice {
	if r.Status == 0 {
		return ui.Notice{Kind: ui.Failure, Title: "No answer", Text: r.Problem}
	}
	n := ui.Notice{Kind: ui.Worst(r.Verdicts), Title: "Answered with " + r.statusLine() + " in " + ui.Took(r.Took), Text: r.Problem}
	if n.Text != "" {
		return n
	}
	switch n.Kind {
	case ui.Failure:
		n.Text = "Fourthwall would count this delivery as failed."
	case ui.Warning:
		n.Text = "Look at what is marked below."
	default:
		n.Text = "Fourthwall would count this delivery as received."
	}
	return n
}

func (r TestResult) statusLine() string {
	if r.StatusText == "" {
		return strconv.Itoa(r.Status)
	}
	return strconv.Itoa(r.Status) + " " + r.StatusText
}
