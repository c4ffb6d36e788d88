// Package storetest proves an alt.Store. An author of one runs the whole suite
// in a test of the store's package:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, storetest.Subject{
//			Open: func(t *testing.T, now func() time.Time) alt.Store { … },
//		})
//	}
//
// Each duty of the contract is a subtest whose name is the duty. The suite is
// quick, uses no network and does not sleep; time moves by the subject's clock.
package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/session"
	"github.com/liidestuja/liidestuja/session/sessiontest"
)

// Subject is the store to prove. Fields other than Open may be nil when a
// store cannot have them; their checks are skipped then.
type Subject struct {
	// Open makes an empty store. Leases, waits and terms run by now. The suite
	// closes it.
	Open func(t *testing.T, now func() time.Time) alt.Store
	// Reopen ends old without a word, as a crash does, and opens its data
	// again, with the same clock. old may have been closed; it is not used any
	// more.
	Reopen func(t *testing.T, old alt.Store) alt.Store
	// Fail makes the nth statement, counted from 1 and from now on, that the
	// store executes to change its data fail, once. The function that it
	// returns reports whether that happened, and disarms it. A commit of the
	// transaction counts as a statement.
	Fail func(t *testing.T, st alt.Store, nth int) (happened func() bool)
	// Files returns the paths of all files of an open store. What was withdrawn
	// must not be found in them.
	Files func(t *testing.T, st alt.Store) []string
}

// Run proves s.
func Run(t *testing.T, s Subject) {
	t.Helper()
	t.Run("sessions", func(t *testing.T) {
		sessiontest.Run(t, sessiontest.Subject{
			Open: func(t *testing.T, now func() time.Time) session.Store { return s.open(t, now) },
			Ended: func(t *testing.T, st session.Store) []sessiontest.Ending {
				t.Helper()
				return endings(t, st.(alt.Store))
			},
		})
	})
	for _, g := range []struct {
		name   string
		checks []check
	}{
		{"accepting", accepting()},
		{"order", ordering()},
		{"events to come and media", coming()},
		{"leases", leasing()},
		{"commits", committing()},
		{"messages", recording()},
		{"reports", reporting()},
		{"reconciling", reconciling()},
		{"withdrawing", withdrawing()},
		{"commitments", promising()},
		{"letters", settling()},
		{"giving up", givingUp()},
		{"conversations", listing()},
		{"reading", reading()},
		{"identities", identifying()},
		{"isolation and files", isolating()},
		{"lines", keeping()},
		{"flows", flowing()},
		{"concurrency", competing()},
		{"faults", failing()},
	} {
		t.Run(g.name, func(t *testing.T) {
			for _, c := range g.checks {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					c.run(newWorld(t, s))
				})
			}
		})
	}
}

// endings takes the ends of sessions from the Inbox.
func endings(t *testing.T, st alt.Store) []sessiontest.Ending {
	t.Helper()
	var found []sessiontest.Ending
	for {
		items, err := st.Claim(t.Context(), alt.ClaimQuery{Work: alt.Inbox, Max: 100, Lease: lease})
		require.NoError(t, err)
		if len(items) == 0 {
			return found
		}
		for _, it := range items {
			e, ok := it.Event.(*channels.SessionEnded)
			require.True(t, ok, "only ends of sessions are queued")
			require.Equal(t, "session/"+e.Session, e.Key, "the service uses the same key")
			found = append(found, sessiontest.Ending{Address: e.Address(), Session: e.Session, Reason: session.Reason(e.Reason), At: e.At})
			require.NoError(t, st.Commit(t.Context(), it, alt.Changes{}))
		}
	}
}
