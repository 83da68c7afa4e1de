package fleet_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
)

// TestEndedRun: what a stopped run has left is skipped when it is ended, and its shops are free for other plans.
func TestEndedRun(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	first, second := g.connect(g.owner, studio), g.connect(g.owner, tidewater)
	g.visit(first)
	g.visit(second)
	p, waits := g.plans(copyOf("DONATION"), first, second), g.plans(copyOf("GIFT_PURCHASE"), first, second)
	g.must(g.ApplyPlan(t.Context(), g.actor("bo"), p, p.Digest, 1))
	err := g.ApplyPlan(t.Context(), g.actor("bo"), waits, waits.Digest, 1)
	if busy, ok := errors.AsType[*store.ShopsBusyError](err); !ok || busy.Number != p.Number || busy.Shops != 2 {
		t.Fatalf("an overlapping plan: %v", err)
	}
	_, proposal, err := g.MakePlan(t.Context(), g.actor("ada"), "left out", copyOf("GIFT_PURCHASE"), []string{first})
	if !errors.Is(err, fleet.ErrNothingToChange) || len(proposal.LeftOut) != 1 || proposal.LeftOut[0].Plan != p.Number {
		t.Fatalf("a new plan: %+v, %v", proposal, err)
	}
	if err := g.EndPlan(t.Context(), g.actor("ada"), p); !errors.Is(err, store.ErrPlanState) {
		t.Fatalf("a run that isn't stopped ends with %v", err)
	}
	g.must(g.StopPlan(t.Context(), g.actor("ada"), p))
	g.must(g.EndPlan(t.Context(), g.actor("ada"), p))
	g.sent("")
	g.works()
	if got := g.standing(p); got != "done ended, skipped, skipped" || g.wrote() != 0 {
		t.Errorf("the run is %s", got)
	}
	g.applies(waits)
	if got := g.standing(waits); got != allDone {
		t.Errorf("the other is %s", got)
	}
	found, err := g.store.Activities(t.Context(), store.ActivityQuery{Shop: activity.OfTeam, Limit: 20})
	g.must(err)
	if !slices.ContainsFunc(found.Rows, func(a store.Activity) bool { return a.Action == activity.EndPlan }) {
		t.Error("the end isn't recorded")
	}
}

// wrote returns how many webhooks the API was asked to create, replace or delete, and forgets all calls.
func (g *rig) wrote() (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, method := range g.methods {
		if method != http.MethodGet {
			n++
		}
	}
	g.calls, g.methods = nil, nil
	return n
}

// TestLimitedShop: an item that meets the shop's limit waits, says until when, and is applied once.
func TestLimitedShop(t *testing.T) {
	t.Parallel()
	edits := map[string]fleet.Edit{
		"create": copyOf("DONATION"),
		"update": {Kind: fleet.AddTypes, Types: []fourthwall.EventType{"GIFT_DRAW_STARTED"}, URL: newHook},
		"delete": {Kind: fleet.DeleteHooks, URL: newHook},
	}
	limits := map[string]string{"every call": "", "writes": "write"}
	for name, e := range edits {
		for when, only := range limits {
			t.Run(name+", "+when, func(t *testing.T) {
				t.Parallel()
				g := newRig(t)
				shop := g.connect(g.owner, studio)
				if name != "create" {
					_, err := g.box.AddWebhook(shop, newHook, []string{"DONATION"})
					g.must(err)
				}
				g.visit(shop)
				p := g.plans(e, shop)
				g.must(g.ApplyPlan(t.Context(), g.actor("bo"), p, p.Digest, 1))
				g.answerWith(func(r *http.Request) (*http.Response, error) {
					if only != "" && r.Method == http.MethodGet {
						return nil, nil
					}
					resp := jsonAnswer(r, http.StatusTooManyRequests, `{"code":"OPEN_API_TOO_MANY_REQUESTS","status":429}`)
					resp.Header.Set("Retry-After", "20")
					return resp, nil
				})
				for range 7 {
					g.move(time.Minute)
					g.visit(shop)
					items, err := g.store.PlanItems(t.Context(), g.owner, p.Number)
					g.must(err)
					wait := items[0].WaitUntil.Sub(g.store.Now())
					if items[0].State != store.ItemPending || items[0].Code != fleet.CodeLimit || wait < 9*time.Second {
						t.Fatalf("the item is %+v, and waits for %v", items[0], wait)
					}
				}
				g.answerWith(nil)
				g.move(time.Minute)
				g.visit(shop)
				if got := g.standing(p); got != "done, done" {
					t.Errorf("the run is %s", got)
				}
				if has := len(g.box.Webhooks(shop)); has != map[bool]int{true: 0, false: 1}[name == "delete"] {
					t.Errorf("the shop has %d webhooks", has)
				}
			})
		}
	}
}

// answerWith makes the API answer as told, or as the sandbox does where that returns neither.
func (g *rig) answerWith(answers func(*http.Request) (*http.Response, error)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.answers = answers
}

// TestConnectionEndsDuringRun: what can no longer be applied is named, and the run ends.
func TestConnectionEndsDuringRun(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(g *rig, shop string){
		"refused": func(g *rig, _ string) {
			g.answerWith(func(r *http.Request) (*http.Response, error) {
				return jsonAnswer(r, http.StatusUnauthorized, `{"code":"UNAUTHORIZED","status":401}`), nil
			})
		},
		"ended before": func(g *rig, shop string) {
			conn, err := g.store.Connection(g.t.Context(), g.owner, shop)
			g.must(err)
			g.must(g.store.ExpireConnection(g.t.Context(), conn.ID, conn.Version, store.End{Why: store.EndKeyRejected}))
		},
		"disconnected": func(g *rig, shop string) {
			g.must(g.store.DeleteConnection(g.t.Context(), g.owner, shop))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t)
			shop := g.connect(g.owner, tidewater)
			g.visit(shop)
			p := g.plans(fleet.Edit{Kind: fleet.AddTypes, Types: []fourthwall.EventType{"GIFT_DRAW_STARTED"}}, shop)
			g.must(g.ApplyPlan(t.Context(), g.actor("bo"), p, p.Digest, 1))
			end(g, shop)
			for range 10 {
				g.must(g.store.Sweep(t.Context()))
				g.move(time.Minute)
				_, err := g.Visit(t.Context(), shop, func(context.Context, *sql.Tx, time.Time) error { return nil })
				if !errors.Is(err, store.ErrNotFound) {
					g.must(err)
				}
				if now, _, err := g.ReadPlan(t.Context(), g.owner, p.Number); err == nil && now.State == store.PlanPaused {
					g.must(g.ResumePlan(t.Context(), g.actor("bo"), p, p.Digest, false))
				}
			}
			got := g.standing(p)
			if want := "done, failed ended, failed ended, failed ended"; got != want {
				t.Errorf("the run is %q, want %q", got, want)
			}
		})
	}
}

// TestEffectsThatComeLate: a create takes effect after the client gave up, or never. It is made once, and none is lost.
func TestEffectsThatComeLate(t *testing.T) {
	t.Parallel()
	for _, late := range []time.Duration{0, 5 * time.Second, 20 * time.Second, -1} {
		t.Run(fmt.Sprint(late), func(t *testing.T) {
			t.Parallel()
			g := newRig(t)
			shop := g.connect(g.owner, studio)
			g.visit(shop)
			p := g.plans(copyOf("DONATION"), shop)
			posts := 0
			var effect func()
			g.answerWith(func(r *http.Request) (*http.Response, error) {
				if r.Method != http.MethodPost || !strings.HasPrefix(r.URL.Path, webhooksPath) {
					return nil, nil
				}
				if posts++; posts > 1 {
					return nil, nil
				}
				body, err := io.ReadAll(r.Body)
				g.must(err)
				in := r.Clone(context.WithoutCancel(r.Context()))
				in.Body, in.RemoteAddr, in.RequestURI = io.NopCloser(bytes.NewReader(body)), "127.0.0.1:1", r.URL.RequestURI()
				effect = func() { g.box.ServeHTTP(httptest.NewRecorder(), in) }
				return nil, io.ErrUnexpectedEOF
			})
			g.must(g.ApplyPlan(t.Context(), g.actor("bo"), p, p.Digest, 1))
			passed := time.Duration(0)
			for n := range 20 {
				if effect != nil && late >= 0 && passed >= late {
					effect()
					effect = nil
				}
				if n == 2 { // a person retries as soon as that is offered
					_ = g.ResumePlan(t.Context(), g.actor("bo"), p, p.Digest, true)
				}
				_, err := g.Visit(t.Context(), shop, func(context.Context, *sql.Tx, time.Time) error { return nil })
				g.must(err)
				g.move(5 * time.Second)
				passed += 5 * time.Second
			}
			want := 1
			if late < 0 {
				want = 2
			}
			if got, has := g.standing(p), g.has(studio); got != "done, done" || len(has) != 1 || posts != want {
				t.Errorf("the run is %q, the shop has %q after %d calls", got, has, posts)
			}
		})
	}
}

// TestAlteredByte: whichever byte of a stored plan is altered, it can be neither approved nor applied, and nothing of
// its run is sent.
func TestAlteredByte(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	shop := g.connect(g.owner, studio)
	g.visit(shop)
	p := g.plans(copyOf("DONATION"), shop)
	db := g.raw()
	run := func(statement string, args ...any) {
		t.Helper()
		_, err := db.ExecContext(t.Context(), statement, args...)
		g.must(err)
	}
	var document []byte
	g.must(db.QueryRowContext(t.Context(), "SELECT document FROM plans").Scan(&document))
	isRefused := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, store.ErrPlanAltered) && !errors.Is(err, store.ErrWrongKey) {
			t.Fatalf("%s: %v", what, err)
		}
	}
	// altered runs do with each byte of the document altered, then with each character of other columns.
	altered := func(do func(what string)) {
		for i := range document {
			other := bytes.Clone(document)
			other[i] ^= 1 << (i % 8)
			run("UPDATE plans SET document = $1", other)
			do(fmt.Sprint("document ", i))
		}
		run("UPDATE plans SET document = $1", document)
		for column, value := range map[string]string{
			"digest": p.Digest, "form": p.Form, "kind": p.Kind, "made_by": p.Made.ID, "made_name": p.Made.Name,
		} {
			for i := range value {
				other := []byte(value)
				other[i] ^= 1
				run("UPDATE plans SET "+column+" = $1", string(other))
				do(fmt.Sprint(column, " ", i))
			}
			run("UPDATE plans SET "+column+" = $1", value)
		}
		for _, column := range []string{"shops", "creates", "updates", "deletes", "made_at"} {
			run("UPDATE plans SET " + column + " = " + column + " + 1")
			do(column)
			run("UPDATE plans SET " + column + " = " + column + " - 1")
		}
	}
	g.sent("")
	altered(func(what string) {
		_, _, err := g.ReadPlan(t.Context(), g.owner, p.Number)
		isRefused(what, err)
		isRefused(what, g.ApprovePlan(t.Context(), g.actor("bo"), p, p.Digest))
		isRefused(what, g.ApplyPlan(t.Context(), g.actor("bo"), p, p.Digest, 1))
	})
	changes := func(columns string, do func(what string)) {
		t.Helper()
		for column := range strings.FieldsSeq(columns) {
			change, back := " = 'x' || "+column, " = substr("+column+", 2)"
			if strings.HasSuffix(column, "_at") {
				change, back = " = "+column+" + 1", " = "+column+" - 1"
			}
			run("UPDATE plans SET " + column + change)
			do(column)
			run("UPDATE plans SET " + column + back)
		}
	}
	people := "approved_by approved_name approved_at applied_by applied_name applied_at"
	changes("approved_digest "+people, func(what string) {
		isRefused(what, g.ApprovePlan(t.Context(), g.actor("bo"), p, p.Digest))
		isRefused(what, g.ApplyPlan(t.Context(), g.actor("bo"), p, p.Digest, 1))
	})
	g.must(g.ApprovePlan(t.Context(), g.actor("bo"), p, p.Digest))
	changes("approved_digest "+people, func(what string) {
		isRefused(what, g.ApplyPlan(t.Context(), g.actor("bo"), p, p.Digest, 1))
	})
	g.must(g.ApplyPlan(t.Context(), g.actor("bo"), p, p.Digest, 1))
	items, err := g.store.ItemsOfShop(t.Context(), shop)
	g.must(err)
	altered(func(what string) {
		_, err := g.store.BeginItem(t.Context(), items[0])
		isRefused(what, err)
	})
	changes("approved_digest "+people, func(what string) {
		_, err := g.store.BeginItem(t.Context(), items[0])
		isRefused(what, err)
		isRefused(what, g.ResumePlan(t.Context(), g.actor("bo"), p, p.Digest, false))
	})
	run("UPDATE plan_items SET shop = $1", g.connect(g.owner, lantern))
	g.move(time.Minute)
	g.visit(g.box.Shops()[lantern].ID)
	if got := g.standing(p); got != "paused altered, pending" {
		t.Errorf("an item of another shop: %s", got)
	}
	run("UPDATE plan_items SET shop = $1", shop)
	g.must(g.ResumePlan(t.Context(), g.actor("bo"), p, p.Digest, false))
	document[len(document)/2] ^= 1
	run("UPDATE plans SET document = $1", document)
	g.move(time.Minute)
	g.visit(shop)
	if n := g.wrote(); n != 0 {
		t.Errorf("%d calls changed something", n)
	}
}

// TestChangedBehindTheBack: of 100 shops three are changed after the review. Exactly these are named, and all others
// are applied.
func TestChangedBehindTheBack(t *testing.T) {
	t.Parallel()
	g := newRigOf(t, 100)
	shops := g.connectFleet()
	e := fleet.Edit{Kind: fleet.AddTypes, Types: []fourthwall.EventType{"CART_ABANDONED_1H"}}
	for n, shop := range g.box.Shops() {
		if len(g.box.Webhooks(shop.ID)) == 0 {
			_, err := g.box.AddWebhook(shop.ID, fmt.Sprintf("https://hooks.example.com/%d", n), []string{"DONATION"})
			g.must(err)
			g.move(time.Minute)
			g.visit(shop.ID)
		}
	}
	p := g.plans(e, shops...)
	_, doc, err := g.ReadPlan(t.Context(), g.owner, p.Number)
	g.must(err)
	changed := map[string]string{}
	change := func(n int, do func(c *sandboxClient, hook string) error) {
		shop := g.box.Shops()[n].ID
		hook := g.box.Webhooks(shop)[0].ID
		changed[shop+" "+hook] = store.ItemChanged
		g.must(do(g.client(shop), hook))
	}
	change(20, func(c *sandboxClient, hook string) error { return c.DeleteWebhook(t.Context(), hook) })
	change(50, func(c *sandboxClient, hook string) error {
		_, err := c.UpdateWebhook(t.Context(), hook, fourthwall.Content{
			URL: "https://other.example.com/", AllowedTypes: []fourthwall.EventType{"DONATION"},
		})
		return err
	})
	change(81, func(c *sandboxClient, hook string) error {
		now, err := c.Webhook(t.Context(), hook)
		g.must(err)
		_, err = c.UpdateWebhook(t.Context(), hook, fourthwall.Content{
			URL: now.URL, AllowedTypes: append(now.AllowedTypes, "CART_ABANDONED_72H"),
		})
		return err
	})
	g.must(g.ApplyPlan(t.Context(), g.actor("bo"), p, p.Digest, 1))
	g.finishes(p)
	items, err := g.store.PlanItems(t.Context(), g.owner, p.Number)
	g.must(err)
	locked := 0
	for _, i := range items {
		key := i.Shop + " " + doc.Items[i.Item].Webhook
		want := store.ItemDone
		if changed[key] != "" {
			want = changed[key]
		}
		if i.State == store.ItemRejected && strings.Contains(i.Code, "NOT_UPDATABLE") && want == store.ItemDone {
			locked++
			continue
		}
		if i.State != want {
			t.Errorf("%s is %s %s, want %s", key, i.State, i.Code, want)
		}
	}
	t.Logf("%d items in %d shops, %d locked", len(items), p.Shops, locked)
	if p.Shops != 100 || locked > 10 {
		t.Errorf("%d shops, %d locked", p.Shops, locked)
	}
}

type sandboxClient struct {
	*fourthwall.Client

	cred fourthwall.Credential
}

func (c *sandboxClient) Webhook(ctx context.Context, id string) (fourthwall.Webhook, error) {
	return c.Client.Webhook(ctx, c.cred, id)
}

func (c *sandboxClient) UpdateWebhook(
	ctx context.Context, id string, to fourthwall.Content,
) (fourthwall.Webhook, error) {
	return c.Client.UpdateWebhook(ctx, c.cred, id, to)
}

func (c *sandboxClient) DeleteWebhook(ctx context.Context, id string) error {
	return c.Client.DeleteWebhook(ctx, c.cred, id)
}

// client calls the API beside the service, with the shop's own key.
func (g *rig) client(shop string) *sandboxClient {
	g.t.Helper()
	api, err := fourthwall.New(boxURL, fourthwall.Options{Transport: g, Backoff: time.Millisecond})
	g.must(err)
	all := g.box.Shops()
	i := slices.IndexFunc(all, func(s sandbox.DemoShop) bool { return s.ID == shop })
	return &sandboxClient{api, fourthwall.APIKey{
		Username: all[i].APIUser, Password: fourthwall.Secret(all[i].APIPassword),
	}}
}

// connectFleet connects all shops, without the oddities of their API, and visits them.
func (g *rig) connectFleet() (shops []string) {
	g.t.Helper()
	for n, shop := range g.box.Shops() {
		g.must(g.box.Configure(shop.ID, sandbox.Switches{}))
		shops = append(shops, g.connect(g.owner, n))
		g.visit(shop.ID)
	}
	return shops
}

// finishes visits what a run enqueues, and continues it when it pauses, until it is over.
func (g *rig) finishes(p store.Plan) {
	g.t.Helper()
	for range 200 {
		g.works()
		now, _, err := g.ReadPlan(g.t.Context(), g.owner, p.Number)
		g.must(err)
		switch now.State {
		case store.PlanDone:
			return
		case store.PlanPaused:
			g.must(g.ResumePlan(g.t.Context(), g.actor("bo"), now, now.Digest, false))
		case store.PlanRunning: // some wait
			items, err := g.store.PlanItems(g.t.Context(), g.owner, p.Number)
			g.must(err)
			for _, i := range items {
				if i.State == store.ItemPending && i.Wave <= now.Wave || i.State == store.ItemCalling {
					g.queue.mu.Lock()
					g.queue.shops = append(g.queue.shops, i.Shop)
					g.queue.mu.Unlock()
				}
			}
		}
	}
	g.t.Fatalf("the run is still %s", g.standing(p))
}
