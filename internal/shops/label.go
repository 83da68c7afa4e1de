package shops

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"hookwall/internal/activity"
	"hookwall/internal/store"
	"hookwall/internal/unseen"
)

// MaxLabel is how many characters a label of a shop may have.
const MaxLabel = 40

// ReadLabels returns the labels that a person typed, separated by commas, each once and on one line. The problem says
// why they can't be used; it is "" if they can.
func ReadLabels(typed string) (labels []string, problem string) {
	if !utf8.ValidString(typed) || strings.ContainsFunc(typed, unicode.IsControl) {
		return nil, labelControl
	}
	for part := range strings.SplitSeq(typed, ",") {
		visible, _ := unseen.Remove(part)
		label := norm.NFC.String(strings.Join(strings.FieldsFunc(visible, unseen.Is), " "))
		isSame := func(l string) bool { return store.ShopLabelKey(l) == store.ShopLabelKey(label) }
		if label == "" || slices.ContainsFunc(labels, isSame) {
			continue
		}
		if n := utf8.RuneCountInString(label); n > MaxLabel {
			return nil, labelTooLong(n)
		}
		labels = append(labels, label)
	}
	switch {
	case len(labels) == 0:
		return nil, labelMissing
	case len(labels) > store.MaxShopLabels:
		return nil, tooManyLabels(len(labels))
	}
	return labels, ""
}

// AddLabels adds labels to shops of the actor's, and records that for each shop that got one.
func (s *Service) AddLabels(
	ctx context.Context, actor activity.Actor, conns []store.Connection, labels []string,
) ([]store.Labeled, error) {
	ids := make([]string, len(conns))
	of := map[string]store.Connection{}
	for i, c := range conns {
		ids[i], of[c.ShopID] = c.ShopID, c
	}
	return s.store.AddShopLabels(ctx, actor.Owner, ids, labels, func(one store.Labeled) (store.Activity, error) {
		return labeled(actor, of[one.Shop], activity.Detail{LabelsAdded: one.Added})
	})
}

// RemoveLabel takes a label from a shop of the actor's, and records that. It reports whether the shop had it.
func (s *Service) RemoveLabel(
	ctx context.Context, actor activity.Actor, conn store.Connection, label string,
) (bool, error) {
	done, err := labeled(actor, conn, activity.Detail{LabelsRemoved: []string{label}})
	if err != nil {
		return false, err
	}
	return s.store.DeleteShopLabel(ctx, actor.Owner, conn.ShopID, label, done)
}

// labeled returns the activity that records a change of labels. It doesn't call Fourthwall.
func labeled(actor activity.Actor, conn store.Connection, d activity.Detail) (store.Activity, error) {
	actor.Name, d.Shop = Way(conn), conn.ShopName
	return activity.New(actor, store.Activity{Shop: conn.ShopID, Action: activity.LabelShop}, d)
}
