package ui

// Link is a link with its text.
type Link struct {
	Href string `json:"href"`
	Text string `json:"text"`
}
