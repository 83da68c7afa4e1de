package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Sentences that the code chooses between. The fixed text of a page is in its template.

// What is wrong with a request for a page or a control.
const (
	nothingHere         = "There is nothing at this address."
	fromElsewhere       = "This came from a page of another origin."
	unknownHost         = "This sandbox does not answer under that name."
	unreadableForm      = "The form cannot be read."
	noDecision          = "The form came without an answer: Allow or Deny."
	noShopChosen        = "The form names no demo shop."
	appNotInstalled     = "The app could not be installed. The log says why."
	consentNotKept      = "The consent could not be kept. The log says why."
	linkRepeats         = "The link names the client or the redirect URI more than once."
	linkOfUnknownClient = "The link comes from a client that this sandbox does not know."
	linkLeadsElsewhere  = "The link would lead back to an address that is not registered for this client. " +
		"Registered addresses are compared character by character."
)

// What is wrong with a request for consent or for tokens: the error_description of RFC 6749.
const (
	consentDenied        = "The person said no."
	repeatedParameter    = "A parameter is repeated."
	noResponseType       = "response_type is missing."
	otherResponseType    = "This address does not answer with that type."
	otherResponseMode    = "response_mode must be query or fragment."
	onlyInFragment       = "A token is only sent in the fragment."
	unprintableState     = "state may hold printable ASCII characters only."
	unknownScope         = "A scope is unknown."
	noChallenge          = "code_challenge is missing."
	challengeRequired    = "A public client must send a code_challenge."
	otherChallengeMethod = "code_challenge_method must be S256."
	badChallenge         = "code_challenge is not the base64url of a SHA-256."
	badGrant             = "The code or refresh token is unknown, expired, spent, or not this client's."
	badClient            = "The client is unknown or did not prove who it is."
	noGrantType          = "grant_type is missing."
	otherGrantType       = "Only authorization_code and refresh_token are supported."
	unreadableJSON       = "The JSON object cannot be read."
	otherTokenBody       = "The body must be a form or a JSON object."
	twoProofs            = "The client proves itself twice."
	noCode               = "code is missing."
	noRefreshToken       = "refresh_token is missing."
	scopeNotGranted      = "A scope was not granted."
)

// What is wrong with a delivery, in sentences for its log.
const (
	faultElsewhere   = "This sandbox calls no other addresses."
	faultTimeout     = "No complete answer within 5 s."
	faultAddress     = "This is not an address that can be called."
	faultUnreachable = "The address could not be reached."
	faultDeleted     = "The webhook was deleted."
)

// otherMethod says that an address does not take a method.
func otherMethod(method string) string {
	return "This address does not take " + bounded(method, 20) + "."
}

// cannotBeDone says why a control did nothing.
func cannotBeDone(err error) string { return "That cannot be done: " + err.Error() + "." }

// faultStatus is what is wrong with a delivery that got a status other than 200.
func faultStatus(status int) string { return fmt.Sprintf("Answered %d. Only 200 counts.", status) }

// faultSlow is what is wrong with a delivery that got 200 too late.
func faultSlow(status int, took time.Duration) string {
	return fmt.Sprintf("Answered %d, but after %.1f s. More than 2 s counts as a failure.", status, took.Seconds())
}

// What is wrong with what a control, or a caller of the package, asked for.
var (
	errNoShop       = errors.New("no such demo shop")
	errBackward     = errors.New("the clock moves forward only: advance must be more than nothing, such as 6m")
	errTooFar       = errors.New("the clock cannot be more than 100 years ahead")
	errOtherBody    = errors.New("the body must be application/json or a form")
	errNegative     = errors.New("delay and times cannot be negative")
	errNoApp        = errors.New("no such client, or it has no redirect address")
	errNothingFails = errors.New("nothing would fail: give a status, a delay, a cut or a header")
)

func unknownShop(id string) error { return fmt.Errorf("%w: %q", errNoShop, id) }

func errCut(cut string) error { return fmt.Errorf("cut %q is not one of before, after, body", cut) }

func errStatus(status int) error { return fmt.Errorf("status %d is not between 200 and 599", status) }

func errNumber(field string) error { return fmt.Errorf("%s is not a whole number", field) }

func errScope(code string) error { return fmt.Errorf("unknown scope %q", code) }

func errPageSize(n int) error {
	return fmt.Errorf("page size %d is not between 0 and %d", n, maxPageSize)
}

func errEventType(code string) error {
	return fmt.Errorf("there is no event type %q", bounded(code, 100))
}

func errNobodyListens(shop, eventType string) error {
	return fmt.Errorf("no webhook of %s listens to %s; create one first, for instance at https://%s/ok",
		shop, eventType, ReceiverHost)
}

// headings say what a status means to a person.
var headings = map[int]string{
	http.StatusBadRequest:          "This does not work",
	http.StatusForbidden:           "Refused",
	http.StatusNotFound:            "Nothing here",
	http.StatusMethodNotAllowed:    "Not this way",
	http.StatusMisdirectedRequest:  "Wrong address",
	http.StatusInternalServerError: "The sandbox failed",
}

// choices are the requests that the front page offers to let fail.
var choices = []struct{ Value, Words string }{
	{" ", "any request"},
	{"POST " + webhooksPath, "creating a webhook"},
	{"GET " + webhooksPath, "listing webhooks"},
	{"GET " + webhooksPath + "/*", "reading one webhook"},
	{"PUT " + webhooksPath + "/*", "changing a webhook"},
	{"DELETE " + webhooksPath + "/*", "deleting a webhook"},
	{"GET " + shopPath, "asking for the shop"},
	{"POST " + tokenPath, "getting a token"},
	{" /open-api/*", "any call of the API"},
}

// receiverPaths say how the built-in receiver behaves.
var receiverPaths = []struct{ Path, Words string }{
	{"/ok", "Answers 200, and so does any other path. Delivered at once."},
	{"/flaky", "Answers 503 to the first two attempts of each event, then 200."},
	{"/verify", "Answers 200 where the signature fits the shop’s webhook secret, else 401."},
	{"/fail", "Answers 500. Given up after 5 attempts."},
	{"/created", "Answers 201, which does not count: only 200 does."},
	{"/redirect", "Answers 302. Redirects are not followed."},
	{"/slow", "Answers 200 after 3 s. More than 2 s counts as a failure."},
}

func webhookCount(n int) string {
	switch n {
	case 0:
		return "no webhook"
	case 1:
		return "1 webhook"
	}
	return strconv.Itoa(n) + " webhooks"
}
