package static_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"hookwall/static"
)

// sources returns the files that people write, by name.
func sources(t *testing.T) map[string][]byte {
	t.Helper()
	return files(t, "assets")
}

// minified returns the files that are served, by name. "make test" checks that they belong to the sources.
func minified(t *testing.T) map[string][]byte {
	t.Helper()
	return files(t, "minified")
}

// files returns the files of a folder by name.
func files(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	dir := os.DirFS(folder)
	names, err := fs.Glob(dir, "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		content, err := fs.ReadFile(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = content
	}
	return all
}

func ask(method, path string, header http.Header) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	for name, values := range header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	static.Handler().ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, res *http.Response) []byte {
	t.Helper()
	content, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// Checklist 29.
func TestEveryFileIsServedUnderItsHash(t *testing.T) {
	types := map[string]string{
		"app.css":       "text/css; charset=utf-8",
		"pages.css":     "text/css; charset=utf-8",
		"app.js":        "text/javascript; charset=utf-8",
		"list.js":       "text/javascript; charset=utf-8",
		"form.css":      "text/css; charset=utf-8",
		"form.js":       "text/javascript; charset=utf-8",
		"fleet.css":     "text/css; charset=utf-8",
		"plan.css":      "text/css; charset=utf-8",
		"shops.css":     "text/css; charset=utf-8",
		"search.css":    "text/css; charset=utf-8",
		"list.css":      "text/css; charset=utf-8",
		"implicit.js":   "text/javascript; charset=utf-8",
		"disconnect.js": "text/javascript; charset=utf-8",
		"picker.css":    "text/css; charset=utf-8",
		"picker.js":     "text/javascript; charset=utf-8",
		"log.css":       "text/css; charset=utf-8",
		"webhook.css":   "text/css; charset=utf-8",
		"log.js":        "text/javascript; charset=utf-8",
		"icons.svg":     "image/svg+xml; charset=utf-8",
	}
	hashed := regexp.MustCompile(`^/static/[a-z]+\.[0-9a-f]{12}\.(css|js|svg)$`)
	found := minified(t)
	if len(found) != len(types) {
		t.Fatalf("%d files are served, %d in this test", len(found), len(types))
	}
	for name, want := range types {
		t.Run(name, func(t *testing.T) {
			path := static.Path(name)
			if !hashed.MatchString(path) {
				t.Errorf("path %q has no hash", path)
			}
			res := ask("GET", path, nil)
			content := found[name]
			if got := body(t, res); !bytes.Equal(got, content) {
				t.Errorf("served %d bytes that differ from the file's %d", len(got), len(content))
			}
			headers := map[string]string{
				"Content-Type":           want,
				"Content-Length":         strconv.Itoa(len(content)),
				"Content-Encoding":       "",
				"Cache-Control":          "public, max-age=31536000, immutable",
				"X-Content-Type-Options": "nosniff",
				"Vary":                   "Accept-Encoding",
			}
			for header, want := range headers {
				if got := res.Header.Get(header); got != want {
					t.Errorf("%s: got %q, want %q", header, got, want)
				}
			}
			if res.StatusCode != http.StatusOK {
				t.Errorf("status %d", res.StatusCode)
			}
		})
	}
}

func TestGzipHasTheSameBytes(t *testing.T) {
	for name := range minified(t) {
		want := body(t, ask("GET", static.Path(name), nil))
		res := ask("GET", static.Path(name), http.Header{"Accept-Encoding": {"br, gzip"}})
		if got := res.Header.Get("Content-Encoding"); got != "gzip" {
			t.Fatalf("%s: encoding %q", name, got)
		}
		compressed := body(t, res)
		if got := res.Header.Get("Content-Length"); got != strconv.Itoa(len(compressed)) {
			t.Errorf("%s: Content-Length %s for %d bytes", name, got, len(compressed))
		}
		zr, err := gzip.NewReader(bytes.NewReader(compressed))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(zr)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: unpacked to other bytes", name)
		}
	}
}

func TestEncodingIsNegotiated(t *testing.T) {
	rows := []struct {
		accept []string
		want   string
	}{
		{nil, ""},
		{[]string{""}, ""},
		{[]string{"gzip"}, "gzip"},
		{[]string{"GZIP"}, "gzip"},
		{[]string{"x-gzip"}, "gzip"},
		{[]string{"deflate, gzip;q=0.5"}, "gzip"},
		{[]string{"deflate", "gzip"}, "gzip"},
		{[]string{"gzip;q=0"}, ""},
		{[]string{"gzip; Q=0.000"}, ""},
		{[]string{"gzip;q=nonsense"}, "gzip"},
		{[]string{"*"}, "gzip"},
		{[]string{"*;q=0"}, ""},
		{[]string{"*, gzip;q=0"}, ""},
		{[]string{"*;q=0, gzip"}, "gzip"},
		{[]string{"br, identity"}, ""},
	}
	for _, row := range rows {
		res := ask("GET", static.Path("app.css"), http.Header{"Accept-Encoding": row.accept})
		if got := res.Header.Get("Content-Encoding"); got != row.want {
			t.Errorf("Accept-Encoding %q: got encoding %q, want %q", row.accept, got, row.want)
		}
	}
}

func TestOnlyHashedNamesAndReadingMethods(t *testing.T) {
	css := static.Path("app.css")
	rows := []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", css, 200, ""},
		{"HEAD", css, 200, ""},
		{"POST", css, 405, "GET, HEAD"},
		{"DELETE", css, 405, "GET, HEAD"},
		{"GET", "/static/app.css", 404, ""},
		{"GET", "/static/assets/app.css", 404, ""},
		{"GET", "/static/app.000000000000.css", 404, ""},
		{"GET", css + "/", 404, ""},
		{"GET", "/static/", 404, ""},
		{"GET", "/static/../static.go", 404, ""},
		{"POST", "/static/app.css", 404, ""},
	}
	for _, row := range rows {
		res := ask(row.method, row.path, nil)
		if res.StatusCode != row.status {
			t.Errorf("%s %s: got %d, want %d", row.method, row.path, res.StatusCode, row.status)
		}
		if got := res.Header.Get("Allow"); got != row.allow {
			t.Errorf("%s %s: Allow %q, want %q", row.method, row.path, got, row.allow)
		}
		if row.status != 200 && strings.Contains(res.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s %s: a refusal may be kept for ever", row.method, row.path)
		}
	}
}

func TestHeadHasTheHeadersOfGet(t *testing.T) {
	get, head := ask("GET", static.Path("app.js"), nil), ask("HEAD", static.Path("app.js"), nil)
	if n := len(body(t, head)); n != 0 {
		t.Errorf("HEAD sent %d bytes", n)
	}
	for name := range get.Header {
		if get.Header.Get(name) != head.Header.Get(name) {
			t.Errorf("%s: GET %q, HEAD %q", name, get.Header.Get(name), head.Header.Get(name))
		}
	}
}

func TestUnknownNamePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	static.Path("nothing.css")
}

// TestScriptsAreSmall: a page has the script of all pages, and one of its own at
// most.
func TestScriptsAreSmall(t *testing.T) {
	size := func(name string) int {
		return len(body(t, ask("GET", static.Path(name), http.Header{"Accept-Encoding": {"gzip"}})))
	}
	for _, name := range []string{"list.js", "log.js"} {
		if total := size("app.js") + size(name); total > 7000 {
			t.Errorf("app.js and %s are %d bytes compressed", name, total)
		}
	}
	if total := size("form.js"); total > 7000 {
		t.Errorf("form.js is %d bytes compressed", total)
	}
}

// TestScriptsKeepToThePolicy searches the scripts for what the content security policy forbids, and for places where a
// token could be left.
// Checklist 26.
func TestScriptsKeepToThePolicy(t *testing.T) {
	forbidden := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|` +
		`localStorage|sessionStorage|indexedDB|document\.cookie|console\.|https?://`)
	for name, content := range minified(t) {
		if strings.HasSuffix(name, ".js") {
			if found := forbidden.Find(content); found != nil {
				t.Errorf("%s uses %s", name, found)
			}
		}
	}
}

func TestStyleSheetLoadsNothing(t *testing.T) {
	for name, content := range minified(t) {
		found := regexp.MustCompile(`url\(|@import|@font-face`).Find(content)
		if strings.HasSuffix(name, ".css") && found != nil {
			t.Errorf("%s has %s", name, found)
		}
	}
}

// TestImplicitScriptClearsTheURLFirst checks that the script removes the token from the URL before it does anything
// else.
// Checklist 6.
func TestImplicitScriptClearsTheURLFirst(t *testing.T) {
	script := string(minified(t)["implicit.js"])
	cleared := strings.Index(script, "history.replaceState(")
	for _, later := range []string{"addEventListener", "getElementById", ".submit()"} {
		if at := strings.Index(script, later); cleared < 0 || at < cleared {
			t.Errorf("%s is before the URL is cleared", later)
		}
	}
}
