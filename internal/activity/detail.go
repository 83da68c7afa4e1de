package activity

import (
	"encoding/json"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
)

// Detail is what an attempt records besides its outcome. It is encrypted in the database.
type Detail struct {
	Before *fourthwall.Content `json:"before,omitempty"` // what was there; nil before a create
	After  *fourthwall.Content `json:"after,omitempty"`  // what was wanted; nil for a delete
	Found  *fourthwall.Content `json:"found,omitempty"`  // what the API had afterwards, if not what was wanted

	// Of a create: the IDs of the webhooks before it, whether these are all of them, and what identifies its
	// idempotency key.
	Known     []string `json:"known,omitempty"`
	KnownAll  bool     `json:"knownAll,omitempty"`
	Operation string   `json:"operation,omitempty"`

	// Of a connection.
	Shop   string `json:"shop,omitempty"`   // name of the shop
	Scopes string `json:"scopes,omitempty"` // separated by spaces

	Channel string `json:"channel,omitempty"` // name of the channel
	// Of the labels of a shop.
	LabelsAdded   []string `json:"labelsAdded,omitempty"`
	LabelsRemoved []string `json:"labelsRemoved,omitempty"`

	// Of a connection that ended.
	Connection string `json:"connection,omitempty"` // how the shop was connected, in words
	Why        string `json:"why,omitempty"`        // a store.EndReason
	Code       string `json:"code,omitempty"`       // of the response that showed it

	// Of the team.
	Member     string `json:"member,omitempty"`     // name of the person that it is about, if not the actor
	RoleBefore string `json:"roleBefore,omitempty"` // of that person
	RoleAfter  string `json:"roleAfter,omitempty"`
	Ended      string `json:"ended,omitempty"` // mark of a session

	// Of an access token.
	Token string `json:"token,omitempty"` // its name
	Scope string `json:"scope,omitempty"`

	// Of a plan.
	Plan   int64  `json:"plan,omitempty"` // its number
	Digest string `json:"digest,omitempty"`

	// Of a template.
	Template string `json:"template,omitempty"` // its name
	Version  int    `json:"version,omitempty"`
}

// ReadDetail returns the detail of an activity, or false if it can no longer be read.
func ReadDetail(a store.Activity) (Detail, bool) {
	var d Detail
	err := json.Unmarshal(a.Detail, &d)
	return d, err == nil
}
