// Package deploy tests what Hookwall is put into service with: the Dockerfile,
// compose.yaml and the settings of the proxy.
package deploy

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/oasdiff/yaml3"
)

const root = ".."

// composition is what is looked at of compose.yaml.
type composition struct {
	Services map[string]service `yaml:"services"`
	Networks map[string]struct {
		Internal bool `yaml:"internal"`
		IPAM     struct {
			Config []struct {
				Subnet string `yaml:"subnet"`
			} `yaml:"config"`
		} `yaml:"ipam"`
	} `yaml:"networks"`
	Volumes map[string]any `yaml:"volumes"`
}

type service struct {
	Image       string              `yaml:"image"`
	Command     []string            `yaml:"command"`
	Environment map[string]string   `yaml:"environment"`
	Ports       []string            `yaml:"ports"`
	Volumes     []string            `yaml:"volumes"`
	ExtraHosts  []string            `yaml:"extra_hosts"`
	Restart     string              `yaml:"restart"`
	ReadOnly    bool                `yaml:"read_only"`
	CapDrop     []string            `yaml:"cap_drop"`
	Profiles    []string            `yaml:"profiles"`
	DependsOn   any                 `yaml:"depends_on"`
	Networks    map[string]*network `yaml:"-"`
	RawNetworks yaml.Node           `yaml:"networks"`
	HealthCheck struct {
		Test    []string `yaml:"test"`
		Disable bool     `yaml:"disable"`
	} `yaml:"healthcheck"`
}

type network struct {
	Address string `yaml:"ipv4_address"`
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func readComposition(t *testing.T, file string) composition {
	t.Helper()
	var c composition
	if err := yaml.Unmarshal([]byte(readFile(t, file)), &c); err != nil {
		t.Fatal(err)
	}
	for name, s := range c.Services {
		s.Networks = map[string]*network{}
		if s.RawNetworks.Kind == yaml.MappingNode {
			if err := s.RawNetworks.Decode(&s.Networks); err != nil {
				t.Fatal(err)
			}
		}
		for _, n := range s.RawNetworks.Content {
			if s.RawNetworks.Kind == yaml.SequenceNode {
				s.Networks[n.Value] = nil
			}
		}
		c.Services[name] = s
	}
	return c
}

// settings are those that Hookwall reads, by what its flags say.
func settings(t *testing.T) []string {
	t.Helper()
	found := map[string]bool{}
	setting := regexp.MustCompile(`(?:hw:|p\.secret\()"([A-Z_]+)"`)
	files := readFile(t, "config.go") + readFile(t, "sign_in.go") + readFile(t, "visits.go")
	for _, match := range setting.FindAllStringSubmatch(files, -1) {
		found[match[1]] = true
	}
	var all []string
	for name := range found {
		all = append(all, name)
	}
	if slices.Sort(all); len(all) < 20 {
		t.Fatalf("the flags name only %q", all)
	}
	return all
}

var settingName = regexp.MustCompile(`\b(?:HOOKWALL|FOURTHWALL)_[A-Z_]+[A-Z]\b`)

// TestSettingsAreKnown compares the settings that documents and files name
// with those that there are.
func TestSettingsAreKnown(t *testing.T) {
	known := settings(t)
	const sandboxAlone = "HOOKWALL_SANDBOX_APP_KEY" // only "hookwall sandbox" has it; docs/sandbox.md explains it
	tests := []struct {
		file string
		but  []string // that it need not name; nil for any
	}{
		{"README.md", nil},
		{"docs/configuration.md", []string{sandboxAlone}},
		{"docs/sandbox.md", nil},
		{".env.example", []string{sandboxAlone}},
		// The image and compose.yaml itself settle the first ones; a file would
		// have to be in the container; the sandbox is a service.
		{"compose.yaml", []string{
			"HOOKWALL_ADDR", "HOOKWALL_SECRET_KEY_FILE", "FOURTHWALL_CLIENT_SECRET_FILE", "HOOKWALL_SANDBOX_ADDR",
			"HOOKWALL_SANDBOX_SHOPS", sandboxAlone, "HOOKWALL_OIDC_CLIENT_SECRET_FILE", "HOOKWALL_PROXY_SECRET_FILE",
		}},
		{"compose.tls.yaml", nil},
		{"Dockerfile", nil},
		{"deploy/sandbox.env", nil},
		{"docs/operate.md", nil},
		{"SECURITY.md", nil},
		{"CHANGELOG.md", nil},
	}
	for _, test := range tests {
		named := settingName.FindAllString(readFile(t, test.file), -1)
		for _, name := range named {
			if !slices.Contains(known, name) && !strings.HasPrefix(name, "HOOKWALL_TEST_") {
				t.Errorf("%s names %s, which is no setting", test.file, name)
			}
		}
		for _, name := range known {
			if test.but != nil && !slices.Contains(named, name) && !slices.Contains(test.but, name) {
				t.Errorf("%s does not name %s", test.file, name)
			}
		}
	}
}

// variable is ${NAME}, ${NAME:-default} or ${NAME:?question}.
var variable = regexp.MustCompile(`\$\{([A-Z_]+)(?::([-?])([^}]*))?\}`)

// TestVariablesOfCompose: what has to be given is asked for with a sentence,
// what .env.example and docs/operate.md say of it is there, and no secret has a
// default.
func TestVariablesOfCompose(t *testing.T) {
	text := readFile(t, "compose.yaml") + readFile(t, "compose.tls.yaml")
	explained := readFile(t, "docs/operate.md")
	required := map[string]bool{}
	for _, v := range variable.FindAllStringSubmatch(text, -1) {
		name, kind, rest := v[1], v[2], v[3]
		if kind == "" || (kind == "?" && len(strings.Fields(rest)) < 3) {
			t.Errorf("%s has no default and no sentence that asks for it", name)
		}
		required[name] = required[name] || kind == "?"
		if !settingName.MatchString(name) && !strings.Contains(explained, "`"+name+"`") {
			t.Errorf("docs/operate.md does not explain %s", name)
		}
	}
	for _, name := range []string{"HOOKWALL_PUBLIC_URL", "HOOKWALL_SECRET_KEY", "POSTGRES_PASSWORD", "TLS_FOLDER"} {
		if !required[name] {
			t.Errorf("%s has a default", name)
		}
	}
	for name := range environmentFile(t, "deploy/sandbox.env") {
		if _, used := required[name]; !used && !strings.HasPrefix(name, "COMPOSE_") {
			t.Errorf("deploy/sandbox.env gives %s, which compose.yaml does not ask for", name)
		}
	}
}

func environmentFile(t *testing.T, file string) map[string]string {
	t.Helper()
	given := map[string]string{}
	for line := range strings.Lines(readFile(t, file)) {
		line = strings.TrimSpace(line)
		if name, value, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			given[name] = value
		}
	}
	return given
}

// TestServices holds what the services of compose.yaml rely on of each other.
func TestServices(t *testing.T) {
	c := readComposition(t, "compose.yaml")
	proxy := c.Services["proxy"]
	replicas := 0
	for name, s := range c.Services {
		_, tag, _ := strings.Cut(s.Image, ":")
		if tag == "" || strings.HasPrefix(tag, "latest") {
			t.Errorf("%s has the image %q, of no version", name, s.Image)
		}
		if s.Restart != "unless-stopped" {
			t.Errorf("%s does not start again", name)
		}
		own := strings.HasPrefix(s.Image, "hookwall:")
		if own && (!s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"})) {
			t.Errorf("%s may do more than it needs", name)
		}
		if !own && len(s.HealthCheck.Test) == 0 {
			t.Errorf("nobody looks after the health of %s", name)
		}
		for n := range s.Networks {
			if _, there := c.Networks[n]; !there {
				t.Errorf("%s is in the network %s, which there is not", name, n)
			}
		}
		if !own || name == "sandbox" {
			continue
		}
		replicas++
		if s.HealthCheck.Disable {
			t.Errorf("nobody looks after the health of %s", name)
		}
		if at := name + ":" + s.Networks["web"].Address; !slices.Contains(proxy.ExtraHosts, at) {
			t.Errorf("the proxy does not know %s", at)
		}
		if !strings.Contains(readFile(t, "deploy/nginx/hookwall.conf"), "server "+name+":8080 ") {
			t.Errorf("the proxy sends nothing to %s", name)
		}
		trusted := s.Environment["HOOKWALL_TRUSTED_PROXIES"]
		if !strings.HasPrefix(trusted, proxy.Networks["web"].Address+",") {
			t.Errorf("%s trusts %s, not the proxy", name, trusted)
		}
	}
	if replicas != 2 {
		t.Errorf("there are %d replicas", replicas)
	}
	postgres := c.Services["postgres"]
	if !c.Networks["database"].Internal || len(postgres.Ports) > 0 || len(postgres.Networks) != 1 {
		t.Error("the database can be reached from outside")
	}
	if sandbox := c.Services["sandbox"]; !slices.Equal(sandbox.Profiles, []string{"sandbox"}) {
		t.Error("the sandbox starts unasked")
	}
	for _, s := range c.Services {
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") && !strings.HasPrefix(port, "${LISTEN:-127.0.0.1:") {
				t.Errorf("port %s is open to other machines", port)
			}
		}
	}
}

// TestFilesAreThere looks for the files that are mounted, and the volumes.
func TestFilesAreThere(t *testing.T) {
	for _, file := range []string{"compose.yaml", "compose.tls.yaml"} {
		c := readComposition(t, file)
		for name, s := range c.Services {
			for _, v := range s.Volumes {
				from, _, _ := strings.Cut(v, ":")
				if strings.HasPrefix(from, "${") {
					continue
				}
				if _, named := c.Volumes[from]; named {
					continue
				}
				if info, err := os.Stat(filepath.Join(root, from)); err != nil || !info.Mode().IsRegular() {
					t.Errorf("%s, %s: there is no file %s", file, name, from)
				}
			}
		}
	}
}
