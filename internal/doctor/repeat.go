package doctor

import (
	"context"
	"net/http"

	"hookwall/internal/deliver"
	"hookwall/internal/fourthwall"
)

// repeat sends the first delivery again. Fourthwall delivers at least once: a repeated delivery has the same event ID.
func (e *examination) repeat(ctx context.Context) finding {
	switch {
	case e.first.Status == 0:
		return skipped(noResponse)
	case e.probablyVerifies():
		return skipped(repeatNeedsSecret)
	case e.first.Status != http.StatusOK:
		return skipped(repeatNotAccepted)
	case e.failure != nil:
		return skipped(repeatIncomplete)
	}
	r, err := e.send(ctx, e.request.Body, e.key())
	if err != nil {
		f := failed(err, "", sentAgain)
		f.took = r.Timing.Total
		return f
	}
	f := e.judgeDuration(r)
	f.took = r.Timing.Total
	f.seen = append([]string{sentAgain, statusIs(r.Status)}, f.seen...)
	other, found := e.intermediary(r)
	switch {
	case r.Status == http.StatusOK:
	case found:
		f.result, f.seen, f.do = Failed, append(f.seen, other.seen, onlyOK), other.do
	default:
		f.result, f.seen, f.do = Failed, append(f.seen, deliversTwice), doRememberEvent
	}
	return f
}

// send sends another delivery over a new connection.
func (e *examination) send(ctx context.Context, body []byte, key fourthwall.Secret) (deliver.Result, error) {
	e.sent = e.doctor.now()
	err := e.call.Exchange(ctx, message(body, key))
	return e.call.Result(), err
}
