package views

import "time"

// Results of a CheckStep.
const (
	StepWaiting = "waiting"
	StepRunning = "running"
	StepPassed  = "passed"
	StepWarned  = "warned"
	StepFailed  = "failed"
	StepSkipped = "skipped"
)

// CheckStartPage says what an examination of an endpoint will send, and asks
// before it does.
type CheckStartPage struct {
	Frame
	Action      string // POST target; fields url, type, secret, follow
	Hidden      []HiddenField
	BackHref    string // the form or the webhook
	BackText    string
	URL         string
	URLError    *FieldError
	Type        string // code of the event type that is sent
	TypeChoices []EventBadge
	Banner      *Notice
}

// HiddenField is carried by a form.
type HiddenField struct {
	Name  string
	Value string
}

// CheckPage shows an examination, as far as it has got.
type CheckPage struct {
	Frame
	URL        string
	Type       EventBadge
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
	Steps       []CheckStep
	Done        bool
	Interrupted bool   // the process that made it died
	Kind        string // when done: Success, Warning or Failure
	Summary     string // when done
	Text        string // when done: all of it, to be copied
}

// CheckStep is one thing that was looked at.
type CheckStep struct {
	ID     string
	Title  string
	Result string // StepWaiting, StepRunning, StepPassed, StepWarned, StepFailed or StepSkipped
	Seen   []string
	Do     string
	Took   time.Duration // 0: not measured
}

// TestPage sends one delivery by hand.
type TestPage struct {
	Frame
	ID          string
	URL         string
	WebhookHref string
	CheckHref   string // the endpoint's examination
	PickAction  string // of the GET form with the field type that shows another sample
	Type        string
	TypeChoices []EventBadge
	Action      string // POST target; fields type, body, secret
	Body        string
	BodyError   *FieldError
	Banner      *Notice
	Result      *TestResult
}

// TestResult is what the endpoint answered.
type TestResult struct {
	At         time.Time
	Signed     bool // with the secret that was given
	Status     int  // 0: no answer
	StatusText string
	Took       time.Duration
	Problem    string      // why there was no answer
	Verdicts   []CheckStep // against the delivery contract
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

// SignaturePage checks a signature by hand, and shows how a program does.
type SignaturePage struct {
	Frame
	Action         string // POST target, multipart; fields body, file, signature, secret
	Body           string
	FileName       string // of the file that was checked in place of the body
	Signature      string
	BodyError      *FieldError
	SignatureError *FieldError
	SecretError    *FieldError
	Errors         []SummaryError
	Focus          string
	Result         *SignatureResult
	Snippets       []Snippet
}

// SignatureResult says whether a signature is valid and, if not, why.
type SignatureResult struct {
	Valid    bool
	Header   string
	Summary  string
	Findings []SignatureFinding
}

// SignatureFinding is a reason, the surest first.
type SignatureFinding struct {
	Code     string
	Title    string
	Text     string
	Evidence string // "" when it is only likely
}

// Snippet verifies signatures in one language.
type Snippet struct {
	ID       string
	Language string
	File     string
	Code     string
}

// SamplePage shows what Fourthwall sends when an event of one type happens.
type SamplePage struct {
	Frame
	Type        EventBadge
	Description string
	Body        string // JSON, indented
	SignHref    string // how signatures are checked
	Others      []SampleGroup
}

// SampleGroup leads to the samples of a group's event types.
type SampleGroup struct {
	Title string
	Types []SampleLink
}

// SampleLink leads to one sample.
type SampleLink struct {
	EventBadge
	Href string
}

// ComponentsPage shows what pages are made of.
type ComponentsPage struct{ Frame }
