package bird

import (
	"context"
	"net/http"
	"net/url"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// Erase deletes the person's conversations on the line, with all their
// messages; thread is the contact. Where there are none the result is
// NothingStored. Without a thread it is NotErasable: the other way to find them
// would write the person's number into a URL, which servers keep. The log of
// single messages stays, see the package's documentation. It implements
// channels.Eraser.
func (l *line) Erase(ctx context.Context, _ channels.Address, thread string) (channels.Erasure, error) {
	const op = "erase"
	if thread == "" {
		return channels.NotErasable, nil
	}
	var ids []string
	err := list(ctx, l.p, httpx.Call{
		Op: op, Path: l.p.workspace + "/participants/" + url.PathEscape(thread) + "/conversations",
		Query: url.Values{"channelId": {l.conf.ChannelID}},
	}, l.info.ID, func(c *struct {
		ID loose `json:"id"`
	}) bool {
		if c.ID != "" {
			ids = append(ids, string(c.ID))
		}
		return true
	})
	switch {
	case missing(err):
		return channels.NothingStored, nil
	case err != nil:
		return "", err
	}
	result := channels.NothingStored
	for _, id := range ids {
		switch one, err := l.p.remove(ctx, op, l.info.ID, "/conversations/"+url.PathEscape(id)); {
		case err != nil:
			return "", err
		case one == channels.Erased:
			result = channels.Erased
		}
	}
	return result, nil
}

// DeleteConversation deletes a conversation with all its messages. One that is
// not there is NothingStored.
func (p *Provider) DeleteConversation(ctx context.Context, id string) (channels.Erasure, error) {
	e, err := p.remove(ctx, "delete conversation", "", "/conversations/"+url.PathEscape(id))
	return e, orNil(err)
}

// DeleteMessage deletes one message of a conversation. One that is not there is
// NothingStored.
func (p *Provider) DeleteMessage(ctx context.Context, conversation, id string) (channels.Erasure, error) {
	e, err := p.remove(ctx, "delete message", "", "/conversations/"+url.PathEscape(conversation)+"/messages/"+url.PathEscape(id))
	return e, orNil(err)
}

func (p *Provider) remove(ctx context.Context, op string, line channels.ID, path string) (channels.Erasure, *channels.Error) {
	err := p.repeatable(ctx, line, httpx.Call{Op: op, Method: http.MethodDelete, Path: p.workspace + path}, nil)
	switch {
	case missing(err):
		return channels.NothingStored, nil
	case err != nil:
		return "", err
	}
	return channels.Erased, nil
}
