package alttest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

// Chat is one person on one line, as the person sees it.
type Chat struct {
	hs   *Harness
	tb   testing.TB
	line channels.ID
	peer channels.Peer
	n    int // messages written
	seen int // messages looked at
	last []channels.Event
	fake *channeltest.Fake // whose messages those were: the line may have moved
}

// Chat returns a new person on a line.
func (hs *Harness) Chat(line channels.ID) *Chat {
	hs.tb.Helper()
	return hs.ChatAs(line, channels.Peer(fmt.Sprintf("person-%d", hs.random.Uint32())))
}

// ChatAs returns the person of that name on a line.
func (hs *Harness) ChatAs(line channels.ID, peer channels.Peer) *Chat {
	hs.tb.Helper()
	hs.Fake(line)
	return &Chat{hs: hs, tb: hs.tb, line: line, peer: peer}
}

// Address returns the person's address.
func (c *Chat) Address() channels.Address {
	return channels.Address{Agency: "agency", Channel: c.line, Peer: c.peer}
}

// Says lets the person write a text; the service has worked it off when Says
// returns.
func (c *Chat) Says(text string) *Chat {
	c.tb.Helper()
	return c.Sends(channels.Text{Body: text})
}

// Chooses lets the person tap a choice.
func (c *Chat) Chooses(id string) *Chat {
	c.tb.Helper()
	return c.Sends(channels.Chosen{ID: id, Title: id})
}

// Sends lets the person send any content.
func (c *Chat) Sends(content channels.Content) *Chat {
	c.tb.Helper()
	c.n++
	id := channels.ProviderID(fmt.Sprintf("%s-%d", string(c.peer), c.n))
	return c.Happens(&channels.Received{
		EventMeta: channels.EventMeta{Key: "message/" + string(id), Channel: c.line, Peer: c.peer, At: c.hs.clock.Now()},
		ID:        id, Content: content,
	})
}

// Happens delivers any event of the person.
func (c *Chat) Happens(evs ...channels.Event) *Chat {
	c.tb.Helper()
	c.last = evs
	if status := c.hs.Deliver(c.line, evs...); status != 200 {
		c.tb.Fatalf("alttest: the webhook answered %d", status)
	}
	return c
}

// LastID is the provider's id of the person's last message.
func (c *Chat) LastID() channels.ProviderID {
	return channels.ProviderID(fmt.Sprintf("%s-%d", string(c.peer), c.n))
}

// Redelivered lets the provider deliver the last events once more.
func (c *Chat) Redelivered() *Chat {
	c.tb.Helper()
	return c.Happens(c.last...)
}

// Sent returns all that went out to the person, oldest first.
func (c *Chat) Sent() []channeltest.Sent {
	var out []channeltest.Sent
	for _, o := range c.hs.Fake(c.line).Sent() {
		if o.To.Peer == c.peer {
			out = append(out, o)
		}
	}
	return out
}

// Expect checks that exactly these messages came since the last look: texts, or
// what describes another content ("Question [Yes] [No]", "template NAME").
func (c *Chat) Expect(want ...string) *Chat {
	c.tb.Helper()
	got := c.fresh()
	if len(got) != len(want) {
		c.tb.Fatalf("alttest: %d messages came, not %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
	for i := range want {
		if got[i] != want[i] {
			c.tb.Fatalf("alttest: message %d is %q, not %q", i+1, got[i], want[i])
		}
	}
	return c
}

// ExpectContains checks that one message came, and that it holds the text.
func (c *Chat) ExpectContains(part string) *Chat {
	c.tb.Helper()
	got := c.fresh()
	if len(got) != 1 || !strings.Contains(got[0], part) {
		c.tb.Fatalf("alttest: came %q, not one message with %q", got, part)
	}
	return c
}

// ExpectNothing checks that nothing came since the last look.
func (c *Chat) ExpectNothing() *Chat {
	c.tb.Helper()
	return c.Expect()
}

func (c *Chat) fresh() []string {
	if f := c.hs.Fake(c.line); f != c.fake {
		c.fake, c.seen = f, 0
	}
	sent := c.Sent()
	var got []string
	for _, o := range sent[c.seen:] {
		got = append(got, describe(o.Content))
	}
	c.seen = len(sent)
	return got
}

// Dossier returns what the store knows of the person.
func (c *Chat) Dossier() alt.Dossier {
	c.tb.Helper()
	d, err := c.hs.store.Dossier(context.Background(), c.Address())
	if err != nil {
		c.tb.Fatalf("alttest: dossier: %v", err)
	}
	return d
}

// Transcript returns the messages of the person's latest conversation, oldest
// first.
func (c *Chat) Transcript() []alt.Message {
	c.tb.Helper()
	d := c.Dossier()
	if d.Conversation == nil {
		return nil
	}
	page, _, err := c.hs.store.Messages(context.Background(), alt.MessageQuery{Agency: "agency", Conversation: d.Conversation.ID, Limit: 500})
	if err != nil {
		c.tb.Fatalf("alttest: messages: %v", err)
	}
	return page
}
