package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
	"testing"

	"github.com/playwright-community/playwright-go"

	"hookwall/e2e/browser"
)

const (
	signaturePath  = "/tools/signature"
	checkSignature = "Check signature"
)

// signed is the code that Fourthwall sends with a body, in the encoding that
// it has before base64.
func signed(body, secret string) []byte {
	code := hmac.New(sha256.New, []byte(secret))
	code.Write([]byte(body))
	return code.Sum(nil)
}

func base64Of(code []byte) string { return base64.StdEncoding.EncodeToString(code) }

// checkSignature fills in the three fields and clicks the button.
func (v *visitor) checkSignature(body, signature, secret string) {
	v.app.t.Helper()
	v.Fill(v.body(), body)
	v.Fill(v.Label("Signature"), signature)
	v.Fill(v.signingSecret(), secret)
	v.status(v.Submit(v.Role("button", checkSignature)), 200)
}

func (v *visitor) signingSecret() playwright.Locator { return v.Label("Signing secret") }

// verdict fails the test unless the page says this, with the focus on it, for
// the first reason with this code, and the secret is gone.
func (v *visitor) verdict(title, code string) {
	v.app.t.Helper()
	v.at(signaturePath)
	v.hasFocus("result")
	v.Must(v.Expect(v.CSS("#result")).ToHaveAccessibleName(regexp.MustCompile(title)))
	if code != "" {
		reason := v.Role("region", "Why it isn’t valid").GetByRole("listitem").First()
		v.Must(v.Expect(reason.Locator("code")).ToHaveText(code))
	}
	v.Must(v.Expect(v.signingSecret()).ToHaveValue(""))
	v.hasNoSecret()
}

// realBody is the body of a delivery that the sandbox made, and whose
// signature it found right.
func (a *app) realBody() string {
	a.t.Helper()
	a.fire(2, "ORDER_PLACED", false, 1)
	for _, got := range a.box.Receipts() {
		if got.Type == "ORDER_PLACED" && got.Verified {
			return got.Body
		}
	}
	a.t.Fatal("the receiver got no delivery")
	return ""
}

// TestCheckSignature: a person without any connection finds out whether a
// signature is right, and what is wrong with it.
func TestCheckSignature(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	body, secret := v.app.realBody(), v.app.shop(2).WebhookSecret
	right := signed(body, secret)
	v.Open("/")
	v.at("/connect")
	v.Submit(v.Role("banner", "").GetByRole("link", named("Tools")))
	v.Submit(v.Role("main", "").GetByRole("link", named("Check a signature")))
	v.heads("Check a signature")

	v.checkSignature(body, base64Of(right), secret)
	v.verdict("The signature is valid", "")
	v.Must(v.Expect(v.body()).ToHaveValue(body))
	v.Must(v.Expect(v.Label("Signature")).ToHaveValue(base64Of(right)))

	v.checkSignature(body, hex.EncodeToString(right), secret)
	v.verdict("The signature is not valid", "hex")
	v.checkSignature(body, base64Of(right), secret+"x")
	v.verdict("The signature is not valid", "secret-or-body")

	// A text area sends other line ends than its value has.
	lines := strings.ReplaceAll(body, `,"`, ",\n\"")
	v.checkSignature(lines, "X-Fourthwall-Hmac-SHA256: "+base64Of(signed(lines, secret)), secret)
	v.verdict("The signature is valid", "")
	v.SeeText(v.CSS("#result"), "plain line breaks")
	v.checkSignature(lines, base64Of(right), secret)
	v.verdict("The signature is not valid", "json-rewritten")

	log := v.app.logs.String()
	for _, private := range []string{buyer(t, body), base64Of(right), hex.EncodeToString(right)} {
		if strings.Contains(log, private) {
			t.Errorf("the log has %s", private)
		}
	}
}

// buyer is the address of the buyer in the body of a delivery.
func buyer(t *testing.T, body string) string {
	t.Helper()
	found := regexp.MustCompile(`[\w.+-]+@[\w.-]+`).FindString(body)
	if found == "" {
		t.Fatalf("the delivery has no address of a buyer's: %s", body)
	}
	return found
}

// TestSignatureOfAFile: a file is taken byte for byte, in place of the text.
func TestSignatureOfAFile(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	body, secret := v.app.realBody(), v.app.shop(2).WebhookSecret
	file := v.PW.GetByLabel("Or choose a file with the body")
	v.Open(signaturePath)
	v.Choose(file, "body.json", []byte(body))
	v.checkSignature("something else", base64Of(signed(body, secret)), secret)
	v.verdict("The signature is valid", "")
	v.reads("To check body.json again, choose it again")
	v.Must(v.Expect(v.body()).ToHaveValue("something else"))
	v.hasNot(buyer(t, body))

	v.Choose(file, "hostile\"><img src=x onerror=alert(1)>.json", []byte(strings.ReplaceAll(body, ",", ",\r\n")))
	v.checkSignature("", base64Of(signed(strings.ReplaceAll(body, ",", ",\n"), secret)), secret)
	v.verdict("The signature is not valid", "crlf")
	v.hasNoTrap()
}

// TestSignatureErrors: what is missing is named at its field, with the rest
// kept.
func TestSignatureErrors(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	v.Open(signaturePath)
	v.status(v.Submit(v.Role("button", checkSignature)), 422)
	v.hasFocus("summary")
	v.reads("3 things to fix")
	v.Click(v.CSS(`#summary a[href="#signature"]`))
	v.HasFocus(v.Label("Signature"))

	text := strings.Join(hostile, "\n")
	v.Fill(v.body(), text)
	v.Fill(v.Label("Signature"), hostile[0])
	v.status(v.Submit(v.Role("button", checkSignature)), 422)
	v.hasFocus("secret")
	v.Must(v.Expect(v.signingSecret()).ToHaveAttribute("aria-invalid", "true"))
	v.Must(v.Expect(v.body()).ToHaveValue(text))
	v.Must(v.Expect(v.Label("Signature")).ToHaveValue(hostile[0]))
	v.hasNoTrap()
}

// TestSnippets: every language's program can be copied as it is shown.
func TestSnippets(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	v.Open(signaturePath)
	part := v.Role("region", "In your own program")
	for language, compares := range map[string]string{
		"Go": "hmac.Equal", "Node.js": "timingSafeEqual", "Python": "compare_digest", "PHP": "hash_equals",
		"C#": "FixedTimeEquals", "Ruby": "secure_compare",
	} {
		fold := part.Locator("details").Filter(playwright.LocatorFilterOptions{Has: v.PW.GetByText(language,
			playwright.PageGetByTextOptions{Exact: playwright.Bool(true)})})
		v.Click(fold.Locator("summary"))
		code := v.copied(fold.GetByRole("button"))
		if !strings.Contains(code, compares) || !strings.Contains(strings.ToLower(code), "x-fourthwall-hmac-sha256") ||
			squeezed(code) != squeezed(v.TextOf(fold.Locator("code"))) {
			t.Errorf("the code in %s is\n%s", language, code)
		}
	}
}
