package signature_test

import (
	"bytes"
	gocmp "cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/fourthwall"
	"hookwall/internal/signature"
	webhook "hookwall/internal/signature/snippets"
)

// vector is a body, a key and a signature, which is valid or not. Another implementation than ours made the signatures.
type vector struct {
	Name      string `json:"name"`
	Body      []byte `json:"body"`
	Repeat    int    `json:"repeat,omitempty"` // how often the body is repeated; 0 for once
	Secret    string `json:"secret"`
	Signature string `json:"signature"`
	Valid     bool   `json:"valid"`
}

// vectors returns the vectors with repeated bodies expanded.
func vectors(t *testing.T) []vector {
	t.Helper()
	file, err := os.ReadFile("testdata/signatures.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(file, &all); err != nil {
		t.Fatal(err)
	}
	for i, v := range all {
		all[i].Body, all[i].Repeat = bytes.Repeat(v.Body, max(v.Repeat, 1)), 0
	}
	if len(all) < 40 {
		t.Fatalf("%d vectors", len(all))
	}
	return all
}

func TestVectors(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			key := fourthwall.Secret(v.Secret)
			if got := signature.Sign(v.Body, key) == v.Signature; got != v.Valid {
				t.Errorf("same signature: %v", got)
			}
			s, err := signature.ParseSignature(v.Signature)
			if got := err == nil && s.Signs(v.Body, key); got != v.Valid {
				t.Errorf("verified: %v, %v", got, err)
			}
			verdict := signature.Explain(signature.Input{
				Body: fourthwall.BuyerData(v.Body), Exact: true, Signature: fourthwall.Secret(v.Signature), Secret: key,
			})
			// Spaces around a pasted signature are ignored. An empty body is not checked.
			want := v.Valid && len(v.Body) > 0 || v.Name == "blank after"
			if verdict.Valid != want {
				t.Errorf("explained: %v, %v", verdict.Valid, codesOf(verdict))
			}
		})
	}
}

func TestSnippets(t *testing.T) {
	want := []string{
		"go Go verify.go",
		"node Node.js verify.js",
		"python Python verify.py",
		"php PHP verify.php",
		"csharp C# Verify.cs",
		"ruby Ruby verify.rb",
	}
	var got []string
	for _, s := range signature.Snippets() {
		got = append(got, s.ID+" "+s.Language+" "+s.File)
		onDisk, err := os.ReadFile(filepath.Join("snippets", s.File))
		if err != nil || s.Code != string(onDisk) {
			t.Errorf("%s isn't the tested file: %v", s.ID, err)
		}
		refusal := map[string]string{"go": "StatusUnauthorized", "csharp": "Unauthorized()"}[s.ID]
		for _, must := range []string{signature.ShopSignatureHeader, "raw", "200", gocmp.Or(refusal, "401")} {
			if !strings.Contains(s.Code, must) {
				t.Errorf("%s doesn't mention %s", s.ID, must)
			}
		}
		for i, line := range strings.Split(s.Code, "\n") {
			if len(line) > 120 || strings.HasSuffix(line, " ") {
				t.Errorf("%s line %d: %q", s.File, i+1, line)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("snippets differ (-want +got):\n%s", diff)
	}
}

// TestSnippetsVerify runs each snippet on every vector if its language is installed. Go and Node.js must be.
func TestSnippetsVerify(t *testing.T) {
	tests := map[string]struct {
		program string
		must    bool
		run     func(t *testing.T, program string, vectors []vector) []bool
	}{
		"go":     {"go", true, runGoSnippet},
		"node":   {"node", true, runScript("run.js", "verify.js")},
		"python": {"python3", false, runScript("run.py", "verify.py")},
		"php":    {"php", false, runScript("run.php", "verify.php")},
		"ruby":   {"ruby", false, runScript("run.rb", "verify.rb")},
		"csharp": {"dotnet", false, runCSharp},
	}
	if len(tests) != len(signature.Snippets()) {
		t.Errorf("%d snippets are tested", len(tests))
	}
	all := vectors(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			program, err := exec.LookPath(tt.program)
			if err != nil && !tt.must {
				t.Skipf("%s is not installed", tt.program)
			}
			if err != nil {
				t.Fatal(err)
			}
			results := tt.run(t, program, all)
			if len(results) != len(all) {
				t.Fatalf("%d results for %d vectors", len(results), len(all))
			}
			for i, v := range all {
				if results[i] != v.Valid {
					t.Errorf("%s: %v, want %v", v.Name, results[i], v.Valid)
				}
			}
		})
	}
}

func runGoSnippet(_ *testing.T, _ string, vectors []vector) []bool {
	var results []bool
	for _, v := range vectors {
		results = append(results, webhook.Verify(v.Body, v.Signature, v.Secret))
	}
	return results
}

func runScript(script, snippet string) func(*testing.T, string, []vector) []bool {
	return func(t *testing.T, program string, vectors []vector) []bool {
		t.Helper()
		path, err := filepath.Abs(filepath.Join("snippets", snippet))
		if err != nil {
			t.Fatal(err)
		}
		return resultsOf(t, vectors, exec.CommandContext(t.Context(), program, filepath.Join("testdata", "snippets", script),
			path))
	}
}

// runCSharp builds a project of the snippet and its runner for the installed version of .NET.
func runCSharp(t *testing.T, program string, vectors []vector) []bool {
	t.Helper()
	version, err := exec.CommandContext(t.Context(), program, "--version").Output()
	if err != nil {
		t.Skipf("no SDK of .NET is installed: %v", err)
	}
	major, _, _ := strings.Cut(strings.TrimSpace(string(version)), ".")
	dir := t.TempDir()
	project := fmt.Sprintf(`<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup>
<OutputType>Exe</OutputType><TargetFramework>net%s.0</TargetFramework>
<TreatWarningsAsErrors>true</TreatWarningsAsErrors>
</PropertyGroup></Project>`, major)
	if err := os.WriteFile(filepath.Join(dir, "run.csproj"), []byte(project), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{"snippets/Verify.cs", "testdata/snippets/Run.cs"} {
		code, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(from)), code, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), program, "run", "--project", dir)
	cmd.Env = append(os.Environ(), "DOTNET_NOLOGO=1", "DOTNET_CLI_TELEMETRY_OPTOUT=1",
		"DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1")
	return resultsOf(t, vectors, cmd)
}

// resultsOf runs a program with the vectors as input and returns its result for each.
func resultsOf(t *testing.T, vectors []vector, cmd *exec.Cmd) []bool {
	t.Helper()
	input, err := json.Marshal(vectors)
	if err != nil {
		t.Fatal(err)
	}
	var complaints bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, complaints.String())
	}
	var results []bool
	if err := json.Unmarshal(out, &results); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	return results
}

func TestGoSnippetHandler(t *testing.T) {
	const body, secret = `{"id":"weve_1"}`, "fw!secret"
	right := signature.Sign([]byte(body), secret)
	tests := map[string]struct {
		secret, header, signature, body string
		status                          int
		received                        string
	}{
		"right":         {secret, "X-Fourthwall-Hmac-SHA256", right, body, 200, body},
		"wrong":         {secret, "X-Fourthwall-Hmac-SHA256", right, body + " ", 401, ""},
		"other header":  {secret, "X-Fourthwall-Hmac-Apps-SHA256", right, body, 401, ""},
		"no secret set": {"", "X-Fourthwall-Hmac-SHA256", signature.Sign([]byte(body), ""), body, 401, ""},
		"too large":     {secret, "X-Fourthwall-Hmac-SHA256", right, strings.Repeat(" ", 1<<20+1), 400, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var received string
			handler := webhook.Handler(tt.secret, func(event []byte) { received = string(event) })
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(tt.body))
			r.Header.Set(tt.header, tt.signature)
			w := httptest.NewRecorder()
			handler(w, r)
			if w.Code != tt.status || received != tt.received {
				t.Errorf("status %d, received %q", w.Code, received)
			}
		})
	}
}
