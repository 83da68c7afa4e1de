package views

import (
	"cmp"
	"strconv"
	"time"

	"hookwall/views/ui"
)

// TestPage sends one test delivery.
type TestPage struct {
	Frame
	Name        string
	URL         string
	WebhookHref string
	CheckHref   string // checks the endpoint; "" if not offered
	PickAction  string // GET target that shows another sample; field type
	Type        string
	TypeChoices []ui.EventBadge
	Action      string // POST target; fields type, body, secret
	Body        string
	BodyError   *ui.FieldError
	Banner      *ui.Notice
	Result      *TestResult
	SecretKept  bool // the secret that came with the webhook is still kept
}

// secretHint says what happens if no secret is entered.
func (p TestPage) secretHint() string {
	if p.SecretKept {
		return signKeptHint
	}
	return signOnceHint
}

// failed reports whether the form is shown again because of an error.
func (p TestPage) failed() bool {
	return p.BodyError != nil || isFailure(p.Banner) || failedNotice(p.Frame)
}

// TestResult is how the endpoint responded.
type TestResult struct {
	At         time.Time
	Signed     bool // with the secret
	Kept       bool // the secret is the kept one, not one that was entered
	Status     int  // 0 if there was no response
	StatusText string
	Took       time.Duration
	Problem    string         // why there was no response, or not a whole one
	Verdicts   []ui.CheckStep // on each rule of the delivery contract
	Headers    []HeaderLine
	Body       string // as sent, at most 16 KiB
	Truncated  bool   // the body was longer
	SentBytes  int
}

// HeaderLine is one header of a response.
type HeaderLine struct {
	Name  string
	Value string
}

// Verdict returns the result in a notice.
func (r TestResult) Verdict() ui.Notice {
	if r.Status == 0 {
		return ui.Notice{Kind: ui.Failure, Title: testNoResponse, Text: r.Problem}
	}
	kind := ui.Worst(r.Verdicts)
	return ui.Notice{
		Kind:  kind,
		Title: "The endpoint returned " + r.statusLine() + " in " + ui.Took(r.Took),
		Text:  cmp.Or(r.Problem, testText(kind)),
	}
}

// statusLine returns the status code and its text, such as "200 OK".
func (r TestResult) statusLine() string {
	if r.StatusText == "" {
		return strconv.Itoa(r.Status)
	}
	return strconv.Itoa(r.Status) + " " + r.StatusText
}

// worst returns the kind of the worst verdict, or Failure if there was no
// response.
func (r TestResult) worst() string {
	if r.Status == 0 {
		return ui.Failure
	}
	return ui.Worst(r.Verdicts)
}
