package storetest_test

import (
	"testing"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/memstore"
	"github.com/liidestuja/liidestuja/alt/storetest"
)

// The whole test of a store.
func ExampleRun() {
	testStore := func(t *testing.T) {
		storetest.Run(t, storetest.Subject{
			Open: func(_ *testing.T, now func() time.Time) alt.Store {
				return memstore.New(memstore.Config{Now: now})
			},
			Reopen: func(_ *testing.T, old alt.Store) alt.Store {
				old.(*memstore.Store).Restart()
				return old
			},
		})
	}
	_ = testStore
}
