package views

// DisplayPage asks how to show pages in this browser. The choices so far are in
// the frame.
type DisplayPage struct {
	Frame
	Action string
	Back   string
}
