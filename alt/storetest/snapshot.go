package storetest

import (
	"encoding/json"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/session"
)

// snapshot is everything that can be read of a store, for the addresses that
// the checks use.
func (w *world) snapshot() string {
	w.Helper()
	var all []any
	add := func(err error, v ...any) {
		require.NoError(w, err)
		all = append(all, v...)
	}
	for _, a := range []channels.Address{at(mari), at(jaan)} {
		d, err := w.st.Dossier(w.Context(), a)
		add(err, d)
	}
	for _, agency := range []channels.Agency{ppa, rik} {
		page, _, err := w.st.Conversations(w.Context(), alt.ConversationQuery{Agency: agency, Limit: 200})
		add(err, page)
		for _, c := range page {
			ms, _, err := w.st.Messages(w.Context(), alt.MessageQuery{Agency: agency, Conversation: c.ID, Limit: 500})
			add(err, ms)
		}
		changed, latest, err := w.st.Changed(w.Context(), agency, 0, 1000)
		add(err, changed, latest)
		log, _, err := w.st.Log(w.Context(), alt.LogQuery{Agency: agency, Limit: 1000})
		add(err, log)
		letters, _, err := w.st.Letters(w.Context(), alt.LetterQuery{Agency: agency, Limit: 200})
		add(err, letters)
		lines, err := w.st.Lines(w.Context(), agency)
		add(err, lines)
		for _, id := range []channels.MessageID{"1", "2", "3", "new"} {
			parts, err := w.st.Message(w.Context(), agency, id)
			if err != nil {
				require.ErrorIs(w, err, alt.ErrNotFound)
			}
			all = append(all, parts)
		}
	}
	all = append(all, w.depths())
	b, err := json.MarshalIndent(all, "", " ")
	require.NoError(w, err)
	return string(b)
}

// unchanged requires that do leaves no trace.
func (w *world) unchanged(do func()) {
	w.Helper()
	before := w.snapshot()
	do()
	require.Equal(w, before, w.snapshot(), "something was changed")
}

// everything is a change of each thing that belongs to a person. What it
// queues is called "new".
func everything(a channels.Address) alt.Changes {
	now := noon()
	conv := conversation(a, now)
	s := session.New(a, now)
	s.Set("topic", "passport")
	return alt.Changes{
		Session:      s,
		Contact:      &alt.Contact{Address: a, Name: "Mari Maasikas", LastInbound: now, Offer: []channels.Choice{{ID: "1", Title: "jah"}}},
		Conversation: conv,
		Send:         []channels.Outbound{reply(a, "new", "new reply")},
		Later:        []alt.Later{{Event: &channels.Due{EventMeta: meta(a, "new due"), Name: "new"}, At: now.Add(time.Hour)}},
		Log:          []alt.LogEntry{{Agency: a.Agency, At: now, Act: "new", Actor: "contact", Conversation: conv.ID, Detail: map[string]string{"code": "x"}}},
		Once:         &alt.Once{Agency: a.Agency, Key: "new", At: now},
	}
}
