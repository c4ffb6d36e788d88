package pgstore

import (
	"context"
	"errors"
	"time"
)

// errDoubt: nobody can tell whether a transaction was committed. Whoever asked
// gets an error, and asks again: a provider delivers again, and what was stored
// is known by its key; a worker gives the item back, and its lease tells.
var errDoubt = errors.New("pgstore: it is not known whether it was committed")

// witness is a session of the server that knows what happened while it lasted.
type witness struct {
	pid   int32
	began time.Time
}

const (
	whoAmI = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"

	// became tells what a transaction came to, and whether a session that was there
	// before it still is. The number of a transaction is durable no sooner than what
	// it wrote: a server that lost its memory in a crash, or a standby that took
	// over, may give it to another transaction, and tell of that one.
	became = `SELECT pg_xact_status($1::text::xid8), EXISTS (SELECT FROM pg_stat_activity WHERE pid = $2 AND backend_start = $3)`

	// inTheFuture is the code for a number that the server has not given yet, or not
	// since it lost its memory.
	inTheFuture = "22023"
)

// outcome asks what became of a transaction, as long as calls may wait.
func (w *writer) outcome(t *tx, cause error) error {
	ctx, cancel := context.WithTimeout(context.Background(), w.s.cfg.Timeout)
	defer cancel()
	seen := t.witness
	if seen == nil {
		seen = new(witness)
	}
	for {
		err := w.connect(ctx)
		if err == nil {
			var status *string
			var there bool
			err = w.c.QueryRow(ctx, became, t.xid, seen.pid, seen.began).Scan(&status, &there)
			switch {
			case err == nil && status == nil, err == nil && *status == "committed" && !there:
				return &broken{errors.Join(errDoubt, cause)}
			case err == nil && *status == "committed":
				return nil
			case err == nil && *status == "aborted", sqlState(err) == inTheFuture:
				return &broken{errors.Join(errAborted, cause)}
			}
		}
		select {
		case <-ctx.Done():
			return &broken{errors.Join(errDoubt, cause)}
		case <-time.After(50 * time.Millisecond):
		}
	}
}
