package deliver

// The texts are for people: what is wrong, then what to do.

var reasonTexts = map[Reason]string{
	ReasonURL:       "This is not a web address. Write it like https://example.com/path.",
	ReasonScheme:    "Only web addresses can be called. Start with https:// or http://.",
	ReasonUserinfo:  "The address holds a user name or password. Take out the part before the @.",
	ReasonHost:      "The host name in this address cannot exist. Check its spelling.",
	ReasonNotation:  "The host is a number in an unusual notation. Use a host name.",
	ReasonNotPublic: "This address does not lead to the public internet, so it is not called. Use a public host name.",
	ReasonPort:      "Only the ports 80 and 443 can be called. Use the standard port of http or https.",
	ReasonRequest:   "This request holds a method, a header or a body that is never sent.",
	ReasonRedirect:  "Redirects are not followed. Use the address that the redirect names.",
	ReasonBusy:      "Too many calls are under way. Try again in a few seconds.",
}

// timeoutTexts are for a KindTimeout.
var timeoutTexts = map[Step]string{
	StepResolve: "The name servers did not answer in time. Check the DNS settings of the domain.",
	StepConnect: "Nothing answered at this address in time. Check that the server runs and that no firewall drops " +
		"connections from the internet.",
	StepTLS:      "The server took the connection but did not finish setting up encryption in time.",
	StepResponse: "The server took the request but gave no complete answer in time. Answer first, work later.",
	StepBody:     "The answer began but did not end in time. Send a short answer and end it.",
}

// kindTexts are for every failure but a timeout, whatever the step.
var kindTexts = map[Kind]string{
	KindCanceled:     "The call was given up before it ended.",
	KindNameNotFound: "No server is known under this name. Check its spelling and the DNS settings of the domain.",
	KindNameFailed:   "The name servers could not answer for this name. Check the DNS settings of the domain.",
	KindRefused:      "The server refuses connections at this port. Check that the endpoint runs and listens there.",
	KindUnreachable: "There is no way to this address from here. Check the DNS settings of the domain and the " +
		"network of the server.",
	KindFailed:     "The connection failed. Check that the server is up and try again.",
	KindNotTLS:     "The server does not speak TLS at this port. Set up https there, or use an http address.",
	KindTLSVersion: "The server speaks only old versions of TLS. Turn on TLS 1.2 or 1.3.",
	KindTLSFailed: "The server broke off the TLS connection. Check its TLS settings: versions, ciphers, " +
		"demands for client certificates.",
	KindSelfSigned: "The certificate is signed by itself. Use one from a public authority.",
	KindUnknownAuthority: "The certificate's authority is not known, or the server leaves out an intermediate " +
		"certificate. Send the full chain of a public authority.",
	KindCertificateExpired: "The certificate, or one that it depends on, has expired. Renew it.",
	KindCertificateEarly:   "The certificate is not valid yet. Check its dates and the clock of the machine that made it.",
	KindCertificateName:    "The certificate is for other names. Get one that holds this host name.",
	KindCertificateInvalid: "The certificate is not valid. Get a new one from a public authority.",
	KindReset:              "The server reset the connection. Check the server, and any proxy or firewall in front of it.",
	KindClosed:             "The server closed the connection without an answer.",
	KindCut:                "The connection ended in the middle of the answer.",
	KindMalformed:          "The answer is not valid HTTP. Check what listens at this port.",
	KindHeaderTooLarge:     "The header of the answer is too large, or never ends.",
	KindBodyTooLarge:       "The body of the answer is too large, or never ends.",
}
