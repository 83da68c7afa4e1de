package handlers

import (
	"net/http"
	"net/url"
	"testing"
)

// TestMisleadingAddress: an address that reads like another host is named as
// such wherever it appears: while it is entered, and afterwards.
func TestMisleadingAddress(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	const address, ascii, risk = "https://\u0430\u0440\u0440\u04cf\u0435.com/hook", "xn--80ak6aa92e.com",
		"uses letters that look like others"
	p.newForm(shop.ID, address).submit().want(http.StatusUnprocessableEntity, ascii, risk)
	hook := g.add(shop, address, "ORDER_PLACED")
	at := webhookPath(shop.ID, hook.ID)
	p.newForm(shop.ID, address, "ORDER_PLACED").submit().want(http.StatusOK, "already has a webhook", ascii, risk)
	for _, path := range []string{
		webhooksPath(shop.ID), at, at + "/edit", at + "/delete", at + "/test", checkStartHref(shop.ID, "webhook", hook.ID),
	} {
		p.get(path).want(http.StatusOK, ascii, risk)
	}
	p.get(at+"/edit").form(at+"/edit").set("allowedTypes", "DONATION").submit().want(http.StatusOK, "Review", ascii, risk)
	p.post(at+"/delete", url.Values{}).want(http.StatusOK, "is deleted")
	p.get(activityPath(shop.ID)).want(http.StatusOK, ascii, risk)
	p.get(at).want(http.StatusNotFound)
}
