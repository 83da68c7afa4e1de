package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// settingsOf reads the lines of a unit's section.
func settingsOf(t *testing.T, file, section string) map[string][]string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut("\n"+string(b), "\n["+section+"]\n")
	if !ok {
		t.Fatalf("%s has no section %s", file, section)
	}
	text, _, _ = strings.Cut(text, "\n[")
	all := map[string][]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(name, "#") {
			all[name] = append(all[name], value)
		}
	}
	return all
}

// TestUnit: the service gets nothing that it does not need.
func TestUnit(t *testing.T) {
	got := settingsOf(t, "hookwall.service", "Service")
	for name, want := range map[string]string{
		"ExecStart": "/usr/local/bin/hookwall", "EnvironmentFile": "-/etc/hookwall/hookwall.env", "StateDirectory": "hookwall",
		"Environment": "XDG_DATA_HOME=/var/lib", "StateDirectoryMode": "0700", "UMask": "0077", "DynamicUser": "yes",
		"NoNewPrivileges": "yes", "CapabilityBoundingSet": "", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateDevices": "yes",
		"PrivateTmp": "yes", "PrivateUsers": "yes", "MemoryDenyWriteExecute": "yes", "RestrictNamespaces": "yes",
		"RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX", "SystemCallArchitectures": "native", "TimeoutStopSec": "35s", "Restart": "on-failure",
	} {
		if !slices.Equal(got[name], []string{want}) {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
}

// TestUnitBySystemd asks systemd what it thinks of the unit.
func TestUnitBySystemd(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not on this machine")
	}
	b, err := os.ReadFile("hookwall.service")
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The program must exist; that of this test does.
	unit := filepath.Join(t.TempDir(), "hookwall.service")
	text := strings.Replace(string(b), "/usr/local/bin/hookwall", self, 1)
	if err := os.WriteFile(unit, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", unit).CombinedOutput()
	if err != nil || strings.Contains(string(out), "hookwall.service") {
		t.Errorf("verify: %v\n%s", err, out)
	}
	// 2.0 of 10: "OK" begins below 4.
	args := []string{"security", "--offline=yes", "--threshold=20", "--no-pager", unit}
	out, err = exec.CommandContext(t.Context(), analyze, args...).CombinedOutput()
	if err != nil {
		t.Errorf("security: %v\n%s", err, out)
	}
}
