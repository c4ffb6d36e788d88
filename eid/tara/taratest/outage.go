package taratest

import (
	"net/http"
	"time"
)

// Outage is how an endpoint fails once.
type Outage struct {
	// Wait comes first; it ends when the client gives up.
	Wait time.Duration
	// Status is answered with Body. 0: the endpoint then does its work.
	Status int
	Body   string
	// Cut breaks the connection off, after the work was done when Status is 0: the
	// code is spent, and nobody hears of it.
	Cut bool
}

// FailNext makes the next calls of an endpoint fail, one for each outage, behind
// those that wait already.
func (s *Server) FailNext(e Endpoint, o ...Outage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outages[e] = append(s.outages[e], o...)
}

// play fails as o tells. serve does what the endpoint is for.
func (o Outage) play(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
	if o.Wait > 0 {
		timer := time.NewTimer(o.Wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
	}
	switch {
	case o.Cut:
		if o.Status == 0 {
			serve(discard{http.Header{}}, r)
		}
		panic(http.ErrAbortHandler)
	case o.Status != 0:
		w.WriteHeader(o.Status)
		_, _ = w.Write([]byte(o.Body))
	default:
		serve(w, r)
	}
}

// discard is an answer that nobody gets.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}
