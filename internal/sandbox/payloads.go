package sandbox

import (
	"bytes"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"text/template"
	"time"
)

//go:embed payloads
var payloadFiles embed.FS

// payloads has a template for each event type, under its code. They follow the schemas that the
// platform publishes. For the types of membership content it publishes none; those are invented.
// No text that came from outside gets into them.
var payloads = sync.OnceValue(func() *template.Template {
	return template.Must(template.ParseFS(payloadFiles, "payloads/*.tmpl"))
})

// payload makes up what an event is about, as JSON.
func payload(eventType string, sc scene) (json.RawMessage, error) {
	var b, out bytes.Buffer
	if err := payloads().ExecuteTemplate(&b, eventType, sc); err != nil {
		return nil, err
	}
	if err := json.Compact(&out, b.Bytes()); err != nil {
		return nil, fmt.Errorf("payload of %s: %w", eventType, err)
	}
	return out.Bytes(), nil
}

// A scene is what the payload of one event is told from.
type scene struct {
	Shop          DemoShop
	Buyer, Friend person
	Note          string // what one template tells another
	at            time.Time
	form          form
	source        func(n int) []byte // of random bytes; nil for new ones each time
}

// newScene casts the nth event of a sandbox.
func newScene(sh DemoShop, at time.Time, n int64) scene {
	cast := int64(len(people))
	return scene{Shop: sh, Buyer: people[n%cast], Friend: people[(n+1)%cast], at: at}
}

// With is the same scene with another note.
func (sc scene) With(note string) scene {
	sc.Note = note
	return sc
}

// Now is when the event happens.
func (sc scene) Now() string { return sc.form.moment(sc.at) }

// Ago is some time before, such as "90m".
func (sc scene) Ago(text string) (string, error) {
	d, err := time.ParseDuration(text)
	return sc.form.moment(sc.at.Add(-d)), err
}

// Live reports whether the form is the one that is not documented.
func (sc scene) Live() bool { return sc.form == liveForm }

func (sc scene) bytes(n int) []byte {
	if sc.source == nil {
		return randomBytes(n)
	}
	return sc.source(n)
}

// ID is a new id of a kind, such as "don".
func (sc scene) ID(kind string) string {
	return kind + "_" + base64.RawURLEncoding.EncodeToString(sc.bytes(16))
}

// UUID is a new random UUID.
func (sc scene) UUID() string {
	b := sc.bytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80 // version 4 of RFC 9562
	h := hex.EncodeToString(b)
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// Code is a new short id for people.
func (sc scene) Code() string {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789" // 32, so that each is as likely
	b := sc.bytes(8)
	for i := range b {
		b[i] = letters[b[i]%32]
	}
	return string(b)
}

// A person is invented. Domains and telephone numbers are ones that are reserved for examples.
type person struct {
	Name, User, Email                       string
	Street, Flat, City, State, Zip, Country string
	Phone                                   string
}

var people = []person{
	{
		"Amara Okafor", "amara.prints", "amara.okafor@example.com", "14 Harbour Lane", "Flat 3", "Bristol", "England",
		"BS1 4QA", "GB", "+44 117 496 0142",
	},
	{
		"Zoë Lindqvist", "zoe_in_orbit", "zoe.lindqvist@example.com", "2208 Alder Street", "", "Portland", "OR", "97205",
		"US", "+1 503 555 0117",
	},
	{
		"José Ferreira", "josecooks", "jose.ferreira@example.com", "91 Juniper Court", "Unit 12", "Austin", "TX", "78704",
		"US", "+1 512 555 0164",
	},
	{
		"Mei-Ling O’Connor", "meilingo", "mei.oconnor@example.com", "5 Ferry Road", "", "Melbourne", "VIC", "3000", "AU",
		"+61 3 5550 0133",
	},
	{
		"Łukasz Brandt", "lukaszb", "lukasz.brandt@example.com", "37 Mill Row", "Apt 2B", "Buffalo", "NY", "14201", "US",
		"+1 716 555 0191",
	},
}
