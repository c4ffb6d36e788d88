package storetest

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/session"
)

func committing() []check {
	return []check{
		{"a commit writes everything", func(w *world) {
			w.says(at(mari), "tere")
			c := everything(at(mari))
			c.Record = true
			w.commit(w.one(alt.Inbox), c)
			w.wrote(at(mari), c)
			require.Equal(w, []string{"tere", "new reply"}, w.transcript(c.Conversation.ID))
			w.depth(1, 0, 1, 0)
		}},
		{"what was committed survives a crash", func(w *world) {
			w.says(at(mari), "tere")
			c := everything(at(mari))
			c.Record = true
			w.commit(w.one(alt.Inbox), c)
			w.release(w.one(alt.Outbox), time.Time{}, channels.ErrRejected)
			before := w.snapshot()
			w.crash()
			require.Equal(w, before, w.snapshot())
			w.wrote(at(mari), c)
			w.none(alt.Inbox)
			w.refused(alt.ErrIDReused, alt.Item{}, alt.Changes{Once: &alt.Once{Agency: ppa, Key: "new", Print: [32]byte{1}, At: w.now()}})
		}},
		{"versions are counted and set", func(w *world) {
			c := everything(at(mari))
			for want := int64(1); want <= 3; want++ {
				w.commit(alt.Item{}, alt.Changes{Session: c.Session, Contact: c.Contact, Conversation: c.Conversation})
				require.Equal(w, []int64{want, want, want}, []int64{c.Session.Version, c.Contact.Version, c.Conversation.Version})
				d := w.dossier(at(mari))
				require.Equal(w, []int64{want, want, want}, []int64{d.Session.Version, d.Contact.Version, d.Conversation.Version})
			}
			got, err := w.st.Load(w.Context(), at(mari))
			require.NoError(w, err)
			require.Equal(w, c.Session.ID, got.ID, "Load and Dossier speak of the same session")
			require.NoError(w, w.st.Save(w.Context(), got))
			require.EqualValues(w, 4, w.dossier(at(mari)).Session.Version)
		}},
		{"a stale version of any kind changes nothing, and the item is still held", staleVersions},
		{"a conversation that was never saved has no version", func(w *world) {
			c := conversation(at(mari), w.now())
			c.Version = 1
			w.unchanged(func() { w.refused(alt.ErrConflict, alt.Item{}, alt.Changes{Conversation: c}) })
			w.unchanged(func() {
				w.refused(alt.ErrConflict, alt.Item{}, alt.Changes{Contact: &alt.Contact{Address: at(mari), Version: 1}})
			})
		}},
		{"an address has one open conversation at a time", func(w *world) {
			first := w.opens(at(mari))
			second := conversation(at(mari), w.now())
			w.unchanged(func() { w.refused(alt.ErrConflict, alt.Item{}, alt.Changes{Conversation: second}) })
			first.State, first.Ended, first.Reason = alt.Ended, w.now(), "person"
			w.commit(alt.Item{}, alt.Changes{Conversation: first})
			require.Equal(w, alt.Ended, w.dossier(at(mari)).Conversation.State, "the latest one, also when it has ended")
			w.commit(alt.Item{}, alt.Changes{Conversation: second})
			require.Equal(w, second.ID, w.dossier(at(mari)).Conversation.ID)
			first.State = alt.Open
			w.refused(alt.ErrConflict, alt.Item{}, alt.Changes{Conversation: first})
		}},
		{"the same id with the same content queues nothing, also after it was sent", func(w *world) {
			o := reply(at(mari), "1", "tere")
			w.queue(o)
			w.queue(o, o)
			w.depth(0, 0, 1, 0)
			w.sent(w.one(alt.Outbox), "p1")
			w.queue(o)
			w.none(alt.Outbox)
			w.status("1", channels.Sent)
		}},
		{"an id with other content is refused and changes nothing", func(w *world) {
			w.queue(reply(at(mari), "1", "tere"))
			w.says(at(jaan), "tere")
			it := w.one(alt.Inbox)
			other := reply(at(jaan), "1", "tere")
			w.unchanged(func() {
				c := everything(at(jaan))
				c.Send = append(c.Send, reply(at(mari), "1", "other"))
				w.refused(alt.ErrIDReused, it, c)
				require.Zero(w, c.Session.Version+c.Contact.Version+c.Conversation.Version)
				w.refused(alt.ErrIDReused, it, alt.Changes{Send: []channels.Outbound{other}})
				w.refused(alt.ErrIDReused, it, alt.Changes{Send: []channels.Outbound{reply(at(jaan), "new", "a"), reply(at(jaan), "new", "b")}})
			})
			w.commit(it, alt.Changes{})
		}},
		{"an id of another agency is another id", func(w *world) {
			a := at(mari)
			a.Agency = rik
			w.queue(reply(at(mari), "1", "ours"))
			w.queue(reply(a, "1", "theirs"))
			require.Len(w, w.claim(alt.Outbox, 10), 2)
			require.Equal(w, "ours", textOf(w.message("1").Content))
		}},
		{"parts of a message are rows of their own", func(w *world) {
			var parts []channels.Outbound
			for i := range 3 {
				o := reply(at(mari), "1", fmt.Sprint("part ", i))
				o.Part, o.Parts = i, 3
				parts = append(parts, o)
			}
			w.queue(parts...)
			w.queue(parts...)
			w.depth(0, 0, 3, 0)
			w.sent(w.one(alt.Outbox), "p0")
			rows, err := w.st.Message(w.Context(), ppa, "1")
			require.NoError(w, err)
			require.Len(w, rows, 3)
			for i, m := range rows {
				require.Equal(w, i, m.Part)
				require.Equal(w, 3, m.Parts)
				require.Equal(w, fmt.Sprint("part ", i), textOf(m.Content))
			}
			require.Equal(w, []channels.Status{channels.Sent, channels.Queued}, []channels.Status{rows[0].Status, rows[1].Status})
			require.Equal(w, "1.1", w.one(alt.Outbox).Outbound.Ref())
		}},
		{"a key makes a commit happen once", onceOnly},
		{"a key is remembered for its term", func(w *world) {
			once := &alt.Once{Agency: ppa, Key: "k", At: w.now()}
			w.commit(alt.Item{}, alt.Changes{Once: once, Log: []alt.LogEntry{entry("a")}})
			w.wait(alt.OnceFor - time.Minute)
			w.purge()
			w.commit(alt.Item{}, alt.Changes{Once: once, Log: []alt.LogEntry{entry("b")}})
			require.Equal(w, []string{"a"}, w.acts(alt.LogQuery{}))
		}},
	}
}

// wrote checks what everything's changes left behind.
func (w *world) wrote(a channels.Address, c alt.Changes) {
	w.Helper()
	d := w.dossier(a)
	require.Equal(w, c.Session.ID, d.Session.ID)
	require.Equal(w, c.Session.Attrs, d.Session.Attrs)
	require.Equal(w, "Mari Maasikas", d.Contact.Name)
	require.True(w, c.Contact.LastInbound.Equal(d.Contact.LastInbound))
	require.Equal(w, c.Contact.Offer, d.Contact.Offer)
	require.Equal(w, c.Conversation.ID, d.Conversation.ID)
	m := w.message("new")
	require.Equal(w, "new reply", textOf(m.Content))
	require.Equal(w, c.Conversation.ID, m.Conversation)
	require.Equal(w, a, m.Address)
	require.Equal(w, alt.Out, m.Direction)
	require.Equal(w, channels.Bot, m.Author)
	log, _, err := w.st.Log(w.Context(), alt.LogQuery{Agency: ppa, Conversation: c.Conversation.ID})
	require.NoError(w, err)
	require.Len(w, log, 1)
	require.NotZero(w, log[0].Seq)
	require.Equal(w, c.Log[0].Detail, log[0].Detail)
}

func staleVersions(w *world) {
	old := everything(at(mari))
	w.commit(alt.Item{}, alt.Changes{Session: old.Session, Contact: old.Contact, Conversation: old.Conversation})
	w.says(at(mari), "tere")
	it := w.one(alt.Inbox)
	for name, stale := range map[string]func(c *alt.Changes){
		"session":      func(c *alt.Changes) { c.Session.Version-- },
		"contact":      func(c *alt.Changes) { c.Contact.Version-- },
		"conversation": func(c *alt.Changes) { c.Conversation.Version-- },
	} {
		d := w.dossier(at(mari))
		c := everything(at(mari))
		c.Session, c.Contact, c.Conversation = d.Session, d.Contact, d.Conversation
		c.Contact.Name = "changed"
		stale(&c)
		w.unchanged(func() {
			want := []int64{c.Session.Version, c.Contact.Version, c.Conversation.Version}
			w.refused(alt.ErrConflict, it, c)
			got := []int64{c.Session.Version, c.Contact.Version, c.Conversation.Version}
			require.Equal(w, want, got, name)
		})
	}
	d := w.dossier(at(mari))
	c := everything(at(mari))
	c.Session, c.Contact, c.Conversation = d.Session, d.Contact, d.Conversation
	w.commit(it, c)
	w.none(alt.Inbox)
}

func onceOnly(w *world) {
	print := [32]byte{1, 2, 3}
	once := func() *alt.Once { return &alt.Once{Agency: ppa, Key: "k", Print: print, At: w.now()} }
	c := conversation(at(mari), w.now())
	w.commit(alt.Item{}, alt.Changes{Conversation: c, Once: once(), Log: []alt.LogEntry{entry("first")}})
	w.unchanged(func() {
		stale := *c
		stale.Version = 0
		w.commit(alt.Item{}, alt.Changes{Conversation: &stale, Send: []channels.Outbound{reply(at(mari), "new", "b")},
			Once: once(), Log: []alt.LogEntry{entry("again")}, Session: session.New(at(mari), w.now())})
		other := once()
		other.Print[0]++
		w.refused(alt.ErrIDReused, alt.Item{}, alt.Changes{Once: other, Log: []alt.LogEntry{entry("other")}})
	})
	agency := once()
	agency.Agency = rik
	w.commit(alt.Item{}, alt.Changes{Once: agency, Log: []alt.LogEntry{entry("another agency's key")}})
	require.Equal(w, []string{"first", "another agency's key"}, w.acts(alt.LogQuery{}))
	w.refused(alt.ErrConflict, alt.Item{}, alt.Changes{Contact: &alt.Contact{Address: at(mari), Version: 9}, Once: &alt.Once{Agency: ppa, Key: "failed", At: w.now()}})
	w.commit(alt.Item{}, alt.Changes{Once: &alt.Once{Agency: ppa, Key: "failed", Print: print, At: w.now()}}) // a refusal remembers no key
}
