package handlers

import (
	"net/http"

	"hookwall/internal/fleet"
	"hookwall/internal/store"
	"hookwall/views"
	"hookwall/views/ui"
)

// secretsOnPage is how many secrets of a run a page lists. The file has all.
const secretsOnPage = 100

// readRunSecrets returns the plan in the path and the secrets of the webhooks
// that its run created, if the person applied it.
func (s *server) readRunSecrets(r *http.Request) (store.Plan, fleet.Document, []store.RunSecret, error) {
	p, doc, err := s.readPlan(r)
	if err == nil && !mayCollect(r, p) {
		err = &httpError{Status: http.StatusForbidden, Public: collectHelp(p), Links: []ui.Link{{
			Href: planPath(p.Number), Text: "Back to the plan",
		}}}
	}
	if err != nil {
		return p, doc, nil, err
	}
	all, err := s.Store.RunSecrets(r.Context(), p.Owner, p.Number)
	return p, doc, all, err
}

// handlePlanSecrets lists the secrets of a run, in clear if that was requested.
func (s *server) handlePlanSecrets(w http.ResponseWriter, r *http.Request) error {
	p, doc, all, err := s.readRunSecrets(r)
	if err != nil {
		return err
	}
	frame, err := s.frame(r, runSecretsTitle)
	if err != nil {
		return err
	}
	of, err := s.connectionsOf(r)
	if err != nil {
		return err
	}
	notices, marks := takeMarks(frame.Notices)
	frame.Notices = notices
	page := views.PlanSecretsPage{
		Frame: frame, PlanHref: planPath(p.Number), Number: int(p.Number), Count: len(all),
		ShowAction: planSecretsPath(p.Number), StoredAction: planSecretsPath(p.Number) + "/stored",
	}
	if len(all) == 0 {
		page.Gone = new(runSecretsGoneNotice())
	} else {
		page.Left = firstUntil(all).Sub(s.Now())
	}
	if marks[revealMark] {
		for _, one := range all[:min(secretsOnPage, len(all))] {
			row := views.PlanSecret{PlanShop: planShop(of, one.Shop, one.Webhook), Secret: one.Secret}
			if one.Item < len(doc.Items) && doc.Items[one.Item].After != nil {
				row.URL = doc.Items[one.Item].After.URL
			}
			page.Secrets = append(page.Secrets, row)
		}
	}
	return s.render(w, r, http.StatusOK, views.PlanSecrets(page))
}

// handlePlanSecretsShow shows the secrets of a run once, on their page after a
// redirect, or sends them as a file. They are in the response to a POST, so that
// no cache and no history has them.
func (s *server) handlePlanSecretsShow(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	p, doc, all, err := s.readRunSecrets(r)
	if err != nil {
		return err
	}
	if r.PostForm.Get("do") == "csv" && len(all) > 0 {
		return s.sendRunSecrets(w, r, p, doc, all)
	}
	if err := s.flash(r, planSecretsPath(p.Number), ui.Notice{Kind: revealMark}); err != nil {
		return err
	}
	return redirect(w, r, planSecretsPath(p.Number))
}

func (s *server) sendRunSecrets(
	w http.ResponseWriter, r *http.Request, p store.Plan, doc fleet.Document, all []store.RunSecret,
) error {
	of, err := s.connectionsOf(r)
	if err != nil {
		return err
	}
	rows := [][]string{{"shop", "shop id", "domain", "webhook id", "url", "signing secret"}}
	for _, one := range all {
		c, url := of[one.Shop], ""
		if one.Item < len(doc.Items) && doc.Items[one.Item].After != nil {
			url = doc.Items[one.Item].After.URL
		}
		rows = append(rows, []string{c.ShopName, one.Shop, c.ShopDomain, one.Webhook, url, one.Secret})
	}
	return sendCSV(w, planFileName(p)+"-secrets.csv", rows, 5)
}

// handlePlanSecretsStored deletes the secrets of a run.
func (s *server) handlePlanSecretsStored(w http.ResponseWriter, r *http.Request) error {
	p, _, _, err := s.readRunSecrets(r)
	if err != nil {
		return err
	}
	if err := s.Store.DeleteRunSecrets(r.Context(), p.Owner, p.Number); err != nil {
		return err
	}
	if err := s.flash(r, planPath(p.Number), runSecretsDeletedNotice()); err != nil {
		return err
	}
	return redirect(w, r, planPath(p.Number))
}
