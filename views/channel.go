package views

import (
	"time"

	"hookwall/views/ui"
)

// ChannelPage is a channel with its shops to choose from.
type ChannelPage struct {
	Frame
	Name, ClientID  string
	Expired         bool          // Fourthwall no longer accepts the secret
	Listed          bool          // Fourthwall has listed the shops
	Shops           []ChannelShop // that are shown
	Query           string        // that they match
	Found           int           // that match, shown or not
	Total           int           // that Fourthwall lists
	Open            int           // that can be connected
	Refused         int           // of the open ones, whose owners ended the team's access
	Connected       int           // by this channel
	Ended           int           // of this channel, to connect again
	ChosenElsewhere []string      // IDs of chosen shops that aren't shown
	SecretErr       *ui.FieldError
	ShopsAction     string
	SecretAction    string
	DisconnectHref  string
	ShopsHref       string
}

// isLong reports whether the shops are more than fit a screen, so that they can be searched.
func (p ChannelPage) isLong() bool { return p.Total > 10 }

// all are the shops that one press connects: those whose owners object to it have to be chosen one by one.
func (p ChannelPage) all() int { return p.Open - p.Refused }

// ChannelShop is a shop that Fourthwall lists for a channel.
type ChannelShop struct {
	ID, Name  string
	Chosen    bool
	Ended     bool      // its connection has ended
	Refused   time.Time // when its owner ended the team's access; zero unless that was so
	Href      string    // to the shop, if it is connected
	Way       string    // how it is connected
	ByChannel bool      // by this channel
}

// ChannelDisconnectPage asks before a channel is disconnected.
type ChannelDisconnectPage struct {
	Frame
	Name      string
	Connected int // shops
	BackHref  string
	Action    string
}
