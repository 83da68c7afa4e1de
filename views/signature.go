package views

import "hookwall/views/ui"

// SignaturePage checks a signature and shows code that does the same.
type SignaturePage struct {
	Frame
	Action         string // POST target, multipart; fields body, file, signature, secret
	Body           string
	FileName       string // of the file that was checked instead of Body; "" if there was none
	Signature      string
	BodyError      *ui.FieldError
	SignatureError *ui.FieldError
	SecretError    *ui.FieldError
	Errors         []ui.SummaryError
	Focus          string // ID of the element that takes the focus; "" if none does
	Result         *SignatureResult
	Snippets       []ui.Snippet
}

// SignatureResult is whether a signature is valid and, if not, why.
type SignatureResult struct {
	Valid    bool
	Header   string // name of the header that the signature was in
	Summary  string
	Findings []SignatureFinding // the surest first
}

// SignatureFinding is a reason why a signature is invalid, or a remark on a
// valid one.
type SignatureFinding struct {
	Code     string
	Title    string
	Text     string
	Evidence string // "" if the reason is only likely
}

// verdict returns the result in a notice.
func (r SignatureResult) verdict() ui.Notice {
	n := ui.Notice{Kind: ui.Failure, Title: signatureInvalid, Text: r.Summary, Code: r.Header}
	if r.Valid {
		n.Kind, n.Title = ui.Success, signatureValid
	}
	return n
}

// failed reports whether the form is shown again because of an error.
func (p SignaturePage) failed() bool {
	return p.BodyError != nil || p.SignatureError != nil || p.SecretError != nil || failedNotice(p.Frame)
}

// secretField returns the field for the signing secret.
func (p SignaturePage) secretField() ui.TextField {
	f := ui.SecretField("Signing secret", "Used for this check only, never stored. Type it again for the next one.",
		p.SecretError)
	f.Focus = p.Focus == "secret"
	return f
}
