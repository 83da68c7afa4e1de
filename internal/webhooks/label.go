package webhooks

import (
	"context"
	"strings"
	"unicode/utf8"

	"hookwall/internal/unseen"
)

// MaxLabel is how many characters a label may have.
const MaxLabel = 60

// CleanLabel returns the name that a person typed for a webhook on one line, without the characters that can't be
// seen. The problem says why it can't be used; it is "" if it can. An empty label is none.
func CleanLabel(typed string) (label, problem string) {
	visible, _ := unseen.Remove(strings.ToValidUTF8(typed, ""))
	label = strings.Join(strings.FieldsFunc(visible, unseen.Is), " ")
	if n := utf8.RuneCountInString(label); n > MaxLabel {
		return label, labelTooLong(n)
	}
	return label, ""
}

// SetLabel stores a clean label for a webhook of a shop. An empty one deletes it.
func (s *Service) SetLabel(ctx context.Context, shop, id, label string) error {
	if label == "" {
		return s.store.DeleteLabel(ctx, shop, id)
	}
	return s.store.PutLabel(ctx, shop, id, label)
}

// dropLabel deletes the label of a webhook that is deleted. If that fails, the label names nothing and is swept.
func (s *Service) dropLabel(ctx context.Context, shop, id string) {
	if err := s.store.DeleteLabel(ctx, shop, id); err != nil {
		s.logger.WarnContext(ctx, "the label of a deleted webhook could not be deleted", "webhook", id, "error", err)
	}
}
