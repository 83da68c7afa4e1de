package ui

import "time"

// Results of a CheckStep.
const (
	StepWaiting = "waiting"
	StepRunning = "running"
	StepPassed  = "passed"
	StepWarned  = "warned"
	StepFailed  = "failed"
	StepSkipped = "skipped"
)

// CheckStep is one step of an endpoint check.
type CheckStep struct {
	ID     string
	Title  string
	Result string        // StepWaiting, StepRunning, StepPassed, StepWarned, StepFailed or StepSkipped
	Seen   []string      // what was found
	Do     string        // what to do about it; "" if nothing
	Took   time.Duration // 0 if not measured
}

// Worst returns the kind of notice that fits the worst of some results: Success,
// Warning or Failure.
func Worst(steps []CheckStep) string {
	kind := Success
	for _, s := range steps {
		switch s.Result {
		case StepFailed:
			return Failure
		case StepWarned:
			kind = Warning
		}
	}
	return kind
}

// stepStyle is how a result differs from the others, apart from its color.
type stepStyle struct{ class, icon, word string }

func stepStyleOf(result string, interrupted bool) stepStyle {
	switch {
	case result == StepPassed:
		return stepStyle{"success", "check-circle", "Passed"}
	case result == StepWarned:
		return stepStyle{"warning", "warning", "Look at this"}
	case result == StepFailed:
		return stepStyle{"failure", "failure", "Failed"}
	case result == StepSkipped:
		return stepStyle{"unmade", "minus", "Skipped"}
	case result == StepRunning && interrupted:
		return stepStyle{"unmade", "minus", "Not finished"}
	case result == StepRunning:
		return stepStyle{"running", "", "Under way"}
	case interrupted:
		return stepStyle{"unmade", "minus", "Not reached"}
	default:
		return stepStyle{"unmade", "clock", "Waiting"}
	}
}
