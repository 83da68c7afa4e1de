package webhooks

import (
	"net/http"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
)

// Sentences about a URL, before anything is sent.
const (
	HintScheme = "The address must start with https:// (or http://). Put https:// in front of the host name."
	HintIP     = "This is an IP number. Fourthwall sends to host names only, so it will probably refuse it."
	HintLocal  = "This name is not on the public internet, so Fourthwall will probably refuse it."
	HintPort   = "Fourthwall will probably refuse this port. The usual one is 443, which needs no " +
		"number in the address."
	HintPlain = "This address is not encrypted. Buyers’ data would travel in the open: use https:// " +
		"if your server can."
	HintPassword = "The address holds a user name or password. Everyone who can see the webhook can " +
		"read it."

	urlMissing = "Enter the address that Fourthwall should call, such as https://example.com/fourthwall."
	urlTooLong = "The address is longer than 8,192 characters. Shorten it; what your server " +
		"needs to know is in each delivery."
	urlMalformed = "This is not a web address. Check it for blanks and stray characters; it looks " +
		"like https://example.com/fourthwall."
	urlWithoutHost    = "The address has no host name. It looks like https://example.com/fourthwall."
	urlPortImpossible = "The address has a port that does not exist: ports go from 1 to 65535. Leave " +
		"the number out to use the usual one."
)

// urlCodes maps the API's codes about the URL to what happened and the fix.
var urlCodes = map[string]string{
	"WEBHOOK_URI_IP_NOT_ALLOWED": "This address is an IP number. Fourthwall only sends to public " +
		"host names: use a domain that points to this server.",
	"WEBHOOK_URI_PORT_NOT_ALLOWED": "Fourthwall does not send to this port. Use the usual port, 443 " +
		"for https://, and leave the number out of the address.",
	"WEBHOOK_URI_UNALLOWED_DOMAIN": "Fourthwall does not send to this domain. Use a public domain of " +
		"your own: local names and Fourthwall’s own domains are refused.",
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

// ExplainFault explains who refused, if the API itself didn't. Status is that of the response, 0 for none.
func ExplainFault(fault fourthwall.Fault, status int) Explanation {
	const front = "Something in front of Fourthwall refused"
	switch {
	case fault == fourthwall.AppRejected:
		return Explanation{
			"Hookwall’s settings need a fix",
			"Fourthwall does not accept Hookwall’s client ID and secret. Ask your administrator to check " +
				"FOURTHWALL_CLIENT_ID and FOURTHWALL_CLIENT_SECRET. Your connection is unchanged, and connecting " +
				"again does not help.",
			"Try again after that.",
		}
	case status == http.StatusNotFound:
		return Explanation{
			front,
			"The response says that nothing is there, and is not Fourthwall’s own. If this continues, ask your " +
				"administrator to check FOURTHWALL_API_URL.",
			"Try again in a moment.",
		}
	}
	return Explanation{
		front,
		"The response is not Fourthwall’s own. It probably comes from a firewall or a proxy. Your connection is " +
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
			"An earlier attempt may still take effect",
			"Fourthwall was asked for such a webhook before, and its answer did not come. Nothing was sent " +
				"now, so that there are not two.",
			"Wait " + wait + ", and press " + what.button + " again: Hookwall then looks first whether it is there.",
		}
	case r.Reason == NotCreated:
		return Explanation{
			"The webhook was not created",
			"Hookwall has looked again: Fourthwall has no new webhook with this address and these event " +
				"types. " + nothing,
			"Click " + what.button + " to send it again.",
		}
	case r.Fault != "":
		e := ExplainFault(r.Fault, r.Status)
		if r.NotSent {
			return Explanation{e.Title, e.Text + " " + nothing, "Press " + what.button + " again later."}
		}
		return Explanation{
			e.Title, e.Text + " Most likely nothing was " + what.done + ".",
			"Press " + what.button + " again in a moment: Hookwall then looks first what is there.",
		}
	case r.Status == http.StatusForbidden:
		return Explanation{
			"This connection may not " + what.verb + " webhooks", "It lacks the permission webhook_write. " + nothing,
			"Connect the shop again and allow it; nothing you entered is lost.",
		}
	case r.IsTemporary():
		return Explanation{"Fourthwall is busy", nothing, "Wait " + wait + " and press " + what.button + " again."}
	case r.NotSent:
		return Explanation{"Fourthwall could not be reached", nothing, "Press " + what.button + " again in a moment."}
	}
	out := Explanation{Title: "Fourthwall refused to " + what.verb + " this webhook"}
	switch {
	case api.ShopGone():
		out.Text, out.Fix = ShopGone+" "+nothing, "Connect the shop again, or disconnect it under Shops."
	case r.Status == http.StatusNotFound:
		out.Text = "It answered that this shop or address does not exist. " + nothing
		out.Fix = "Check that the shop is still there, and connect it again."
	case r.Code != "":
		out.Text = "Hookwall has no explanation for this code. " + nothing
		out.Fix = "Check the address and the event types; if they look right, give the code and the " +
			"request id to Fourthwall’s support."
	default:
		out.Text = "It gave no reason. " + nothing
		out.Fix = "Check the address and the event types; if they look right, give the request id to " +
			"Fourthwall’s support."
	}
	return out
}
