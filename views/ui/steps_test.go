package ui

import "testing"

// TestResultsDifferWithoutColour wants an icon of its own, or none and a
// moving one, and a word of its own for each result.
func TestResultsDifferWithoutColour(t *testing.T) {
	results := []string{StepPassed, StepWarned, StepFailed, StepSkipped, StepRunning, StepWaiting}
	icons, words := map[string]string{}, map[string]string{}
	for _, result := range results {
		look := stepLookOf(result, false)
		if other := icons[look.icon]; other != "" {
			t.Errorf("%s and %s have the icon %q", result, other, look.icon)
		}
		if other := words[look.word]; other != "" || look.word == "" {
			t.Errorf("%s and %q have the word %q", result, other, look.word)
		}
		icons[look.icon], words[look.word] = result, result
	}
}
