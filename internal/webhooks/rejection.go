package webhooks

import (
	"net/http"
	"time"

	"hookwall/internal/fourthwall"
)

// CodeImmutable is the API's code for a webhook that it won't change.
const CodeImmutable = "WEBHOOK_CONFIGURATION_NOT_UPDATABLE_OR_DELETABLE"

// Reason says why something was rejected that isn't an error of the API.
type Reason string

// Reasons.
const (
	EarlierAttempt Reason = "earlier" // nothing was sent: another attempt for the same may still take effect
	NotCreated     Reason = "absent"  // it was not confirmed, and turned out to have had no effect
)

// Rejection is an error of the API, or another reason for which nothing was done.
type Rejection struct {
	Reason     Reason        `json:"reason,omitempty"` // "" for an error of the API
	Op         string        `json:"op,omitempty"`     // what the API was asked for, as in fourthwall.Error
	Status     int           `json:"status,omitempty"`
	Code       string        `json:"code,omitempty"`
	RequestID  string        `json:"requestID,omitempty"`
	RetryAfter time.Duration `json:"retryAfter,omitempty"`
	NotSent    bool          `json:"notSent,omitempty"` // it never reached the API
}

// RejectionOf returns what an error of the API says.
func RejectionOf(api *fourthwall.Error) Rejection {
	return Rejection{
		Op: api.Op, Status: api.Status, Code: api.Code, RequestID: api.RequestID, RetryAfter: api.RetryAfter,
		NotSent: api.NotSent,
	}
}

// Error returns the rejection as the error that it was.
func (r Rejection) Error() error { return r.apiError() }

func (r Rejection) apiError() *fourthwall.Error {
	return &fourthwall.Error{
		Op: r.Op, Status: r.Status, Code: r.Code, RequestID: r.RequestID, RetryAfter: r.RetryAfter, NotSent: r.NotSent,
	}
}

// IsTemporary reports whether the API was busy.
func (r Rejection) IsTemporary() bool {
	return r.Status == http.StatusTooManyRequests || r.Status == http.StatusServiceUnavailable
}

// URLFix returns a sentence for the URL field where the rejection belongs there, "" elsewhere. It's documented as a
// 400; the code tells more than the status.
func (r Rejection) URLFix() string {
	if !r.apiError().Rejected() || r.IsTemporary() {
		return ""
	}
	return urlCodes[r.Code]
}
