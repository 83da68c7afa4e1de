package views

import "hookwall/views/ui"

// SignaturePage checks a signature by hand, and shows how a program does.
type SignaturePage struct {
	Frame
	Action         string // POST target, multipart; fields body, file, signature, secret
	Body           string
	FileName       string // of the file that was checked in place of the body
	Signature      string
	BodyError      *ui.FieldError
	SignatureError *ui.FieldError
	SecretError    *ui.FieldError
	Errors         []ui.SummaryError
	Focus          string
	Result         *SignatureResult
	Snippets       []ui.Snippet
}

// SignatureResult says whether a signature is valid and, if not, why.
type SignatureResult struct {
	Valid    bool
	Header   string
	Summary  string
	Findings []SignatureFinding
}

// SignatureFinding is a reason, the surest first.
type SignatureFinding struct {
	Code     string
	Title    string
	Text     string
	Evidence string // "" when it is only likely
}

func (r SignatureResult) verdict() ui.Notice {
	n := ui.Notice{Kind: ui.Failure, Title: "The signature is not valid", Text: r.Summary, Code: r.Header}
	if r.Valid {
		n.Kind, n.Title = ui.Success, "The signature is valid"
	}
	return n
}

func (p SignaturePage) secretField() ui.TextField {
	f := ui.SecretField("Secret", "Used for this one check, never stored. Type it again for the next one.", p.SecretError)
	f.Focus = p.Focus == "secret"
	return f
}
