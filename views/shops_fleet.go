package views

import (
	"strconv"
	"strings"
	"time"

	"hookwall/views/ui"
)

// Fleet is what visits saw of many shops.
type Fleet struct {
	Now        time.Time
	Counts     []ShopCount // by state, without those of no shop
	Paused     *ui.Notice  // nil if shops are visited
	Causes     []ShopCause // what makes deliveries of several shops fail
	MoreCauses int         // how many more there are
	Rows       []FleetRow  // of this page
	// State, Missing and Sort are fields of the filter, a GET form to ListHref. Kept
	// is the rest of it in words, which has no field: host, reason, pattern, drift and template.
	State, Missing, Sort, Kept string
	States, Sorts              []ui.Choice
	Types                      []ui.EventBadge
	Likeness                   []ShopCount // how shops compare with templates; none without templates
	Proposals                  []ui.Proposal
	Filter                     []ui.Choice // all of it; Text is a field's name
	CSVHref                    string
	StreamHref                 string // that says when something was read
	RefreshAction              string // POST target; fields shop and those of Filter
	PlanHref                   string // plans a change for the found shops; "" if the person may not
}

// ShopCount is how many shops are in a state.
type ShopCount = ui.Counted

// ShopCause is what makes deliveries of several shops fail: one host in one way.
type ShopCause struct {
	Host      string
	Reason    string
	Shops     int
	Count     int       // of the failed deliveries
	First     time.Time // of them
	Href      string    // to the shops
	CheckHref string    // of the endpoint; "" if the person may not, or it isn't known
}

// words returns the host and the reason.
func (c ShopCause) words() string { return c.Host + ": " + c.Reason }

// FleetRow is one of many shops.
type FleetRow struct {
	ConnectedShop
	Twin          string // what tells it from another shop with its name; "" if there is none
	State         ui.State
	Webhooks      string // such as “3 webhooks”; "" if they aren't known
	Covered       string // such as “11/29”; "" if it isn't known
	Hours         ui.Series
	Total, Failed int  // deliveries in 24 hours
	AtLeast       bool // there may be more of them
	HealthKnown   bool
	UnknownSince  time.Time // unless HealthKnown; zero if nothing was ever seen
	Trouble       string    // what is wrong, in a few words; "" if nothing is
	TroubleText   string    // the same with the host, where there is one
	TroubleHref   string    // what helps; "" if nothing does here
	SeenAt        time.Time // zero if nothing was ever seen
	TriedAt       time.Time // the last visit; zero if there was none
	Problem       string    // of the last visit; "" if there was none
	Open          bool      // its details are unfolded
	OpenHref      string    // unfolds them
}

// The size of a sparkline, in px.
const (
	fleetSparkWidth  = 120
	fleetSparkHeight = 24
)

func (r FleetRow) spark() ui.SparklineChart {
	return ui.SparklineChart{Series: r.Hours, Width: fleetSparkWidth, Height: fleetSparkHeight, Beside: true}
}

// emptySpark returns the class of a chart without bars of which all hours are
// alike, or "". It needs no drawing.
func (r FleetRow) emptySpark() string {
	known := 0
	for _, h := range r.Hours {
		if h.Accepted+h.Failed+h.Other > 0 {
			return ""
		}
		if h.Known {
			known++
		}
	}
	switch known {
	case 0:
		return "unread"
	case len(r.Hours):
		return "none"
	}
	return ""
}

// health says how deliveries went, if that is known.
func (r FleetRow) health() string {
	text := noDeliveriesInDay
	switch {
	case r.Failed > 0:
		text = failedOf(r.Failed, r.Total)
	case r.Total > 0:
		text = ui.Count(r.Total, "delivery", "deliveries")
	case r.State == ui.Failing:
		text = lastFailedBefore
	}
	if r.AtLeast && r.Total > 0 {
		return atLeast + text
	}
	if r.AtLeast {
		return deliveriesNotKnown
	}
	return text
}

// class returns the class of a text about deliveries.
func (r FleetRow) class() string {
	switch {
	case !r.HealthKnown:
		return "quiet"
	case r.State == ui.Failing:
		return "failure"
	case r.Total == 0:
		return "quiet"
	case r.Failed > 0 && r.State != ui.OK:
		return "warning"
	}
	return ""
}

// part is a part of the bar below the counts, in percent of its width.
type part struct {
	state    ui.State
	at, wide string
}

// parts returns the bar below the counts.
func (f Fleet) parts() (all []part) {
	total, sum := 0, 0
	for _, c := range f.Counts {
		total += c.Count
	}
	for _, c := range f.Counts {
		all = append(all, part{c.State, percentOf(sum, total), percentOf(c.Count, total)})
		sum += c.Count
	}
	return all
}

func percentOf(n, all int) string {
	return strings.TrimSuffix(strconv.FormatFloat(100*float64(n)/float64(max(all, 1)), 'f', 1, 64), ".0") + "%"
}

// typeChoices are the event types that may be missing.
func (f Fleet) typeChoices() (all []ui.Choice) {
	for _, t := range f.Types {
		all = append(all, ui.Choice{Value: t.Code, Text: t.Title})
	}
	return all
}
