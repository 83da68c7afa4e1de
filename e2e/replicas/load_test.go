package replicas

import (
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hookwall/e2e/process"
)

var (
	loadTime = flag.Duration("load", 5*time.Second,
		"how long webhooks are created while a dashboard is killed again and again")
	people = flag.Int("people", 6, "how many do so at once")
)

// load is what some people do at two dashboards, one of which is killed
// repeatedly.
type load struct {
	*stage
	over chan struct{} // closed when nothing new is begun

	sent, repeated, unknown, kills atomic.Int64

	mu    sync.Mutex
	want  map[string]string // by address: what was answered in the end
	count map[string]int    // answers of each kind
}

// Ends of a webhook's life.
const (
	created = "created"
	edited  = "created and edited"
	removed = "created and deleted"
	open    = "couldn’t confirm"
)

// TestReplicasUnderLoad counts at the end. Every webhook that was created
// exists once, and no unknown one exists.
func TestReplicasUnderLoad(t *testing.T) {
	t.Parallel()
	l := &load{
		stage: newStage(t, 2, "HOOKWALL_LIMIT_WRITES=0", "HOOKWALL_LIMIT_ADDRESS_WRITES=0"),
		over:  make(chan struct{}), want: map[string]string{}, count: map[string]int{},
	}
	var persons, others sync.WaitGroup
	for i := range *people {
		shop := l.box.State().Shops[i%3]
		persons.Go(func() { l.work(i, shop) })
	}
	others.Go(l.killer)
	others.Go(l.clock)
	<-time.After(*loadTime)
	close(l.over)
	ended := time.Now()
	persons.Wait()
	others.Wait()
	t.Logf("last answers after %s", time.Since(ended).Round(time.Second))
	l.check()
	t.Logf("all is recorded after %s", time.Since(ended).Round(time.Second))
}

// clock advances the sandbox's clock, so that its quota does not limit the
// test.
func (l *load) clock() {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		l.box.Advance(5 * time.Second)
		select {
		case <-l.over:
			return
		case <-tick.C:
		}
	}
}

// killer kills the first dashboard whenever it has sent some responses.
func (l *load) killer() {
	host := strings.TrimPrefix(l.walls[0].URL, "http://")
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for last := 0; ; {
		if now := l.front.counts()[host]; now > last+5+int(l.kills.Load())%7 {
			last = now
			l.walls[0].Kill()
			l.walls[0].Restart()
			l.kills.Add(1)
		}
		select {
		case <-l.over:
			return
		case <-tick.C:
		}
	}
}

// worker is one of the people, with a session and a shop.
type worker struct {
	*load
	c    *process.Client
	home string // address of the shop's pages
}

func (l *load) work(i int, shop process.Shop) {
	w := worker{l, process.NewClient(l.t), l.front.url + "/shops/" + shop.ID}
	w.post(process.Form{
		Action: l.front.url + "/connect/key",
		Values: url.Values{"username": {shop.APIUser}, "password": {shop.APIPassword}},
	})
	for n := 0; ; n++ {
		select {
		case <-l.over:
			return
		default:
		}
		address := fmt.Sprintf("https://hooks.example.com/load/%d/%d", i, n)
		page, end := w.create(address)
		switch at := page.URL; {
		case end != created:
		case n%4 == 1:
			end = w.remove(at.String())
		case n%4 == 3:
			end = w.edit(at.String())
		}
		l.mu.Lock()
		l.want[address] = end
		l.mu.Unlock()
	}
}

// get opens a page, again where the connection was cut.
func (w worker) get(address string) process.Page {
	return w.send(http.MethodGet, process.Form{Action: address})
}

// post sends a form, the same again where the connection was cut.
func (w worker) post(f process.Form) process.Page { return w.send(http.MethodPost, f) }

func (w worker) send(method string, f process.Form) process.Page {
	for range 50 {
		page, err := w.c.Send(w.t.Context(), method, f.Action, f.Values)
		if err == nil {
			w.mu.Lock()
			w.count[fmt.Sprintf("%s %d", method, page.Status)]++
			w.mu.Unlock()
			return page
		}
		if method == http.MethodPost {
			w.repeated.Add(1)
		}
	}
	w.t.Errorf("%s is never answered", f.Action)
	return process.Page{URL: &url.URL{}}
}

// create makes a webhook by one form.
func (w worker) create(address string) (process.Page, string) {
	f := w.get(w.home + "/webhooks/new").Form("/webhooks")
	f.Values.Set("url", address)
	f.Values.Set("allowedTypes", "DONATION")
	f.Values.Set("do", "create")
	w.sent.Add(1)
	page := w.post(f)
	if isUnknown(page) {
		w.unknown.Add(1)
	}
	for tries := 0; *patient && isUnknown(page) && tries < 60; tries++ {
		<-time.After(2 * time.Second)
		page = w.post(f)
	}
	switch {
	case isUnknown(page):
		return page, open
	case page.Status == http.StatusOK && strings.Contains(page.URL.Path, "/webhooks/wcon_"):
		return page, created
	}
	w.t.Errorf("creating %s ends at %s with %d:\n%s", address, page.URL, page.Status, words(page))
	return page, "refused"
}

func isUnknown(page process.Page) bool {
	return page.Status == http.StatusBadGateway && strings.Contains(page.Body, "Unconfirmed")
}

func (w worker) remove(at string) string {
	page := w.post(w.get(at + "/delete").Form("/delete"))
	if page.Status != http.StatusOK || !strings.HasSuffix(page.URL.Path, "/webhooks") {
		w.t.Errorf("deleting %s ends at %s with %d:\n%s", at, page.URL, page.Status, words(page))
	}
	return removed
}

func (w worker) edit(at string) string {
	f := w.get(at + "/edit").Form("/edit")
	f.Values.Set("do", "review")
	f.Values["allowedTypes"] = []string{"DONATION", "ORDER_PLACED"}
	page := w.post(w.post(f).Form("/edit/confirm"))
	if page.Status != http.StatusOK || page.URL.String() != at {
		w.t.Errorf("editing %s ends at %s with %d:\n%s", at, page.URL, page.Status, words(page))
	}
	return edited
}

// words is what a page says in its main part.
func words(page process.Page) string {
	_, main, _ := strings.Cut(page.Body, "<main")
	return main[:min(len(main), 3000)]
}

// check counts.
func (l *load) check() {
	l.t.Helper()
	types := map[string][]int{} // number of event types of each webhook, by address
	for _, shop := range l.box.State().Shops {
		for _, hook := range shop.Webhooks {
			types[hook.URL] = append(types[hook.URL], len(hook.AllowedTypes))
		}
	}
	ends, lost, doubled, wrong := map[string]int{}, 0, 0, 0
	for address, end := range l.want {
		ends[end]++
		there := types[address]
		switch wants := map[string][]int{created: {1}, edited: {2}, removed: nil}; {
		case len(there) > 1:
			doubled++
		case end == open:
		case len(there) < len(wants[end]):
			lost++
		case !slices.Equal(there, wants[end]):
			wrong++
		}
		delete(types, address)
	}
	strangers := 0
	for address := range types {
		if strings.Contains(address, "/load/") {
			strangers++
		}
	}
	l.t.Logf("%d creates sent by %d people at two replicas, one of them killed %d times; "+
		"%d forms sent again on a cut connection", l.sent.Load(), *people, l.kills.Load(), l.repeated.Load())
	l.t.Logf("answered %v; %d were not confirmed at first", ends, l.unknown.Load())
	l.t.Logf("answers %v; served %v", l.count, l.front.counts())
	l.t.Logf("lost %d, doubled %d, not as answered %d, unheard of %d", lost, doubled, wrong, strangers)
	if lost+doubled+wrong+strangers > 0 || l.kills.Load() == 0 || ends[created] == 0 || len(l.want) != int(l.sent.Load()) {
		l.t.Error("the count is wrong, or nothing was tried")
	}
	l.recorded()
}

// recorded compares the activity with what was done. Each webhook that was
// created is there once. The end of each attempt is known, except of those that
// cannot be known yet.
func (l *load) recorded() {
	l.t.Helper()
	for i, shop := range l.box.State().Shops {
		c := process.NewClient(l.t)
		c.Post(l.front.url+"/connect/key", url.Values{"username": {shop.APIUser}, "password": {shop.APIPassword}})
		csv := func(outcome string) []string {
			page := c.Get(l.front.url + "/shops/" + shop.ID + "/activity.csv?outcome=" + outcome)
			return strings.Split(page.Body, "\n")
		}
		eventually(l.t, "finding the outcome of every attempt", func() bool {
			return !slices.ContainsFunc(csv("pending"), func(line string) bool {
				return strings.Contains(line, "/load/") && !l.isOpen(line)
			})
		})
		done := map[string]int{}
		for _, line := range csv("done") {
			if strings.Contains(line, "webhook.create") {
				done[addressIn(line)]++
			}
		}
		for address := range maps.Keys(l.want) {
			if l.want[address] != open && strings.HasPrefix(address, "https://hooks.example.com/load/") &&
				l.shopOf(address) == i && done[address] != 1 {
				l.t.Errorf("%s (%s) stands in the activity as created %d times", address, l.want[address], done[address])
			}
		}
	}
}

func (l *load) isOpen(line string) bool { return l.want[addressIn(line)] == open }

// shopOf is the number of the shop whose webhook has an address.
func (l *load) shopOf(address string) int {
	var person, n int
	_, _ = fmt.Sscanf(address, "https://hooks.example.com/load/%d/%d", &person, &n)
	return person % 3
}

// addressIn is the address of a webhook in a line of the activity.
func addressIn(line string) string {
	_, rest, _ := strings.Cut(line, "https://")
	address, _, _ := strings.Cut(rest, ",")
	return "https://" + strings.Trim(address, `"`)
}
