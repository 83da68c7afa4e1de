package sandbox

import (
	"bytes"
	"cmp"
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed pages
var pageFiles embed.FS

var (
	pageTemplates = sync.OnceValue(func() *template.Template {
		return template.Must(template.ParseFS(pageFiles, "pages/*.html"))
	})
	styleSheet = mustRead("pages/style.css")
	stylePath  = "/_sandbox/style-" + hash(string(styleSheet))[:12] + ".css"
	icon       = mustRead("pages/icon.svg")
	iconPath   = "/_sandbox/icon-" + hash(string(icon))[:12] + ".svg"
)

// faviconPath is what browsers ask for where a page names no icon.
const faviconPath = "/favicon.ico"

func mustRead(name string) []byte {
	b, err := pageFiles.ReadFile(name)
	if err != nil {
		panic(err) // the file is embedded
	}
	return b
}

func handleStyle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	send(w, http.StatusOK, styleSheet)
}

func handleIcon(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	send(w, http.StatusOK, icon)
}

func handleDescription(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml; charset=utf-8")
	send(w, http.StatusOK, openapiYAML)
}

// A frame is what every page has around it.
type frame struct {
	Title string
	Style string // path of the style sheet
	Icon  string // its path
	Apps  []app
	Page  any
}

// An app is a client, and where its own pages are: the origin that its sign-ins lead back to.
type app struct{ ID, Name, Home string }

func (s *Server) apps() []app {
	var out []app
	for _, c := range s.clients {
		if len(c.redirectURIs) > 0 {
			u, err := url.Parse(c.redirectURIs[0])
			if err == nil {
				out = append(out, app{c.id, c.name, u.Scheme + "://" + u.Host + "/"})
			}
		}
	}
	return out
}

// render draws a page completely before any of it is sent.
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, name, title string, page any) {
	var b bytes.Buffer
	if err := pageTemplates().ExecuteTemplate(&b, name, frame{title, stylePath, iconPath, s.apps(), page}); err != nil {
		p := s.internalError(r, err)
		body, _ := p.encode()
		p.write(w, body)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	send(w, status, b.Bytes())
}

type problemPage struct {
	Status    int
	Text      string // what is wrong, as a sentence
	RequestID string
	Home      string // origin of the front page
}

// refuse responds with a page, or with a code if a program asks.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, status int, code, sentence string) {
	if wantsPage(r) {
		s.render(w, r, status, "problem.html", headings[status], problemPage{status, sentence, requestID(r), s.origin()})
		return
	}
	p := refusedWith(status, code)
	if strings.HasPrefix(r.URL.Path, "/_sandbox/") {
		p.body = struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		}{code, sentence}
	}
	body, _ := p.encode()
	p.write(w, body)
}

func wantsPage(r *http.Request) bool {
	if strings.HasPrefix(r.URL.Path, "/_sandbox/") {
		return strings.Contains(r.Header.Get("Accept"), "text/html")
	}
	return !isAPI(r.URL.Path)
}

type consentPage struct {
	Client   string
	Redirect string // host that the browser returns to
	Scopes   []scope
	Shops    []DemoShop
	IsSearch bool // there are more shops than the page offers
	Query    string
	Words    string // says how many shops there are
	Action   string
	Hidden   []field
}

type field struct{ Name, Value string }

func (s *Server) renderConsent(w http.ResponseWriter, r *http.Request, a authorization, v url.Values) {
	all, query := s.Shops(), bounded(strings.TrimSpace(v.Get("q")), 200)
	p := consentPage{
		Client: a.client.name, IsSearch: len(all) > consentShops, Query: query, Action: r.URL.EscapedPath(),
	}
	shown, count := findDemoShops(all, query, consentShops)
	p.Shops, p.Words = shown, choiceText(len(shown), count)
	if u, err := url.Parse(a.redirect); err == nil {
		p.Redirect = u.Host
	}
	for _, code := range a.scopes {
		known, _ := lookupScope(code)
		p.Scopes = append(p.Scopes, known)
	}
	for _, name := range authorizationParameters {
		if v.Has(name) {
			p.Hidden = append(p.Hidden, field{name, v.Get(name)})
		}
	}
	w.Header().Set("Content-Security-Policy", contentPolicy(origin(a.redirect)))
	s.render(w, r, http.StatusOK, "consent.html", "Connect "+a.client.name, p)
}

type frontPage struct {
	state
	Apps                                   []app
	Base, ConnectPath, AuthPath, TokenPath string
	AuthorizePath, MetadataPath            string
	ChannelTokenPath                       string
	Choices                                []struct{ Value, Words string }
	Issuer                                 string // of the identity provider, "" if no app uses it
	FutureTypes                            string
	List                                   shopList
	OddityLinks                            []oddityLink
	ShopCount                              string     // in words
	OneShop                                *stateShop // the only one that fits, whose deliveries are shown
	Open                                   string     // the tool that was just used
	Receiver                               string     // origin of the built-in receiver
	ReceiverPaths                          []struct{ Path, Words string }
}

func (s *Server) handleFront(w http.ResponseWriter, r *http.Request) {
	p := frontPage{
		state: s.state(), Apps: s.apps(), Base: s.base(r), ConnectPath: connectPath, AuthPath: authPath,
		TokenPath: tokenPath, AuthorizePath: authorizePath, MetadataPath: realmMetadataPath,
		ChannelTokenPath: channelGrantPath,
		Choices:          choices, FutureTypes: strings.Join(futureTypes, " and "),
		Receiver: "https://" + ReceiverHost, ReceiverPaths: receiverPaths,
		Open: r.FormValue("open"),
	}
	p.List = findShops(p.Shops, bounded(strings.TrimSpace(r.FormValue("q")), 200), number(r.FormValue("page"), 1))
	p.ShopCount = shopCount(len(p.Shops))
	if len(p.Shops) > DefaultShops {
		p.OddityLinks = oddityLinks(p.Shops)
	}
	if p.List.IsList {
		s.describeLogs(p.List.Shops)
	}
	if p.List.Query != "" && len(p.List.Shops) == 1 {
		p.OneShop = &p.List.Shops[0].stateShop
		p.Deliveries = s.Deliveries(p.OneShop.ID)
		p.Deliveries = p.Deliveries[:min(len(p.Deliveries), shownOfShop)]
	}
	if len(s.people.clients) > 0 {
		p.Issuer = s.base(r) + IssuerPath
	}
	w.Header().Set("Content-Security-Policy", contentPolicy(s.installTargets()...))
	slices.Reverse(p.Requests)
	p.Requests = p.Requests[:min(len(p.Requests), 20)]
	s.render(w, r, http.StatusOK, "front.html", "Sandbox", p)
}

// IsOpen reports whether a folded tool is shown open.
func (p frontPage) IsOpen(tool string) bool {
	return p.Open == tool || tool == "failures" && len(p.Failures) > 0
}

// firing is a group of event types that the front page offers to send in one shop.
type firing struct {
	Title string
	Types []firingType
}

type firingType struct{ Code, Label string }

// How many webhooks and, if it is the only one that is found, deliveries of a shop the front page shows.
const (
	shownWebhooks = 20
	shownOfShop   = 20
)

// Firings are the event types by group, each with how many of the shop's webhooks are subscribed.
func (sh stateShop) Firings() []firing {
	groups := eventGroups
	if sh.Switches.FutureTypes {
		groups = append(slices.Clone(groups), eventGroup{"Future event types", futureTypes})
	}
	var out []firing
	for _, g := range groups {
		f := firing{Title: g.Title}
		for _, code := range g.Types {
			f.Types = append(f.Types, firingType{code, code + ": " + webhookCount(sh.listeners(code))})
		}
		out = append(out, f)
	}
	return out
}

// TakesOrders reports whether a webhook of the shop is subscribed to orders.
func (sh stateShop) TakesOrders() bool { return sh.listeners("ORDER_PLACED") > 0 }

func (sh stateShop) listeners(eventType string) int {
	n := 0
	for _, w := range sh.Webhooks {
		if slices.Contains(w.AllowedTypes, eventType) {
			n++
		}
	}
	return n
}

// HasLeft reports whether a demo shop left the channel.
func (p frontPage) HasLeft(id string) bool { return slices.Contains(p.Channel.Left, id) }

// ShopName is the name of a demo shop.
func (p frontPage) ShopName(id string) string {
	for _, sh := range p.Shops {
		if sh.ID == id {
			return sh.Name
		}
	}
	return id
}

// Underway reports whether a delivery that is shown is not at its end.
func (p frontPage) Underway() bool {
	return slices.ContainsFunc(p.Deliveries, func(d Delivery) bool { return !d.NextAt.IsZero() })
}

// Mark is the class of a delivery's state.
func (d Delivery) Mark() string { return strings.ToLower(d.State) }

// Clock is a time of day as the front page shows it.
func (frontPage) Clock(t time.Time) string { return t.Format("15:04:05") }

// Date is a time as the front page shows it in full.
func (frontPage) Date(t time.Time) string { return t.Format("Jan 2, 2006, 15:04:05 MST") }

// origin is the public URL, "" when there is none.
func (s *Server) origin() string {
	if s.publicURL == nil {
		return ""
	}
	return s.publicURL.String()
}

// base is the origin that the request came to.
func (s *Server) base(r *http.Request) string { return cmp.Or(s.origin(), "http://"+r.Host) }

// hostname is a host without its port and brackets.
func hostname(host string) string {
	u := url.URL{Host: host}
	return u.Hostname()
}

// withPort adds the port that a scheme implies.
func withPort(host, scheme string) string {
	u := url.URL{Host: host}
	if u.Port() != "" || host == "" {
		return host
	}
	if scheme == "https" {
		return strings.TrimSuffix(host, ":") + ":443"
	}
	return strings.TrimSuffix(host, ":") + ":80"
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }
