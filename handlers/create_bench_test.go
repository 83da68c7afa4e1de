package handlers

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// farAPI calls an API that is some time away.
type farAPI struct {
	http.Transport

	away          atomic.Int64
	authorization atomic.Value
}

// RoundTrip implements http.RoundTripper.
func (f *farAPI) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(time.Duration(f.away.Load())) //nolint:forbidigo // the distance of the API
	f.authorization.Store(r.Header.Get("Authorization"))
	return f.Transport.RoundTrip(r)
}

// call makes a call without the dashboard, and decodes the response, if there is
// something to decode.
func (f *farAPI) call(b *testing.B, method, url string, body []byte, into any) {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Authorization", fmt.Sprint(f.authorization.Load()))
	r.Header.Set("Content-Type", "application/json")
	resp, err := (&http.Client{Transport: f}).Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		b.Fatal(method, resp.Status)
	}
	if into != nil {
		if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCreateRatios reports how many times as long a create takes as its three
// calls of the API alone: the list, the create and the read, with an API that is
// near and one that is 50 ms away. They are done in turns, on SQLite, or on the
// server of HOOKWALL_TEST_POSTGRES, and a figure is the median of all rounds.
func BenchmarkCreateRatios(b *testing.B) {
	const rounds = 41
	api := &farAPI{}
	g := newRig(b, options{api: api})
	p := g.near()
	if shop := p.connectKey(0); shop.ID != pastShop {
		b.Fatal(shop.ID)
	}
	hooks := g.boxURL + "/open-api/v1.0/webhooks"
	bare := func() {
		g.move(10 * time.Second) // the API limits calls
		var made struct {
			ID string `json:"id"`
		}
		body, err := json.Marshal(map[string]any{"url": good + "/" + rand.Text(), "allowedTypes": []string{"DONATION"}})
		g.must(err)
		api.call(b, http.MethodGet, hooks, nil, new(any))
		api.call(b, http.MethodPost, hooks, body, &made)
		api.call(b, http.MethodGet, hooks+"/"+made.ID, nil, new(any))
	}
	for _, away := range []time.Duration{0, 50 * time.Millisecond} {
		var ratios, more []float64
		for range rounds {
			api.away.Store(0)
			for _, hook := range g.box.Webhooks(pastShop) { // so the list stays short
				g.move(10 * time.Second)
				api.call(b, http.MethodDelete, hooks+"/"+hook.ID, nil, nil)
			}
			api.away.Store(int64(away))
			began := time.Now()
			bare()
			calls := time.Since(began)
			began = time.Now()
			p.creates()
			create := time.Since(began)
			ratios = append(ratios, float64(create)/float64(calls))
			more = append(more, float64(create-calls)/float64(time.Millisecond))
		}
		b.ReportMetric(medianOf(ratios), fmt.Sprintf("create÷calls-%dms-away", away.Milliseconds()))
		b.ReportMetric(medianOf(more), fmt.Sprintf("ms-more-%dms-away", away.Milliseconds()))
	}
}
