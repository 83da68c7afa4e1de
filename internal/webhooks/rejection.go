package webhooks

import (
	"net/http"
	"net/url"
	"time"

	"hookwall/internal/fourthwall"
)

// CodeImmutable is the API's code for a webhook that it won't change.
const CodeImmutable = "WEBHOOK_CONFIGURATION_NOT_UPDATABLE_OR_DELETABLE"

// Reason is a cause of rejection other than an error of the API.
type Reason string

// Reasons.
const (
	EarlierAttempt  Reason = "earlier"    // nothing was sent: another attempt for the same may still take effect
	EarlierAbsent   Reason = "unanswered" // the same, and its webhook isn't there: a person has to decide
	NotCreated      Reason = "absent"     // the attempt ended before it called the API
	ReturnedOld     Reason = "old"        // of an Unconfirmed: the response names a webhook that existed before
	ReturnedUnknown Reason = "unknown"    // the same of one that the API doesn't know
	Unlisted        Reason = "unlisted"   // nothing was sent: not all webhooks could be read, so it may already exist
)

// Rejection is an error of the API, or another reason why nothing was done.
type Rejection struct {
	Reason     Reason        `json:"reason,omitempty"` // "" for an error of the API
	Op         string        `json:"op,omitempty"`     // what the API was asked for, as in fourthwall.Error
	Status     int           `json:"status,omitempty"`
	Code       string        `json:"code,omitempty"`
	RequestID  string        `json:"requestID,omitempty"`
	RetryAfter time.Duration `json:"retryAfter,omitempty"`
	NotSent    bool          `json:"notSent,omitempty"` // it never reached the API
	Certain    bool          `json:"certain,omitempty"` // of an EarlierAbsent, see Result
	Listed     *Listed       `json:"listed,omitempty"`  // of an Unlisted, unless no webhook could be read

	Fault fourthwall.Fault `json:"fault,omitempty"` // who refused, if the API itself didn't
}

// Listed is how much of an incomplete list was read.
type Listed struct {
	Webhooks int  `json:"webhooks"`
	Total    int  `json:"total"` // as of fourthwall.WebhookList
	Cut      bool `json:"cut,omitempty"`
}

// RejectionOf returns the rejection that an error of the API means.
func RejectionOf(api *fourthwall.Error) Rejection {
	return Rejection{
		Op: api.Op, Status: api.Status, Code: api.Code, RequestID: api.RequestID, RetryAfter: api.RetryAfter,
		NotSent: api.NotSent, Fault: api.Fault,
	}
}

// unlisted returns the rejection of a create before which the webhooks could not all be read.
func unlisted(list fourthwall.WebhookList) Rejection {
	var r Rejection
	if api := fourthwall.AsError(list.Err); api != nil {
		r = RejectionOf(api)
	}
	r.Reason = Unlisted
	if list.Webhooks != nil {
		r.Listed = &Listed{len(list.Webhooks), list.Total, list.Cut}
	}
	return r
}

// Error returns the rejection as an error of the API.
func (r Rejection) Error() *fourthwall.Error { return r.apiError() }

func (r Rejection) apiError() *fourthwall.Error {
	return &fourthwall.Error{
		Op: r.Op, Status: r.Status, Code: r.Code, RequestID: r.RequestID, RetryAfter: r.RetryAfter, NotSent: r.NotSent,
		Fault: r.Fault,
	}
}

// IsTemporary reports whether the API was busy.
func (r Rejection) IsTemporary() bool {
	return r.Status == http.StatusTooManyRequests || r.Status == http.StatusServiceUnavailable
}

// URLFix returns sentences for the URL field if the rejection is about the URL that was sent, or "". The API documents
// status 400 for it, but the code is more specific than the status.
func (r Rejection) URLFix(sent string) string {
	if !r.apiError().Rejected() || r.IsTemporary() {
		return ""
	}
	if u, err := url.Parse(sent); err == nil {
		for _, likely := range LikelyRejections(u) {
			if likely.Code == r.Code {
				return likely.rejected
			}
		}
	}
	return urlCodes[r.Code]
}
