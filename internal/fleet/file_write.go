package fleet

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
)

// fileComments are what a file says besides its content.
type fileComments struct {
	head, tail []string
	shops      []string // of each shop; "" for none
}

// ExportFile returns a file of shops of an owner, as they were seen. Nil means all shops.
func (s *Service) ExportFile(ctx context.Context, owner store.Owner, ids []string, format FileFormat) ([]byte, error) {
	seen, err := s.store.Observations(ctx, owner)
	if err != nil {
		return nil, err
	}
	same := shopsByName(seen)
	if ids == nil {
		ids = []string{}
		for _, o := range seen {
			ids = append(ids, o.ShopID)
		}
	}
	shops, err := s.chosen(ctx, owner, ids)
	if err != nil {
		return nil, err
	}
	for i, shop := range shops {
		if len(same[strings.ToLower(shop.Domain)]) != 1 {
			shops[i].Domain = ""
		}
	}
	return ExportFile(shops, format)
}

// shopsByName returns the IDs of shops by what a file may call them: ID or domain, in lower case.
func shopsByName(seen []store.Observation) map[string][]string {
	all := map[string][]string{}
	for _, o := range seen {
		for _, name := range []string{strings.ToLower(o.ShopID), strings.ToLower(o.ShopDomain)} {
			if name != "" && !slices.Contains(all[name], o.ShopID) {
				all[name] = append(all[name], o.ShopID)
			}
		}
	}
	return all
}

// ExportFile returns a file that says which webhooks shops have now, with comments. The same shops give the same
// bytes. A shop without a domain is named by its ID.
func ExportFile(shops []Shop, format FileFormat) ([]byte, error) {
	shops = slices.SortedFunc(slices.Values(shops), func(a, b Shop) int {
		return cmp.Or(cmp.Compare(a.fileName(), b.fileName()), cmp.Compare(a.ID, b.ID))
	})
	var f File
	var c fileComments
	var since time.Time
	for _, shop := range shops {
		if why := shop.unfit(); why != "" && why != IsBusy {
			c.tail = append(c.tail, fileLeftOut(shop, why))
			continue
		}
		hooks, err := Webhooks(shop.Seen)
		if err != nil {
			return nil, err
		}
		slices.SortStableFunc(hooks, func(a, b Webhook) int {
			return cmp.Or(cmp.Compare(a.URL, b.URL), cmp.Compare(a.ID, b.ID))
		})
		in := FileShop{Shop: shop.fileName()}
		for _, hook := range hooks {
			in.Webhooks = append(in.Webhooks, FileWebhook{ID: hook.ID, Content: hook.Content})
		}
		f.Shops, c.shops = append(f.Shops, in), append(c.shops, printable(shop.Name))
		if since.IsZero() || shop.Seen.SeenAt.Before(since) {
			since = shop.Seen.SeenAt
		}
	}
	c.head = fileHead(len(f.Shops), since)
	return f.encode(format, c)
}

// fileName is what a file calls a shop.
func (s Shop) fileName() string { return cmp.Or(s.Domain, s.ID) }

// printable returns a text that fits into a line, with what can't be seen escaped.
func printable(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return strings.TrimSpace(text)
}

// encode writes a file.
func (f File) encode(format FileFormat, c fileComments) ([]byte, error) {
	if format == JSON {
		return f.json(c)
	}
	return f.yaml(c), nil
}

func (f File) yaml(c fileComments) []byte {
	var b bytes.Buffer
	for _, line := range c.head {
		fmt.Fprintf(&b, "# %s\n", line)
	}
	b.WriteString("version: " + fileVersion + "\n")
	if len(f.Shops) == 0 {
		b.WriteString("shops: []\n")
	} else {
		b.WriteString("shops:\n")
	}
	for i, shop := range f.Shops {
		if i < len(c.shops) && c.shops[i] != "" {
			fmt.Fprintf(&b, "  # %s\n", c.shops[i])
		}
		shop.yaml(&b)
	}
	for _, line := range c.tail {
		fmt.Fprintf(&b, "# %s\n", line)
	}
	return b.Bytes()
}

func (s FileShop) yaml(b *bytes.Buffer) {
	fmt.Fprintf(b, "  - shop: %s\n", scalar(s.Shop))
	if s.Prune {
		b.WriteString("    prune: true\n")
	}
	if len(s.Webhooks) == 0 {
		b.WriteString("    webhooks: []\n")
		return
	}
	b.WriteString("    webhooks:\n")
	for _, hook := range s.Webhooks {
		dash := "-"
		if hook.ID != "" {
			fmt.Fprintf(b, "      - id: %s\n", scalar(hook.ID))
			dash = " "
		}
		fmt.Fprintf(b, "      %s url: %s\n", dash, scalar(hook.URL))
		types := fourthwall.TypeSet(hook.AllowedTypes)
		if len(types) == 0 {
			b.WriteString("        types: []\n")
			continue
		}
		b.WriteString("        types:\n")
		for _, t := range types {
			fmt.Fprintf(b, "          - %s\n", scalar(string(t)))
		}
	}
}

var (
	// plain matches texts that need no quotes in YAML, unless they are reserved.
	plain    = regexp.MustCompile(`^(?:[A-Za-z][A-Za-z0-9_.-]*|https?://[[:graph:]]*[^[:^graph:]:])$`)
	reserved = regexp.MustCompile(`^(?i:y|n|yes|no|on|off|true|false|null)$`)
)

// scalar returns a text in YAML. It's in quotes where any program might read something else than a text without them.
func scalar(text string) string {
	if plain.MatchString(text) && !reserved.MatchString(text) {
		return text
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, char := range text {
		switch {
		case char == '"' || char == '\\':
			b.WriteByte('\\')
			b.WriteRune(char)
		case unicode.IsPrint(char):
			b.WriteRune(char)
		case char > 0xffff:
			fmt.Fprintf(&b, `\U%08X`, char)
		default:
			fmt.Fprintf(&b, `\u%04X`, char)
		}
	}
	b.WriteByte('"')
	return b.String()
}

type (
	fileJSON struct {
		Comment []string   `json:"$comment,omitempty"`
		Version int        `json:"version"`
		Shops   []shopJSON `json:"shops"`
	}
	shopJSON struct {
		Comment  string     `json:"$comment,omitempty"`
		Shop     string     `json:"shop"`
		Prune    bool       `json:"prune,omitempty"`
		Webhooks []hookJSON `json:"webhooks"`
	}
	hookJSON struct {
		ID    string                 `json:"id,omitempty"`
		URL   string                 `json:"url"`
		Types []fourthwall.EventType `json:"types"`
	}
)

func (f File) json(c fileComments) ([]byte, error) {
	out := fileJSON{Comment: slices.Concat(c.head, c.tail), Version: 1, Shops: []shopJSON{}}
	for i, shop := range f.Shops {
		one := shopJSON{Shop: shop.Shop, Prune: shop.Prune, Webhooks: []hookJSON{}}
		if i < len(c.shops) {
			one.Comment = c.shops[i]
		}
		for _, hook := range shop.Webhooks {
			types := append([]fourthwall.EventType{}, fourthwall.TypeSet(hook.AllowedTypes)...)
			one.Webhooks = append(one.Webhooks, hookJSON{hook.ID, hook.URL, types})
		}
		out.Shops = append(out.Shops, one)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(out)
	return b.Bytes(), err
}
