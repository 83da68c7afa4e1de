package ui

// Kinds of Notice and of WebhookForm's banner.
const (
	Info    = "info"
	Success = "success"
	Warning = "warning"
	Failure = "failure"
)

// Notice is a message above the content. Code and RequestID are shown for
// those who need them, each with a copy button.
type Notice struct {
	Kind      string `json:"kind"` // Info, Success, Warning or Failure
	Title     string `json:"title,omitempty"`
	Text      string `json:"text,omitempty"`
	Code      string `json:"code,omitempty"`
	RequestID string `json:"requestID,omitempty"`
	Link      *Link  `json:"link,omitempty"`
}

// SummaryError is a line of the error summary, a link to its field.
type SummaryError struct {
	Href string // "#url" or "#types"
	Text string
}

// noticeLook is how a kind of notice differs from the others, colour aside.
type noticeLook struct{ class, icon, spoken string }

func lookOf(kind string) noticeLook {
	switch kind {
	case Success:
		return noticeLook{"success", "check-circle", "Done: "}
	case Warning:
		return noticeLook{"warning", "warning", "Warning: "}
	case Failure:
		return noticeLook{"failure", "failure", "Error: "}
	default:
		return noticeLook{"info", "info", ""}
	}
}
