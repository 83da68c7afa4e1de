package doctor

import (
	"context"
	"net/http"

	"hookwall/internal/deliver"
	"hookwall/internal/fourthwall"
	"hookwall/internal/signature"
)

// repeat makes the first delivery once more: Fourthwall delivers at least once, and what it delivers twice has the
// same event id.
func (e *examination) repeat(ctx context.Context) finding {
	switch {
	case e.first.Status == 0:
		return skipped(noAnswer)
	case e.probablyVerifies():
		return skipped("This needs the shop’s secret: without it the endpoint refuses every delivery.")
	case e.first.Status != http.StatusOK:
		return skipped("The first delivery was not accepted with 200, so repeating it would say nothing.")
	case e.failure != nil:
		return skipped("The first answer was not complete, so repeating the delivery would say nothing.")
	}
	seen := "Sent the same delivery once more, with the same event id."
	r, err := e.send(ctx, e.request.Body, e.key())
	if err != nil {
		f := failed(err, "", seen)
		f.took = r.Timing.Total
		return f
	}
	f := e.timeOf(r)
	f.took = r.Timing.Total
	f.seen = append([]string{seen, "Status: " + statusText(r.Status)}, f.seen...)
	if r.Status != http.StatusOK {
		f.result = Failed
		f.seen = append(f.seen, "Fourthwall delivers some events more than once. It counts this answer as a failure and sends the event again.")
		f.do = "Remember the ids of events. Answer 200 to one that you know already, and do nothing else."
	}
	return f
}

// forge sends what only somebody else than Fourthwall would send. An endpoint that accepts it gets all its deliveries,
// so that is a warning and no failure; but it should not stay so.
func (e *examination) forge(ctx context.Context) finding {
	accepted := e.first.Status >= 200 && e.first.Status <= 299
	switch {
	case e.first.Status == 0:
		return skipped(noAnswer)
	case !e.withSecret() && accepted:
		return notVerified("The test delivery was signed with a made-up key, and the endpoint accepted it. No other delivery was sent for this step.")
	case !e.withSecret():
		return skipped("This needs the shop’s secret: without it every delivery of this check has a wrong signature.")
	case !accepted:
		return skipped("The delivery with the right signature was not accepted either, so refusing a wrong one would say nothing.")
	case e.failure != nil:
		return skipped("The first answer was not complete, so no other delivery is sent.")
	}
	seen := "Sent a delivery with another event id and a signature that is made with a made-up key."
	r, err := e.send(ctx, otherEvent(e.request.Body), madeUpKey())
	f := judgeForged(r, err)
	f.seen, f.took = append([]string{seen}, f.seen...), r.Timing.Total
	return f
}

// send makes another delivery, with a connection of its own.
func (e *examination) send(ctx context.Context, body []byte, key fourthwall.Secret) (deliver.Result, error) {
	err := e.visit.Exchange(ctx, message(body, key))
	return e.visit.Result(), err
}

// judgeForged also takes an answer whose body failed: its status was said.
func judgeForged(r deliver.Result, err error) finding {
	answer := "Status: " + statusText(r.Status)
	switch s := r.Status; {
	case s == 0:
		f := failed(err, "")
		if f.result == Failed {
			f.result, f.do = Warned, "Answer 401 to a wrong signature. "+f.do
		}
		return f
	case s >= 200 && s <= 299:
		return notVerified(answer)
	case s == http.StatusTooManyRequests || s == http.StatusRequestTimeout:
		return finding{
			result: Warned, seen: []string{answer, "The endpoint was too busy to say whether it accepts the delivery."},
			do: "Check again in a minute.",
		}
	case s >= 400 && s <= 499:
		return finding{result: Passed, seen: []string{answer, "The endpoint refused it: it verifies signatures."}}
	case s >= 500:
		return finding{
			result: Warned, seen: []string{answer, "The endpoint broke over the wrong signature. That is not a refusal: whether it did something with the delivery is not known."},
			do: "Answer 401 to a wrong signature, and look at the log of the server for this moment.",
		}
	}
	return finding{
		result: Warned, seen: []string{answer, "That is neither acceptance nor refusal."},
		do: "Answer 401 to a wrong signature.",
	}
}

func notVerified(answer string) finding {
	return finding{
		result: Warned,
		seen: []string{
			answer,
			"The endpoint does not verify signatures: whoever knows its address can send it orders that nobody placed.",
			"Deliveries arrive all the same, so this is a warning and not a failure.",
		},
		do: "Compare the header " + signature.ShopSignatureHeader + " with the base64 of the HMAC-SHA256 of the raw body under the shop’s secret, before anything else, and answer 401 when they differ.",
	}
}
