package webhooks

import (
	"strings"

	"hookwall/internal/lazyregexp"
)

// placeholders returns what a person was probably meant to replace, the first few of them, each once.
func placeholders(text string) (found []string) {
	for _, one := range placeholder().FindAllString(text, -1) {
		found = union(found, []string{strings.TrimPrefix(one, "/")})
	}
	return found[:min(len(found), mostOffers)]
}

// withoutPlaceholders returns a text with something legal in the place of placeholders.
func withoutPlaceholders(text, legal string) string {
	return placeholder().ReplaceAllStringFunc(text, func(one string) string {
		if strings.HasPrefix(one, "/") {
			return "/" + legal
		}
		return legal
	})
}

// placeholder matches what a person was meant to replace, as documents, tools and programming languages write it. Parts
// of real URLs rarely look like this.
var placeholder = lazyregexp.New(strings.Join([]string{
	`\$?\{\{?[^{}/?#]*\}\}?`,                   // {id}, {{id}}, ${ID}
	`<[^<>/?#]+>`,                              // <id>
	`(?i:%7b[\w%. -]*?%7d|%3c[\w%. -]*?%3e)`,   // %7Bid%7D
	`\b/:[A-Za-z_]\w*`,                         // /:id
	`/\[\.{0,3}[A-Za-z]\w*\]`,                  // /[id], /[...slug]
	`\$[A-Z][A-Z_\d]+\b`,                       // $ID
	`%[sdiv]\b`,                                // %s
	`%(?:[G-Z_]|[A-F][G-Z_])[A-Z_]+%`,          // %TOKEN%
	`\b__[A-Z][A-Z_]*__\b`,                     // __TOKEN__
	`\[(?i:your|my|insert|enter)\b[^\[\]/]*\]`, // [your ID]
	`\bYOUR[_-][A-Z0-9_-]+`,                    // YOUR_ID
	`\b(?i:your[_-]?(?:` + yours + `)s?)\b`,    // your-domain
	`\b(?i:replace[_-]?me|change[_-]?me|insert[_-](?:your|here))[\w-]*`,
	`XXXX+`,
}, "|"))

const yours = "(?:sub)?domain|server|host|site|shop|store|app|api|token|key|secret|id|url|webhook|name|username|" +
	"company|team|workspace|project|endpoint|instance|tunnel|path|function|worker"

// hidden matches what shows that a part of a URL was left out.
var hidden = lazyregexp.New(`…|\.{3,}|[*•●]{3,}|(?i:(?:%e2%80%a2){3,}|%e2%80%a6)`)
