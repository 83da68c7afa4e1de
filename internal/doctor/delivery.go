package doctor

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"hookwall/internal/deliver"
	"hookwall/internal/fourthwall"
	"hookwall/internal/signature"
)

const noAnswer = "The test delivery got no answer that could be judged."

// madeUpKey is no shop's secret: what it signs cannot be right.
func madeUpKey() fourthwall.Secret { return fourthwall.Secret("hookwall-made-up-" + rand.Text()) }

func message(body []byte, key fourthwall.Secret) deliver.Message {
	return deliver.Message{
		Header: http.Header{"Content-Type": {"application/json"}, signature.ShopSignatureHeader: {signature.Sign(body, key)}},
		Body:   body,
	}
}

// key is what deliveries are signed with.
func (e *examination) key() fourthwall.Secret {
	if e.request.Secret != "" {
		return e.request.Secret
	}
	return madeUpKey()
}

func (e *examination) withSecret() bool { return e.request.Secret != "" }

func (e *examination) deliver(ctx context.Context) finding {
	seen := []string{"Sent a POST with a test event of " + count(len(e.request.Body), "byte", "bytes") + "."}
	if e.withSecret() {
		seen = append(seen, "Signed with the shop’s secret, in the header "+signature.ShopSignatureHeader+".")
	} else {
		seen = append(seen, "No secret was given, so the signature in "+signature.ShopSignatureHeader+" is made with a made-up key and cannot be right.")
	}
	e.failure = e.visit.Exchange(ctx, message(e.request.Body, e.key()))
	e.first = e.visit.Result()
	if e.first.Status == 0 {
		f := failed(e.failure, "", seen...)
		f.took = e.first.Timing.Exchange
		return f
	}
	return finding{result: Passed, seen: append(seen, "An answer came."), took: e.first.Timing.Exchange}
}

// judgeAnswer leaves to judgeTime an answer that did not end in time.
func (e *examination) judgeAnswer(context.Context) finding {
	if e.first.Status == 0 {
		return skipped(noAnswer)
	}
	f := finding{result: Passed, seen: e.describeAnswer(e.first)}
	if e.failure != nil && !timedOut(e.failure) {
		f = failed(e.failure, "", f.seen...)
	}
	switch status := e.first.Status; {
	case status == http.StatusOK:
	case e.probablyVerifies():
		f.result = Warned
		f.seen = append(f.seen, "The endpoint refused a signature that cannot be right, so it probably verifies signatures.")
		f.do = "Give the shop’s secret and check again to test the endpoint fully."
	default:
		why, do := notOK(status)
		f.result, f.seen, f.do = Failed, append(f.seen, why), do
		if !e.withSecret() && status >= 400 {
			f.do += " If this is its answer to a wrong signature, give the shop’s secret and check again."
		}
	}
	return f
}

func (e *examination) probablyVerifies() bool {
	return !e.withSecret() && (e.first.Status == http.StatusUnauthorized || e.first.Status == http.StatusForbidden)
}

func (e *examination) describeAnswer(r deliver.Result) []string {
	seen := []string{"Status: " + statusText(r.Status)}
	if location := r.Header.Get("Location"); location != "" {
		seen = append(seen, "It points to: "+e.foreign(location))
	}
	if r.Proto == "HTTP/1.0" {
		seen = append(seen, "The endpoint speaks HTTP/1.0, which is old but no failure.")
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" {
		seen = append(seen, "The body is compressed ("+e.foreign(encoding)+") although that was not asked for. It was not unpacked; Fourthwall needs no body at all.")
	}
	switch {
	case r.BodyTruncated:
		seen = append(seen, "The body is long or never ends: more than "+count(len(r.Body), "byte", "bytes")+". Reading stopped there; Fourthwall needs no body at all.")
	case timedOut(e.failure):
		seen = append(seen, "The body had not ended when the check stopped waiting.")
	}
	return seen
}

func statusText(status int) string {
	return strings.TrimSpace(fmt.Sprint(status, " ", http.StatusText(status)))
}

// judgeTime judges the time from beginning to send the request to the end of the answer (deliver's Exchange), since
// Fourthwall waits for the whole answer: a first byte that comes at once helps nobody. Setting up the connection depends
// on the distance to this machine, so it only leads to a warning.
func (e *examination) judgeTime(context.Context) finding {
	t := e.first.Timing
	if timedOut(e.failure) {
		return e.stopped()
	}
	switch {
	case e.first.Status == 0:
		return skipped(noAnswer)
	case e.failure != nil:
		return skipped("The answer broke off, so its time says nothing.")
	}
	f := e.timeOf(e.first)
	f.seen = append(f.seen, "Setting up the connection took "+length(t.Connect+t.TLS)+" before that.")
	if e.first.Status != http.StatusOK {
		f.seen = append(f.seen, "This is the time of an answer other than 200. An accepted delivery may take longer.")
	}
	if f.result == Passed && t.Connect+t.TLS+t.Exchange > e.late() {
		f.result, f.do = Warned, "Use a server that is nearer, or find out what delays its connections."
		f.seen = append(f.seen, "Together that is more than "+length(e.late())+".")
	}
	return f
}

// stopped is a delivery whose answer did not end before the check stopped waiting.
func (e *examination) stopped() finding {
	f := finding{result: Failed, do: "Answer with 200 at once and end the answer; do the work afterwards."}
	waited := length(e.first.Timing.Exchange)
	switch body := len(e.first.Body); {
	case e.first.Status == 0:
		f.seen = append(f.seen, "No complete answer came within "+waited+". The check stopped waiting.")
	case body == 0:
		f.seen = append(f.seen, "The answer began after "+length(e.first.Timing.FirstByte)+", but its body did not come within "+waited+". The check stopped waiting.")
	default:
		f.seen = append(f.seen, "The answer began after "+length(e.first.Timing.FirstByte)+", but its body came in drips: "+
			count(body, "byte", "bytes")+" within "+waited+", without an end. The check stopped waiting.")
	}
	f.seen = append(f.seen, "Fourthwall waits 5 s for the whole answer, and may count more than 2 s as a failure.")
	return f
}

// timeOf judges how long a complete answer took.
func (e *examination) timeOf(r deliver.Result) finding {
	took := r.Timing.Exchange
	f := finding{result: Passed, seen: []string{"The whole answer took " + length(took) + "."}}
	answerFirst := "Answer with 200 as soon as the delivery is stored, and do the work afterwards."
	switch {
	case took > e.late():
		f.result, f.do = Failed, answerFirst
		f.seen = append(f.seen, "Fourthwall may count an answer that takes more than "+length(e.late())+" as a failure, and send the delivery again.")
	case took > e.slow():
		f.result, f.do = Warned, answerFirst
		f.seen = append(f.seen, "That is more than "+length(e.slow())+". Above "+length(e.late())+" Fourthwall may count it as a failure; on a busy day it may get there.")
	case r.BodyTruncated:
		f.result, f.do = Warned, "Send a short answer, or none but the status, and end it."
		f.seen = append(f.seen, "That is the time of the part that was read: the body is long or never ends, and Fourthwall waits for all of it.")
	}
	return f
}

// otherEvent gives the envelope another event id: an endpoint that passes over what it knows would accept a forged
// repeat without looking at its signature.
func otherEvent(body []byte) []byte {
	var envelope struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(body, &envelope) != nil || envelope.ID == "" {
		return body
	}
	return bytes.ReplaceAll(body, []byte(`"`+envelope.ID+`"`), []byte(`"`+envelope.ID+`_forged"`))
}
