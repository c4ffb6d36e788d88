package sqlitestore

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

func who(name string) channels.Address {
	return channels.Address{Agency: "agency", Channel: "page", Peer: channels.Peer(name)}
}

func TestTheCacheKeepsWhoWasUsedLast(t *testing.T) {
	t.Parallel()
	c := newCache(2)
	for i, name := range []string{"a", "b", "a", "c"} {
		if p, s := c.get(who(name)); p == nil {
			c.fill(s, &person{row: int64(i + 1)})
		}
	}
	require.NotNil(t, c.peek(who("a")))
	require.Nil(t, c.peek(who("b")))
	require.NotNil(t, c.peek(who("c")))
	require.Len(t, c.slots, 2)
}

func TestAReaderThatWasOvertakenFillsNothing(t *testing.T) {
	t.Parallel()
	c := newCache(8)
	old, fresh := &person{row: 1}, &person{row: 2}
	_, s := c.get(who("a"))
	require.NotNil(t, s)
	p, second := c.get(who("a"))
	require.Nil(t, p)
	require.Nil(t, second, "one reader fills")
	c.put(map[channels.Address]*person{who("a"): fresh})
	c.fill(s, old)
	require.Same(t, fresh, c.peek(who("a")))

	_, s = c.get(who("b"))
	for _, name := range []string{"1", "2", "3", "4", "5", "6", "7", "8"} {
		c.put(map[channels.Address]*person{who(name): fresh})
	}
	c.fill(s, old)
	require.Nil(t, c.peek(who("b")), "it was forgotten meanwhile")
}

func TestAReadThatFailedLeavesNoSlot(t *testing.T) {
	t.Parallel()
	c := newCache(2)
	_, s := c.get(who("a"))
	c.fill(s, nil)
	_, again := c.get(who("a"))
	require.NotNil(t, again)
}

func TestWhatAReaderFillsDuringATransactionIsNotBelievedInIt(t *testing.T) {
	t.Parallel()
	s := &Store{people: newCache(8)}
	tr := newTx(s)
	tr.people[who("a")] = nil // changed in the transaction, without having been read
	_, empty := s.people.get(who("a"))
	s.people.fill(empty, &person{row: 1, talkLog: 7}) // from before it
	require.NotNil(t, s.people.peek(who("a")))
	require.Nil(t, tr.known(who("a")))
	require.Nil(t, tr.known(who("b")))
}
