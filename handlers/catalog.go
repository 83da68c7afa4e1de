package handlers

import (
	"bytes"
	"encoding/json"

	"hookwall/internal/fourthwall"
	"hookwall/internal/signature"
	"hookwall/internal/store"
	"hookwall/views"
)

func badge(t fourthwall.EventType) views.EventBadge {
	info, known := fourthwall.LookupEventType(t)
	return views.EventBadge{Code: string(t), Title: info.Title, Unknown: !known}
}

func badges(types []fourthwall.EventType) []views.EventBadge {
	out := make([]views.EventBadge, 0, len(types))
	for _, t := range types {
		out = append(out, badge(t))
	}
	return out
}

func catalogueBadges() []views.EventBadge {
	var out []views.EventBadge
	for _, info := range fourthwall.EventTypes() {
		out = append(out, badge(info.Code))
	}
	return out
}

func presetLinks(shopID string) []views.PresetLink {
	var out []views.PresetLink
	for _, p := range fourthwall.Presets()[:3] {
		out = append(out, views.PresetLink{Title: p.Title, Text: p.Description, Href: newWebhookPath(shopID) + "?preset=" + p.ID, Count: len(p.Types)})
	}
	return out
}

// eventGroups sorts types into the catalogue's groups. What is in none comes
// last, so that nothing a webhook receives is left out.
func eventGroups(types []fourthwall.EventType) []views.EventGroup {
	has := map[fourthwall.EventType]bool{}
	for _, t := range types {
		has[t] = true
	}
	var out []views.EventGroup
	for _, g := range fourthwall.Groups() {
		group := views.EventGroup{Title: g.Title}
		for _, info := range g.Types {
			if has[info.Code] {
				group.Types = append(group.Types, views.EventLine{EventBadge: badge(info.Code), Description: info.Description})
			}
		}
		if len(group.Types) > 0 {
			out = append(out, group)
		}
	}
	unknown := views.EventGroup{Title: "Unknown to this version of Hookwall"}
	for _, t := range types {
		if b := badge(t); b.Unknown {
			unknown.Types = append(unknown.Types, views.EventLine{EventBadge: b})
		}
	}
	if len(unknown.Types) > 0 {
		out = append(out, unknown)
	}
	return out
}

func snippetViews() []views.Snippet {
	var out []views.Snippet
	for _, snippet := range signature.Snippets() {
		out = append(out, views.Snippet{ID: snippet.ID, Language: snippet.Language, File: snippet.File, Code: snippet.Code})
	}
	return out
}

func (s *server) sample(conn store.Connection, eventType, webhookID string) (string, error) {
	return s.Sample(SampleOf{Type: eventType, WebhookID: webhookID, ShopID: conn.ShopID, ShopName: conn.ShopName, Domain: conn.ShopDomain, At: s.Now()})
}

func (s *server) prettySample(conn store.Connection, eventType, webhookID string) (string, error) {
	text, err := s.sample(conn, eventType, webhookID)
	if err != nil {
		return "", err
	}
	shown, _ := pretty(text)
	return shown, nil
}

// pretty indents JSON without changing a value in it; what is no JSON stays
// as it came.
func pretty(body string) (string, bool) {
	var out bytes.Buffer
	if err := json.Indent(&out, []byte(body), "", "  "); err != nil {
		return body, false
	}
	return out.String(), true
}
