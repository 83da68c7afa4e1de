package views

import (
	"strconv"

	"hookwall/views/ui"
)

// PlanFilePage plans from a file. The fields of its form are file, text,
// submission and those of Filter.
type PlanFilePage struct {
	Frame
	Action, PlansHref  string
	ShopsHref          string // the list with the same filter
	Count              int    // shops that the filter shows
	YAMLHref, JSONHref string // "" without shops
	SchemaHref         string
	Key                string
	Filter             []ui.Choice // of the list; Text is a field's name
	Text               string      // that was typed, or of the file that was sent
	ChooseAgain        bool        // a file was sent that is too large to be shown
	Banner             *ui.Notice
	Problems           []FileProblem
	Left               []PlanLeft // if nothing would change
}

// FileProblem is one thing that is wrong with a file.
type FileProblem struct {
	Line, Column int // 0 if it's about the whole file, or isn't known
	Text         string
	Source       string // the line
}

// where names the place of a problem.
func (p FileProblem) where() string {
	text := "Line " + ui.Number(p.Line)
	if p.Column > 0 {
		text += ", column " + strconv.Itoa(p.Column)
	}
	return text
}

// lines is the height of the text field.
func (p PlanFilePage) lines() int {
	if p.Text != "" {
		return 16
	}
	return 4
}
