package doctor

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"time"

	"hookwall/internal/deliver"
	"hookwall/internal/fourthwall"
	"hookwall/internal/signature"
)

// randomKey returns a key that is no shop's secret, so its signatures are wrong.
func randomKey() fourthwall.Secret { return fourthwall.Secret("hookwall-made-up-" + rand.Text()) }

// message returns a delivery signed with key.
func message(body []byte, key fourthwall.Secret) deliver.Message {
	return deliver.Message{
		Header: http.Header{
			"Content-Type":                {"application/json"},
			signature.ShopSignatureHeader: {signature.Sign(body, key)},
		},
		Body: body,
	}
}

// key returns the shop's signing secret, or a random key if it wasn't given.
func (e *examination) key() fourthwall.Secret {
	if e.request.Secret != "" {
		return e.request.Secret
	}
	return randomKey()
}

func (e *examination) withSecret() bool { return e.request.Secret != "" }

// deliver sends the test delivery.
func (e *examination) deliver(ctx context.Context) finding {
	seen := []string{sentDelivery(len(e.request.Body)), signedAtRandom}
	if e.withSecret() {
		seen[1] = signedWithSecret
	}
	e.sent = e.doctor.now()
	e.failure = e.call.Exchange(ctx, message(e.request.Body, e.key()))
	e.first = e.call.Result()
	if e.first.Status == 0 {
		f := failed(e.failure, "", seen...)
		f.took = e.first.Timing.Exchange
		return f
	}
	return finding{result: Passed, seen: append(seen, responseCame), took: e.first.Timing.Exchange}
}

// judgeResponse judges the status and the header. A response that didn't end in time is judgeTime's.
func (e *examination) judgeResponse(context.Context) finding {
	if e.first.Status == 0 {
		return skipped(noResponse)
	}
	f := finding{result: Passed, seen: e.describeResponse(e.first)}
	if e.failure != nil && !timedOut(e.failure) {
		f = failed(e.failure, "", f.seen...)
	}
	status := e.first.Status
	other, found := e.intermediary(e.first)
	switch {
	case found && status == http.StatusOK:
		f.seen, f.do = append(f.seen, other.seen, countsAs200), other.do
		if f.result == Passed {
			f.result = Warned
		}
	case found:
		f.result, f.seen, f.do = Failed, append(f.seen, other.seen, onlyOK), other.do
	case status == http.StatusOK:
	case e.probablyVerifies():
		f.result, f.seen, f.do = Warned, append(f.seen, refusedRandomKey), doTestFully
	case e.mayVerify():
		f.result, f.seen, f.do = Warned, append(f.seen, webPageRefused), doWebPage
	default:
		why, do := explainStatus(status, e.sent)
		f.result, f.seen, f.do = Failed, append(f.seen, why), do
		if !e.withSecret() && status >= 400 {
			f.do += doTestFullyIfThis
		}
	}
	return f
}

// explainStatus returns why a status other than 200 is a failure, and what to do. The request was sent at a time that
// helps to find it in logs.
func explainStatus(status int, sent time.Time) (why, do string) {
	if text, known := statusTexts[status]; known {
		return text.meaning + " " + onlyOK, text.do
	}
	switch {
	case status >= 500:
		return serverFailed(status) + " " + onlyOK, doCheckLogs(sent)
	case status >= 400:
		return endpointRejected(status) + " " + onlyOK, doReturn200 + " " + doCheckLogs(sent)
	case status >= 300:
		return endpointRedirect + " " + onlyOK, doUseRedirect
	}
	return endpointReturned(status) + " " + onlyOK, doReturn200
}

// mayVerify reports whether a signature by a random key was refused, as it should be, perhaps by the endpoint.
func (e *examination) mayVerify() bool {
	_, found := e.intermediary(e.first)
	return !found && !e.withSecret() &&
		(e.first.Status == http.StatusUnauthorized || e.first.Status == http.StatusForbidden)
}

// probablyVerifies reports whether the endpoint itself refused that signature: not with a web page, unless the page
// speaks of signatures.
func (e *examination) probablyVerifies() bool {
	body := bodyStart(e.first)
	return e.mayVerify() && (!isPage(body) || containsAny(body, "signature", "hmac"))
}

func (e *examination) describeResponse(r deliver.Result) []string {
	seen := []string{statusIs(r.Status)}
	if location := r.Header.Get("Location"); location != "" {
		seen = append(seen, pointsTo(e.quote(location)))
	}
	if r.Proto == "HTTP/1.0" {
		seen = append(seen, speaksHTTP10)
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" {
		seen = append(seen, bodyCompressed(e.quote(encoding)))
	}
	switch {
	case r.BodyTruncated:
		seen = append(seen, bodyTooLong(len(r.Body)))
	case timedOut(e.failure):
		seen = append(seen, bodyNotEnded)
	}
	return seen
}

// statusText returns the status with its name, as in "404 Not Found".
func statusText(status int) string {
	return strings.TrimSpace(fmt.Sprint(status, " ", http.StatusText(status)))
}

// judgeTime judges the time from the start of sending to the end of the response (deliver's Timing.Exchange), since
// Fourthwall waits for the whole response: an early first byte doesn't help. The time of connecting depends on the
// distance to this machine, so it only causes a warning.
func (e *examination) judgeTime(context.Context) finding {
	t := e.first.Timing
	if timedOut(e.failure) {
		return e.judgeTimeout()
	}
	switch {
	case e.first.Status == 0:
		return skipped(noResponse)
	case e.failure != nil:
		return skipped(brokenOff)
	}
	f := e.judgeDuration(e.first)
	f.seen = append(f.seen, connectingTook(t.Connect+t.TLS))
	if e.first.Status != http.StatusOK {
		f.seen = append(f.seen, timeOfFailure)
	}
	if f.result == Passed && t.Connect+t.TLS+t.Exchange > e.late() {
		f.result, f.seen, f.do = Warned, append(f.seen, togetherMoreThan(e.late())), doMoveNearer
	}
	return f
}

// judgeTimeout judges a response that didn't end in time.
func (e *examination) judgeTimeout() finding {
	began, waited := e.first.Timing.FirstByte, e.first.Timing.Exchange
	var seen string
	switch read := len(e.first.Body); {
	case e.first.Status == 0:
		seen = noCompleteResponse(waited)
	case read == 0:
		seen = bodyDidNotCome(began, waited)
	default:
		seen = bodyTooSlow(began, waited, read)
	}
	return finding{result: Failed, seen: []string{seen, fourthwallWaits}, do: doEndResponse}
}

// judgeDuration judges how long a complete response took.
func (e *examination) judgeDuration(r deliver.Result) finding {
	took := r.Timing.Exchange
	f := finding{result: Passed, seen: []string{responseTook(took)}}
	switch {
	case took > e.late():
		f.result, f.seen, f.do = Failed, append(f.seen, mayCountAsFailure(e.late())), doRespondFirst
	case took > e.slow():
		f.result, f.seen, f.do = Warned, append(f.seen, mayGetThere(e.slow(), e.late())), doRespondFirst
	case r.BodyTruncated:
		f.result, f.seen, f.do = Warned, append(f.seen, timeOfPart), doSendShortResponse
	}
	return f
}
