package desk

import "sync"

// streams counts the live streams of each caller and ends them all.
type streams struct {
	each int
	done chan struct{} // closed by close
	once sync.Once

	mu   sync.Mutex
	open map[string]int
}

func newStreams(each int) *streams {
	return &streams{each: each, done: make(chan struct{}), open: make(map[string]int)}
}

// enter counts a stream in, unless the caller has enough of them, and returns
// the function that counts it out.
func (s *streams) enter(who caller) (leave func(), ok bool) {
	name := string(who.Agency) + "\x00" + who.ID
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[name] >= s.each {
		return nil, false
	}
	s.open[name]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.open[name]--; s.open[name] == 0 {
			delete(s.open, name)
		}
	}, true
}

func (s *streams) close() { s.once.Do(func() { close(s.done) }) }
