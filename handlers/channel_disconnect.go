package handlers

import (
	"net/http"
	"strconv"

	"hookwall/internal/store"
	"hookwall/views"
	"hookwall/views/ui"
)

// handleChannelDisconnectForm asks before a channel is disconnected, and counts its
// shops.
func (s *server) handleChannelDisconnectForm(w http.ResponseWriter, r *http.Request) error {
	channel, err := s.channelOf(r)
	if err != nil {
		return err
	}
	frame, err := s.frame(r, "Disconnect "+channel.Name)
	if err != nil {
		return err
	}
	n, err := s.shopsOfChannel(r, channel)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, views.ChannelDisconnect(views.ChannelDisconnectPage{
		Frame: frame, Name: channel.Name, Connected: n, BackHref: channelPath(channel.ID),
		Action: channelPath(channel.ID) + "/disconnect",
	}))
}

func (s *server) shopsOfChannel(r *http.Request, channel store.Channel) (n int, err error) {
	all, err := s.Store.Connections(r.Context(), channel.Owner)
	for _, c := range all {
		if c.Channel == channel.ID {
			n++
		}
	}
	return n, err
}

// handleChannelDisconnect deletes a channel with its connections. It asks again if
// it has other shops than the form says.
func (s *server) handleChannelDisconnect(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	channel, err := s.channelOf(r)
	if err != nil {
		return err
	}
	n, err := s.shopsOfChannel(r, channel)
	if err != nil {
		return err
	}
	if said, err := strconv.Atoi(r.PostForm.Get("shops")); err != nil || said != n {
		to := channelPath(channel.ID) + "/disconnect"
		if err := s.flash(r, to, ui.Notice{Kind: ui.Warning, Title: pageChangedTitle, Text: pageChangedText}); err != nil {
			return err
		}
		return redirect(w, r, to)
	}
	gone, err := s.Shops.DisconnectChannel(r.Context(), s.actor(r), channel)
	if err != nil {
		return err
	}
	stateOf(r).log.Info("channel disconnected", "shops", len(gone))
	if err := s.flash(r, shopsPath, channelDisconnectedNotice(channel.Name, len(gone))); err != nil {
		return err
	}
	return redirect(w, r, shopsPath)
}
