package main

import (
	"context"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/sandbox"
	"hookwall/internal/shops"
	"hookwall/internal/store"
)

// bySandbox is who connected the demo shops, as activity names it.
var bySandbox = store.ActivityPerson{ID: "sandbox", Name: "Sandbox"}

// connectFleet connects the sandbox's channel and all its shops to the team. It
// leaves alone what the team has already.
func connectFleet(ctx context.Context, st *store.Store, connected *shops.Service, from sandbox.DemoChannel) error {
	owner, err := st.Team(ctx)
	if err != nil {
		return err
	}
	actor := activity.Actor{Owner: owner, Person: bySandbox}
	channel, err := connected.ConnectChannel(ctx, actor, from.ClientID, fourthwall.Secret(from.ClientSecret))
	if err != nil {
		return err
	}
	all, err := connected.ChannelShops(ctx, channel)
	if err != nil {
		return err
	}
	_, err = connected.AddShops(ctx, actor, channel, all)
	return err
}
