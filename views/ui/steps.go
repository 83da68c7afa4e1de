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
	Number int // its place in the check; 0 if it's that in the list
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

// stepStyleOf returns the style of a result. interrupted is set if the check ended
// before it was done.
func stepStyleOf(result string, interrupted bool) stepStyle {
	switch {
	case result == StepPassed:
		return stepStyle{"success", "check-circle", wordPassed}
	case result == StepWarned:
		return stepStyle{"warning", "warning", wordWarned}
	case result == StepFailed:
		return stepStyle{"failure", "failure", wordFailed}
	case result == StepSkipped:
		return stepStyle{"unmade", "minus", wordSkipped}
	case result == StepRunning && interrupted:
		return stepStyle{"unmade", "minus", wordInterrupted}
	case result == StepRunning:
		return stepStyle{"running", "", wordRunning}
	case interrupted:
		return stepStyle{"unmade", "minus", wordNotReached}
	default:
		return stepStyle{"unmade", "clock", wordWaiting}
	}
}
