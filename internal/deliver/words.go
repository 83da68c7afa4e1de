package deliver

// The texts are for people: what is wrong, then what to do.

var reasonTexts = map[Reason]string{
	ReasonURL:       "That’s not a valid URL. Remove any spaces or quotes. Example: https://example.com/fourthwall",
	ReasonScheme:    "Hookwall only sends to web addresses. Start the URL with https:// or http://.",
	ReasonUserinfo:  "The URL contains a username or password. Remove the part before the @.",
	ReasonHost:      "The host name in this URL isn’t valid. Check its spelling.",
	ReasonNotation:  "The host is a number in an unusual format. Use a domain name.",
	ReasonNotPublic: "This URL isn’t on the public internet, so Hookwall doesn’t send to it. Use a public host name.",
	ReasonPort:      "Hookwall only sends to ports 80 and 443. Use the standard port for http or https.",
	ReasonRequest:   "This request has a method, a header or a body that Hookwall never sends.",
	ReasonRedirect:  "Hookwall doesn’t follow redirects. Use the URL that the redirect points to.",
	ReasonBusy:      "Too many requests are running. Try again in a few seconds.",
}

// timeoutTexts are for a KindTimeout.
var timeoutTexts = map[Step]string{
	StepResolve: "The name servers didn’t respond in time. Check the domain’s DNS settings.",
	StepConnect: "The server didn’t respond in time. Check that it’s running, and that no firewall blocks " +
		"connections from the internet.",
	StepTLS:      "The server accepted the connection but didn’t finish setting up encryption in time.",
	StepResponse: "The server accepted the request but sent no complete response in time. Respond first, work later.",
	StepBody:     "The response began but didn’t finish in time. Send a short response and end it.",
}

// kindTexts are for every failure but a timeout, whatever the step.
var kindTexts = map[Kind]string{
	KindCanceled:     "The request was canceled before it ended.",
	KindNameNotFound: "We couldn’t find a server with this name. Check its spelling and the domain’s DNS settings.",
	KindNameFailed:   "The name servers couldn’t resolve this name. Check the domain’s DNS settings.",
	KindRefused:      "The server refuses connections on this port. Check that the endpoint is running and listens there.",
	KindUnreachable: "We couldn’t reach this server from here. Check the domain’s DNS settings and the server’s " +
		"network.",
	KindFailed:     "The connection failed. Check that the server is up, then try again.",
	KindNotTLS:     "The server doesn’t use TLS on this port. Set up https there, or use an http URL.",
	KindTLSVersion: "The server only supports old versions of TLS. Turn on TLS 1.2 or 1.3.",
	KindTLSFailed: "The server ended the TLS handshake. Check its TLS settings, such as versions, ciphers and " +
		"required client certificates.",
	KindSelfSigned: "The certificate is self-signed. Use one from a public certificate authority.",
	KindUnknownAuthority: "The certificate’s authority is unknown, or the server doesn’t send an intermediate " +
		"certificate. Send the full chain from a public certificate authority.",
	KindCertificateExpired: "The certificate, or one that it depends on, has expired. Renew it.",
	KindCertificateEarly: "The certificate isn’t valid yet. Check its dates and the clock of the machine that " +
		"made it.",
	KindCertificateName:    "The certificate is for other host names. Get one that includes this host name.",
	KindCertificateInvalid: "The certificate isn’t valid. Get a new one from a public certificate authority.",
	KindReset:              "The server reset the connection. Check the server, and any proxy or firewall in front of it.",
	KindClosed:             "The server closed the connection without a response.",
	KindCut:                "The connection ended in the middle of the response.",
	KindMalformed:          "The response isn’t valid HTTP. Check what listens on this port.",
	KindHeaderTooLarge:     "The response header is too large, or never ends.",
	KindBodyTooLarge:       "The response body is too large, or never ends.",
}
