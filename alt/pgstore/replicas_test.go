package pgstore_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/pgstore"
	"github.com/liidestuja/liidestuja/channels"
)

// two opens two replicas on one database.
func two(t *testing.T) (a, b *pgstore.Store) {
	t.Helper()
	cfg := config(t, nil)
	return open(t, cfg), open(t, cfg)
}

func TestALaneHasOneLiveItemAmongReplicas(t *testing.T) {
	t.Parallel()
	a, b := two(t)
	accept(t, a, says("mari", "1", "1"))
	accept(t, b, says("mari", "2", "2"), says("jaan", "3", "3"))
	items := claim(t, a, alt.Inbox, 10)
	require.Len(t, items, 2)
	require.Empty(t, claim(t, b, alt.Inbox, 10))
	commit(t, a, items[0], alt.Changes{})
	items = soon(t, b, alt.Inbox, 1)
	require.Equal(t, "2", items[0].Event.Meta().Key)
}

// soon claims so many, some of which another replica has put there.
func soon(t *testing.T, st *pgstore.Store, work alt.Work, n int) (items []alt.Item) {
	t.Helper()
	require.Eventually(t, func() bool {
		items = append(items, claim(t, st, work, n)...)
		return len(items) >= n
	}, 20*time.Second, time.Millisecond)
	require.Len(t, items, n)
	return items
}

func TestAKeyIsNewAtOneReplicaOnly(t *testing.T) {
	t.Parallel()
	a, b := two(t)
	fresh := make([]int, 40)
	var wg sync.WaitGroup
	for i := range fresh {
		wg.Go(func() {
			st := a
			if i%2 == 0 {
				st = b
			}
			n, err := st.Accept(context.Background(), []channels.Event{says("mari", fmt.Sprint("k", i/4), "x"), says("jaan", fmt.Sprint("j", 9-i/4), "x")})
			if err != nil {
				t.Error(err)
			}
			fresh[i] = n
		})
	}
	wg.Wait()
	sum := 0
	for _, n := range fresh {
		sum += n
	}
	require.Equal(t, 20, sum)
}

func TestTwoReplicasThatChangeOnePersonConflict(t *testing.T) {
	t.Parallel()
	a, b := two(t)
	c := talk(at("mari"), "c")
	commit(t, a, alt.Item{}, alt.Changes{Conversation: c})
	errs := make([]error, 16)
	var wg sync.WaitGroup
	for i := range errs {
		st, mine := a, *c
		if i%2 == 0 {
			st = b
		}
		wg.Go(func() { errs[i] = st.Commit(context.Background(), alt.Item{}, alt.Changes{Conversation: &mine}) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		require.ErrorIs(t, err, alt.ErrConflict)
	}
	require.Equal(t, 1, won)
}

func TestAReplicaHearsOfAnothersWork(t *testing.T) {
	t.Parallel()
	for name, pooled := range map[string]bool{"told": false, "by looking": true} {
		t.Run(name, func(t *testing.T) {
			cfg := config(t, nil)
			cfg.Pooled, cfg.Poll = pooled, 5*time.Millisecond
			a, b := open(t, cfg), open(t, cfg)
			heard, err := b.Notify(t.Context())
			require.NoError(t, err)
			accept(t, a, says("mari", "1", "1"))
			for {
				select {
				case w := <-heard:
					if w == alt.Inbox {
						return
					}
				case <-time.After(20 * time.Second):
					require.Fail(t, "nothing was heard")
				}
			}
		})
	}
}

func TestADeadReplicasWorkIsFreeAtOnce(t *testing.T) {
	t.Parallel()
	a, b := two(t)
	accept(t, a, says("mari", "1", "1"))
	commit(t, a, alt.Item{}, alt.Changes{Send: []channels.Outbound{answer(at("jaan"), "m", "x")}})
	require.Len(t, claim(t, a, alt.Inbox, 1), 1)
	require.Len(t, claim(t, a, alt.Outbox, 1), 1)
	require.NoError(t, a.Crash(t.Context()))
	require.Eventually(t, func() bool { return len(claim(t, b, alt.Inbox, 1)) == 1 }, 20*time.Second, 50*time.Millisecond)
	require.Empty(t, claim(t, b, alt.Outbox, 1), "what was being sent is not sent again")
	require.Len(t, claim(t, b, alt.Reconcile, 1), 1)
}

func TestAMessageIsQueuedInACallersTransaction(t *testing.T) {
	t.Parallel()
	a, b := two(t)
	c, err := pgx.Connect(t.Context(), a.Config().DSN)
	require.NoError(t, err)
	defer func() { _ = c.Close(context.Background()) }()
	queue := func(end func(pgx.Tx) error, messages ...channels.Outbound) error {
		tx, err := c.Begin(t.Context())
		require.NoError(t, err)
		if err := a.EnqueueTx(t.Context(), tx, messages...); err != nil {
			require.NoError(t, tx.Rollback(t.Context()))
			return err
		}
		return end(tx)
	}
	keep := func(tx pgx.Tx) error { return tx.Commit(t.Context()) }
	drop := func(tx pgx.Tx) error { return tx.Rollback(t.Context()) }
	require.NoError(t, queue(drop, answer(at("mari"), "never", "x")))
	require.NoError(t, queue(keep, answer(at("mari"), "1", "one"), answer(at("mari"), "2", "two")))
	require.Eventually(t, func() bool {
		d, err := b.Depths(t.Context())
		return err == nil && d[alt.Outbox] == 2
	}, 20*time.Second, 10*time.Millisecond)
	require.NoError(t, queue(keep, answer(at("mari"), "1", "one")), "the same again")
	require.ErrorIs(t, queue(keep, answer(at("mari"), "1", "another")), alt.ErrIDReused)
	require.ErrorIs(t, queue(keep, answer(at("mari"), "3", "x"), answer(at("mari"), "3", "y")), alt.ErrIDReused)
	for _, want := range []channels.MessageID{"1", "2"} {
		items := soon(t, b, alt.Outbox, 1)
		require.Equal(t, want, items[0].Outbound.ID)
		commit(t, b, items[0], alt.Changes{Receipt: &channels.Receipt{ID: channels.ProviderID("p" + want)}})
	}
	_, err = b.Message(t.Context(), agency, "never")
	require.ErrorIs(t, err, alt.ErrNotFound)
	for _, id := range []channels.MessageID{"1", "2"} {
		parts, err := b.Message(t.Context(), agency, id)
		require.NoError(t, err)
		log, _, err := b.Log(t.Context(), alt.LogQuery{Agency: agency, Message: string(id)})
		require.NoError(t, err)
		require.NotEmpty(t, log)
		require.Equal(t, alt.Commitments(parts), log[0].Commitments(), "the log has it, and what it says")
		require.Len(t, parts[0].Salt, alt.SaltSize)
	}
}
