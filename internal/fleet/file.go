package fleet

import (
	"context"
	"errors"
	"fmt"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
)

// FromFile is the kind of a plan that a file was the wish for.
const FromFile EditKind = "file"

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
}

// FileWebhook is a webhook that a shop should have.
type FileWebhook struct {
	ID string // of an existing webhook; "" if it's found by its URL, or new
	fourthwall.Content
	Line int
}

// FileProblem is one thing that is wrong with a file, and what to write instead.
type FileProblem struct {
	Line   int    // from 1; 0 if it's about the whole file
	Column int    // from 1, in characters; 0 if it isn't known
	Text   string // sentences for a person
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

// errNoFile is returned until files are read.
var errNoFile = errors.New("files can't be read yet")

// ParseFile reads a file in YAML or JSON. It returns what could be read, and all that is wrong with it by line. What
// only the shops can tell, such as an unknown shop, is for PlanFile to find.
func ParseFile([]byte) (File, []FileProblem) { return File{}, []FileProblem{{Text: errNoFile.Error()}} }

// ExportFile returns a file that says which webhooks shops have now, with comments. The same shops give the same
// bytes.
func ExportFile([]Shop, FileFormat) ([]byte, error) { return nil, errNoFile }

// ExportFile returns a file of shops of an owner, as they were seen. Nil means all shops.
func (s *Service) ExportFile(_ context.Context, _ store.Owner, _ []string, _ FileFormat) ([]byte, error) {
	return nil, errNoFile
}

// PlanFile makes a plan of a file: what it changes in the shops that it names, as they were seen. It stores the plan
// as a draft. One form makes one plan. The error is a *FileError if something is wrong with the file, or
// ErrNothingToChange, which comes with the proposal.
func (s *Service) PlanFile(_ context.Context, _ activity.Actor, _ string, _ []byte) (store.Plan, Proposal, error) {
	return store.Plan{}, Proposal{}, errNoFile
}
