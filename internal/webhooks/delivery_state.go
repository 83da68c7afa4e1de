package webhooks

import (
	"strings"

	"hookwall/internal/fourthwall"
)

// DeliveryState is what a delivery's state means, as far as that is known.
type DeliveryState string

// The states of a delivery. UnknownState means that the API uses a word that we don't know, or none.
const (
	Accepted     DeliveryState = "accepted"
	Failed       DeliveryState = "failed"
	Pending      DeliveryState = "pending" // not sent yet
	UnknownState DeliveryState = "unknown"
)

// stateWords are words that can mean only one thing. The API documents none of its own.
var stateWords = map[string]DeliveryState{
	"DELIVERED": Accepted, "ACCEPTED": Accepted, "SUCCESS": Accepted, "SUCCEEDED": Accepted, "SUCCESSFUL": Accepted,
	"FAILED": Failed, "FAILURE": Failed, "ERROR": Failed, "RETRYING": Failed,
	"PENDING": Pending, "QUEUED": Pending, "SCHEDULED": Pending,
}

// StateOf returns the state of a delivery. An error means that it failed, whatever the API calls its state.
func StateOf(e fourthwall.Event) DeliveryState {
	if e.HasError {
		return Failed
	}
	if state, ok := stateWords[strings.ToUpper(e.State)]; ok {
		return state
	}
	return UnknownState
}
