package fourthwall

import (
	"context"
	"encoding/json"
)

const (
	channelPath      = "/channel-api/v1.0/channel/current"
	channelShopsPath = "/channel-api/v1.0/shops"
)

// Channel is an agency or a platform that runs shops of others.
type Channel struct {
	ID   string
	Name string
}

// CurrentChannel returns the channel that a token belongs to.
func (c *Client) CurrentChannel(ctx context.Context, token Bearer) (Channel, error) {
	ctx, cancel := context.WithTimeout(ctx, c.budget)
	defer cancel()
	k, err := c.send(ctx, token, opChannel, channelPath, nil)
	if err != nil {
		return Channel{}, err
	}
	channel, err := decodeChannel(k.last.body)
	if err != nil {
		return Channel{}, k.fail(err)
	}
	return channel, nil
}

// ChannelShops returns the shops of the channel that a token belongs to, each once. They have an ID and a name alone.
func (c *Client) ChannelShops(ctx context.Context, token Bearer) ([]Shop, error) {
	ctx, cancel := context.WithTimeout(ctx, c.budget)
	defer cancel()
	k, err := c.send(ctx, token, opShops, channelShopsPath, nil)
	if err != nil {
		return nil, err
	}
	shops, err := decodeChannelShops(k.last.body)
	if err != nil {
		return nil, k.fail(err)
	}
	return shops, nil
}

func decodeChannel(body []byte) (Channel, error) {
	var j struct {
		ID   string `json:"id"`
		Name text   `json:"name"`
	}
	switch {
	case json.Unmarshal(body, &j) != nil:
		return Channel{}, errNotJSON
	case j.ID == "":
		return Channel{}, errNoID
	}
	return Channel{ID: j.ID, Name: string(j.Name)}, nil
}

// decodeChannelShops drops shops without an ID, since no call could be for one.
func decodeChannelShops(body []byte) ([]Shop, error) {
	var j struct {
		Shops *[]struct {
			ID   text `json:"shopId"`
			Name text `json:"name"`
		} `json:"shops"`
	}
	if json.Unmarshal(body, &j) != nil || j.Shops == nil {
		return nil, errNotJSON
	}
	var shops []Shop
	seen := map[text]bool{"": true}
	for _, one := range *j.Shops {
		if !seen[one.ID] {
			seen[one.ID] = true
			shops = append(shops, Shop{ID: string(one.ID), Name: string(one.Name)})
		}
	}
	return shops, nil
}
