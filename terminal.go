package main

import (
	"context"
	"errors"

	"hookwall/internal/terminal"
)

// fleetFlags are the commands for the files of many shops.
type fleetFlags struct {
	Export exportFlags `cmd:"" help:"Print the webhooks of the shops as a fleet file. The exit status is 0."`
	Plan   planFlags   `cmd:"" help:"Make a plan of a fleet file, and print what it changes. The exit status is 0 if nothing changes, 2 if there is a plan, and 1 if something is wrong."`
	Apply  applyFlags  `cmd:"" help:"Apply a plan that you reviewed, or follow its run. The exit status is 0 if all changes are done, 1 if some failed or something is wrong, and 3 if the plan needs approval, or its run is paused or goes on without you."`
}

// clientFlags say which server to use, and as whom.
type clientFlags struct {
	Server    string `hw:"HOOKWALL_SERVER" placeholder:"URL" help:"URL of the Hookwall server, such as https://hooks.example.com."`
	TokenFile string `hw:"HOOKWALL_TOKEN_FILE" placeholder:"PATH" help:"File with your access token. Or set the token itself in HOOKWALL_TOKEN. Make one in Hookwall under Sessions and tokens."`
	Insecure  bool   `name:"insecure-server" hw:"HOOKWALL_INSECURE_SERVER" help:"Allow plain http to a server that is not on this machine. Others can then read your token."`
}

type exportFlags struct {
	clientFlags `embed:""`

	Format string `default:"yaml" enum:"yaml,json" help:"Format of the file: yaml or json. Default: yaml."`
	Output string `short:"o" placeholder:"FILE" help:"File to write. Without it, the command prints the file."`
	Label  string `placeholder:"LABEL" help:"Only shops with this label."`
}

type planFlags struct {
	clientFlags `embed:""`

	File   string `arg:"" help:"Fleet file, or - to read it from standard input."`
	Output string `short:"o" default:"text" enum:"text,json" help:"What to print: text or json. Default: text."`
}

type applyFlags struct {
	clientFlags `embed:""`

	Number  string `arg:"" name:"plan" help:"Number of the plan."`
	Digest  string `required:"" placeholder:"DIGEST" help:"Digest of the plan that you reviewed, or at least its first 8 characters."`
	Deletes int    `placeholder:"N" help:"How many webhooks the plan deletes, to confirm it. Needed if it deletes any."`
	Wait    bool   `help:"Follow the run to its end. Ctrl-C stops waiting, not the run."`
	Resume  bool   `help:"Continue the run if it is paused, for example after the first shop."`
	Output  string `short:"o" default:"text" enum:"text,json" help:"What to print: text or json. Default: text."`
}

// runFleet runs a command for the files of many shops.
func runFleet(
	ctx context.Context, command string, f fleetFlags, getenv func(string) string, streams terminal.Streams,
) error {
	var do interface {
		Run(context.Context, *terminal.Client, terminal.Streams) error
	}
	var flags clientFlags
	switch command {
	case "fleet export":
		flags, do = f.Export.clientFlags, terminal.Export{
			Format: f.Export.Format, File: f.Export.Output, Label: f.Export.Label,
		}
	case "fleet plan":
		flags, do = f.Plan.clientFlags, terminal.Plan{File: f.Plan.File, JSON: f.Plan.Output == "json"}
	default:
		a := f.Apply
		flags, do = a.clientFlags, terminal.Apply{
			Number: a.Number, Digest: a.Digest, Deletes: a.Deletes, Wait: a.Wait, Resume: a.Resume, JSON: a.Output == "json",
		}
	}
	p := &problems{getenv: getenv}
	token := p.secret("HOOKWALL_TOKEN", flags.TokenFile)
	if err := errors.Join(p.found...); err != nil {
		return err
	}
	client, err := terminal.NewClient(flags.Server, token, userAgent(), flags.Insecure)
	if err != nil {
		return err
	}
	return do.Run(ctx, client, streams)
}
