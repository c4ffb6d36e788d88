package pgstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/audit"
	"github.com/liidestuja/liidestuja/alt/pgstore"
	"github.com/liidestuja/liidestuja/channels"
)

// TestWhatIsOverGoesWithItsMonth has the application's role forget what its term
// is over for, and nothing else; the month goes when nothing in it is kept.
func TestWhatIsOverGoesWithItsMonth(t *testing.T) {
	t.Parallel()
	owner, app, _ := roles(t)
	start := time.Now()
	now := start
	const keep = 365 * 24 * time.Hour
	st := open(t, pgstore.Config{DSN: app, Key: testKey(), InsecureNotDurable: true, KeepFor: keep, Now: func() time.Time { return now }})
	file, err := st.PutBlob(t.Context(), agency, strings.NewReader("a file"), 100)
	require.NoError(t, err)
	talks := make(map[channels.Peer]*alt.Conversation)
	for _, peer := range []channels.Peer{"over", "open", "letter", "queued"} {
		ev := says(peer, string(peer), "tere")
		if peer == "over" {
			ev.Content = channels.Media{As: channels.Image, Blob: file.ID}
		}
		accept(t, st, ev)
		c := talk(at(peer), "c-"+string(peer))
		talks[peer] = c
		commit(t, st, claim(t, st, alt.Inbox, 1)[0], alt.Changes{
			Record: true, Conversation: c, Send: []channels.Outbound{answer(at(peer), channels.MessageID("m-"+peer), "vastus")},
			Log: []alt.LogEntry{{Agency: agency, At: now, Act: "message.queued", Message: "m-" + string(peer), Conversation: c.ID}},
		})
		it := claim(t, st, alt.Outbox, 1)[0]
		switch peer {
		case "letter":
			require.NoError(t, st.Release(t.Context(), it, time.Time{}, errors.New("refused")))
		case "queued":
			require.NoError(t, st.Release(t.Context(), it, start.Add(5*keep), errors.New("later")))
		default:
			commit(t, st, it, alt.Changes{Receipt: &channels.Receipt{ID: channels.ProviderID("p-" + peer), At: now}})
		}
		if peer != "open" {
			c.State = alt.Ended
			commit(t, st, alt.Item{}, alt.Changes{Conversation: c})
		}
	}
	commit(t, st, alt.Item{}, alt.Changes{Send: []channels.Outbound{answer(at("loose"), "m-loose", "x")}, Log: []alt.LogEntry{
		{Agency: agency, At: now, Act: "message.queued", Message: "m-loose"}}})
	commit(t, st, claim(t, st, alt.Outbox, 1)[0], alt.Changes{Receipt: &channels.Receipt{ID: "p-loose", At: now}})
	purge := func(after time.Duration) {
		t.Helper()
		now = start.Add(after)
		require.NoError(t, execute(t, owner, fmt.Sprintf(turnMonth, int(after/(30*24*time.Hour)))))
		require.NoError(t, st.Purge(t.Context(), now))
	}
	contents := func() int64 { return value[int64](t, owner, "SELECT count(*) FROM bodies") }
	gone := func(want ...string) {
		t.Helper()
		var found []string
		for _, peer := range []channels.Peer{"over", "open", "letter", "queued", "loose"} {
			_, err := st.Message(t.Context(), agency, channels.MessageID("m-"+peer))
			if errors.Is(err, alt.ErrNotFound) {
				found = append(found, string(peer))
			}
		}
		require.Equal(t, want, found)
	}
	purge(keep - 24*time.Hour)
	gone()
	require.Equal(t, int64(9), contents())
	purge(keep + 32*24*time.Hour)
	gone("over", "loose")
	require.Equal(t, int64(6), contents(), "in a month that something keeps, what is over goes by itself")
	_, err = st.OpenBlob(t.Context(), agency, file.ID)
	require.ErrorIs(t, err, alt.ErrNotFound)
	_, err = st.Conversation(t.Context(), agency, "c-over")
	require.ErrorIs(t, err, alt.ErrNotFound)
	page, _, err := st.Log(t.Context(), alt.LogQuery{Agency: agency})
	require.NoError(t, err)
	require.Len(t, page, 7, "the log stays")
	for i, of := range []string{"c-over", ""} {
		require.Equal(t, audit.ActContentsPurged, page[5+i].Act)
		p, err := audit.ParsePurge(page[5+i])
		require.NoError(t, err)
		require.Equal(t, of, p.Conversation)
		about := page[[]int{0, 4}[i]]
		require.True(t, p.From <= about.Seq && about.Seq <= p.Through)
	}

	// The person comes back to an empty past.
	accept(t, st, says("over", "again", "tere jälle"))
	d, err := st.Dossier(t.Context(), at("over"))
	require.NoError(t, err)
	require.Nil(t, d.Conversation)
	commit(t, st, claim(t, st, alt.Inbox, 1)[0], alt.Changes{Record: true, Conversation: talk(at("over"), "c-again")})
	n, err := st.Accept(t.Context(), []channels.Event{says("open", "open", "tere")})
	require.NoError(t, err)
	require.Equal(t, 1, n, "its key was kept for the term of keys")

	month := "bodies_" + start.UTC().Format("2006_01")
	require.Equal(t, int64(1), value[int64](t, owner, "SELECT count(*) FROM pg_class WHERE relname = $1", month))
	letters, _, err := st.Letters(t.Context(), alt.LetterQuery{Agency: agency})
	require.NoError(t, err)
	require.NoError(t, st.Settle(t.Context(), agency, letters[0].ID, alt.Drop, alt.LogEntry{Agency: agency, At: now, Act: "letter.dropped"}))
	talks["open"].State = alt.Ended
	commit(t, st, alt.Item{}, alt.Changes{Conversation: talks["open"]})
	require.NoError(t, execute(t, owner, "UPDATE live SET due = NULL, claimed = false"))
	for _, it := range claim(t, st, alt.Outbox, 9) {
		commit(t, st, it, alt.Changes{Receipt: &channels.Receipt{ID: "p-queued", At: now}})
	}
	purge(keep + 34*24*time.Hour)
	gone("over", "open", "letter", "queued", "loose")
	require.Zero(t, value[int64](t, owner, "SELECT count(*) FROM pg_class WHERE relname = $1", month), "the month is gone")
	require.Equal(t, int64(2), contents(), "what came since is there")
	again, err := st.Conversation(context.Background(), agency, "c-again")
	require.NoError(t, err)
	require.Equal(t, alt.Open, again.State)
}
