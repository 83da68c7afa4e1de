package fleet

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
)

// Pattern is a group of shops that cover the same event types, of those that are compared.
type Pattern struct {
	Key    string // for HasPattern
	Known  bool   // false for the shops whose webhooks aren't known
	Mask   int64  // of the covered event types; see Mask
	Shops  int
	Counts []Range // webhooks that have each event type of the catalog, by its position
}

// Range is from the fewest to the most. 35 also means more.
type Range struct{ Min, Max int }

// notKnownKey is the Key of the shops whose webhooks aren't known.
const notKnownKey = "unknown"

// maskOf returns the mask of the event types of the catalog among types.
func maskOf(types []fourthwall.EventType) int64 {
	mask, _ := Mask(types)
	return mask
}

// patternKey returns the key of the pattern of a shop, compared by the event types of a mask.
func patternKey(o store.Observation, of int64) string {
	if !KnowsTypes(o) {
		return notKnownKey
	}
	return strconv.FormatInt(o.Types&of, 36) + "." + strconv.FormatInt(of, 36)
}

// HasPattern reports whether a shop belongs to the pattern with a key.
func HasPattern(o store.Observation, key string) bool {
	_, text, _ := strings.Cut(key, ".")
	of, err := strconv.ParseInt(text, 36, 64)
	return (err == nil || key == notKnownKey) && patternKey(o, of) == key
}

// Lacks reports whether no webhook of a shop has an event type. If that isn't known, it doesn't.
func Lacks(o store.Observation, t fourthwall.EventType) bool {
	mask := maskOf([]fourthwall.EventType{t})
	return KnowsTypes(o) && mask != 0 && o.Types&mask == 0
}

// Covered returns how many event types of the catalog the webhooks of a shop have.
func Covered(o store.Observation) int {
	n := 0
	for bit := range len(bits) {
		n += int(o.Types >> bit & 1)
	}
	return n
}

// Coverage groups shops by which of some event types they cover, the most shops first and those that aren't known last.
func Coverage(all []store.Observation, types []fourthwall.EventType) []Pattern {
	of := maskOf(types)
	found := map[string]*Pattern{}
	for _, o := range all {
		key := patternKey(o, of)
		p := found[key]
		if p == nil {
			p = &Pattern{Key: key, Known: KnowsTypes(o)}
			if p.Known {
				p.Mask = o.Types & of
			}
			found[key] = p
		}
		p.add(o)
	}
	out := make([]Pattern, 0, len(found))
	for _, p := range found {
		out = append(out, *p)
	}
	slices.SortFunc(out, func(a, b Pattern) int {
		if a.Known != b.Known {
			if a.Known {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(b.Shops, a.Shops), cmp.Compare(a.Mask, b.Mask))
	})
	return out
}

// add counts a shop.
func (p *Pattern) add(o store.Observation) {
	p.Shops++
	if !p.Known {
		return
	}
	counts := Counts(o.TypeCounts)
	if p.Counts == nil {
		for _, n := range counts {
			p.Counts = append(p.Counts, Range{n, n})
		}
		return
	}
	for i, n := range counts {
		p.Counts[i] = Range{min(p.Counts[i].Min, n), max(p.Counts[i].Max, n)}
	}
}
