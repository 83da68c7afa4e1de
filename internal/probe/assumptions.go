package probe

// Assumption is something that Hookwall takes for true of the API, or would like to know.
type Assumption struct {
	ID      string
	Claim   string
	Source  string // who says so
	Affects string // what depends on it
}

// The IDs of assumptions. They never change, so that reports can be compared.
const (
	readsShop       = "A01"
	creates         = "A02"
	givesSecret     = "A03"
	readsBack       = "A04"
	writeReads      = "A05"
	listIsPage      = "A06"
	listCounts      = "A07"
	sizeHundred     = "A08"
	listsOthers     = "A09"
	replaces        = "A10"
	takesAllTypes   = "A11"
	refusesTypes    = "A12"
	refusesIP       = "A13"
	refusesPort     = "A14"
	refusesDomain   = "A15"
	errorHasCode    = "A16"
	unknownIs404    = "A17"
	takesDuplicates = "A18"
	deletes         = "A19"
	deletedIs404    = "A20"
	readsEvents     = "A21"
	knownStates     = "A22"
	bodyNamesHook   = "A23"
	noRateHeaders   = "A24"
)

const (
	seed     = "Fourthwall's description of creating a webhook"
	openAPI  = "Fourthwall's OpenAPI file"
	guide    = "Fourthwall's guide to webhooks"
	observed = "seen by people who use the API"
	ours     = "our own reading"
)

// Assumptions returns all assumptions, in the order in which they are tried.
func Assumptions() []Assumption {
	return []Assumption{
		{readsShop, "`GET /shops/current` returns `id`, `name` and `domain`.", openAPI, "connecting a shop"},
		{creates, "A create returns 200 with `id`, `url`, `allowedTypes` and `apiVersion` `V1`.", seed, "creating"},
		{
			givesSecret, "The response to a create has the `secret`.", guide + "; the OpenAPI file has no such field",
			"the page after a create, which shows the secret only if it came",
		},
		{readsBack, "`GET /webhooks/{id}` returns what was created.", openAPI, "checking a create whose response was lost"},
		{
			writeReads, "Reading webhooks needs the scope `webhook_read`.", openAPI,
			"pages of a connection without it, which say that the list can't be read",
		},
		{
			listIsPage, "The list of webhooks is a page object with `results`.", openAPI + "; another source says an array",
			"nothing: both are read",
		},
		{
			listCounts, "A page has `total`, `page`, `size` and `totalPages`.", openAPI,
			"reading pages side by side; without them they are read one by one",
		},
		{sizeHundred, "A page can have 100 webhooks.", openAPI, "the number of calls for a long list"},
		{
			listsOthers, "The list also has webhooks that this credential didn't create.", ours,
			"the list, which shows all that the API returns",
		},
		{replaces, "A `PUT` replaces the URL and the event types.", openAPI, "editing"},
		{takesAllTypes, "All 29 event types are accepted.", seed, "the event types that a form offers"},
		{refusesTypes, "A body with `types` in place of `allowedTypes` is rejected.", seed +
			"; comments in Fourthwall's examples use it", "nothing: Hookwall sends `allowedTypes`"},
		{refusesIP, "IP addresses are rejected with `WEBHOOK_URI_IP_NOT_ALLOWED`.", seed, "the hints beside a URL"},
		{refusesPort, "Ports other than 80 and 443 are rejected with `WEBHOOK_URI_PORT_NOT_ALLOWED`.", seed +
			" names the code, not the ports", "the hints beside a URL"},
		{
			refusesDomain, "Names of private networks and of Fourthwall are rejected with `WEBHOOK_URI_UNALLOWED_DOMAIN`.",
			seed + " names the code, not the domains", "the hints beside a URL",
		},
		{errorHasCode, "An error is a JSON object with a `code`.", openAPI, "the sentences about errors"},
		{unknownIs404, "An unknown webhook is 404 `WEBHOOK_CONFIGURATION_NOT_FOUND`.", openAPI, "finding what was deleted"},
		{
			takesDuplicates, "A second webhook with the same URL and types is created.", ours,
			"the warning before a duplicate, and creating exactly once",
		},
		{deletes, "A `DELETE` returns 200 or 204 without a body.", openAPI + " says 200, another source 204", "deleting"},
		{deletedIs404, "A deleted webhook is 404, read or deleted again.", ours, "checking a delete whose response was lost"},
		{readsEvents, "`GET /webhook-events` returns a page of deliveries.", openAPI, "the delivery log"},
		{
			knownStates, "Each delivery has a `state` that Hookwall knows.", ours,
			"health; an unknown state counts as not known",
		},
		{bodyNamesHook, "A delivered body has the `webhookId`.", observed, "which webhook a delivery belongs to"},
		{noRateHeaders, "No response says how much of the rate limit is left.", ours, "the pace of background visits"},
	}
}
