package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// fileField is a field of a file.
type fileField struct {
	name     string
	required bool
	mistaken []string // other names that people may use for it
	example  string
}

// Fields of a file, of a shop in it, and of a webhook.
var (
	rootFields = []fileField{
		{name: "version", required: true, example: "version: 1"},
		{name: "shops", required: true, mistaken: []string{"shop", "stores"}, example: "shops:"},
		{name: "$schema"},
		{name: "$comment", mistaken: []string{"comment", "comments"}},
	}
	shopFields = []fileField{
		{name: "shop", required: true, mistaken: []string{"domain", "id", "name", "host"}, example: "shop: example.com"},
		{name: "webhooks", required: true, mistaken: []string{"hooks"}, example: "webhooks: []"},
		{name: "prune", mistaken: []string{"delete", "purge"}},
		{name: "$comment", mistaken: []string{"comment", "comments"}},
	}
	webhookFields = []fileField{
		{
			name: "url", required: true, mistaken: []string{"uri", "address", "endpoint"},
			example: "url: https://example.com/fourthwall",
		},
		{
			name: "types", required: true, mistaken: []string{"allowedTypes", "eventTypes", "events", "event_types", "type"},
			example: "types: [ORDER_PLACED]",
		},
		{name: "id"},
		{name: "$comment", mistaken: []string{"comment", "comments"}},
	}
)

// What is wrong with a file, and what to write instead.
const (
	fileTooLarge = "This file is larger than 4 MiB. Split it, or export fewer shops at a time."
	fileTooMany  = "This file has more than 200,000 values, counting those that aliases repeat. Split it, or export " +
		"fewer shops at a time."
	fileTooDeep        = "This is more than 20 levels deep. A file needs five levels."
	fileEmpty          = "This file is empty. Export a file to see what it can contain."
	fileNotUTF8        = "This is not UTF-8 text. Save the file with the encoding UTF-8."
	fileTab            = "This line begins with a tab. Use spaces instead, because YAML doesn’t allow tabs there."
	fileSecondDocument = "A second document begins here. Put all shops into one document, and remove this line."
	fileSurrogate      = "This text has half of a character, such as \\ud83d. Write the whole character."
	fileOpen           = "This bracket or brace isn’t closed. Add ] or } where the list or the fields end."
	fileURLEnds        = "This URL begins or ends with characters that can’t be seen. Remove them."
	fileNoName         = "This isn’t a field’s name. Names are texts, such as shop or url."
	fileMerge          = "Merge keys (<<) aren’t supported. Write the fields out."
	fileOtherVersion   = "This version of the format is unknown. Write version: 1."
	fileUnknownID      = "This shop has no webhook with this ID. Correct it, or remove the line to create a webhook."
	fileNoTypes        = "This webhook has no event types, so it would receive nothing. Add some below “types”."
	fileUnseen         = " Remove them."
	fileEmptyID        = "This ID is empty. Enter a webhook’s ID, or remove the line to create a webhook."
)

func fileCharacter(char rune) string {
	return fmt.Sprintf("The character U+%04[1]X can’t be in a file. Remove it, or write \"\\u%04[1]x\" in quotes.", char)
}

func fileMoreProblems(n int) string {
	if n == 1 {
		return "There is one more problem."
	}
	return "There are " + strconv.Itoa(n) + " more problems."
}

func fileShopTwice(line int) string {
	return "This shop is also on line " + strconv.Itoa(line) + ". Put all its webhooks in one place."
}

func fileKeyTwice(name string, line int) string {
	return "“" + short(name) + "” is also on line " + strconv.Itoa(line) + ". Keep one of them."
}

func fileIDTwice(line int) string {
	return "This ID is also on line " + strconv.Itoa(line) + ". Remove one of the two webhooks."
}

func fileWebhookTwice(line int) string {
	return "The webhook of line " + strconv.Itoa(line) + " has the same URL and some of these event types. Remove them " +
		"from one of the two, or the endpoint receives events twice."
}

// names returns the names of fields for a sentence.
func names(known []fileField) string {
	var all []string
	for _, f := range known {
		if !strings.HasPrefix(f.name, "$") {
			all = append(all, f.name)
		}
	}
	return strings.Join(all, ", ")
}

// fileUnknownField also returns the field that was probably meant, or "".
func fileUnknownField(name string, known []fileField) (text, meant string) {
	text = "There is no field “" + short(name) + "” here. "
	var all []string
	for _, f := range known {
		if slices.Contains(f.mistaken, name) {
			meant = f.name
		}
		all = append(all, f.name)
	}
	if meant = cmp.Or(meant, nearest(name, all)); meant == "" {
		return text + "Fields are " + names(known) + ".", ""
	}
	return text + "Did you mean “" + meant + "”?", meant
}

func fileNotFields(of string, known []fileField) string {
	if of == "" {
		return "A file begins with its fields. Write version: 1, and shops on a new line."
	}
	return "A " + of + " is written with its fields. They are " + names(known) + "."
}

func fileMissing(of, name string) string {
	text := "The field “" + name + "” is missing. Write "
	if of != "" {
		text = "This " + of + " has no field “" + name + "”. Write "
	}
	if name == "shops" {
		return text + "shops: []."
	}
	for _, f := range slices.Concat(rootFields, shopFields, webhookFields) {
		if f.name == name {
			return text + f.example + "."
		}
	}
	return text + name + "."
}

func fileNotList(of string) string {
	return "“" + of + "” needs a list. Write each entry on its own line after a dash, or [] if there are none."
}

func fileNotText(of string) string {
	if of == "event type" {
		return "An event type is a text. Write it after a dash, such as - ORDER_PLACED."
	}
	return "“" + of + "” needs a text. Write it on the same line."
}

func fileNoValue(of string) string {
	if of == "event type" {
		return "This event type is empty. Enter one, or remove the line."
	}
	return "“" + of + "” has no value. Enter one."
}

func fileNeedsQuotes(value string) string {
	return "Without quotes, this isn’t a text. Write " + strconv.Quote(short(value)) + " with its quotes."
}

func fileNotBool(of string) string {
	return "“" + of + "” is true or false. Write one of these words without quotes."
}

// short returns the beginning of a text that was typed.
func short(text string) string {
	const most = 60 // characters
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// syntaxTexts say what is wrong with the syntax, by words in the message of the library. The first match counts.
var syntaxTexts = []struct{ part, text string }{
	{"exceeded max depth", fileTooDeep},
	{
		"quoted scalar",
		"This quoted text isn’t right. It needs a quote at its end, and only known escapes after a backslash.",
	},
	{
		"mapping values are not allowed",
		"A colon can’t be here. Indent the line like the one above it, or put the text in quotes.",
	},
	{"sequence entries are not allowed", "A dash can’t be here. Begin a new line before it."},
	{"cannot start any token", "Text can’t begin with this character. Put the text in quotes."},
	{"unknown anchor", "This alias has no anchor before it. Write the value out."},
	{
		"did not find expected key",
		"This line isn’t indented like the lines around it, or a colon is missing. Fix its spaces.",
	},
	{"could not find expected ':'", "A colon is missing here. Write the field’s name, a colon, a space and the value."},
	{
		"did not find expected '-' indicator",
		"This line isn’t indented like the lines around it, or a dash is missing. Fix its spaces.",
	},
	{"',' or ']'", "This list has no end, or a comma is missing. Check commas and brackets."},
	{"',' or '}'", "These fields have no end, or a comma is missing. Check commas and braces."},
	{"directive", "Lines that begin with % aren’t supported. Remove the line."},
	{
		"while scanning a tag",
		"Tags that begin with an exclamation mark aren’t supported. Remove it, or put the text in quotes.",
	},
}

// syntaxText says what is wrong with the syntax.
func syntaxText(wrong *yaml.LoadError) string {
	said := wrong.ContextMsg + " " + wrong.Message
	for _, one := range syntaxTexts {
		if strings.Contains(said, one.part) {
			return one.text
		}
	}
	return "This isn’t valid YAML. Check the spaces, quotes and colons here and in the line above."
}

func fileUnknownShop(meant string) string {
	const text = "None of your connected shops has this ID or domain. "
	if meant != "" {
		return text + "Did you mean “" + meant + "”?"
	}
	return text + "Correct it, or connect the shop first."
}

func fileSeveralShops(ids []string) string {
	return strconv.Itoa(len(ids)) + " shops have this domain. Write the ID of one instead: " + listed(ids) + "."
}

func fileNeedsID(ids []string) string {
	if len(ids) == 1 {
		return "Several webhooks here have this URL, and the shop has one. Add its ID to the one that you mean: " +
			ids[0] + "."
	}
	return "The shop has several webhooks with this URL. Add the ID of the one that you mean: " + listed(ids) + "."
}

// listed returns the first few of a list.
func listed(all []string) string {
	const most = 5
	if more := len(all) - most; more > 0 {
		return strings.Join(all[:most], ", ") + " and " + strconv.Itoa(more) + " more"
	}
	return strings.Join(all, ", ")
}

func fileWriteURL(address string) string {
	return "This isn’t a whole URL. Write " + clipped(address) + "."
}

func fileUnknownType(meant string) string {
	const text = "This event type is unknown, and your shops’ webhooks don’t have it. "
	if meant != "" {
		return text + "Did you mean " + meant + "?"
	}
	return text + "Correct it, or remove the line."
}

// fileHead explains an exported file.
func fileHead(shops int, since time.Time) []string {
	of := "The webhooks of " + strconv.Itoa(shops) + " shops"
	if shops == 1 {
		of = "The webhooks of one shop"
	}
	head := []string{of + ", exported from Hookwall."}
	if !since.IsZero() {
		hour := since.UTC().Truncate(time.Hour).Format("2006-01-02 15:04")
		head[0] += " Hookwall has read all of them since " + hour + " UTC."
	}
	return append(head,
		"Edit this file, then upload it under Plans. You review every change before Fourthwall receives it.",
		"Shops that you remove from this file stay as they are. So do webhooks that you remove.",
		"To delete the webhooks that a shop doesn’t list here, add prune: true to the shop.",
		"To create a webhook, add one without an ID. To change a URL, keep the ID.")
}

// leftOutTexts say why shops aren't in an exported file.
var leftOutTexts = map[Reason]string{
	IsEnded: "its connection has ended", IsUnseen: "its webhooks weren’t read yet",
	IsStale: "its webhooks were read too long ago", IsCut: "it has more webhooks than Hookwall reads",
}

func fileLeftOut(shop Shop, why Reason) string {
	name := printable(shop.fileName())
	if shop.Name != "" {
		name = printable(shop.Name) + " (" + name + ")"
	}
	return "Not in this file: " + name + ", because " + leftOutTexts[why] + "."
}
