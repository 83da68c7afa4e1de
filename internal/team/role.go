package team

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Role is what a person may do. Each role may also do what the ones before it may.
type Role string

// The roles, from the least to the most.
const (
	NoRole   Role = ""
	Viewer   Role = "viewer"
	Operator Role = "operator"
	Admin    Role = "admin"
)

var roles = []Role{NoRole, Viewer, Operator, Admin}

// Includes reports whether r may do what needed may.
func (r Role) Includes(needed Role) bool {
	return slices.Index(roles, r) >= slices.Index(roles, needed) && slices.Contains(roles, needed)
}

// GroupRoles maps groups of the identity provider to roles.
type GroupRoles map[string]Role

// ParseGroupRoles reads pairs such as "admins=admin, Support Team=operator". A group may contain anything but a comma;
// the last = of a pair separates it from the role.
func ParseGroupRoles(text string) (GroupRoles, error) {
	out := GroupRoles{}
	var found []error
	for pair := range strings.SplitSeq(text, ",") {
		if pair = strings.TrimSpace(pair); pair == "" {
			continue
		}
		at := strings.LastIndex(pair, "=")
		if at < 0 {
			found = append(found, fmt.Errorf("%q has no role. Use GROUP=ROLE, such as admins=admin", pair))
			continue
		}
		group, role := strings.TrimSpace(pair[:at]), Role(strings.ToLower(strings.TrimSpace(pair[at+1:])))
		switch before, isTwice := out[group]; {
		case group == "":
			found = append(found, fmt.Errorf("%q has no group. Use GROUP=ROLE, such as admins=admin", pair))
		case role == NoRole || !slices.Contains(roles, role):
			found = append(found, fmt.Errorf("%q is not a role. Use viewer, operator or admin", role))
		case isTwice && before != role:
			found = append(found, fmt.Errorf("group %q has two roles. Keep one of them", group))
		default:
			out[group] = role
		}
	}
	return out, errors.Join(found...)
}

// Of returns the highest role that a person in groups has. It is NoRole if no group has one.
func (g GroupRoles) Of(groups []string) Role {
	best := NoRole
	for _, group := range groups {
		if role := g[group]; !best.Includes(role) {
			best = role
		}
	}
	return best
}
