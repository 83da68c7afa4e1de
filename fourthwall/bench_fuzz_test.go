package fourthwall_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hookwall/fourthwall"
)

// FuzzBench holds every verdict to what callers rely on: no panic, the same answer twice, valid exactly when one of the
// allowed forms was signed, a reason for every no, and nothing of what was pasted.
func FuzzBench(f *testing.F) {
	f.Add(benchBody, true, signed(benchBody, benchSecret), benchSecret)
	f.Fuzz(func(t *testing.T, body string, exact bool, signature, secret string) {
		in := fourthwall.BenchInput{
			Body: fourthwall.BuyerData(body), Exact: exact,
			Signature: fourthwall.Secret(signature), Secret: fourthwall.Secret(secret),
		}
		v := fourthwall.Bench(in)
		checkVerdict(t, v)
		if diff := cmp.Diff(v, fourthwall.Bench(in)); diff != "" {
			t.Errorf("a second answer differs:\n%s", diff)
		}
		if v.Valid && !signsOneForm(in) {
			t.Errorf("valid as %s, but it is not", v.Form)
		}
		in.Signature = fourthwall.Secret(fourthwall.Sign([]byte(body), in.Secret))
		if v := fourthwall.Bench(in); !v.Valid && !nothingToCheck(v) || v.Valid && v.Form != fourthwall.FormAsReceived {
			t.Errorf("our own signature: %v as %q, %v", v.Valid, v.Form, codesOf(v))
		}
		in.Secret += canary
		in.Body += canary
		in.Signature += canary
		if text := fmt.Sprintf("%+v", fourthwall.Bench(in)); strings.Contains(text, canary) {
			t.Errorf("it tells what was pasted: %s", text)
		}
	})
}

func nothingToCheck(v fourthwall.Verdict) bool { return v.Summary == "There is nothing to check yet." }

func signsOneForm(in fourthwall.BenchInput) bool {
	body := in.Body.Reveal()
	forms := []string{body}
	if !in.Exact {
		for _, form := range []string{body, strings.ReplaceAll(body, "\r\n", "\n")} {
			bare := strings.TrimSuffix(strings.TrimSuffix(form, "\n"), "\r")
			forms = append(forms, form, bare, strings.TrimSuffix(form, "\n"), bare+"\n", form+"\n", form+"\r\n")
		}
	}
	for _, form := range forms {
		if strings.Contains(in.Signature.Reveal(), fourthwall.Sign([]byte(form), in.Secret)) {
			return true
		}
	}
	return false
}
