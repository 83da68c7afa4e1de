// Package static has the style sheets, the scripts and the icons. It serves them under names with a hash of their
// content, so that a browser may cache them forever, and a new version has a new URL.
//
// "make generate" bundles and minifies the files in assets, and writes what is served into minified.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// Prefix is the path at which Handler must be mounted.
const Prefix = "/static/"

//go:embed minified
var embedded embed.FS

// contentTypes has the content type of every kind of file, by extension.
var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml; charset=utf-8",
}

// asset is a file, ready to be sent.
type asset struct {
	path        string
	contentType string
	plain       []byte
	gzipped     func() []byte // compresses it the first time
}

// assets has every file by its name without the hash. Each is prepared when it is first needed, since most starts are
// followed by requests for a few of them.
var assets = load()

// load finds the embedded files. It panics if one can't be used, since they are part of the program.
func load() map[string]func() *asset {
	entries, err := fs.ReadDir(embedded, "minified")
	if err != nil {
		panic("static: " + err.Error())
	}
	all := make(map[string]func() *asset, len(entries))
	for _, entry := range entries {
		name := entry.Name()
		all[name] = sync.OnceValue(func() *asset { return newAsset(name, read(name)) })
	}
	return all
}

// read returns the content of an embedded file.
func read(name string) []byte {
	content, err := embedded.ReadFile("minified/" + name)
	if err != nil {
		panic("static: " + err.Error())
	}
	return content
}

// newAsset returns the asset of a file. It panics if the file's content type is unknown.
func newAsset(name string, content []byte) *asset {
	ext := path.Ext(name)
	contentType, ok := contentTypes[ext]
	if !ok {
		panic("static: no content type for " + name)
	}
	sum := sha256.Sum256(content)
	return &asset{
		path:        Prefix + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext,
		contentType: contentType,
		plain:       content,
		gzipped:     sync.OnceValue(func() []byte { return compress(content) }),
	}
}

func compress(content []byte) []byte {
	var buf bytes.Buffer
	w, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		panic("static: " + err.Error())
	}
	// Writing to memory can't fail.
	_, _ = w.Write(content)
	_ = w.Close()
	return buf.Bytes()
}

// Path returns the path of a file's URL, such as "/static/app.0123456789ab.css" for "app.css". It panics if there is no
// such file, since names are constants of the program.
func Path(name string) string {
	prepare, ok := assets[name]
	if !ok {
		panic("static: no file named " + name)
	}
	return prepare().path
}

// find returns the asset that has a path, or nil.
func find(urlPath string) *asset {
	name, _, _ := strings.Cut(strings.TrimPrefix(urlPath, Prefix), ".")
	prepare, ok := assets[name+path.Ext(urlPath)]
	if !ok {
		return nil
	}
	if a := prepare(); a.path == urlPath {
		return a
	}
	return nil
}

// Handler returns a handler that serves GET and HEAD for the paths that Path returns. It responds with 405 to other
// methods and with 404 to other paths. Mount it at Prefix without stripping the prefix.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := find(r.URL.Path)
		if a == nil {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		a.serve(w, r)
	})
}

func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	body := a.plain
	h := w.Header()
	h.Add("Vary", "Accept-Encoding")
	if acceptsGzip(r.Header.Values("Accept-Encoding")) {
		body = a.gzipped()
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Type", a.contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method == http.MethodHead {
		return
	}
	// An error means that the client has closed the connection.
	_, _ = w.Write(body)
}

// acceptsGzip reports whether Accept-Encoding allows gzip, by RFC 9110 §12.5.3: an entry for gzip decides, or else one
// for "*", and a weight of zero forbids.
func acceptsGzip(fields []string) bool {
	accepted := false
	for entry := range strings.SplitSeq(strings.Join(fields, ","), ",") {
		coding, params, _ := strings.Cut(entry, ";")
		coding = strings.ToLower(strings.TrimSpace(coding))
		switch coding {
		case "gzip", "x-gzip":
			return weight(params) > 0
		case "*":
			accepted = weight(params) > 0
		}
	}
	return accepted
}

// weight returns the weight of "q=0.5", or 1 if there is no valid weight.
func weight(params string) float64 {
	name, value, ok := strings.Cut(strings.TrimSpace(params), "=")
	if !ok || !strings.EqualFold(strings.TrimSpace(name), "q") {
		return 1
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil {
		return 1
	}
	return q
}
