package fleet

import (
	"errors"
	"net/http"

	"hookwall/internal/fourthwall"
	"hookwall/internal/shops"
)

// Problem is why a visit could not read or understand a shop. What was seen before stays.
type Problem string

// Problems. NoProblem means that everything was read and understood.
const (
	NoProblem   Problem = ""
	Busy        Problem = "busy"       // the API's limit was reached
	NoAnswer    Problem = "no answer"  // none in time, or that of a server that failed
	InFront     Problem = "in front"   // something in front of Fourthwall refused
	Ended       Problem = "ended"      // the shop must be connected again
	Forbidden   Problem = "forbidden"  // the connection lacks the permission to read webhooks
	ShopGone    Problem = "gone"       // Fourthwall no longer knows the shop
	AppRejected Problem = "app"        // Fourthwall doesn't accept the client ID and secret in the settings
	Unreadable  Problem = "unreadable" // the answer isn't what the API returns
	Unclear     Problem = "unclear"    // it was read, but the states of deliveries don't say how they ended
)

// problemOf returns the problem that an error of a call is, and the API's code. It returns false for an error that says
// nothing about the shop, such as one of the database.
func problemOf(err error) (p Problem, code string, ok bool) {
	if errors.Is(err, shops.ErrReconnect) {
		return Ended, "", true
	}
	e := fourthwall.AsError(err)
	if e == nil {
		return NoProblem, "", err == nil
	}
	switch {
	case e.Fault == fourthwall.AppRejected:
		p = AppRejected
	case e.Fault != "":
		p = InFront
	case e.Status == http.StatusTooManyRequests:
		p = Busy
	case e.Status == 0, e.Status >= http.StatusInternalServerError:
		p = NoAnswer
	case e.ShopGone():
		p = ShopGone
	case e.Forbidden():
		p = Forbidden
	default:
		p = Unreadable
	}
	return p, e.Code, true
}
