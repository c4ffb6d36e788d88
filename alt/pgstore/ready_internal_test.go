package pgstore

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

func heads(n int) (list []head) {
	for i := range n {
		list = append(list, head{id: int64(i + 1), place: int64(i + 1), work: alt.Outbox, agency: "a", line: "l"})
	}
	return list
}

func query(max int) alt.ClaimQuery {
	return alt.ClaimQuery{Work: alt.Outbox, Max: max, Lease: time.Minute}
}

func TestABacklogIsNotRememberedWithoutBound(t *testing.T) {
	t.Parallel()
	r := newReady()
	require.True(t, r.look(alt.Outbox, 1, time.Hour))
	r.durable(&tx{offers: heads(maxReady + 10)})
	require.Len(t, r.take(query(2*maxReady), time.Now()), maxReady)
	require.True(t, r.look(alt.Outbox, 1, time.Hour), "the rest is in the table")
	for i := range 2*maxReady + 5 {
		r.durable(&tx{contents: []content{{id: int64(i)}}})
	}
	require.LessOrEqual(t, len(r.contents), maxReady)
}

func TestWhatBecameMoreUrgentGoesFirst(t *testing.T) {
	t.Parallel()
	r := newReady()
	r.durable(&tx{offers: heads(3)})
	urgent := heads(3)[2]
	urgent.rank = channels.Urgent
	r.durable(&tx{offers: []head{urgent}})
	require.Equal(t, []int64{3, 1, 2}, r.take(query(5), time.Now()))
	r.durable(&tx{offers: []head{urgent}})
	require.Empty(t, r.take(query(5), time.Now()), "what is claimed is not offered")
}

func TestAHeadThatWasSomebodyElsesIsForgottenAndLookedFor(t *testing.T) {
	t.Parallel()
	r := newReady()
	require.True(t, r.look(alt.Outbox, 1, time.Hour))
	require.False(t, r.look(alt.Outbox, 1, time.Hour))
	r.durable(&tx{offers: heads(2), contents: []content{{id: 1}, {id: 2}}})
	asked := r.take(query(2), time.Now())
	require.Len(t, r.claimed(alt.Outbox, asked, map[int64]bool{1: true}), 2)
	require.False(t, r.queues[alt.Outbox].heads.Finish(2))
	require.True(t, r.look(alt.Outbox, 1, time.Hour))
	require.Equal(t, []int64{1}, r.expired(time.Now().Add(2*time.Minute)), "the other is missed when its lease is over")
	r.durable(&tx{dropped: []int64{1}})
	require.Empty(t, r.expired(time.Now().Add(2*time.Minute)))
}

func TestTheTableIsReadThoughThereIsEnough(t *testing.T) {
	t.Parallel()
	r := newReady()
	r.durable(&tx{offers: heads(5)})
	require.True(t, r.look(alt.Outbox, 5, time.Hour))
	r.hear(alt.Outbox)
	require.False(t, r.look(alt.Outbox, 5, time.Hour), "there is enough for now")
	require.True(t, r.look(alt.Outbox, 6, time.Hour), "there is not enough")
	r.hear(alt.Outbox)
	require.True(t, r.look(alt.Outbox, 5, 0), "it is long ago")
	require.True(t, r.left(alt.Outbox))
	require.Len(t, r.take(query(5), time.Now()), 5)
	require.False(t, r.left(alt.Outbox))
}
