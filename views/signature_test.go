package views

import (
	"slices"
	"strings"
	"testing"

	"hookwall/views/ui"
)

func signaturePage(change func(*SignaturePage)) SignaturePage {
	p := SignaturePage{
		Frame:  Frame{Title: "Check a signature", Path: "/tools/signature", ToolsHref: "/tools/signature"},
		Action: "/tools/signature", Body: "\n{}\n", Signature: "X-A: b\n\nc",
	}
	change(&p)
	return p
}

func TestSignaturePage(t *testing.T) {
	missing := func(p *SignaturePage) {
		p.BodyError, p.SecretError = &ui.FieldError{Text: "No body."}, &ui.FieldError{Text: "No secret."}
		p.Errors, p.Focus = []ui.SummaryError{
			{Href: "#body", Text: "No body."}, {Href: "#secret", Text: "No secret."},
		}, "summary"
	}
	found := func(valid bool, findings ...SignatureFinding) func(*SignaturePage) {
		return func(p *SignaturePage) {
			p.Result, p.Focus = &SignatureResult{
				Valid: valid, Header: "X-Fourthwall-Hmac-SHA256", Summary: "In a sentence.", Findings: findings,
			}, "result"
		}
	}
	certain := SignatureFinding{Code: "hex", Title: "Hex", Text: "Not base64.", Evidence: "Read as hex, it fits " + trick}
	likely := SignatureFinding{Code: "body-changed", Title: "Body " + trick, Text: "It was changed."}
	rows := []struct {
		name             string
		change           func(*SignaturePage)
		focus            string
		failed           bool
		wanted, unwanted []string
	}{
		{"empty", func(p *SignaturePage) { p.Body, p.Signature = "", "" }, "", false, []string{"Check signature", "Hookwall never stores or logs what you enter here."}, []string{"The signature is", "isn’t valid", "In your own program"}},
		{"valid", found(true), "result", false, []string{"Done: The signature is valid In a sentence. Code: X-Fourthwall-Hmac-SHA256"}, []string{"not valid", "Why it isn’t valid", "Good to know"}},
		{"valid with a remark", found(true, likely), "result", false, []string{"The signature is valid", "Good to know", "Body " + shown + " Note It was changed. body-changed"}, []string{"Likely", "Why it isn’t valid"}},
		{"certain", found(false, certain), "result", false, []string{"Error: The signature is not valid In a sentence.", "Why it isn’t valid", "Hex Certain Not base64. Read as hex, it fits " + shown + " hex"}, []string{"Likely", "The signature is valid"}},
		{"likely", found(false, likely), "result", false, []string{"Body " + shown + " Likely It was changed. body-changed"}, []string{"Certain"}},
		{"both", found(false, certain, likely), "result", false, []string{"Certain", "Likely"}, nil},
		{"two fields wrong", missing, "summary", true, []string{"2 things to fix", "No body.", "No secret."}, nil},
		{"one field wrong", func(p *SignaturePage) {
			p.SignatureError, p.Focus = &ui.FieldError{Text: "No signature."}, "signature"
			p.Errors = []ui.SummaryError{{Href: "#signature", Text: "No signature."}}
		}, "signature", true, []string{"No signature."}, []string{"to fix"}},
		{"secret wrong", func(p *SignaturePage) { p.SecretError, p.Focus = &ui.FieldError{Text: "No secret."}, "secret" }, "secret", true, []string{"No secret."}, nil},
		{"body wrong", func(p *SignaturePage) { p.BodyError, p.Focus = &ui.FieldError{Text: "No body."}, "body" }, "body", true, []string{"No body."}, nil},
		{"file", func(p *SignaturePage) { p.FileName = trick }, "", false, []string{"To check " + shown + " again, choose it again."}, nil},
		{"snippets", func(p *SignaturePage) {
			p.Snippets = []ui.Snippet{
				{ID: "go", Language: "Go", File: "verify.go", Code: "package webhook\n"},
				{ID: "cs", Language: "C#", File: "Verify.cs", Code: "<T>"},
			}
		}, "", false, []string{"In your own program", "Go package webhook", "C# <T>"}, nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := signaturePage(row.change)
			d := render(t, Signature(p))
			d.check()
			d.secretIsPrivate()
			d.says(row.wanted, row.unwanted)
			if got := d.focused(); got != row.focus {
				t.Errorf("focus on %q, want %q", got, row.focus)
			}
			if got := strings.HasPrefix(text(d.tags("title")[0]), "Error: "); got != row.failed {
				t.Errorf("title says failed: %v", got)
			}
			if got := [2]string{typed(d.byID("body")), typed(d.byID("signature"))}; got != [2]string{p.Body, p.Signature} {
				t.Errorf("typed %q", got)
			}
			if form := d.formTo(p.Action); attr(form, "enctype") != "multipart/form-data" || len(submits(form)) != 1 {
				t.Error("the form cannot carry a file, or has not one button")
			}
			if file := d.byID("file"); attr(file, "name") != "file" || attr(file, "type") != "file" {
				t.Error("no field for a file")
			}
			for id, wrong := range map[string]*ui.FieldError{
				"body": p.BodyError, "signature": p.SignatureError, "secret": p.SecretError,
			} {
				field := d.byID(id)
				tied := slices.Contains(strings.Fields(attr(field, "aria-describedby")), id+"-error-text")
				if tied != (wrong != nil) || (attr(field, "aria-invalid") == "true") != tied {
					t.Errorf("%s is not tied to its error", id)
				}
			}
		})
	}
}
