package ui

// Kinds of a Notice and of a Mark.
const (
	Info    = "info"
	Success = "success"
	Warning = "warning"
	Failure = "failure"
)

// Notice is a message. Code and RequestID are shown in small type, each with a
// button that copies it.
type Notice struct {
	Kind      string `json:"kind"` // Info, Success, Warning or Failure
	Title     string `json:"title,omitempty"`
	Text      string `json:"text,omitempty"`
	Code      string `json:"code,omitempty"`
	RequestID string `json:"requestID,omitempty"`
	Link      *Link  `json:"link,omitempty"`
}

// SummaryError is an error in the summary, a link to its field.
type SummaryError struct {
	Href string // "#url" or "#types"
	Text string
}

// noticeStyle is how a kind of notice differs from the others, apart from its
// color.
type noticeStyle struct{ class, icon, spoken string }

// styleOf returns the style of a kind of notice.
func styleOf(kind string) noticeStyle {
	switch kind {
	case Success:
		return noticeStyle{"success", "check-circle", successPrefix}
	case Warning:
		return noticeStyle{"warning", "warning", warningPrefix}
	case Failure:
		return noticeStyle{"failure", "failure", failurePrefix}
	default:
		return noticeStyle{"info", "info", ""}
	}
}
