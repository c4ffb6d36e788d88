package storetest

import (
	"encoding/base64"
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/session"
)

// jaak is the code of the person that is proven in these checks.
const jaak eid.PersonalCode = "EE38001085718"

func identity(at time.Time) eid.Identity {
	return eid.Identity{Code: jaak, GivenName: "Jaak-Kristjan", FamilyName: "Jõeorg", Born: "1980-01-08", Method: eid.SmartID, Level: eid.High, At: at,
		Evidence: []byte("signed by his phone")}
}

// identifying checks what a store does with identities beyond sessiontest:
// that they are committed with the rest, and that nobody reads them in its
// files.
func identifying() []check {
	return []check{
		{"an identity is committed with the turn that proved it", func(w *world) {
			w.says(at(mari), "tere")
			it := w.one(alt.Inbox)
			c := w.proving(at(mari))
			c.Record = true
			refused := c
			refused.Contact = &alt.Contact{Address: at(mari), Version: 7}
			w.unchanged(func() {
				w.refused(alt.ErrConflict, it, refused)
				w.finds()
			})
			w.commit(it, c)
			w.finds(c.Session)
			require.True(w, c.Session.Identity.Equal(*w.dossier(at(mari)).Session.Identity))
		}},
		{"an identity survives a crash, and its end does", func(w *world) {
			c, other := w.proving(at(mari)), w.proving(at(jaan))
			w.commit(alt.Item{}, c)
			w.commit(alt.Item{}, other)
			w.crash()
			w.finds(other.Session, c.Session)
			s := w.dossier(at(mari)).Session
			require.True(w, c.Session.Identity.Equal(*s.Identity))
			require.Equal(w, eid.High, s.Level)
			s.End(session.ByPerson, w.now())
			w.commit(alt.Item{}, alt.Changes{Session: s})
			n, err := w.st.Expire(w.Context(), session.Policy{}, w.now().Add(session.MaxAge), 10)
			require.NoError(w, err)
			require.Equal(w, 1, n)
			w.crash()
			w.finds()
			for _, a := range []channels.Address{at(mari), at(jaan)} {
				require.Nil(w, w.dossier(a).Session.Identity)
				require.Equal(w, eid.Undefined, w.dossier(a).Session.Level)
			}
		}},
		{"a turn that changes other things leaves the identity", func(w *world) {
			c := w.proving(at(mari))
			w.commit(alt.Item{}, c)
			d := w.dossier(at(mari))
			d.Contact.Name, d.Session.LastSeen = "Jaak", w.now().Add(time.Minute)
			w.commit(alt.Item{}, alt.Changes{Contact: d.Contact, Session: d.Session, Conversation: d.Conversation})
			w.restart()
			w.finds(d.Session)
			w.commit(alt.Item{}, alt.Changes{Contact: w.dossier(at(mari)).Contact})
			conv := w.dossier(at(mari)).Conversation
			conv.State = alt.Ended
			w.commit(alt.Item{}, alt.Changes{Conversation: conv})
			w.opens(at(mari)) // its row is linked to another conversation, and the session is not told
			w.restart()
			w.finds(d.Session)
		}},
		{"no file tells who was proven", func(w *world) {
			if w.subject.Files == nil {
				w.Skip("the store has no files")
			}
			w.says(at(mari), "tere")
			c := w.proving(at(mari))
			c.Record = true
			w.commit(w.one(alt.Inbox), c)
			look := func() {
				id := identity(w.now())
				for _, said := range []string{string(id.Code), id.Code.Number(), id.GivenName, id.FamilyName, string(id.Born), string(id.Method),
					string(id.Evidence), base64.StdEncoding.EncodeToString(id.Evidence)} {
					w.noTrace(said)
				}
			}
			look()
			require.True(w, w.inFiles(c.Session.ID), "the session itself is there")
			w.restart()
			w.finds(c.Session)
			look()
			c.Session.End(session.ByPerson, w.now())
			w.commit(alt.Item{}, alt.Changes{Session: c.Session})
			w.finds()
			look()
		}},
		{"a proof that fails at any statement has proven nothing", func(w *world) {
			w.eachFault(func(n int) []op {
				a := at(channels.Peer(fmt.Sprint("proof", n)))
				build := func() alt.Changes {
					c := w.proving(a)
					c.Send, c.Later, c.Once = nil, nil, nil
					return c
				}
				var proven alt.Changes
				return []op{{
					do: func() error {
						proven = build()
						return w.st.Commit(w.Context(), alt.Item{}, proven)
					},
					done: func() bool {
						w.Helper()
						found, err := w.st.ByCode(w.Context(), ppa, jaak)
						require.NoError(w, err)
						s := w.dossier(a).Session
						require.Equal(w, len(found) == 1, s != nil, "only a part is there")
						if s == nil {
							return false
						}
						require.True(w, s.Identity.Equal(*found[0].Identity))
						s.End(session.ByPerson, w.now()) // leave nothing for the next round
						w.commit(alt.Item{}, alt.Changes{Session: s})
						return true
					},
				}}
			})
		}},
	}
}

// proving is everything of a person, and who it is. Each was proven a second
// later than the one before.
func (w *world) proving(a channels.Address) alt.Changes {
	w.Helper()
	w.wait(time.Second)
	c := everything(a)
	c.Send[0].ID, c.Once.Key = channels.MessageID("to-"+string(a.Peer)), "once-"+string(a.Peer)
	c.Later = nil
	c.Session = session.New(a, w.now())
	require.NoError(w, c.Session.Prove(identity(w.now())))
	return c
}

// finds checks which sessions are found, in order.
func (w *world) finds(want ...*session.Session) {
	w.Helper()
	got, err := w.st.ByCode(w.Context(), ppa, jaak)
	require.NoError(w, err)
	require.Len(w, got, len(want))
	for i, s := range want {
		require.Equal(w, []any{s.ID, s.Version, s.Level, s.Attrs}, []any{got[i].ID, got[i].Version, got[i].Level, got[i].Attrs})
		require.True(w, s.LastSeen.Equal(got[i].LastSeen))
		require.True(w, s.Identity.Equal(*got[i].Identity))
	}
	foreign, err := w.st.ByCode(w.Context(), rik, jaak)
	require.NoError(w, err)
	require.Empty(w, foreign)
}
