package sandbox

import (
	"encoding/json"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSampleEvent(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 5, 6, 7, 8_900_000, time.FixedZone("", 3600))
	shop := DemoShop{ID: "sh_1", Name: "A shop", Domain: "a.example"}
	for _, kind := range eventTypes {
		t.Run(kind, func(t *testing.T) {
			text, err := SampleEvent(kind, "wcon_1", shop, at)
			if err != nil {
				t.Fatal(err)
			}
			var got envelope
			if err := json.Unmarshal([]byte(text), &got); err != nil {
				t.Fatal(err)
			}
			if len(got.Data) < 3 {
				t.Errorf("it has no data: %s", got.Data)
			}
			if !sampleID.MatchString(got.ID) {
				t.Errorf("ID %q", got.ID)
			}
			got.ID, got.Data = "", nil
			want := envelope{
				TestMode: true, WebhookID: "wcon_1", ShopID: "sh_1", Type: kind, APIVersion: apiVersion,
				CreatedAt: "2026-03-04T04:06:07.008Z",
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	text, err := SampleEvent("of the \"future\"", "", DemoShop{}, time.Time{})
	unknown := sampleID.ReplaceAllString(text, "ID")
	const want = `{"testMode":true,"id":"ID","webhookId":"","shopId":"","type":"of the \"future\"",` +
		`"apiVersion":"V1","createdAt":"0001-01-01T00:00:00Z","data":{}}`
	if err != nil || unknown != want {
		t.Errorf("of an unknown type: %s, %v", unknown, err)
	}
	one, _ := SampleEvent("DONATION", "wcon_1", shop, at)
	two, _ := SampleEvent("DONATION", "wcon_1", shop, at)
	if one == two {
		t.Error("two samples have one ID")
	}
}

// sampleID matches the ID of a sample.
var sampleID = regexp.MustCompile(`weve_[A-Za-z0-9_-]{22}`)
