package deploy

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"hookwall/e2e/process"
)

func TestMain(m *testing.M) { process.Main(m) }

// environment returns the environment that compose.yaml sets for a replica with
// the settings of deploy/sandbox.env, with the addresses of the test.
func environment(t *testing.T, name string, addresses *strings.Replacer) (all []string) {
	t.Helper()
	given := environmentFile(t, "deploy/sandbox.env")
	used := readComposition(t, "compose.yaml").Services[name].Environment
	for setting, value := range used {
		value = variable.ReplaceAllStringFunc(value, func(text string) string {
			v := variable.FindStringSubmatch(text)
			if have, ok := given[v[1]]; ok && have != "" {
				return have
			}
			if v[2] == "?" {
				t.Errorf("deploy/sandbox.env does not give %s", v[1])
			}
			return v[3]
		})
		all = append(all, setting+"="+addresses.Replace(value))
	}
	return all
}

// TestReplicasBehindProxy runs what compose.yaml describes: a person connects
// a shop by signing in and makes webhooks, while replicas are killed in turn.
func TestReplicasBehindProxy(t *testing.T) {
	needed(t)
	plain := freeAddress(t)
	_, port, _ := strings.Cut(plain, ":")
	public := "http://localhost:" + port
	box := process.Sandbox(t, t.TempDir(), "--client-id=hookwall", "--redirect-uri="+public+"/oauth/callback")
	addresses := strings.NewReplacer(
		"http://sandbox:8081", box.URL, "http://localhost:8081", box.URL, "http://localhost:8080", public,
		"postgres://hookwall@postgres:5432/hookwall?sslmode=disable", process.Database(t), "172.30.84.10", "127.0.0.1",
	)
	var replicas [2]*process.Process
	var at [2]string
	for i := range replicas {
		env := environment(t, fmt.Sprintf("hookwall-%d", i+1), addresses)
		replicas[i] = process.Start(t, nil, append(env, "HOOKWALL_ADDR=127.0.0.1:0")...)
		at[i] = strings.TrimPrefix(replicas[i].URL, "http://")
	}
	p := startProxy(t, plain, at)
	if p.plain != plain {
		t.Fatal("the proxy is elsewhere")
	}

	person := process.NewClient(t)
	person.HTTP.Transport = from("127.0.0.2").Transport
	shop := signIn(t, person, public)
	const rounds = 4
	for round := range rounds {
		replicas[round%2].Kill()
		page := person.Get(public + "/shops/" + shop + "/webhooks/new")
		form := page.Form("/webhooks")
		if form.Action == "" {
			t.Fatalf("round %d: no form at %s, status %d:\n%s", round, page.URL, page.Status, page.Body)
		}
		form.Values.Set("url", fmt.Sprintf("https://hooks.example.com/%d", round))
		form.Values.Set("allowedTypes", "ORDER_PLACED")
		made := person.Post(form.Action, form.Values)
		if made.Status != http.StatusOK || !strings.Contains(made.URL.Path, "/webhooks/") {
			t.Errorf("round %d ends at %s with status %d:\n%s", round, made.URL, made.Status, made.Body)
		}
		replicas[round%2].Restart()
	}
	if made := len(box.State().Shops[0].Webhooks); made != rounds {
		t.Errorf("there are %d webhooks after %d forms", made, rounds)
	}
	checkErrorsAreOurs(t, person, public)
	checkClient(t, replicas, public)
}

// signIn connects the first shop, through the page of the sandbox that asks.
func signIn(t *testing.T, person *process.Client, public string) (shop string) {
	t.Helper()
	asked := person.Get(public + "/oauth/start?way=code&return=%2F")
	form := asked.Form("")
	form.Values.Set("decision", "allow")
	connected := person.Post(form.Action, form.Values)
	parts := strings.Split(connected.URL.Path, "/")
	if connected.Status != http.StatusOK || len(parts) < 3 || parts[1] != "shops" {
		t.Fatalf("the sign-in ends at %s with status %d:\n%s", connected.URL, connected.Status, connected.Body)
	}
	return parts[2]
}

// checkErrorsAreOurs: what is too large is refused on a page of Hookwall's.
func checkErrorsAreOurs(t *testing.T, person *process.Client, public string) {
	t.Helper()
	large := person.Post(public+"/connect/key", url.Values{"username": {strings.Repeat("x", 4<<20)}})
	if large.Status != http.StatusRequestEntityTooLarge || large.Header.Get("X-Request-Id") == "" {
		t.Errorf("a form that is too large: status %d, %v", large.Status, large.Header)
	}
}

// checkClient: the log has the address of the person, not that of the proxy,
// nor one that was made up.
func checkClient(t *testing.T, replicas [2]*process.Process, public string) {
	t.Helper()
	for range replicas {
		send(t, http.MethodGet, public+"/no-such-page", http.Header{"X-Forwarded-For": {"203.0.113.9"}}, "")
	}
	log := replicas[0].Logs() + replicas[1].Logs()
	if !strings.Contains(log, `"client":"127.0.0.2"`) {
		t.Errorf("the log lacks the client:\n%s", log)
	}
	if strings.Contains(log, "203.0.113.9") || strings.Contains(log, `"client":"127.0.0.1"`) {
		t.Errorf("the log has other clients:\n%s", log)
	}
}
