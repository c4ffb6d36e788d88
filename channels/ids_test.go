package channels_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

func TestIdsAreShortAndSafe(t *testing.T) {
	for _, tc := range []struct {
		name        string
		in          string
		id, message bool
	}{
		{"letters, digits and signs", "ppa-messenger_1.ee", true, true},
		{"one character", "a", true, true},
		{"64 characters", strings.Repeat("a", 64), true, true},
		{"65 characters", strings.Repeat("a", 65), false, false},
		{"nothing", "", false, false},
		{"capitals", "PPA", false, true},
		{"a space", "a b", false, false},
		{"a slash", "a/b", false, false},
		{"a letter of Estonian", "õ", false, false},
		{"a control character", "a\x00", false, false},
		{"a colon", "a:b", false, false},
		{"a dot first", "..", false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			check := func(ok bool, err error) {
				if ok {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, channels.ErrBadID)
				}
			}
			check(tc.id, channels.ID(tc.in).Valid())
			check(tc.id, channels.Agency(tc.in).Valid())
			check(tc.message, channels.MessageID(tc.in).Valid())
		})
	}
}

func TestAnAddressWithoutAPersonIsZero(t *testing.T) {
	require.True(t, channels.Address{Agency: "a", Channel: "c"}.IsZero())
	require.False(t, channels.Address{Peer: "p"}.IsZero())
	require.True(t, (&channels.LineChanged{EventMeta: channels.EventMeta{Channel: "c"}}).Address().IsZero())
	require.Equal(t, channels.Address{Agency: "ppa", Channel: "ppa", Peer: channels.Peer(number)}, events()[0].Address())
}

func TestAReferenceTellsThePartsOfAMessageApart(t *testing.T) {
	require.Equal(t, "a", channels.Outbound{ID: "a"}.Ref())
	require.Equal(t, "a", channels.Outbound{ID: "a", Parts: 1}.Ref())
	require.Equal(t, "a.0", channels.Outbound{ID: "a", Parts: 2}.Ref())
	require.Equal(t, "a.1", channels.Outbound{ID: "a", Part: 1, Parts: 2}.Ref())
}

func TestALaneIsAPersonsOrThatOfOneReport(t *testing.T) {
	m := channels.EventMeta{Agency: "a", Channel: "c", Peer: "p", Key: "k"}
	other, nobody := m, m
	other.Peer, nobody.Peer = "q", ""
	lane := channels.Lane
	said := lane(&channels.Received{EventMeta: m})
	require.Equal(t, said, lane(&channels.Edited{EventMeta: m}), "an edit follows its message")
	require.Equal(t, said, lane(&channels.StatusChanged{EventMeta: m, Until: moment}), "a report on all messages is the person's")
	require.NotEqual(t, said, lane(&channels.Received{EventMeta: other}))
	require.NotEqual(t, said, lane(&channels.StatusChanged{EventMeta: m, ID: "x"}), "a report does not wait behind a conversation")
	require.Equal(t, lane(&channels.Echoed{EventMeta: m, ID: "x"}), lane(&channels.StatusChanged{EventMeta: other, ID: "x"}))
	require.NotEqual(t, lane(&channels.LineChanged{EventMeta: nobody}), said)
	elsewhere := m
	elsewhere.Agency = "b"
	require.NotEqual(t, said, lane(&channels.Received{EventMeta: elsewhere}), "agencies share no lane")
}

type wrapper struct{ inner any }

func (w wrapper) Unwrap() any { return w.inner }

type typer struct{}

func (typer) Typing(context.Context, channels.Address) error { return nil }

func TestAsLooksThroughWrappers(t *testing.T) {
	for name, x := range map[string]any{"the thing itself": typer{}, "one wrapper": wrapper{typer{}}, "three wrappers": wrapper{wrapper{wrapper{typer{}}}}} {
		_, ok := channels.As[channels.Typer](x)
		require.True(t, ok, name)
	}
	for name, x := range map[string]any{"nothing": nil, "another thing": 7, "a wrapper of nothing": wrapper{}, "a wrapper of another thing": wrapper{7}} {
		_, ok := channels.As[channels.Typer](x)
		require.False(t, ok, name)
	}
}
