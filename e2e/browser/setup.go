package browser

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// setupHint ends every error about something that is not installed.
const setupHint = "run make test, which installs what the browser tests need"

// tools are the files that e2e/setup.sh installs, as absolute paths.
type tools struct {
	driver   string // folder that playwright-go calls the driver directory
	node     string
	chromium string
	axe      string // axe.min.js
}

// findTools looks for the tools below the module's root.
func findTools(root string) (tools, error) {
	home := filepath.Join(root, ".e2e")
	found := tools{
		driver: filepath.Join(home, "driver"),
		axe:    filepath.Join(home, "node_modules", "axe-core", "axe.min.js"),
	}
	var errs []error
	for _, file := range []string{filepath.Join(found.driver, "package", "cli.js"), found.axe} {
		if _, err := os.Stat(file); err != nil {
			errs = append(errs, err)
		}
	}
	var err error
	if found.node, err = findNode(); err != nil {
		errs = append(errs, err)
	}
	if found.chromium, err = findChromium(home); err != nil {
		errs = append(errs, err)
	}
	if len(errs) > 0 {
		return tools{}, fmt.Errorf("%s: %w", setupHint, errors.Join(errs...))
	}
	return found, nil
}

func findNode() (string, error) {
	if node := os.Getenv("PLAYWRIGHT_NODEJS_PATH"); node != "" {
		return node, nil
	}
	return exec.LookPath("node")
}

// findChromium takes $CHROMIUM, else the browser that the set-up chose.
func findChromium(home string) (string, error) {
	name := os.Getenv("CHROMIUM")
	if name == "" {
		chosen, err := os.ReadFile(filepath.Join(home, "browser"))
		if err != nil {
			return "", err
		}
		name = strings.TrimSpace(string(chosen))
	}
	return exec.LookPath(name)
}

// moduleRoot is the folder of go.mod, at or above the working directory.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod at or above the working directory")
		}
		dir = parent
	}
}
