package ui

import "slices"

// selectField is a labelled choice of one among several.
type SelectField struct {
	ID, Name, Label string
	Value           string
	Any             string // what choosing nothing says; "" when something must be chosen
	Choices         []Choice
}

// Choice is an option of a select.
type Choice struct {
	Value string
	Text  string
}

// options has a way to choose nothing where that is one, and keeps a value that
// came with the address but is offered no more.
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
