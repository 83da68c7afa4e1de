package doctor

import "net/http"

const onlyOK = "Fourthwall counts only 200 as received. To it this is a failure, and it tries again, up to 5 times in all."

// notOK says why an answer other than 200 is a failure, and what to do.
func notOK(status int) (why, do string) {
	if text, known := statusTexts[status]; known {
		return text[0] + " " + onlyOK, text[1]
	}
	switch {
	case status >= 500:
		return "The server broke over the delivery. " + onlyOK, "Look at the log of the server for this moment."
	case status >= 400:
		return "The endpoint refused the delivery. " + onlyOK, "Look at the log of the server for this moment, and let it answer 200."
	case status >= 300:
		return "The endpoint sends on to another address (redirect). Redirects are not followed. " + onlyOK,
			"If the place that it points to is yours, use that address for the webhook; otherwise let the endpoint answer by itself."
	case status >= 200:
		return "The endpoint says that it accepted the delivery, but not with 200. " + onlyOK, answerOK
	}
	return "This is not an answer to a delivery. " + onlyOK, answerOK
}

const answerOK = "Let the endpoint answer exactly 200."

// statusTexts are the answers that deserve words of their own.
var statusTexts = map[int][2]string{
	http.StatusCreated:   {"201 means that something was made. It is a success elsewhere.", answerOK},
	http.StatusAccepted:  {"202 means that the work is done later. It is a success elsewhere.", answerOK},
	http.StatusNoContent: {"204 means success without a body. It is a success elsewhere; an empty 200 is as short.", answerOK},
	http.StatusUnauthorized: {
		"The endpoint refused the delivery as not authorised, although it was signed with the secret that was given.", verifyRight,
	},
	http.StatusForbidden: {
		"The endpoint refused the delivery as forbidden, although it was signed with the secret that was given.",
		verifyRight + " A firewall in front of the server may also be what refuses.",
	},
	http.StatusNotFound:         {"There is nothing at this path of the server.", "Check the part of the address after the host name, capital letters and the slash at the end too."},
	http.StatusMethodNotAllowed: {"The path exists, but takes no POST.", "Let the endpoint take POST requests, or check the part of the address after the host name."},
	http.StatusGone:             {"The server says that this path is gone for good.", "Use the address of an endpoint that is in use."},
	http.StatusRequestEntityTooLarge: {
		"The delivery is too large for the server.", "Let the server take larger bodies. Events of large orders are larger than this one.",
	},
	http.StatusUnsupportedMediaType: {"The endpoint does not take JSON.", "Let the endpoint take bodies of the type application/json."},
	http.StatusTooManyRequests:      {"The server refuses because there were too many requests.", "Exempt this path from the rate limit: deliveries come in bursts."},
	http.StatusBadGateway:           {"The server in front cannot reach the program behind it.", "Start the program, or correct where the server in front looks for it."},
	http.StatusServiceUnavailable:   {"The server says that it is not available now.", "Check that the program behind it runs and is not in maintenance."},
	http.StatusGatewayTimeout:       {"The server in front waited too long for the program behind it.", "Answer with 200 at once and do the work afterwards."},
}

const verifyRight = "Check that the secret is the one of this shop, and that the endpoint computes the signature over the raw body. " +
	"An endpoint of a platform app looks at another header, which cannot be tested here."
