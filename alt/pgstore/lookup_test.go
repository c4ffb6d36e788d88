package pgstore_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

// TestNobodyWhoAsksAboutAPersonWaitsForSomebodyElseToAsk has few ask at the same
// moment, and then nobody until they are answered.
func TestNobodyWhoAsksAboutAPersonWaitsForSomebodyElseToAsk(t *testing.T) {
	t.Parallel()
	st, _ := two(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for round := range 1000 {
		var asking sync.WaitGroup
		for n := range 4 {
			asking.Go(func() {
				_, err := st.Dossier(ctx, at(channels.Peer(fmt.Sprint("p", n))))
				if err != nil {
					t.Error(round, err)
				}
			})
		}
		asking.Wait()
		require.NoError(t, ctx.Err())
	}
}
