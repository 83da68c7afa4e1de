package e2e

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hookwall/e2e/browser"
)

var update = flag.Bool("update", false, "write what the tests see into testdata, instead of comparing it")

// TestCreateJourneyIsHeard compares what assistive technology is told on the
// way to a webhook with testdata/create-journey.txt. After a change that is
// meant: go test ./e2e -run TestCreateJourneyIsHeard -update
func TestCreateJourneyIsHeard(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	var heard strings.Builder
	hear := func(step string) { fmt.Fprintf(&heard, "== %s\n\n%s\n", step, v.transcript()) }

	v.Open("/connect")
	hear("Connecting")
	shop := v.giveKey(0)
	v.hasFocus("flash-0")
	hear("No webhooks yet")
	v.Submit(v.main().GetByRole("link", named("Create webhook")).First())
	v.HasFocus(v.address())
	hear("The form")
	v.Fill(v.address(), "https://203.0.113.7/fourthwall")
	v.Check(v.box(donation))
	v.Check(v.box(orderPlaced))
	v.counts(orderPlaced, donation)
	v.status(v.create(), 422)
	v.hasFocus("url")
	hear("Refused")
	v.Fill(v.address(), good)
	v.status(v.create(), 200)
	v.at(webhookPath(v.app.onlyOne(0, good)))
	v.hasFocus("flash-0")
	hear("Created")

	if strings.Contains(heard.String(), shop.WebhookSecret) {
		t.Error("the secret was told before anybody asked for it")
	}
	v.app.golden("create-journey.txt", heard.String())
}

// golden compares a text with a file in testdata.
func (a *app) golden(name, got string) {
	a.t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		a.must(os.MkdirAll(filepath.Dir(path), 0o755))
		a.must(os.WriteFile(path, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	a.must(err)
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		a.t.Errorf("%s (-want +got; if that is meant, run the test with -update):\n%s", path, diff)
	}
}

// axNode is a node of the accessibility tree, as Chromium passes it to
// assistive technology.
type axNode struct {
	ID          string   `json:"nodeId"`
	Ignored     bool     `json:"ignored"`
	Role        axValue  `json:"role"`
	Name        axValue  `json:"name"`
	Description axValue  `json:"description"`
	Value       axValue  `json:"value"`
	Children    []string `json:"childIds"`
	Properties  []struct {
		Name  string  `json:"name"`
		Value axValue `json:"value"`
	} `json:"properties"`
}

type axValue struct {
	Value any `json:"value"`
}

func (v axValue) String() string {
	if v.Value == nil {
		return ""
	}
	return strings.Join(strings.Fields(fmt.Sprint(v.Value)), " ")
}

// transcript is the accessibility tree of the page as text: a line for each
// thing that is told, deeper where it is inside another.
func (v *visitor) transcript() string {
	v.app.t.Helper()
	cdp, err := v.Context().NewCDPSession(v.PW)
	v.Must(err)
	answer, err := cdp.Send("Accessibility.getFullAXTree", nil)
	v.Must(err)
	v.Must(cdp.Detach())
	text, err := json.Marshal(answer)
	v.Must(err)
	var tree struct {
		Nodes []axNode `json:"nodes"`
	}
	v.Must(json.Unmarshal(text, &tree))
	s := speaker{nodes: map[string]axNode{}}
	for _, n := range tree.Nodes {
		s.nodes[n.ID] = n
	}
	s.tell(tree.Nodes[0], 0, "")
	return normal(s.told.String())
}

// speaker writes a tree down.
type speaker struct {
	nodes map[string]axNode
	told  strings.Builder
}

// role is what a node is, in the words of ARIA where Chromium has its own.
func (n axNode) role() string {
	role := n.Role.String()
	switch {
	case role == "RootWebArea":
		return "page"
	case strings.HasPrefix(role, "DisclosureTriangle"):
		return "disclosure"
	case n.Ignored || slices.Contains(silentRoles, role):
		return ""
	}
	return role
}

// Roles that say nothing by themselves: what is in them is told in their
// place. Text in one of them is told as one.
var silentRoles = []string{
	"", "none", "generic", "paragraph", "LabelText", "emphasis", "strong", "code", "time", "DescriptionList",
	"DescriptionListDetail",
	"DescriptionListTerm",
}

// Roles whose names are the text in them, which need not be told twice, and
// those whose parts are no pages' matter.
var (
	namedByText = []string{"link", "button", "heading", "checkbox", "radio", "disclosure"}
	closedRoles = []string{"textbox", "searchbox", "combobox", "image", "StaticText"}
)

// flags are the states that are told when they are there.
var flags = []string{"focused", "pressed", "required", "invalid", "disabled", "readonly", "busy"}

// tell writes down a node and what is in it. name is what was told already.
func (s *speaker) tell(n axNode, depth int, name string) {
	role := n.role()
	if text, only := s.textOf(n); only && (role == "" || role == "StaticText") {
		if text != "" && !strings.Contains(name, text) {
			s.line(depth, fmt.Sprintf("text %q", text))
		}
		return
	}
	if role != "" {
		s.line(depth, n.words())
		depth++
		name = ""
	}
	if slices.Contains(closedRoles, role) {
		return
	}
	if slices.Contains(namedByText, role) {
		name = n.Name.String()
	}
	for _, id := range n.Children {
		s.tell(s.nodes[id], depth, name)
	}
}

// textOf is the text in a node, and whether there is nothing else in it.
func (s *speaker) textOf(n axNode) (text string, only bool) {
	switch n.role() {
	case "StaticText":
		return n.Name.String(), true
	case "LineBreak":
		return "", true
	case "":
	default:
		return "", false
	}
	var all []string
	for _, id := range n.Children {
		part, only := s.textOf(s.nodes[id])
		if !only {
			return "", false
		}
		if part != "" {
			all = append(all, part)
		}
	}
	return strings.Join(all, " "), true
}

func (s *speaker) line(depth int, text string) {
	fmt.Fprintf(&s.told, "%s%s\n", strings.Repeat("  ", depth), text)
}

// words are the role, name, value, states and description of a node.
func (n axNode) words() string {
	all := []string{n.role()}
	if name := n.Name.String(); name != "" {
		all = append(all, fmt.Sprintf("%q", name))
	}
	if value := n.Value.String(); value != "" {
		all = append(all, fmt.Sprintf("value %q", value))
	}
	for _, p := range n.Properties {
		all = append(all, n.state(p.Name, p.Value.String())...)
	}
	if description := n.Description.String(); description != "" {
		all = append(all, fmt.Sprintf("described %q", description))
	}
	return strings.Join(all, " ")
}

// state is how a property is told, if at all.
func (n axNode) state(name, value string) []string {
	switch {
	case name == "checked" || name == "expanded":
		return []string{name + "=" + value}
	case name == "level" && n.role() == "heading", name == "live" && value != "off":
		return []string{name + "=" + value}
	case value == "true" && slices.Contains(flags, name) && n.role() != "page":
		return []string{name}
	}
	return nil
}

// changing is what is different each time.
var changing = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`wcon_[\w-]+`), "wcon_ID"},
	{regexp.MustCompile(`(Request (?i:id)(?: |"\n *text "))[\w-]+`), "${1}ID"},
	{regexp.MustCompile(`(localhost|127\.0\.0\.1):\d+`), "$1:PORT"},
	{regexp.MustCompile(`\d{1,2} [A-Z][a-z]{2,8} \d{4}(, \d{2}:\d{2}(:\d{2})?( UTC)?)?`), "DATE"},
}

func normal(text string) string {
	for _, c := range changing {
		text = c.pattern.ReplaceAllString(text, c.instead)
	}
	return text
}
