package shops

import (
	"context"

	"hookwall/internal/activity"
	"hookwall/internal/store"
)

// Move moves shops of an owner to the owner that the actor acts for, and records those that were moved.
func (s *Service) Move(
	ctx context.Context, actor activity.Actor, from store.Owner, moves []store.Move,
) ([]store.Moved, error) {
	return s.store.MoveConnections(ctx, from, actor.Owner, moves, func(m store.Moved) ([]store.Activity, error) {
		if m.End != store.MoveDone {
			return nil, nil
		}
		by := actor
		by.Name = Way(m.Connection)
		done, err := activity.New(by, store.Activity{Shop: m.ShopID, Action: activity.MoveShop},
			activity.Detail{Shop: m.ShopName, Scopes: m.Scopes})
		if err != nil {
			return nil, err
		}
		return alsoOfTeam(done), nil
	})
}
