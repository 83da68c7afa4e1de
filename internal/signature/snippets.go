package signature

import "embed"

//go:embed snippets/verify.* snippets/Verify.cs
var snippetFiles embed.FS

// Snippet is source code that verifies the signature of a delivery, ready to be pasted. It uses the standard library
// only.
type Snippet struct {
	ID       string // short and stable, for URLs
	Language string // name for people
	File     string // name of the source file
	Code     string
}

// Snippets returns the snippets in the order in which a page shows them. The caller owns the slice.
func Snippets() []Snippet {
	snippets := []Snippet{
		{ID: "go", Language: "Go", File: "verify.go"},
		{ID: "node", Language: "Node.js", File: "verify.js"},
		{ID: "python", Language: "Python", File: "verify.py"},
		{ID: "php", Language: "PHP", File: "verify.php"},
		{ID: "csharp", Language: "C#", File: "Verify.cs"},
		{ID: "ruby", Language: "Ruby", File: "verify.rb"},
	}
	for i, s := range snippets {
		// The files are embedded. A test fails if one is missing.
		code, _ := snippetFiles.ReadFile("snippets/" + s.File)
		snippets[i].Code = string(code)
	}
	return snippets
}
