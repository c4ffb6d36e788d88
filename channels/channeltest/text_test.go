package channeltest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

func TestAFilledTextFitsItsOwnLimitOnly(t *testing.T) {
	units := []channels.Unit{channels.Runes, channels.UTF16, channels.Bytes, channels.Septets}
	for _, unit := range units {
		for _, n := range []int{1, 2, 3, 20, 1001} {
			text := channeltest.Filled(channels.Limit{Unit: unit}, n)
			require.True(t, channels.Limit{Max: n, Unit: unit}.Fits(text), "%d %s", n, unit)
			require.False(t, channels.Limit{Max: n - 1, Unit: unit}.Fits(text), "%d %s", n, unit)
			for _, other := range units {
				exactly := channels.Limit{Max: n, Unit: other}.Fits(text) && !channels.Limit{Max: n - 1, Unit: other}.Fits(text)
				require.False(t, n > 3 && other != unit && exactly, "%d %s is as many %s", n, unit, other)
			}
		}
	}
	require.Empty(t, channeltest.Filled(channels.Limit{Unit: channels.Bytes}, 0))
}
