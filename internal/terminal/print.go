package terminal

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Run is how far a plan is applied.
type Run struct {
	Number int64          `json:"number"`
	URL    string         `json:"url"`
	Digest string         `json:"digest"`
	State  string         `json:"state"`
	Text   string         `json:"text"` // why it is paused
	Total  int            `json:"total"`
	Counts map[string]int `json:"counts"`
	Items  []RunItem      `json:"items"`

	text []byte // unchanged
}

// RunItem is a change of a run that didn't succeed.
type RunItem struct {
	Shop       Shop   `json:"shop"`
	WebhookURL string `json:"webhookUrl"`
	State      string `json:"state"`
	Code       string `json:"code"`
	Text       string `json:"text"`
}

// Shop names a shop.
type Shop struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Domain string `json:"domain"`
}

func (s Shop) called() string {
	if s.Name == "" {
		return clean(s.ID)
	}
	return clean(s.Name)
}

// run reads how far a plan is applied, with the changes that failed.
func (c *Client) run(ctx context.Context, path string) (Run, error) {
	var run Run
	text, _, err := c.send(ctx, request{
		method: http.MethodGet, path: path + "/run", query: url.Values{"items": {"failed"}},
	})
	if err == nil {
		err = json.Unmarshal(text, &run)
	}
	run.text = text
	return run, err
}

// progress says how far a run is in one line.
func (r Run) progress() string {
	text := fmt.Sprintf("%d of %s done", r.Counts["done"], count(r.Total, "change", "changes"))
	for _, state := range states[1:] {
		if n := r.Counts[state]; n > 0 && state != "pending" {
			text += fmt.Sprintf(", %d %s", n, stateTexts[state])
		}
	}
	return text
}

// printRun prints how far a run is, and what failed.
func printRun(w io.Writer, r Run) {
	fmt.Fprintf(w, "Plan %d: %s.\n", r.Number, r.progress())
	for _, i := range r.Items {
		fmt.Fprintf(w, "  %s, %s: %s.", i.Shop.called(), clean(i.WebhookURL), stateTexts[i.State])
		if text := cmp.Or(i.Text, i.Code); text != "" {
			fmt.Fprintf(w, " %s", clean(text))
		}
		fmt.Fprintln(w)
	}
	switch r.State {
	case "running":
		fmt.Fprintf(w, "The run continues. To follow it, run the same command with --wait.\n")
	case "paused":
		fmt.Fprintf(w, "%s To continue, run the same command with --resume.\n", clean(r.Text))
	}
	fmt.Fprintf(w, "See %s\n", clean(r.URL))
}

// planned is what the server says of a file: a plan, or nothing to change.
type planned struct {
	Number        int64     `json:"number"`
	URL           string    `json:"url"`
	Digest        string    `json:"digest"`
	Shops         int       `json:"shops"`
	Creates       int       `json:"creates"`
	Updates       int       `json:"updates"`
	Deletes       int       `json:"deletes"`
	NeedsApproval bool      `json:"needsApproval"`
	Items         []item    `json:"items"`
	LeftOut       []leftOut `json:"leftOut"`
	Same          int       `json:"same"`
}

type item struct {
	Action string   `json:"action"`
	Shop   Shop     `json:"shop"`
	Before *content `json:"before"`
	After  *content `json:"after"`
}

type content struct {
	URL          string   `json:"url"`
	AllowedTypes []string `json:"allowedTypes"`
}

type leftOut struct {
	Shop Shop   `json:"shop"`
	Text string `json:"text"`
	Fix  string `json:"fix"`
}

const (
	namesShown  = 10 // of the shops with the same change
	digestShown = 16 // characters, which is enough for apply
)

// printPlan prints a plan, identical changes together.
func printPlan(w io.Writer, text []byte) error {
	var p planned
	if err := json.Unmarshal(text, &p); err != nil {
		return err
	}
	if p.Number == 0 {
		fmt.Fprintf(w, "Nothing to change. %s as the file says.\n", count(p.Same, "shop is", "shops are"))
		printLeftOut(w, p.LeftOut)
		return nil
	}
	fmt.Fprintf(w, "Plan %d: %s in %s (%d new, %d edited, %d deleted).\n", p.Number,
		count(len(p.Items), "change", "changes"), count(p.Shops, "shop", "shops"), p.Creates, p.Updates, p.Deletes)
	for _, g := range grouped(p.Items) {
		fmt.Fprintf(w, "\n%s\n  %s\n", g.change, names(g.shops))
	}
	printLeftOut(w, p.LeftOut)
	fmt.Fprintf(w, "\nDigest: %s\nReview it at %s\n", clean(p.Digest), clean(p.URL))
	if p.NeedsApproval {
		fmt.Fprintln(w, "Another person has to approve it there first.")
	}
	more := ""
	if p.Deletes > 0 {
		more = fmt.Sprintf(" --deletes %d", p.Deletes)
	}
	short := clean(p.Digest)
	fmt.Fprintf(w, "Apply it with: hookwall fleet apply %d --digest %s%s --wait\n", p.Number,
		short[:min(digestShown, len(short))], more)
	return nil
}

func printLeftOut(w io.Writer, all []leftOut) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(w, "\nLeft out:\n")
	var texts []string
	of := map[string][]string{}
	for _, l := range all {
		text := clean(l.Text + " " + l.Fix)
		if of[text] == nil {
			texts = append(texts, text)
		}
		of[text] = append(of[text], l.Shop.called())
	}
	for _, text := range texts {
		fmt.Fprintf(w, "  %s: %s\n", names(of[text]), text)
	}
}

type group struct {
	change string
	shops  []string
}

// grouped puts identical changes together, in the order in which they come.
func grouped(items []item) (all []group) {
	at := map[string]int{}
	for _, i := range items {
		text := i.change()
		n, found := at[text]
		if !found {
			n = len(all)
			at[text] = n
			all = append(all, group{change: text})
		}
		all[n].shops = append(all[n].shops, i.Shop.called())
	}
	slices.SortStableFunc(all, func(a, b group) int { return len(b.shops) - len(a.shops) })
	return all
}

// change says what happens to a webhook.
func (i item) change() string {
	switch {
	case i.Before == nil && i.After == nil:
		return i.Action
	case i.Before == nil:
		return clean("+ " + i.After.URL + "  " + strings.Join(i.After.AllowedTypes, " "))
	case i.After == nil:
		return clean("- " + i.Before.URL)
	}
	text := "~ " + i.Before.URL
	if i.After.URL != i.Before.URL {
		text += " → " + i.After.URL
	}
	for _, t := range i.After.AllowedTypes {
		if !slices.Contains(i.Before.AllowedTypes, t) {
			text += "  +" + t
		}
	}
	for _, t := range i.Before.AllowedTypes {
		if !slices.Contains(i.After.AllowedTypes, t) {
			text += "  -" + t
		}
	}
	return clean(text)
}

// names lists shops, of many the first.
func names(shops []string) string {
	text := count(len(shops), "shop: ", "shops: ")
	if len(shops) <= namesShown {
		return text + strings.Join(shops, ", ")
	}
	return text + strings.Join(shops[:namesShown], ", ") + fmt.Sprintf(" and %d more", len(shops)-namesShown)
}
