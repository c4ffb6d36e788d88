package sqlitestore

import "github.com/liidestuja/liidestuja/alt"

// A message that came in and was not claimed yet is fresh: it has no row in live,
// because a claim usually writes that a moment later, and accepting it is a page
// cheaper without. What the row would say follows from the item. store.fresh
// bounds where a start must look for such items; it is written with the stored
// counters, and what stays fresh for long gets its row, so that it moves on.
const (
	// freshMost is how many numbers the oldest fresh item may lie behind.
	freshMost = 2 * grantSize
	// rowsStep bounds how many get their row in one transaction.
	rowsStep = 2 * batchSize
)

// isFresh reports whether an event needs no row in live yet.
func isFresh(a *arrival) bool {
	return a.kind == received && a.work == alt.Inbox && a.at.IsZero() && a.lane == personLane(a.address)
}

const (
	freshRow       = `INSERT INTO live (id, work, kind, place) SELECT i.id, 'inbox', 1, i.id FROM items i `
	missing        = ` AND NOT EXISTS (SELECT 1 FROM live l WHERE l.id = i.id)`
	rowsOf         = freshRow + `WHERE i.id IN (SELECT value FROM json_each(?)) AND i.state = 0` + missing
	rowsAfterStart = freshRow + `WHERE i.id > (SELECT fresh FROM store) AND i.state = 0 AND i.direction IS NULL AND i.text IS NOT NULL` + missing
)

// giveRows gives fresh items their rows.
func (t *tx) giveRows(ids []int64) error {
	_, err := t.exec(rowsOf, idList(ids))
	t.haveRows(ids)
	return err
}

// haveRows tells memory that items have their rows.
func (t *tx) haveRows(ids []int64) {
	t.then(func() {
		for _, id := range ids {
			if e := t.s.live[id]; e != nil {
				e.fresh = false
			}
		}
	})
}

// claimFresh writes down the first claim of fresh items, and returns of how many.
func (t *tx) claimFresh(ids []int64, token int64) (int64, error) {
	if len(ids) == 0 {
		return 0, nil
	}
	t.haveRows(ids)
	return t.exec(`INSERT INTO live (id, work, kind, place, claimed, attempt, token) SELECT i.id, 'inbox', 1, i.id, 1, 1, ?
		FROM items i WHERE i.id IN (SELECT value FROM json_each(?)) AND i.state = 0
		ON CONFLICT (id) DO UPDATE SET claimed = 1, attempt = attempt + 1, token = excluded.token`, token, idList(ids))
}

// giveAllRows gives their rows to all that were fresh when the process before
// ended.
func (t *tx) giveAllRows() error {
	if _, err := t.exec(rowsAfterStart); err != nil {
		return err
	}
	_, err := t.exec("UPDATE store SET fresh = seq")
	return err
}

// giveLateRows gives their rows to what has been fresh for long.
func (t *tx) giveLateRows() error {
	if late := t.s.freshUpTo(t.seq-freshMost, rowsStep); len(late) > 0 {
		return t.giveRows(late)
	}
	return nil
}

// freshUpTo returns the first fresh items up to an id.
func (s *Store) freshUpTo(last int64, most int) []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trimFresh(); len(s.fresh) == 0 || s.fresh[0] > last {
		return nil
	}
	var ids []int64
	for _, id := range s.fresh[:min(most, len(s.fresh))] {
		if e := s.live[id]; id <= last && e != nil && e.fresh {
			ids = append(ids, id)
		}
	}
	return ids
}

// freshAfter returns a number that no fresh item has or is before, except those of
// the transaction that is being written.
func (t *tx) freshAfter() int64 {
	s := t.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trimFresh(); len(s.fresh) > 0 {
		return min(t.from, s.fresh[0]-1)
	}
	return t.from
}

// trimFresh drops from the front of s.fresh what has its row, or is finished.
func (s *Store) trimFresh() {
	for len(s.fresh) > 0 {
		if e := s.live[s.fresh[0]]; e != nil && e.fresh {
			return
		}
		s.fresh = s.fresh[1:]
	}
}

// freshOf tells the fresh ones of some items from the others.
func (s *Store) freshOf(items []alt.Item) (fresh, others []int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, it := range items {
		if e := s.live[it.ID]; e != nil && e.fresh {
			fresh = append(fresh, it.ID)
		} else {
			others = append(others, it.ID)
		}
	}
	return fresh, others
}
