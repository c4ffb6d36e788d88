package main

import (
	"cmp"
	"context"
	"io"
	"slices"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// recall puts on the phone's screen what it showed before a restart, as far as
// the service knows: the simulated provider forgets everything. It reports
// whether the person has ever written.
func (p *demoPhone) recall(ctx context.Context, store alt.Store, agency channels.Agency) (wrote bool, err error) {
	var all []alt.Message
	for cursor := ""; ; {
		page, next, err := store.Conversations(ctx, alt.ConversationQuery{Agency: agency, Line: p.line, Cursor: cursor})
		if err != nil {
			return false, err
		}
		for _, c := range page {
			if c.Address.Peer != p.peer {
				continue
			}
			messages, _, err := store.Messages(ctx, alt.MessageQuery{Agency: agency, Conversation: c.ID, Limit: demoScreen})
			if err != nil {
				return false, err
			}
			all = append(all, messages...)
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	slices.SortFunc(all, func(a, b alt.Message) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, m := range all[max(0, len(all)-demoScreen):] {
		wrote = wrote || m.Direction == alt.In
		if b, ok := recalledBubble(m); ok {
			p.recallFile(ctx, store, agency, &b, m)
			p.screen = append(p.screen, b)
		}
	}
	return wrote, nil
}

// recalledBubble returns a stored message as the phone showed it, if it did.
func recalledBubble(m alt.Message) (bubble, bool) {
	b := bubble{Key: string(m.ID), Who: "agency", At: m.At}
	if m.Part > 0 {
		b.Key = channels.Outbound{ID: m.ID, Part: m.Part, Parts: m.Parts}.Ref()
	}
	switch {
	case m.Direction == alt.In:
		b.Mine, b.Who, b.Status = true, "me", channels.Delivered
	case m.Status != channels.Sent && m.Status != channels.Delivered && m.Status != channels.Read:
		return b, false // it did not arrive, or nobody knows
	}
	switch c := m.Content.(type) {
	case channels.Text:
		b.Text = c.Body
	case channels.Media:
		b.File, b.Text = &fileLink{Name: c.Name}, c.Caption
	case channels.Location:
		b.Place = &c
	case channels.Chosen:
		b.Text = or(c.Title, c.ID)
	case channels.Choices:
		b.Text = c.Body // what could be tapped is gone with the provider's memory
	case nil:
		b.Other = "unknown"
	default:
		if b.Other = c.Kind(); c == (channels.Unsupported{Type: channels.TypeReturned}) {
			b.Other = channels.TypeReturned
		}
	}
	return b, true
}

func (p *demoPhone) recallFile(ctx context.Context, store alt.Store, agency channels.Agency, b *bubble, m alt.Message) {
	c, ok := m.Content.(channels.Media)
	if !ok {
		return
	}
	f := demoFile{Name: c.Name, Type: c.Type}
	if r, err := store.OpenBlob(ctx, agency, c.Blob); err == nil {
		f.Data, err = io.ReadAll(io.LimitReader(r, demoMaxFile))
		if err != nil {
			f.Data = nil
		}
		_ = r.Close()
	}
	p.keep(b, b.Key, f)
}
