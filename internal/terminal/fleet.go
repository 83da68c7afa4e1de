// Package terminal exports, plans and applies fleet files from a terminal. It is a client of the API of a Hookwall
// server, and knows nothing of the server but docs/api.md.
package terminal

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Exit statuses besides 0: nothing to do, or all done.
const (
	ExitFailed  = 1 // an error, or some changes failed
	ExitChanges = 2 // a plan has changes
	ExitWaits   = 3 // the plan waits for an approval or a person, or its run goes on
)

// ExitError is an error that says with which status to exit. What there is to say was printed.
type ExitError int

// Error implements error.
func (e ExitError) Error() string { return "exit status " + strconv.Itoa(int(e)) }

const (
	maxFile      = 4 << 20          // bytes
	planAttempts = 3                // with the same Idempotency-Key
	pollSlowest  = 10               // times the usual pause, after several failures
	pollGivesUp  = 10 * time.Minute // without a response
)

// Streams are where a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Export is the command that prints what shops have now.
type Export struct {
	Format string // yaml or json
	File   string // to write; "" for the output
	Label  string // of the shops; "" for all
}

// Run runs the command.
func (e Export) Run(ctx context.Context, c *Client, s Streams) error {
	if e.File == "yaml" || e.File == "json" || e.File == "text" {
		return errFormatName
	}
	query := url.Values{"format": {e.Format}}
	if e.Label != "" {
		query.Set("label", e.Label)
	}
	text, _, err := c.send(ctx, request{method: http.MethodGet, path: "/fleet", query: query})
	if err != nil {
		return err
	}
	if e.File == "" || e.File == "-" {
		_, err = s.Out.Write(text)
		return err
	}
	return os.WriteFile(e.File, text, 0o600)
}

// Plan is the command that makes a plan of a file.
type Plan struct {
	File string // - for the input
	JSON bool
}

// Run runs the command. It returns ExitChanges if there is a plan.
func (p Plan) Run(ctx context.Context, c *Client, s Streams) error {
	text, err := readFile(p.File, s.In)
	if err != nil {
		return err
	}
	kind := "application/yaml"
	if strings.HasPrefix(strings.TrimSpace(string(text)), "{") {
		kind = "application/json"
	}
	answer, status, err := c.again(ctx, request{
		method: http.MethodPost, path: "/plans", body: text,
		header: map[string]string{"Content-Type": kind, "Idempotency-Key": rand.Text()},
	})
	if is(err, "fleet-file") {
		return p.printFaults(s, err)
	}
	if err != nil {
		return err
	}
	if p.JSON {
		_, err = s.Out.Write(answer)
	} else {
		err = printPlan(s.Out, answer)
	}
	if err == nil && status == http.StatusCreated {
		err = ExitError(ExitChanges)
	}
	return err
}

// printFaults prints what is wrong with the file, in the form that editors know.
func (p Plan) printFaults(s Streams, err error) error {
	var problem *ProblemError
	if !errors.As(err, &problem) {
		return err
	}
	name := p.File
	if name == "-" {
		name = "standard input"
	}
	if p.JSON {
		text, err := json.MarshalIndent(problem, "", "  ")
		if err != nil {
			return err
		}
		fmt.Fprintf(s.Out, "%s\n", text)
	}
	for _, f := range problem.Errors {
		at := name
		if f.Line > 0 {
			at += ":" + strconv.Itoa(f.Line)
		}
		if f.Column > 0 {
			at += ":" + strconv.Itoa(f.Column)
		}
		fmt.Fprintf(s.Err, "%s: %s\n", at, clean(f.Detail))
	}
	fmt.Fprintf(s.Err, "hookwall: %s\n", problem)
	return ExitError(ExitFailed)
}

// again makes a request that has an effect only once, and makes it again if there was no response.
func (c *Client) again(ctx context.Context, r request) (text []byte, status int, err error) {
	for attempt := range planAttempts {
		if attempt > 0 && !sleep(ctx, time.Duration(attempt)*c.pause) {
			return nil, 0, ctx.Err()
		}
		text, status, err = c.send(ctx, r)
		if err == nil || !mayPass(err) {
			break
		}
	}
	return text, status, err
}

// sleep waits, and reports whether ctx lasted.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

func readFile(name string, in io.Reader) ([]byte, error) {
	if name != "-" {
		file, err := os.Open(name) //nolint:gosec // the person says which file
		if err != nil {
			return nil, err
		}
		defer file.Close()
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = errTooLarge
	}
	return text, err
}

// Apply is the command that applies a plan, or follows its run.
type Apply struct {
	Number  string // of the plan
	Digest  string // of the plan that was reviewed, or how it begins
	Deletes int    // that the plan makes, which confirms them
	Wait    bool   // until the run has ended
	Resume  bool   // a paused run
	JSON    bool
}

var digestForm = regexp.MustCompile(`^[0-9a-f]{8,64}$`)

// Run runs the command. It does nothing twice: a plan that is running already is followed, and one that is done stays
// as it is. It returns ExitFailed if some changes failed, and ExitWaits if the run isn't done.
func (a Apply) Run(ctx context.Context, c *Client, s Streams) error {
	number, err := strconv.ParseInt(strings.TrimPrefix(a.Number, "#"), 10, 64)
	if err != nil || number < 1 {
		return errNumber
	}
	digest := strings.ToLower(strings.ReplaceAll(a.Digest, " ", ""))
	if !digestForm.MatchString(digest) {
		return errDigest
	}
	path := "/plans/" + strconv.FormatInt(number, 10)
	run, err := c.run(ctx, path)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(run.Digest, digest) {
		return fmt.Errorf("plan %d has another digest than the one you reviewed, so nothing was sent. Review it again at %s",
			number, clean(run.URL))
	}
	run, err = a.begin(ctx, c, s, path, run)
	if err != nil {
		return err
	}
	if a.Wait && run.State == "running" {
		if run, err = a.follow(ctx, c, s, path, run); err != nil {
			return err
		}
	}
	return a.report(s, run)
}

// begin applies a draft, and continues a run that is paused if that is asked for.
func (a Apply) begin(ctx context.Context, c *Client, s Streams, path string, run Run) (Run, error) {
	var action string
	body := map[string]any{"digest": run.Digest}
	switch {
	case run.State == "draft":
		action = "/apply"
		if a.Deletes > 0 {
			body["deletes"] = a.Deletes
		}
	case run.State == "paused" && a.Resume:
		action = "/resume"
	default:
		return run, nil
	}
	_, err := c.sendJSON(ctx, path+action, body)
	switch {
	case is(err, "needs-approval"):
		fmt.Fprintf(s.Err, "hookwall: %s See %s\n", err, clean(run.URL))
		return run, ExitError(ExitWaits)
	case is(err, "confirm-deletes"):
		return run, fmt.Errorf("%w Here that is --deletes, with this number", err)
	case errors.Is(err, errConnection):
		return run, fmt.Errorf("%w. The plan may have been applied. Run the same command again to see", err)
	case err != nil:
		return run, err
	}
	return c.run(ctx, path)
}

// follow returns a run that has ended or pauses. A connection that breaks is made again. If ctx ends, the run goes on
// without anyone waiting.
func (a Apply) follow(ctx context.Context, c *Client, s Streams, path string, run Run) (Run, error) {
	every, heard, said := c.pause, time.Now(), ""
	for run.State == "running" {
		if text := run.progress(); text != said {
			fmt.Fprintln(s.Err, text)
			said = text
		}
		if !sleep(ctx, every) {
			fmt.Fprintf(s.Err, "hookwall: You stopped waiting. The run continues. Stop it or follow it at %s\n", clean(run.URL))
			return run, ExitError(ExitWaits)
		}
		next, err := c.run(ctx, path)
		switch {
		case err == nil:
			run, every, heard = next, c.pause, time.Now()
		case ctx.Err() != nil: // said above, in the next round
		case !mayPass(err):
			return run, err
		case time.Since(heard) > pollGivesUp:
			return run, fmt.Errorf("%w. The run continues without anyone waiting. See %s", err, clean(run.URL))
		default:
			if every == c.pause {
				fmt.Fprintf(s.Err, "hookwall: %s. Trying again\n", strings.TrimSuffix(err.Error(), "."))
			}
			every = min(2*every, pollSlowest*c.pause)
		}
	}
	return run, nil
}

// report prints how a run stands, and returns the status to exit with.
func (a Apply) report(s Streams, run Run) error {
	if a.JSON {
		if _, err := s.Out.Write(run.text); err != nil {
			return err
		}
	} else {
		printRun(s.Out, run)
	}
	switch {
	case run.State == "running" && !a.Wait:
		return nil
	case run.State != "done":
		return ExitError(ExitWaits)
	case run.Counts["done"] < run.Total:
		return ExitError(ExitFailed)
	}
	return nil
}
