package deploy

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/oasdiff/yaml3"

	"hookwall/e2e/process"
)

const (
	rulesFile     = "deploy/prometheus/hookwall.rules.yaml"
	ruleTestsFile = "deploy/prometheus/hookwall.rules_test.yaml"
	dashboardFile = "deploy/grafana/hookwall.json"
	metricsPage   = "docs/metrics.md"
)

// family is a metric with all that a scrape says of it.
type family struct {
	Type   string
	Labels []string
	values map[string][]string // by label
}

var (
	typeLine   = regexp.MustCompile(`^# TYPE (\S+) (\S+)$`)
	sampleLine = regexp.MustCompile(`^([a-z_]+)(?:\{(.*)\})? \S+$`)
	labelPair  = regexp.MustCompile(`([a-z_]+)="((?:[^"\\]|\\.)*)"`)
)

// parseMetrics reads the text of a scrape. A histogram is one metric, without "le".
func parseMetrics(t *testing.T, text string) map[string]family {
	t.Helper()
	all := map[string]family{}
	name := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if found := typeLine.FindStringSubmatch(line); found != nil {
			name = found[1]
			all[name] = family{Type: found[2], values: map[string][]string{}}
		}
		if strings.HasPrefix(line, "#") {
			continue
		}
		found := sampleLine.FindStringSubmatch(line)
		if len(found) == 0 || !strings.HasPrefix(found[1], name) {
			t.Fatalf("the line %q follows the type of %q", line, name)
		}
		for _, pair := range labelPair.FindAllStringSubmatch(found[2], -1) {
			all[name].values[pair[1]] = append(all[name].values[pair[1]], pair[2])
		}
	}
	for name, f := range all {
		delete(f.values, "le")
		f.Labels = slices.Sorted(maps.Keys(f.values))
		all[name] = f
	}
	return all
}

var servesMetrics = regexp.MustCompile(`"msg":"serving metrics","address":"([^"]+)"`)

// metricsOf returns the URL of a process's metrics.
func metricsOf(t *testing.T, p *process.Process) string {
	t.Helper()
	found := servesMetrics.FindAllStringSubmatch(p.Logs(), -1)
	if found == nil {
		t.Fatalf("it serves no metrics:\n%s", p.Logs())
	}
	return "http://" + found[len(found)-1][1] + "/metrics"
}

// within polls until a condition holds.
func within(t *testing.T, limit time.Duration, what string, yes func() bool) {
	t.Helper()
	end := time.After(limit)
	for !yes() {
		select {
		case <-end:
			t.Fatalf("%s: not within %v", what, limit)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// exported returns the metrics of a dashboard that has visited its shops, as text too.
func exported(t *testing.T) (all map[string]family, text string) {
	t.Helper()
	p := process.Start(t, []string{"--team", "--connect-channel", "--shops", "3"}, "HOOKWALL_ADDR=127.0.0.1:0",
		"HOOKWALL_SANDBOX_ADDR=127.0.0.1:0", "HOOKWALL_METRICS_ADDR=127.0.0.1:0")
	fetched(t, p.URL+"/no-such-page")
	within(t, time.Minute, "a visit", func() bool {
		text = fetched(t, metricsOf(t, p))
		all = parseMetrics(t, text)
		return len(all["hookwall_fourthwall_requests_total"].values) > 0 && len(all["hookwall_jobs"].values) > 0
	})
	return all, text
}

func fetched(t *testing.T, address string) string {
	t.Helper()
	_, body := send(t, http.MethodGet, address, nil, "")
	return body
}

// TestMetrics compares what a dashboard exports with the tables of the document, and with what the alert rules and the
// dashboard of Grafana use.
func TestMetrics(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the program")
	}
	all, text := exported(t)
	ours := map[string]family{}
	for name, f := range all {
		if strings.HasPrefix(name, "hookwall_") {
			ours[name] = family{Type: f.Type, Labels: f.Labels}
		}
	}
	same := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".values" }, cmp.Ignore())
	if diff := cmp.Diff(documentedMetrics(t), ours, same, cmp.AllowUnexported(family{})); diff != "" {
		t.Errorf("%s and what is exported differ:\n%s", metricsPage, diff)
	}
	for where, expr := range expressions(t) {
		for _, wrong := range unknownIn(expr, all) {
			t.Errorf("%s: %s in %s", where, wrong, expr)
		}
	}
	t.Run("conventions", func(t *testing.T) {
		check := exec.Command(debian(t, "promtool"), "check", "metrics")
		check.Stdin = strings.NewReader(text)
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("promtool check metrics: %v\n%s", err, out)
		}
	})
}

var metricRow = regexp.MustCompile("^\\| `(hookwall_\\w+)` \\| (\\w+) \\| ([^|]+) \\|")

// documentedMetrics returns the metrics in the tables of the document.
func documentedMetrics(t *testing.T) map[string]family {
	t.Helper()
	all := map[string]family{}
	for line := range strings.Lines(readFile(t, metricsPage)) {
		found := metricRow.FindStringSubmatch(line)
		if found == nil {
			continue
		}
		f := family{Type: found[2]}
		if found[3] != "none" {
			f.Labels = strings.Split(strings.ReplaceAll(found[3], "`", ""), ", ")
		}
		all[found[1]] = f
	}
	return all
}

// rule is an alert rule.
type rule struct {
	Alert, Expr string
	Labels      map[string]string
	Annotations map[string]string
}

// alertRules returns all alert rules.
func alertRules(t *testing.T) (all []rule) {
	t.Helper()
	var file struct{ Groups []struct{ Rules []rule } }
	if err := yaml.Unmarshal([]byte(readFile(t, rulesFile)), &file); err != nil {
		t.Fatal(err)
	}
	for _, group := range file.Groups {
		all = append(all, group.Rules...)
	}
	return all
}

// expressions returns the expressions of all alert rules and of all panels, by where they are. Variables of Grafana are
// replaced.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, r := range alertRules(t) {
		all[r.Alert] = r.Expr
	}
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ RefID, Expr string }
		}
	}
	if err := json.Unmarshal([]byte(readFile(t, dashboardFile)), &board); err != nil {
		t.Fatal(err)
	}
	variables := strings.NewReplacer("$__rate_interval", "5m", "$job", "hookwall", "$instance", ".*")
	for _, panel := range board.Panels {
		for _, target := range panel.Targets {
			all["panel "+panel.Title+" "+target.RefID] = variables.Replace(target.Expr)
		}
	}
	return all
}

var (
	quoted    = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	usesName  = regexp.MustCompile(`\b(?:hookwall|go|process)_\w+|\bup\b`)
	usesPairs = regexp.MustCompile(`\b((?:hookwall|go|process)_\w+|up)\{([^}]*)\}`)
	usesPair  = regexp.MustCompile(`([a-z_]+)(=~|!~|!=|=)"([^"]*)"`)
	usesBy    = regexp.MustCompile(`\bby \(([^)]*)\)`)
	ofBucket  = regexp.MustCompile(`_(bucket|sum|count)$`)
)

// unknownIn returns what an expression uses that isn't exported: names, labels, and values of labels whose values are
// all known from the start.
func unknownIn(expr string, all map[string]family) (wrong []string) {
	labels := map[string]bool{"job": true, "instance": true, "le": true} // Prometheus adds these
	for _, name := range usesName.FindAllString(quoted.ReplaceAllString(expr, ""), -1) {
		f, ok := familyOf(name, all)
		if !ok {
			wrong = append(wrong, name+" isn't exported")
		}
		for _, label := range f.Labels {
			labels[label] = true
		}
	}
	for _, by := range usesBy.FindAllStringSubmatch(expr, -1) {
		for label := range strings.SplitSeq(by[1], ", ") {
			if !labels[label] {
				wrong = append(wrong, "no metric has the label "+label)
			}
		}
	}
	for _, use := range usesPairs.FindAllStringSubmatch(expr, -1) {
		f, _ := familyOf(use[1], all)
		for _, pair := range usesPair.FindAllStringSubmatch(use[2], -1) {
			label, operator, value := pair[1], pair[2], pair[3]
			isClosed := slices.Contains([]string{"kind", "result", "state", "pool"}, label) && strings.Trim(operator, "!") == "="
			switch {
			case label == "job", label == "instance":
			case !slices.Contains(f.Labels, label):
				wrong = append(wrong, use[1]+" has no label "+label)
			case isClosed && !slices.Contains(f.values[label], value):
				wrong = append(wrong, fmt.Sprintf("%s has no %s %q", use[1], label, value))
			}
		}
	}
	return wrong
}

// familyOf returns the metric of a name in an expression, which may be a part of a histogram.
func familyOf(name string, all map[string]family) (family, bool) {
	if name == "up" { // Prometheus adds it
		return family{}, true
	}
	if f, ok := all[name]; ok && f.Type != "histogram" {
		return f, true
	}
	f, ok := all[ofBucket.ReplaceAllString(name, "")]
	return f, ok && f.Type == "histogram" && ofBucket.MatchString(name)
}

// TestUnknownIn shows that the check finds what it is for.
func TestUnknownIn(t *testing.T) {
	all := map[string]family{
		"hookwall_a_total":   {Type: "counter", Labels: []string{"result"}, values: map[string][]string{"result": {"ok"}}},
		"hookwall_b_seconds": {Type: "histogram", Labels: []string{"route"}},
	}
	for expr, want := range map[string][]string{
		`rate(hookwall_a_total{job="x", result="ok"}[5m])`:                   nil,
		`sum by (le, route) (rate(hookwall_b_seconds_bucket[5m]))`:           nil,
		`up{job="hookwall_x"} == 0`:                                          nil,
		`hookwall_c_total`:                                                   {"hookwall_c_total isn't exported"},
		`hookwall_a_total{result="no"}`:                                      {`hookwall_a_total has no result "no"`},
		`hookwall_a_total{result!="no"}`:                                     {`hookwall_a_total has no result "no"`},
		`hookwall_a_total{status=~"5.."}`:                                    {"hookwall_a_total has no label status"},
		`sum by (status) (hookwall_a_total)`:                                 {"no metric has the label status"},
		`hookwall_b_seconds`:                                                 {"hookwall_b_seconds isn't exported"},
		`hookwall_a_total_count`:                                             {"hookwall_a_total_count isn't exported"},
		`hookwall_b_seconds_sum{route="x"} / hookwall_b_seconds_count{x=""}`: {"hookwall_b_seconds_count has no label x"},
	} {
		if got := unknownIn(expr, all); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
}

var alertRow = regexp.MustCompile("(?m)^\\| `([A-Z]\\w+)` \\|")

// TestAlertsAreExplained: each alert is in the document, has a severity and a summary, and has a case in which it fires
// and one in which it doesn't.
func TestAlertsAreExplained(t *testing.T) {
	var file struct {
		Tests []struct {
			Alerts []struct {
				Alertname string
				Expected  []any `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	if err := yaml.Unmarshal([]byte(readFile(t, ruleTestsFile)), &file); err != nil {
		t.Fatal(err)
	}
	tested := map[string]int{} // 1: it fires, 2: it doesn't, 3: both
	for _, test := range file.Tests {
		for _, alert := range test.Alerts {
			if len(alert.Expected) > 0 {
				tested[alert.Alertname] |= 1
			} else {
				tested[alert.Alertname] |= 2
			}
		}
	}
	var names []string
	for _, r := range alertRules(t) {
		names = append(names, r.Alert)
		isSevere := slices.Contains([]string{"critical", "warning"}, r.Labels["severity"])
		if !isSevere || r.Annotations["summary"] == "" || tested[r.Alert] != 3 {
			t.Errorf("%s: tests %d, %+v", r.Alert, tested[r.Alert], r)
		}
	}
	var explained []string
	for _, found := range alertRow.FindAllStringSubmatch(readFile(t, metricsPage), -1) {
		explained = append(explained, found[1])
	}
	if diff := cmp.Diff(names, explained); diff != "" {
		t.Errorf("the rules and %s differ:\n%s", metricsPage, diff)
	}
}

// debian finds a program of Debian's package prometheus. Without it, the test is skipped, unless all of this folder's
// tests are asked for.
func debian(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil && os.Getenv("HOOKWALL_TEST_DEPLOY") == "" {
		t.Skipf("%s is not installed. On Debian, it is in the package prometheus", program)
	}
	if err != nil {
		t.Fatalf("%v: install Prometheus, on Debian with apt-get install prometheus", err)
	}
	return path
}

// TestPromtool checks and tests the alert rules, and checks the expressions of the dashboard.
func TestPromtool(t *testing.T) {
	promtool := debian(t, "promtool")
	panels := filepath.Join(t.TempDir(), "panels.yaml")
	var text strings.Builder
	text.WriteString("groups:\n  - name: panels\n    rules:\n")
	all := expressions(t)
	for i, where := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&text, "      - {record: \"panel:%d\", expr: %q}\n", i, all[where])
	}
	if err := os.WriteFile(panels, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"check", "rules", filepath.Join(root, rulesFile)},
		{"check", "rules", panels},
		{"test", "rules", filepath.Join(root, ruleTestsFile)},
	} {
		if out, err := exec.Command(promtool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}
