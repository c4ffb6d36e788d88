package pgstore

import (
	"context"
	"slices"
	"time"

	"github.com/liidestuja/liidestuja/alt"
)

// lookEvery is how often a busy store looks whether something's time has come.
const lookEvery = 50 * time.Millisecond

// Times that come are found in three ways. Retries, and events that take their
// place later, have an index. The replica that claimed an item misses it when its
// lease ends. And now and then every replica looks through the heads for leases
// that are over, in case that one cannot: it was stopped in the middle, or never
// heard that its claim had succeeded.
const (
	// The time is one that does not run on while the statement does: any other
	// could not be looked up in an index.
	findDue = `SELECT l.id FROM live l WHERE l.due <= coalesce($1::timestamptz, statement_timestamp()) ORDER BY l.due, l.place LIMIT $2::bigint`

	findOver = `SELECT l.id FROM live l WHERE l.head AND l.due IS NULL AND l.claimed AND l.until <= coalesce($1::timestamptz, statement_timestamp())
		ORDER BY l.until LIMIT $2::bigint`

	// dueAtOnce bounds how many items one transaction wakes.
	dueAtOnce = 500
	// sweepEvery is how often leases are looked for, and sweepShare bounds what
	// part of the time that takes.
	sweepEvery = 5 * time.Second
	sweepShare = 50
)

// timers is when a store looked last.
type timers struct {
	due   time.Time
	sweep time.Time // when the next one is due
}

// wakeDue sees to items whose time has come.
func (s *Store) wakeDue(ctx context.Context) error {
	due, sweep := s.look()
	if !due {
		return nil
	}
	if ids := s.ready.expired(s.localNow()); len(ids) > 0 {
		if err := s.wake(ctx, ids); err != nil {
			return err
		}
	}
	if err := s.wakeAll(ctx, findDue); err != nil || !sweep {
		return err
	}
	began := time.Now()
	err := s.wakeAll(ctx, findOver)
	s.times.Lock()
	defer s.times.Unlock()
	s.timers.sweep = began.Add(max(sweepEvery, sweepShare*time.Since(began)))
	return err
}

// look reports what it is time to look for. By a clock of its own, a test expects
// what is due at once.
func (s *Store) look() (due, sweep bool) {
	if s.cfg.Now != nil {
		return true, true
	}
	now := time.Now()
	s.times.Lock()
	defer s.times.Unlock()
	if now.Sub(s.timers.due) < lookEvery {
		return false, false
	}
	s.timers.due = now
	if sweep = !now.Before(s.timers.sweep); sweep {
		s.timers.sweep = now.Add(sweepEvery)
	}
	return true, sweep
}

// wakeAll wakes all items that a query finds.
func (s *Store) wakeAll(ctx context.Context, sql string) error {
	for {
		rows, err := s.query(ctx, sql, s.clock(), dueAtOnce)
		if err != nil || len(rows) == 0 {
			return err
		}
		ids := make([]int64, len(rows))
		for i, r := range rows {
			ids[i] = r.num(0)
		}
		if err := s.wake(ctx, ids); err != nil || len(rows) < dueAtOnce {
			return err
		}
	}
}

// wake sees to items: events take their place, retries and leases that ran out
// can be claimed again, and of a message that was being sent nobody knows what
// became.
func (s *Store) wake(ctx context.Context, ids []int64) error {
	n := &needs{numbers: len(ids), items: ids, strays: ids}
	return s.enter(ctx, n, func(t *tx) error { return t.wake(ids) })
}

const (
	// What this replica has claimed is left alone until its time is over.
	selectDue = `SELECT id, due <= $2 OR claimed AND until <= $2, claimed AND until > $2 AND replica IS NOT DISTINCT FROM $3::bigint FROM live
		WHERE id = ANY($1::bigint[]) ORDER BY coalesce(due, until), place`

	offerAgain = `UPDATE live SET due = NULL, claimed = false WHERE id = ANY($1::bigint[])` + returningHeads
)

func (t *tx) wake(ids []int64) error {
	rows, err := t.all(selectDue, ids, t.now, number(t.s.replica))
	if err != nil {
		return err
	}
	t.dropped = append(t.dropped, ids...)
	var again []int64
	for _, r := range rows {
		if r.is(2) {
			t.dropped = slices.DeleteFunc(t.dropped, func(id int64) bool { return id == r.num(0) })
		}
		if !r.is(1) {
			continue
		}
		it, err := t.item(r.num(0))
		if err != nil {
			return err
		}
		switch {
		case it.work == alt.Outbox && it.claimed:
			if err := t.unknown(it); err != nil {
				return err
			}
		case it.late:
			it.late = false
			t.exec("UPDATE live SET late = false, due = NULL, place = $2 WHERE id = $1", it.id, t.next())
			t.freed[it.lane] = true
		default:
			it.claimed = false
			again = append(again, it.id)
		}
		t.wakes[string(it.work)] = true
	}
	if len(again) > 0 {
		t.offer(offerAgain, again)
	}
	return nil
}
