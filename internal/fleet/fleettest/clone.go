package fleettest

import (
	"slices"

	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/internal/sandbox"
)

// Clone returns a copy of shops, as main does.
func Clone(shops []fleet.CloneShop) (fleet.Clone, error) {
	all := make([][]sandbox.Webhook, len(shops))
	for i, shop := range shops {
		for _, hook := range shop.Webhooks {
			w := sandbox.Webhook{ID: hook.ID, URL: hook.URL, Locked: slices.Contains(shop.Locked, hook.ID)}
			for _, t := range hook.AllowedTypes {
				w.AllowedTypes = append(w.AllowedTypes, string(t))
			}
			all[i] = append(all[i], w)
		}
	}
	box, err := sandbox.NewClone(all)
	if err != nil {
		return fleet.Clone{}, err
	}
	c := fleet.Clone{Close: box.Close, IDs: box.IDs}
	for _, shop := range box.Shops() {
		c.Credentials = append(c.Credentials,
			fourthwall.APIKey{Username: shop.APIUser, Password: fourthwall.Secret(shop.APIPassword)})
	}
	c.API, err = fourthwall.New("http://clone.example", fourthwall.Options{Transport: box})
	return c, err
}
