package replicas

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"hookwall/e2e/process"
)

var memoryRequests = flag.Int("requests", 100_000, "how many pages are requested before memory is read again")

const (
	startRounds  = 15
	memoryPeople = 8
	memoryRest   = 6 * time.Second // before memory is read
)

// A started is a way to start a program, on files that the first start has made.
type started struct {
	program     string
	environment []string
	took, cpu   []time.Duration
}

// BenchmarkStartRatios starts programs in turns, until the first response with status 200: Hookwall with an API, the
// same with its sandbox, and the least that a Go program with net/http does. It also counts the CPU time.
func BenchmarkStartRatios(b *testing.B) {
	program, err := process.Program()
	check(b, err)
	bare := filepath.Join(b.TempDir(), "bare")
	out, err := exec.CommandContext(b.Context(), "go", "build", "-o", bare, "./testdata/bare").CombinedOutput()
	if err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	sandbox := []string{"HOME=" + b.TempDir(), "HOOKWALL_ADDR=127.0.0.1:0", "HOOKWALL_SANDBOX_ADDR=127.0.0.1:0"}
	api := append([]string{
		"FOURTHWALL_CLIENT_ID=x", "FOURTHWALL_API_URL=http://127.0.0.1:1", "HOOKWALL_SECRET_KEY=" + process.Key,
		"FOURTHWALL_AUTH_URL=http://127.0.0.1:1/{client_id}/connect",
		"HOOKWALL_DATABASE_URL=" + filepath.Join(b.TempDir(), "x.db"),
	}, sandbox[:2]...)
	sides := map[string]*started{
		"bare": {program: bare}, "API": {program: program, environment: api},
		"sandbox": {program: program, environment: sandbox},
	}
	for b.Loop() {
		for round := range startRounds + 1 {
			for _, s := range sides {
				took, cpu := s.start(b)
				if round > 0 { // else its files don't exist, or aren't read yet
					s.took, s.cpu = append(s.took, took), append(s.cpu, cpu)
				}
			}
		}
	}
	for _, name := range []string{"API", "sandbox"} {
		s, least := sides[name], sides["bare"]
		b.ReportMetric(percentile(s.took, .5).Seconds()*1e3, "ms-with-"+name)
		b.ReportMetric(percentile(s.cpu, .5).Seconds()*1e3, "CPU-ms-with-"+name)
		b.ReportMetric(float64(percentile(s.took, .5))/float64(percentile(least.took, .5)), "with-"+name+"÷bare")
	}
}

// start starts the program, and ends it after its first page.
func (s *started) start(b *testing.B) (took, cpu time.Duration) {
	b.Helper()
	c := exec.CommandContext(b.Context(), s.program)
	c.Env = s.environment
	out, err := c.StdoutPipe()
	check(b, err)
	began := time.Now()
	check(b, c.Start())
	lines := bufio.NewScanner(out)
	var said struct{ Msg, Address string }
	for said.Msg != "listening" {
		if !lines.Scan() {
			b.Fatalf("%s ended: %v", s.program, c.Wait())
		}
		_ = json.Unmarshal(lines.Bytes(), &said) // some lines are sentences
	}
	page := process.NewClient(b).Get("http://" + said.Address + "/connect")
	took = time.Since(began)
	if page.Status != http.StatusOK {
		b.Fatalf("status %d", page.Status)
	}
	check(b, c.Process.Kill())
	_ = c.Wait() // says that it was killed
	return took, c.ProcessState.UserTime() + c.ProcessState.SystemTime()
}

// BenchmarkMemoryRatios reports the memory of a dashboard on SQLite, and of one with its sandbox: after its first page,
// and after -requests. Resident memory includes pages of the program's file, which the system may drop. Anonymous
// memory is without them.
func BenchmarkMemoryRatios(b *testing.B) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		b.Skip("memory is read as Linux has it")
	}
	box := &process.Process{URL: "http://127.0.0.1:1"}
	for b.Loop() {
		wall := process.Dashboard(b, box, filepath.Join(b.TempDir(), "x.db"))
		measureMemory(b, wall, "with-API")
		measureMemory(b, process.Start(b, nil, "HOOKWALL_ADDR=127.0.0.1:0", "HOOKWALL_SANDBOX_ADDR=127.0.0.1:0"),
			"with-sandbox")
	}
}

func measureMemory(b *testing.B, wall *process.Process, name string) {
	b.Helper()
	read := func(when string) float64 {
		<-time.After(memoryRest)
		b.ReportMetric(memory(b, wall, "VmRSS"), fmt.Sprintf("MiB-%s-%s", when, name))
		anonymous := memory(b, wall, "RssAnon")
		b.ReportMetric(anonymous, fmt.Sprintf("MiB-anonymous-%s-%s", when, name))
		return anonymous
	}
	pages := func(n int) {
		c := process.NewClient(b)
		c.HTTP.Transport = keptAlive
		for range n {
			if page := c.Get(wall.URL + "/connect"); page.Status != http.StatusOK {
				b.Errorf("status %d", page.Status)
			}
		}
	}
	pages(1)
	idle := read("idle")
	var people sync.WaitGroup
	for range memoryPeople {
		people.Go(func() { pages(*memoryRequests / memoryPeople) })
	}
	people.Wait()
	b.ReportMetric(read("after")/idle, "anonymous-after÷idle-"+name)
	b.ReportMetric(memory(b, wall, "VmHWM"), "MiB-peak-"+name)
	keptAlive.CloseIdleConnections()
}
