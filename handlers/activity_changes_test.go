package handlers

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/activity"
	"hookwall/views"
	"hookwall/views/ui"
)

// TestChangesNameWhatIsDifferent compares the content before and after.
func TestChangesNameWhatIsDifferent(t *testing.T) {
	t.Parallel()
	of := contentOf
	placed, donation, odd := ui.EventBadge{Code: "ORDER_PLACED", Title: "Order placed"},
		ui.EventBadge{Code: "DONATION", Title: "Donation"}, ui.EventBadge{Code: "ODD", Unknown: true}
	tests := []struct {
		name string
		in   activity.Detail
		want []views.Change
	}{
		{"nothing", activity.Detail{Before: of("a", "DONATION", "ODD"), After: of("a", "ODD", "DONATION")}, nil},
		{"created", activity.Detail{After: of("a", "ODD", "DONATION")}, []views.Change{
			{Field: "Endpoint URL", After: "a"},
			{Field: "Event types", After: "ODD, DONATION", Added: []ui.EventBadge{odd, donation}},
		}},
		{"deleted", activity.Detail{Before: of("a", "ORDER_PLACED")}, []views.Change{
			{Field: "Endpoint URL", Before: "a"},
			{Field: "Event types", Before: "ORDER_PLACED", Removed: []ui.EventBadge{placed}},
		}},
		{"changed", activity.Detail{Before: of("a", "ORDER_PLACED", "ODD"), After: of("a", "DONATION", "ORDER_PLACED")}, []views.Change{
			{Field: "Event types", Before: "ORDER_PLACED, ODD", After: "DONATION, ORDER_PLACED", Added: []ui.EventBadge{donation}, Removed: []ui.EventBadge{odd}},
		}},
		{"moved", activity.Detail{Before: of("a", "ODD"), After: of("b", "ODD")}, []views.Change{{Field: "Endpoint URL", Before: "a", After: "b"}}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, changes(test.in)); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}
