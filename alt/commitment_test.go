package alt_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
)

// promised returns the last commitments of each message, as entries make them.
func promised(t *testing.T, hs *alttest.Harness) map[string]map[string]string {
	t.Helper()
	page, next, err := hs.Store().Log(t.Context(), alt.LogQuery{Agency: "agency", Limit: 1000})
	require.NoError(t, err)
	require.Empty(t, next)
	sums := make(map[string]map[string]string)
	for _, e := range page {
		if made := e.Commitments(); made != nil {
			require.NotEmpty(t, e.Message)
			if sums[e.Message] == nil {
				sums[e.Message] = make(map[string]string)
			}
			maps.Copy(sums[e.Message], made)
		}
	}
	return sums
}

func TestEveryMessageIsCommittedToAsItIsKept(t *testing.T) {
	long := strings.Repeat("Väga pikk jutt. ", 200)
	hs := alttest.New(t, alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
		if t.Text() == "räägi" {
			return t.Reply(channels.Text{Body: long}, channels.Text{Body: "ja ongi kõik"})
		}
		return t.ReplyText("You said: " + t.Text())
	}))
	chat := hs.Chat("messenger")
	meta := func(key string) channels.EventMeta {
		return channels.EventMeta{Key: key, Channel: "messenger", Peer: chat.Address().Peer, At: hs.Clock().Now()}
	}
	fake := hs.Fake("messenger")
	picture := fake.Media(chat.Address().Peer, channels.Media{As: channels.Image, Caption: "see"}, []byte("\x89PNG\x0d\x0a\x1a\x0a a picture"))
	hs.Serve(httpOf(fake.Post(picture)))
	hs.Settle()
	chat.Says("wrong").Says("secret").Says("räägi").Redelivered()
	last := chat.LastID()
	chat.Happens(&channels.Edited{EventMeta: meta("e"), ID: last[:len(last)-1] + "2", Content: channels.Text{Body: "right"}})
	chat.Happens(&channels.Withdrawn{EventMeta: meta("w"), ID: last})
	chat.Happens(&channels.Echoed{EventMeta: meta("f"), ID: "foreign", Content: channels.Text{Body: "of another application"}, Author: channels.Person})
	hs.Advance(2 * time.Minute)
	hs.Settle()
	o := channels.Outbound{ID: "notice", To: chat.Address(), Content: channels.Text{Body: "Teade"}}
	for range 2 { // the same again
		_, err := hs.Service().Send(t.Context(), o)
		require.NoError(t, err)
	}
	hs.Settle()

	sums, kinds := promised(t, hs), make(map[string]bool)
	seen := make(map[channels.MessageID]bool)
	for _, m := range chat.Transcript() {
		if seen[m.ID] {
			continue
		}
		seen[m.ID] = true
		parts, err := hs.Store().Message(t.Context(), "agency", m.ID)
		require.NoError(t, err)
		require.Equal(t, alt.Commitments(parts), sums[string(m.ID)], "%s %T", m.ID, m.Content)
		for _, sum := range sums[string(m.ID)] {
			require.Len(t, sum, 43)
			require.False(t, kinds[sum], "two contents have one commitment")
			kinds[sum] = true
		}
	}
	require.Len(t, sums, len(seen), "the log commits to messages only")
	require.GreaterOrEqual(t, len(kinds), 12)
	for _, s := range chat.Sent() {
		require.Empty(t, s.Salt, "a provider gets no salt")
	}
}

func TestACommitmentIsTheHashOfSaltAndContent(t *testing.T) {
	salt := []byte(strings.Repeat("s", alt.SaltSize))
	sum := sha256.Sum256([]byte("liidestuja/content/1\n" + string(salt) + `{"kind":"text","value":{"body":"tere"}}`))
	require.Equal(t, base64.RawURLEncoding.EncodeToString(sum[:]), alt.Commitment(salt, channels.Text{Body: "tere"}))
	for _, c := range []channels.Content{
		channels.Text{Body: "a <b> & \u2028 õ"}, channels.Location{Latitude: 59.436962}, channels.ContactCard{Name: "x"},
		channels.Media{As: channels.Image, SHA256: "ab", Caption: "c"}, channels.Choices{Options: []channels.Choice{{ID: "1"}}}, channels.Chosen{ID: "1"},
		channels.Template{Name: "t"}, channels.Reaction{Emoji: "👍"}, channels.Unsupported{Type: "poll"},
	} {
		b, err := channels.MarshalContent(c)
		require.NoError(t, err)
		sum := sha256.Sum256([]byte("liidestuja/content/1\n" + string(salt) + string(b)))
		require.Equal(t, base64.RawURLEncoding.EncodeToString(sum[:]), alt.Commitment(salt, c), c.Kind())
	}
	require.Empty(t, alt.Commitment(salt, nil))
	require.Empty(t, alt.Commitment(nil, channels.Text{Body: "tere"}), "a hash without salt would tell the content to who guesses")
	require.Empty(t, alt.Commitment(salt[1:], channels.Text{Body: "tere"}))
	one, other := alt.NewSalt(), alt.NewSalt()
	require.NotEqual(t, one, other)

	e := alt.LogEntry{Detail: map[string]string{"commitment": "a", "commitment.1": "b", "commitments": "c"}}
	require.Equal(t, map[string]string{"commitment": "a", "commitment.1": "b"}, e.Commitments())
	require.Equal(t, map[string]string{"commitments": "c"}, e.Uncommitted().Detail)
	require.Len(t, e.Detail, 3, "the entry itself is left as it is")
	require.Nil(t, alt.LogEntry{Detail: map[string]string{"commitment": "a"}}.Uncommitted().Detail)
}
