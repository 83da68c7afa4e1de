package handlers

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"hookwall/internal/fourthwall"
	"hookwall/oauth"
	"hookwall/views"
	"hookwall/views/ui"
)

// handleConnectChannel connects a channel. Its shops are chosen on its page.
func (s *server) handleConnectChannel(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	id, secret := strings.TrimSpace(r.PostForm.Get("client_id")), strings.TrimSpace(r.PostForm.Get("secret"))
	page := views.ConnectPage{}
	if id == "" {
		page.ClientIDErr = &ui.FieldError{Text: clientIDMissing}
	}
	if secret == "" {
		page.SecretErr = &ui.FieldError{Text: clientSecretMissing}
	}
	if page.ClientIDErr != nil || page.SecretErr != nil {
		return s.drawChannelForm(w, r, http.StatusUnprocessableEntity, page)
	}
	if hit, err := s.mayTryKey(r); err != nil || hit != nil {
		return s.tooManyBadClients(w, r, hit, err)
	}
	ctx, cancel := context.WithTimeout(r.Context(), channelTime)
	defer cancel()
	channel, err := s.Shops.ConnectChannel(ctx, s.actor(r), id, fourthwall.Secret(secret))
	if err != nil {
		return s.refuseChannel(w, r, id, err)
	}
	stateOf(r).log.Info("channel connected", "channel", clip(channel.ChannelID, maxLoggedShop))
	if err := s.flash(r, channelPath(channel.ID), channelConnectedNotice(channel.Name)); err != nil {
		return err
	}
	return redirect(w, r, channelPath(channel.ID))
}

func (s *server) tooManyBadClients(w http.ResponseWriter, r *http.Request, hit *tooMany, err error) error {
	if err != nil {
		return err
	}
	s.logLimit(r, hit)
	setRetryAfter(w, hit.wait)
	return s.channelFormAgain(w, r, http.StatusTooManyRequests, badKeysNotice(hit.wait))
}

// refuseChannel says why a channel was not connected. The secret must be typed
// again.
func (s *server) refuseChannel(w http.ResponseWriter, r *http.Request, clientID string, err error) error {
	logSignIn(r, oauth.WayChannel, "", err)
	if errors.Is(err, oauth.ErrRefused) {
		s.keyRefused(r)
		refused := &ui.FieldError{Text: clientRejectedText(clientID)}
		if answer, ok := errors.AsType[*oauth.TokenError](err); ok {
			refused.Code = answer.Code
		}
		return s.drawChannelForm(w, r, http.StatusUnprocessableEntity, views.ConnectPage{SecretErr: refused})
	}
	status, n, ok := channelFault(r, err)
	if !ok {
		return err
	}
	if api := fourthwall.AsError(err); api != nil {
		setRetryAfter(w, api.RetryAfter)
	}
	return s.channelFormAgain(w, r, status, n)
}

// channelFormAgain draws the connect page with the client ID as it was sent.
func (s *server) channelFormAgain(w http.ResponseWriter, r *http.Request, status int, n ui.Notice) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	n.Text += typeSecretAgain
	page := views.ConnectPage{}
	page.Notices = append(page.Notices, *withRequestID(n, r))
	return s.drawChannelForm(w, r, status, page)
}

func (s *server) drawChannelForm(w http.ResponseWriter, r *http.Request, status int, typed views.ConnectPage) error {
	page, err := s.connectPage(r, r.PostForm)
	if err != nil {
		return err
	}
	page.ClientID, page.ChannelAction = valid(r.PostForm.Get("client_id")), connectChannel
	page.ClientIDErr, page.SecretErr = typed.ClientIDErr, typed.SecretErr
	page.Notices = append(page.Notices, typed.Notices...)
	return s.render(w, r, status, views.Connect(page))
}
