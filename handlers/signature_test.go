package handlers

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"hookwall/internal/fourthwall"
	"hookwall/internal/signature"
)

// checkSignature sends the form of the signature page as a browser does; "" for no
// file.
func (p *person) checkSignature(body, file, signature string, secret fourthwall.Secret) *page {
	p.t.Helper()
	var sent bytes.Buffer
	form := multipart.NewWriter(&sent)
	for name, value := range map[string]string{"body": body, "signature": signature, "secret": secret.Reveal()} {
		p.must(form.WriteField(name, value))
	}
	name := ""
	if file != "" {
		name = "delivery.json"
	}
	part, err := form.CreateFormFile("file", name)
	p.must(err)
	_, err = part.Write([]byte(file))
	p.must(err)
	p.must(form.Close())
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+signaturePath, &sent)
	p.must(err)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return p.do(r)
}

// TestSignaturePage needs no connection, keeps what was typed but for the
// secret, and keeps nothing anywhere else.
func TestSignaturePage(t *testing.T) {
	t.Parallel()
	const secret = fourthwall.Secret("canary-of-the-shop")
	const body = "{\n  \"email\": \"buyer@canary.example\"\n}"
	right := signature.Sign([]byte(body), secret)
	g := newRig(t, options{})
	p := g.person()
	p.get(signaturePath).want(http.StatusOK, "Check signature", "Go", "Node.js", "Python", "PHP", "C#", "Ruby")
	for _, test := range []struct {
		name, body, file, signature string
		secret                      fourthwall.Secret
		status                      int
		wants                       []string
	}{
		{"valid", body, "", right, secret, 200, []string{"is valid"}},
		{"valid, as a browser sends it", strings.ReplaceAll(body, "\n", "\r\n"), "", right, secret, 200, []string{"is valid", "plain line breaks"}},
		{"valid, of a file", "ignored", body, right, secret, 200, []string{"is valid"}},
		{"not valid: a file with other line ends", "", strings.ReplaceAll(body, "\n", "\r\n"), right, secret, 200, []string{"not valid", "crlf"}},
		{"another secret", body, "", right, "another-canary-secret", 200, []string{"not valid", "secret-or-body"}},
		{"nothing", "", "", "", "", 422, []string{"3 things to fix"}},
		{"no secret", body, "", right, "", 422, []string{"secret"}},
		{"too large", strings.Repeat("x", signature.MaxBody+1), "", right, secret, 422, []string{"1 MiB"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			pg := p.checkSignature(test.body, test.file, test.signature, test.secret).want(test.status, test.wants...)
			kept := pg.form(signaturePath)
			if !strings.Contains(strings.ReplaceAll(kept.values.Get("body"), "\r\n", "\n"),
				strings.ReplaceAll(test.body, "\r\n", "\n")) ||
				kept.values.Get("signature") != test.signature || kept.values.Get("secret") != "" {
				t.Errorf("the form came back as %.200v", kept.values)
			}
			if pg.header.Get("Cache-Control") != "no-store" ||
				(test.secret != "" && strings.Contains(pg.body, test.secret.Reveal())) {
				t.Errorf("the page shows the secret or may be kept: %v", pg.header)
			}
		})
	}
	if strings.Contains(g.logs.String(), "canary") {
		t.Error("what was pasted is in the log")
	}
}
