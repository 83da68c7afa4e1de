package fleet

import (
	_ "embed"
	"fmt"

	"hookwall/internal/fourthwall"
)

// FileSchema is the JSON Schema of files.
//
//go:embed fleet-file.schema.json
var FileSchema []byte

// MaxFile is the maximum size of a file in bytes.
const MaxFile = 4 << 20

// FileFormat is how a file is written: YAML or JSON.
type FileFormat string

// Formats of files.
const (
	YAML FileFormat = "yaml"
	JSON FileFormat = "json"
)

// File says which webhooks shops should have. Shops that it doesn't name stay as they are.
type File struct {
	Shops []FileShop
}

// FileShop is a shop of a file.
type FileShop struct {
	Shop     string // its ID or domain, as written
	Prune    bool   // other webhooks of the shop are deleted
	Webhooks []FileWebhook
	Line     int

	shopAt place
}

// FileWebhook is a webhook that a shop should have.
type FileWebhook struct {
	ID string // of an existing webhook; "" if it's found by its URL, or new
	fourthwall.Content
	Line int

	idAt, urlAt, typesAt place // zero if it could not be read, or isn't there
	typeAt               map[fourthwall.EventType]place
}

// isWhole reports whether URL and event types could be read.
func (w FileWebhook) isWhole() bool { return w.urlAt.line > 0 && w.typesAt.line > 0 }

// FileProblem is one thing that is wrong with a file, and what to write instead.
type FileProblem struct {
	Line   int    // from 1; 0 if it's about the whole file
	Column int    // from 1, in characters; 0 if it isn't known
	Text   string // sentences for a person
	Source string // the line, perhaps its beginning; "" without one
}

// String returns the problem with its place, such as "Line 3, column 5: …".
func (p FileProblem) String() string {
	switch {
	case p.Line == 0:
		return p.Text
	case p.Column == 0:
		return fmt.Sprintf("Line %d: %s", p.Line, p.Text)
	}
	return fmt.Sprintf("Line %d, column %d: %s", p.Line, p.Column, p.Text)
}

// FileError means that a file can't be read. It has all problems, by line.
type FileError struct{ Problems []FileProblem }

// Error implements error.
func (e *FileError) Error() string { return fmt.Sprintf("%d problems in the file", len(e.Problems)) }
