package replicas

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"hookwall/e2e/process"
)

// memory returns a figure of a process's memory in MiB, by its name in Linux's /proc/PID/status; 0 elsewhere.
func memory(t testing.TB, p *process.Process, name string) float64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if os.IsNotExist(err) {
		return 0
	}
	check(t, err)
	var kib float64
	_, after, _ := strings.Cut(string(status), name+":")
	_, err = fmt.Sscanf(after, "%f kB", &kib)
	check(t, err)
	return kib / 1024
}

// clockTick is the unit of times in /proc/PID/stat, which is the same on all architectures that Go runs on.
const clockTick = 10 * time.Millisecond

// cpuTime returns how long a process has used a processor, by Linux's /proc/PID/stat; 0 elsewhere.
func cpuTime(t testing.TB, p *process.Process) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID()))
	if os.IsNotExist(err) {
		return 0
	}
	check(t, err)
	_, after, _ := strings.Cut(string(stat), ") ") // of the program's name
	fields := strings.Fields(after)
	var user, system int64
	_, err = fmt.Sscan(fields[11]+" "+fields[12], &user, &system)
	check(t, err)
	return time.Duration(user+system) * clockTick
}
