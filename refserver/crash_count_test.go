package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// verdict is what a run came to.
type verdict struct {
	kills      int
	accepted   int // posts answered 200
	handled    int // of them: stored, and answered by one reply
	lost       int // not stored, not answered, or an answer that is said to be sent and is not at the provider
	doubled    int // stored or answered twice, or at the provider twice
	reordered  int // not in the order of the 200s
	uncertain  int // replies that wait for a person, because nobody knows
	reallySent int // of them: at the provider all the same
	dead       int // letters that should not be
	pending    int // items under way
	depths     map[alt.Work]int
	examples   []string
}

// String is the verdict in one line.
func (v *verdict) String() string {
	return fmt.Sprintf("kills=%d accepted=%d handled=%d lost=%d doubled=%d reordered=%d uncertain=%d really_sent=%d",
		v.kills, v.accepted, v.handled, v.lost, v.doubled, v.reordered, v.uncertain, v.reallySent)
}

func (v *verdict) example(format string, args ...any) {
	if len(v.examples) < 20 {
		v.examples = append(v.examples, fmt.Sprintf(format, args...))
	}
}

// reply is an answer of the bot as the store has it.
type reply struct{ track, state string }

// chat is what the store has of one person.
type chat struct {
	in      []string           // what the person wrote, in the store's order
	replies map[string][]reply // by what they answer
}

// count compares what the posters know, what the store has and what reached the
// provider.
func count(t *testing.T, store alt.Store, o *office) *verdict {
	t.Helper()
	v := new(verdict)
	var err error
	v.depths, err = store.Depths(t.Context())
	require.NoError(t, err)
	for _, n := range v.depths {
		v.pending += n
	}
	chats := readChats(t, store)
	tracks, sent := o.wire.marks(), sentTexts(o.wire)
	v.letters(t, store, tracks)
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, person := range slices.Sorted(maps.Keys(o.said)) {
		c := chats[person]
		if c == nil {
			c = &chat{}
		}
		v.person(person, o.said[person], c, tracks, sent[person])
	}
	for track, n := range tracks {
		if n > 1 {
			v.doubled++
			v.example("%s reached the provider %d times", track, n)
		}
	}
	return v
}

// person counts one person's chat: said is what was answered 200, sent what
// reached the provider, both in order.
func (v *verdict) person(person string, said []string, c *chat, tracks map[string]int, sent []string) {
	v.accepted += len(said)
	stored, reached := make(map[string]int), make(map[string]int)
	for _, text := range c.in {
		stored[text]++
	}
	for _, text := range sent {
		reached[text]++
	}
	for _, text := range said {
		rs := c.replies[text]
		switch {
		case stored[text] == 0 || len(rs) == 0:
			v.lost++
			v.example("%s: %q is stored %d times and has %d replies", person, text, stored[text], len(rs))
		case stored[text] > 1 || len(rs) > 1 || reached[text] > 1:
			v.doubled++
			v.example("%s: %q is stored %d times, has %d replies, %d at the provider", person, text, stored[text], len(rs), reached[text])
		case rs[0].state == "done" && tracks[rs[0].track] == 0:
			v.lost++
			v.example("%s: the reply to %q is said to be sent", person, text)
		default:
			v.handled++
		}
	}
	v.order(person, "stored", said, c.in)
	v.order(person, "answered", said, sent)
}

// order counts what does not come in the order of said.
func (v *verdict) order(person, what string, said, got []string) {
	at := make(map[string]int, len(said))
	for i, text := range said {
		at[text] = i
	}
	last := -1
	for _, text := range got {
		i, known := at[text]
		if !known {
			continue
		}
		if i < last {
			v.reordered++
			v.example("%s: %q was %s too late", person, text, what)
		}
		last = max(last, i)
	}
}

func (v *verdict) letters(t *testing.T, store alt.Store, tracks map[string]int) {
	t.Helper()
	q := alt.LetterQuery{Agency: "ppa", Limit: 200}
	for {
		page, next, err := store.Letters(t.Context(), q)
		require.NoError(t, err)
		for _, l := range page {
			if l.State == alt.Dead {
				v.dead++
				v.example("dead letter: %s, code %s", l.Work, l.Code)
				continue
			}
			v.uncertain++
			if tracks[l.Outbound.Ref()] > 0 {
				v.reallySent++
			}
		}
		if q.Cursor = next; next == "" {
			return
		}
	}
}

// answers returns what a reply of the bot answers.
func answers(text string) (string, bool) {
	_, answered, ok := strings.Cut(text, "Ütlesite: ")
	return answered, ok
}

// sentTexts is what reached the provider, by person, in order.
func sentTexts(w wire) map[string][]string {
	sent := make(map[string][]string)
	for _, m := range w.sent() {
		if text, ok := answers(m.text); ok {
			sent[m.person] = append(sent[m.person], text)
		}
	}
	return sent
}

func readChats(t *testing.T, store alt.Store) map[string]*chat {
	t.Helper()
	chats := make(map[string]*chat)
	q := alt.ConversationQuery{Agency: "ppa", Limit: 200}
	for {
		page, next, err := store.Conversations(t.Context(), q)
		require.NoError(t, err)
		for _, conv := range page {
			person := string(conv.Address.Peer)
			require.NotContains(t, chats, person, "a second conversation")
			chats[person] = readChat(t, store, conv.ID)
		}
		if q.Cursor = next; next == "" {
			return chats
		}
	}
}

func readChat(t *testing.T, store alt.Store, conversation string) *chat {
	t.Helper()
	var all []alt.Message
	q := alt.MessageQuery{Agency: "ppa", Conversation: conversation, Limit: 500}
	for {
		page, earlier, err := store.Messages(t.Context(), q)
		require.NoError(t, err)
		all = slices.Concat(page, all)
		if q.Before = earlier; earlier == "" {
			break
		}
	}
	c := &chat{replies: make(map[string][]reply)}
	for _, m := range all {
		text, _ := m.Content.(channels.Text)
		answered, isReply := answers(text.Body)
		switch {
		case m.Direction == alt.In:
			c.in = append(c.in, text.Body)
		case isReply:
			c.replies[answered] = append(c.replies[answered], reply{string(m.ID), m.State})
		}
	}
	return c
}
