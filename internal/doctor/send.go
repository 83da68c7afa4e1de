package doctor

import (
	"context"
	"slices"

	"hookwall/internal/deliver"
)

// Deliver sends the request's body once, and returns what came back and how it stands against the contract: the steps
// of an examination up to the time of the answer. The answer is the endpoint's own text, bounded by the client.
func (d *Doctor) Deliver(ctx context.Context, r Request) (deliver.Result, Report) {
	ctx, cancel := context.WithTimeout(ctx, or(d.limit, maxExamination))
	defer cancel()
	steps := Plan()
	last := slices.IndexFunc(steps, func(s Step) bool { return s.ID == StepTime })
	e := &examination{
		doctor: d, request: r, progress: func(Report) {},
		report: Report{Started: d.now().UTC(), Steps: steps[:last+1], Result: Running},
	}
	defer e.close()
	report := e.run(ctx)
	return e.first, report
}
