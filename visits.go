package main

import (
	"context"
	"time"

	"hookwall/internal/fleet"
	"hookwall/internal/store"
)

// visitFlags are the settings of visits of shops in the background, and of what they remember.
type visitFlags struct {
	NoVisits       bool   `name:"no-visits" hw:"HOOKWALL_NO_VISITS" help:"Don't visit shops in the background. Health then covers recent deliveries only."`
	OAuth          string `name:"visit-oauth" hw:"HOOKWALL_VISIT_OAUTH" default:"1h" placeholder:"DURATION" help:"Time between two visits of a shop that was connected by sign-in. Each visit renews its token. Default: 1h."`
	APIKeys        string `name:"visit-api-keys" hw:"HOOKWALL_VISIT_API_KEYS" default:"15m" placeholder:"DURATION" help:"Time between two visits of a shop that was connected by API key. Default: 15m."`
	Failing        string `name:"visit-failing" hw:"HOOKWALL_VISIT_FAILING" default:"5m" placeholder:"DURATION" help:"Time until the next visit of a shop that couldn't be read. Default: 5m."`
	KeepDeliveries string `name:"keep-deliveries" hw:"HOOKWALL_KEEP_DELIVERIES" default:"30d" placeholder:"DURATION" help:"How long results of deliveries are stored, without their bodies. Default: 30d."`
	KeepChanges    string `name:"keep-changes" hw:"HOOKWALL_KEEP_CHANGES" default:"400d" placeholder:"DURATION" help:"How long changes of webhooks that visits noticed are stored. Default: 400d."`
}

// Visits are the settings of visits.
type Visits struct {
	Off            bool
	Intervals      fleet.Intervals
	KeepDeliveries time.Duration
	KeepChanges    time.Duration
}

func (p *problems) visits(f visitFlags) Visits {
	return Visits{
		Off: f.NoVisits,
		Intervals: fleet.Intervals{
			OAuth:   p.time("HOOKWALL_VISIT_OAUTH", f.OAuth),
			APIKey:  p.time("HOOKWALL_VISIT_API_KEYS", f.APIKeys),
			Failing: p.time("HOOKWALL_VISIT_FAILING", f.Failing),
		},
		KeepDeliveries: p.time("HOOKWALL_KEEP_DELIVERIES", f.KeepDeliveries),
		KeepChanges:    p.time("HOOKWALL_KEEP_CHANGES", f.KeepChanges),
	}
}

// enqueue returns what enqueues visits of shops that are due, or nil if there are no visits.
func (v Visits) enqueue(all *fleet.Service) func(context.Context) error {
	if v.Off {
		return nil
	}
	return all.EnqueueDue
}

// keep adds to the options of the store how long it keeps what visits saw.
func (v Visits) keep(o store.Options) store.Options {
	o.KeepDeliveries, o.KeepChanges = v.KeepDeliveries, v.KeepChanges
	return o
}
