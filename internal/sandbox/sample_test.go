package sandbox

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSampleEvent(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 5, 6, 7, 8_900_000, time.FixedZone("", 3600))
	about := Sample{
		EventID: "weve_mine", WebhookID: "wcon_1", ShopID: "sh_1", ShopName: "A shop", Domain: "a.example",
		At: at,
	}
	for _, kind := range eventTypes {
		t.Run(kind, func(t *testing.T) {
			about := about
			about.Type = kind
			text, err := SampleEvent(about)
			if err != nil {
				t.Fatal(err)
			}
			var got envelope
			if err := json.Unmarshal([]byte(text), &got); err != nil {
				t.Fatal(err)
			}
			if len(got.Data) < 3 {
				t.Errorf("it is about nothing: %s", got.Data)
			}
			got.Data = nil
			want := envelope{
				TestMode: true, ID: "weve_mine", WebhookID: "wcon_1", ShopID: "sh_1", Type: kind, APIVersion: apiVersion,
				CreatedAt: time.Date(2026, 3, 4, 4, 6, 7, 8_000_000, time.UTC),
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	unknown, err := SampleEvent(Sample{Type: "of the \"future\"", EventID: "weve_mine"})
	const want = `{"testMode":true,"id":"weve_mine","webhookId":"","shopId":"","type":"of the \"future\"","apiVersion":"V1","createdAt":"0001-01-01T00:00:00Z","data":{}}`
	if err != nil || unknown != want {
		t.Errorf("of an unknown type: %s, %v", unknown, err)
	}
	about.Type, about.EventID = "DONATION", ""
	one, _ := SampleEvent(about)
	two, _ := SampleEvent(about)
	if one == two {
		t.Error("two samples have one id")
	}
}
