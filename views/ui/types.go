package ui

// TypeField is a field for event types.
type TypeField struct {
	ID, Name, Legend string
	Groups           []TypeGroup
	Err              *FieldError
	Focus            bool
}

// TypeGroup is a group of event types to choose from.
type TypeGroup struct {
	Title string
	Types []TypeChoice
}

// TypeChoice is an event type to choose.
type TypeChoice struct {
	EventBadge

	Chosen bool
}
