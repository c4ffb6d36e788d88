package sqlitestore_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
	"github.com/liidestuja/liidestuja/channels"
)

// killed names the database for the process that is killed.
const killed = "SQLITESTORE_TEST_KILLED"

// TestKilled is no test: it works until the parent's TestKill kills it. It says
// "accepted KEY" when Accept has returned, and "sent ID" before the receipt is
// committed.
func TestKilled(t *testing.T) {
	path := os.Getenv(killed)
	if path == "" {
		t.Skip("the other end of TestKill, which starts it as a process of its own")
	}
	st, err := sqlitestore.Open(t.Context(), sqlitestore.Config{Path: path, Key: testKey(), KeepNames: 64})
	require.NoError(t, err)
	var mu sync.Mutex
	tell := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Printf(format+"\n", args...)
	}
	tell("ready")
	for w := range 8 {
		go func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("%d-%d-%d", os.Getpid(), w, i)
				if _, err := st.Accept(context.Background(), []channels.Event{says(channels.Peer(fmt.Sprint("p", w%3)), key, "tere")}); err != nil {
					tell("failed %v", err)
				}
				tell("accepted %s", key)
			}
		}()
		go work(st, alt.Inbox, tell)
		go work(st, alt.Outbox, tell)
	}
	select {}
}

// work handles what there is of one queue.
func work(st *sqlitestore.Store, queue alt.Work, tell func(format string, args ...any)) {
	for {
		items, err := st.Claim(context.Background(), alt.ClaimQuery{Work: queue, Max: 1, Lease: time.Minute})
		if err != nil {
			tell("failed %v", err)
		}
		if len(items) == 0 {
			time.Sleep(time.Millisecond)
		}
		for _, it := range items {
			if err := st.Commit(context.Background(), it, handled(st, it, tell)); err != nil {
				tell("failed %v", err)
			}
		}
	}
}

func handled(st *sqlitestore.Store, it alt.Item, tell func(format string, args ...any)) alt.Changes {
	if it.Outbound != nil {
		tell("sent %s", it.Outbound.ID)
		return alt.Changes{Receipt: &channels.Receipt{ID: channels.ProviderID("at-provider-" + it.Outbound.ID), At: time.Now()}}
	}
	a := it.Event.Address()
	d, err := st.Dossier(context.Background(), a)
	if err != nil {
		tell("failed %v", err)
	}
	if d.Conversation == nil {
		d.Conversation = talk(a, "c-"+string(a.Peer))
	}
	id := channels.MessageID("r-" + it.Event.Meta().Key)
	return alt.Changes{Record: true, Conversation: d.Conversation, Send: []channels.Outbound{answer(a, id, "vastus")}}
}

func TestKill(t *testing.T) {
	t.Parallel()
	kills := 6
	if testing.Short() {
		kills = 2
	}
	cfg := config(t, nil)
	cfg.KeepNames = 64
	require.NoError(t, open(t, cfg).Close())
	var accepted, sent []string
	for k := range kills {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$")
		cmd.Env = append(os.Environ(), killed+"="+cfg.Path)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			what, name, _ := strings.Cut(lines.Text(), " ")
			switch what {
			case "accepted":
				accepted = append(accepted, name)
			case "sent":
				sent = append(sent, name)
			case "failed":
				t.Error(lines.Text())
			}
			if n == 200+150*k {
				require.NoError(t, cmd.Process.Kill())
			}
		}
		_ = cmd.Wait()
	}
	require.Greater(t, len(accepted), 100*kills)
	require.Greater(t, len(sent), 10*kills)

	st := open(t, cfg)
	unsure := len(claim(t, st, alt.Reconcile, 1000))
	require.LessOrEqual(t, unsure, 8*kills, "what was in flight")
	told := func(format string, args ...any) {
		what, name, _ := strings.Cut(fmt.Sprintf(format, args...), " ")
		require.Equal(t, "sent", what)
		sent = append(sent, name)
	}
	for _, queue := range []alt.Work{alt.Inbox, alt.Outbox} {
		for items := claim(t, st, queue, 100); len(items) > 0; items = claim(t, st, queue, 100) {
			for _, it := range items {
				commit(t, st, it, handled(st, it, told))
			}
		}
	}
	sorted := slices.Sorted(slices.Values(sent))
	require.Len(t, slices.Compact(slices.Clone(sorted)), len(sent), "nothing was sent twice")
	unknown := 0
	seq := make(map[string]int64)
	for _, key := range accepted {
		m, err := st.Message(t.Context(), agency, channels.MessageID("r-"+key))
		require.NoError(t, err, "%s was accepted and is lost", key)
		seq["r-"+key] = m[0].Seq
		if m[0].Status == channels.Unknown {
			unknown++
		} else {
			require.Equal(t, channels.Sent, m[0].Status)
		}
		_, wasSent := slices.BinarySearch(sorted, "r-"+key)
		require.True(t, wasSent || m[0].Status == channels.Unknown)
		fresh, err := st.Accept(t.Context(), []channels.Event{says("p0", key, "tere")})
		require.NoError(t, err)
		require.Zero(t, fresh, "a redelivery is known")
	}
	require.LessOrEqual(t, unknown, unsure)
	for _, peer := range []channels.Peer{"p0", "p1", "p2"} {
		last := int64(0)
		for _, id := range sent {
			m, err := st.Message(t.Context(), agency, channels.MessageID(id))
			require.NoError(t, err)
			if m[0].Address.Peer == peer {
				require.Greater(t, m[0].Seq, last, "sent in order")
				last = m[0].Seq
			}
		}
	}
	t.Logf("kills=%d accepted=%d sent=%d uncertain=%d", kills, len(accepted), len(sent), unsure)
}
