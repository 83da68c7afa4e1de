// Package process starts Hookwall as processes of their own, so that a test
// can kill one and look at how the others, and the next one, behave:
//
//	box := process.Sandbox(t, t.TempDir())
//	wall := process.Dashboard(t, box, process.Database(t))
//	c := process.NewClient(t)
//	c.ConnectKey(wall, box.State().Shops[0])
//	wall.Kill()
//	wall.Restart()
//
// The program is built once for each test binary. A package that uses it calls
// [Clean] when its tests are over, which [Main] does.
package process

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Process is the program in a process of its own, until the test ends.
type Process struct {
	// URL is where it responds. A restarted process responds there again.
	URL string

	t           testing.TB
	args        []string
	environment []string
	home        string
	out         output

	mu    sync.Mutex
	cmd   *exec.Cmd
	ended chan struct{} // closed when cmd has ended and all it printed is read
}

// Start runs the program and waits until it responds. The program gets only
// PATH, a HOME of its own, and the given environment. Of several entries with
// one name, the last counts. It fails the test when the program does not start.
func Start(t testing.TB, args []string, environment ...string) *Process {
	t.Helper()
	p := &Process{t: t, args: args, environment: environment, home: t.TempDir()}
	address, err := p.run()
	if err != nil {
		t.Fatalf("it did not start: %v\n%s", err, p.Logs())
	}
	p.URL = "http://" + address
	t.Cleanup(p.Kill)
	return p
}

// run starts the program and returns the address that it says it listens on.
func (p *Process) run() (address string, err error) {
	program, err := Program()
	if err != nil {
		return "", err
	}
	cmd, ended := exec.Command(program, p.args...), make(chan struct{})
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.home}, p.environment...)
	cmd.Stdout, cmd.Stderr = &p.out, &p.out
	listening := p.out.await()
	if err := cmd.Start(); err != nil {
		return "", err
	}
	p.mu.Lock()
	p.cmd, p.ended = cmd, ended
	p.mu.Unlock()
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	select {
	case address := <-listening:
		return address, nil
	case <-ended:
		return "", errors.New(cmd.ProcessState.String())
	}
}

// Command returns a command of the program that isn't started yet. It gets only PATH, a HOME of its own, and the given
// environment.
func Command(t testing.TB, args []string, environment ...string) *exec.Cmd {
	t.Helper()
	program, err := Program()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, environment...)
	return cmd
}

// Kill ends the process as a power failure would.
func (p *Process) Kill() { p.end(syscall.SIGKILL) }

// Stop asks the process to end, and waits until it has finished its requests.
func (p *Process) Stop() { p.end(syscall.SIGTERM) }

func (p *Process) end(signal os.Signal) {
	_, ended := p.now()
	p.signal(signal)
	<-ended
}

// Pause suspends the process, as happens to a machine that is out of memory or
// is being moved. It returns when the process has stopped.
func (p *Process) Pause() {
	p.t.Helper()
	p.signal(syscall.SIGSTOP)
	for range 1000 {
		state, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(p.PID())).Output()
		if err != nil {
			p.t.Errorf("whether the process stands still: %v", err)
			return
		}
		if strings.HasPrefix(strings.TrimSpace(string(state)), "T") {
			return
		}
		<-time.After(time.Millisecond)
	}
	p.t.Error("the process doesn't stand still")
}

// Continue resumes a suspended process.
func (p *Process) Continue() { p.signal(syscall.SIGCONT) }

func (p *Process) signal(signal os.Signal) {
	cmd, _ := p.now()
	_ = cmd.Process.Signal(signal) // it may have ended
}

func (p *Process) now() (*exec.Cmd, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd, p.ended
}

// PID returns the process ID.
func (p *Process) PID() int {
	cmd, _ := p.now()
	return cmd.Process.Pid
}

// Restart runs the program again, after the end of the process, with the same
// arguments and environment, at the same address.
func (p *Process) Restart() {
	p.t.Helper()
	p.Kill()
	p.keepPort()
	// The port was free to others for a moment. A process that took it will release it.
	var err error
	for range 100 {
		if _, err = p.run(); err == nil {
			return
		}
		<-time.After(100 * time.Millisecond)
	}
	p.t.Fatalf("it did not start again: %v\n%s", err, p.Logs())
}

// keepPort writes the port that was taken where a free one was asked for.
func (p *Process) keepPort() {
	port := p.URL[strings.LastIndex(p.URL, ":"):]
	kept := func(given []string) (out []string) {
		for _, text := range given {
			isSandboxOf := strings.HasPrefix(text, "HOOKWALL_SANDBOX_ADDR=")
			if without, free := strings.CutSuffix(text, ":0"); free && !isSandboxOf {
				text = without + port
			}
			out = append(out, text)
		}
		return out
	}
	p.args, p.environment = kept(p.args), kept(p.environment)
}

// Logs returns what the program has printed so far, including before restarts:
// lines of JSON and a few sentences.
func (p *Process) Logs() string { return p.out.String() }

// output keeps what is printed, and waits for the address.
type output struct {
	mu        sync.Mutex
	all       bytes.Buffer
	read      int // up to where lines have been looked at
	listening chan string
}

// await returns a channel that gets the address that the program listens on.
func (o *output) await() <-chan string {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.read, o.listening = o.all.Len(), make(chan string, 1)
	return o.listening
}

// Write keeps what is printed.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all.Write(b)
	for o.listening != nil {
		line, _, whole := strings.Cut(o.all.String()[o.read:], "\n")
		if !whole {
			break
		}
		o.read += len(line) + 1
		var said struct {
			Msg     string `json:"msg"`
			Address string `json:"address"`
		}
		if json.Unmarshal([]byte(line), &said) == nil && said.Msg == "listening" {
			o.listening <- said.Address
			o.listening = nil
		}
	}
	return len(b), nil
}

// String returns what was printed so far.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}
