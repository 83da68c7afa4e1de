package ui

import "testing"

// TestResultsDifferWithoutColor: each result has its own word and its own icon,
// or none if it has the spinner.
func TestResultsDifferWithoutColor(t *testing.T) {
	results := []string{StepPassed, StepWarned, StepFailed, StepSkipped, StepRunning, StepWaiting}
	icons, words := map[string]string{}, map[string]string{}
	for _, result := range results {
		style := stepStyleOf(result, false)
		if other := icons[style.icon]; other != "" {
			t.Errorf("%s and %s have the icon %q", result, other, style.icon)
		}
		if other := words[style.word]; other != "" || style.word == "" {
			t.Errorf("%s and %q have the word %q", result, other, style.word)
		}
		icons[style.icon], words[style.word] = result, result
	}
}
