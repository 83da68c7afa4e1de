package sandbox

import (
	"cmp"
	"net/http"
	"strconv"
)

const (
	webhookParameter = "webhookConfigurationId"

	webhooksPath = "/open-api/v1.0/webhooks"
	webhookPath  = webhooksPath + "/{" + webhookParameter + "}"
	shopPath     = "/open-api/v1.0/shops/current"
	tokenPath    = "/open-api/v1.0/platform/token" //nolint:gosec // an address, not a token
)

// The documented codes of the calls for one webhook.
const (
	codeWebhookNotFound = "WEBHOOK_CONFIGURATION_NOT_FOUND"
	codeWebhookLocked   = "WEBHOOK_CONFIGURATION_NOT_UPDATABLE_OR_DELETABLE"
)

// webhookPageSize is how many webhooks are on a page where neither the request nor the shop says.
const webhookPageSize = 20

// wireWebhook is a webhook on the wire.
type wireWebhook struct {
	ID           string   `json:"id"`
	URL          string   `json:"url"`
	AllowedTypes []string `json:"allowedTypes"`
	APIVersion   string   `json:"apiVersion"`
	Secret       string   `json:"secret,omitempty"`
}

func (w Webhook) wire() wireWebhook {
	return wireWebhook{ID: w.ID, URL: w.URL, AllowedTypes: w.AllowedTypes, APIVersion: apiVersion}
}

// wirePage is a page of webhooks or events on the wire.
type wirePage[T any] struct {
	Results    []T `json:"results"`
	Total      int `json:"total"`
	Page       int `json:"page"`
	Size       int `json:"size"`
	TotalPages int `json:"totalPages"`
}

func pageOf[T any](all []T, page, size int) wirePage[T] {
	from := min(page*size, len(all))
	return wirePage[T]{
		Results: all[from:min(from+size, len(all))], Total: len(all), Page: page, Size: size,
		TotalPages: (len(all) + size - 1) / size,
	}
}

type wireShop struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	Domain       string `json:"domain"`
	PublicDomain string `json:"publicDomain"`
}

func done(body any) reply { return reply{status: http.StatusOK, body: body} }

func (s *Server) currentShop(c call) (reply, error) {
	return done(wireShop{c.shop.ID, c.shop.Name, c.shop.Domain, c.shop.PublicDomain}), nil
}

// listWebhooks returns a page, or everything as a bare array where the shop is set so.
func (s *Server) listWebhooks(c call) (reply, error) {
	all := make([]wireWebhook, 0, len(c.shop.webhooks))
	for _, w := range c.shop.webhooks {
		all = append(all, w.wire())
	}
	if c.shop.switches.BareList {
		return done(all), nil
	}
	if c.shop.switches.RefuseSize && c.query.Has("size") {
		return refusedWith(http.StatusBadRequest, codeBadRequest), nil
	}
	size := cmp.Or(c.shop.switches.PageSize, webhookPageSize)
	if !c.shop.switches.IgnoreSize {
		size = min(number(c.query.Get("size"), size), maxPageSize)
	}
	return done(pageOf(all, number(c.query.Get("page"), 0), size)), nil
}

// number reads a parameter that the description has let pass, so it is a number or missing.
func number(text string, otherwise int) int {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return otherwise
}

func (s *Server) createWebhook(c call) (reply, error) {
	if code := c.refusal(); code != "" {
		return refusedWith(http.StatusBadRequest, code), nil
	}
	w := s.newWebhook(c.shop.ID, c.input.url, c.input.allowedTypes, false)
	answer := w.wire()
	if c.shop.switches.SecretInCreate {
		answer.Secret = c.shop.WebhookSecret
	}
	return done(answer), s.putWebhook(c.shop, w)
}

// refusal judges the input of creating and replacing.
func (c call) refusal() string {
	if !c.shop.accepts(c.input.allowedTypes) {
		return codeBadRequest
	}
	return checkURL(c.input.url)
}

func (s *Server) getWebhook(c call) (reply, error) {
	i := c.shop.find(c.id)
	if i < 0 {
		return c.aboutWebhook(http.StatusNotFound, codeWebhookNotFound), nil
	}
	return done(c.shop.webhooks[i].wire()), nil
}

func (s *Server) replaceWebhook(c call) (reply, error) {
	i, refused := c.changeable()
	if refused != nil {
		return *refused, nil
	}
	if code := c.refusal(); code != "" {
		return refusedWith(http.StatusBadRequest, code), nil
	}
	w := c.shop.webhooks[i]
	w.URL, w.AllowedTypes = c.input.url, c.input.allowedTypes
	return done(w.wire()), s.putWebhook(c.shop, w)
}

func (s *Server) removeWebhook(c call) (reply, error) {
	i, refused := c.changeable()
	if refused != nil {
		return *refused, nil
	}
	return done(nil), s.deleteWebhook(c.shop, c.shop.webhooks[i].ID)
}

// changeable finds the webhook of a call that changes or deletes it.
func (c call) changeable() (int, *reply) {
	i := c.shop.find(c.id)
	switch {
	case i < 0:
		return 0, new(c.aboutWebhook(http.StatusNotFound, codeWebhookNotFound))
	case c.shop.webhooks[i].Locked:
		return 0, new(c.aboutWebhook(http.StatusBadRequest, codeWebhookLocked))
	}
	return i, nil
}

// aboutWebhook is a refusal that names the webhook as the request did.
func (c call) aboutWebhook(status int, code string) reply {
	return reply{status: status, body: apiError{Code: code, WebhookConfigurationID: c.id, ShopID: c.shop.ID}}
}
