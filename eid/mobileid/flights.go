package mobileid

import (
	"context"
	"sync"
)

// flights sees to it that nobody asks for a session while somebody else does:
// the service would end the first poll. Those who come later get the answer of
// the one that is under way.
type flights struct {
	mu  sync.Mutex
	now map[string]*flight
}

type flight struct {
	done   chan struct{}
	body   []byte
	err    error
	landed bool // false: given up, and whoever waits asks again
}

// do calls ask unless another call of the same key is under way, and returns what
// came of it. A call that ended because its own ctx did is nobody else's answer.
func (f *flights) do(ctx context.Context, key string, ask func() ([]byte, error)) ([]byte, error) {
	for {
		mine, ahead := f.board(key)
		if ahead == nil {
			return f.fly(ctx, key, mine, ask)
		}
		select {
		case <-ahead.done:
			if ahead.landed {
				return ahead.body, ahead.err
			}
		case <-ctx.Done():
			return nil, callFailure(opSession, ctx.Err())
		}
	}
}

// board returns the flight under way, or a new one that is the caller's.
func (f *flights) board(key string) (mine, ahead *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if ahead := f.now[key]; ahead != nil {
		return nil, ahead
	}
	mine = &flight{done: make(chan struct{})}
	f.now[key] = mine
	return mine, nil
}

func (f *flights) fly(ctx context.Context, key string, mine *flight, ask func() ([]byte, error)) ([]byte, error) {
	defer func() { // also when ask panics
		f.mu.Lock()
		delete(f.now, key)
		f.mu.Unlock()
		close(mine.done)
	}()
	mine.body, mine.err = ask()
	mine.landed = mine.err == nil || ctx.Err() == nil
	return mine.body, mine.err
}
