package webhooks

import (
	"html"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
)

// What is wrong with a URL, before anything is sent. Most of these come with a button that uses a better URL.
const (
	urlMissing = "Enter the URL that Fourthwall should send events to, such as https://example.com/fourthwall."
	urlTooLong = "This URL is longer than 8,192 characters. Shorten it. Each delivery has the details " +
		"that your server needs."
	urlMalformed      = "This is not a valid URL. Remove any spaces and quotes. Example: https://example.com/fourthwall"
	urlWithoutHost    = "This URL has no host name. Example: https://example.com/fourthwall"
	urlPortImpossible = "This URL has a port that doesn’t exist. Ports range from 1 to 65535. Remove the number to " +
		"use the standard one."
	urlSurrounded = "There’s more here than a URL, such as quotes, a command or a link. Enter only the URL."
	urlSeveral    = "There’s more than one URL here. Enter only one."
	urlDoubled    = "This URL begins with https:// or http:// more than once. Remove the first one."
	urlEncoded    = "This URL is percent-encoded as a whole, as in a query. Enter it decoded."
	urlBackslash  = "This URL has a backslash (\\). URLs only have forward slashes (/)."
	urlBareIPv6   = "This is an IP address, which Fourthwall probably rejects. Use a domain name that points to this " +
		"server."
	urlBlank = "This URL has a space inside. Remove it, or write it as %20 if it belongs there."
)

func labelTooLong(n int) string {
	return "This name has " + strconv.Itoa(n) + " characters. Use " + strconv.Itoa(MaxLabel) + " or fewer."
}

// schemeTexts say why a URL with a certain scheme can't be a webhook's.
var schemeTexts = map[string]string{
	"ws":         urlWebSocket,
	"wss":        urlWebSocket,
	"ftp":        urlFileServer,
	"ftps":       urlFileServer,
	"sftp":       urlFileServer,
	"mailto":     urlMail,
	"tel":        urlPhone,
	"sms":        urlPhone,
	"javascript": urlBrowserOnly,
	"data":       urlBrowserOnly,
	"blob":       urlBrowserOnly,
	"about":      urlBrowserOnly,
	"file":       urlFile,
}

const (
	urlWebSocket = "This is a WebSocket URL. Fourthwall sends each event as an HTTPS request, which a WebSocket can’t " +
		"receive. Use your tool’s webhook URL, which begins with https://."
	urlFileServer = "This is the URL of a file server. Fourthwall sends events to web servers. Use your tool’s " +
		"webhook URL, which begins with https://."
	urlMail = "This is an email address. Fourthwall sends events to web servers, not to mailboxes. Use the webhook " +
		"URL of a tool that sends email for you. It begins with https://."
	urlPhone = "This is a phone number. Fourthwall sends events to web servers. Use your tool’s webhook URL, which " +
		"begins with https://."
	urlBrowserOnly = "This URL only works inside a browser. Fourthwall sends events to web servers. Use your tool’s " +
		"webhook URL, which begins with https://."
	urlFile = "This is a file on a computer. Fourthwall sends events to web servers. Use your tool’s webhook URL, " +
		"which begins with https://."
)

func urlOtherScheme(name string) string {
	return "This URL begins with " + name + ":. Fourthwall sends events to web servers. Use your tool’s webhook URL, " +
		"which begins with https://."
}

func urlBeginning(typed string) string {
	return "This URL begins with “" + typed + "”. A URL begins with https://."
}

// urlSpaces is for a URL with spaces or line breaks that look like none.
func urlSpaces(names []string) string {
	return "This URL has spaces or line breaks inside: " + listed(names) + ". Remove them."
}

// urlUnseen is for a URL with characters that can't be seen.
func urlUnseen(names []string) string {
	return "This URL has characters inside that can’t be seen: " + listed(names) + ". They were probably copied along."
}

// listed returns a list of names, the first few of them.
func listed(names []string) string {
	const most = 5
	if more := len(names) - most; more > 0 {
		names = append(slices.Clone(names[:most]), "and "+strconv.Itoa(more)+" more")
	}
	return strings.Join(names, ", ")
}

// Warnings about a URL. They never prevent sending. Fourthwall doesn't publish which URLs it rejects, so it is never
// said as a fact before it happens.
const (
	hintIP        = "Fourthwall probably rejects IP addresses. Use a domain name that points to this server."
	hintLocal     = "This name only works on your own network. Use a public domain name, or a tunnel or a relay."
	hintLocalhost = "localhost only works on your own computer. Use a tunnel or a relay with a public URL."
	hintPlain     = "This URL isn’t encrypted. Others could read your buyers’ data. Use https:// if your server can."
	hintLogin     = "This URL contains a username or password. Everyone who can see the webhook can read it."
	hintFragment  = "Everything after # is never sent. If your tool needs it, ask your tool for another URL."
	hintSeveral   = "Another URL begins inside this one. If you pasted two, keep only one."
)

func hintHost(host string) string { return "“" + host + impossibleHost }

const impossibleHost = "” can’t be a host name, so Fourthwall will probably reject it. Check it for typing errors."

// isAboutHost reports whether a hint is hintHost's.
func isAboutHost(hint string) bool { return strings.HasSuffix(hint, impossibleHost) }

func hintHidden(found string) string {
	return "This URL has “" + found + "” where a part was probably left out. Copy the whole URL from your tool."
}

func hintCompleted(address string) string {
	return "Hookwall adds https:// in front: " + address
}

func hintFourthwall(host string) string {
	return host + " is Fourthwall’s own domain. Fourthwall probably rejects it. Use your tool’s webhook URL."
}

// The same after Fourthwall rejected the URL.

func rejectedFourthwall(host string) string {
	return "Fourthwall doesn’t send to its own domain " + host + ". Use your tool’s webhook URL."
}

func rejectedHost(host string) string {
	return "Fourthwall rejected the host name “" + host + "”. Check it for typing errors."
}

func rejectedPort(port string) string {
	return "Fourthwall doesn’t send to port " + port + ". " + removePort(port)
}

func hintPort(port string) string {
	return "Fourthwall probably rejects port " + port + ". " + removePort(port)
}

func removePort(port string) string {
	return "Remove “:" + port + "” and serve the endpoint on the standard HTTPS port (443)."
}

func hintPlaceholder(found string) string {
	return "“" + found + "” looks like a placeholder. Replace it with your own value."
}

func hintEntity(found string) string {
	return "This URL has “" + found + "”, which is how HTML writes “" + html.UnescapeString(found) + "”. It was " +
		"probably copied from a page’s source."
}

func hintEnd(end string) string {
	return "This URL ends with “" + end + "”, which probably belongs to the text around it."
}

func hintEncodedUnseen(names []string) string {
	return "This URL has percent-encoded characters that can’t be seen: " + listed(names) + ". They were probably " +
		"copied along."
}

// Where each tool has its URL, or why it needs a relay.
const (
	toolStreamerBot = "On Streamer.bot’s website, open *User Settings*, then *Webhooks*. Create a webhook of the " +
		"type *Fourthwall*, click *Configure*, and copy the *Webhook URL*. Keep that page open for the signing secret."
	toolMixItUp = "Check *Webhooks* or the settings in Mix It Up for a webhook URL. Copy it if it begins with https://."
	toolZapier  = "Create a Zap that starts with *Webhooks by Zapier* and *Catch Hook*. Copy its webhook URL."
	toolMake    = "In your scenario, add *Webhooks*, then *Custom webhook*. Click *Add*, name it, and copy its URL."
	toolN8N     = "Add a *Webhook* node and set its method to *POST*. Activate the workflow and copy the " +
		"*production URL*."
	toolPipedream = "Create a workflow that starts with the *HTTP / Webhook* trigger. Copy its URL."
	toolOwn       = "Use a public https:// URL of your server. Return status 200 within 2 seconds."

	toolStreamElements = "We don’t know whether StreamElements can receive webhooks. Check its settings for a webhook " +
		"URL. If there is none, use Zapier, Make, n8n or Pipedream as a relay."
	toolDiscord      = "Discord only accepts messages in its own format. " + useRelay
	toolSlack        = "Slack only accepts messages in its own format. " + useRelay
	toolGoogleSheets = "A spreadsheet has no URL that receives events. " + useRelay
	toolAppsScript   = "Apps Script usually responds with a redirect, which counts as a failure. " + useRelay

	useRelay = "Use Zapier, Make, n8n or Pipedream as a relay, and paste its URL here."
)

// Warnings about a tool's own URL that can't receive events.
const (
	warningStreamElements = "StreamElements probably can’t read Fourthwall’s events. We know of no StreamElements " +
		"URL that accepts them. " + useRelay
	warningDiscord = "Discord can’t read Fourthwall’s events. It expects messages in its own format, so deliveries " +
		"will probably fail. " + useRelay
	warningSlack = "Slack can’t read Fourthwall’s events. It expects messages in its own format, so deliveries " +
		"will probably fail. " + useRelay
	warningGoogleSheets = "A spreadsheet can’t receive events. This is its page for people. " + useRelay
	warningAppsScript   = "Apps Script usually responds with a redirect. Fourthwall counts that as a failure, so " +
		"deliveries will probably fail. " + useRelay
	warningN8N = "n8n’s test URL only works while you test. Activate the workflow and use its production URL."

	localStreamerBot = "Fourthwall can’t reach Streamer.bot on your computer. Use the webhook URL from its website, " +
		"or a tunnel."
	localMixItUp = "Fourthwall can’t reach Mix It Up on your computer. Check its settings for a webhook URL " +
		"that begins with https://."
	localN8N = "Fourthwall can’t reach n8n on your computer. Use a tunnel, or host n8n on a public domain."
)

// The API's codes about the URL.
const (
	codeIP     = "WEBHOOK_URI_IP_NOT_ALLOWED"
	codePort   = "WEBHOOK_URI_PORT_NOT_ALLOWED"
	codeDomain = "WEBHOOK_URI_UNALLOWED_DOMAIN"
)

// urlCodes maps the API's codes about the URL to what happened and the fix.
var urlCodes = map[string]string{
	codeIP: "Fourthwall doesn’t send to IP addresses. Use a domain name that points " +
		"to this server.",
	codePort: "Fourthwall doesn’t send to this port. Use the standard " +
		"HTTPS port (443), and leave the number out of the URL.",
	codeDomain: "Fourthwall doesn’t send to this domain. Use a public domain of " +
		"your own. Local names and Fourthwall’s own domains are rejected.",
}

// actionText has the words for an action in an explanation.
type actionText struct{ verb, done, button string }

var actionTexts = map[string]actionText{
	activity.CreateWebhook: {"create", "created", "Create webhook"},
	activity.UpdateWebhook: {"change", "changed", "Review changes"},
	activity.DeleteWebhook: {"delete", "deleted", "Delete webhook"},
}

// ShopGone says that the API no longer knows the shop.
const ShopGone = "Fourthwall no longer knows this shop. It may have been closed."

// Explanation explains a rejection: a title, what happened, and the fix.
type Explanation struct{ Title, Text, Fix string }

// ExplainFault explains who refused, if that wasn't certainly the API itself. Status is that of the response, 0 for
// none.
func ExplainFault(fault fourthwall.Fault, status int) Explanation {
	const front = "Something in front of Fourthwall rejected the request"
	switch {
	case fault == fourthwall.AppRejected:
		return Explanation{
			"Hookwall’s settings need a fix",
			"Fourthwall doesn’t accept Hookwall’s client ID and secret. Ask your administrator to check " +
				"FOURTHWALL_CLIENT_ID and FOURTHWALL_CLIENT_SECRET. Your connection is unchanged, so don’t " +
				"connect again.",
			"Then try again.",
		}
	case fault == fourthwall.Unfamiliar:
		return Explanation{
			"Perhaps something in front of Fourthwall rejected the request",
			"We don’t recognize the code of the response. It may come from a firewall or a proxy. Your connection is " +
				"unchanged.",
			"Try again in a moment. If this continues, connect the shop again, or give the code to your administrator.",
		}
	case fault == fourthwall.NothingIssued:
		return Explanation{
			front,
			"Fourthwall’s token URL returned no token. The response probably comes from a firewall or a proxy. Your " +
				"connection is unchanged. If this continues, ask your administrator to check FOURTHWALL_TOKEN_URL.",
			"Try again in a moment.",
		}
	case status == http.StatusNotFound:
		return Explanation{
			front,
			"The response is 404 Not Found, and it isn’t from Fourthwall. If this continues, ask your " +
				"administrator to check FOURTHWALL_API_URL.",
			"Try again in a moment.",
		}
	}
	return Explanation{
		front,
		"The response isn’t from Fourthwall. It probably comes from a firewall or a proxy. Your connection is " +
			"unchanged.",
		"Try again in a moment.",
	}
}

// Explain explains a rejection that belongs to no field. Action is the activity's. Wait is how long to wait, in
// words.
func Explain(action string, r Rejection, wait string) Explanation {
	what := actionTexts[action]
	nothing := "Nothing was " + what.done + "."
	api := r.apiError()
	switch {
	case r.Reason == EarlierAttempt:
		return Explanation{
			"An earlier attempt may still succeed",
			"We never got Fourthwall’s response to an earlier request for this webhook. To avoid creating it " +
				"twice, we sent nothing now.",
			"Wait " + wait + ", then click " + what.button + " again. We’ll check first whether it exists.",
		}
	case r.Reason == NotCreated:
		return Explanation{
			"The webhook was not created",
			"Hookwall stopped before it sent anything to Fourthwall. " + nothing,
			"Click " + what.button + " to send it now.",
		}
	case r.Fault != "":
		e := ExplainFault(r.Fault, r.Status)
		if r.NotSent {
			return Explanation{e.Title, e.Text + " " + nothing, "Click " + what.button + " again later."}
		}
		return Explanation{
			e.Title, e.Text + " Probably nothing was " + what.done + ".",
			"Click " + what.button + " again in a moment. We’ll check first what exists.",
		}
	case r.Status == http.StatusForbidden:
		return Explanation{
			"This connection can’t " + what.verb + " webhooks", "The permission webhook_write is missing. " + nothing,
			"Connect the shop again and allow it. Your input is kept.",
		}
	case r.IsTemporary():
		return Explanation{"Fourthwall is busy", nothing, "Wait " + wait + ", then click " + what.button + " again."}
	case r.NotSent:
		return Explanation{"We couldn’t reach Fourthwall", nothing, "Click " + what.button + " again in a moment."}
	}
	out := Explanation{Title: "Fourthwall refused to " + what.verb + " this webhook"}
	switch {
	case api.ShopGone():
		out.Text, out.Fix = ShopGone+" "+nothing, "Connect the shop again, or disconnect it under Shops."
	case r.Status == http.StatusNotFound:
		out.Text = "Fourthwall returned 404 Not Found. " + nothing
		out.Fix = "Check that the shop still exists, then connect it again."
	case r.Code != "":
		out.Text = "We don’t recognize this error code. " + nothing
		out.Fix = "Check the URL and the event types. If they’re correct, give the code and the " +
			"request ID to Fourthwall’s support."
	default:
		out.Text = "It gave no reason. " + nothing
		out.Fix = "Check the URL and the event types. If they’re correct, give the request ID to " +
			"Fourthwall’s support."
	}
	return out
}
