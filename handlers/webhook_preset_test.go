package handlers

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"hookwall/internal/store"
)

// ownPresets returns the IDs of the presets that can be deleted, by name.
func (pg *page) ownPresets() map[string]string {
	found := map[string]string{}
	walk(pg.doc, func(n *html.Node) {
		if id, ok := strings.CutPrefix(attr(n, "value"), deletePreset+":"); ok {
			found[strings.TrimPrefix(textOf(n), "Delete preset ")] = id
		}
	})
	return found
}

// pressedPresets returns the presets of a page that are on.
func (pg *page) pressedPresets() (on []string) {
	walk(pg.doc, func(n *html.Node) {
		if attr(n, "data-types") != "" && attr(n, "aria-pressed") == "true" {
			on = append(on, attr(n, "value"))
		}
	})
	return on
}

// TestPresetsAreSaved: what was typed stays, whatever becomes of the preset.
func TestPresetsAreSaved(t *testing.T) {
	t.Parallel()
	p := newRig(t, options{}).person()
	shop := p.connect(0)
	long := strings.Repeat("ü", maxPresetName)
	for _, test := range []struct {
		name, types string
		status      int
		says        string
		kept        string // in the field afterwards
	}{
		{"", "DONATION", 422, presetNameMissing, ""},
		{"  ", "DONATION", 422, presetNameMissing, "  "},
		{"Friday show", "", 422, presetEmptyText, "Friday show"},
		{"Friday show", "OF_THE_FUTURE", 422, presetEmptyText, "Friday show"},
		{" Friday   show ", "DONATION OF_THE_FUTURE ORDER_PLACED", 200, "Find “Friday show” beside the other presets.", ""},
		{"friday SHOW", "DONATION", 422, presetExistsText, "friday SHOW"},
		{"everything", "DONATION", 422, presetExistsText, "everything"},
		{long + "x", "DONATION", 422, presetNameTooLong, long + "x"},
		{long, "DONATION", 200, long, ""},
		{`<b>"'&`, "DONATION", 200, `<b>"'&`, ""},
	} {
		f := p.newForm(shop.ID, "not yet a URL", strings.Fields(test.types)...).set("preset_name", test.name)
		pg := f.press("do="+savePreset).want(test.status, test.says)
		types := strings.Fields(test.types)
		slices.Sort(types)
		pg.kept("not yet a URL", types...)
		if got := pg.form(p.action()).values.Get("preset_name"); got != test.kept {
			t.Errorf("%q: the field has %q", test.name, got)
		}
		if focus := pg.focused(); test.status == 422 && focus != "preset_name" {
			t.Errorf("%q: the focus is on %q", test.name, focus)
		}
	}
	pg := p.get(newWebhookPath(shop.ID)).want(http.StatusOK)
	id := pg.ownPresets()["Friday show"]
	pg = pg.form(p.action()).press("do=preset:" + id).want(http.StatusOK)
	pg.kept("", "DONATION", "ORDER_PLACED")
	if on := pg.pressedPresets(); !slices.Contains(on, "preset-off:"+id) || slices.Contains(on, "preset-off:everything") {
		t.Errorf("on are %q", on)
	}
	pg.form(p.action()).press("do=preset-off:" + id).want(http.StatusOK).kept("")
}

// TestPresetsAreSavedWhileEditing: the edit form has the same presets.
func TestPresetsAreSavedWhileEditing(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	id := g.add(shop, good, "DONATION").ID
	pg := p.editForm(shop.ID, id).set("preset_name", "Tips").press("do="+savePreset).want(http.StatusOK, "Preset saved")
	pg.edited(shop.ID, id, good, "DONATION")
	own := pg.ownPresets()["Tips"]
	p.newForm(shop.ID, good).press("do=preset:"+own).want(http.StatusOK).kept(good, "DONATION")
}

// TestMainButtonSavesAPresetFirst: Enter in the field of the name clicks the
// main button, which must not create anything then.
func TestMainButtonSavesAPresetFirst(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	f := p.newForm(shop.ID, good, "DONATION").set("preset_name", "Tips")
	pg := f.press("do=create").want(http.StatusOK, "Preset saved", "The webhook isn’t created yet.")
	pg.kept(good, "DONATION")
	if hooks := g.box.Webhooks(shop.ID); len(hooks) > 0 {
		t.Fatalf("created %v", hooks)
	}
	pg.form(p.action()).press("do=create").want(http.StatusOK, "Webhook created")
	if hooks := g.box.Webhooks(shop.ID); len(hooks) != 1 {
		t.Errorf("then created %v", hooks)
	}
}

func TestPresetsAreDeleted(t *testing.T) {
	t.Parallel()
	p := newRig(t, options{}).person()
	shop := p.connect(0)
	pg := p.newForm(shop.ID, good, "DONATION").set("preset_name", "Tips").press("do=" + savePreset).want(http.StatusOK)
	id := pg.ownPresets()["Tips"]
	for range 2 { // the second click of a double click
		gone := pg.form(p.action()).press("do="+deletePreset+":"+id).want(http.StatusOK, "Preset deleted")
		gone.kept(good, "DONATION")
		if own := gone.ownPresets(); len(own) > 0 {
			t.Errorf("left are %v", own)
		}
	}
}

func TestPresetLimit(t *testing.T) {
	t.Parallel()
	p := newRig(t, options{direct: true}).near()
	shop := p.connectKey(0)
	save := func(name string) *page {
		return p.newForm(shop.ID, good, "DONATION").set("preset_name", name).press("do=" + savePreset)
	}
	for i := range store.MaxPresets {
		save(fmt.Sprint("Preset ", i)).want(http.StatusOK)
	}
	full := save("One more").want(http.StatusUnprocessableEntity, tooManyPresetsText)
	full.kept(good, "DONATION")
	id := full.ownPresets()["Preset 7"]
	full.form(p.action()).press("do=" + deletePreset + ":" + id).want(http.StatusOK)
	save("One more").want(http.StatusOK)
}

// TestPresetsAreOnesOwn: another person neither sees, uses nor deletes a preset,
// and signing out deletes it.
func TestPresetsAreOnesOwn(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p, other := g.person(), g.person()
	shop := p.connect(0)
	other.connect(0)
	f := p.newForm(shop.ID, good, "DONATION").set("preset_name", "Secret plans")
	pg := f.press("do=" + savePreset).want(http.StatusOK)
	id := pg.ownPresets()["Secret plans"]

	theirs := other.newForm(shop.ID, good)
	if own := theirs.page.ownPresets(); len(own) > 0 {
		t.Errorf("another person has %v", own)
	}
	theirs.send("do=preset:" + id).want(http.StatusOK).kept(good)
	theirs.send("do=" + deletePreset + ":" + id).want(http.StatusOK)
	if own := p.newForm(shop.ID, good).page.ownPresets(); own["Secret plans"] != id {
		t.Errorf("the owner has %v", own)
	}
	f = other.newForm(shop.ID, good, "DONATION").set("preset_name", "Secret plans")
	f.press("do=" + savePreset).want(http.StatusOK)

	p.signOut()
	p.connect(0)
	if own := p.newForm(shop.ID, good).page.ownPresets(); len(own) > 0 {
		t.Errorf("after signing out there are %v", own)
	}
}
