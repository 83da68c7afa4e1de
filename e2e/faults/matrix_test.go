package faults

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"

	"go.uber.org/goleak"

	"hookwall/e2e/process"
)

var matrixFile = flag.String("matrix", "", "file to write the matrix of faults to")

// TestMain lets many tests wait at once, which is what they do most of the time.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil {
		log.Fatal(err)
	}
	code := m.Run()
	if err := errors.Join(matrix.write(*matrixFile), process.Clean(), leaks()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// leaks finds goroutines that outlive the tests. The proxy leaves its pipes
// behind where it was told to break a connection.
func leaks() error {
	const proxy = "github.com/Shopify/toxiproxy/v2"
	return goleak.Find(
		goleak.IgnoreAnyFunction(proxy+".(*ToxicLink).read"), goleak.IgnoreAnyFunction(proxy+".(*ToxicLink).write"),
		goleak.IgnoreAnyFunction(proxy+"/toxics.(*ToxicStub).Run"),
	)
}

// want is what a person gets while a fault lasts, and how it heals.
type want struct {
	status int
	after  string   // Retry-After
	says   []string // on the page: what happened, and what to do
	kept   string   // where what was typed is: in a form of the page, or in a draft that it names; "" where nothing was
	done   int      // how often it was done at Fourthwall meanwhile
	heals  string   // what the person does afterwards until it is done; "" when it was done all the same
	log    string   // in a line of the log that names the request id of the page; "" when the page needs none
}

// seen is what a person saw while a fault lasted.
type seen struct {
	page
	done int
}

func (a *attempt) observe(pg page) seen { return seen{pg, a.effects()} }

// compare compares what a person saw with what is wanted, lets the person continue
// after the fault, and enters a row in the matrix.
func (a *attempt) compare(fault string, got seen, w want) {
	t := a.w.t
	t.Helper()
	held := true
	wrong := func(format string, args ...any) {
		t.Helper()
		held = false
		t.Errorf(a.action+": "+format+"\nsaw %s", append(args, got)...)
	}
	if got.Status != w.status {
		wrong("status %d, want %d", got.Status, w.status)
	}
	for _, sentence := range w.says {
		if !strings.Contains(got.text, sentence) {
			wrong("the page lacks %q", sentence)
		}
	}
	if !got.keeps(w.kept, a.typed) {
		wrong("the input is not kept in a %s", w.kept)
	}
	if got.done != w.done {
		wrong("done %d times meanwhile, want %d", got.done, w.done)
	}
	if after := got.Header.Get("Retry-After"); after != w.after {
		wrong("Retry-After is %q, want %q", after, w.after)
	}
	logged := a.w.logged(cmp.Or(got.requestID(), `"request":"`)) // a page that comes next names no request
	if w.log != "" && !slices.ContainsFunc(logged, func(line string) bool { return strings.Contains(line, w.log) }) {
		wrong("no line of the log has %q and the request id %q of the page: %q", w.log, got.requestID(), logged)
	}
	steps, end := a.heal(got.page)
	if heals := strings.Join(steps, ", "); heals != w.heals {
		wrong("heals by %q, want %q, and ends with %s", heals, w.heals, end)
	}
	if after := a.effects(); a.action != lists && after != 1 {
		wrong("done %d times in the end", after)
	}
	matrix.add(row{
		fault, a.action, w.status, w.says[0], cmp.Or(w.kept, "-"), a.effects(), cmp.Or(w.heals, "itself"),
		cmp.Or(w.log, "-"), held,
	})
}

// row is one line of the matrix.
type row struct {
	fault, action string
	status        int
	saw           string
	kept          string
	done          int
	heals         string
	log           string
	holds         bool
}

var matrix table

// table collects the rows of tests that run at once.
type table struct {
	mu     sync.Mutex
	faults []string // in the order in which they are printed
	rows   []row
}

// expect reserves a fault's place in the order.
func (m *table) expect(fault string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !slices.Contains(m.faults, fault) {
		m.faults = append(m.faults, fault)
	}
}

func (m *table) add(r row) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows = append(m.rows, r)
}

// write prints the rows into a file, unless it is "".
func (m *table) write(path string) error {
	if path == "" {
		return nil
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(m.print(file), file.Close())
}

func (m *table) print(w io.Writer) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	slices.SortStableFunc(m.rows, func(a, b row) int {
		return cmp.Compare(slices.Index(m.faults, a.fault), slices.Index(m.faults, b.fault))
	})
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "FAULT\tDEED\tSTATUS\tTHE PERSON SEES\tINPUT KEPT\tTIMES DONE\tHEALS BY\tTHE LOG SAYS\tHOLDS")
	broken := 0
	for _, r := range m.rows {
		holds := "yes"
		if !r.holds {
			holds, broken = "NO", broken+1
		}
		fmt.Fprintln(tab, strings.Join([]string{
			r.fault, r.action, strconv.Itoa(r.status), r.saw, r.kept,
			strconv.Itoa(r.done), r.heals, r.log, holds,
		}, "\t"))
	}
	for _, fault := range m.faults {
		if !slices.ContainsFunc(m.rows, func(r row) bool { return r.fault == fault }) {
			fmt.Fprintln(tab, fault+"\tnot run, see the log of the tests")
		}
	}
	_, err := fmt.Fprintf(tab, "%d faults, %d rows, %d do not hold\n", len(m.faults), len(m.rows), broken)
	return errors.Join(err, tab.Flush())
}
