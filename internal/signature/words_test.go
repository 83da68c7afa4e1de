package signature

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A text that says its title again is read twice for nothing.
func TestTextsDoNotRepeatTitles(t *testing.T) {
	for _, f := range findingTexts {
		title := significant(f.Title)
		for sentence := range strings.SplitSeq(f.Text, ". ") {
			said := significant(sentence)
			missing := slices.ContainsFunc(title, func(word string) bool { return !slices.Contains(said, word) })
			if len(title) > 0 && !missing {
				t.Errorf("%s: %q repeats %q", f.Code, sentence, f.Title)
			}
		}
	}
	for _, summary := range []string{
		summaryValid(FormAsReceived), summaryMistakes(1), summaryMistakes(2), summaryNoMatch,
	} {
		if strings.Contains(summary, "valid") {
			t.Errorf("%q repeats the heading", summary)
		}
	}
}

var wordOf = regexp.MustCompile(`[\pL\d][\pL\d-]*`)

// significant returns the words of a text but for those that say nothing by themselves.
func significant(text string) []string {
	var words []string
	for _, word := range wordOf.FindAllString(strings.ToLower(text), -1) {
		small := []string{
			"a", "an", "the", "is", "are", "of", "in", "to", "not", "no", "at", "as", "it", "or", "and", "with", "was", "were", "be",
		}
		if !slices.Contains(small, word) {
			words = append(words, word)
		}
	}
	return words
}
