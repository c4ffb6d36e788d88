package pgstore

import (
	"context"
	"runtime"

	"github.com/jackc/pgx/v5"

	"github.com/liidestuja/liidestuja/channels"
)

const (
	// lookers is how many queries read people at the same time; who waits meanwhile
	// shares the next one.
	lookers = 2
	// lookupsAtOnce bounds how many people one query reads.
	lookupsAtOnce = 128
)

// lookup is one person to be read.
type lookup struct {
	address channels.Address
	done    chan struct{}
	row     row // nil: nothing is known
	err     error
}

// person returns what is committed about an address. It may be called by many
// at once: a query of its own for each would be the most of what a turn costs
// the server.
func (s *Store) person(ctx context.Context, a channels.Address) (*person, error) {
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	defer s.closing.RUnlock()
	l := &lookup{address: a, done: make(chan struct{})}
	select {
	case s.lookups <- l:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case <-l.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if l.err != nil {
		return nil, l.err
	}
	return s.vault.decodePerson(l.row)
}

// lookUp answers lookups until there are none to come.
func (s *Store) lookUp() {
	batch := make([]*lookup, 0, lookupsAtOnce)
	for l := range s.lookups {
		runtime.Gosched() // who was answered by the writer at the same moment asks at the same moment
		batch = s.waiting(append(batch[:0], l))
		s.readPersons(batch)
	}
}

// waiting adds to a batch those who wait. It must not wait for them itself: the
// other looker may have taken them meanwhile, and nobody else may ever come.
func (s *Store) waiting(batch []*lookup) []*lookup {
	for len(batch) < lookupsAtOnce {
		select {
		case l, open := <-s.lookups:
			if !open {
				return batch
			}
			batch = append(batch, l)
		default:
			return batch
		}
	}
	return batch
}

func (s *Store) readPersons(batch []*lookup) {
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.Timeout)
	defer cancel()
	list := make([]channels.Address, len(batch))
	for i, l := range batch {
		list[i] = l.address
	}
	agencies, lines, peers := addressColumns(list)
	found := make(map[channels.Address]row, len(batch))
	err := s.pool.use(ctx, func(c *pgx.Conn) error {
		rows, err := c.Query(ctx, selectPeople, agencies, lines, peers)
		if err != nil {
			return unreadable(ctx, err)
		}
		list, err := collect(rows)
		for _, r := range list {
			found[addressOf(r, 0)] = r
		}
		return unreadable(ctx, err)
	})
	for _, l := range batch {
		l.row, l.err = found[l.address], err
		close(l.done)
	}
}
