package deploy

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// instruction is one of a Dockerfile.
type instruction struct {
	name string
	args string
	line int
}

// instructions reads a Dockerfile.
func instructions(t *testing.T) (all []instruction) {
	t.Helper()
	text := ""
	begun := 0
	number := 0
	for line := range strings.Lines(readFile(t, "Dockerfile")) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if text == "" {
			begun = number
		}
		if before, more := strings.CutSuffix(line, `\`); more {
			text += before
			continue
		}
		name, args, _ := strings.Cut(text+line, " ")
		all = append(all, instruction{name, strings.TrimSpace(args), begun})
		text = ""
	}
	return all
}

// stages splits a Dockerfile at each FROM.
func stages(t *testing.T) (all [][]instruction) {
	t.Helper()
	for _, i := range instructions(t) {
		if i.name == "FROM" {
			all = append(all, nil)
		}
		if len(all) == 0 {
			t.Fatalf("line %d: %s before the first FROM", i.line, i.name)
		}
		all[len(all)-1] = append(all[len(all)-1], i)
	}
	return all
}

func argsOf(stage []instruction, name string) (args []string) {
	for _, i := range stage {
		if i.name == name {
			args = append(args, i.args)
		}
	}
	return args
}

// TestDockerfile holds what is wanted of the image.
func TestDockerfile(t *testing.T) {
	all := stages(t)
	last := all[len(all)-1]
	toolchain := regexp.MustCompile(`(?m)^toolchain go(\S+)$`).FindStringSubmatch(readFile(t, "go.mod"))
	if len(toolchain) == 0 || !strings.Contains(all[0][0].args, "golang:"+toolchain[1]+"-") {
		t.Errorf("the build is from %q, go.mod wants %q", all[0][0].args, toolchain)
	}
	single := map[string]string{
		"FROM": "scratch", "USER": "65532:65532", "VOLUME": "/data", "EXPOSE": "8080", "ENTRYPOINT": `["/hookwall"]`,
	}
	for name, want := range single {
		if got := argsOf(last, name); !slices.Equal(got, []string{want}) {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	health := argsOf(last, "HEALTHCHECK")
	if len(health) != 1 || !strings.HasSuffix(health[0], ` CMD ["/hookwall", "health"]`) {
		t.Errorf("HEALTHCHECK is %q", health)
	}
	for _, env := range argsOf(last, "ENV") {
		if regexp.MustCompile(`SECRET|PASSWORD|KEY|TOKEN`).MatchString(env) {
			t.Errorf("the image holds the secret %s", env)
		}
	}
	known := []string{
		"FROM", "WORKDIR", "COPY", "RUN", "ARG", "ENV", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT",
	}
	for _, stage := range all {
		for _, i := range stage {
			if !slices.Contains(known, i.name) {
				t.Errorf("line %d: %s is not wanted", i.line, i.name)
			}
		}
		from, _, _ := strings.Cut(strings.TrimPrefix(stage[0].args, "--platform=$BUILDPLATFORM "), " ")
		if from != "scratch" && !regexp.MustCompile(`^[a-z/]+:[0-9]+\.[0-9]+`).MatchString(from) {
			t.Errorf("%s has no version", from)
		}
	}
}

// ignored reports whether .dockerignore leaves a file out.
func ignored(t *testing.T, path string) bool {
	t.Helper()
	out := false
	for line := range strings.Lines(readFile(t, ".dockerignore")) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		pattern, back := strings.CutPrefix(line, "!")
		// As Docker reads them: ** is any folders, * is anything but a slash, and
		// what matches a folder is said of all in it.
		expression := regexp.QuoteMeta(pattern)
		expression = strings.ReplaceAll(expression, `\*\*/`, `(?:.*/)?`)
		expression = strings.ReplaceAll(expression, `\*`, `[^/]*`)
		if regexp.MustCompile(`^` + expression + `(?:/.*)?$`).MatchString(path) {
			out = !back
		}
	}
	return out
}

// TestDockerIgnore: the build gets the source, and nothing that is private.
func TestDockerIgnore(t *testing.T) {
	for path, want := range map[string]bool{
		"main.go": false, "go.sum": false, "Makefile": false, "LICENSE": false, "internal/doctor/doctor.go": false,
		"static/minified/app.js": false, "internal/store/migrations/00001_start.sql": false, "internal/sandbox/openapi.yaml": false, "tools/supply/main.go": false,
		".env": true, ".git/config": true, "hookwall.db": true, "bin/hookwall": true, "out/release/x": true, ".tools/x": true, "e2e/setup.sh": true,
		"main_test.go": true, "internal/doctor/doctor_test.go": true, "handlers/testdata/x": true, "deploy/sandbox.env": true, "privkey.pem": true,
	} {
		if ignored(t, path) != want {
			t.Errorf("%s: left out is %v", path, !want)
		}
	}
}
