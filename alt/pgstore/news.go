package pgstore

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/liidestuja/liidestuja/alt"
)

// tellAfter is how long a replica waits before it notifies: what its own workers
// have taken by then is nothing to the others, and the server orders notifying
// transactions one after the other.
const tellAfter = 10 * time.Millisecond

// changed is said of what is no work, or no work any more.
const changed = "changed"

// news passes on which queues got work, from replica to replica.
type news struct {
	s    *Store
	said chan struct{}
	done chan struct{}
	end  sync.Once

	mu      sync.Mutex
	wakes   map[string]bool
	readers map[chan alt.Work]bool
}

func newNews(s *Store) *news {
	return &news{s: s, said: make(chan struct{}, 1), done: make(chan struct{}), wakes: make(map[string]bool), readers: make(map[chan alt.Work]bool)}
}

func (n *news) start() {
	if !n.s.cfg.Pooled {
		go n.loop()
	}
	go n.s.watchNotes(n.done)
}

// channel is the name that the replicas of one schema listen to.
func (n *news) channel() string { return "liidestuja_" + n.s.schema }

// tell has the other replicas know of work. It is said after the commit and
// apart from it, as nothing depends on it: each replica looks by itself now and
// then.
func (n *news) tell(wakes map[string]bool) {
	if len(wakes) == 0 || n.s.cfg.Pooled {
		return
	}
	n.mu.Lock()
	for w := range wakes {
		n.wakes[w] = true
	}
	n.mu.Unlock()
	select {
	case n.said <- struct{}{}:
	default:
	}
}

func (n *news) loop() {
	for {
		select {
		case <-n.said:
		case <-n.done:
			return
		}
		pauseFor(context.Background(), tellAfter)
		words := []string{strconv.FormatInt(n.s.replica, 10), changed}
		n.mu.Lock()
		for w := range n.wakes {
			if n.s.ready.left(alt.Work(w)) {
				words = append(words, w)
			}
		}
		clear(n.wakes)
		n.mu.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), n.s.cfg.Timeout)
		_ = n.s.pool.use(ctx, func(c *pgx.Conn) error {
			_, err := c.Exec(ctx, "SELECT pg_notify($1, $2)", n.channel(), strings.Join(words, " "))
			return err
		})
		cancel()
	}
}

// heard passes on what another replica said.
func (n *news) heard(payload string) {
	if payload == noted {
		n.s.lookForNotes()
		return
	}
	words := strings.Fields(payload)
	if len(words) == 0 || words[0] == strconv.FormatInt(n.s.replica, 10) {
		return
	}
	for _, w := range words[1:] {
		if w == changed {
			w = ""
		}
		n.pass(alt.Work(w))
	}
}

func (n *news) everything() {
	n.s.lookForNotes()
	for _, w := range []alt.Work{alt.Media, alt.Inbox, alt.Outbox, alt.Reconcile} {
		n.pass(w)
	}
}

// pass gives work to every reader that has room; one that has not will look
// anyway.
func (n *news) pass(w alt.Work) {
	n.s.ready.hear(w)
	n.mu.Lock()
	defer n.mu.Unlock()
	for ch := range n.readers {
		select {
		case ch <- w:
		default:
		}
	}
}

func (n *news) close() { n.end.Do(func() { close(n.done) }) }

// Notify returns a channel that gets the name of a queue when another replica
// has put work into it, or finished what held work back, and has left it to
// others; and an empty one when another replica has changed something. It is closed when ctx
// ends or the store is closed. News may be lost, so readers look now and then
// by themselves. With Config.Pooled it gets the name of every queue with work
// that can be claimed, each Config.Poll.
func (s *Store) Notify(ctx context.Context) (<-chan alt.Work, error) {
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	s.closing.RUnlock()
	n, ch := s.news, make(chan alt.Work, 64)
	n.mu.Lock()
	n.readers[ch] = true
	n.mu.Unlock()
	go func() {
		defer func() {
			n.mu.Lock()
			delete(n.readers, ch)
			close(ch)
			n.mu.Unlock()
		}()
		if !s.cfg.Pooled {
			select {
			case <-ctx.Done():
			case <-n.done:
			}
			return
		}
		s.poll(ctx, ch)
	}()
	return ch, nil
}

// poll looks for work that can be claimed.
func (s *Store) poll(ctx context.Context, ch chan<- alt.Work) {
	tick := time.NewTicker(s.cfg.Poll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.news.done:
			return
		case <-tick.C:
		}
		rows, err := s.read(ctx, `SELECT w FROM unnest(ARRAY['media', 'inbox', 'outbox', 'reconcile']) AS w
			WHERE EXISTS (SELECT 1 FROM live WHERE work = w AND head AND due IS NULL AND NOT claimed)
				OR EXISTS (SELECT 1 FROM live WHERE due <= coalesce($1::timestamptz, statement_timestamp()))`, s.clock())
		if errors.Is(err, alt.ErrClosed) {
			return
		}
		for _, r := range rows {
			s.ready.hear(alt.Work(r.str(0)))
			select {
			case ch <- alt.Work(r.str(0)):
			default:
			}
		}
	}
}
