package ui

import "slices"

// SelectField is a labeled choice of one among several.
type SelectField struct {
	ID, Name, Label string
	Value           string
	Any             string // text of the choice of nothing; "" if something must be chosen
	Choices         []Choice
}

// Choice is an option of a select.
type Choice struct {
	Value string
	Text  string
}

// options returns the choices, before them that of nothing unless Any is "", and
// after them Value if it came with the URL and isn't among them.
func (f SelectField) options() []Choice {
	all := f.Choices
	has := func(value string) bool {
		return slices.ContainsFunc(all, func(c Choice) bool { return c.Value == value })
	}
	if f.Any != "" && !has("") {
		all = append([]Choice{{Text: f.Any}}, all...)
	}
	if f.Value != "" && !has(f.Value) {
		all = append(slices.Clone(all), Choice{Value: f.Value, Text: f.Value})
	}
	return all
}
