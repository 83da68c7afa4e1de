package handlers

import (
	"net/url"
	"strconv"

	"hookwall/internal/fourthwall"
	"hookwall/views"
)

func shopPath(shopID string) string { return "/shops/" + url.PathEscape(shopID) }

func webhooksPath(shopID string) string { return shopPath(shopID) + "/webhooks" }

func newWebhookPath(shopID string) string { return webhooksPath(shopID) + "/new" }

func webhookPath(shopID, id string) string {
	return webhooksPath(shopID) + "/" + url.PathEscape(id)
}

func checksPath(shopID string) string { return shopPath(shopID) + "/checks" }

func checkPath(shopID, id string) string { return checksPath(shopID) + "/" + url.PathEscape(id) }

func checkStartHref(shopID, name, value string) string {
	return withQuery(checksPath(shopID)+"/new", url.Values{name: {value}}.Encode())
}

func testPath(shopID, id string) string { return webhookPath(shopID, id) + "/test" }

func samplePath(t fourthwall.EventType) string { return "/samples/" + url.PathEscape(string(t)) }

func eventsPath(shopID string) string { return shopPath(shopID) + "/events" }

func eventPath(shopID, id string) string { return eventsPath(shopID) + "/" + url.PathEscape(id) }

func eventsHref(shopID, eventType, webhook string, page int) string {
	q := filled(map[string]string{"type": eventType, "webhook": webhook})
	if page > 1 {
		q.Set("page", strconv.Itoa(page))
	}
	return withQuery(eventsPath(shopID), q.Encode())
}

func withQuery(p, query string) string {
	if query == "" {
		return p
	}
	return p + "?" + query
}

// filled leaves out what is empty.
func filled(pairs map[string]string) url.Values {
	v := url.Values{}
	for name, value := range pairs {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v
}

func connectLink(back, shopID string) views.Link {
	query := url.Values{}
	if back != "" {
		query.Set("return", back)
	}
	if shopID != "" {
		query.Set("shop", shopID)
	}
	return views.Link{Href: withQuery("/connect", query.Encode()), Text: "Connect the shop again"}
}

// forDevelopersURL is where a shop's owner finds the webhook secret, the test
// button and the Open API user.
const forDevelopersURL = "https://my-shop.fourthwall.com/admin/dashboard/settings/for-developers?redirect"
