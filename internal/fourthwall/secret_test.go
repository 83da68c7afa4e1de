package fourthwall_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"strings"
	"testing"

	"hookwall/internal/fourthwall"
)

// canaryEvent returns an event whose customer is the canary, and its envelope.
func canaryEvent(t *testing.T) (fourthwall.Event, fourthwall.Envelope) {
	t.Helper()
	event := fourthwall.Event{
		ID: "weve_1", Type: "DONATION", State: "DELIVERED",
		Body: `{"id":"weve_1","type":"DONATION","data":{"email":"` + canary + `"}}`,
	}
	envelope, ok := event.Envelope()
	if !ok || !strings.Contains(envelope.Data.Reveal(), canary) {
		t.Fatalf("no buyer in the envelope: %q, %v", envelope.Data.Reveal(), ok)
	}
	return event, envelope
}

type holder struct {
	Name   string
	Secret fourthwall.Secret
	Ptr    *fourthwall.Secret
	List   []fourthwall.Secret
	Map    map[string]fourthwall.Secret
}

// Checklist 36.
func TestSecretInFmt(t *testing.T) {
	secret := fourthwall.Secret(canary)
	event, envelope := canaryEvent(t)
	values := map[string]any{
		"secret":     secret,
		"pointer":    &secret,
		"bearer":     fourthwall.Bearer{Token: secret},
		"key":        fourthwall.APIKey{Username: "user", Password: secret},
		"credential": fourthwall.Credential(fourthwall.Bearer{Token: secret}),
		"webhook":    fourthwall.Webhook{ID: "w", Secret: secret},
		"webhooks":   []fourthwall.Webhook{{ID: "w", Secret: secret}},
		"holder":     holder{Secret: secret, Ptr: &secret, List: []fourthwall.Secret{secret}, Map: map[string]fourthwall.Secret{"a": secret}},
		"holder ptr": &holder{Secret: secret},
		"buyer data": fourthwall.BuyerData(canary),
		"event":      event,
		"event ptr":  &event,
		"page":       fourthwall.EventPage{Events: []fourthwall.Event{event}},
		"envelope":   envelope,
		"error":      fmt.Errorf("cause: %v", secret),
		"joined":     errors.Join(fmt.Errorf("cause: %s", secret)),
	}
	const verbs = "vdsqxXtbcoOUeEfFgG!z"
	for name, value := range values {
		for _, verb := range verbs {
			for _, flag := range []string{"", "+", "#", "-40", "040", " ", ".3"} {
				format := "%" + flag + string(verb)
				got := fmt.Sprintf(format, value)
				checkRedacted(t, name+" "+format, got)
				if (name == "secret" || name == "buyer data") && got != "[redacted]" {
					t.Errorf("%s = %q", format, got)
				}
			}
		}
	}
	checkRedacted(t, "print", fmt.Sprint(secret, &secret)+fmt.Sprintln(secret))
	tooFew := "no verb for it"                             // a variable, so that go vet lets the mistake pass
	checkRedacted(t, "extra", fmt.Sprintf(tooFew, secret)) //nolint:staticcheck // the mistake is what is tested
}

// checkRedacted fails the test if the text has the canary in any of the spellings of fmt.
func checkRedacted(t *testing.T, what, text string) {
	t.Helper()
	for _, spelling := range []string{
		canary, canary[:3], fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), fmt.Sprintf("% x", canary),
	} {
		if strings.Contains(text, spelling) {
			t.Errorf("%s tells the secret: %s", what, text)
		}
	}
}

func TestSecretElsewhere(t *testing.T) {
	secret := fourthwall.Secret(canary)
	h := holder{Secret: secret, Ptr: &secret, List: []fourthwall.Secret{secret}}
	var logs bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&logs, nil), slog.NewJSONHandler(&logs, nil)} {
		slog.New(handler).With("a", secret).Info("m", "b", &secret, "c", h, "d", fourthwall.Bearer{Token: secret},
			slog.Group("g", "e", secret), "f", []any{secret})
	}
	var page strings.Builder
	err := template.Must(template.New("").Parse(`{{.}} <a title="{{.}}">`)).Execute(&page, secret)
	asJSON, err2 := json.Marshal(h)
	asXML, err3 := xml.Marshal(fourthwall.Bearer{Token: secret})
	text, err4 := secret.MarshalText()
	if err := errors.Join(err, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{
		"slog": logs.String(), "template": page.String(), "json": string(asJSON), "xml": string(asXML),
		"text": string(text), "String": secret.String(), "GoString": secret.GoString(),
		"LogValue": secret.LogValue().String(),
	} {
		checkRedacted(t, name, got)
		if !strings.Contains(got, "[redacted]") {
			t.Errorf("%s = %q", name, got)
		}
	}
	if secret.Reveal() != canary {
		t.Errorf("revealed %q", secret.Reveal())
	}
}

func TestBuyerDataElsewhere(t *testing.T) {
	event, envelope := canaryEvent(t)
	page := fourthwall.EventPage{Events: []fourthwall.Event{event}}
	var logs, html bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&logs, nil), slog.NewJSONHandler(&logs, nil)} {
		slog.New(handler).With("a", event).Info("m", "b", &event, "c", envelope, "d", &envelope, "e", page,
			"f", event.Body, slog.Group("g", "h", envelope.Data))
	}
	err := template.Must(template.New("").Parse(`{{.}} <a title="{{.}}">`)).Execute(&html, event)
	asJSON, err2 := json.Marshal(page)
	envelopeJSON, err3 := json.Marshal(&envelope)
	asXML, err4 := xml.Marshal([]any{event, envelope})
	text, err5 := event.Body.MarshalText()
	if err := errors.Join(err, err2, err3, err4, err5); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{
		"slog": logs.String(), "template": html.String(), "json": string(asJSON), "envelope": string(envelopeJSON),
		"xml": string(asXML), "text": string(text), "String": event.Body.String(),
		"GoString": event.Body.GoString(), "LogValue": event.Body.LogValue().String(),
	} {
		checkRedacted(t, name, got)
		if !strings.Contains(got, "[redacted]") {
			t.Errorf("%s = %q", name, got)
		}
	}
	if !strings.Contains(event.Body.Reveal(), canary) {
		t.Errorf("revealed %q", event.Body.Reveal())
	}
}

// Errors have no secret of the call or of the response, whatever failed.
// Checklist 36.
func TestErrorsAreFreeOfSecrets(t *testing.T) {
	scripts := map[string]step{
		"refusal":      {status: 400, body: `{"code":"A","echo":"` + canary + `"}`},
		"HTML":         {status: 500, body: "<html>" + canary},
		"unreadable":   {status: 200, body: canary},
		"not HTTP":     {raw: canary + "\r\n\r\n"},
		"bad status":   {raw: "HTTP/1.1 " + canary + "\r\n\r\n"},
		"bad header":   {raw: "HTTP/1.1 200 OK\r\n" + canary + "\r\n\r\n"},
		"bad encoding": {raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + canary + "\r\n\r\n"},
		"bad length":   {raw: "HTTP/1.1 200 OK\r\nContent-Length: " + canary + "\r\n\r\n"},
		"bad chunk":    {raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + canary + "\r\n"},
		"bad gzip":     {raw: "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 10\r\n\r\n" + canary},
		"redirect":     {status: 302, header: map[string]string{"Location": "http://" + canary + ":%zz"}},
	}
	for name, st := range scripts {
		for _, op := range operations {
			if op.name == "delete webhook" && (name == "unreadable" || name == "bad chunk" || name == "bad gzip") {
				continue // a delete is done when its status says so
			}
			t.Run(name+"/"+op.name, func(t *testing.T) {
				inBubble(t, st, func(t *testing.T, c *fourthwall.Client) {
					err := op.call(t.Context(), c)
					e := asError(t, err)
					checkRedacted(t, "error", fmt.Sprintf("%v|%+v|%#v|%s|%q|%v", err, err, err, err, err, e.Err))
					if cause := errors.Unwrap(err); cause != nil && errors.Unwrap(cause) != nil {
						t.Errorf("the text behind the cause can be read: %v", errors.Unwrap(cause))
					}
				})
			})
		}
	}
}
