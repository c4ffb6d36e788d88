package pgstore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

func photo(peer channels.Peer, key string) *channels.Received {
	e := says(peer, key, "")
	e.Content = channels.Media{As: channels.Image, Ref: "at the provider"}
	return e
}

func TestWhatAnotherReplicaRewroteIsNotHandedOutAsItWas(t *testing.T) {
	t.Parallel()
	a, b := two(t)
	accept(t, a, photo("mari", "1"))
	it := soon(t, b, alt.Media, 1)[0]
	fetched := it.Event.(*channels.Received)
	fetched.Content = channels.Media{As: channels.Image, Ref: "at the provider", Blob: "fetched"}
	commit(t, b, it, alt.Changes{Event: fetched})
	got := soon(t, a, alt.Inbox, 1)[0].Event.(*channels.Received)
	require.EqualValues(t, "fetched", got.Content.(channels.Media).Blob)
}

// TestAReplicaThatWasStoppedChangesNothingWhenItWakes: it keeps its connections, so
// that nobody can tell it from one that works.
func TestAReplicaThatWasStoppedChangesNothingWhenItWakes(t *testing.T) {
	t.Parallel()
	a, b := two(t)
	accept(t, a, says("mari", "1", "1"))
	commit(t, a, alt.Item{}, alt.Changes{Send: []channels.Outbound{answer(at("jaan"), "m", "x")}})
	var held []alt.Item
	for _, w := range []alt.Work{alt.Inbox, alt.Outbox} {
		items, err := a.Claim(t.Context(), alt.ClaimQuery{Work: w, Max: 1, Lease: 100 * time.Millisecond})
		require.NoError(t, err)
		held = append(held, items...)
	}
	require.Len(t, held, 2)
	again := soon(t, b, alt.Inbox, 1)[0]
	require.Equal(t, 2, again.Attempt)
	require.Empty(t, claim(t, b, alt.Outbox, 1), "what was being sent is not sent again")
	soon(t, b, alt.Reconcile, 1)

	require.ErrorIs(t, a.Commit(t.Context(), held[0], alt.Changes{Record: true}), alt.ErrLeaseLost)
	require.ErrorIs(t, a.Release(t.Context(), held[0], time.Now(), nil), alt.ErrLeaseLost)
	require.ErrorIs(t, a.Commit(t.Context(), held[1], alt.Changes{Receipt: &channels.Receipt{ID: "p"}}), alt.ErrLeaseLost)
	commit(t, b, again, alt.Changes{})
	require.Empty(t, claim(t, a, alt.Inbox, 1))
}

func TestHeadsThatNobodyRemembersAreFound(t *testing.T) {
	t.Parallel()
	a, b := two(t)
	for i := range 3 {
		accept(t, a, says(channels.Peer(rune('a'+i)), string(rune('a'+i)), "x"))
	}
	held := claim(t, a, alt.Inbox, 2)
	require.Len(t, held, 2)
	for _, it := range held {
		require.NoError(t, a.Release(t.Context(), it, time.Now(), nil))
	}
	// b has claimed what a believes to be its own to claim, and gives it back.
	taken := soon(t, b, alt.Inbox, 3)
	require.Empty(t, claim(t, a, alt.Inbox, 3))
	for _, it := range taken {
		require.NoError(t, b.Release(t.Context(), it, time.Now(), nil))
	}
	require.Len(t, soon(t, a, alt.Inbox, 3), 3)
}

func TestWhatIsClaimedAndCannotBeReadIsNotCountedAsTried(t *testing.T) {
	t.Parallel()
	a, b := two(t)
	commit(t, a, alt.Item{}, alt.Changes{Send: []channels.Outbound{answer(at("jaan"), "m", "x")}})
	failed := b.FailOnce("FROM items i LEFT JOIN raw r")
	require.Eventually(t, func() bool {
		_, err := b.Claim(t.Context(), alt.ClaimQuery{Work: alt.Outbox, Max: 1, Lease: time.Hour})
		return err != nil
	}, 10*time.Second, 10*time.Millisecond)
	require.True(t, failed())
	it := soon(t, b, alt.Outbox, 1)[0]
	require.Equal(t, 1, it.Attempt)
	commit(t, b, it, alt.Changes{Receipt: &channels.Receipt{ID: "p"}})
}
