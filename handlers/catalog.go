package handlers

import (
	"bytes"
	"encoding/json"
	"slices"

	"hookwall/internal/fourthwall"
	"hookwall/internal/signature"
	"hookwall/internal/store"
	"hookwall/views"
	"hookwall/views/ui"
)

const presetsShown = 3 // above a list of webhooks

func badge(t fourthwall.EventType) ui.EventBadge {
	info, known := fourthwall.LookupEventType(t)
	return ui.EventBadge{Code: string(t), Title: info.Title, Unknown: !known}
}

func badges(types []fourthwall.EventType) []ui.EventBadge {
	out := make([]ui.EventBadge, 0, len(types))
	for _, t := range types {
		out = append(out, badge(t))
	}
	return out
}

// catalogBadges returns the event types that we know.
func catalogBadges() []ui.EventBadge {
	var out []ui.EventBadge
	for _, info := range fourthwall.EventTypes() {
		out = append(out, badge(info.Code))
	}
	return out
}

// otherTypes returns how many event types that we know aren't among types.
func otherTypes(types []fourthwall.EventType) int {
	n := 0
	for _, info := range fourthwall.EventTypes() {
		if !slices.Contains(types, info.Code) {
			n++
		}
	}
	return n
}

func eventLine(info fourthwall.EventInfo) ui.EventLine {
	return ui.EventLine{EventBadge: badge(info.Code), Description: info.Description}
}

func presetLinks(shopID string) []views.PresetLink {
	var out []views.PresetLink
	for _, p := range fourthwall.Presets()[:presetsShown] {
		out = append(out, views.PresetLink{
			Title: p.Title, Text: p.Description, Href: presetHref(shopID, p.ID), Count: len(p.Types),
		})
	}
	return out
}

// eventGroups sorts types into the catalog's groups. Unknown types come last, so
// that nothing a webhook receives is left out.
func eventGroups(types []fourthwall.EventType) []ui.EventGroup {
	has := map[fourthwall.EventType]bool{}
	for _, t := range types {
		has[t] = true
	}
	out := groupsWhere(func(t fourthwall.EventType) bool { return has[t] })
	unknown := ui.EventGroup{Title: "Unknown to this version of Hookwall"}
	for _, b := range badges(types) {
		if b.Unknown {
			unknown.Types = append(unknown.Types, ui.EventLine{EventBadge: b})
		}
	}
	if len(unknown.Types) > 0 {
		out = append(out, unknown)
	}
	return out
}

// groupsWhere returns the catalog's groups with the types that are shown, and
// without empty groups.
func groupsWhere(isShown func(fourthwall.EventType) bool) []ui.EventGroup {
	var out []ui.EventGroup
	for _, g := range fourthwall.Groups() {
		group := ui.EventGroup{Title: g.Title}
		for _, info := range g.Types {
			if isShown(info.Code) {
				group.Types = append(group.Types, eventLine(info))
			}
		}
		if len(group.Types) > 0 {
			out = append(out, group)
		}
	}
	return out
}

func snippetViews() []ui.Snippet {
	var out []ui.Snippet
	for _, snippet := range signature.Snippets() {
		out = append(out, ui.Snippet{
			ID: snippet.ID, Language: snippet.Language, File: snippet.File, Code: snippet.Code,
		})
	}
	return out
}

// sample returns what Fourthwall would send to a shop's webhook.
func (s *server) sample(conn store.Connection, eventType, webhookID string) (string, error) {
	return s.Sample(SampleOf{
		Type: eventType, WebhookID: webhookID, At: s.Now(),
		ShopID: conn.ShopID, ShopName: conn.ShopName, Domain: conn.ShopDomain,
	})
}

func (s *server) prettySample(conn store.Connection, eventType, webhookID string) (string, error) {
	text, err := s.sample(conn, eventType, webhookID)
	if err != nil {
		return "", err
	}
	shown, _ := pretty(text)
	return shown, nil
}

// pretty indents JSON without changing a value in it. It returns other text
// unchanged, and false.
func pretty(body string) (string, bool) {
	var out bytes.Buffer
	if err := json.Indent(&out, []byte(body), "", "  "); err != nil {
		return body, false
	}
	return out.String(), true
}
