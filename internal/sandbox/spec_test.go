package sandbox

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
)

// documentedTypes are the event types of the platform's document, in its order, written down a second
// time so that a slip in either place shows.
var documentedTypes = strings.Fields(`
	ORDER_PLACED ORDER_UPDATED GIFT_PURCHASE PRODUCT_CREATED PRODUCT_UPDATED DONATION
	SUBSCRIPTION_PURCHASED SUBSCRIPTION_EXPIRED SUBSCRIPTION_CHANGED NEWSLETTER_SUBSCRIBED
	THANK_YOU_SENT GIFT_DRAW_STARTED GIFT_DRAW_ENDED PROMOTION_CREATED PROMOTION_UPDATED
	PROMOTION_STATUS_CHANGED PLATFORM_APP_DISCONNECTED MEMBERSHIP_POST_UPSERTED
	MEMBERSHIP_SERIES_UPSERTED MEMBERSHIP_SERIES_DELETED MEMBERSHIP_TAG_CREATED
	MEMBERSHIP_TAG_UPDATED MEMBERSHIP_TAG_DELETED MEMBERSHIP_TIER_UPSERTED
	MEMBERSHIP_TIER_DELETED COLLECTION_UPDATED CART_ABANDONED_1H CART_ABANDONED_24H
	CART_ABANDONED_72H`)

var documentedScopes = strings.Fields(`
	donation_read order_read order_write fulfillment_write giveaway_read giveaway_write
	memberships_read memberships_write promotions_write promotions_read offer_read offer_write
	shop_read thankyou_read thankyou_write webhook_read webhook_write media_read media_write
	analytics_read samples_read samples_write dns_read dns_write settings_read payout_read
	integrations_read`)

func describedDoc(t *testing.T) *openapi3.T {
	t.Helper()
	return strictDescription()
}

func TestDescriptionIsValid(t *testing.T) {
	t.Parallel()
	for name, doc := range map[string]*openapi3.T{"strict": strictDescription(), "open": openDescription()} {
		if err := doc.Validate(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Field by field, the description says what the platform's documents say.
func TestDescriptionAgreesWithTheDocuments(t *testing.T) {
	t.Parallel()
	schemas := describedDoc(t).Components.Schemas
	object := func(name string) *openapi3.Schema {
		s := schemas[name].Value
		if len(s.AllOf) > 0 {
			s = s.AllOf[0].Value
		}
		return s
	}
	for _, c := range []struct {
		schema, field, kind string
		required            bool
	}{
		{"WebhookInput", "url", "string", true},
		{"WebhookInput", "allowedTypes", "array", true},
		{"Webhook", "id", "string", true},
		{"Webhook", "url", "string", true},
		{"Webhook", "allowedTypes", "array", true},
		{"Webhook", "apiVersion", "string", true},
		{"CreatedWebhook", "id", "string", true},
		{"CreatedWebhook", "apiVersion", "string", true},
		{"WebhookPage", "results", "array", true},
		{"WebhookPage", "total", "integer", false},
		{"WebhookPage", "page", "integer", false},
		{"WebhookPage", "size", "integer", false},
		{"WebhookPage", "totalPages", "integer", false},
		{"Shop", "id", "string", true},
		{"Shop", "name", "string", true},
		{"Shop", "domain", "string", true},
		{"Shop", "publicDomain", "string", true},
	} {
		s := object(c.schema)
		p := s.Properties[c.field]
		if p == nil || !p.Value.Type.Is(c.kind) || slices.Contains(s.Required, c.field) != c.required {
			t.Errorf("%s.%s is not %s, required %v", c.schema, c.field, c.kind, c.required)
		}
	}
	for name, n := range map[string]int{"WebhookInput": 2, "Webhook": 4, "WebhookPage": 5, "Shop": 4} {
		if got := len(object(name).Properties); got != n {
			t.Errorf("%s has %d fields, want %d", name, got, n)
		}
	}
	if diff := cmp.Diff([]any{"V1"}, object("Webhook").Properties["apiVersion"].Value.Enum); diff != "" {
		t.Error(diff)
	}
	if secret := schemas["CreatedWebhook"].Value.AllOf[1].Value; len(secret.Required) != 0 {
		t.Error("the secret of a new webhook must stay optional")
	}
}

func TestDescriptionHasTheEventTypesAndScopes(t *testing.T) {
	t.Parallel()
	doc := describedDoc(t)
	if len(documentedTypes) != 29 {
		t.Fatalf("%d types in the test", len(documentedTypes))
	}
	var want29 []any
	for _, code := range documentedTypes {
		want29 = append(want29, code)
	}
	if diff := cmp.Diff(want29, doc.Components.Schemas["EventType"].Value.Enum); diff != "" {
		t.Errorf("description:\n%s", diff)
	}
	if diff := cmp.Diff(documentedTypes, eventTypes); diff != "" {
		t.Errorf("code:\n%s", diff)
	}
	for _, s := range []string{"WebhookInput", "Webhook"} {
		ref := doc.Components.Schemas[s].Value.Properties["allowedTypes"].Value.Items.Ref
		if ref != "#/components/schemas/EventType" {
			t.Errorf("the types of %s are %q", s, ref)
		}
	}
	flows := doc.Components.SecuritySchemes["oauth"].Value.Flows
	want := map[string]string{}
	var codes []string
	for _, s := range scopes {
		want[s.Code] = s.Words
		codes = append(codes, s.Code)
	}
	if diff := cmp.Diff(documentedScopes, codes); diff != "" {
		t.Errorf("scopes in the code:\n%s", diff)
	}
	for name, flow := range map[string]*openapi3.OAuthFlow{"code": flows.AuthorizationCode, "implicit": flows.Implicit} {
		got := map[string]string{}
		for code, words := range flow.Scopes {
			got[code] = words
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("scopes of %s:\n%s", name, diff)
		}
	}
}

// Call by call: scope, both ways to authenticate, and the documented codes.
func TestDescriptionAgreesOnCalls(t *testing.T) {
	t.Parallel()
	doc := describedDoc(t)
	uri := []any{codeIPNotAllowed, codePortNotAllowed, codeUnallowedDomain, codeWebhookURIInvalid, codeBadRequest}
	for _, c := range []struct {
		method, path, scope string
		codes400, codes404  []any
	}{
		{"POST", webhooksPath, "webhook_write", uri, nil},
		{"GET", webhooksPath, "webhook_read", nil, nil},
		{"GET", webhookPath, "webhook_read", nil, []any{codeWebhookNotFound}},
		{"PUT", webhookPath, "webhook_write", append([]any{codeWebhookLocked}, uri...), []any{codeWebhookNotFound}},
		{"DELETE", webhookPath, "webhook_write", []any{codeWebhookLocked}, []any{codeWebhookNotFound}},
		{"GET", shopPath, "", nil, nil},
	} {
		op := doc.Paths.Value(c.path).GetOperation(c.method)
		want := openapi3.SecurityRequirements{{"oauth": {}}, {"basicAuth": {}}}
		if c.scope != "" {
			want[0]["oauth"] = []string{c.scope}
		}
		if diff := cmp.Diff(want, *op.Security); diff != "" {
			t.Errorf("%s %s: security\n%s", c.method, c.path, diff)
		}
		for status, codes := range map[int][]any{400: c.codes400, 404: c.codes404} {
			if got := describedCodes(op, status); !cmp.Equal(got, codes) {
				t.Errorf("%s %s: %d codes %v, want %v", c.method, c.path, status, got, codes)
			}
		}
		if op.Responses.Status(200) == nil || op.Responses.Status(201) != nil {
			t.Errorf("%s %s: success is not 200", c.method, c.path)
		}
	}
}

func describedCodes(op *openapi3.Operation, status int) []any {
	r := op.Responses.Status(status)
	if r == nil {
		return nil
	}
	return r.Value.Content.Get("application/json").Schema.Value.Properties["code"].Value.Enum
}

// A response that breaks the description never leaves the sandbox as it is.
func TestAnswersAreHeldAgainstTheDescription(t *testing.T) {
	t.Parallel()
	good := wireWebhook{
		ID: "wcon_" + strings.Repeat("a", 22), URL: "https://a.example/",
		AllowedTypes: []string{"DONATION"}, APIVersion: "V1",
	}
	spoiled := func(change func(*wireWebhook)) any {
		w := good
		change(&w)
		return w
	}
	for _, c := range []struct {
		name   string
		reply  reply
		status int
	}{
		{"good", done(good), 200},
		{
			"undocumented type, as a shop that has them",
			reply{status: 200, body: spoiled(func(w *wireWebhook) { w.AllowedTypes = []string{"X"} }), open: true},
			200,
		},
		{"undocumented type", done(spoiled(func(w *wireWebhook) { w.AllowedTypes = []string{"X"} })), 500},
		{"types are null", done(spoiled(func(w *wireWebhook) { w.AllowedTypes = nil })), 500},
		{"version", done(spoiled(func(w *wireWebhook) { w.APIVersion = "V2" })), 500},
		{"id", done(spoiled(func(w *wireWebhook) { w.ID = "7" })), 500},
		{"field missing", done(map[string]any{"id": good.ID}), 500},
		{"no body", done(nil), 500},
		{"status", reply{status: 201, body: good}, 500},
		{"401 without challenge", refusedWith(401, codeUnauthorized), 500},
		{"429 without Retry-After", reply{status: 429, body: tooManyRequests(1).body}, 500},
		{"unknown 404 code", refusedWith(404, "X"), 500},
		{"cannot be encoded", done(func() {}), 500},
	} {
		s, log := newRig(t).Server, &lockedBuffer{}
		s.log = slog.New(slog.NewJSONHandler(log, nil))
		h := s.observed(s.described(operation{"GET", webhookPath},
			func(http.ResponseWriter, *http.Request) reply { return c.reply }))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Code != c.status {
			t.Errorf("%s: %d, want %d", c.name, w.Code, c.status)
		}
		if loud := strings.Contains(log.String(), "SANDBOX FAULT"); loud != (c.status == 500) {
			t.Errorf("%s: complained in the log: %v", c.name, loud)
		}
	}
}
