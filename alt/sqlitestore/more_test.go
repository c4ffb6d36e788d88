package sqlitestore_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
	"github.com/liidestuja/liidestuja/channels"
)

func TestAClockThatIsSetBackChangesNoOrder(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.May, 4, 10, 0, 0, 0, time.UTC)
	st := open(t, config(t, func() time.Time { return now }))
	for _, key := range []string{"first", "second", "third"} {
		accept(t, st, says("mari", key, "tere"))
		now = now.Add(-time.Hour)
	}
	st = crash(t, st)
	for _, key := range []string{"first", "second", "third"} {
		items := claim(t, st, alt.Inbox, 10)
		require.Len(t, items, 1)
		require.Equal(t, key, items[0].Event.Meta().Key)
		commit(t, st, items[0], alt.Changes{})
	}
}

func TestAMessageWithoutAConversationIsWithdrawnToo(t *testing.T) {
	t.Parallel()
	st := open(t, config(t, nil))
	accept(t, st, says("mari", "m1", "SEKRET"))
	commit(t, st, claim(t, st, alt.Inbox, 1)[0], alt.Changes{Record: true})
	require.NotEmpty(t, found(t, st, "SEKRET"))
	commit(t, st, alt.Item{}, alt.Changes{Redactions: []alt.Redaction{{Address: at("mari"), ID: "m1"}}})
	require.Empty(t, found(t, st, "SEKRET"))
}

func TestAnyPathWillDo(t *testing.T) {
	t.Parallel()
	cfg := config(t, nil)
	cfg.Path = filepath.Join(t.TempDir(), "kaust nr 1?x=y#z", "50%25 ä.db")
	st := open(t, cfg)
	accept(t, st, says("mari", "k", "tere"))
	require.FileExists(t, cfg.Path)
	require.FileExists(t, cfg.Path+"-wal")
	copied := filepath.Join(t.TempDir(), "file:koopia?.db")
	require.NoError(t, st.Backup(t.Context(), copied))
	cfg.Path = copied
	require.Len(t, claim(t, open(t, cfg), alt.Inbox, 10), 1)
}

// TestAClaimThatCrossesACancellation takes back what is being claimed: each
// message is handed out or taken back, never both.
func TestAClaimThatCrossesACancellation(t *testing.T) {
	t.Parallel()
	st := open(t, config(t, nil))
	for i := range 100 {
		a := at(channels.Peer(rune('a' + i)))
		id := channels.MessageID("m" + string(rune('A'+i%26)) + string(rune('0'+i/26)))
		commit(t, st, alt.Item{}, alt.Changes{Send: []channels.Outbound{answer(a, id, "x")}})
		claimed := make(chan int)
		go func() {
			items, err := st.Claim(t.Context(), alt.ClaimQuery{Work: alt.Outbox, Max: 1, Lease: time.Minute})
			if err != nil {
				t.Error(err)
			}
			for _, it := range items {
				if err := st.Commit(t.Context(), it, alt.Changes{Receipt: &channels.Receipt{ID: channels.ProviderID(id)}}); err != nil {
					t.Error(err)
				}
			}
			claimed <- len(items)
		}()
		commit(t, st, alt.Item{}, alt.Changes{CancelBot: a})
		n := <-claimed
		m, err := st.Message(t.Context(), agency, id)
		require.NoError(t, err)
		if n == 1 {
			require.Equal(t, channels.Sent, m[0].Status)
		} else {
			require.Equal(t, channels.Canceled, m[0].Status)
		}
		d, err := st.Depths(t.Context())
		require.NoError(t, err)
		require.Zero(t, d[alt.Outbox])
	}
}

// TestAConversationMovesWithItsPerson saves it under another address.
func TestAConversationMovesWithItsPerson(t *testing.T) {
	t.Parallel()
	st := open(t, config(t, nil))
	c := talk(at("old"), "c1")
	commit(t, st, alt.Item{}, alt.Changes{Conversation: c})
	c.Address = at("new")
	commit(t, st, alt.Item{}, alt.Changes{Conversation: c})
	for _, st := range []interface {
		Dossier(context.Context, channels.Address) (alt.Dossier, error)
	}{st, crash(t, st)} {
		for _, peer := range []channels.Peer{"old", "new"} {
			d, err := st.Dossier(t.Context(), at(peer))
			require.NoError(t, err)
			require.Equal(t, at("new"), d.Conversation.Address)
			require.Equal(t, c.Position, d.Conversation.Position)
		}
	}
	commit(t, st, alt.Item{}, alt.Changes{Send: []channels.Outbound{answer(at("new"), "m1", "x")}})
	d, err := st.Dossier(t.Context(), at("new"))
	require.NoError(t, err)
	require.Greater(t, d.Conversation.Position, c.Position)
}

// TestWhatIsCachedIsWhatIsStored changes people from many sides while others
// read them, with hardly any room in the cache.
func TestWhatIsCachedIsWhatIsStored(t *testing.T) {
	t.Parallel()
	cfg := config(t, nil)
	cfg.CacheSize = 3
	st := open(t, cfg)
	const people = 6
	for i := range people { // all are there before anybody writes about them
		c := talk(at(channels.Peer(fmt.Sprint(i))), fmt.Sprint("c", i))
		commit(t, st, alt.Item{}, alt.Changes{Contact: &alt.Contact{Address: c.Address}, Conversation: c})
	}
	var logged [people]atomic.Int32
	var wg sync.WaitGroup
	for w := range 6 {
		wg.Go(func() {
			for i := range 60 {
				a := at(channels.Peer(fmt.Sprint((i + w) % people)))
				d, err := st.Dossier(context.Background(), a)
				if err != nil {
					t.Error(err)
					return
				}
				id := channels.MessageID(fmt.Sprint(w, "-", i))
				c := alt.Changes{Contact: d.Contact, Conversation: d.Conversation, Send: []channels.Outbound{answer(a, id, "x")}}
				if i%2 == 0 {
					c = alt.Changes{Reports: []alt.Report{{Address: a, Ref: fmt.Sprint(w, "-", i-1), Status: channels.Read, Thread: fmt.Sprint(w, i)}}}
				}
				for range 2 {
					c.Log = append(c.Log, alt.LogEntry{Agency: a.Agency, At: time.Now(), Act: "test", Actor: "test", Conversation: d.Conversation.ID})
				}
				switch err := st.Commit(context.Background(), alt.Item{}, c); {
				case err == nil:
					logged[(i+w)%people].Add(2)
				case !errors.Is(err, alt.ErrConflict):
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	stored := crash(t, st)
	for i := range people {
		a := at(channels.Peer(fmt.Sprint(i)))
		was, err := st.Dossier(t.Context(), a)
		require.NoError(t, err)
		is, err := stored.Dossier(t.Context(), a)
		require.NoError(t, err)
		require.Equal(t, is.Contact, was.Contact)
		require.Equal(t, is.Conversation.Position, was.Conversation.Position)
		require.Equal(t, is.Conversation.Thread, was.Conversation.Thread)
		require.Equal(t, is.Conversation.Version, was.Conversation.Version)
		for _, s := range []*sqlitestore.Store{st, stored} {
			log, _, err := s.Log(t.Context(), alt.LogQuery{Agency: a.Agency, Conversation: fmt.Sprint("c", i), Limit: 1000})
			require.NoError(t, err)
			require.Len(t, log, int(logged[i].Load()))
		}
	}
}
