package handlers

import (
	"net/http"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/internal/webhooks"
)

const (
	csvPages = 20 // of 100 deliveries
	csvTime  = 5 * time.Second
)

// handleEventsCSV sends the log as a file, filtered as on the page. Bodies aren't
// in it, because they are about buyers.
func (s *server) handleEventsCSV(w http.ResponseWriter, r *http.Request) error {
	shopID := stateOf(r).conn.ShopID
	filter, start, end, wrong := readDeliveryFilter(r.URL.Query()).onPage(1).span()
	if wrong != "" {
		return &httpError{Status: http.StatusUnprocessableEntity, Public: wrong}
	}
	found, err := s.readLog(r, filter, webhooks.Reading{Pages: csvPages, Within: csvTime})
	if err != nil {
		return err
	}
	hooks, err := s.webhooksFor(r)
	if err != nil {
		return err
	}
	called, err := s.names(r)
	if err != nil {
		return err
	}
	rows := [][]string{{
		"time", "delivery id", "event id", "event type", "state", "error", "test", "webhook id", "url", "last changed",
	}}
	chosen := filter.chooser(start, end, hooks, called)
	for _, e := range found.Events {
		if chosen.shows(e) {
			rows = append(rows, deliveryRecord(e, chosen.m))
		}
	}
	if !found.Complete {
		rows = append(rows, []string{olderDeliveriesText})
	}
	return sendCSV(w, "deliveries-"+shopID+".csv", rows)
}

func deliveryRecord(e fourthwall.Event, m webhooks.Matcher) []string {
	envelope, _ := e.Envelope()
	webhook, _ := m.Match(e)
	test := ""
	if e.TestMode {
		test = "test"
	}
	return []string{
		instantText(e.CreatedAt), e.ID, envelope.ID, string(e.Type), e.State, e.Error, test, webhook, e.URL,
		instantText(e.UpdatedAt),
	}
}
