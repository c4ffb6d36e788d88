package lines

import (
	"sync"
	"time"
)

// flows keeps what a login needs between two requests, sealed, for a short time and
// in memory: a restart ends logins, and people begin again.
type flows struct {
	now func() time.Time

	mu   sync.Mutex
	byID map[string]keptFlow
}

type keptFlow struct {
	box   []byte
	until time.Time
}

// maxFlows bounds the memory: hardly anybody adds two lines at once.
const maxFlows = 1000

func newFlows(now func() time.Time) *flows { return &flows{now: now, byID: make(map[string]keptFlow)} }

// put keeps a new one, and reports whether there was room.
func (f *flows) put(id string, box []byte, until time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	for id, k := range f.byID {
		if !now.Before(k.until) {
			delete(f.byID, id)
		}
	}
	if len(f.byID) >= maxFlows {
		return false
	}
	f.byID[id] = keptFlow{box, until}
	return true
}

// change replaces one by what next makes of it, unless that fails; nobody else sees
// it in between, so each step is taken once. It reports whether there is one.
func (f *flows) change(id string, next func(box []byte) ([]byte, error)) (found bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k, ok := f.byID[id]
	if !ok || !f.now().Before(k.until) {
		delete(f.byID, id)
		return false, nil
	}
	box, err := next(k.box)
	if err == nil {
		f.byID[id] = keptFlow{box, k.until}
	}
	return true, err
}
