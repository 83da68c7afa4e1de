// Command supply knows what Hookwall is made of.
//
//	supply check -targets "linux/amd64 darwin/arm64" ROOT
//	supply notices -targets "linux/amd64 darwin/arm64" ROOT
//	supply release -version V -targets "linux/amd64 darwin/arm64" -out FOLDER ROOT
//
// check compares docs/dependencies.md with the modules, tools and npm packages
// in use, and their licenses with the allowed ones. notices prints the license
// texts that must accompany a binary. release builds an archive for each
// target, with the notices inside and a CycloneDX bill of materials beside it,
// and lists their SHA-256 sums. ROOT is the root folder of the repository.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string, stdout io.Writer) error {
	if len(args) == 0 {
		return errors.New("name a command: check, notices or release")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	targets := flags.String("targets", "", "systems to build Hookwall for, such as linux/amd64")
	version := flags.String("version", "", "version of Hookwall")
	out := flags.String("out", "", "folder for the release; its content is deleted first")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("name the root folder of the repository")
	}
	root := flags.Arg(0)
	switch args[0] {
	case "check":
		return check(stdout, root, strings.Fields(*targets))
	case "notices":
		return writeNotices(stdout, root, strings.Fields(*targets))
	case "release":
		return makeRelease(root, *version, *out, strings.Fields(*targets))
	}
	return fmt.Errorf("supply has no command %q", args[0])
}

// check prints a summary, or returns every problem at once.
func check(stdout io.Writer, root string, targets []string) error {
	used, err := inUse(root, targets)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(root, sheet)) //nolint:gosec // in the repository
	if err != nil {
		return err
	}
	locked, err := lockProblems(root)
	if err != nil {
		return err
	}
	problems := append(compare(string(text), used), forbidden(used)...)
	if problems = append(problems, locked...); len(problems) > 0 {
		return errors.New(strings.Join(problems, "\n"))
	}
	fmt.Fprintf(stdout, "%s is right: %d linked, %d for tests, %d tools, %d from npm\n", sheet,
		len(used[linked]), len(used[tests]), len(used[tools]), len(used[npm]))
	return nil
}
