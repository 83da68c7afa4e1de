package views

// ToolsPage lists the tools.
type ToolsPage struct {
	Frame
	SignatureHref string
	SampleHref    string
	CheckHref     string // a check of the shop in the bar, or the choice of a shop
	TestHref      string // the webhooks of the shop in the bar, or the choice of a shop
}
