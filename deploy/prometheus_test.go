package deploy

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hookwall/e2e/process"
)

// TestPrometheusSeesFourthwallCut: a real Prometheus scrapes Hookwall with the alert rules. When Fourthwall is cut, the
// alert fires, and it ends when Fourthwall is back.
func TestPrometheusSeesFourthwallCut(t *testing.T) {
	needed(t)
	box := process.Sandbox(t, t.TempDir())
	hookwall := process.Dashboard(t, box, process.Database(t), "HOOKWALL_METRICS_ADDR=127.0.0.1:0")
	person := process.NewClient(t)
	shop := connectByKey(t, person, hookwall.URL, box.State().Shops[0])
	prometheus := startPrometheus(t, strings.TrimSuffix(strings.TrimPrefix(metricsOf(t, hookwall), "http://"), "/metrics"))
	const alert = "FourthwallNotResponding"
	see := func(want bool, what string) {
		t.Helper()
		within(t, 2*time.Minute, what, func() bool {
			person.Get(hookwall.URL + "/shops/" + shop + "/webhooks")
			return prometheus.fires(t, alert) == want
		})
	}
	within(t, time.Minute, "a scrape", func() bool {
		person.Get(hookwall.URL + "/shops/" + shop + "/webhooks")
		return prometheus.value(t, `sum(rate(hookwall_fourthwall_requests_total{status="200"}[15s]))`) > 0
	})
	if prometheus.fires(t, alert) {
		t.Error("it fires while Fourthwall responds")
	}
	box.Kill()
	see(true, "the alert")
	box.Restart()
	see(false, "the end of the alert")
	hookwall.Kill()
	within(t, time.Minute, "the alert for Hookwall itself", func() bool { return prometheus.fires(t, "HookwallDown") })
}

// connectByKey connects a shop by its API key, and returns its ID.
func connectByKey(t *testing.T, person *process.Client, public string, shop process.Shop) string {
	t.Helper()
	connected := person.Post(public+"/connect/key", url.Values{"username": {shop.APIUser}, "password": {shop.APIPassword}})
	if !strings.HasPrefix(connected.URL.Path, "/shops/"+shop.ID) {
		t.Fatalf("connecting ends at %s with status %d:\n%s", connected.URL, connected.Status, connected.Body)
	}
	return shop.ID
}

// prometheus is a Prometheus server.
type prometheus struct{ url string }

var (
	waits   = regexp.MustCompile(`(?m)^( +for:) \d+m$`)
	windows = regexp.MustCompile(`\[\d+[mh]\]`)
)

// startPrometheus runs Prometheus with the alert rules. So that the test needn't wait for minutes, it scrapes twice a
// second, looks back for seconds, and alerts fire immediately.
func startPrometheus(t *testing.T, target string) prometheus {
	t.Helper()
	program := debian(t, "prometheus")
	dir := t.TempDir()
	rules := windows.ReplaceAllString(waits.ReplaceAllString(readFile(t, rulesFile), "$1 0s"), "[5s]")
	settings := fmt.Sprintf(`
global: {scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms}
scrape_configs: [{job_name: hookwall, static_configs: [{targets: [%q]}]}]
rule_files: [rules.yaml]
`, target)
	for name, content := range map[string]string{"prometheus.yaml": settings, "rules.yaml": rules} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// Prometheus can't be asked for any free port, so others may be faster.
	for range 20 {
		at := freeAddress(t)
		cmd := exec.Command(program, "--config.file="+filepath.Join(dir, "prometheus.yaml"), "--log.level=warn",
			"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+at)
		if runPrometheus(t, cmd, at) {
			return prometheus{"http://" + at}
		}
	}
	t.Fatal("no port is free")
	return prometheus{}
}

// runPrometheus starts Prometheus, and reports whether its address was free.
func runPrometheus(t *testing.T, cmd *exec.Cmd, at string) bool {
	t.Helper()
	var said process.Log
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if err := answers(proxy{plain: at}, ended); err == nil {
		t.Cleanup(func() {
			_ = cmd.Process.Signal(os.Interrupt)
			<-ended
		})
		return true
	}
	if !strings.Contains(said.String(), "address already in use") {
		t.Fatalf("Prometheus does not start: %s", said.String())
	}
	return false
}

// fires reports whether an alert fires.
func (p prometheus) fires(t *testing.T, name string) bool {
	t.Helper()
	return p.value(t, fmt.Sprintf(`count(ALERTS{alertname=%q, alertstate="firing"})`, name)) > 0
}

// value returns the value of an expression that has one at most; 0 for none.
func (p prometheus) value(t *testing.T, expr string) (v float64) {
	t.Helper()
	var answer struct {
		Status string
		Data   struct {
			Result []struct{ Value [2]json.RawMessage }
		}
	}
	text := fetched(t, p.url+"/api/v1/query?query="+url.QueryEscape(expr))
	if err := json.Unmarshal([]byte(text), &answer); err != nil || answer.Status != "success" {
		return 0 // it isn't ready
	}
	if len(answer.Data.Result) > 0 {
		var number string
		if err := json.Unmarshal(answer.Data.Result[0].Value[1], &number); err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Sscan(number, &v)
	}
	return v
}
