package channels_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

// In their order; "" is a message of which nothing is known.
var statuses = []channels.Status{"", channels.Queued, channels.Unknown, channels.Sent, channels.Failed, channels.Delivered, channels.Read, channels.Canceled}

func TestMergeGivesTheSameWhateverTheOrderOfReports(t *testing.T) {
	for _, a := range statuses {
		require.Equal(t, a, a.Merge(a), "idempotent")
		for _, b := range statuses {
			require.Equal(t, a.Merge(b), b.Merge(a), "commutative: %s %s", a, b)
			require.Equal(t, a.Merge(b), a.Merge(b).Merge(b), "repeated: %s %s", a, b)
			for _, c := range statuses {
				require.Equal(t, a.Merge(b).Merge(c), a.Merge(b.Merge(c)), "associative: %s %s %s", a, b, c)
			}
		}
	}
}

func TestMergeNeverGoesBack(t *testing.T) {
	for i, a := range statuses {
		for j, b := range statuses {
			require.Equal(t, statuses[max(i, j)], a.Merge(b))
		}
	}
	require.Equal(t, channels.Delivered, channels.Failed.Merge(channels.Delivered), "evidence of delivery beats a failure")
	require.Equal(t, channels.Failed, channels.Sent.Merge(channels.Failed), "a late failure beats an acceptance")
	require.Equal(t, channels.Canceled, channels.Canceled.Merge(channels.Read), "what was taken back stays so")
	require.Equal(t, channels.Sent, channels.Sent.Merge("opened"), "a status that is not known says nothing")
}

func TestMinIsTheStatusOfAMessageOfTwoParts(t *testing.T) {
	for _, tc := range []struct{ a, b, want channels.Status }{
		{channels.Read, channels.Delivered, channels.Delivered},
		{channels.Sent, channels.Queued, channels.Queued},
		{channels.Sent, channels.Unknown, channels.Unknown},
		{channels.Read, channels.Failed, channels.Failed},
		{channels.Queued, channels.Failed, channels.Failed},
		{channels.Queued, channels.Canceled, channels.Canceled},
		{channels.Failed, channels.Canceled, channels.Canceled},
		{channels.Read, channels.Read, channels.Read},
	} {
		require.Equal(t, tc.want, tc.a.Min(tc.b))
		require.Equal(t, tc.want, tc.b.Min(tc.a))
	}
	for _, a := range statuses {
		require.Equal(t, a, a.Min(a))
		for _, b := range statuses {
			for _, c := range statuses {
				require.Equal(t, a.Min(b).Min(c), a.Min(b.Min(c)), "%s %s %s", a, b, c)
			}
		}
	}
}
