package handlers

import (
	"net/http"
	"slices"

	"hookwall/static"
)

// routes returns all routes. To add a page, add a row, a file with its handler,
// and a template in views.
func (s *server) routes() []route {
	return slices.Concat(s.siteRoutes(), s.webhookRoutes(), s.deliveryRoutes())
}

// siteRoutes returns the routes that don't belong to one shop, and those that
// connect or disconnect one.
func (s *server) siteRoutes() []route {
	return []route{
		{method: "GET", path: "/{$}", handle: s.handleHome, resumable: true},
		{method: "GET", path: alivePath, handle: s.handleAlive},
		{method: "GET", path: readyPath, handle: s.handleReady},
		{method: "GET", path: securityTextPath, handle: s.handleSecurityText},
		{method: "GET", path: "/dev/components", handle: s.handleComponents},
		{method: "GET", path: "/static/", handle: serveStatic(static.Handler())},

		{method: "GET", path: connectPath, handle: s.handleConnect, resumable: true},
		{method: "POST", path: "/connect/key", handle: s.handleConnectKey, limit: signIn, again: s.keyAgain},
		{method: "GET", path: startPath, handle: s.handleStart, limit: signIn},
		{method: "GET", path: "/oauth/callback", handle: s.handleCallback, limit: signIn},
		{method: "GET", path: "/oauth/implicit", handle: s.handleImplicitPage},
		{method: "POST", path: "/oauth/implicit", handle: s.handleImplicit, limit: signIn},
		{method: "GET", path: signOutPath, handle: s.handleSignOutForm},
		{method: "POST", path: signOutPath, handle: s.handleSignOut},
		{method: "GET", path: displayPath, handle: s.handleDisplayForm},
		{method: "POST", path: displayPath, handle: s.handleDisplay},
		{method: "GET", path: helpPath, handle: s.handleHelp, resumable: true},
		{method: "GET", path: toolsPath, handle: s.handleTools, resumable: true},
		{method: "GET", path: signaturePath, handle: s.handleSignatureForm, resumable: true},
		{method: "POST", path: signaturePath, handle: s.handleSignature},
		{method: "POST", path: urlNotesPath, handle: s.handleURLNotes},
		{method: "GET", path: "/samples/{type}", handle: s.handleSample, resumable: true},
		{method: "POST", path: guidePath, handle: s.handleGuideHide},

		{method: "GET", path: findShopPath, handle: s.handleFindShop},
		{method: "GET", path: shopsPath, handle: s.handleShops, resumable: true},
		{method: "GET", path: "/shops/{shop}", handle: s.handleShop, access: shopOnly, resumable: true},
		{method: "POST", path: "/shops/{shop}/disconnect", handle: s.handleDisconnect},
	}
}

// webhookRoutes returns the routes for a shop's webhooks.
func (s *server) webhookRoutes() []route {
	return []route{
		{method: "GET", path: "/shops/{shop}/webhooks", handle: s.handleWebhookList, access: shopOnly, resumable: true},
		{method: "GET", path: "/shops/{shop}/webhooks.csv", handle: s.handleWebhookCSV, access: shopOnly},
		{method: "GET", path: "/shops/{shop}/webhooks/new", handle: s.handleWebhookNew, access: shopOnly, resumable: true},
		{
			method: "POST", path: "/shops/{shop}/webhooks", handle: s.handleWebhookCreate, access: shopOnly,
			resume: "/webhooks/new", keeps: true, again: s.createAgain,
		},
		{
			method: "GET", path: "/shops/{shop}/webhooks/new/duplicate", handle: s.handleDuplicate, access: shopOnly,
			resumable: true,
		},
		{method: "GET", path: "/shops/{shop}/webhooks/{id}", handle: s.handleWebhook, access: shopOnly, resumable: true},
		{
			method: "GET", path: "/shops/{shop}/webhooks/{id}/edit", handle: s.handleEditForm, access: shopOnly,
			resumable: true,
		},
		{
			method: "POST", path: "/shops/{shop}/webhooks/{id}/edit", handle: s.handleEdit, access: shopOnly,
			resume: "/webhooks/{id}/edit", keeps: true, again: s.editAgain,
		},
		{
			method: "GET", path: "/shops/{shop}/webhooks/{id}/edit/confirm", handle: s.handleEditConfirm, access: shopOnly,
			resumable: true,
		},
		{
			method: "POST", path: "/shops/{shop}/webhooks/{id}/edit/confirm", handle: s.handleEditSave, access: shopOnly,
			resume: "/webhooks/{id}/edit/confirm", keepsID: true, again: s.saveAgain,
		},
		{
			method: "GET", path: "/shops/{shop}/webhooks/{id}/delete", handle: s.handleDeleteForm, access: shopOnly,
			resumable: true,
		},
		{
			method: "POST", path: "/shops/{shop}/webhooks/{id}/delete", handle: s.handleDelete, access: shopOnly,
			resume: "/webhooks/{id}/delete",
		},
		{
			method: "GET", path: "/shops/{shop}/webhooks/{id}/label", handle: s.handleLabelForm, access: shopOnly,
			resumable: true,
		},
		{
			method: "POST", path: "/shops/{shop}/webhooks/{id}/label", handle: s.handleLabel, access: shopOnly,
			resume: "/webhooks/{id}/label", keeps: true, again: s.labelAgain,
		},
		{
			method: "POST", path: "/shops/{shop}/webhooks/{id}/secret", handle: s.handleSecretReveal, access: shopOnly,
			resume: "/webhooks/{id}",
		},
		{
			method: "POST", path: "/shops/{shop}/webhooks/{id}/secret/test", handle: s.handleSecretTest, access: shopOnly,
			limit: outCall, resume: "/webhooks/{id}",
		},
		{
			method: "POST", path: "/shops/{shop}/webhooks/{id}/secret/stored", handle: s.handleSecretStored,
			access: shopOnly, resume: "/webhooks/{id}",
		},
	}
}

// deliveryRoutes returns the routes for a shop's deliveries and activity.
func (s *server) deliveryRoutes() []route {
	return []route{
		{
			method: "GET", path: "/shops/{shop}/webhooks/{id}/test", handle: s.handleTestForm, access: shopOnly,
			resumable: true,
		},
		{
			method: "POST", path: "/shops/{shop}/webhooks/{id}/test", handle: s.handleTest, access: shopOnly,
			limit: outCall, resume: "/webhooks/{id}/test", keeps: true, again: s.testAgain,
		},
		{method: "GET", path: "/shops/{shop}/checks/new", handle: s.handleCheckStart, access: shopOnly, resumable: true},
		{
			method: "POST", path: "/shops/{shop}/checks", handle: s.handleCheck, access: shopOnly,
			limit: outCall, resume: "/checks/new", keeps: true, again: s.checkAgain,
		},
		{method: "GET", path: "/shops/{shop}/checks/{id}", handle: s.handleCheckPage, access: shopOnly, resumable: true},
		{method: "GET", path: "/shops/{shop}/checks/{id}/stream", handle: s.handleCheckStream, access: shopOnly},

		{method: "GET", path: "/shops/{shop}/events", handle: s.handleEvents, access: shopOnly, resumable: true},
		{method: "GET", path: "/shops/{shop}/events.csv", handle: s.handleEventsCSV, access: shopOnly},
		{method: "GET", path: "/shops/{shop}/newest-event", handle: s.handleEventsNewest, access: shopOnly},
		{method: "GET", path: "/shops/{shop}/events/{id}", handle: s.handleEvent, access: shopOnly, resumable: true},
		{method: "GET", path: "/shops/{shop}/activity", handle: s.handleActivity, access: shopOnly, resumable: true},
		{
			method: "POST", path: "/shops/{shop}/activity/{id}/undo", handle: s.handleUndo, access: shopOnly,
			resume: "/activity",
		},
		{method: "GET", path: "/shops/{shop}/activity.csv", handle: s.handleActivityCSV, access: shopOnly},
	}
}

func serveStatic(h http.Handler) handlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		h.ServeHTTP(w, r)
		return nil
	}
}
