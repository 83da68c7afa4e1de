package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// completing are programs that print what a shell completes after a script at %[1]s was read. %[2]s are the words in
// quotes, the last of which is completed. Like bash itself, the first adds a slash to directories if what is completed
// are the names of files.
var completing = map[string]string{
	"bash": `source '%[1]s'; options=$(complete -p hookwall); compopt() { options+=" $*"; }
		COMP_WORDS=(%[2]s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _hookwall
		for c in "${COMPREPLY[@]}"; do [[ $options == *filenames* && -d $c ]] && c+=/; printf '%%s\n' "$c"; done`,
	"zsh": `compdef() { :; }; _files() { print -rl -- $PREFIX*(N); }; compset() { PREFIX=${PREFIX#*=}; }
		compadd() { shift; for c; do [[ $c == $PREFIX* ]] && print -r -- "$c"; done }
		source '%[1]s'; words=(%[2]s); CURRENT=$#words; PREFIX=$words[-1]; _hookwall; true`,
	"fish": `source '%[1]s'; complete -C (string join ' ' -- %[2]s) | string replace -r '\t.*' ''; true`,
}

// TestCompletion asks the shells what they complete.
func TestCompletion(t *testing.T) {
	for shell, program := range completing {
		t.Run(shell, func(t *testing.T) {
			if _, err := exec.LookPath(shell); err != nil {
				if shell == "bash" {
					t.Fatal("bash is missing, which all tests of scripts need")
				}
				t.Skip("not installed")
			}
			var script strings.Builder
			if err := run(t.Context(), []string{"completion", shell}, env(), &script); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "script")
			if err := os.WriteFile(file, []byte(script.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "shop.yaml"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(filepath.Join(dir, "backup"), 0o700); err != nil {
				t.Fatal(err)
			}
			for _, tt := range []struct{ words, want string }{
				{"f", "fleet"},
				{"back", "backup"},
				{map[string]string{"bash": "backup back"}[shell], "backup/"},
				{"s", "sandbox serve"},
				{"fleet ap", "apply"},
				{"fleet --server x pl", "plan"},
				{"fleet plan --outp", "--output"},
				{"fleet export --f", "--format"},
				{"backup --da", "--database-url"},
				{"completion f", "fish"},
				{"--addr :8080 --public", "--public-url"},
				{"fleet plan --addr", ""},
				{"fleet zz", ""},
				{"fleet --server plan pl", "plan"},
				{"--log-format s", ""},
				{"--addr s", ""},
				{map[string]string{"bash": "--addr -", "zsh": "--addr -"}[shell], ""},
				{"probe s", ""},
				{"fleet plan --output ", "json text"},
				{"fleet plan -o t", "text"},
				{"fleet export -o s", "shop.yaml"},
				{"fleet plan s", "shop.yaml"},
				{"backup s", "shop.yaml"},
				{"fleet export s", ""},
				{"--secret-key-file s", "shop.yaml"},
				{"--database-url s", "shop.yaml"},
				{map[string]string{"bash": "fleet plan --output = t", "zsh": "fleet plan --output=t"}[shell], "text"},
				{map[string]string{"bash": "fleet plan --output ="}[shell], "json text"},
				{map[string]string{"fish": "fleet plan --output=t"}[shell], "--output=text"},
			} {
				if tt.words == "" {
					continue // it's for another shell
				}
				quoted := fmt.Sprintf("'%s'", strings.ReplaceAll("hookwall "+tt.words, " ", "' '"))
				cmd := exec.CommandContext(t.Context(), shell, "-c", fmt.Sprintf(program, file, quoted))
				cmd.Dir, cmd.Env = dir, []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("%s: %v\n%s", tt.words, err, out)
				}
				got := strings.Fields(string(out))
				slices.Sort(got)
				if strings.Join(got, " ") != tt.want {
					t.Errorf("%q: %q, want %q", tt.words, got, tt.want)
				}
			}
		})
	}
}

func TestCompletionNeedsAShell(t *testing.T) {
	if err := run(t.Context(), []string{"completion", "tcsh"}, env(), &strings.Builder{}); err == nil ||
		!strings.Contains(err.Error(), "bash") {
		t.Errorf("error %v", err)
	}
}
