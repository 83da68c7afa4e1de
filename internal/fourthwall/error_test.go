package fourthwall_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"hookwall/internal/fourthwall"
)

func TestErrorText(t *testing.T) {
	rows := []struct {
		err  fourthwall.Error
		want string
	}{
		{fourthwall.Error{Op: "create webhook", Status: 400, Code: "WEBHOOK_URI_IP_NOT_ALLOWED", RequestID: "abc"}, "create webhook: 400 WEBHOOK_URI_IP_NOT_ALLOWED (request abc)"},
		{fourthwall.Error{Op: "read shop", Status: 500}, "read shop: 500"},
		{fourthwall.Error{Op: "read shop", Status: 200, Err: errors.New("unreadable"), RequestID: "abc"}, "read shop: 200: unreadable (request abc)"},
		{fourthwall.Error{Op: "read shop", Err: errors.New("cut")}, "read shop: cut"},
		{fourthwall.Error{Op: "read shop"}, "read shop: no answer"},
	}
	for _, row := range rows {
		t.Run(row.want, func(t *testing.T) {
			if got := row.err.Error(); got != row.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

// Uncertain depends only on the fields of an Error, not on its origin.
func TestUncertain(t *testing.T) {
	rows := []struct {
		status  int
		notSent bool
		want    bool
	}{
		{0, true, false},
		{0, false, true},
		{101, false, true},
		{200, false, true},
		{204, false, true},
		{301, false, true},
		{304, false, true},
		{400, false, false},
		{401, false, false},
		{404, false, false},
		{404, true, false},
		{408, false, false},
		{429, false, false},
		{499, false, false},
		{500, false, true},
		{502, false, true},
		{503, false, false},
		{504, false, true},
		{599, false, true},
		{999, false, true},
	}
	for _, op := range operations {
		for _, row := range rows {
			e := &fourthwall.Error{Op: op.name, Status: row.status, NotSent: row.notSent}
			if want := row.want && op.kind != "read"; e.Uncertain() != want {
				t.Errorf("%s, status %d, not sent %v: uncertain %v", op.name, row.status, row.notSent, e.Uncertain())
			}
		}
	}
}

func TestErrorUnwraps(t *testing.T) {
	inner := errors.New("inner")
	err := fmt.Errorf("outer: %w", &fourthwall.Error{Op: "read shop", Err: inner})
	var e *fourthwall.Error
	if !errors.Is(err, inner) || !errors.As(err, &e) || e.Op != "read shop" {
		t.Errorf("got %v, %#v", err, e)
	}
}

func TestKindsOfErrors(t *testing.T) {
	rows := []struct {
		name                                                 string
		err                                                  *fourthwall.Error
		notFound, shopGone, mayHaveWorked, uncertain, reject bool
	}{
		{"none", nil, false, false, false, false, false},
		{"a webhook that isn't there", &fourthwall.Error{Status: 404, Code: "WEBHOOK_CONFIGURATION_NOT_FOUND"}, true, false, false, false, true},
		{"a shop that isn't there", &fourthwall.Error{Status: 404, Code: "SHOP_NOT_FOUND"}, false, true, true, false, true},
		{"the code of a shop with another status", &fourthwall.Error{Status: 400, Code: "SHOP_NOT_FOUND"}, false, false, true, false, true},
		{"the documented code of a shop", &fourthwall.Error{Status: 404, Code: "SHOP_TEAM_MEMBER_SHOP_NOT_FOUND_ERROR"}, false, true, false, false, true},
		{"a path that isn't there", &fourthwall.Error{Status: 404, Code: "OPEN_API_NOT_FOUND"}, false, false, true, false, true},
		{"too many requests", &fourthwall.Error{Op: "create webhook", Status: 429}, false, false, true, false, true},
		{"too many requests for a list", &fourthwall.Error{Op: "list webhooks", Status: 429}, false, false, false, false, true},
		{"busy", &fourthwall.Error{Op: "update webhook", Status: 503}, false, false, true, false, false},
		{"a fault", &fourthwall.Error{Op: "update webhook", Status: 500}, false, false, true, true, false},
		{"busy, not verified", (&fourthwall.Error{Op: "update webhook", Status: 503}).AsUnverified(), false, false, true, true, false},
		{"no answer", &fourthwall.Error{Op: "update webhook"}, false, false, true, true, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			e := row.err
			got := []bool{e.NotFound(), e.ShopGone(), e.MayHaveWorked(), e.Uncertain(), e.Rejected()}
			want := []bool{row.notFound, row.shopGone, row.mayHaveWorked, row.uncertain, row.reject}
			if !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
	e := &fourthwall.Error{Op: "x", Status: 503}
	if e.AsUnverified().Error() != "x: 503 (not verified)" || e.Unverified {
		t.Errorf("%v", e)
	}
	if fourthwall.AsError(fmt.Errorf("x: %w", &fourthwall.Error{Op: "y"})).Op != "y" ||
		fourthwall.AsError(errors.New("x")) != nil {
		t.Error("AsError finds something else")
	}
}
