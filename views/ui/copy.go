package ui

// Snippet is code that verifies signatures, in one language.
type Snippet struct {
	ID       string
	Language string
	File     string
	Code     string
}
