package pgstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// EnqueueTx writes messages down in a transaction of the caller's own, in the
// same database: they are sent if it commits, and were never there if it does
// not. They belong to the open conversation of whom they go to, as it is when
// they are taken up, which is soon after the commit.
//
// Only a note is written here, and no lock of the store's is taken, so the
// transaction may be long. What can be refused at once is: alt.ErrInput for a
// message that is malformed, alt.ErrIDReused for an id that names another
// message, of the store or of a note. The same id with the same content is
// success. Should an id be taken for another message while the note waits, the
// note is dropped, and the security log says so with the act "message.refused";
// otherwise it has an entry when the note is taken up.
//
// The transaction must find the store's tables by its search_path, and its role
// must have the rights of the application role.
func (s *Store) EnqueueTx(ctx context.Context, tx pgx.Tx, messages ...channels.Outbound) error {
	messages = slices.Clone(messages)
	for i := range messages {
		messages[i].Salt = alt.NewSalt()
	}
	p, err := s.vault.prepare(alt.Changes{Send: messages})
	if err != nil {
		return err
	}
	for _, o := range p.send {
		if o.out.To.Agency == "" || o.out.To.Channel == "" || o.out.To.Peer == "" || o.out.ID == "" {
			return fmt.Errorf("%w: a message without id or address", alt.ErrInput)
		}
		var same bool
		err := tx.QueryRow(ctx, `WITH note AS (
				INSERT INTO notes (agency, message, part, print, body, at) VALUES ($1, $2, $3, $4, $5, clock_timestamp())
				ON CONFLICT (message, part, agency) DO NOTHING)
			SELECT NOT EXISTS (SELECT 1 FROM items WHERE message = $2 AND part = $3 AND agency = $1 AND print <> $4)
				AND NOT EXISTS (SELECT 1 FROM notes WHERE message = $2 AND part = $3 AND agency = $1 AND print <> $4)`,
			string(o.out.To.Agency), string(o.out.ID), o.out.Part, o.print[:], o.body).Scan(&same)
		switch {
		case err != nil:
			return &broken{err}
		case !same:
			return alt.ErrIDReused
		}
	}
	if s.cfg.Pooled {
		return nil
	}
	// It is delivered when the transaction commits.
	if _, err := tx.Exec(ctx, "SELECT pg_notify($1, $2)", s.news.channel(), noted); err != nil {
		return &broken{err}
	}
	return nil
}

// noted is what EnqueueTx says to the replicas.
const noted = "note"

// lookForNotes wakes watchNotes.
func (s *Store) lookForNotes() {
	select {
	case s.noted <- struct{}{}:
	default:
	}
}

const (
	notesAtOnce = 100
	// notesEvery is how often a replica looks for notes that it was not told of.
	notesEvery = time.Second
)

// watchNotes takes notes up until done.
func (s *Store) watchNotes(done <-chan struct{}) {
	tick := time.NewTicker(notesEvery)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-s.noted:
		case <-tick.C:
		}
		for n := notesAtOnce; n == notesAtOnce; {
			ctx, cancel := context.WithTimeout(context.Background(), s.cfg.Timeout)
			var err error
			if n, err = s.takeNotes(ctx); err != nil {
				n = 0 // the next look is soon
			}
			cancel()
		}
	}
}

// takeNotes queues the messages of notes and removes these. Replicas take turns,
// so that the notes of one transaction keep their order.
func (s *Store) takeNotes(ctx context.Context) (int, error) {
	const list = "SELECT id, body FROM notes ORDER BY id LIMIT $1"
	rows, err := s.read(ctx, list, notesAtOnce)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	n := &needs{locks: []int64{s.lockOf('e', "notes")}}
	changes := make(map[int64]*change, len(rows))
	for _, r := range rows {
		o, err := channels.UnmarshalOutbound(r.blob(1))
		if err != nil {
			return 0, &broken{err}
		}
		p, err := s.vault.prepare(alt.Changes{Send: []channels.Outbound{o}, Log: []alt.LogEntry{alt.Queued(o)}})
		if err != nil {
			return 0, err
		}
		changes[r.num(0)] = p
		n.add(s.needsOf(alt.Item{}, p))
	}
	return len(rows), s.do(ctx, n, func(t *tx) error {
		still, err := t.all(list, notesAtOnce)
		if err != nil {
			return err
		}
		for _, r := range still {
			p := changes[r.num(0)]
			if p == nil { // it came meanwhile
				return nil
			}
			for i := range p.log {
				p.log[i].At = t.now
			}
			err := t.commit(alt.Item{}, p)
			if errors.Is(err, alt.ErrIDReused) {
				o := p.Send[0]
				refused := alt.LogEntry{Agency: o.To.Agency, At: t.now, Act: "message.refused", Actor: "system", Line: o.To.Channel, Message: string(o.ID)}
				t.log, err = append(t.log, logRow{LogEntry: refused, detail: []byte(`{"code":"id_reused"}`)}), nil
			}
			if err != nil {
				return err
			}
			t.exec("DELETE FROM notes WHERE id = $1", r.num(0))
		}
		return nil
	})
}
