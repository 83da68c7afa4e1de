// Package probe finds out, at a real shop, which of our assumptions about Fourthwall's API hold. It makes webhooks,
// changes them, and deletes what it made, also after an interruption.
package probe

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"hookwall/internal/fourthwall"
)

// Verdict says whether an assumption holds.
type Verdict string

// The verdicts.
const (
	Holds    Verdict = "holds"
	Differs  Verdict = "differs"
	NotKnown Verdict = "not known"
)

// Finding is what was seen of an assumption. It holds no secret, no name of a shop and nothing of a buyer.
type Finding struct {
	Assumption

	Verdict Verdict
	Seen    string
}

// Config says what to probe.
type Config struct {
	BaseURL    string // of the API, without a final slash
	Credential fourthwall.Credential
	Other      fourthwall.Credential // another of the same shop, to see whether it lists the same webhooks; may be nil
	Scopes     []string              // of a token, nil for an API key
	Transport  http.RoundTripper
	UserAgent  string
	URL        string        // where the webhooks lead; Check accepts it
	Pause      time.Duration // before each call
	Cleanup    time.Duration // how long deleting may take at the end
}

// Check returns an error for a URL that the probe can't use.
func Check(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Port() != "" && u.Port() != "443" ||
		u.Fragment != "" || // the mark of the run would be in the fragment
		!strings.Contains(u.Hostname(), ".") || isIP(u.Hostname()) { // rejected, which says nothing of creating
		return errors.New("use an https URL of your own on port 443, such as https://hooks.example.com/probe")
	}
	return nil
}

func isIP(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// Plan returns sentences that say what Run does.
func Plan(address string) []string {
	return []string{
		"Up to 4 webhooks are created in the shop, read, changed and deleted again. All lead to " + address + ".",
		"They may receive events in the meantime, which takes about a minute.",
		"12 more creates use URLs that Fourthwall should reject. What it accepts is deleted too.",
		"Up to 50 deliveries are read. Nothing of their content is shown or kept.",
		"Other webhooks are listed and counted, never changed.",
	}
}

// ErrUnusable means that the API rejects the credential, or that nothing like the API responds.
var ErrUnusable = errors.New("the API can't be used")

// ErrLeft means that webhooks of the probe may be left in the shop.
var ErrLeft = errors.New("webhooks of the probe may be left in the shop")

// prober is one run.
type prober struct {
	Config

	shop    string // ID, for comparison only
	mark    string // in the URL of each webhook that the run creates
	made    []string
	unsure  int      // creates that may have worked without saying so
	limits  []string // names of headers about the rate limit
	errors  []response
	results map[string]Finding
}

// Run tries all assumptions and then deletes what it made, also if ctx ends before. The findings are complete even with
// an error. Errors are ErrUnusable, ErrLeft, and that of ctx.
func Run(ctx context.Context, c Config) ([]Finding, error) {
	p := &prober{Config: c, mark: "hookwall-probe=" + strings.ToLower(rand.Text()), results: map[string]Finding{}}
	unusable := p.tryShop(ctx)
	if unusable == nil {
		p.try(ctx)
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.Cleanup)
	defer cancel()
	err := p.cleanUp(end)
	var all []Finding
	for _, a := range Assumptions() {
		f, tried := p.results[a.ID]
		if !tried {
			f = Finding{Verdict: NotKnown, Seen: "not tried"}
		}
		f.Assumption = a
		all = append(all, f)
	}
	if ctx.Err() != nil {
		return all, errors.Join(ctx.Err(), err)
	}
	return all, errors.Join(unusable, err)
}

// try goes through the assumptions. What needs a webhook is left out if none can be created.
func (p *prober) try(ctx context.Context) {
	p.tryList(ctx)
	if first, ok := p.tryCreate(ctx); ok {
		p.tryRead(ctx, first)
		p.tryOther(ctx, first)
		p.tryReplace(ctx, first)
		p.tryDuplicate(ctx)
		p.tryDelete(ctx, first)
	}
	p.tryTypesField(ctx)
	p.tryRejections(ctx)
	p.tryUnknown(ctx)
	p.tryEvents(ctx)
	p.judgeErrors()
	p.judge(noRateHeaders, len(p.limits) == 0, cmp.Or(strings.Join(p.limits, ", "), "no such header"))
}

// judge keeps what was seen of an assumption.
func (p *prober) judge(id string, holds bool, seen string) {
	verdict := Differs
	if holds {
		verdict = Holds
	}
	p.results[id] = Finding{Verdict: verdict, Seen: seen}
}

func (p *prober) notKnown(id, seen string) { p.results[id] = Finding{Verdict: NotKnown, Seen: seen} }

// tryShop makes the first call. It returns ErrUnusable if others would say nothing of the API.
func (p *prober) tryShop(ctx context.Context) error {
	r, err := p.call(ctx, http.MethodGet, shopPath, nil)
	if err != nil {
		p.notKnown(readsShop, cause(err))
		return fmt.Errorf("%w: %s. Check FOURTHWALL_API_URL, or try again later", ErrUnusable, cause(err))
	}
	if r.status == http.StatusUnauthorized || r.object == nil {
		p.notKnown(readsShop, r.summary())
		return fmt.Errorf("%w: %s. Check the API key and FOURTHWALL_API_URL", ErrUnusable, r.summary())
	}
	p.judge(readsShop, r.status == http.StatusOK && r.text("id") != "" && r.text("name") != "" && r.text("domain") != "",
		r.summary()+fieldsOf(r.object))
	p.shop = r.text("id")
	return nil
}

// tryList reads the list before anything is created.
func (p *prober) tryList(ctx context.Context) {
	r, err := p.call(ctx, http.MethodGet, webhooksPath+"?size=100", nil)
	if err != nil {
		p.notKnown(listIsPage, cause(err))
		return
	}
	p.judgeReading(r)
	if r.status == http.StatusBadRequest || r.status == http.StatusUnprocessableEntity {
		p.judge(sizeHundred, false, r.summary())
		if r, err = p.call(ctx, http.MethodGet, webhooksPath, nil); err != nil {
			p.notKnown(listIsPage, cause(err))
			return
		}
	}
	if r.status != http.StatusOK {
		p.notKnown(listIsPage, r.summary())
		p.noteError(r)
		return
	}
	p.judge(listIsPage, r.object != nil && r.object["results"] != nil, shape(r))
	p.judge(listCounts, has(r.object, "total", "page", "size", "totalPages"), shape(r))
	if _, tried := p.results[sizeHundred]; !tried {
		size, given := r.object["size"].(float64)
		if given {
			p.judge(sizeHundred, size == 100, fmt.Sprintf("a size of %v", size)) //nolint:mnd // that was asked for
		} else {
			p.notKnown(sizeHundred, "the response names no size")
		}
	}
	if !r.isList() {
		p.notKnown(listsOthers, shape(r))
		return
	}
	p.notKnown(listsOthers, fmt.Sprintf("%d before the probe. One key can't show who created them: add another key of "+
		"the shop with --other-key-file", len(r.results())))
}

// tryOther looks for a webhook that the credential created in the list of another one.
func (p *prober) tryOther(ctx context.Context, id string) {
	if p.Other == nil {
		return
	}
	own := p.Credential
	p.Credential = p.Other
	defer func() { p.Credential = own }()
	r, err := p.call(ctx, http.MethodGet, shopPath, nil)
	switch {
	case err != nil:
		p.notKnown(listsOthers, "with the other key: "+cause(err))
		return
	case r.status != http.StatusOK:
		p.notKnown(listsOthers, "with the other key: "+r.summary())
		return
	case r.text("id") != p.shop:
		p.notKnown(listsOthers, "the other key belongs to another shop")
		return
	}
	all, complete := p.marked(ctx)
	switch listed := slices.Contains(all, id); {
	case listed:
		p.judge(listsOthers, true, "a webhook of one key is listed with the other")
	case complete:
		p.judge(listsOthers, false, "a webhook of one key isn't listed with the other")
	default:
		p.notKnown(listsOthers, "the other key can't read the list")
	}
}

// judgeReading says whether the scope for writing is enough to read.
func (p *prober) judgeReading(r response) {
	switch {
	case p.Scopes == nil:
		p.notKnown(writeReads, "an API key has all scopes")
	case slices.Contains(p.Scopes, "webhook_read"):
		p.notKnown(writeReads, "the token has webhook_read too")
	default:
		p.judge(writeReads, r.status == http.StatusForbidden, r.summary())
	}
}

// address returns the URL for a webhook of this run. Its mark tells it from all others.
func (p *prober) address(base string) string {
	if strings.Contains(base, "?") {
		return base + "&" + p.mark
	}
	return base + "?" + p.mark
}

// content is the body of a create or an update.
type content struct {
	URL   string   `json:"url"`
	Types []string `json:"allowedTypes"`
}

// create makes a webhook and remembers its ID. A create that was sent is finished even if ctx ends, or nobody would
// know whether it worked.
func (p *prober) create(ctx context.Context, body any) (response, error) {
	if err := ctx.Err(); err != nil {
		return response{}, err
	}
	r, err := p.call(context.WithoutCancel(ctx), http.MethodPost, webhooksPath, body)
	id := r.text("id")
	if id != "" {
		p.made = append(p.made, id)
	}
	if id == "" && (r.status < http.StatusBadRequest || r.status >= http.StatusInternalServerError) {
		p.unsure++
	}
	return r, err
}

// two are event types that are rare in a shop, so that the probe's webhooks receive little.
var two = []string{"GIFT_DRAW_ENDED", "GIFT_DRAW_STARTED"}

func (p *prober) tryCreate(ctx context.Context) (id string, ok bool) {
	want := content{p.address(p.URL), two[:1]}
	r, err := p.create(ctx, want)
	if err != nil {
		p.notKnown(creates, cause(err))
		return "", false
	}
	id = r.text("id")
	whole := r.status == http.StatusOK && id != "" && isContent(r.object, want) && r.text("apiVersion") == "V1"
	p.judge(creates, whole, r.summary()+fieldsOf(r.object))
	if id == "" {
		p.noteError(r)
		return "", false
	}
	if r.text("secret") != "" {
		p.judge(givesSecret, true, "it came")
	} else {
		p.judge(givesSecret, false, "it didn't come")
	}
	return id, true
}

func (p *prober) tryRead(ctx context.Context, id string) {
	r, err := p.call(ctx, http.MethodGet, webhooksPath+"/"+url.PathEscape(id), nil)
	if err != nil {
		p.notKnown(readsBack, cause(err))
		return
	}
	same := r.status == http.StatusOK && r.text("id") == id && isContent(r.object, content{p.address(p.URL), two[:1]})
	p.judge(readsBack, same, r.summary()+fieldsOf(r.object))
}

func (p *prober) tryReplace(ctx context.Context, id string) {
	want := content{p.address(p.URL) + "&changed=1", two}
	path := webhooksPath + "/" + url.PathEscape(id)
	r, err := p.call(ctx, http.MethodPut, path, want)
	if err != nil {
		p.notKnown(replaces, cause(err))
		return
	}
	seen, err := p.call(ctx, http.MethodGet, path, nil)
	switch {
	case err != nil:
		p.notKnown(replaces, cause(err))
	case seen.status != http.StatusOK:
		p.notKnown(replaces, r.summary()+", then read: "+seen.summary())
	default:
		p.judge(replaces, r.status == http.StatusOK && isContent(seen.object, want), r.summary())
	}
	p.tryAllTypes(ctx, path)
}

// tryAllTypes names all event types at once, and each by itself if that is rejected.
func (p *prober) tryAllTypes(ctx context.Context, path string) {
	var all []string
	for _, t := range fourthwall.EventTypes() {
		all = append(all, string(t.Code))
	}
	r, err := p.call(ctx, http.MethodPut, path, content{p.address(p.URL), all})
	if err != nil {
		p.notKnown(takesAllTypes, cause(err))
		return
	}
	if r.status == http.StatusOK {
		p.judge(takesAllTypes, isContent(r.object, content{p.address(p.URL), all}), "accepted together")
		return
	}
	p.noteError(r)
	var rejected []string
	for _, t := range all {
		one, err := p.call(ctx, http.MethodPut, path, content{p.address(p.URL), []string{t}})
		if err != nil {
			p.notKnown(takesAllTypes, cause(err))
			return
		}
		if one.status != http.StatusOK {
			rejected = append(rejected, t)
		}
	}
	alone := cmp.Or(strings.Join(rejected, ", "), "none")
	p.judge(takesAllTypes, false, r.summary()+" for all together; rejected alone: "+alone)
}

func (p *prober) tryDuplicate(ctx context.Context) {
	want := content{p.address(p.URL), two}
	first, err := p.create(ctx, want)
	if err != nil {
		p.notKnown(takesDuplicates, cause(err))
		return
	}
	second, err := p.create(ctx, want)
	switch {
	case err != nil:
		p.notKnown(takesDuplicates, cause(err))
	case second.text("id") == "":
		p.judge(takesDuplicates, false, second.summary())
	default:
		p.judge(takesDuplicates, first.text("id") != second.text("id"), second.summary())
	}
}

func (p *prober) tryDelete(ctx context.Context, id string) {
	path := webhooksPath + "/" + url.PathEscape(id)
	r, err := p.call(ctx, http.MethodDelete, path, nil)
	if err != nil {
		p.notKnown(deletes, cause(err))
		return
	}
	ok := r.status == http.StatusOK || r.status == http.StatusNoContent
	seen := r.summary()
	if len(r.body) > 0 {
		seen += ", with a body"
	}
	p.judge(deletes, ok && len(r.body) == 0, seen)
	if !ok {
		return
	}
	p.made = slices.DeleteFunc(p.made, func(made string) bool { return made == id })
	read, err := p.call(ctx, http.MethodGet, path, nil)
	if err != nil {
		p.notKnown(deletedIs404, cause(err))
		return
	}
	again, err := p.call(ctx, http.MethodDelete, path, nil)
	if err != nil {
		p.notKnown(deletedIs404, cause(err))
		return
	}
	p.judge(deletedIs404, read.status == http.StatusNotFound && again.status == http.StatusNotFound,
		"read: "+read.summary()+"; deleted again: "+again.summary())
}

// tryTypesField names the event types in a field that Fourthwall's own examples mention.
func (p *prober) tryTypesField(ctx context.Context) {
	r, err := p.create(ctx, map[string]any{"url": p.address(p.URL), "types": two})
	if err != nil {
		p.notKnown(refusesTypes, cause(err))
		return
	}
	if r.text("id") == "" {
		p.noteError(r)
		p.judge(refusesTypes, r.status >= http.StatusBadRequest, r.summary())
		return
	}
	types, _ := r.object["allowedTypes"].([]any)
	p.judge(refusesTypes, false, fmt.Sprintf("%s: a webhook with %d event types", r.summary(), len(types)))
}

// rejections are URLs that the API should reject, by assumption.
var rejections = []struct {
	id, code string
	urls     []string
}{
	{refusesIP, "WEBHOOK_URI_IP_NOT_ALLOWED", []string{
		"https://203.0.113.7/", "https://[2001:db8::7]/", "https://3405803783/",
	}},
	{refusesPort, "WEBHOOK_URI_PORT_NOT_ALLOWED", []string{"https://example.com:8443/", "http://example.com:8080/"}},
	{refusesDomain, "WEBHOOK_URI_UNALLOWED_DOMAIN", []string{
		"https://localhost/", "https://hooks.local/", "https://hooks.internal/", "https://hooks.test/", "https://hooks/",
		"https://fourthwall.com/", "https://my-shop.fourthwall.com/",
	}},
}

func (p *prober) tryRejections(ctx context.Context) {
	for _, kind := range rejections {
		var others []string
		failed := false
		for _, address := range kind.urls {
			r, err := p.create(ctx, content{p.address(address), two[:1]})
			if err != nil {
				failed = true
				others = append(others, address+": "+cause(err))
				continue
			}
			p.noteError(r)
			if r.status != http.StatusBadRequest || r.text("code") != kind.code {
				others = append(others, address+": "+r.summary())
			}
		}
		if ctx.Err() != nil {
			p.notKnown(kind.id, "interrupted")
			continue
		}
		if failed {
			p.notKnown(kind.id, strings.Join(others, "; "))
			continue
		}
		p.judge(kind.id, len(others) == 0, cmp.Or(strings.Join(others, "; "), "all of them"))
	}
}

func (p *prober) tryUnknown(ctx context.Context) {
	r, err := p.call(ctx, http.MethodGet, webhooksPath+"/wcon_"+p.mark[len(p.mark)-20:], nil)
	if err != nil {
		p.notKnown(unknownIs404, cause(err))
		return
	}
	p.noteError(r)
	p.judge(unknownIs404, r.status == http.StatusNotFound && r.text("code") == "WEBHOOK_CONFIGURATION_NOT_FOUND",
		r.summary())
}

// noteError remembers a response that is an error.
func (p *prober) noteError(r response) {
	if r.status >= http.StatusBadRequest {
		p.errors = append(p.errors, r)
	}
}

// judgeErrors looks at all errors that came.
func (p *prober) judgeErrors() {
	var others []string
	for _, r := range p.errors {
		if r.text("code") == "" {
			others = append(others, r.summary())
		}
	}
	if len(p.errors) == 0 {
		p.notKnown(errorHasCode, "no error came")
		return
	}
	slices.Sort(others)
	p.judge(errorHasCode, len(others) == 0,
		cmp.Or(strings.Join(slices.Compact(others), "; "), fmt.Sprintf("in %d errors", len(p.errors))))
}

// cleanUp deletes what the run created, and whatever else has its mark: a create can work without saying so.
func (p *prober) cleanUp(ctx context.Context) error {
	all, listed := p.marked(ctx)
	found := 0 // creates whose response was lost
	for _, id := range all {
		if !slices.Contains(p.made, id) {
			found++
		}
	}
	for _, id := range p.made {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	left := 0
	for _, id := range all {
		r, err := p.call(ctx, http.MethodDelete, webhooksPath+"/"+url.PathEscape(id), nil)
		if err != nil || r.status >= http.StatusMultipleChoices && r.status != http.StatusNotFound {
			left++
		}
	}
	if left == 0 && (p.unsure == 0 || listed && found >= p.unsure) {
		return nil
	}
	return fmt.Errorf("%w. Look for URLs with %s, and delete these webhooks", ErrLeft, p.mark)
}

// marked returns the webhooks of this run that are listed, and whether the list was complete.
func (p *prober) marked(ctx context.Context) (ids []string, complete bool) {
	seen := map[string]bool{}
	for page := range 1000 {
		r, err := p.call(ctx, http.MethodGet, fmt.Sprintf("%s?page=%d", webhooksPath, page), nil)
		if err != nil || !r.isList() {
			return ids, false
		}
		fresh := false
		for _, hook := range r.results() {
			id, _ := hook["id"].(string)
			address, _ := hook["url"].(string)
			if !seen[id] && strings.Contains(address, p.mark) {
				ids = append(ids, id)
			}
			fresh = fresh || !seen[id]
			seen[id] = true
		}
		if !fresh || r.object == nil {
			return ids, true
		}
	}
	return ids, false
}

// noteLimits remembers headers about a rate limit.
func (p *prober) noteLimits(h http.Header) {
	for name := range h {
		plain := strings.ReplaceAll(strings.ToLower(name), "-", "")
		if strings.Contains(plain, "ratelimit") && !slices.Contains(p.limits, name) {
			p.limits = append(p.limits, name)
		}
	}
	slices.Sort(p.limits)
}

// isContent reports whether a webhook has a URL and event types, in any order.
func isContent(hook map[string]any, want content) bool {
	types, _ := hook["allowedTypes"].([]any)
	var got []string
	for _, t := range types {
		name, _ := t.(string)
		got = append(got, name)
	}
	slices.Sort(got)
	return hook["url"] == want.URL && slices.Equal(got, slices.Sorted(slices.Values(want.Types)))
}

// WriteReport prints findings as a table that can be pasted into an issue.
func WriteReport(w io.Writer, version string, findings []Finding) error {
	count := map[Verdict]int{}
	for _, f := range findings {
		count[f.Verdict]++
	}
	_, err := fmt.Fprintf(w, "Hookwall %s, %d assumptions: %d hold, %d differ, %d not known.\n\n", version, len(findings),
		count[Holds], count[Differs], count[NotKnown])
	for _, f := range findings {
		if err == nil {
			_, err = fmt.Fprintf(w, "%s  %-9s  %s\n                Seen: %s.\n", f.ID, f.Verdict, f.Claim, f.Seen)
		}
		if err == nil && f.Verdict == Differs {
			_, err = fmt.Fprintf(w, "                Affects: %s.\n", f.Affects)
		}
	}
	return err
}
