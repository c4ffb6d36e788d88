package meta

import (
	"context"

	"github.com/liidestuja/liidestuja/channels"
)

// Send makes one attempt to send one message. It implements channels.Channel.
func (l *line) Send(_ context.Context, _ channels.Outbound) (channels.Receipt, error) {
	return channels.Receipt{}, &channels.Error{Op: "send", Channel: l.info.ID, Class: channels.ErrUnsupported, Outcome: channels.NotSent}
}
