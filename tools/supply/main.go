// Command supply knows what Hookwall is made of.
//
//	supply check -targets "linux/amd64 darwin/arm64" ROOT
//	supply sbom -version V -binary FILE ROOT
//	supply notices -targets "linux/amd64 darwin/arm64" ROOT
//	supply release -version V -targets "linux/amd64 darwin/arm64" -out FOLDER ROOT
//
// check compares docs/dependencies.md with the modules, tools and npm packages
// that are really used, and their licences with what is allowed. sbom prints a
// CycloneDX list of what is linked into a binary. notices prints the licence
// texts that a binary must be handed on with. release builds archives with all
// of these for each target, and lists their sums. ROOT is the folder of Hookwall.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
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
		return errors.New("say what to do: check, sbom, notices or release")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	targets := flags.String("targets", "", "systems that Hookwall is built for, such as linux/amd64")
	version := flags.String("version", "", "of Hookwall")
	binary := flags.String("binary", "", "a built Hookwall")
	out := flags.String("out", "", "folder to make the release in; what is there is deleted")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("name the folder of Hookwall")
	}
	root := flags.Arg(0)
	switch args[0] {
	case "check":
		return check(root, strings.Fields(*targets), stdout)
	case "sbom":
		return writeSBOM(stdout, root, *version, *binary)
	case "notices":
		return writeNotices(stdout, root, strings.Fields(*targets))
	case "release":
		return makeRelease(root, *version, *out, strings.Fields(*targets))
	}
	return fmt.Errorf("supply does not know %q", args[0])
}

// check prints what is right, or returns all that is wrong.
func check(root string, targets []string, stdout io.Writer) error {
	used, err := everything(root, targets)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(root + "/" + sheet) //nolint:gosec // in the repository
	if err != nil {
		return err
	}
	problems := compare(string(text), used)
	problems = append(problems, forbidden(used)...)
	locked, err := lockProblems(root)
	if err != nil {
		return err
	}
	if problems = append(problems, locked...); len(problems) > 0 {
		return errors.New(strings.Join(problems, "\n"))
	}
	fmt.Fprintf(stdout, "%s is right: %d linked, %d for tests, %d tools, %d from npm\n", sheet,
		len(used[linked]), len(used[tests]), len(used[tools]), len(used[npm]))
	return nil
}
