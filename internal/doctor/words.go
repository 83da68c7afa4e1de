package doctor

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"hookwall/internal/deliver"
	"hookwall/internal/signature"
)

// Why a step was skipped.
const (
	endedBefore = "The check was ended before this step."
	endedDuring = "The check was ended during this step."

	cannotBeCalled = "The address cannot be called."
	notCalled      = "The address is not called."
	nowhereToGo    = "There is no address to call."
	nobodyThere    = "No connection could be made."
	notPrivate     = "No encrypted connection could be made, so nothing is sent."

	noAnswer          = "The test delivery got no answer that could be judged."
	brokenOff         = "The answer broke off, so its time says nothing."
	repeatNeedsSecret = "This needs the shop’s secret: without it the endpoint refuses every delivery."
	repeatNotAccepted = "The first delivery was not accepted with 200, so repeating it would say nothing."
	repeatIncomplete  = "The first answer was not complete, so repeating the delivery would say nothing."
	forgedNeedsSecret = "This needs the shop’s secret: without it every delivery of this check has a wrong signature."
	forgedNotAccepted = "The delivery with the right signature was not accepted either, so refusing a wrong one would " +
		"say nothing."
	forgedIncomplete    = "The first answer was not complete, so no other delivery is sent."
	callFailed          = "The call failed."
	doCheckLogThenAgain = "Look at the log of the server for this moment, then check again."
)

// Address and policy.
const (
	hasUser      = "The address holds a user name or a password before the host. It is not shown here."
	doRemoveUser = "Take out the part before the @. It ends up in logs, and the signature of a delivery already proves " +
		"who sent it."

	nothingRefused = "Nothing was found that Fourthwall is known to refuse. Fourthwall doesn’t publish its rules, " +
		"so it may still reject this URL."
	doUsePublicHost = "Use a public host name at the standard port of https. Fourthwall doesn’t publish its rules, " +
		"so it may still reject this URL."
)

func asTyped(url string) string { return "As typed: " + url }

func callsGoTo(url string) string { return "Calls go to: " + url }

func hostName(unicode, ascii string) string {
	return "Host name: " + unicode + ", which machines write as " + ascii
}

// DNS and connection.
const (
	hostIsIP          = "The host is an IP number: there is no name to look up."
	ownReceiver       = "This is the sandbox’s receiver, on this machine. Your own endpoint needs a public address."
	privateAllowed    = "This installation may call it. Fourthwall delivers over the internet and cannot reach it."
	doUsePublicNames  = "Use a name that leads to public addresses only before you rely on deliveries."
	doRemoveAddresses = "Take the addresses that do not answer out of the DNS settings, or start the server there: " +
		"deliveries may go to any of them."
)

func lookedUp(a deliver.Address) string {
	if a.Public {
		return a.IP.String()
	}
	return a.IP.String() + " (not public)"
}

func andMore(n int) string { return fmt.Sprintf("and %d more", n) }

func notConnected(to netip.AddrPort, why string) string {
	return fmt.Sprintf("%s, port %d: %s", to.Addr(), to.Port(), why)
}

func connected(to netip.AddrPort, took time.Duration) string {
	return fmt.Sprintf("Connected to %s, port %d, in %s.", to.Addr(), to.Port(), duration(took))
}

// TLS.
const (
	noEncryption    = "The address begins with http://, so deliveries travel in the open."
	holdsBuyersData = "Deliveries hold buyers’ names, e-mail and postal addresses. Everybody on the way can read and " +
		"change them."
	doUseHTTPS       = "Set up https for this host and use the https address."
	doRenewByItself  = "Renew the certificate, and see to it that this happens by itself."
	lessThanADayLeft = "less than a day"
)

func certificateEnds(left time.Duration) string {
	return "The certificate ends in " + days(left) + ". Deliveries fail from then on."
}

func tlsVersion(version uint16) string { return "Version: " + tls.VersionName(version) }

func certificateFor(names []string) string { return "Certificate for: " + list(names, maxShown) }

func issuedBy(issuer string) string { return "Issued by: " + issuer }

func validFromTo(from, to time.Time) string {
	return "Valid from " + minute(from) + " to " + minute(to) + "."
}

func sentCertificates(subjects []string) string {
	return "Sent " + count(len(subjects), "certificate", "certificates") + ": " + list(subjects, maxShown)
}

// Test delivery.
const (
	signedWithSecret = "Signed with the shop’s secret, in the header " + signature.ShopSignatureHeader + "."
	signedAtRandom   = "No secret was given, so the signature in " + signature.ShopSignatureHeader + " is made with a " +
		"made-up key and cannot be right."
	answerCame = "An answer came."
)

func sentDelivery(size int) string {
	return "Sent a POST with a test event of " + count(size, "byte", "bytes") + "."
}

// Response.
const (
	refusedRandomKey  = "The endpoint refused a signature that cannot be right, so it probably verifies signatures."
	doTestFully       = "Give the shop’s secret and check again to test the endpoint fully."
	doTestFullyIfThis = " If this is its answer to a wrong signature, give the shop’s secret and check again."
	speaksHTTP10      = "The endpoint speaks HTTP/1.0, which is old but no failure."
	bodyNotEnded      = "The body had not ended when the check stopped waiting."
)

func statusIs(status int) string { return "Status: " + statusText(status) }

func pointsTo(location string) string { return "It points to: " + location }

func bodyCompressed(encoding string) string {
	return "The body is compressed (" + encoding + ") although that was not asked for. It was not unpacked; Fourthwall " +
		"needs no body at all."
}

func bodyTooLong(read int) string {
	return "The body is long or never ends: more than " + count(read, "byte", "bytes") + ". Reading stopped there; " +
		"Fourthwall needs no body at all."
}

// Responses by something other than the endpoint.
const (
	cloudflareMitigated = "Cloudflare responded with a challenge or a block page, so the delivery didn’t reach " +
		"the endpoint."
	firewallRefused = "A firewall or bot protection responded, so the delivery didn’t reach the endpoint."
	csrfRefused     = "The framework’s CSRF protection rejected the delivery. It wants a token that only the " +
		"site’s own pages send."
	accessLogin     = "Cloudflare Access responded and asks for a sign-in. Fourthwall can’t sign in."
	vercelLogin     = "Vercel’s Deployment Protection responded and asks for a sign-in. Fourthwall can’t sign in."
	platformLogin   = "The hosting platform responded and asks for permission. Fourthwall has none."
	tokenWanted     = "The server asks for an access token or a key. Fourthwall sends only its signature."
	loginResponded  = "A login page responded. Fourthwall can’t sign in."
	tunnelResponded = "The tunnel service responded, so the delivery didn’t reach your program."
	webPageRefused  = "The response is a web page, which endpoints rarely send. A firewall, a login or the web server " +
		"may have refused the delivery."
	redirectToLogin  = "The redirect leads to a login page. Fourthwall can’t sign in."
	redirectToItself = "The redirect leads to the same URL again. Bot protection often does that to set a cookie."
	redirectOnce     = "The redirect’s target has a token in it, so it is probably valid only once."

	appsScriptRedirect = "Google Apps Script responds with a redirect to a URL that is valid only once."

	countsAs200 = "Fourthwall counts this as received, but your program may never see the delivery."

	doCloudflareEvents = "In Cloudflare, find this request under Security > Events. Add a rule that skips that check " +
		"for POST requests to this path."
	doCloudflareIntegrity = "In Cloudflare, turn off Browser Integrity Check for this path with a configuration rule."
	doCloudflareOrigin    = "In Cloudflare, check the DNS record, the tunnel or the Worker behind this host name."
	doFirewall            = "Find the firewall or bot protection in front of the endpoint. Allow POST requests to " +
		"this path."
	doCSRF           = "Exempt this path from CSRF protection. The signature protects it instead."
	doAccessExempt   = "In Cloudflare Zero Trust, add an Access policy with the action Bypass for this path."
	doVercelLogin    = "Use the project’s production domain, or turn off Deployment Protection for this deployment."
	doPlatformLogin  = "Allow unauthenticated requests to this endpoint in the hosting platform’s settings."
	doKeyWanted      = "Let this path accept requests without a token or a key, and verify the signature instead."
	doPasswordWanted = "Turn off password protection for this path, and verify the signature instead."
	doExemptLogin    = "Let this path accept requests without a sign-in, and verify the signature instead. " +
		"Don’t use the login page’s URL for the webhook."
	doTunnel        = "Start the tunnel and your program, and turn off the tunnel’s own warning or login page."
	doRespondItself = "Let the endpoint return 200 itself. Don’t use the redirect’s target for the webhook."
	doAppsScript    = "Don’t use the redirect’s target. Apps Script can’t return 200 by itself, nor read the " +
		"signature. Put a small relay in front, such as a Cloudflare Worker. It verifies the signature, returns 200 and " +
		"passes the event on to the script."
	doWebPage = "Look in your program’s log for this request. If it isn’t there, allow POST requests to this path " +
		"in what is in front. Then enter the shop’s secret and check again."
)

func cloudflareBlocked(code string) string {
	return "Cloudflare blocked the delivery before it reached the endpoint (error code " + code + ")."
}

func cloudflareLost(code string) string {
	return "Cloudflare got no response from what is behind it (error code " + code + ")."
}

// passwordWanted is for a scheme of WWW-Authenticate in lower case.
func passwordWanted(scheme string) string {
	name := map[string]string{"basic": "Basic", "digest": "Digest", "negotiate": "Negotiate", "ntlm": "NTLM"}[scheme]
	return "The server asks for a user name and password (WWW-Authenticate: " + name + "). Fourthwall sends neither."
}

// Time.
const (
	timeOfFailure = "This is the time of an answer other than 200. An accepted delivery may take longer."
	timeOfPart    = "That is the time of the part that was read: the body is long or never ends, and Fourthwall " +
		"waits for all of it."
	fourthwallWaits   = "Fourthwall waits 5 s for the whole answer, and may count more than 2 s as a failure."
	doMoveNearer      = "Use a server that is nearer, or find out what delays its connections."
	doEndAnswer       = "Answer with 200 at once and end the answer; do the work afterwards."
	doAnswerFirst     = "Answer with 200 as soon as the delivery is stored, and do the work afterwards."
	doSendShortAnswer = "Send a short answer, or none but the status, and end it."
)

func connectingTook(d time.Duration) string {
	return "Setting up the connection took " + duration(d) + " before that."
}

func togetherMoreThan(limit time.Duration) string {
	return "Together that is more than " + duration(limit) + "."
}

func answerTook(d time.Duration) string { return "The whole answer took " + duration(d) + "." }

func mayCountAsFailure(late time.Duration) string {
	return "Fourthwall may count an answer that takes more than " + duration(late) + " as a failure, and send the " +
		"delivery again."
}

func mayGetThere(slow, late time.Duration) string {
	return "That is more than " + duration(slow) + ". Above " + duration(late) + " Fourthwall may count it as a " +
		"failure; on a busy day it may get there."
}

func noCompleteAnswer(waited time.Duration) string {
	return "No complete answer came within " + duration(waited) + ". The check stopped waiting."
}

func bodyDidNotCome(began, waited time.Duration) string {
	return "The answer began after " + duration(began) + ", but its body did not come within " + duration(waited) + ". " +
		"The check stopped waiting."
}

func bodyCameInDrips(began, waited time.Duration, read int) string {
	return "The answer began after " + duration(began) + ", but its body came in drips: " +
		count(read, "byte", "bytes") + " within " + duration(waited) + ", without an end. The check stopped waiting."
}

// Repeated delivery.
const (
	sentAgain     = "Sent the same delivery again, with the same event ID."
	deliversTwice = "Fourthwall delivers some events more than once. It counts this answer as a failure and sends the " +
		"event again."
	doRememberEvent = "Remember the ids of events. Answer 200 to one that you know already, and do nothing else."
)

// Forged delivery.
const (
	sentForged       = "Sent a delivery with another event id and a signature that is made with a made-up key."
	acceptedAtRandom = "The test delivery was signed with a made-up key, and the endpoint accepted it. No other " +
		"delivery was sent for this step."
	refusedForged   = "The endpoint refused it: it verifies signatures."
	tooBusy         = "The endpoint was too busy to say whether it accepts the delivery."
	refusedInFront  = "That says nothing about the endpoint’s own check of signatures."
	brokeOverForged = "The endpoint broke over the wrong signature. That is not a refusal: whether it did something " +
		"with the delivery is not known."
	neither         = "That is neither acceptance nor refusal."
	verifiesNothing = "The endpoint does not verify signatures. Anyone who knows its URL can send it orders that " +
		"nobody placed."
	stillArrives = "Deliveries arrive all the same, so this is a warning and not a failure."

	doAnswer401         = "Answer 401 to a wrong signature."
	doAnswer401CheckLog = "Answer 401 to a wrong signature, and look at the log of the server for this moment."
	doCheckInAMinute    = "Check again in a minute."
	doVerify            = "Compare the header " + signature.ShopSignatureHeader + " with the base64 of the HMAC-SHA256 " +
		"of the raw body under the shop’s secret, before anything else, and answer 401 when they differ."
)

// Status codes other than 200.
const (
	onlyOK = "Fourthwall counts only 200 as received. To it this is a failure, and it tries again, up to 5 times in all."

	serverBroke      = "The server broke over the delivery."
	endpointRefused  = "The endpoint refused the delivery."
	endpointRedirect = "The endpoint sends on to another address (redirect). Redirects are not followed."
	acceptedNot200   = "The endpoint says that it accepted the delivery, but not with 200."
	noDeliveryAnswer = "This is not an answer to a delivery."

	doCheckLog       = "Look at the log of the server for this moment."
	doCheckLogAnswer = "Look at the log of the server for this moment, and let it answer 200."
	doUseRedirect    = "If the place that it points to is yours, use that address for the webhook; otherwise let the " +
		"endpoint answer by itself."
	doAnswer200   = "Let the endpoint answer exactly 200."
	doVerifyRight = "Check that the secret is the one of this shop, and that the endpoint computes the signature " +
		"over the raw body. " +
		"An endpoint of a platform app looks at another header, which cannot be tested here."
)

// statusTexts has what some status codes mean and what to do about them.
var statusTexts = map[int]struct{ meaning, do string }{
	http.StatusCreated:  {"201 means that something was made. It is a success elsewhere.", doAnswer200},
	http.StatusAccepted: {"202 means that the work is done later. It is a success elsewhere.", doAnswer200},
	http.StatusNoContent: {"204 means success without a body. It is a success elsewhere; an empty 200 is as " +
		"short.", doAnswer200},
	http.StatusUnauthorized: {
		"The endpoint refused the delivery as unauthorized, although it was signed with the secret that you entered.",
		doVerifyRight,
	},
	http.StatusForbidden: {
		"The endpoint refused the delivery as forbidden, although it was signed with the secret that was given.",
		doVerifyRight + " A firewall in front of the server may also be what refuses.",
	},
	http.StatusNotFound: {
		"There is nothing at this path of the server.",
		"Check the part of the address after the host name, capital letters and the slash at the end too.",
	},
	http.StatusMethodNotAllowed: {
		"The path exists, but takes no POST.",
		"Let the endpoint take POST requests, or check the part of the address after the host name.",
	},
	http.StatusGone: {
		"The server says that this path is gone for good.",
		"Use the address of an endpoint that is in use.",
	},
	http.StatusRequestEntityTooLarge: {
		"The delivery is too large for the server.",
		"Let the server take larger bodies. Events of large orders are larger than this one.",
	},
	http.StatusUnsupportedMediaType: {
		"The endpoint does not take JSON.",
		"Let the endpoint take bodies of the type application/json.",
	},
	http.StatusTooManyRequests: {
		"The server refuses because there were too many requests.",
		"Exempt this path from the rate limit: deliveries come in bursts.",
	},
	http.StatusBadGateway: {
		"The server in front cannot reach the program behind it.",
		"Start the program, or correct where the server in front looks for it.",
	},
	http.StatusServiceUnavailable: {
		"The server says that it is not available now.",
		"Check that the program behind it runs and is not in maintenance.",
	},
	http.StatusGatewayTimeout: {
		"The server in front waited too long for the program behind it.",
		"Answer with 200 at once and do the work afterwards.",
	},
}

// Summaries of a report.
const (
	summaryPassed     = "This endpoint takes deliveries as Fourthwall makes them."
	summaryUnfinished = "The check could not be finished. What it got to see is fine."
	summaryEnded      = " The check was ended before all steps were made."
)

func summaryFailed(steps string) string {
	return "Deliveries to this address fail, or may fail. Look at: " + steps + "."
}

func summaryWarned(steps string) string {
	return "Nothing that makes deliveries fail was seen, but look at: " + steps + "."
}

// summaryUnproven is for a response other than 200 that may be the right one to a wrong signature.
func summaryUnproven(steps string) string {
	return "Without the shop’s secret, this check can’t tell whether deliveries arrive. Look at: " + steps + "."
}

func summaryUnfinishedWarned(steps string) string {
	return "The check could not be finished. Of what it got to see, look at: " + steps + "."
}
