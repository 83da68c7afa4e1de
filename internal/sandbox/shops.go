package sandbox

import (
	"cmp"
	"slices"
	"time"
)

// DemoShop is one of the shops that the sandbox pretends to run. Its password and secret are made
// when the sandbox first starts. They open nothing but the sandbox, whose front page shows them.
type DemoShop struct {
	ID, Name, Domain, PublicDomain string
	APIUser, APIPassword           string // for HTTP Basic
	WebhookSecret                  string // signs the shop's deliveries
}

// Switches are behaviors of one demo shop that a client must cope with. The zero value is the
// plainest shop.
type Switches struct {
	// SecretInCreate puts the shop's webhook secret into the response to creating a webhook.
	SecretInCreate bool `json:"secretInCreate"`
	// FutureTypes adds two event types that no document lists: the shop's webhooks gain them when
	// it is turned on and lose them when it is turned off, and requests may name them in between.
	FutureTypes bool `json:"futureTypes"`
	// BareList returns the lists of webhooks and of events as arrays instead of page objects.
	BareList bool `json:"bareList"`
	// LongTokens makes access tokens longer than 4 KiB instead of about 1 KiB.
	LongTokens bool `json:"longTokens"`
	// Lenient takes types in place of allowedTypes, as the platform does: the webhook gets no event
	// types and never receives anything. Without it, such a body is refused, as the platform's
	// description says, so that the mistake is seen.
	Lenient bool `json:"lenient"`
	// PageSize is the number of webhooks on a page where the request names none, 1 to 100.
	// 0 means 20.
	PageSize int `json:"pageSize"`
	// IgnoreSize makes pages of PageSize in the list of webhooks, whatever size the request names.
	IgnoreSize bool `json:"ignoreSize"`
	// RefuseSize rejects a request for a page size of webhooks with 400.
	RefuseSize bool `json:"refuseSize"`
	// RefuseAccess answers every call of the API with 401, as if the key or token had been taken back.
	RefuseAccess bool `json:"refuseAccess"`
	// LimitRate answers every call of the API with 429.
	LimitRate bool `json:"limitRate"`
	// Slow answers every call of the API after 2 s, by the sandbox's clock.
	Slow bool `json:"slow"`
	// RequireScopes are scopes that a token needs for every call of the API, beside the call's own.
	// API keys have full access all the same.
	RequireScopes []string `json:"requireScopes"`
}

// Webhook is one that a demo shop has.
type Webhook struct {
	ID           string    `json:"id"`
	ShopID       string    `json:"shopId"`
	URL          string    `json:"url"`
	AllowedTypes []string  `json:"allowedTypes"`
	Locked       bool      `json:"locked"` // cannot be changed or deleted over the API
	CreatedAt    time.Time `json:"createdAt"`
	Seq          int64     `json:"seq"` // grows with each new one
}

// A shop is a demo shop with what belongs to it, oldest webhook and oldest event first.
type shop struct {
	DemoShop
	place    int       // among the demo shops
	plan     []Webhook // the webhooks at the start
	until    time.Time // the start, before which there is a history
	kept     bool      // in the data file; a shop of a fleet isn't before it changes
	switches Switches
	webhooks []Webhook
	events   []event
	sending  map[string]func() // ends the attempts that are running, by id of the event
	recent   window
}

// shopDocument is what the data file keeps of a shop beside its webhooks.
type shopDocument struct {
	APIPassword   string   `json:"apiPassword"`
	WebhookSecret string   `json:"webhookSecret"`
	Switches      Switches `json:"switches"`
	// Until is the end of the history of a shop of a fleet.
	Until time.Time `json:"until,omitzero"`
}

func (sh *shop) document() shopDocument {
	d := shopDocument{sh.APIPassword, sh.WebhookSecret, sh.switches, time.Time{}}
	if sh.isOfFleet() {
		d.Until = sh.until
	}
	return d
}

// A seed is a demo shop as it first appears.
type seed struct {
	shop     DemoShop
	switches Switches
	webhooks []Webhook
}

// seeds has a shop to start from nothing, whose id is of the form that real ones have, one with a
// webhook that cannot be changed, and one that is in full use, whose events can be received without
// a network. One of its webhooks always fails.
func seeds() []seed {
	return []seed{
		{
			shop:     demoShop("sh_5f0c2d71-8a4e-4b63-9e17-d3a6f21b90c8", "Studio Nine", "studio-nine"),
			switches: Switches{SecretInCreate: true},
		},
		{
			shop: demoShop("sh_h7PdE5uLTJmK3vGq9oWfBg", "Lantern Post", "lantern-post"),
			webhooks: []Webhook{
				{
					URL:          "https://apps.example.com/managed/fourthwall",
					AllowedTypes: []string{"ORDER_PLACED", "PLATFORM_APP_DISCONNECTED"}, Locked: true,
				},
			},
		},
		{
			shop: demoShop("sh_x2RyC8nHSiaF6tDj1pUeMw", "Tidewater Records", "tidewater-records"),
			webhooks: []Webhook{
				{URL: "https://receiver.sandbox.example/orders", AllowedTypes: []string{"ORDER_PLACED", "ORDER_UPDATED"}},
				{
					URL: "https://receiver.sandbox.example/fail?overlay=7",
					AllowedTypes: []string{
						"ORDER_PLACED", "DONATION", "GIFT_PURCHASE", "SUBSCRIPTION_PURCHASED",
						"SUBSCRIPTION_CHANGED",
					},
				},
				{
					URL:          "https://receiver.sandbox.example/catalog",
					AllowedTypes: []string{"PRODUCT_CREATED", "PRODUCT_UPDATED", "COLLECTION_UPDATED"},
				},
			},
		},
	}
}

func demoShop(id, name, host string) DemoShop {
	return DemoShop{
		ID: id, Name: name, Domain: host + ".fourthwall.example", PublicDomain: "shop." + host + ".example",
		APIUser: "fw_api_" + host,
	}
}

// load reads the data file and makes what is not in it yet.
func (s *Server) load(count int) error {
	offset, err := readAll[time.Duration](s.files, "clock")
	if err != nil {
		return err
	}
	s.offset.Store(int64(offset["offset"]))
	if s.grants, err = readAll[*grant](s.files, "grant"); err != nil {
		return err
	}
	if err := s.sweepGrants(); err != nil {
		return err
	}
	if err := s.loadAppKey(); err != nil {
		return err
	}
	if err := s.loadChannel(); err != nil {
		return err
	}
	return s.loadShops(count)
}

// loadAppKey reads the key that signs for every shop, or makes it, unless one is configured.
func (s *Server) loadAppKey() error {
	if s.appKey != "" {
		return nil
	}
	keys, err := readAll[string](s.files, "key")
	if err != nil {
		return err
	}
	if s.appKey = keys["apps"]; s.appKey != "" {
		return nil
	}
	s.appKey = random(32)
	return s.files.apply(change{"key", "apps", s.appKey})
}

func (s *Server) loadShops(count int) error {
	kept, err := readAll[shopDocument](s.files, "shop")
	if err != nil {
		return err
	}
	webhooks, err := readAll[Webhook](s.files, "webhook")
	if err != nil {
		return err
	}
	events, err := readAll[event](s.files, "event")
	if err != nil {
		return err
	}
	for _, w := range webhooks {
		s.seq = max(s.seq, w.Seq)
	}
	for _, e := range events {
		s.seq = max(s.seq, e.Seq)
	}
	key, err := s.fleetKey(count)
	if err != nil {
		return err
	}
	ofShop, eventsOf := grouped(webhooks), grouped(events)
	for i := range count {
		from := seedAt(i)
		sh := &shop{DemoShop: from.shop, place: i, plan: from.webhooks, sending: map[string]func(){}}
		if doc, known := kept[sh.ID]; known {
			sh.APIPassword, sh.WebhookSecret, sh.switches = doc.APIPassword, doc.WebhookSecret, doc.Switches
			sh.webhooks, sh.events, sh.until, sh.kept = ofShop[sh.ID], eventsOf[sh.ID], doc.Until, true
		} else {
			if sh.isOfFleet() {
				sh.APIPassword = fleetSecret(key, "password", sh.ID, 18)
				sh.WebhookSecret = fleetSecret(key, "signing secret", sh.ID, 32)
			}
			if err := s.plant(sh, from); err != nil {
				return err
			}
		}
		s.shops = append(s.shops, sh)
	}
	return nil
}

// fleetKey returns what the passwords of a fleet come from, if there is one.
func (s *Server) fleetKey(count int) (string, error) {
	if count <= DefaultShops {
		return "", nil
	}
	keys, err := readAll[string](s.files, "key")
	if err != nil || keys["fleet"] != "" {
		return keys["fleet"], err
	}
	made := random(32)
	return made, s.files.apply(change{"key", "fleet", made})
}

// grouped returns webhooks or events by shop, the oldest first.
func grouped[T interface{ order() (string, int64) }](all map[string]T) map[string][]T {
	out := map[string][]T{}
	for _, one := range all {
		shopID, _ := one.order()
		out[shopID] = append(out[shopID], one)
	}
	for _, list := range out {
		slices.SortFunc(list, func(a, b T) int {
			_, x := a.order()
			_, y := b.order()
			return cmp.Compare(x, y)
		})
	}
	return out
}

func (w Webhook) order() (shopID string, seq int64) { return w.ShopID, w.Seq }

func (d Delivery) order() (shopID string, seq int64) { return d.ShopID, d.Seq }

// plant sets up what a shop starts with, in memory and, except for a fleet, in the data file. Its password and secret
// are made only where it has none.
func (s *Server) plant(sh *shop, from seed) error {
	if sh.APIPassword == "" {
		sh.APIPassword, sh.WebhookSecret = random(18), random(32)
	}
	changes := s.uproot(sh)
	sh.switches, sh.recent, sh.until = from.switches, window{}, s.now()
	for _, w := range from.webhooks {
		w = s.planted(sh, w)
		sh.webhooks = append(sh.webhooks, w)
		if !sh.isOfFleet() {
			changes = append(changes, change{"webhook", w.ID, w})
		}
	}
	if !sh.isOfFleet() {
		changes = append(changes, change{"shop", sh.ID, sh.document()})
	}
	sh.kept = !sh.isOfFleet()
	if len(changes) == 0 {
		return nil
	}
	return s.files.apply(changes...)
}

// planted is a webhook that a shop starts with.
func (s *Server) planted(sh *shop, w Webhook) Webhook {
	if w.ID == "" {
		return s.newWebhook(sh.ID, w.URL, w.AllowedTypes, w.Locked)
	}
	s.seq++
	w.Seq, w.CreatedAt = s.seq, sh.until.Add(-createdBefore)
	return w
}

// uproot ends what a shop had, and returns what that changes in the data file.
func (s *Server) uproot(sh *shop) []change {
	var changes []change
	for _, end := range sh.sending {
		end()
	}
	if sh.kept {
		for _, w := range sh.webhooks {
			changes = append(changes, change{"webhook", w.ID, nil})
		}
		for _, e := range sh.events {
			changes = append(changes, change{"event", e.ID, nil})
		}
		changes = append(changes, change{"shop", sh.ID, nil})
	}
	sh.webhooks, sh.events = nil, nil
	return changes
}

// keep stores changes of a shop, and with the first one all of it.
func (s *Server) keep(sh *shop, changes ...change) error {
	if !sh.kept {
		whole := []change{{"shop", sh.ID, sh.document()}}
		for _, w := range sh.webhooks {
			whole = append(whole, change{"webhook", w.ID, w})
		}
		changes = append(whole, changes...)
	}
	if err := s.files.apply(changes...); err != nil {
		return err
	}
	sh.kept = true
	return nil
}

func (s *Server) newWebhook(shopID, url string, types []string, locked bool) Webhook {
	s.seq++
	return Webhook{
		ID: "wcon_" + random(16), ShopID: shopID, URL: url, AllowedTypes: append([]string{}, types...),
		Locked: locked, CreatedAt: s.now(), Seq: s.seq,
	}
}

// putWebhook keeps a new or changed webhook.
func (s *Server) putWebhook(sh *shop, w Webhook) error {
	if err := s.keep(sh, change{"webhook", w.ID, w}); err != nil {
		return err
	}
	webhooks := slices.Clone(sh.webhooks)
	if i := sh.find(w.ID); i >= 0 {
		webhooks[i] = w
	} else {
		webhooks = append(webhooks, w)
	}
	sh.webhooks = webhooks
	return nil
}

func (s *Server) deleteWebhook(sh *shop, id string) error {
	if err := s.keep(sh, change{"webhook", id, nil}); err != nil {
		return err
	}
	i := sh.find(id)
	sh.webhooks = slices.Delete(slices.Clone(sh.webhooks), i, i+1)
	return nil
}

// find returns the place of a webhook in the shop, or -1.
func (sh *shop) find(id string) int {
	return slices.IndexFunc(sh.webhooks, func(w Webhook) bool { return w.ID == id })
}

// open reports whether the shop has event types that the documents do not list: in its webhooks, in
// its events or by its switch.
func (sh *shop) open() bool {
	return sh.switches.FutureTypes ||
		slices.ContainsFunc(sh.webhooks, func(w Webhook) bool { return !documented(w.AllowedTypes) }) ||
		slices.ContainsFunc(sh.plan, func(w Webhook) bool { return !documented(w.AllowedTypes) }) ||
		slices.ContainsFunc(sh.events, func(e event) bool { return !slices.Contains(eventTypes, e.Type) })
}

// accepts reports whether a request may name these types: the documented ones, the invented ones by
// the switch, and those that a webhook of the shop already has.
func (sh *shop) accepts(types []string) bool {
	for _, t := range types {
		known := slices.Contains(eventTypes, t) || sh.switches.FutureTypes && slices.Contains(futureTypes, t) ||
			slices.ContainsFunc(sh.webhooks, func(w Webhook) bool { return slices.Contains(w.AllowedTypes, t) })
		if !known {
			return false
		}
	}
	return true
}

// shop finds a demo shop by id, or returns nil.
func (s *Server) shop(id string) *shop {
	i := slices.IndexFunc(s.shops, func(sh *shop) bool { return sh.ID == id })
	if i < 0 {
		return nil
	}
	return s.shops[i]
}

// Shops returns the demo shops, always in the same order.
func (s *Server) Shops() []DemoShop {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []DemoShop
	for _, sh := range s.shops {
		out = append(out, sh.DemoShop)
	}
	return out
}

// Webhooks returns a demo shop's webhooks, the oldest first; none for an unknown shop.
func (s *Server) Webhooks(shopID string) []Webhook {
	s.mu.Lock()
	defer s.mu.Unlock()
	sh := s.shop(shopID)
	if sh == nil {
		return nil
	}
	out := slices.Clone(sh.webhooks)
	for i := range out {
		out[i].AllowedTypes = slices.Clone(out[i].AllowedTypes)
	}
	return out
}

// AddWebhook adds a webhook to a demo shop past the API: no policy checks the URL, and the types may
// be ones that no document lists. It fails for an unknown shop and when the data file does.
func (s *Server) AddWebhook(shopID, url string, types []string) (Webhook, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sh := s.shop(shopID)
	if sh == nil {
		return Webhook{}, unknownShop(shopID)
	}
	w := s.newWebhook(shopID, url, types, false)
	err := s.putWebhook(sh, w)
	w.AllowedTypes = slices.Clone(w.AllowedTypes)
	return w, err
}

// Switches returns how a demo shop behaves; the zero value for an unknown one.
func (s *Server) Switches(shopID string) Switches {
	s.mu.Lock()
	defer s.mu.Unlock()
	sh := s.shop(shopID)
	if sh == nil {
		return Switches{}
	}
	out := sh.switches
	out.RequireScopes = slices.Clone(out.RequireScopes)
	return out
}

// Configure replaces a demo shop's switches. It fails for an unknown shop, for a page size outside 0
// to 100, for an unknown scope, and when the data file does.
func (s *Server) Configure(shopID string, to Switches) error {
	to.RequireScopes = slices.Clone(to.RequireScopes)
	for _, code := range to.RequireScopes {
		if _, known := lookupScope(code); !known {
			return errScope(code)
		}
	}
	if to.PageSize < 0 || to.PageSize > maxPageSize {
		return errPageSize(to.PageSize)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sh := s.shop(shopID)
	if sh == nil {
		return unknownShop(shopID)
	}
	return s.configure(sh, to)
}

func (s *Server) configure(sh *shop, to Switches) error {
	webhooks := sh.webhooks
	doc := sh.document()
	doc.Switches = to
	changes := []change{{"shop", sh.ID, doc}}
	if to.FutureTypes != sh.switches.FutureTypes {
		webhooks = slices.Clone(webhooks)
		for i, w := range webhooks {
			webhooks[i].AllowedTypes = withFuture(w.AllowedTypes, to.FutureTypes)
			changes = append(changes, change{"webhook", w.ID, webhooks[i]})
		}
	}
	if err := s.keep(sh, changes...); err != nil {
		return err
	}
	sh.switches, sh.webhooks = to, webhooks
	return nil
}

// withFuture returns the types with or without the invented ones.
func withFuture(types []string, on bool) []string {
	out := slices.DeleteFunc(slices.Clone(types), func(t string) bool { return slices.Contains(futureTypes, t) })
	if on {
		out = append(out, futureTypes...)
	}
	return out
}
