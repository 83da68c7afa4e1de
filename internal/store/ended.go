package store

import (
	"context"
	"database/sql"
	"time"
)

// End says since when and why a connection is unusable.
type End struct {
	At   time.Time // when this was noticed; zero if it isn't known
	Why  EndReason
	Code string // of the response that showed it; "" for none
}

// EndReason is why a connection is unusable.
type EndReason string

// Reasons for which a connection ends.
const (
	EndUnknown     EndReason = ""             // marked by a version that kept no reason
	EndNotRenewed  EndReason = "not_renewed"  // Fourthwall would not renew the access
	EndRejected    EndReason = "rejected"     // the API rejects an access that was just renewed, or can't be
	EndKeyRejected EndReason = "key_rejected" // the API rejects the API key
	EndTimeUp      EndReason = "time_up"      // the access was for a few minutes
	// EndChannelRejected: Fourthwall rejects the channel's secret.
	EndChannelRejected EndReason = "channel_rejected"
	EndDisconnected    EndReason = "disconnected" // an event says that the app was disconnected, and Fourthwall agrees
	EndUnreadable      EndReason = "unreadable"   // no key of this process opens the credential
)

// IsTeam reports whether the owner is the team.
func (o Owner) IsTeam() bool { return o == teamOwner }

// ExpireConnection marks a connection as unusable until it is connected again, if its credential still has the given
// version and it isn't marked yet. End.At does not count: it is now. In the same transaction it records activities, as
// done. An EndUnreadable is only noted, once, since another process may have the key.
func (s *Store) ExpireConnection(ctx context.Context, connID string, version int64, end End, done ...Activity) error {
	return failed("expire connection", s.tx(ctx, func(tx *sql.Tx) error {
		n, err := affected(tx.ExecContext(ctx, `
			UPDATE connections SET expired = $1, ended_version = version, ended_at = $2, ended_why = $3, ended_code = $4
			WHERE environment = $5 AND id = $6 AND version = $7 AND NOT expired AND ($1 OR ended_version <> version)`,
			end.Why != EndUnreadable, millis(s.now()), string(end.Why), end.Code, s.env, connID, version))
		if err != nil || n == 0 {
			return err
		}
		return s.addDone(ctx, tx, done)
	}))
}

// AskAboutEvent reports whether nobody has asked yet if a connection has ended because of an event of that time, or of
// a newer one, and notes that the caller asks.
func (s *Store) AskAboutEvent(ctx context.Context, connID string, at time.Time) (bool, error) {
	n, err := s.exec(ctx, `
		UPDATE connections SET asked_until = $1 WHERE environment = $2 AND id = $3 AND asked_until < $1`,
		millis(at), s.env, connID)
	return n == 1, failed("ask about an event", err)
}

// AskAgain takes back what AskAboutEvent noted, since there was no clear answer.
func (s *Store) AskAgain(ctx context.Context, connID string, at time.Time) error {
	_, err := s.exec(ctx, `
		UPDATE connections SET asked_until = 0 WHERE environment = $1 AND id = $2 AND asked_until = $3`,
		s.env, connID, millis(at))
	return failed("ask about an event again", err)
}

// noteEnd fills in whether a connection is unusable, and what its row notes of that. What was noted of an earlier
// credential doesn't count.
func (c *Connection) noteEnd(noted End, ofVersion int64, isReadable bool) {
	switch {
	case c.Expired && ofVersion == c.Version:
		c.End = noted
	case !c.Expired && !isReadable:
		c.Expired, c.End = true, End{Why: EndUnreadable}
		if ofVersion == c.Version {
			c.End.At = noted.At
		}
	}
}
