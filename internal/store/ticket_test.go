package store_test

import (
	"strings"
	"testing"
	"time"
)

func TestTicket(t *testing.T) {
	o := options(t, 1, 2)
	now := time.Now()
	o.Now = func() time.Time { return now }
	s := open(t, sqliteFile(t), o)
	ticket := func(b byte, purpose string, in time.Duration) string {
		return options(t, b).Keys.Ticket(purpose, now.Add(in))
	}
	good := ticket(1, "doctor", time.Minute)
	end, sum, _ := strings.Cut(good, ".")
	later, _, _ := strings.Cut(ticket(1, "doctor", 2*time.Minute), ".")
	for name, tt := range map[string]struct {
		ticket string
		want   bool
	}{
		"first key":        {good, true},
		"older key":        {ticket(2, "doctor", time.Minute), true},
		"another key":      {ticket(3, "doctor", time.Minute), false},
		"another purpose":  {ticket(1, "nurse", time.Minute), false},
		"over":             {ticket(1, "doctor", -time.Second), false},
		"too long":         {ticket(1, "doctor", time.Hour), false},
		"nothing":          {"", false},
		"no sum":           {end, false},
		"an altered time":  {"1" + good, false},
		"an altered end":   {good[:len(good)-2] + "AA", false},
		"another ticket's": {later + "." + sum, false},
	} {
		if got := s.CheckTicket("doctor", tt.ticket); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
