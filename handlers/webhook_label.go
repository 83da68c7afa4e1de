package handlers

import (
	"cmp"
	"errors"
	"net/http"

	"hookwall/internal/fourthwall"
	"hookwall/internal/webhooks"
	"hookwall/views"
	"hookwall/views/ui"
)

// labelForm is the form that names a webhook, as it was typed.
type labelForm struct {
	hook   fourthwall.Webhook // of a webhook that couldn't be read, only the ID
	label  string
	err    *ui.FieldError
	banner *ui.Notice
}

// handleLabelForm asks for the name of a webhook. After a new sign-in, it shows
// what was typed before.
func (s *server) handleLabelForm(w http.ResponseWriter, r *http.Request) error {
	conn, id := stateOf(r).conn, r.PathValue("id")
	hook, err := s.fetchWebhook(r.Context(), conn, id)
	if err != nil {
		return err
	}
	labels, err := s.names(r)
	if err != nil {
		return err
	}
	f := labelForm{hook: hook, label: labels[id]}
	draft, err := s.Store.Draft(r.Context(), s.browserToken(r), r.URL.Query().Get("draft"))
	switch {
	case err == nil && draft.Shop == conn.ShopID && draft.Form.Get(editingField) == id:
		f.label = bounded(draft.Form.Get("label"), maxTypedLabel)
	case err != nil && !draftGone(err):
		return err
	}
	return s.drawLabel(w, r, http.StatusOK, f)
}

// handleLabel stores the name of a webhook here. An empty one deletes it.
func (s *server) handleLabel(w http.ResponseWriter, r *http.Request) error {
	f, err := readLabelForm(r)
	if err != nil {
		return err
	}
	conn := stateOf(r).conn
	hook, err := s.fetchWebhook(r.Context(), conn, f.hook.ID)
	if err != nil {
		return s.drawUnreadLabel(w, r, f, err)
	}
	f.hook = hook
	label, problem := webhooks.CleanLabel(f.label)
	if problem != "" {
		f.err = &ui.FieldError{Text: problem}
		return s.drawLabel(w, r, http.StatusUnprocessableEntity, f)
	}
	if err := s.Webhooks.SetLabel(r.Context(), conn.ShopID, hook.ID, label); err != nil {
		return err
	}
	to := webhookPath(conn.ShopID, hook.ID)
	n := namedNotice(label, ui.HostAndPath(hook.URL))
	if err := s.tell(r, to, keptFlash{Notice: n}); err != nil {
		return err
	}
	return redirect(w, r, to)
}

func readLabelForm(r *http.Request) (labelForm, error) {
	if err := r.ParseForm(); err != nil {
		return labelForm{}, badForm(err)
	}
	return labelForm{
		hook: fourthwall.Webhook{ID: r.PathValue("id")}, label: bounded(r.PostForm.Get("label"), maxTypedLabel),
	}, nil
}

// drawUnreadLabel shows the form as it was sent if the webhook could not be
// read. A deleted webhook has no form.
func (s *server) drawUnreadLabel(w http.ResponseWriter, r *http.Request, f labelForm, err error) error {
	var api *fourthwall.Error
	if !errors.As(err, &api) || api.NotFound() || api.ShopGone() || api.Forbidden() {
		return err
	}
	v := stateOf(r)
	v.log.Warn("the webhook could not be read for its label", "error", api)
	answer := apiError(api)
	f.banner = &ui.Notice{
		Kind: ui.Warning, Title: cmp.Or(answer.Heading, errorTexts[answer.Status].heading),
		Text: faultText(api) + unreadLabelText(inText(api.RetryAfter)),
		Code: api.Code, RequestID: requestID(api, v),
	}
	setRetryAfter(w, api.RetryAfter)
	return s.drawLabel(w, r, answer.Status, f)
}

// labelAgain draws the form as it was sent.
func (s *server) labelAgain(w http.ResponseWriter, r *http.Request, status int, n ui.Notice) error {
	f, err := readLabelForm(r)
	if err != nil {
		return err
	}
	f.banner = withRequestID(n, r)
	return s.drawLabel(w, r, status, f)
}

func (s *server) drawLabel(w http.ResponseWriter, r *http.Request, status int, f labelForm) error {
	conn := stateOf(r).conn
	frame, err := s.frame(r, "Name webhook")
	if err != nil {
		return err
	}
	at := webhookPath(conn.ShopID, f.hook.ID)
	page := views.WebhookLabelPage{
		Frame: frame, Name: cmp.Or(ui.HostAndPath(f.hook.URL), f.hook.ID), URL: f.hook.URL, WebhookHref: at,
		Form:   ui.LabelForm{Action: labelPath(conn.ShopID, f.hook.ID), Label: f.label, Err: f.err},
		Banner: f.banner,
	}
	return s.render(w, r, status, views.WebhookLabel(page))
}
