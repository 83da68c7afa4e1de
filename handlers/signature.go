package handlers

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/internal/signature"
	"hookwall/views"
	"hookwall/views/ui"
)

const (
	// maxSignatureForm is the size of the whole form, in bytes: a body and a file
	// of the largest size, and what goes with them. All of it stays in memory.
	maxSignatureForm = 3 << 20
	// signatureWait is how long a form waits while others are being checked.
	signatureWait = 5 * time.Second
	maxFileName   = 200 // bytes
)

// handleSignatureForm shows the empty form. It needs no connection.
func (s *server) handleSignatureForm(w http.ResponseWriter, r *http.Request) error {
	return s.drawSignature(w, r, http.StatusOK, signatureForm{}, nil)
}

// signatureForm is what was typed. The secret and the file are never drawn again.
type signatureForm struct {
	in       signature.Input
	typed    string // in the text area
	fileName string // of the file that was sent as the body
}

// handleSignature checks a signature. It neither keeps nor logs the input.
func (s *server) handleSignature(w http.ResponseWriter, r *http.Request) error {
	f, err := readSignatureForm(r)
	if err != nil {
		return err
	}
	verdict, err := s.explain(r.Context(), f.in)
	if err != nil {
		setRetryAfter(w, busyPause)
		return s.drawSignature(w, r, http.StatusTooManyRequests, f, nil, signaturesBusyNotice())
	}
	status := http.StatusOK
	if len(signatureFields(verdict)) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return s.drawSignature(w, r, status, f, &verdict)
}

// explain explains a signature. It waits while too many others are being
// checked, because each tries many mistakes, which keeps a processor busy.
func (s *server) explain(ctx context.Context, in signature.Input) (signature.Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, s.signatureWait)
	defer cancel()
	if err := s.signatureChecks.Acquire(ctx, 1); err != nil {
		return signature.Verdict{}, err
	}
	defer s.signatureChecks.Release(1)
	return signature.Explain(in), nil
}

func readSignatureForm(r *http.Request) (signatureForm, error) {
	//nolint:gosec // bodyLimits bounds this page's body, all of which fits into memory
	if err := r.ParseMultipartForm(maxSignatureForm); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return signatureForm{}, badForm(err)
	}
	f := signatureForm{typed: r.PostFormValue("body")}
	f.in = signature.Input{
		Body:      fourthwall.BuyerData(f.typed),
		Signature: fourthwall.Secret(r.PostFormValue("signature")),
		Secret:    fourthwall.Secret(r.PostFormValue("secret")),
	}
	if r.MultipartForm == nil {
		return f, nil
	}
	file, head, err := r.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) {
		return f, nil
	}
	if err != nil {
		return f, badForm(err)
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		return f, badForm(err)
	}
	if head.Filename == "" && len(content) == 0 {
		return f, nil // no file was chosen
	}
	f.in.Body, f.in.Exact = fourthwall.BuyerData(content), true
	f.fileName = bounded(head.Filename, maxFileName)
	return f, nil
}

// signatureFields returns the findings that belong to a field: what is missing or
// too large.
func signatureFields(v signature.Verdict) map[string]*ui.FieldError {
	fields := map[signature.FindingCode]string{
		signature.CodeEmptyBody: "body", signature.CodeBodyTooLarge: "body",
		signature.CodeEmptySignature: "signature", signature.CodeSignatureTooLong: "signature",
		signature.CodeEmptySecret: "secret", signature.CodeSecretTooLong: "secret",
	}
	out := map[string]*ui.FieldError{}
	for _, found := range v.Findings {
		if field := fields[found.Code]; field != "" {
			out[field] = &ui.FieldError{Text: found.Text}
		}
	}
	return out
}

func (s *server) drawSignature(
	w http.ResponseWriter, r *http.Request, status int, f signatureForm, v *signature.Verdict, notices ...ui.Notice,
) error {
	frame, err := s.frame(r, "Check a signature")
	if err != nil {
		return err
	}
	frame.Notices = append(frame.Notices, notices...)
	page := views.SignaturePage{
		Frame: frame, Action: signaturePath, Body: valid(f.typed), FileName: f.fileName,
		Signature: valid(f.in.Signature.Reveal()), Snippets: snippetViews(),
	}
	if v != nil {
		fields := signatureFields(*v)
		page.BodyError, page.SignatureError, page.SecretError = fields["body"], fields["signature"], fields["secret"]
		page.Errors, page.Focus = signatureSummary(fields)
		if len(fields) == 0 {
			page.Result = resultView(*v)
			page.Focus = "result"
		}
	}
	return s.render(w, r, status, views.Signature(page))
}

// signatureSummary returns the field errors and the field to focus.
func signatureSummary(fields map[string]*ui.FieldError) (errs []ui.SummaryError, focus string) {
	for _, name := range []string{"body", "signature", "secret"} {
		if fields[name] != nil {
			errs = append(errs, ui.SummaryError{Href: "#" + name, Text: fields[name].Text})
			focus = name
		}
	}
	if len(errs) > 1 {
		focus = "summary"
	}
	return errs, focus
}

func resultView(v signature.Verdict) *views.SignatureResult {
	out := &views.SignatureResult{Valid: v.Valid, Header: v.Header, Summary: v.Summary}
	for _, found := range v.Findings {
		out.Findings = append(out.Findings, views.SignatureFinding{
			Code: string(found.Code), Title: found.Title, Text: found.Text, Evidence: found.Evidence,
		})
	}
	return out
}
