package handlers

import (
	"net/http"
	"slices"

	"hookwall/internal/team"
	"hookwall/static"
)

// routes returns all routes. To add a page, add a row, a file with its handler,
// and a template in views.
func (s *server) routes() []route {
	return slices.Concat(s.siteRoutes(), s.teamRoutes(), s.planRoutes(), s.webhookRoutes(), s.deliveryRoutes())
}

// teamRoutes returns the routes for people who sign in. There are none without
// a team.
func (s *server) teamRoutes() []route {
	if s.Team == nil {
		return nil
	}
	all := []route{
		{method: "GET", path: signInPath, handle: s.handleSignInForm, access: public, limit: signIn},
		{method: "GET", path: movePath, handle: s.handleMoveForm, access: admin, resumable: true},
		{method: "POST", path: movePath, handle: s.handleMove, access: admin, resume: movePath},
		{method: "GET", path: peoplePath, handle: s.handlePeople, access: admin, resumable: true},
		{method: "GET", path: teamActivityPath, handle: s.handleTeamActivity, access: admin, resumable: true},
		{method: "GET", path: teamActivityPath + ".csv", handle: s.handleTeamActivityCSV, access: admin},
		{method: "POST", path: "/people/{id}/role", handle: s.handlePersonRole, access: admin, resume: peoplePath},
		{method: "POST", path: "/people/{id}/remove", handle: s.handlePersonRemove, access: admin, resume: peoplePath},
		{method: "POST", path: "/people/{id}/readmit", handle: s.handlePersonReadmit, access: admin, resume: peoplePath},
		{method: "POST", path: "/people/{id}/end", handle: s.handlePersonEnd, access: admin, resume: peoplePath},
		{
			method: "POST", path: connectChannel, handle: s.handleConnectChannel, access: admin, limit: signIn,
			resume: connectPath, again: s.channelFormAgain,
		},
		{method: "GET", path: "/channels/{id}", handle: s.handleChannel, access: admin, resumable: true},
		{
			method: "POST", path: "/channels/{id}/shops", handle: s.handleChannelShops, access: admin,
			resume: "/channels/{id}",
		},
		{
			method: "POST", path: "/channels/{id}/secret", handle: s.handleChannelSecret, access: admin, limit: signIn,
			resume: "/channels/{id}",
		},
		{
			method: "GET", path: "/channels/{id}/disconnect", handle: s.handleChannelDisconnectForm, access: admin,
			resumable: true,
		},
		{
			method: "POST", path: "/channels/{id}/disconnect", handle: s.handleChannelDisconnect, access: admin,
			resume: "/channels/{id}",
		},
		{method: "POST", path: invitePath, handle: s.handleInvite, access: admin, resume: connectPath},
		{method: "POST", path: invitePath + "/{id}/revoke", handle: s.handleRevoke, access: admin, resume: peoplePath},

		planAction("approve", s.handlePlanApprove),

		{method: "GET", path: "/invitations/{token}", handle: s.handleInvitation, access: public, limit: signIn},
		{method: "GET", path: "/invitations/{token}/start", handle: s.handleInvitationStart, access: public, limit: signIn},
		{
			method: "POST", path: "/invitations/{token}/key", handle: s.handleInvitationKey, access: public, limit: signIn,
			again: s.invitationAgain,
		},
		{method: "GET", path: "/access/{token}", handle: s.handleReceipt, access: public, limit: signIn},
		{method: "POST", path: "/access/{token}/end", handle: s.handleCutOff, access: public, limit: signIn},
	}
	all = append(all, s.keyImportRoutes()...)
	all = append(all, s.youRoutes()...)
	all = append(all, s.apiRoutes()...)
	if s.OIDC != nil {
		all = append(all,
			route{method: "GET", path: signInStart, handle: s.handleSignInStart, access: public, limit: signIn},
			route{method: "GET", path: "/sign-in/callback", handle: s.handleSignInCallback, access: public, limit: signIn})
	}
	return all
}

// keyImportRoutes returns the routes that connect shops with many API keys.
func (s *server) keyImportRoutes() []route {
	return []route{
		{
			method: "POST", path: keysPath, handle: s.handleKeys, access: admin, limit: signIn, resume: keysNotKeptHref,
			again: s.keysAgain,
		},
		{method: "GET", path: keysPath + "/{id}", handle: s.handleKeyImport, access: admin, resumable: true},
		{method: "GET", path: keysPath + "/{id}/stream", handle: s.handleKeyImportStream, access: admin},
		{
			method: "POST", path: keysPath + "/{id}/retry", handle: s.handleKeysRetry, access: admin, limit: signIn,
			resume: keysPath + "/{id}",
		},
	}
}

// youRoutes returns the routes for the reader's own sessions and access tokens.
func (s *server) youRoutes() []route {
	return []route{
		{method: "GET", path: youPath, handle: s.handleYou, access: signedIn, resumable: true},
		{method: "POST", path: youEndPath, handle: s.handleYouEnd, access: signedIn, resume: youPath},
		{method: "POST", path: tokensPath, handle: s.handleTokenMake, access: viewer, limit: asWrite, resume: youPath},
		{method: "POST", path: revokeTokenPath, handle: s.handleTokenRevoke, access: signedIn, resume: youPath},
	}
}

// apiRoutes returns the routes of the API, for programs with an access token.
func (s *server) apiRoutes() []route {
	action := func(name string, handle handlerFunc) route {
		return route{
			method: "POST", path: apiPlansPath + "/{id}/" + name, handle: handle, access: operator, limit: asWrite,
			scope: team.ApplyScope,
		}
	}
	return []route{
		{method: "GET", path: apiDocumentPath, handle: s.handleAPIDocument, access: public},
		{method: "GET", path: apiShopsPath, handle: s.handleAPIShops, access: viewer, scope: team.ReadScope},
		{method: "GET", path: apiFilePath, handle: s.handleAPIExport, access: viewer, scope: team.ReadScope},
		{
			method: "POST", path: apiPlansPath, handle: s.handleAPIPlanMake, access: operator, limit: asWrite,
			scope: team.PlanScope,
		},
		{method: "GET", path: apiPlansPath + "/{id}", handle: s.handleAPIPlan, access: viewer, scope: team.ReadScope},
		{method: "GET", path: apiPlansPath + "/{id}/run", handle: s.handleAPIRun, access: viewer, scope: team.ReadScope},
		action("apply", s.handleAPIApply),
		action("stop", s.handleAPIStop),
		action("resume", s.handleAPIResume),
	}
}

// siteRoutes returns the routes that don't belong to one shop, and those that
// connect or disconnect one.
func (s *server) siteRoutes() []route {
	return []route{
		{method: "GET", path: "/{$}", handle: s.handleHome, access: viewer, resumable: true},
		{method: "GET", path: alivePath, handle: s.handleAlive, access: public},
		{method: "GET", path: readyPath, handle: s.handleReady, access: public},
		{method: "GET", path: selfCheckPath, handle: s.handleSelfCheck, access: public},
		{method: "GET", path: securityTextPath, handle: s.handleSecurityText, access: public},
		{method: "GET", path: "/dev/components", handle: s.handleComponents, access: public},
		{method: "GET", path: "/static/", handle: serveStatic(static.Handler()), access: public},

		{method: "GET", path: connectPath, handle: s.handleConnect, access: admin, resumable: true},
		{method: "POST", path: "/connect/key", handle: s.handleConnectKey, access: admin, limit: signIn, again: s.keyAgain},
		{method: "GET", path: startPath, handle: s.handleStart, access: admin, limit: signIn},
		// A shop's owner with an invitation returns here too. The handler admits
		// nobody else but admins.
		{method: "GET", path: callbackPath, handle: s.handleCallback, access: public, limit: signIn},
		{method: "GET", path: "/oauth/implicit", handle: s.handleImplicitPage, access: admin},
		{method: "POST", path: "/oauth/implicit", handle: s.handleImplicit, access: admin, limit: signIn},
		{method: "GET", path: signOutPath, handle: s.handleSignOutForm, access: public},
		{method: "POST", path: signOutPath, handle: s.handleSignOut, access: public},
		{method: "GET", path: displayPath, handle: s.handleDisplayForm, access: public},
		{method: "POST", path: displayPath, handle: s.handleDisplay, access: public},
		{method: "GET", path: helpPath, handle: s.handleHelp, access: public, resumable: true},
		{method: "GET", path: toolsPath, handle: s.handleTools, access: public, resumable: true},
		{method: "GET", path: signaturePath, handle: s.handleSignatureForm, access: public, resumable: true},
		{method: "POST", path: signaturePath, handle: s.handleSignature, access: public},
		{method: "POST", path: urlNotesPath, handle: s.handleURLNotes, access: public},
		{method: "GET", path: "/samples/{type}", handle: s.handleSample, access: public, resumable: true},
		{method: "POST", path: guidePath, handle: s.handleGuideHide, access: public},

		{method: "POST", path: findShopPath, handle: s.handleFindShop, access: viewer, resume: shopsPath},
		{method: "GET", path: searchPath, handle: s.handleSearch, access: viewer, resumable: true},
		{method: "POST", path: searchFoundPath, handle: s.handleSearchFound, access: viewer, resume: searchPath},
		{method: "GET", path: shopsPath, handle: s.handleShops, access: viewer, resumable: true},
		{method: "GET", path: shopsCSVPath, handle: s.handleShopsCSV, access: viewer},
		{method: "GET", path: shopsStreamPath, handle: s.handleShopsStream, access: viewer},
		{method: "GET", path: coveragePath, handle: s.handleCoverage, access: viewer, resumable: true},
		{method: "POST", path: refreshPath, handle: s.handleRefresh, access: viewer, limit: asWrite, resume: shopsPath},
		{
			method: "POST", path: labelShopsPath, handle: s.handleLabelShops, access: operator, resume: shopsPath,
			keeps: true, again: s.labelShopsAgain,
		},
		{
			method: "GET", path: shopLabelsRoute, handle: s.handleShopLabelsForm, access: operator, disconnects: true,
			resumable: true,
		},
		{
			method: "POST", path: shopLabelsRoute, handle: s.handleShopLabels, access: operator, disconnects: true,
			resume: "/labels", keeps: true, again: s.shopLabelsAgain,
		},
		{method: "GET", path: "/shops/{shop}", handle: s.handleShop, access: viewer, resumable: true},
		{
			method: "GET", path: "/shops/{shop}/disconnect", handle: s.handleDisconnectForm, access: admin,
			disconnects: true, resumable: true,
		},
		{
			method: "POST", path: "/shops/{shop}/disconnect/webhooks", handle: s.handleDisconnectDelete, access: admin,
			resume: "/disconnect",
		},
		{method: "POST", path: "/shops/{shop}/disconnect", handle: s.handleDisconnect, access: admin, disconnects: true},
	}
}

// planRoutes returns the routes for changes to many shops.
func (s *server) planRoutes() []route {
	return []route{
		{method: "GET", path: plansPath, handle: s.handlePlans, access: viewer, resumable: true},
		{method: "GET", path: newPlanPath, handle: s.handlePlanNew, access: operator, resumable: true},
		{
			method: "POST", path: plansPath, handle: s.handlePlanMake, access: operator, resume: newPlanPath, keeps: true,
			again: s.planFormAgain,
		},
		{method: "GET", path: planFilePath, handle: s.handlePlanFileForm, access: operator, resumable: true},
		{
			method: "POST", path: planFilePath, handle: s.handlePlanFile, access: operator, resume: planFilePath,
			keeps: true, again: s.planFileAgain,
		},
		{method: "GET", path: shopsYAMLPath, handle: s.handleShopsYAML, access: viewer},
		{method: "GET", path: shopsJSONPath, handle: s.handleShopsJSON, access: viewer},
		{method: "GET", path: fileSchemaPath, handle: s.handleFileSchema, access: public},
		{method: "GET", path: "/plans/{id}", handle: s.handlePlan, access: viewer, resumable: true},
		{method: "GET", path: "/plans/{id}/stream", handle: s.handlePlanStream, access: viewer},
		{method: "GET", path: templatesPath, handle: s.handleTemplates, access: viewer, resumable: true},
		{method: "GET", path: newTemplatePath, handle: s.handleTemplateNew, access: operator, resumable: true},
		{
			method: "POST", path: templatesPath, handle: s.handleTemplateMake, access: operator, resume: newTemplatePath,
			keeps: true, again: s.templateFormAgain,
		},
		{method: "GET", path: "/templates/{id}", handle: s.handleTemplate, access: viewer, resumable: true},
		{method: "GET", path: "/templates/{id}/edit", handle: s.handleTemplateEditForm, access: operator, resumable: true},
		{
			method: "POST", path: "/templates/{id}/edit", handle: s.handleTemplateEdit, access: operator,
			resume: "/templates/{id}/edit", keeps: true, again: s.templateFormAgain,
		},
		{
			method: "POST", path: "/templates/{id}/delete", handle: s.handleTemplateDelete, access: operator, limit: asWrite,
			resume: "/templates/{id}",
		},
		planAction("apply", s.handlePlanApply),
		planAction("stop", s.handlePlanStop),
		planAction("resume", s.handlePlanResume),
		planAction("retry", s.handlePlanRetry),
		planAction("undo", s.handlePlanUndo),
		planAction("end", s.handlePlanEnd),
		planAction("rehearse", s.handlePlanRehearse),
		{method: "GET", path: "/plans/{id}/plan.csv", handle: s.handlePlanCSV, access: viewer},
		{method: "GET", path: "/plans/{id}/plan.json", handle: s.handlePlanJSON, access: viewer},
		{method: "GET", path: "/plans/{id}/secrets", handle: s.handlePlanSecrets, access: operator, resumable: true},
		{
			method: "POST", path: "/plans/{id}/secrets", handle: s.handlePlanSecretsShow, access: operator, limit: asWrite,
			resume: "/plans/{id}/secrets",
		},
		{
			method: "POST", path: "/plans/{id}/secrets/stored", handle: s.handlePlanSecretsStored, access: operator,
			limit: asWrite, resume: "/plans/{id}/secrets",
		},
	}
}

// planAction returns the route of a button on a plan's page.
func planAction(name string, handle handlerFunc) route {
	return route{
		method: "POST", path: "/plans/{id}/" + name, handle: handle, access: operator, limit: asWrite,
		resume: "/plans/{id}",
	}
}

// webhookRoutes returns the routes for a shop's webhooks.
func (s *server) webhookRoutes() []route {
	return []route{
		{method: "GET", path: "/shops/{shop}/webhooks", handle: s.handleWebhookList, access: viewer, resumable: true},
		{method: "GET", path: "/shops/{shop}/webhooks.csv", handle: s.handleWebhookCSV, access: viewer},
		{method: "GET", path: "/shops/{shop}/webhooks/new", handle: s.handleWebhookNew, access: operator, resumable: true},
		{
			method: "POST", path: "/shops/{shop}/webhooks", handle: s.handleWebhookCreate, access: operator,
			resume: "/webhooks/new", keeps: true, again: s.createAgain,
		},
		{
			method: "GET", path: "/shops/{shop}/webhooks/new/duplicate", handle: s.handleDuplicate, access: operator,
			resumable: true,
		},
		{method: "GET", path: "/shops/{shop}/webhooks/{id}", handle: s.handleWebhook, access: viewer, resumable: true},
		{
			method: "GET", path: "/shops/{shop}/webhooks/{id}/edit", handle: s.handleEditForm, access: operator,
			resumable: true,
		},
		{
			method: "POST", path: "/shops/{shop}/webhooks/{id}/edit", handle: s.handleEdit, access: operator,
			resume: "/webhooks/{id}/edit", keeps: true, again: s.editAgain,
		},
		{
			method: "GET", path: "/shops/{shop}/webhooks/{id}/edit/confirm", handle: s.handleEditConfirm, access: operator,
			resumable: true,
		},
		{
			method: "POST", path: "/shops/{shop}/webhooks/{id}/edit/confirm", handle: s.handleEditSave, access: operator,
			resume: "/webhooks/{id}/edit/confirm", keepsID: true, again: s.saveAgain,
		},
		{
			method: "GET", path: "/shops/{shop}/webhooks/{id}/delete", handle: s.handleDeleteForm, access: operator,
			resumable: true,
		},
		{
			method: "POST", path: "/shops/{shop}/webhooks/{id}/delete", handle: s.handleDelete, access: operator,
			resume: "/webhooks/{id}/delete",
		},
		{
			method: "GET", path: "/shops/{shop}/webhooks/{id}/label", handle: s.handleLabelForm, access: operator,
			resumable: true,
		},
		{
			method: "POST", path: "/shops/{shop}/webhooks/{id}/label", handle: s.handleLabel, access: operator,
			resume: "/webhooks/{id}/label", keeps: true, again: s.labelAgain,
		},
		{
			method: "POST", path: "/shops/{shop}/webhooks/{id}/secret", handle: s.handleSecretReveal, access: operator,
			resume: "/webhooks/{id}",
		},
		{
			method: "POST", path: "/shops/{shop}/webhooks/{id}/secret/test", handle: s.handleSecretTest, access: operator,
			limit: outCall, resume: "/webhooks/{id}",
		},
		{
			method: "POST", path: "/shops/{shop}/webhooks/{id}/secret/stored", handle: s.handleSecretStored,
			access: operator, resume: "/webhooks/{id}",
		},
	}
}

// deliveryRoutes returns the routes for a shop's deliveries and activity.
func (s *server) deliveryRoutes() []route {
	return []route{
		{
			method: "GET", path: "/shops/{shop}/webhooks/{id}/test", handle: s.handleTestForm, access: operator,
			resumable: true,
		},
		{
			method: "POST", path: "/shops/{shop}/webhooks/{id}/test", handle: s.handleTest, access: operator,
			limit: outCall, resume: "/webhooks/{id}/test", keeps: true, again: s.testAgain,
		},
		{method: "GET", path: "/shops/{shop}/checks/new", handle: s.handleCheckStart, access: operator, resumable: true},
		{
			method: "POST", path: "/shops/{shop}/checks", handle: s.handleCheck, access: operator,
			limit: outCall, resume: "/checks/new", keeps: true, again: s.checkAgain,
		},
		{method: "GET", path: "/shops/{shop}/checks/{id}", handle: s.handleCheckPage, access: viewer, resumable: true},
		{method: "GET", path: "/shops/{shop}/checks/{id}/stream", handle: s.handleCheckStream, access: viewer},

		{method: "GET", path: "/shops/{shop}/events", handle: s.handleEvents, access: viewer, resumable: true},
		{method: "GET", path: "/shops/{shop}/events.csv", handle: s.handleEventsCSV, access: viewer},
		{method: "GET", path: "/shops/{shop}/newest-event", handle: s.handleEventsNewest, access: viewer},
		{method: "GET", path: "/shops/{shop}/events/{id}", handle: s.handleEvent, access: viewer, resumable: true},
		{method: "GET", path: "/shops/{shop}/activity", handle: s.handleActivity, access: viewer, resumable: true},
		{
			method: "POST", path: "/shops/{shop}/activity/{id}/undo", handle: s.handleUndo, access: operator,
			resume: "/activity",
		},
		{method: "GET", path: "/shops/{shop}/activity.csv", handle: s.handleActivityCSV, access: viewer},
	}
}

func serveStatic(h http.Handler) handlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		h.ServeHTTP(w, r)
		return nil
	}
}
