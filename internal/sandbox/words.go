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
	nothingHere         = "There’s nothing at this URL."
	fromElsewhere       = "This request came from another site."
	unknownHost         = "This sandbox doesn’t use that host name."
	unreadableForm      = "We can’t read the form."
	noDecision          = "The form has no decision. Choose Allow or Deny."
	noShopChosen        = "The form names no demo shop."
	appNotInstalled     = "We couldn’t install the app. The log says why."
	consentNotKept      = "We couldn’t save your consent. The log says why."
	linkRepeats         = "The link names the client or the redirect URI more than once."
	linkOfUnknownClient = "This sandbox doesn’t know the client in the link."
	noPersonChosen      = "The form names no person. Choose one."
	linkLeadsElsewhere  = "The redirect URI in the link isn’t registered for this client. " +
		"It must match exactly."
)

// What is wrong with a request for consent or for tokens: the error_description of RFC 6749.
const (
	consentDenied        = "The person denied the request."
	signInCanceled       = "The person canceled the sign-in."
	nobodySignedIn       = "The person must choose each time, so prompt cannot be none."
	onlyInQuery          = "response_mode must be query."
	openIDMissing        = "The scope openid is missing."
	otherIdentityGrant   = "Only authorization_code is supported."
	repeatedParameter    = "A parameter is repeated."
	noResponseType       = "response_type is missing."
	otherResponseType    = "This URL does not support that response type."
	otherResponseMode    = "response_mode must be query or fragment."
	onlyInFragment       = "A token is only sent in the fragment."
	unprintableState     = "state can only have printable ASCII characters."
	unknownScope         = "A scope is unknown."
	noChallenge          = "code_challenge is missing."
	challengeRequired    = "A public client must send a code_challenge."
	challengeMissing     = "code_challenge is missing, and PKCE is required."
	otherChallengeMethod = "code_challenge_method must be S256."
	badChallenge         = "code_challenge is not the base64url of a SHA-256."
	badGrant             = "The code or refresh token is unknown, expired, spent, or not this client's."
	badClient            = "The client is unknown, or its secret is wrong."
	noGrantType          = "grant_type is missing."
	otherChannelGrant    = "Only client_credentials is supported."
	otherGrantType       = "Only authorization_code and refresh_token are supported."
	unreadableJSON       = "The JSON object is not valid."
	otherTokenBody       = "The body must be a form or a JSON object."
	twoProofs            = "The client sent its credentials twice."
	noCode               = "code is missing."
	noRefreshToken       = "refresh_token is missing."
	scopeNotGranted      = "A scope was not granted."
)

// What the people of the identity provider usually may do.
const (
	asAdmin    = "Admin: connects shops and manages people"
	asOperator = "Operator: changes webhooks"
	asViewer   = "Viewer: looks, and changes nothing"
)

// What is wrong with a delivery, in sentences for its log.
const (
	faultElsewhere   = "This sandbox sends to no other URLs."
	faultTimeout     = "No complete response within 5 s."
	faultAddress     = "This URL can’t receive events."
	faultUnreachable = "We couldn’t reach this URL."
	faultDeleted     = "The webhook was deleted."
)

// otherMethod says that a path does not allow a method.
func otherMethod(method string) string {
	return "This URL does not allow " + bounded(method, 20) + "."
}

// cannotBeDone says why a control did nothing.
func cannotBeDone(err error) string { return "We couldn’t do that: " + err.Error() + "." }

// faultStatus is what is wrong with a delivery that got a status other than 200.
func faultStatus(status int) string { return fmt.Sprintf("Returned %d. Only 200 counts.", status) }

// faultSlow is what is wrong with a delivery that got 200 too late.
func faultSlow(status int, took time.Duration) string {
	return fmt.Sprintf("Returned %d, but after %.1f s. More than 2 s counts as a failure.", status, took.Seconds())
}

// What is wrong with what a control, or a caller of the package, asked for.
var (
	errNoShop       = errors.New("no such demo shop")
	errBackward     = errors.New("the clock only moves forward. Set advance to a positive duration, such as 6m")
	errTooFar       = errors.New("the clock cannot be more than 100 years ahead")
	errOtherBody    = errors.New("the body must be application/json or a form")
	errNegative     = errors.New("delay and times cannot be negative")
	errNoApp        = errors.New("no such client, or it has no redirect URI")
	errNothingFails = errors.New("no failure was chosen. Set a status, a delay, a cut or a header")
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
	return fmt.Errorf("no webhook of %s is subscribed to %s. Create one first, such as for https://%s/ok",
		shop, eventType, ReceiverHost)
}

// headings say what a status means to a person.
var headings = map[int]string{
	http.StatusBadRequest:          "This didn’t work",
	http.StatusForbidden:           "Rejected",
	http.StatusNotFound:            "Not found",
	http.StatusMethodNotAllowed:    "Method not allowed",
	http.StatusMisdirectedRequest:  "Wrong host",
	http.StatusInternalServerError: "The sandbox failed",
}

// choices are the requests that the front page can make fail.
var choices = []struct{ Value, Words string }{
	{" ", "any request"},
	{"POST " + webhooksPath, "creating a webhook"},
	{"GET " + webhooksPath, "listing webhooks"},
	{"GET " + webhooksPath + "/*", "reading one webhook"},
	{"PUT " + webhooksPath + "/*", "changing a webhook"},
	{"DELETE " + webhooksPath + "/*", "deleting a webhook"},
	{"GET " + shopPath, "reading the shop"},
	{"POST " + tokenPath, "getting a token"},
	{"POST " + channelGrantPath, "getting a channel’s token"},
	{"GET " + channelShopsPath, "listing a channel’s shops"},
	{" /open-api/*", "any API request"},
}

// receiverPaths say how the built-in receiver behaves.
var receiverPaths = []struct{ Path, Words string }{
	{"/ok", "Returns 200 immediately, like any other path."},
	{"/flaky", "Returns 503 for the first two attempts of each event, then 200."},
	{"/verify", "Returns 200 if the signature matches the shop’s signing secret. Otherwise, it returns 401."},
	{"/fail", "Returns 500. Fourthwall gives up after 5 attempts."},
	{"/created", "Returns 201. Fourthwall only accepts 200."},
	{"/redirect", "Returns 302. Fourthwall doesn’t follow redirects."},
	{"/slow", "Returns 200 after 3 s. More than 2 s counts as a failure."},
}

// shopCount says how many demo shops there are.
func shopCount(n int) string {
	switch n {
	case 0:
		return "no demo shops"
	case 1:
		return "one demo shop"
	case DefaultShops:
		return "three demo shops"
	}
	return digits(n) + " demo shops"
}

// digits writes a number up to a million.
func digits(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

// shopsText says which shops are shown: of those that match, and of all.
func shopsText(from, to, matching, all int) string {
	switch {
	case matching == all:
		return fmt.Sprintf("Shops %d to %s of %s.", from, digits(to), digits(all))
	case matching > to-from+1:
		return fmt.Sprintf("Shops %d to %s of %s that match. There are %s shops.", from, digits(to), digits(matching),
			digits(all))
	case matching == 1:
		return "1 of " + digits(all) + " shops matches."
	}
	return digits(matching) + " of " + digits(all) + " shops match."
}

// choiceText says how many shops the consent page offers.
func choiceText(shown, matching int) string {
	switch {
	case matching == 0:
		return "No shops match. Try another search."
	case matching > shown:
		return fmt.Sprintf("Showing %d of %s shops. Search to find others.", shown, digits(matching))
	}
	return ""
}

// deliveriesText says how many deliveries a shop has, and how many of them failed.
func deliveriesText(all, failed int) string {
	switch {
	case all == 0:
		return "no deliveries"
	case all == 1 && failed == 0:
		return "1 delivery"
	case failed == 0:
		return strconv.Itoa(all) + " deliveries"
	case all == 1:
		return "1 delivery, failed"
	}
	return fmt.Sprintf("%d deliveries, %d failed", all, failed)
}

// shownText says how many webhooks of a shop are shown.
func shownText(shown, all int) string {
	return fmt.Sprintf("Showing the newest %d of %d webhooks. Search to find others.", shown, all)
}

func webhookCount(n int) string {
	switch n {
	case 0:
		return "no webhooks"
	case 1:
		return "1 webhook"
	}
	return strconv.Itoa(n) + " webhooks"
}
