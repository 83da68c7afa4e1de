package deploy

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// proxy is nginx with the settings of this folder.
type proxy struct {
	plain, secure, redirect string // addresses
	log                     string // file
}

// startProxy runs nginx before replicas at the given addresses. plain may be
// an address that the test took before, to name it to the replicas.
func startProxy(t *testing.T, plain string, replicas [2]string) proxy {
	t.Helper()
	// nginx cannot be asked for any free port, so others may be faster.
	for range 20 {
		p := proxy{plain: plain, secure: freeAddress(t), redirect: freeAddress(t)}
		dir := t.TempDir()
		p.log = filepath.Join(dir, "log")
		if runNginx(t, dir, writeSettings(t, dir, p, replicas), p) {
			return p
		}
	}
	t.Fatal("no port is free")
	return proxy{}
}

// runNginx starts nginx, and reports whether its addresses were free.
func runNginx(t *testing.T, dir, settings string, p proxy) bool {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx"
	}
	cmd := exec.Command(program, "-p", dir, "-c", settings)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: install nginx, on Debian with apt-get install nginx-light", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if err := answers(p, ended); err == nil {
		t.Cleanup(func() {
			_ = cmd.Process.Signal(os.Interrupt)
			<-ended
		})
		return true
	}
	if !strings.Contains(said.String(), "Address already in use") {
		t.Fatalf("nginx does not start: %s", said.String())
	}
	return false
}

// answers waits until nginx listens, or has ended.
func answers(p proxy, ended <-chan error) error {
	for {
		select {
		case err := <-ended:
			return errors.Join(errors.New("it has ended"), err)
		case <-time.After(20 * time.Millisecond):
		}
		conn, err := net.Dial("tcp", p.plain)
		if err == nil {
			return conn.Close()
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// writeSettings puts the files of this folder where nginx of its image would
// find them, with the addresses of the test.
func writeSettings(t *testing.T, dir string, p proxy, replicas [2]string) (file string) {
	t.Helper()
	here, err := filepath.Abs("nginx")
	if err != nil {
		t.Fatal(err)
	}
	writeCertificate(t, dir)
	text := beginning(dir)
	for _, name := range []string{"hookwall.conf", "tls.conf"} {
		text += strings.NewReplacer(
			"hookwall-1:8080", replicas[0], "hookwall-2:8080", replicas[1],
			"listen 8080;", "listen "+p.plain+";", "listen 8443 ", "listen "+p.secure+" ", "listen 8081;", "listen "+p.redirect+";",
			"/etc/nginx/hookwall", dir, "/etc/nginx/tls", dir, "/dev/stdout", p.log, "/dev/stderr", p.log,
		).Replace(readFile(t, "deploy/nginx/"+name))
	}
	copies := map[string]string{"nginx.conf": text + "}\n"}
	for _, name := range []string{"locations.conf", "unavailable.html"} {
		b, err := os.ReadFile(filepath.Join(here, name))
		if err != nil {
			t.Fatal(err)
		}
		copies[name] = strings.ReplaceAll(string(b), "/etc/nginx/hookwall", dir)
	}
	for name, content := range copies {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "nginx.conf")
}

// beginning is that of settings for nginx, up to the inside of their http block.
func beginning(dir string) string {
	text := `daemon off; pid ` + dir + `/pid; user root; worker_processes 1; error_log stderr;
events {}
http {
include /etc/nginx/mime.types;
`
	for _, temporary := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		text += temporary + "_temp_path " + dir + "/" + temporary + ";\n"
	}
	return text
}

// from is a client at an address of its own, without keeping connections.
func from(address string) *http.Client {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	return &http.Client{
		Transport:     &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
