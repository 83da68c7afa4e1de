package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// ReceiverHost is the name of the built-in receiver. Nobody else has it: .example is reserved.
const ReceiverHost = "receiver.sandbox.example"

const (
	keptReceipts  = 50
	slowReceiver  = 3 * time.Second
	flakyFailures = 2

	maxDelivery = 1 << 20 // bytes of a delivery that the receiver reads
)

// Receipt is a delivery as the built-in receiver got it.
type Receipt struct {
	At       time.Time `json:"at"` // by the sandbox's clock
	Path     string    `json:"path"`
	ShopID   string    `json:"shopId"`
	EventID  string    `json:"eventId"`
	Type     string    `json:"type"`
	TestMode bool      `json:"testMode"`
	Verified bool      `json:"verified"` // signed with the shop's webhook secret
	Status   int       `json:"status"`   // that the receiver returned
	Body     string    `json:"-"`        // byte for byte as it came
}

// Receipts returns the last 50 deliveries that the built-in receiver got, the newest first.
func (s *Server) Receipts() []Receipt {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(s.receipts)
	slices.Reverse(out)
	return out
}

// ReceiverHosts returns all names of the built-in receiver: ReceiverHost, and the hosts of a fleet's webhooks.
func ReceiverHosts() []string { return []string{ReceiverHost, ordersHost, alertsHost, catalogHost} }

// toReceiver reports whether a URL belongs to the built-in receiver, by either scheme and at any port.
func toReceiver(u *url.URL) bool {
	return slices.Contains(ReceiverHosts(), strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")))
}

// receive is the transport to the built-in receiver. It leaves the process as little as the network.
func (s *Server) receive(r *http.Request) (*http.Response, error) {
	answer := &heldAnswer{header: http.Header{}}
	s.handleDelivery(answer, r)
	if answer.status == 0 {
		return nil, context.Cause(r.Context())
	}
	return &http.Response{
		StatusCode: answer.status, Header: answer.header, Body: io.NopCloser(bytes.NewReader(answer.body)), Request: r,
	}, nil
}

// handleDelivery is the built-in receiver. Its path chooses how it behaves.
func (s *Server) handleDelivery(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var e envelope
	if err != nil || json.Unmarshal(body, &e) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	got := Receipt{
		Path: bounded(r.URL.Path, 200), ShopID: e.ShopID, EventID: e.ID, Type: e.Type, TestMode: e.TestMode,
		Verified: s.verify(e.ShopID, string(body), r.Header.Get(shopSignatureHeader)), Body: string(body),
	}
	got.Status = s.receiverStatus(r, got)
	if r.URL.Path == "/redirect" {
		w.Header().Set("Location", "/ok")
	}
	if s.remembered(r.Context(), got) {
		w.WriteHeader(got.Status)
	}
}

func (s *Server) receiverStatus(r *http.Request, got Receipt) int {
	switch r.URL.Path {
	case "/slow":
		s.until(r.Context(), s.now().Add(slowReceiver))
	case "/fail":
		return http.StatusInternalServerError
	case "/created":
		return http.StatusCreated
	case "/redirect":
		return http.StatusFound
	case "/flaky":
		if s.attemptsOf(got) < flakyFailures {
			return http.StatusServiceUnavailable
		}
	case "/verify":
		if !got.Verified {
			return http.StatusUnauthorized
		}
	}
	return http.StatusOK
}

// remembered keeps a receipt, unless the sender has given up.
func (s *Server) remembered(ctx context.Context, got Receipt) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	got.At = s.now()
	s.receipts = append(s.receipts, got)
	if over := len(s.receipts) - keptReceipts; over > 0 {
		s.receipts = slices.Delete(s.receipts, 0, over)
	}
	return true
}

// verify checks the signature of a body by the shop's secret.
func (s *Server) verify(shopID, body, signature string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	sh := s.shop(shopID)
	return sh != nil && same(sign(sh.WebhookSecret, body), signature)
}

// attemptsOf counts how often the event came before.
func (s *Server) attemptsOf(got Receipt) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sh := s.shop(got.ShopID); sh != nil {
		if i := sh.findEvent(got.EventID); i >= 0 {
			return sh.events[i].Attempts
		}
	}
	return 0
}
