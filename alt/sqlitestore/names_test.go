package sqlitestore_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
	"github.com/liidestuja/liidestuja/channels"
)

// registry is a store with what it must know: keys of events, and ids that the
// provider gave to messages.
type registry struct {
	*testing.T
	st        *sqlitestore.Store
	rnd       *rand.Rand
	keys, ids []string
	waiting   int // messages without an id
}

func (c *registry) accepts(n int) {
	evs := make([]channels.Event, n)
	for i := range evs {
		key := fmt.Sprint("key ", len(c.keys))
		evs[i] = says(channels.Peer(key), key, "tere")
		c.keys = append(c.keys, key)
	}
	accept(c, c.st, evs...)
}

// queues makes messages wait, each to a person of its own.
func (c *registry) queues(n int) {
	var send []channels.Outbound
	for range n {
		id := fmt.Sprint("m", c.waiting+len(c.ids))
		send = append(send, answer(at(channels.Peer("to "+id)), channels.MessageID(id), "vastus"))
		c.waiting++
	}
	commit(c, c.st, alt.Item{}, alt.Changes{Send: send})
}

// sends gives some of those that wait an id, in one transaction each.
func (c *registry) sends(n int) {
	for _, it := range claim(c, c.st, alt.Outbox, n) {
		id := "id of " + string(it.Outbound.ID)
		commit(c, c.st, it, alt.Changes{Receipt: &channels.Receipt{ID: channels.ProviderID(id), At: time.Now()}})
		c.ids = append(c.ids, string(it.Outbound.ID))
		c.waiting--
	}
}

// knows asks for everything, and leaves it as it was.
func (c *registry) knows(status channels.Status) {
	c.Helper()
	for _, key := range c.keys {
		fresh, err := c.st.Accept(c.Context(), []channels.Event{says(channels.Peer(key), key, "tere")})
		require.NoError(c, err)
		require.Zero(c, fresh, key)
	}
	for _, id := range c.ids {
		to := at(channels.Peer("to " + id))
		commit(c, c.st, alt.Item{}, alt.Changes{Reports: []alt.Report{{Address: to, ID: channels.ProviderID("id of " + id), Status: status, At: time.Now()}}})
		m, err := c.st.Message(c.Context(), agency, channels.MessageID(id))
		require.NoError(c, err)
		require.Equal(c, status, m[0].Status, id)
	}
	parked, err := c.st.Count(c.Context(), "parked")
	require.NoError(c, err)
	require.Zero(c, parked)
}

func TestWhatItemsAreFoundByIsKnownInMemoryInTheTableAndAfterACrash(t *testing.T) {
	t.Parallel()
	for _, keep := range []int{1, 30, 300, 0} {
		t.Run(fmt.Sprint("in memory: ", keep), func(t *testing.T) {
			t.Parallel()
			cfg := config(t, nil)
			cfg.KeepNames = keep
			c := &registry{T: t, st: open(t, cfg), rnd: rand.New(rand.NewPCG(1, uint64(keep)))}
			for range 4 {
				for range 12 {
					c.queues(c.rnd.IntN(8))
					c.accepts(1 + c.rnd.IntN(12))
					c.sends(c.rnd.IntN(8)) // some have waited for long
				}
				c.knows(channels.Delivered)
				c.st = crash(t, c.st)
				c.knows(channels.Delivered)
			}
			inTable, err := c.st.Count(t.Context(), "names")
			require.NoError(t, err)
			if keep == 0 {
				require.Zero(t, inTable)
				return
			}
			all := len(c.keys) + len(c.ids)
			require.LessOrEqual(t, inTable, all)
			require.GreaterOrEqual(t, inTable, all-keep-20, "all but those of one transaction, and those that are kept")
		})
	}
}

func TestAStoreFromBeforeThereWereNamesFindsItsItems(t *testing.T) {
	t.Parallel()
	cfg := config(t, nil)
	c := &registry{T: t, st: open(t, cfg), rnd: rand.New(rand.NewPCG(1, 1))}
	for range 40 {
		c.queues(20)
		c.accepts(100)
		c.sends(15)
	}
	require.NoError(t, c.st.Close())
	require.NoError(t, sqlitestore.Migrate(t.Context(), cfg, 7))
	cfg.KeepNames = 60 // they are read in several steps
	c.st = open(t, cfg)
	c.knows(channels.Delivered)
	c.st = crash(t, c.st)
	c.knows(channels.Read)
}

func TestAKeyIsForgottenWithItsEventWhereverItIsKept(t *testing.T) {
	t.Parallel()
	for _, keep := range []int{1, 2, 0} {
		now := time.Date(2026, time.May, 4, 10, 0, 0, 0, time.UTC)
		cfg := config(t, func() time.Time { return now })
		cfg.KeepNames = keep
		st := open(t, cfg)
		word := func(i int) channels.Event {
			return &channels.StatusChanged{
				EventMeta: channels.EventMeta{Key: fmt.Sprint("s", i), Channel: line, Agency: agency, Peer: channels.Peer(fmt.Sprint("p", i))},
				ID:        channels.ProviderID(fmt.Sprint("id", i)), Status: channels.Read,
			}
		}
		accept(t, st, word(1), word(2))
		for _, it := range claim(t, st, alt.Inbox, 2) {
			commit(t, st, it, alt.Changes{})
		}
		n, err := st.Accept(t.Context(), []channels.Event{word(1)})
		require.NoError(t, err)
		require.Zero(t, n)
		now = now.Add(alt.DedupeFor + time.Hour)
		require.NoError(t, st.Purge(t.Context(), now))
		accept(t, st, word(10), word(11), word(12))
		accept(t, st, word(13)) // what is too much in memory goes to the table
		accept(t, st, word(1), word(2), word(3))
		n, err = st.Accept(t.Context(), []channels.Event{word(2)})
		require.NoError(t, err)
		require.Zero(t, n, "it is known again")
		left, err := st.Count(t.Context(), "names")
		require.NoError(t, err)
		require.LessOrEqual(t, left, 7)
	}
}

// in returns so many words that f puts into a part.
func in(part byte, n int, f func(word string) byte) (words []string) {
	for i := 0; len(words) < n; i++ {
		if word := fmt.Sprint("word ", i); f(word) == part {
			words = append(words, word)
		}
	}
	return words
}

func TestANameThatAnOldItemGetsWhileItsPartMovesIsNotLost(t *testing.T) {
	t.Parallel()
	cfg := config(t, nil)
	cfg.KeepNames = 1
	st := open(t, cfg)
	keys := func(part byte) {
		var evs []channels.Event
		for _, key := range in(part, 2, func(key string) byte { return sqlitestore.PartOfKey(says("mari", key, "").EventMeta) }) {
			evs = append(evs, says("mari", key, "tere"))
		}
		accept(t, st, evs...)
	}
	id := channels.ProviderID(in(5, 1, func(id string) byte { return sqlitestore.PartOfID(at("jaan"), channels.ProviderID(id)) })[0])
	commit(t, st, alt.Item{}, alt.Changes{Send: []channels.Outbound{answer(at("jaan"), "m", "vastus")}})
	it := claim(t, st, alt.Outbox, 1)[0]
	keys(5)
	commit(t, st, it, alt.Changes{Receipt: &channels.Receipt{ID: id, At: time.Now()}}) // parts up to 5 move
	keys(4)
	accept(t, st, says("mari", "another", "tere")) // the parts up to 4 move
	st = crash(t, st)
	commit(t, st, alt.Item{}, alt.Changes{Reports: []alt.Report{{Address: at("jaan"), ID: id, Status: channels.Read, At: time.Now()}}})
	m, err := st.Message(t.Context(), agency, "m")
	require.NoError(t, err)
	require.Equal(t, channels.Read, m[0].Status)
}

func TestOfTwoMessagesWithOneIDAReportIsAboutTheNewerAndARedactionAboutBoth(t *testing.T) {
	t.Parallel()
	for _, keep := range []int{1, 0} {
		cfg := config(t, nil)
		cfg.KeepNames = keep
		st := open(t, cfg)
		commit(t, st, alt.Item{}, alt.Changes{Send: []channels.Outbound{answer(at("jaan"), "a", "vastus"), answer(at("jaan"), "b", "vastus")}})
		for range 2 {
			commit(t, st, claim(t, st, alt.Outbox, 1)[0], alt.Changes{Receipt: &channels.Receipt{ID: "one", At: time.Now()}})
		}
		st = crash(t, crash(t, st))
		commit(t, st, alt.Item{}, alt.Changes{Reports: []alt.Report{{Address: at("jaan"), ID: "one", Status: channels.Read, At: time.Now()}}})
		for id, want := range map[channels.MessageID]channels.Status{"a": channels.Sent, "b": channels.Read} {
			m, err := st.Message(t.Context(), agency, id)
			require.NoError(t, err)
			require.Equal(t, want, m[0].Status, "%s with %d in memory", id, keep)
		}
		report := func(status channels.Status) {
			commit(t, st, alt.Item{}, alt.Changes{Reports: []alt.Report{{Address: at("jaan"), ID: "one", Status: status, At: time.Now()}}})
		}
		require.NoError(t, st.Exec(t.Context(), "UPDATE items SET provider = NULL WHERE message = 'b'"))
		report(channels.Read)
		m, err := st.Message(t.Context(), agency, "a")
		require.NoError(t, err)
		require.Equal(t, channels.Read, m[0].Status, "it is found when the newer has the id no more")
		require.NoError(t, st.Exec(t.Context(), "UPDATE items SET provider = 'one' WHERE message = 'b'"))
		commit(t, st, alt.Item{}, alt.Changes{Redactions: []alt.Redaction{{Address: at("jaan"), ID: "one", At: time.Now()}}})
		for _, id := range []channels.MessageID{"a", "b"} {
			m, err := st.Message(t.Context(), agency, id)
			require.NoError(t, err)
			require.IsType(t, channels.Unsupported{}, m[0].Content, "%s with %d in memory", id, keep)
		}
	}
}
