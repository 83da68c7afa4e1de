package views

import (
	"time"

	"hookwall/views/ui"
)

// GalleryPage shows the components that pages are made of.
type GalleryPage struct{ Frame }

// iconNames are all icons of the sprite.
var iconNames = []string{
	"logo", "chevron", "menu", "search", "plus", "close", "check", "copy", "undo", "info", "check-circle", "warning",
	"failure", "flask", "outward", "key", "shop", "hook", "minus", "arrow", "lock", "clock", "send",
	"state-ok", "state-look", "state-failing", "state-unknown",
}

// specimenPicker returns a picker with groups of which none, some and all event
// types are selected, with unknown types, and with an error.
func specimenPicker() ui.Picker {
	of := func(ticks ...bool) []ui.PickerType {
		var all []ui.PickerType
		for i, ticked := range ticks {
			e := specimenTypes[i]
			all = append(all, ui.PickerType{
				Code: e.Code, Title: e.Title, Description: "When it is sent.",
				Checked: ticked, SampleHref: "/samples/" + e.Code,
			})
		}
		return all
	}
	unknown := []ui.PickerType{
		{Code: "TELEPATHY_RECEIVED", Unknown: true, Held: true},
		{Code: "TIME_TRAVELLED", Unknown: true, Checked: true},
	}
	return ui.Picker{
		Groups: []ui.PickerGroup{
			{ID: "none", Title: "None ticked", Types: of(false, false)},
			{ID: "some", Title: "Some ticked", Types: of(true, false), Selected: 1},
			{ID: "every", Title: "All ticked", Types: of(true, true), Selected: 2},
			{ID: "unknown", Title: "Not in the catalog", Types: unknown, Selected: 1},
		},
		Presets: []ui.PickerPreset{
			{ID: "p", Title: "A preset", Text: "What it is for.", Types: []string{"ORDER_PLACED", "DONATION"}},
		},
		Selected: make([]ui.EventBadge, 4),
		Error:    &ui.FieldError{Text: "Choose at least one event type: without one, Fourthwall would have nothing to send."},
	}
}

// specimenTypes are two known event types and an unknown one.
var specimenTypes = []ui.EventBadge{
	{Code: "ORDER_PLACED", Title: "Order placed"},
	{Code: "DONATION", Title: "Donation"},
	{Code: "TELEPATHY_RECEIVED", Unknown: true},
}

// specimenTime is the time of everything on the page.
var specimenTime = time.Date(2026, time.November, 23, 12, 8, 14, 0, time.UTC)

// specimenFrame returns a frame with two shops, of which one has expired.
func specimenFrame() Frame {
	shop := ShopLink{ID: "sh_1", Name: "Studio Nine", Domain: "studio-nine.example", Href: "#of-ways"}
	other := ShopLink{
		ID: "sh_2", Name: "A shop with a name that is much too long for any bar",
		Domain: "paper-lantern.example", Href: "#of-ways", Expired: true,
	}
	return Frame{Shop: &shop, Shops: []ShopLink{shop, other}, ShopCount: 1000}
}
