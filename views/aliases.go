package views

import "hookwall/views/ui"

// The names that handlers still use for what is now in views/ui, and for
// pages under their old names.
type (
	Notice       = ui.Notice
	Link         = ui.Link
	FieldError   = ui.FieldError
	SummaryError = ui.SummaryError
	Hint         = ui.Hint
	Choice       = ui.Choice
	HiddenField  = ui.HiddenField
	EventBadge   = ui.EventBadge
	EventGroup   = ui.EventGroup
	EventLine    = ui.EventLine
	Picker       = ui.Picker
	PickerGroup  = ui.PickerGroup
	PickerType   = ui.PickerType
	PickerPreset = ui.PickerPreset
	DeliveryRow  = ui.DeliveryRow
	DuplicateOf  = ui.Duplicate
	CheckStep    = ui.CheckStep
	Snippet      = ui.Snippet

	WebhooksPage     = WebhookListPage
	WebhookPage      = WebhookShowPage
	DeletePage       = WebhookDeletePage
	EditConfirmPage  = WebhookEditConfirmPage
	ConflictPage     = WebhookEditConflictPage
	EventsPage       = DeliveriesPage
	NotConfirmedPage = UnconfirmedPage
	ImplicitPage     = ConnectImplicitPage
	ComponentsPage   = GalleryPage
)

const (
	Info    = ui.Info
	Success = ui.Success
	Warning = ui.Warning
	Failure = ui.Failure

	StepWaiting = ui.StepWaiting
	StepRunning = ui.StepRunning
	StepPassed  = ui.StepPassed
	StepWarned  = ui.StepWarned
	StepFailed  = ui.StepFailed
	StepSkipped = ui.StepSkipped
)

var (
	AddressNotes = ui.URLNotes
	Count        = ui.Count
	Duration     = ui.Duration

	Webhooks     = WebhookList
	Webhook      = WebhookShow
	Delete       = WebhookDelete
	EditConfirm  = WebhookEditConfirm
	Conflict     = WebhookEditConflict
	Events       = Deliveries
	NotConfirmed = Unconfirmed
	Implicit     = ConnectImplicit
	Components   = Gallery
)
