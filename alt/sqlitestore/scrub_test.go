package sqlitestore_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
	"github.com/liidestuja/liidestuja/channels"
)

// found returns which of the texts are in a store's files.
func found(t *testing.T, st *sqlitestore.Store, texts ...string) []string {
	t.Helper()
	var there []string
	for _, name := range files(t, st) {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, text := range texts {
			if bytes.Contains(b, []byte(text)) {
				there = append(there, filepath.Base(name)+": "+text)
			}
		}
	}
	return there
}

func TestWhatWasWithdrawnIsInNoFile(t *testing.T) {
	t.Parallel()
	st := open(t, config(t, nil))
	a := at("mari")
	accept(t, st, says("mari", "m1", "Minu salasõna on SEKRET"))
	it := claim(t, st, alt.Inbox, 1)[0]
	commit(t, st, it, alt.Changes{Record: true, Conversation: talk(a, "c1")})
	require.NotEmpty(t, found(t, st, "SEKRET", "sekret"), "in the text, in what is searched, in the provider's bytes")

	edit := func(key, text string) {
		accept(t, st, &channels.Edited{
			EventMeta: channels.EventMeta{Key: key, Channel: line, Agency: agency, Peer: "mari", Raw: []byte("raw " + text)},
			ID:        "m1", Content: channels.Text{Body: text},
		})
		it := claim(t, st, alt.Inbox, 1)[0]
		commit(t, st, it, alt.Changes{Redactions: []alt.Redaction{{Address: a, ID: "m1", With: channels.Text{Body: text}}}})
	}
	edit("e1", "LÜHEM")
	require.Empty(t, found(t, st, "SEKRET", "sekret"))
	edit("e2", strings.Repeat("pikem kui see, mis enne oli, ", 300)+"PIKK")
	require.Empty(t, found(t, st, "SEKRET", "sekret", "LÜHEM", "lühem"))
	page, _, err := st.Messages(t.Context(), alt.MessageQuery{Agency: agency, Conversation: "c1"})
	require.NoError(t, err)
	require.Contains(t, page[0].Content.(channels.Text).Body, "PIKK")
	commit(t, st, alt.Item{}, alt.Changes{Redactions: []alt.Redaction{{Address: a, ID: "m1"}}})
	require.Empty(t, found(t, st, "SEKRET", "sekret", "LÜHEM", "lühem", "PIKK", "pikk", "pikem"))
	page, _, err = st.Messages(t.Context(), alt.MessageQuery{Agency: agency, Conversation: "c1"})
	require.NoError(t, err)
	require.Equal(t, channels.Unsupported{Type: channels.TypeWithdrawn}, page[0].Content)
	require.True(t, page[0].Edited)
}

// TestPagesThatWereRebuiltKeepNoCopies guards the layout of the tables: rows
// that move between pages leave copies behind that secure_delete does not
// reach. Many texts live and die here, and each must be in the files once, or,
// withdrawn, not at all.
func TestPagesThatWereRebuiltKeepNoCopies(t *testing.T) {
	t.Parallel()
	n := 800
	if testing.Short() {
		n = 300
	}
	for seed := range uint64(2) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		now := time.Now()
		cfg := config(t, func() time.Time { return now })
		st := open(t, cfg)
		text := make(map[string]string) // by message
		gone := make(map[string]bool)
		var handled []string
		for i := range n {
			id, peer := fmt.Sprintf("m%d", i), channels.Peer(fmt.Sprint("p", rnd.IntN(40)))
			now = now.Add(time.Duration(rnd.IntN(1000)) * time.Second)
			e := says(peer, id, fmt.Sprintf("[%06d]", i)+strings.Repeat("x", rnd.IntN(600)))
			e.Raw = []byte("bytes") // the text is to be there once
			if rnd.IntN(4) == 0 {
				e.Raw = bytes.Repeat([]byte("b"), rnd.IntN(1000))
			}
			e.Content = channels.Media{As: channels.Image, URL: e.Content.(channels.Text).Body} // and not in what is searched
			text[id] = fmt.Sprintf("[%06d]", i)
			accept(t, st, e)
			for _, it := range claim(t, st, alt.Inbox, 1+rnd.IntN(2)) {
				a := it.Event.Address()
				d, err := st.Dossier(t.Context(), a)
				require.NoError(t, err)
				id := string(it.Event.(*channels.Received).ID)
				c := alt.Changes{Conversation: d.Conversation, Record: rnd.IntN(10) > 0}
				if c.Conversation == nil {
					c.Conversation = talk(a, "c-"+string(a.Peer))
				}
				if !c.Record {
					gone[text[id]] = true
				}
				commit(t, st, it, c)
				handled = append(handled, id)
			}
			if i%25 == 24 {
				commit(t, st, alt.Item{}, alt.Changes{Redactions: redactions(rnd, handled, text, gone, i)})
			}
			if rnd.IntN(50) == 0 {
				require.NoError(t, st.Purge(t.Context(), now))
			}
		}
		require.NoError(t, st.Close())
		db, err := os.ReadFile(cfg.Path)
		require.NoError(t, err)
		for id, mark := range text {
			want := 1
			if gone[mark] {
				want = 0
			}
			require.Equal(t, want, bytes.Count(db, []byte(mark)), "seed %d: copies of %s %s", seed, id, mark)
		}
		for mark := range gone {
			require.Zero(t, bytes.Count(db, []byte(mark)), "seed %d: %s", seed, mark)
		}
	}
}

// redactions edits or withdraws some of the messages that were handled.
func redactions(rnd *rand.Rand, handled []string, text map[string]string, gone map[string]bool, i int) []alt.Redaction {
	var rs []alt.Redaction
	for k := range 20 {
		id := handled[rnd.IntN(len(handled))]
		if gone[text[id]] {
			continue
		}
		gone[text[id]] = true
		r := alt.Redaction{Address: channels.Address{Agency: agency, Channel: line}, ID: channels.ProviderID(id)}
		if rnd.IntN(3) > 0 {
			text[id] = fmt.Sprintf("[e%05d-%d]", i, k)
			r.With = channels.Media{As: channels.Image, URL: text[id] + strings.Repeat("y", rnd.IntN(1200))}
		}
		rs = append(rs, r)
	}
	return rs
}

func TestAReaderPutsTheCleaningOffButNotForGood(t *testing.T) {
	t.Parallel()
	cfg := config(t, nil)
	cfg.ScrubTimeout = 50 * time.Millisecond
	st := open(t, cfg)
	a := at("mari")
	accept(t, st, says("mari", "m1", "SEKRET"))
	commit(t, st, claim(t, st, alt.Inbox, 1)[0], alt.Changes{Record: true, Conversation: talk(a, "c1")})
	end := longRead(t, cfg.Path)
	commit(t, st, alt.Item{}, alt.Changes{Redactions: []alt.Redaction{{Address: a, ID: "m1"}}}) // returns, though late
	accept(t, st, says("mari", "m2", "others go on"))
	require.NotEmpty(t, found(t, st, "SEKRET"))
	end()
	require.Eventually(t, func() bool { return len(found(t, st, "SEKRET")) == 0 }, 5*time.Second, 10*time.Millisecond)
}

func TestACommitWaitsForTheCleaning(t *testing.T) {
	t.Parallel()
	st := open(t, config(t, nil))
	a := at("mari")
	accept(t, st, says("mari", "m1", "SEKRET"))
	commit(t, st, claim(t, st, alt.Inbox, 1)[0], alt.Changes{Record: true, Conversation: talk(a, "c1")})
	end := longRead(t, st.Config().Path)
	done := make(chan error)
	go func() {
		done <- st.Commit(context.Background(), alt.Item{}, alt.Changes{Redactions: []alt.Redaction{{Address: a, ID: "m1"}}})
	}()
	select {
	case err := <-done:
		t.Fatal("the old text is still in the log", err)
	case <-time.After(100 * time.Millisecond):
	}
	end()
	require.NoError(t, <-done)
	require.Empty(t, found(t, st, "SEKRET"))
}
