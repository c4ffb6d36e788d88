package sqlitestore_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
	"github.com/liidestuja/liidestuja/channels"
)

// crowd makes n conversations, more than one query looks at.
func crowd(t *testing.T, st *sqlitestore.Store, n int) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range n {
		c := talk(at(channels.Peer(fmt.Sprint("p", i))), fmt.Sprint("c", i))
		c.Name = fmt.Sprint("Inimene ", i)
		if i%100 == 7 {
			c.Waiting, c.Holder = time.Now(), alt.Holder{Kind: alt.HeldByDesk}
		}
		if i%100 == 8 {
			c.Holder = alt.Holder{Kind: alt.HeldByDesk, By: "ametnik"}
		}
		if i%3 == 0 {
			c.State = alt.Ended
		}
		text := "tere"
		if i%400 == 5 {
			text = `ÕUNAPUU 100%_"kindel"`
		}
		wg.Go(func() {
			err := st.Commit(context.Background(), alt.Item{}, alt.Changes{Conversation: c, Send: []channels.Outbound{answer(c.Address, channels.MessageID(fmt.Sprint("m", i)), text)},
				Log: []alt.LogEntry{{Agency: agency, At: time.Unix(int64(i), 0), Act: "made", Conversation: c.ID}}})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// all reads every page of a query.
func all(t *testing.T, st *sqlitestore.Store, q alt.ConversationQuery) []alt.Conversation {
	t.Helper()
	q.Agency = agency
	var found []alt.Conversation
	for {
		page, next, err := st.Conversations(t.Context(), q)
		require.NoError(t, err)
		found = append(found, page...)
		if q.Cursor = next; next == "" {
			break
		}
	}
	for i := 1; i < len(found); i++ {
		require.Less(t, found[i].Position, found[i-1].Position, "the latest first")
	}
	return found
}

func TestASearchLooksThroughManyConversations(t *testing.T) {
	t.Parallel()
	const n = 1300
	st := open(t, config(t, nil))
	crowd(t, st, n)
	for _, c := range []struct {
		name string
		q    alt.ConversationQuery
		want int
	}{
		{"all", alt.ConversationQuery{Limit: 200}, n},
		{"all in small pages", alt.ConversationQuery{Limit: 7}, n},
		{"open ones", alt.ConversationQuery{State: alt.Open, Limit: 200}, n - n/3 - 1},
		{"ended ones", alt.ConversationQuery{State: alt.Ended, Limit: 200}, n/3 + 1},
		{"who waits", alt.ConversationQuery{Waiting: true, Limit: 5}, 13},
		{"who waits and has not ended", alt.ConversationQuery{Waiting: true, State: alt.Open}, 9},
		{"the desk's", alt.ConversationQuery{State: alt.Open, Holder: &alt.Holder{Kind: alt.HeldByDesk}, Limit: 3}, 9 + 9},
		{"one specialist's", alt.ConversationQuery{State: alt.Open, Holder: &alt.Holder{Kind: alt.HeldByDesk, By: "ametnik"}}, 9},
		{"one specialist's, ended too", alt.ConversationQuery{Holder: &alt.Holder{Kind: alt.HeldByDesk, By: "ametnik"}}, 13},
		{"nobody's", alt.ConversationQuery{Holder: &alt.Holder{}, Limit: 200}, n - 26},
		{"a text in messages", alt.ConversationQuery{Text: "õunapuu"}, 4},
		{"a text with signs", alt.ConversationQuery{Text: `100%_"KINDEL"`}, 4},
		{"signs are no wildcards", alt.ConversationQuery{Text: `100__"kindel"`}, 0},
		{"a name", alt.ConversationQuery{Text: "INIMENE 1299"}, 1},
		{"another line", alt.ConversationQuery{Line: "other"}, 0},
	} {
		require.Len(t, all(t, st, c.q), c.want, c.name)
	}
}

func TestTheLogIsReadInWindows(t *testing.T) {
	t.Parallel()
	st := open(t, config(t, nil))
	entries := make([]alt.LogEntry, 12_000)
	for i := range entries {
		entries[i] = alt.LogEntry{Agency: agency, At: time.Unix(int64(i), 0).UTC(), Act: "act", Actor: "system"}
		if i%4000 == 10 {
			entries[i].Agency = "other"
		}
	}
	commit(t, st, alt.Item{}, alt.Changes{Log: entries})
	for _, c := range []struct {
		q    alt.LogQuery
		want int
	}{
		{alt.LogQuery{Agency: agency}, 12_000 - 3},
		{alt.LogQuery{Agency: "other", Limit: 2}, 3},
		{alt.LogQuery{Agency: agency, From: time.Unix(11_000, 0), To: time.Unix(11_099, 0), Limit: 30}, 100},
	} {
		n, last := 0, int64(0)
		for {
			page, next, err := st.Log(t.Context(), c.q)
			require.NoError(t, err)
			for _, e := range page {
				require.Greater(t, e.Seq, last)
				last = e.Seq
			}
			n += len(page)
			if c.q.Cursor = next; next == "" {
				break
			}
		}
		require.Equal(t, c.want, n)
	}
}

func TestCasesOfOtherAlphabetsAreFolded(t *testing.T) {
	t.Parallel()
	st := open(t, config(t, nil))
	for i, text := range []string{"ŠOKOLAAD ja Žürii", "ПРИВЕТ, Ёж", "a\x00b", "it's; DROP TABLE items"} {
		c := talk(at(channels.Peer(fmt.Sprint(i))), fmt.Sprint("c", i))
		commit(t, st, alt.Item{}, alt.Changes{Conversation: c, Send: []channels.Outbound{answer(c.Address, channels.MessageID(fmt.Sprint(i)), text)}})
		for _, part := range []string{text, strings.ToUpper(text), strings.ToLower(text), text[len(text)/2:]} {
			if part == "\x00b" || !strings.Contains(strings.ToLower(text), strings.ToLower(part)) {
				continue
			}
			require.Len(t, all(t, st, alt.ConversationQuery{Text: part}), 1, "%q", part)
		}
	}
}
