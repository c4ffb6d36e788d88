package sqlitestore

const (
	// logStep is how many pages of the log, 16 MiB, may wait to be written back:
	// a page that is written again and again is written back once for all.
	logStep = 4000
	// logMost is the length of the log, 48 MiB, at which the writer writes back
	// what is left, so that it can begin at the front again.
	logMost = 12_000
	// logLook is after how many calls the writer looks how long it is. By calls and
	// not by transactions, because one alone writes a few pages and many together a
	// hundred.
	logLook = 32
)

// checkpointer writes the log back into the database beside the writer, who
// would have everybody wait for it. Only the end of a log, which grows
// meanwhile, is left for the writer.
type checkpointer struct {
	c     *conn
	wake  chan struct{}
	ended chan struct{}
}

// openCheckpointer opens the connection. Like the writer's it waits for the
// disk, before the log that is written back may be overwritten.
func (s *Store) openCheckpointer() error {
	c, err := dial(s.cfg.Path, "synchronous(2)")
	if err != nil {
		return err
	}
	s.back = &checkpointer{c: c, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	go func() {
		defer close(s.back.ended)
		for range s.back.wake {
			s.writeBack()
		}
	}()
	return nil
}

// writeBack stays away while the writer empties the log. Its failure costs
// nothing: the log is longer until the next time.
func (s *Store) writeBack() {
	s.gate.RLock()
	defer s.gate.RUnlock()
	_, _ = s.back.c.one("PRAGMA wal_checkpoint(PASSIVE)")
}

// close waits for a write that began.
func (p *checkpointer) close() error {
	close(p.wake)
	<-p.ended
	return p.c.Close()
}

// tend wakes the checkpointer when there is enough to write back.
func (w *writer) tend(calls int) {
	if w.tended += calls; w.tended < logLook || w.c == nil {
		return
	}
	w.tended = 0
	r, err := w.c.one("PRAGMA wal_checkpoint(NOOP)")
	if err != nil || r == nil || r.num(1)-r.num(2) < logStep {
		return
	}
	select {
	case w.s.back.wake <- struct{}{}:
	default: // it is at it
	}
}
