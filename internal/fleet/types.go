package fleet

import (
	"slices"
	"strconv"

	"hookwall/internal/fourthwall"
)

// bits has the bit of each event type in a mask. Masks are stored, so a bit never changes its event type: new ones are
// added at the end of the catalog.
var bits = func() map[fourthwall.EventType]int {
	m := map[fourthwall.EventType]int{}
	for i, info := range fourthwall.EventTypes() {
		m[info.Code] = i
	}
	return m
}()

// Mask returns the mask of event types, and those without a bit, which the catalog doesn't know, sorted.
func Mask(types []fourthwall.EventType) (mask int64, unknown []string) {
	for _, t := range types {
		if bit, known := bits[t]; known {
			mask |= 1 << bit
		} else if t != "" {
			unknown = append(unknown, string(t))
		}
	}
	slices.Sort(unknown)
	return mask, slices.Compact(unknown)
}

// maxCount is the largest count that a digit in base 36 can have. It also means more.
const maxCount = 35

// typeCounts returns a digit in base 36 for each event type of the catalog: how many webhooks have it.
func typeCounts(hooks []fourthwall.Webhook) string {
	counts := make([]int, len(bits))
	for _, hook := range hooks {
		for _, t := range fourthwall.TypeSet(hook.AllowedTypes) {
			if bit, known := bits[t]; known {
				counts[bit]++
			}
		}
	}
	text := make([]byte, 0, len(counts))
	for _, n := range counts {
		text = strconv.AppendInt(text, int64(min(n, maxCount)), maxCount+1)
	}
	return string(text)
}

// Counts returns how many webhooks have each event type of the catalog, by its position, from the TypeCounts of an
// observation. 35 means 35 or more.
func Counts(text string) []int {
	counts := make([]int, len(bits))
	for i := range min(len(text), len(counts)) {
		n, err := strconv.ParseInt(text[i:i+1], maxCount+1, 0)
		if err == nil {
			counts[i] = int(n)
		}
	}
	return counts
}
