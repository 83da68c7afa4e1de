package sandbox

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTypesInPlaceOfAllowedTypes: the platform takes such a body and makes a
// webhook without event types. The sandbox does so only for a shop that is set
// so, since its description, like the platform's, requires allowedTypes.
func TestTypesInPlaceOfAllowedTypes(t *testing.T) {
	t.Parallel()
	const address = "https://new.example.com/"
	tests := []struct {
		name, body string
		strict     int // status where the switch is off
		lenient    int // and where it is on
		types      []string
	}{
		{"types", `{"url":"` + address + `","types":["DONATION"]}`, 400, 200, []string{}},
		{"empty types", `{"url":"` + address + `","types":[]}`, 400, 200, []string{}},
		{"types that do not exist", `{"url":"` + address + `","types":["NEW"]}`, 400, 200, []string{}},
		{
			"both", `{"url":"` + address + `","types":["ORDER_PLACED"],"allowedTypes":["DONATION"]}`, 200, 200,
			[]string{"DONATION"},
		},
		{"allowedTypes", `{"url":"` + address + `","allowedTypes":["DONATION"]}`, 200, 200, []string{"DONATION"}},
		{"neither", `{"url":"` + address + `"}`, 400, 400, nil},
		{"no url", `{"types":["DONATION"]}`, 400, 400, nil},
		{"a refused url", `{"url":"https://1.2.3.4/","types":["DONATION"]}`, 400, 400, nil},
		{"null allowedTypes", `{"url":"` + address + `","types":["DONATION"],"allowedTypes":null}`, 400, 400, nil},
	}
	for _, on := range []bool{false, true} {
		r := newRig(t)
		if err := r.Configure(shopOne, Switches{Lenient: on}); err != nil {
			t.Fatal(err)
		}
		auth := r.basic(shopOne)
		for _, test := range tests {
			status := test.strict
			if on {
				status = test.lenient
			}
			old, err := r.AddWebhook(shopOne, "https://old.example.com/", []string{"ORDER_PLACED"})
			if err != nil {
				t.Fatal(err)
			}
			for method, a := range map[string]answer{
				"POST": r.call(auth, "POST", webhooksPath, test.body),
				"PUT":  r.call(auth, "PUT", webhooksPath+"/"+old.ID, test.body),
			} {
				if a.StatusCode != status {
					t.Errorf("%s %s, lenient %t: %d %s, want %d", method, test.name, on, a.StatusCode, a.body, status)
					continue
				}
				if status != 200 {
					continue
				}
				var got wireWebhook
				if err := json.Unmarshal([]byte(a.body), &got); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(test.types, got.AllowedTypes); diff != "" || got.URL != address {
					t.Errorf("%s %s, lenient %t: %s\n%s", method, test.name, on, a.body, diff)
				}
			}
		}
	}
}

// TestControlsMakeWebhooksWithoutTypes: one that is added without types can be
// listed.
func TestControlsMakeWebhooksWithoutTypes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, body := range []string{`{"url":"https://a.example/"}`, `{"url":"https://a.example/","allowedTypes":[]}`} {
		if a := r.control("POST", "shops/"+shopOne+"/webhooks", body); a.StatusCode != 200 {
			t.Fatalf("%d %s", a.StatusCode, a.body)
		}
	}
	if a := r.call(r.basic(shopOne), "GET", webhooksPath, ""); a.StatusCode != 200 || a.fields(t)["total"] != 2.0 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}
