package views

const (
	unconfirmedTitle      = "Do not create it a second time yet"
	unconfirmedText       = "The answer was lost on its way. Check again: Hookwall looks for the webhook and makes no second one."
	unconfirmedUnseenText = "The answer was lost on its way, and Hookwall could not see the shop’s webhooks before, " +
		"so it cannot tell the new one. Look for it in the list of webhooks, or in Fourthwall’s own settings. " +
		"If it is not there, go back to the form and create it: Hookwall asks before it makes a second one that it can see."
	stillUnconfirmedTitle = "Still not known"
)
