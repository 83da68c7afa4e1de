package handlers

import "strings"

// browserFamilies and systems are looked for in a User-Agent, in this order: most
// browsers also name those they are like.
var browserFamilies = [][2]string{
	{"Edg", "Edge"},
	{"OPR/", "Opera"},
	{"SamsungBrowser/", "Samsung Internet"},
	{"Vivaldi/", "Vivaldi"},
	{"Firefox/", "Firefox"},
	{"FxiOS/", "Firefox"},
	{"CriOS/", "Chrome"},
	{"Chrome/", "Chrome"},
	{"Safari/", "Safari"},
}

var systems = [][2]string{
	{"iPhone", "iPhone"},
	{"iPad", "iPad"},
	{"Android", "Android"},
	{"Windows", "Windows"},
	{"Mac OS X", "macOS"},
	{"CrOS", "ChromeOS"},
	{"Linux", "Linux"},
}

// browserName returns the family of a browser and its system, by which people
// recognize a session. Nothing else of a User-Agent is kept.
func browserName(userAgent string) string {
	family, system := firstOf(userAgent, browserFamilies), firstOf(userAgent, systems)
	switch {
	case family == "":
		return system
	case system == "":
		return family
	}
	return family + " on " + system
}

func firstOf(text string, known [][2]string) string {
	for _, one := range known {
		if strings.Contains(text, one[0]) {
			return one[1]
		}
	}
	return ""
}
