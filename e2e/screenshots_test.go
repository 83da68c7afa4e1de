package e2e

import (
	"bytes"
	"flag"
	"html/template"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/playwright-community/playwright-go"

	"hookwall/e2e/browser"
)

var screenshots = flag.String("screenshots", "",
	"draw the pictures of every page into this `folder`, and redraw the README's")

const (
	readmeImage    = "../docs/images/create.png"
	maxReadmeImage = 150_000 // bytes, since each version stays in the repository
)

// variants are the ways in which each page is drawn.
var variants = []struct {
	Name, Scheme  string
	Width, Height int
}{
	{"light-1280", browser.Light, 1280, 800},
	{"dark-1280", browser.Dark, 1280, 800},
	{"light-375", browser.Light, 375, 667},
	{"dark-375", browser.Dark, 375, 667},
	{"light-320", browser.Light, 320, 568},
}

// TestScreenshots draws pictures for people to look at. It checks no more than
// that the pages come.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("make screenshots says where the pictures go")
	}
	all := slices.Concat(
		scenes, laterScenes, toolScenes, limitScenes, frameScenes, teamScenes, fleetScenes, keyScenes, channelScenes,
		invitationScenes, endedScenes, sandboxFleetScenes, healthScenes, searchScenes, planScenes, templateScenes)
	if err := os.RemoveAll(*screenshots); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(*screenshots, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.draw(t)
		})
	}
	t.Run("README", func(t *testing.T) {
		t.Parallel()
		drawForReadme(t)
	})
	writeAlbum(t, all)
}

// draw shows a scene and takes the picture of the whole page in every variant.
func (s scene) draw(t *testing.T) {
	t.Helper()
	v := s.meet(t)
	v.status(s.show(v), s.status)
	for _, variant := range variants {
		v.SetScheme(variant.Scheme)
		v.Resize(variant.Width, variant.Height)
		_, err := v.PW.Screenshot(playwright.PageScreenshotOptions{
			Path: playwright.String(filepath.Join(*screenshots, s.file(variant.Name))), FullPage: playwright.Bool(true),
		})
		v.Must(err)
	}
}

var notInFileName = regexp.MustCompile(`[^a-z0-9]+`)

// Anchor is the scene's name where neither spaces nor commas may be.
func (s scene) Anchor() string {
	return strings.Trim(notInFileName.ReplaceAllString(strings.ToLower(s.name), "-"), "-")
}

func (s scene) file(variant string) string { return s.Anchor() + "." + variant + ".png" }

// drawForReadme takes a picture of the create page after a rejection, and packs
// it tightly.
func drawForReadme(t *testing.T) {
	t.Helper()
	v := meet(t, browser.Options{Height: 740})
	v.Open(newPath(v.connectKey(0)) + "?preset=stream-alerts")
	v.Fill(v.address(), "https://203.0.113.7/fourthwall")
	v.status(v.create(), 422)
	v.hasFocus("url")
	v.Must(v.PW.Mouse().Move(0, 0)) // away from the button that was clicked
	taken, err := v.PW.Screenshot()
	v.Must(err)
	picture, err := png.Decode(bytes.NewReader(taken))
	v.Must(err)
	var packed bytes.Buffer
	v.Must((&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&packed, picture))
	if packed.Len() > maxReadmeImage {
		t.Errorf("%s has %d bytes, more than %d", readmeImage, packed.Len(), maxReadmeImage)
	}
	v.Must(os.WriteFile(readmeImage, packed.Bytes(), 0o644))
}

// writeAlbum writes a page to leaf through the pictures, one variant at a time.
func writeAlbum(t *testing.T, all []scene) {
	t.Helper()
	type picture struct{ Variant, File string }
	type sheet struct {
		Name, Anchor string
		Pictures     []picture
	}
	var sheets []sheet
	for _, s := range all {
		next := sheet{Name: s.name, Anchor: s.Anchor()}
		for _, variant := range variants {
			next.Pictures = append(next.Pictures, picture{variant.Name, s.file(variant.Name)})
		}
		sheets = append(sheets, next)
	}
	var page bytes.Buffer
	if err := album.Execute(&page, map[string]any{"Variants": variants, "Sheets": sheets}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*screenshots, "index.html"), page.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

var album = template.Must(template.New("album").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Hookwall, page by page</title>
<style>
body { margin: 0; display: grid; grid-template-columns: 16rem 1fr;
	font: 1rem/1.5 system-ui, sans-serif; color: #222; background: #ddd }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1rem; box-sizing: border-box; background: #fff }
nav label, nav a { display: block; color: inherit }
h2 { margin: 0; padding: 1rem; font-size: 1rem }
main { min-width: 0; padding: 0 1rem 100vh }
img { display: none; max-width: 100%; border: 1px solid #999 }
{{range .Variants}}body:has(#{{.Name}}:checked) img.{{.Name}} { display: block }
{{end}}</style>
<nav>
{{range $i, $variant := .Variants}}<label><input
type="radio" name="variant" id="{{.Name}}"{{if eq $i 0}} checked{{end}}> {{.Scheme}}, {{.Width}} px</label>
{{end}}<hr>
{{range .Sheets}}<a href="#{{.Anchor}}">{{.Name}}</a>
{{end}}</nav>
<main>
{{range .Sheets}}{{$name := .Name}}<h2 id="{{.Anchor}}">{{.Name}}</h2>
{{range .Pictures}}<img class="{{.Variant}}" src="{{.File}}" alt="{{$name}}, {{.Variant}}" loading="lazy">
{{end}}{{end}}</main>
</html>
`))
