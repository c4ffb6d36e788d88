package meta

import (
	"context"

	"github.com/liidestuja/liidestuja/channels"
)

// Send implements channels.Channel. Meta knows no key by which it would
// recognise a repeated message, and cannot be asked for one: after an unknown
// outcome, Outbound.Ref comes back in WhatsApp's statuses and in Messenger's
// echoes, or a person decides.
func (l *line) Send(ctx context.Context, m channels.Outbound) (channels.Receipt, error) {
	if m.To.Peer == "" {
		return channels.Receipt{}, l.refuse("send", channels.ErrMalformed, "nobody to send to")
	}
	if err := l.spent(); err != nil {
		return channels.Receipt{}, err
	}
	send := l.sendPage
	if l.info.Kind == channels.WhatsApp {
		send = l.sendWhatsApp
	}
	id, err := send(ctx, m)
	if err != nil {
		return channels.Receipt{}, err
	}
	return channels.Receipt{ID: id, Status: channels.Sent, At: l.app.cfg.Now()}, nil
}

// unsendable refuses content that the wire does not have. Fit has replaced it
// where that is possible.
func (l *line) unsendable(what string) *channels.Error {
	return l.refuse("send", channels.ErrUnsupported, what)
}

// nameless is the error of a success that names no message: nobody could tell
// later which one it was.
func (l *line) nameless() *channels.Error {
	return &channels.Error{Op: "send", Channel: l.info.ID, Class: channels.ErrMalformed, Provider: "no_id"}
}
