package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// maxTicket is how long a ticket is valid at most.
const maxTicket = 10 * time.Minute

// Ticket returns a text that shows that its sender has the first key. It's for one purpose, ends at a time, and reveals
// nothing of the key.
func (k Keys) Ticket(purpose string, until time.Time) string {
	seconds := strconv.FormatInt(until.Unix(), 10)
	return seconds + "." + k.list[0].ticket(purpose, seconds)
}

// CheckTicket reports whether a ticket for a purpose was made with any of the store's keys, and is valid now.
func (s *Store) CheckTicket(purpose, ticket string) bool {
	seconds, sum, _ := strings.Cut(ticket, ".")
	n, err := strconv.ParseInt(seconds, 10, 64)
	left := time.Unix(n, 0).Sub(s.now())
	if err != nil || left <= 0 || left > maxTicket {
		return false
	}
	for _, key := range s.keys.list {
		if hmac.Equal([]byte(sum), []byte(key.ticket(purpose, seconds))) {
			return true
		}
	}
	return false
}

func (k key) ticket(purpose, until string) string {
	return k.keyed(rowContext{"ticket", purpose, []string{until}})
}

// keyed returns a keyed hash.
func (k key) keyed(p rowContext) string {
	mac := hmac.New(sha256.New, k.mac)
	mac.Write(p.data())
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
