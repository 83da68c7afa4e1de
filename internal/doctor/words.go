package doctor

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"hookwall/internal/deliver"
	"hookwall/internal/signature"
)

// Why a step was skipped.
const (
	endedBefore = "The check ended before this step."
	endedDuring = "The check ended during this step."

	cannotBeCalled = "Hookwall can’t send to this URL."
	notCalled      = "Hookwall doesn’t send to this URL."
	nowhereToGo    = "There is no server to send to."
	nobodyThere    = "We couldn’t connect to the server."
	notPrivate     = "We couldn’t make an encrypted connection, so we sent nothing."

	noResponse        = "The test delivery got no response to check."
	brokenOff         = "The response was cut off, so its timing says nothing."
	repeatNeedsSecret = "This step needs the signing secret. Without it, the endpoint rejects every delivery."
	repeatNotAccepted = "The first delivery didn’t get status 200, so a repeat would prove nothing."
	repeatIncomplete  = "The first response was incomplete, so a repeat would prove nothing."
	forgedNeedsSecret = "This step needs the signing secret. Without it, every delivery in this check has " +
		"a wrong signature."
	forgedNotAccepted = "The endpoint didn’t accept the correctly signed delivery either, so rejecting a wrong " +
		"signature would prove nothing."
	forgedIncomplete    = "The first response was incomplete, so we sent no other delivery."
	callFailed          = "The request failed."
	doCheckLogThenAgain = "Check your server’s logs, then check again."
)

// URL and policy.
const (
	hasUser      = "The URL contains a username or password before the host. It isn’t shown here."
	doRemoveUser = "Remove the part before the @, because it ends up in logs. A delivery’s signature already proves " +
		"who sent it."

	nothingRefused = "We found nothing that Fourthwall is known to reject. Fourthwall doesn’t publish its rules, " +
		"so it may still reject this URL."
	doUsePublicHost = "Use a public host name and the standard https port. Fourthwall doesn’t publish its rules, " +
		"so it may still reject this URL."
)

func asTyped(url string) string { return "As typed: " + url }

func callsGoTo(url string) string { return "Requests go to: " + url }

func hostName(unicode, ascii string) string {
	return "Host name: " + unicode + ". This domain resolves as " + ascii
}

// DNS and connection.
const (
	hostIsIP          = "The host is an IP address, so there is no name to look up."
	ownReceiver       = "This is the sandbox’s receiver, on this machine. Your own endpoint needs a public URL."
	privateAllowed    = "This instance may send to it. Fourthwall delivers over the internet and can’t reach it."
	doUsePublicNames  = "Before you rely on deliveries, use a host name that has only public IP addresses."
	doRemoveAddresses = "Remove the IP addresses that don’t respond from the DNS settings, or start the server there. " +
		"Deliveries may go to any of them."
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
	noEncryption    = "The URL starts with http://, so deliveries aren’t encrypted."
	holdsBuyersData = "Deliveries contain buyers’ names, email and postal addresses. Anyone on the network can read " +
		"and change them."
	doUseHTTPS       = "Set up https for this host, and use the https:// URL."
	doRenewByItself  = "Renew the certificate, and set it to renew automatically."
	lessThanADayLeft = "less than a day"
)

func certificateEnds(left time.Duration) string {
	return "The certificate expires in " + days(left) + ". After that, deliveries fail."
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
	signedWithSecret = "The " + signature.ShopSignatureHeader + " header is signed with your signing secret."
	signedAtRandom   = "You entered no signing secret, so the " + signature.ShopSignatureHeader + " header is signed " +
		"with a random key and can’t be right."
	responseCame = "The endpoint responded."
)

func sentDelivery(size int) string {
	return "Sent a POST request with a test event of " + count(size, "byte", "bytes") + "."
}

// Response.
const (
	refusedRandomKey  = "The endpoint rejected a signature that can’t be right, so it probably verifies signatures."
	doTestFully       = "Enter the signing secret and check again to test the endpoint fully."
	doTestFullyIfThis = " If that is its response to a wrong signature, enter the signing secret and check again."
	speaksHTTP10      = "The endpoint uses HTTP/1.0, which is old but works."
	bodyNotEnded      = "The body hadn’t finished when the check stopped waiting."
)

func statusIs(status int) string { return "Status: " + statusText(status) }

func pointsTo(location string) string { return "It points to: " + location }

func bodyCompressed(encoding string) string {
	return "The body is compressed (" + encoding + "), although we didn’t ask for that. We didn’t unpack it. " +
		"Fourthwall needs no body."
}

func bodyTooLong(read int) string {
	return "The body has more than " + count(read, "byte", "bytes") + ", or never ends. We stopped reading there. " +
		"Fourthwall needs no body."
}

// Responses by something other than the endpoint.
const (
	cloudflareMitigated = "Cloudflare responded with a challenge or a block page, so the delivery didn’t reach " +
		"the endpoint."
	firewallRefused = "A firewall or bot protection responded, so the delivery didn’t reach the endpoint."
	csrfRefused     = "The framework’s CSRF protection rejected the delivery. It requires a token that only the " +
		"site’s own pages send."
	accessLogin     = "Cloudflare Access responded and asks for a sign-in. Fourthwall can’t sign in."
	vercelLogin     = "Vercel’s Deployment Protection responded and asks for a sign-in. Fourthwall can’t sign in."
	platformLogin   = "The hosting platform responded and asks for credentials. Fourthwall sends none."
	tokenWanted     = "The server asks for an access token or a key. Fourthwall sends only its signature."
	loginResponded  = "A login page responded. Fourthwall can’t sign in."
	tunnelResponded = "The tunnel service responded, so the delivery didn’t reach your program."
	webPageRefused  = "The response is a web page, which endpoints rarely send. A firewall, a login or the web server " +
		"may have rejected the delivery."
	webPageAccepted  = "The response is a web page, which endpoints rarely send."
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
	doKeyWanted      = "Allow requests to this path without a token or a key, and verify the signature instead."
	doPasswordWanted = "Turn off password protection for this path, and verify the signature instead."
	doExemptLogin    = "Allow requests to this path without a sign-in, and verify the signature instead. " +
		"Don’t use the login page’s URL for the webhook."
	doTunnel        = "Start the tunnel and your program, and turn off the tunnel’s own warning or login page."
	doRespondItself = "Return status 200 from the endpoint itself. Don’t use the redirect’s target for the webhook."
	doAppsScript    = "Don’t use the redirect’s target. Apps Script can’t return 200 by itself, nor read the " +
		"signature. Put a small relay in front, such as a Cloudflare Worker. It verifies the signature, returns 200 and " +
		"passes the event on to the script."
	doWebPage = "Check your program’s logs for this request. If it isn’t there, allow POST requests to this path " +
		"in the firewall, login or web server in front. Then enter the signing secret and check again."
	doFindEndpoint = "Check your program’s logs for this request. If it isn’t there, the URL belongs to a page of a " +
		"site. Use your endpoint’s URL."
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

// Tools and hosting platforms with nothing behind the URL.
const (
	n8nTestURL      = "This is n8n’s test URL. It accepts one delivery each time you start the workflow in the editor."
	n8nNotActive    = "n8n has no active workflow for this URL."
	n8nOtherMethod  = "The Webhook node in n8n doesn’t accept POST requests."
	makeNotActive   = "Make has no active scenario for this URL."
	zapierNotActive = "Zapier has no active Zap for this URL."

	doN8nProductionURL = "In n8n, publish or activate the workflow. Then use the production URL of its Webhook node. " +
		"It has /webhook/ instead of /webhook-test/."
	doN8nActivate = "In n8n, publish or activate the workflow, and compare this URL with the production URL of its " +
		"Webhook node."
	doN8nMethod      = "In n8n, set the HTTP method of the Webhook node to POST, then publish or activate the workflow."
	doMakeActivate   = "In Make, turn on the scenario, and compare this URL with the one of its webhook."
	doZapierActivate = "In Zapier, turn on the Zap, and compare this URL with the one of its Catch Hook trigger."
)

func noAppAtHost(platform string) string { return platform + " has no running app at this host name." }

func doStartApp(platform string) string {
	return "Check the host name in the URL. In " + platform + ", check that the app is deployed, running and " +
		"not paused."
}

// Time.
const (
	timeOfFailure = "This timing is for a failed response. A successful one may be slower."
	timeOfPart    = "That only covers the part that we read. The body is long or never ends, and Fourthwall " +
		"waits for all of it."
	fourthwallWaits     = "Fourthwall waits 5 s for the whole response, and may count more than 2 s as a failure."
	doMoveNearer        = "Use a server that’s closer, or find out what delays its connections."
	doEndResponse       = "Return status 200 immediately and end the response. Do the work afterward."
	doRespondFirst      = "Return status 200 as soon as you’ve stored the delivery. Do the work afterward."
	doSendShortResponse = "Send a short response, or only the status, and end it."
)

func connectingTook(d time.Duration) string {
	return "Setting up the connection took " + duration(d) + " before that."
}

func togetherMoreThan(limit time.Duration) string {
	return "Together, that’s more than " + duration(limit) + "."
}

func responseTook(d time.Duration) string { return "The whole response took " + duration(d) + "." }

func mayCountAsFailure(late time.Duration) string {
	return "Fourthwall may count a response that takes more than " + duration(late) + " as a failure, and send the " +
		"delivery again."
}

func mayGetThere(slow, late time.Duration) string {
	return "That’s more than " + duration(slow) + ". Above " + duration(late) + ", Fourthwall may count it as a " +
		"failure. On a busy day, your endpoint may get that slow."
}

func noCompleteResponse(waited time.Duration) string {
	return "No complete response arrived within " + duration(waited) + ", so the check stopped waiting."
}

func bodyDidNotCome(began, waited time.Duration) string {
	return "The response began after " + duration(began) + ", but no body arrived within " + duration(waited) + ". " +
		"The check stopped waiting."
}

func bodyTooSlow(began, waited time.Duration, read int) string {
	return "The response began after " + duration(began) + ", but the body arrived too slowly and never finished. " +
		"We received " + count(read, "byte", "bytes") + " within " + duration(waited) + ", then stopped waiting."
}

// Repeated delivery.
const (
	sentAgain     = "We sent the same delivery again, with the same event ID."
	deliversTwice = "Fourthwall delivers some events more than once. It counts this response as a failure and sends " +
		"the event again."
	doRememberEvent = "Store the ID of each event you process, and skip IDs you’ve already seen. Return status 200 " +
		"for those too."
)

// Forged delivery.
const (
	sentForged       = "We sent a delivery with another event ID, signed with a random key."
	acceptedAtRandom = "The test delivery was signed with a random key, and the endpoint accepted it. This step sent no " +
		"other delivery."
	refusedForged   = "The endpoint rejected it, so it verifies signatures."
	tooBusy         = "The endpoint was too busy to say whether it accepts the delivery."
	refusedInFront  = "That doesn’t show whether the endpoint itself verifies signatures."
	notARejection   = "That isn’t a rejection. We don’t know whether it processed the delivery."
	neither         = "That neither accepts nor rejects the delivery."
	verifiesNothing = "The endpoint doesn’t verify signatures. Anyone who knows its URL can send it fake orders."
	stillArrives    = "Deliveries still arrive, so this is a warning, not a failure."

	doReturn401      = "Return status 401 for a wrong signature."
	doCheckInAMinute = "Check again in a minute."
	doVerify         = "Before anything else, compute the Base64-encoded HMAC-SHA256 of the raw request body, keyed " +
		"with your signing secret. Compare it with the " + signature.ShopSignatureHeader + " header, and return status " +
		"401 if they differ."
)

// Status codes other than 200.
const (
	onlyOK = "Fourthwall only accepts 200, so it counts this as failed and retries, up to 5 attempts in total."

	endpointRedirect = "The endpoint redirects to another URL. This check doesn’t follow redirects."

	doUseRedirect = "If that URL is yours, use it for the webhook. Otherwise, remove the redirect."
	doReturn200   = "Return status 200."
	doVerifyRight = "Check that the signing secret belongs to this shop, and that the endpoint verifies the raw body. " +
		"Endpoints of platform apps use another header, which we can’t test here."
)

func endpointReturned(status int) string { return fmt.Sprintf("Your endpoint returned %d.", status) }

func endpointRejected(status int) string {
	return fmt.Sprintf("The endpoint rejected the delivery (%d).", status)
}

func serverFailed(status int) string {
	return fmt.Sprintf("Your server returned an error (%d).", status)
}

func doCheckLogs(at time.Time) string {
	return "Check your server’s logs at " + at.UTC().Format("15:04:05 UTC") + "."
}

// statusTexts has what some status codes mean and what to do about them.
var statusTexts = map[int]struct{ meaning, do string }{
	http.StatusAccepted: {
		"Your endpoint returned 202, which means that the work is done later.",
		doReturn200,
	},
	http.StatusNoContent: {
		"Your endpoint returned 204, which means success without a body.",
		"Return status 200. Its body can be empty too.",
	},
	http.StatusUnauthorized: {
		"The endpoint rejected the delivery as unauthorized, although it was signed with the secret that you entered.",
		doVerifyRight,
	},
	http.StatusForbidden: {
		"The endpoint rejected the delivery as forbidden, although it was signed with the secret that you entered.",
		doVerifyRight + " A firewall in front of the server may also be rejecting it.",
	},
	http.StatusNotFound: {
		"The server has nothing at this path.",
		"Check the part of the URL after the host name, including capital letters and the slash at the end.",
	},
	http.StatusMethodNotAllowed: {
		"The path exists but doesn’t accept POST requests.",
		"Accept POST requests there, or check the part of the URL after the host name.",
	},
	http.StatusGone: {
		"The server says that this path is gone for good.",
		"Use the URL of an endpoint that still exists.",
	},
	http.StatusRequestEntityTooLarge: {
		"The delivery is too large for the server.",
		"Allow larger request bodies. Events for large orders are larger than this one.",
	},
	http.StatusUnsupportedMediaType: {
		"The endpoint doesn’t accept JSON.",
		"Accept requests with the content type application/json.",
	},
	http.StatusTooManyRequests: {
		"The server says that it got too many requests.",
		"Exempt this path from the rate limit, because deliveries come in bursts.",
	},
	http.StatusBadGateway: {
		"The server in front can’t reach the program behind it.",
		"Start the program, or correct its address in the server in front.",
	},
	http.StatusServiceUnavailable: {
		"The server says that it’s unavailable.",
		"Check that the program behind it is running and not in maintenance.",
	},
	http.StatusGatewayTimeout: {
		"The server in front waited too long for the program behind it.",
		"Return status 200 immediately, and do the work afterward.",
	},
}

// Summaries of a report.
const (
	summaryPassed     = "This endpoint accepts deliveries the way Fourthwall sends them."
	summaryUnfinished = "We couldn’t run every step. The steps that ran passed."
	summaryEnded      = " We couldn’t run every step."
)

func summaryFailed(steps []string) string {
	return "Deliveries will probably fail. " + problems(steps)
}

func problems(steps []string) string {
	if len(steps) == 1 {
		return "Problem: " + steps[0] + "."
	}
	return "Problems: " + strings.Join(steps, ", ") + "."
}

func summaryWarned(steps string) string {
	return "Deliveries should work. Worth fixing: " + steps + "."
}

// summaryUnproven is for a response other than 200 that may be the right one to a wrong signature.
func summaryUnproven(steps string) string {
	return "Without the signing secret, this check can’t tell whether deliveries arrive. See: " + steps + "."
}

func summaryUnfinishedWarned(steps string) string {
	return "We couldn’t run every step. Worth fixing so far: " + steps + "."
}
