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
	"time"

	"github.com/playwright-community/playwright-go"

	"hookwall/e2e/browser"
	"hookwall/internal/sandbox"
)

var screenshots = flag.String("screenshots", "",
	"draw the pictures of every page into this `folder`, and those of the README")

// readmeImages is where the README's pictures are.
const readmeImages = "../docs/images"

// maxReadmeImage is the most that one of them may weigh, in bytes: they stay
// in the repository for ever.
const maxReadmeImage = 200_000

// variants are the ways in which each page is drawn.
var variants = []struct {
	Name, Scheme  string
	Width, Height int
}{
	{"light-1280", browser.Light, 1280, 800},
	{"dark-1280", browser.Dark, 1280, 800},
	{"light-375", browser.Light, 375, 667},
	{"dark-375", browser.Dark, 375, 667},
}

// TestScreenshots draws pictures for people to look at. It checks no more than
// that the pages come.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("make screenshots says where the pictures go")
	}
	all := slices.Concat(scenes, laterScenes, toolScenes, limitScenes)
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
	for name, show := range readmeScenes {
		t.Run("README, "+name, func(t *testing.T) {
			t.Parallel()
			drawForReadme(t, name, show)
		})
	}
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

// readmeScenes are the pictures of the README, by the names of their files.
var readmeScenes = map[string]func(*visitor){
	"create": showReadmeCreate,
	"list":   showReadmeList,
	"check":  showReadmeCheck,
}

func showReadmeCreate(v *visitor) {
	v.Open(newPath(v.connectKey(0)) + "?preset=stream-alerts")
	v.Fill(v.address(), "https://203.0.113.7/fourthwall")
	v.status(v.create(), 422)
	v.hasFocus("url")
}

// showReadmeList has deliveries that arrived, and some that were given up.
func showReadmeList(v *visitor) {
	v.app.stopClock()
	v.app.fire(2, "ORDER_UPDATED", false, 6)
	v.app.fire(2, "PRODUCT_UPDATED", false, 4)
	v.app.fire(2, "GIFT_PURCHASE", false, 2)
	for range 5 {
		v.app.advance(time.Hour)
	}
	shop := v.connectKey(2)
	v.status(v.Open(listPath(shop)), 200)
	v.Submit(v.Role("button", "Hide these steps"))
	v.reads("2 of 2 failed")
}

// showReadmeCheck is at the step that failed.
func showReadmeCheck(v *visitor) {
	hook := v.app.add(0, "http://"+sandbox.ReceiverHost+"/created", "ORDER_PLACED", "DONATION")
	v.connectKey(0)
	v.Open(webhookPath(hook))
	v.Submit(v.Role("link", "Check this endpoint"))
	v.status(v.Submit(v.Role("button", sendDeliveries)), 200)
	v.isChecked("PPPPLPFTSL", "This endpoint needs a fix")
	v.Resize(1280, 1240)
}

// drawForReadme takes a picture of what a window shows, and packs it tightly.
func drawForReadme(t *testing.T, name string, show func(*visitor)) {
	t.Helper()
	v := meet(t, browser.Options{Height: 860})
	show(v)
	v.Must(v.PW.Mouse().Move(0, 0)) // away from the button that was pressed
	taken, err := v.PW.Screenshot()
	v.Must(err)
	picture, err := png.Decode(bytes.NewReader(taken))
	v.Must(err)
	var packed bytes.Buffer
	v.Must((&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&packed, picture))
	if packed.Len() > maxReadmeImage {
		t.Errorf("%s.png has %d bytes, more than %d", name, packed.Len(), maxReadmeImage)
	}
	v.Must(os.WriteFile(filepath.Join(readmeImages, name+".png"), packed.Bytes(), 0o644))
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
{{range $i, $variant := .Variants}}<label><input type="radio" name="variant" id="{{.Name}}"{{if eq $i 0}} checked{{end}}> {{.Scheme}}, {{.Width}} px</label>
{{end}}<hr>
{{range .Sheets}}<a href="#{{.Anchor}}">{{.Name}}</a>
{{end}}</nav>
<main>
{{range .Sheets}}{{$name := .Name}}<h2 id="{{.Anchor}}">{{.Name}}</h2>
{{range .Pictures}}<img class="{{.Variant}}" src="{{.File}}" alt="{{$name}}, {{.Variant}}" loading="lazy">
{{end}}{{end}}</main>
</html>
`))
