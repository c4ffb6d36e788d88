package storetest

import (
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/uuid"
)

func at(peer channels.Peer) channels.Address {
	return channels.Address{Agency: ppa, Channel: page, Peer: peer}
}

func meta(a channels.Address, key string) channels.EventMeta {
	return channels.EventMeta{Key: key, Channel: a.Channel, Agency: a.Agency, Peer: a.Peer, At: noon().Add(-time.Second)}
}

// received is a text from a person; its key and provider id are key.
func received(a channels.Address, key, text string) *channels.Received {
	return &channels.Received{EventMeta: meta(a, key), ID: channels.ProviderID(key), Content: channels.Text{Body: text}}
}

// photo is a message whose file is still at the provider.
func photo(a channels.Address, key string) *channels.Received {
	r := received(a, key, "")
	r.Content = channels.Media{As: channels.Image, Ref: "ref-" + key, Caption: "photo " + key}
	return r
}

// reply is a message of the bot.
func reply(a channels.Address, id, text string) channels.Outbound {
	return channels.Outbound{ID: channels.MessageID(id), To: a, Content: channels.Text{Body: text}, Author: channels.Bot, Parts: 1}
}

func conversation(a channels.Address, now time.Time) *alt.Conversation {
	return &alt.Conversation{ID: uuid.New(now), Address: a, State: alt.Open, Opened: now, LastIn: now}
}

func entry(act string) alt.LogEntry {
	return alt.LogEntry{Agency: ppa, At: noon(), Act: act, Actor: "system"}
}

func textOf(c channels.Content) string {
	switch c := c.(type) {
	case channels.Text:
		return c.Body
	case channels.Media:
		return c.Caption
	case nil:
		return ""
	}
	return c.Kind()
}

// text is what an item says.
func text(it alt.Item) string {
	if it.Outbound != nil {
		return textOf(it.Outbound.Content)
	}
	if r, ok := it.Event.(*channels.Received); ok {
		return textOf(r.Content)
	}
	return it.Event.Type()
}

func texts(items []alt.Item) []string {
	ts := make([]string, len(items))
	for i, it := range items {
		ts[i] = text(it)
	}
	return ts
}
