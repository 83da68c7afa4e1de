package static_test

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var colorToken = regexp.MustCompile(
	`--([a-z0-9-]+): light-dark\((#[0-9a-f]{3}|#[0-9a-f]{6}), (#[0-9a-f]{3}|#[0-9a-f]{6})\);`)

// colors returns the color tokens of both schemes from the style sheet.
func colors(t *testing.T) map[string]map[string]string {
	t.Helper()
	light, dark := map[string]string{}, map[string]string{}
	for _, m := range colorToken.FindAllStringSubmatch(string(sources(t)["app.css"]), -1) {
		light[m[1]], dark[m[1]] = m[2], m[3]
	}
	if len(light) < 20 {
		t.Fatalf("the style sheet has %d color tokens", len(light))
	}
	return map[string]map[string]string{"light": light, "dark": dark}
}

// TestColorsHaveTwoSchemes checks that no token has the same color in both schemes, except through others.
func TestColorsHaveTwoSchemes(t *testing.T) {
	css, _, _ := strings.Cut(string(sources(t)["app.css"]), "\n}\n")
	for line := range strings.SplitSeq(css, "\n") {
		if strings.Contains(line, "#") && strings.Count(line, "#") != 2*strings.Count(line, "light-dark(#") {
			t.Errorf("%s", line)
		}
	}
}

// luminance returns the relative luminance of a color by WCAG 2.2.
func luminance(t *testing.T, color string) float64 {
	t.Helper()
	digits := color[1:]
	if len(digits) == 3 {
		digits = string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		part, err := strconv.ParseUint(digits[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(part) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func TestContrastOfKnownColors(t *testing.T) {
	rows := []struct {
		a, b string
		want float64
	}{
		{"#000", "#fff", 21}, {"#fff", "#ffffff", 1}, {"#777777", "#fff", 4.48}, {"#2b3fbf", "#fff", 8.18},
	}
	for _, row := range rows {
		if got := contrast(t, row.a, row.b); math.Abs(got-row.want) > 0.01 {
			t.Errorf("%s on %s: got %.2f, want %.2f", row.a, row.b, got, row.want)
		}
	}
}

// TestColorsContrast checks that text has a contrast of at least 7:1 with its background, and that the outlines of
// controls have at least 3:1.
func TestColorsContrast(t *testing.T) {
	papers := []string{"paper", "sheet", "sunken", "accent-soft"}
	rows := []struct {
		role string
		on   []string
		want float64
	}{
		{"ink", append([]string{"success-soft", "warning-soft", "failure-soft"}, papers...), 7},
		{"ink-2", append([]string{"failure-soft"}, papers...), 7},
		{"accent", papers, 7},
		{"accent-2", papers, 7},
		{"success", append([]string{"success-soft"}, papers...), 7},
		{"warning", append([]string{"warning-soft"}, papers...), 7},
		{"failure", append([]string{"failure-soft"}, papers...), 7},
		{"on-accent", []string{"accent", "accent-2", "failure"}, 7},
		{"edge", append([]string{"success-soft", "warning-soft", "failure-soft"}, papers...), 3},
		{"ok-fill", []string{"paper", "sheet"}, 3},
		{"look-fill", []string{"paper", "sheet", "warning-soft"}, 3},
		{"fail-fill", []string{"paper", "sheet", "failure-soft"}, 3},
		{"unknown-fill", []string{"paper", "sheet"}, 3},
		{"chart", []string{"paper", "sheet"}, 3},
	}
	// These are neither text nor outlines of controls: dividing lines and backgrounds.
	known := map[string]bool{
		"line": true, "grid": true, "soft-edge": true,
		"success-soft": true, "warning-soft": true, "failure-soft": true,
	}
	for scheme, tokens := range colors(t) {
		for _, row := range rows {
			known[row.role] = true
			for _, paper := range row.on {
				known[paper] = true
				if tokens[row.role] == "" || tokens[paper] == "" {
					t.Errorf("%s: --%s or --%s is missing", scheme, row.role, paper)
					continue
				}
				if got := contrast(t, tokens[row.role], tokens[paper]); got < row.want {
					t.Errorf("%s: --%s on --%s has %.2f:1, want %.0f:1", scheme, row.role, paper, got, row.want)
				}
			}
		}
		for name := range tokens {
			if !known[name] {
				t.Errorf("%s: --%s is in no row of this test", scheme, name)
			}
		}
	}
}

// TestColorsComeFromTokens checks that no rule outside the list of tokens has its own color, except for shades,
// print and forced colors.
func TestColorsComeFromTokens(t *testing.T) {
	ownColor := regexp.MustCompile(`(?:color|background|border[a-z-]*): [^;]*(#[0-9a-f]{3,8}|rgba?\(|hsla?\()`)
	var sheets string
	for _, name := range []string{"app.css", "pages.css", "shops.css", "picker.css"} {
		sheets += string(sources(t)[name])
	}
	_, rules, found := strings.Cut(sheets, "*, ::before")
	if !found {
		t.Fatal("the rules do not begin where they did")
	}
	for line := range strings.SplitSeq(rules, "\n") {
		if m := ownColor.FindString(line); m != "" {
			t.Errorf("%s", m)
		}
	}
}

// TestStyleRespectsSettings checks that the style sheet follows settings of the system.
func TestStyleRespectsSettings(t *testing.T) {
	css := string(sources(t)["app.css"])
	for _, want := range []string{
		"@media (prefers-reduced-motion: reduce)", "@media (forced-colors: active)",
		"@media print", "color-scheme: light dark", "[data-theme=light] { color-scheme: light; }",
		"[data-theme=dark] { color-scheme: dark; }", ":focus-visible { outline: 3px solid",
	} {
		if !strings.Contains(css, want) {
			t.Errorf("the style sheet lacks %s", want)
		}
	}
}
