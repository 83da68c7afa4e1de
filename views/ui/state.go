package ui

// State is how something is: fine, worth a look, failing, or not known.
type State string

// States. Each has a color, a shape and a word.
const (
	OK       State = "ok"
	Look     State = "look"
	Failing  State = "failing"
	NotKnown State = "unknown"
)

// stateWords are what the shapes say.
var stateWords = map[State]string{OK: okWord, Look: lookWord, Failing: failingWord, NotKnown: notKnownWord}

// known returns the state, or NotKnown if it is none of the four.
func (s State) known() State {
	if stateWords[s] == "" {
		return NotKnown
	}
	return s
}

// Class returns the class of what is in a state.
func (s State) Class() string { return string(s.known()) }

// Counted is how many shops are in a state.
type Counted struct {
	State   State
	Count   int
	Text    string
	Href    string // to those shops
	Current bool
}
