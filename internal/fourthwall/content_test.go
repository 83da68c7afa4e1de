package fourthwall_test

import (
	"testing"

	"hookwall/internal/fourthwall"
)

func TestContentEqual(t *testing.T) {
	of := func(url string, types ...fourthwall.EventType) fourthwall.Content {
		return fourthwall.Content{URL: url, AllowedTypes: types}
	}
	rows := []struct {
		name string
		a, b fourthwall.Content
		want bool
	}{
		{"the same", of("u", "A", "B"), of("u", "A", "B"), true},
		{"another order", of("u", "A", "B"), of("u", "B", "A"), true},
		{"a type twice", of("u", "A", "B", "A"), of("u", "A", "B"), true},
		{"no types, in two ways", of("u"), fourthwall.Content{URL: "u", AllowedTypes: []fourthwall.EventType{}}, true},
		{"another URL", of("u", "A"), of("v", "A"), false},
		{"a type more", of("u", "A"), of("u", "A", "B"), false},
		{"a type in another case", of("u", "A"), of("u", "a"), false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if row.a.Equal(row.b) != row.want || row.b.Equal(row.a) != row.want {
				t.Errorf("%v and %v: want %v", row.a, row.b, row.want)
			}
		})
	}
}

func TestEqualLeavesTheTypesInTheirOrder(t *testing.T) {
	c := fourthwall.Content{URL: "u", AllowedTypes: []fourthwall.EventType{"B", "A", "B"}}
	if other := (fourthwall.Content{URL: "u", AllowedTypes: []fourthwall.EventType{"B", "B", "A"}}); !c.Equal(other) {
		t.Error("not equal")
	}
	if c.AllowedTypes[0] != "B" || c.AllowedTypes[1] != "A" || c.AllowedTypes[2] != "B" {
		t.Errorf("now %v", c.AllowedTypes)
	}
}
