package pgstore

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"

	"github.com/liidestuja/liidestuja/alt"
)

// giveBack takes back a claim of which nobody was told.
const giveBack = `UPDATE live SET claimed = false, until = NULL, replica = NULL, attempt = attempt - 1
	WHERE id = ANY($1::bigint[]) AND token = $2::bigint AND claimed`

// claimed is what a claim asked for, under the token that it gave to all of it.
type claimed struct {
	work  alt.Work
	ids   []int64
	token int64
}

// newToken is one that no other claim has: what is done under it touches nothing
// that was claimed later.
func newToken() int64 { return rand.Int64() | 1 } //nolint:gosec // it must differ, and is no secret

// doubts are claims that the table may have and nobody was told of: the answer
// was lost, or what was claimed could not be read. Without them a message would
// wait until its lease ends, and one to a person would then be uncertain, though
// nobody had begun to send it.
type doubts struct {
	mu   sync.Mutex
	list []claimed
}

func (d *doubts) add(c claimed) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.list = append(d.list, c)
}

// take returns one of them; the caller settles it or adds it again.
func (d *doubts) take() (c claimed, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.list) == 0 {
		return claimed{}, false
	}
	c = d.list[0]
	d.list = d.list[1:]
	return c, true
}

// settleDoubts gives back what is in doubt, before anything else is claimed.
func (s *Store) settleDoubts(ctx context.Context) error {
	for {
		c, ok := s.doubts.take()
		if !ok {
			return nil
		}
		if _, err := s.query(ctx, giveBack, c.ids, c.token); err != nil {
			s.doubts.add(c)
			return err
		}
		s.ready.forget(c.work, c.ids)
	}
}

// inDoubt reports whether a statement that failed may have been carried out all
// the same: whoever could not connect asked nothing, and a server that says no
// changed nothing.
func inDoubt(err error) bool {
	if errors.Is(err, errUnreachable) || errors.Is(err, context.DeadlineExceeded) && !isBroken(err) {
		return false
	}
	state := sqlState(err)
	return state == "" || ended(state)
}
