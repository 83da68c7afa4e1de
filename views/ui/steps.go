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

// CheckStep is one thing that was looked at.
type CheckStep struct {
	ID     string
	Title  string
	Result string // StepWaiting, StepRunning, StepPassed, StepWarned, StepFailed or StepSkipped
	Seen   []string
	Do     string
	Took   time.Duration // 0: not measured
}

// worst is the kind of notice that a list of results comes to.
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

// stepLook is how a result differs from the others, colour aside.
type stepLook struct{ class, icon, word string }

func stepLookOf(result string, interrupted bool) stepLook {
	switch {
	case result == StepPassed:
		return stepLook{"success", "check-circle", "Passed"}
	case result == StepWarned:
		return stepLook{"warning", "warning", "Look at this"}
	case result == StepFailed:
		return stepLook{"failure", "failure", "Failed"}
	case result == StepSkipped:
		return stepLook{"unmade", "minus", "Skipped"}
	case result == StepRunning && interrupted:
		return stepLook{"unmade", "minus", "Not finished"}
	case result == StepRunning:
		return stepLook{"running", "", "Under way"}
	case interrupted:
		return stepLook{"unmade", "minus", "Not reached"}
	default:
		return stepLook{"unmade", "clock", "Waiting"}
	}
}
