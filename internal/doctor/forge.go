package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"hookwall/internal/deliver"
)

// forge sends a delivery that Fourthwall would not send: its signature is wrong. An endpoint that accepts it gets all
// its deliveries, so that is a warning and not a failure.
func (e *examination) forge(ctx context.Context) finding {
	accepted := isAccepted(e.first.Status)
	switch {
	case e.first.Status == 0:
		return skipped(noResponse)
	case !e.withSecret() && accepted:
		return notVerified(acceptedAtRandom)
	case !e.withSecret():
		return skipped(forgedNeedsSecret)
	case !accepted:
		return skipped(forgedNotAccepted)
	case e.failure != nil:
		return skipped(forgedIncomplete)
	}
	r, err := e.send(ctx, otherEvent(e.request.Body), randomKey())
	f := judgeForged(r, err, e.sent)
	if other, found := e.intermediary(r); found && !isAccepted(r.Status) {
		f = finding{result: Warned, seen: []string{statusIs(r.Status), other.seen, refusedInFront}, do: other.do}
	}
	f.seen, f.took = append([]string{sentForged}, f.seen...), r.Timing.Total
	return f
}

// isAccepted reports whether the endpoint says that it accepted the delivery, as Fourthwall sees it or not.
func isAccepted(status int) bool { return status >= 200 && status <= 299 }

// otherEvent returns the envelope with another event ID. An endpoint that ignores events that it knows would accept a
// forged repeat without verifying its signature.
func otherEvent(body []byte) []byte {
	var envelope struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(body, &envelope) != nil || envelope.ID == "" {
		return body
	}
	return bytes.ReplaceAll(body, []byte(`"`+envelope.ID+`"`), []byte(`"`+envelope.ID+`_forged"`))
}

// judgeForged judges the response to a forged delivery. Its status is enough, even if its body failed.
func judgeForged(r deliver.Result, err error, sent time.Time) finding {
	status := statusIs(r.Status)
	switch s := r.Status; {
	case s == 0:
		f := failed(err, "")
		if f.result == Failed {
			f.result, f.do = Warned, doReturn401+" "+f.do
		}
		return f
	case isAccepted(s):
		return notVerified(status)
	case s == http.StatusTooManyRequests || s == http.StatusRequestTimeout:
		return finding{result: Warned, seen: []string{status, tooBusy}, do: doCheckInAMinute}
	case s >= 400 && s <= 499:
		return finding{result: Passed, seen: []string{status, refusedForged}}
	case s >= 500:
		return finding{
			result: Warned, seen: []string{status, serverFailed(s) + " " + notARejection},
			do: doReturn401 + " " + doCheckLogs(sent),
		}
	}
	return finding{result: Warned, seen: []string{status, neither}, do: doReturn401}
}

// notVerified is the finding for an endpoint that accepts any signature.
func notVerified(seen string) finding {
	return finding{result: Warned, seen: []string{seen, verifiesNothing, stillArrives}, do: doVerify}
}
