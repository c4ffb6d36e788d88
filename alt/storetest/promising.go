package storetest

import (
	"encoding/base64"
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// salted is a text from a person as the service accepts it.
func salted(a channels.Address, key, said string) *channels.Received {
	e := received(a, key, said)
	e.Salt = alt.NewSalt()
	return e
}

// salts is a reply as the service queues it.
func salts(a channels.Address, id, said string) channels.Outbound {
	o := reply(a, id, said)
	o.Salt = alt.NewSalt()
	return o
}

func queued(o channels.Outbound) alt.LogEntry {
	e := entry("message.queued")
	e.Message, e.Detail = string(o.ID), map[string]string{"by": "x", alt.CommitmentKey(o.Part): alt.Commitment(o.Salt, o.Content)}
	return e
}

// said returns the entries about a message.
func (w *world) said(id channels.MessageID) []alt.LogEntry {
	w.Helper()
	page, _, err := w.st.Log(w.Context(), alt.LogQuery{Agency: ppa, Message: string(id)})
	require.NoError(w, err)
	return page
}

// stands returns the commitments of a message as it is kept.
func (w *world) stands(id channels.MessageID) map[string]string {
	w.Helper()
	parts, err := w.st.Message(w.Context(), ppa, id)
	require.NoError(w, err)
	return alt.Commitments(parts)
}

// promising checks that what the log commits to can be compared with what is kept.
func promising() []check {
	return []check{
		{"a message is kept with its salt", func(w *world) {
			w.opens(at(mari))
			e, o := salted(at(mari), "p1", "tere"), salts(at(mari), "1", "Tere! \xff")
			w.accept(e)
			it := w.one(alt.Inbox)
			require.Equal(w, e.Salt, it.Event.Meta().Salt)
			w.commit(it, alt.Changes{Record: true})
			w.queue(o)
			w.restart()
			in := channels.MessageID(fmt.Sprint("in-", it.ID))
			require.Equal(w, e.Salt, w.message(in).Salt)
			require.Equal(w, o.Salt, w.message("1").Salt)
			require.Equal(w, map[string]string{"commitment": alt.Commitment(e.Salt, e.Content)}, w.stands(in))
			require.Equal(w, map[string]string{"commitment": alt.Commitment(o.Salt, o.Content)}, w.stands("1"), "what is no UTF-8 commits to what is kept of it")
		}},
		{"what is recorded instead has the salt of what came", func(w *world) {
			w.opens(at(mari))
			e := salted(at(mari), "p1", "12345678901")
			w.accept(e)
			it := w.one(alt.Inbox)
			w.commit(it, alt.Changes{Record: true, RecordAs: channels.Text{Body: "[code]"}})
			require.Equal(w, map[string]string{"commitment": alt.Commitment(e.Salt, channels.Text{Body: "[code]"})},
				w.stands(channels.MessageID(fmt.Sprint("in-", it.ID))))
		}},
		{"an edit or a withdrawal is an entry that commits to what is left, with another salt", promisedAnew},
		{"a part that is withdrawn has an entry of its own", func(w *world) {
			w.opens(at(mari))
			first, second := salts(at(mari), "1", "one"), salts(at(mari), "1", "two")
			first.Parts, second.Part, second.Parts = 2, 1, 2
			w.queue(first, second)
			w.sent(w.one(alt.Outbox), "p1")
			w.sent(w.one(alt.Outbox), "p2")
			w.redact(alt.Redaction{Address: at(mari), ID: "p2", At: w.now()})
			about, now := w.said("1"), w.stands("1")
			require.Len(w, about, 1)
			require.Equal(w, map[string]string{"commitment.1": now["commitment.1"]}, about[0].Detail)
			require.Equal(w, alt.Commitment(first.Salt, first.Content), now["commitment"])
		}},
		{"a message that is queued again keeps its commitment, and another one makes none", func(w *world) {
			c := w.opens(at(mari))
			o, again := salts(at(mari), "1", "Tere!"), salts(at(mari), "1", "Tere!")
			w.commit(alt.Item{}, alt.Changes{Conversation: c, Send: []channels.Outbound{o}, Log: []alt.LogEntry{queued(o)}})
			more := salts(at(mari), "2", "Veel")
			w.commit(alt.Item{}, alt.Changes{Conversation: c, Send: []channels.Outbound{again, more}, Log: []alt.LogEntry{queued(again), queued(more)}})
			about := w.said("1")
			require.Len(w, about, 2)
			require.Equal(w, w.stands("1"), about[0].Commitments())
			require.Equal(w, map[string]string{"by": "x"}, about[1].Detail)
			require.Equal(w, w.stands("2"), w.said("2")[0].Commitments())
		}},
		{"a letter that is redacted gets another salt, and no entry before it is a message", func(w *world) {
			e := salted(at(mari), "p1", "a secret in a letter")
			w.accept(e)
			w.release(w.one(alt.Inbox), time.Time{}, channels.ErrMalformed)
			w.redact(alt.Redaction{Address: at(mari), ID: "p1", At: w.now()})
			require.Empty(w, w.acts(alt.LogQuery{}))
			w.settle(w.letter().ID, alt.Retry)
			salt := w.one(alt.Inbox).Event.Meta().Salt
			require.Len(w, salt, alt.SaltSize)
			require.NotEqual(w, e.Salt, salt)
		}},
	}
}

func promisedAnew(w *world) {
	c := w.opens(at(mari))
	e, o := salted(at(mari), "p1", "a mistake"), salts(at(mari), "1", "another mistake")
	w.accept(e)
	it := w.one(alt.Inbox)
	w.commit(it, alt.Changes{Record: true})
	in := channels.MessageID(fmt.Sprint("in-", it.ID))
	w.send(o, "p2")
	w.wait(time.Minute)
	note := entry("message.edited")
	note.Conversation = c.ID
	c.Unread++
	w.commit(alt.Item{}, alt.Changes{Conversation: c, Log: []alt.LogEntry{note}, Redactions: []alt.Redaction{
		{Address: at(mari), ID: "p1", With: channels.Text{Body: "a correction"}, At: w.now()},
		{Address: at(mari), ID: "p2", At: w.now()},
	}})
	w.restart()
	entries, _, err := w.st.Log(w.Context(), alt.LogQuery{Agency: ppa, Conversation: c.ID})
	require.NoError(w, err)
	require.Len(w, entries, 3)
	require.Equal(w, "message.edited", entries[0].Act, "what the service tells comes first")
	for i, id := range []channels.MessageID{in, "1"} {
		old := [][]byte{e.Salt, o.Salt}[i]
		m, got := w.message(id), entries[i+1]
		require.Len(w, m.Salt, alt.SaltSize)
		require.NotEqual(w, old, m.Salt)
		require.True(w, got.At.Equal(w.now()))
		got.Seq, got.At = 0, time.Time{}
		require.Equal(w, alt.LogEntry{Agency: ppa, Act: alt.ActRedacted, Actor: "contact", Line: page, Conversation: c.ID, Message: string(id), Detail: w.stands(id)}, got)
		w.noTrace(base64.StdEncoding.EncodeToString(old))
	}
	require.Len(w, w.said(in), 1)
}
