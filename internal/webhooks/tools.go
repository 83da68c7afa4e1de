package webhooks

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Tool is a tool that people connect to a shop.
type Tool struct {
	ID   string
	Name string
	Text string // where its URL is, or why it needs a relay. *Names* of its own are between asterisks.

	Relay bool // it can't receive events directly
}

// Tools returns the catalog of tools, those that need a relay last. The caller owns the slice.
func Tools() []Tool {
	var tools []Tool
	for _, t := range toolTable {
		tools = append(tools, t.Tool)
	}
	return tools
}

// toolRow is a tool, and what to say of a URL of its own that can't receive events.
type toolRow struct {
	Tool

	hosts   []string // of URLs that can't. Subdomains count too.
	path    string   // at the beginning of their path
	warning string
	port    string // that it has on a person's own computer
	local   string // what to say there
}

var toolTable = []toolRow{
	{Tool: Tool{ID: "streamer-bot", Name: "Streamer.bot", Text: toolStreamerBot}, port: "7474", local: localStreamerBot},
	{Tool: Tool{ID: "mix-it-up", Name: "Mix It Up", Text: toolMixItUp}, port: "8911", local: localMixItUp},
	{Tool: Tool{ID: "zapier", Name: "Zapier", Text: toolZapier}},
	{Tool: Tool{ID: "make", Name: "Make", Text: toolMake}},
	{
		Tool: Tool{ID: "n8n", Name: "n8n", Text: toolN8N}, port: "5678", local: localN8N,
		path: "/webhook-test/", warning: warningN8N,
	},
	{Tool: Tool{ID: "pipedream", Name: "Pipedream", Text: toolPipedream}},
	{Tool: Tool{ID: "own", Name: "Your own server", Text: toolOwn}},
	{
		Tool:  Tool{ID: "streamelements", Name: "StreamElements", Text: toolStreamElements, Relay: true},
		hosts: []string{"streamelements.com"}, warning: warningStreamElements,
	},
	{
		Tool:  Tool{ID: "discord", Name: "Discord", Text: toolDiscord, Relay: true},
		hosts: []string{"discord.com", "discordapp.com"}, warning: warningDiscord,
	},
	{
		Tool:  Tool{ID: "slack", Name: "Slack", Text: toolSlack, Relay: true},
		hosts: []string{"hooks.slack.com", "hooks.slack-gov.com"}, warning: warningSlack,
	},
	{
		Tool:  Tool{ID: "google-sheets", Name: "Google Sheets", Text: toolGoogleSheets, Relay: true},
		hosts: []string{"docs.google.com"}, path: "/spreadsheets/", warning: warningGoogleSheets,
	},
	{
		Tool:  Tool{ID: "apps-script", Name: "Apps Script", Text: toolAppsScript, Relay: true},
		hosts: []string{"script.google.com", "script.googleusercontent.com"}, warning: warningAppsScript,
	},
}

// toolWarning returns what to say of a tool's own URL that can't receive events, and the tool if it needs a relay.
// Both are "" if there is nothing to say.
func toolWarning(u *url.URL) (warning, relayFor string) {
	host := withoutFinalDot(asciiHost(strings.ToLower(u.Hostname())))
	for _, t := range toolTable {
		switch {
		case t.port != "" && t.port == u.Port() && isNearby(host):
			return t.local, ""
		case t.warning != "" && t.isAt(host) && strings.HasPrefix(u.Path, t.path):
			if t.Relay {
				relayFor = t.Name
			}
			return t.warning, relayFor
		}
	}
	return "", ""
}

// isAt reports whether a host is the tool's. Some tools run on hosts of any name.
func (t toolRow) isAt(host string) bool {
	return len(t.hosts) == 0 || slices.ContainsFunc(t.hosts, func(own string) bool {
		return host == own || strings.HasSuffix(host, "."+own)
	})
}

// isNearby reports whether a host is a person's own computer, or on their network.
func isNearby(host string) bool {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return isLocalhost(host) || isLocalName(host)
	}
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsUnspecified() || ip.IsLinkLocalUnicast()
}
