package signature_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/fourthwall"
	"hookwall/internal/signature"
)

// FuzzExplain checks what callers rely on: no panic, the same verdict twice, valid exactly if one of the allowed forms
// was signed, a finding for every invalid signature, and no text of what was pasted.
func FuzzExplain(f *testing.F) {
	f.Add(testBody, true, signed(testBody, testSecret), testSecret)
	f.Fuzz(func(t *testing.T, body string, exact bool, pasted, secret string) {
		in := signature.Input{
			Body: fourthwall.BuyerData(body), Exact: exact,
			Signature: fourthwall.Secret(pasted), Secret: fourthwall.Secret(secret),
		}
		v := signature.Explain(in)
		checkVerdict(t, v)
		if diff := cmp.Diff(v, signature.Explain(in)); diff != "" {
			t.Errorf("the second verdict differs:\n%s", diff)
		}
		if v.Valid && !signsOneForm(in) {
			t.Errorf("valid as %s, but it isn't", v.Form)
		}
		in.Signature = fourthwall.Secret(signature.Sign([]byte(body), in.Secret))
		if v := signature.Explain(in); !v.Valid && !nothingToCheck(v) || v.Valid && v.Form != signature.FormAsReceived {
			t.Errorf("our own signature: %v as %q, %v", v.Valid, v.Form, codesOf(v))
		}
		in.Secret += canary
		in.Body += canary
		in.Signature += canary
		if text := fmt.Sprintf("%+v", signature.Explain(in)); strings.Contains(text, canary) {
			t.Errorf("the verdict has what was pasted: %s", text)
		}
	})
}

func nothingToCheck(v signature.Verdict) bool { return v.Summary == "There is nothing to check yet." }

func signsOneForm(in signature.Input) bool {
	body := in.Body.Reveal()
	forms := []string{body}
	if !in.Exact {
		for _, form := range []string{body, strings.ReplaceAll(body, "\r\n", "\n")} {
			bare := strings.TrimSuffix(strings.TrimSuffix(form, "\n"), "\r")
			forms = append(forms, form, bare, strings.TrimSuffix(form, "\n"), bare+"\n", form+"\n", form+"\r\n")
		}
	}
	for _, form := range forms {
		if strings.Contains(in.Signature.Reveal(), signature.Sign([]byte(form), in.Secret)) {
			return true
		}
	}
	return false
}
