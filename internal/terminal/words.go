package terminal

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
)

var (
	errNoServer  = errors.New("HOOKWALL_SERVER is not set. Set it to the URL of your Hookwall, or use --server")
	errBadServer = errors.New("HOOKWALL_SERVER is not a URL. Use one such as https://hooks.example.com")

	errServerPath = errors.New("HOOKWALL_SERVER has more than a scheme, a host and a port. Use a URL such as " +
		"https://hooks.example.com")
	errPlainServer = errors.New("HOOKWALL_SERVER is plain http, so others could read your token. Use https, or add " +
		"--insecure-server if you trust the network")
	errNoToken = errors.New("HOOKWALL_TOKEN is not set. Make a token in Hookwall under Sessions and tokens, then set " +
		"HOOKWALL_TOKEN, or use --token-file")
	errBadToken = errors.New("HOOKWALL_TOKEN is not an access token. Tokens start with " + tokenPrefix + " and are " +
		"made in Hookwall under Sessions and tokens")

	errConnection = errors.New("no response from the server")
	errTooLarge   = errors.New("the file is larger than 4 MB, which is the limit")
	errFormatName = errors.New("--output names a file. To choose a format, use --format yaml or --format json")
	errDigest     = errors.New("--digest needs at least the first 8 characters of the plan's digest")
	errNumber     = errors.New("apply needs the number of a plan, such as 12. To plan a file, use: hookwall fleet plan")
)

// count returns a number and the word for it.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// clean returns text of others without what a terminal would obey.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// stateTexts name how items of a run stand.
var stateTexts = map[string]string{
	"pending": "to go", "calling": "calling", "done": "done", "rejected": "rejected", "failed": "failed",
	"changed": "changed since the review", "unconfirmed": "unconfirmed",
}

// states are the states of items in the order in which they are printed.
var states = []string{"done", "rejected", "failed", "unconfirmed", "changed", "calling", "pending"}
