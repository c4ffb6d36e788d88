package pgstore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/pgstore"
	"github.com/liidestuja/liidestuja/alt/storetest"
	"github.com/liidestuja/liidestuja/channels"
)

const (
	agency = channels.Agency("agency")
	line   = channels.ID("page")
)

func testKey() []byte { return []byte("0123456789abcdef0123456789abcdef") }

// config is of a store on a database of its own.
func config(t testing.TB, now func() time.Time) pgstore.Config {
	t.Helper()
	return pgstore.Config{DSN: database(t), Key: testKey(), Now: now, InsecureNotDurable: true}
}

func open(t testing.TB, cfg pgstore.Config) *pgstore.Store {
	t.Helper()
	st, err := pgstore.Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return st
}

// crash opens the data of a store that dies.
func crash(t testing.TB, old *pgstore.Store) *pgstore.Store {
	t.Helper()
	require.NoError(t, old.Crash(t.Context()))
	return open(t, old.Config())
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Subject{
		Open: func(t *testing.T, now func() time.Time) alt.Store {
			t.Helper()
			return open(t, config(t, now))
		},
		Reopen: func(t *testing.T, old alt.Store) alt.Store {
			t.Helper()
			return crash(t, old.(*pgstore.Store))
		},
		Fail: func(t *testing.T, st alt.Store, nth int) func() bool {
			t.Helper()
			return st.(*pgstore.Store).FailNth(nth)
		},
	})
}

// Small words for the other tests.

func at(peer channels.Peer) channels.Address {
	return channels.Address{Agency: agency, Channel: line, Peer: peer}
}

func says(peer channels.Peer, key, text string) *channels.Received {
	return &channels.Received{
		EventMeta: channels.EventMeta{Key: key, Channel: line, Agency: agency, Peer: peer, At: time.Now(), Raw: []byte(`{"raw":"` + text + `"}`)},
		ID:        channels.ProviderID(key), Content: channels.Text{Body: text},
	}
}

func accept(t testing.TB, st *pgstore.Store, evs ...channels.Event) {
	t.Helper()
	n, err := st.Accept(t.Context(), evs)
	require.NoError(t, err)
	require.Equal(t, len(evs), n)
}

func claim(t testing.TB, st *pgstore.Store, work alt.Work, max int) []alt.Item {
	t.Helper()
	items, err := st.Claim(t.Context(), alt.ClaimQuery{Work: work, Max: max, Lease: time.Minute})
	require.NoError(t, err)
	return items
}

func commit(t testing.TB, st *pgstore.Store, it alt.Item, c alt.Changes) {
	t.Helper()
	require.NoError(t, st.Commit(t.Context(), it, c))
}

func talk(a channels.Address, id string) *alt.Conversation {
	return &alt.Conversation{ID: id, Address: a, State: alt.Open, Opened: time.Now(), Name: string(a.Peer)}
}

func answer(a channels.Address, id channels.MessageID, text string) channels.Outbound {
	return channels.Outbound{ID: id, To: a, Author: channels.Bot, Parts: 1, Content: channels.Text{Body: text}}
}
