package ui

import "strings"

// FinderTool is a tool, and where to find the URL that a form asks for.
type FinderTool struct {
	Name string
	Text string // with the tool's own names between asterisks
}

// part is a part of a text, emphasized or not.
type part struct {
	text   string
	strong bool
}

// parts divides a text at its asterisks.
func parts(text string) []part {
	var all []part
	for i, piece := range strings.Split(text, "*") {
		if piece != "" {
			all = append(all, part{piece, i%2 == 1})
		}
	}
	return all
}
