package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp"
)

// service is the library as an agency would use it: a bot that says what people
// say.
type service struct {
	svc            *alt.Service
	store          alt.Store
	sent, reported atomic.Int64

	mu      sync.Mutex
	trouble map[string]int
	people  map[channels.Address]string // who wrote, by the first word of the message
	halt    func()                      // ends what run began
}

// stats is what a server tells of itself.
type stats struct {
	Sent, Reported int64
	Open           int            // items that are not finished; -1: not looked at
	Trouble        map[string]int // what else was observed that is not as it should be
}

// serveService mounts the webhooks and, for the parent, /stats, /run, /halt and
// /queue.
func serveService(mux *http.ServeMux, w wire, t task) error {
	driver, err := w.driver(t.Provider)
	if err != nil {
		return err
	}
	s := &service{people: make(map[channels.Address]string), trouble: make(map[string]int), halt: func() {}}
	if s.store, err = t.Place.open(context.Background()); err != nil {
		return err
	}
	s.svc, err = alt.New(alt.Config{
		Store: s.store, Providers: []msp.Provider{driver}, PublicURL: "https://bench.example/webhooks",
		TurnWorkers: 128, SendWorkers: 128, Handler: alt.HandlerFunc(s.answer), Observe: s.observe,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		return err
	}
	mux.Handle("/webhooks/", http.StripPrefix("/webhooks", s.svc.Webhooks()))
	mux.HandleFunc("/stats", s.tell)
	for path, do := range map[string]func(*http.Request) error{
		"/run": func(*http.Request) error { s.run(); return nil }, "/halt": func(*http.Request) error { s.halt(); return nil }, "/queue": s.queue,
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if err := do(r); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		})
	}
	if t.Role == roleTurns {
		s.run()
	}
	return nil
}

func (s *service) answer(_ context.Context, t *alt.Turn) error {
	who, _, _ := strings.Cut(t.Text(), " ")
	s.mu.Lock()
	s.people[t.Address()] = who
	s.mu.Unlock()
	return t.ReplyText(t.Text())
}

func (s *service) observe(o alt.Observation) {
	switch o.Name {
	case "send.sent":
		s.sent.Add(1)
	case "report.applied":
		s.reported.Add(1)
	case "webhook.accepted", "turn.done", "line.up":
	default:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.trouble[strings.TrimSpace(o.Name+" "+o.Code)] += o.N
	}
}

// tell looks at the queues only when everything was sent that the caller waits
// for: to count them costs a database something.
func (s *service) tell(w http.ResponseWriter, r *http.Request) {
	st := stats{Sent: s.sent.Load(), Reported: s.reported.Load(), Open: -1}
	if r.FormValue("depths") != "" {
		depths, err := s.store.Depths(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		st.Open = 0
		s.mu.Lock()
		st.Trouble = maps.Clone(s.trouble)
		s.mu.Unlock()
		for _, n := range depths {
			st.Open += n
		}
	}
	_ = json.NewEncoder(w).Encode(st) // the caller sees that it is cut off
}

// run works the queues until halt.
func (s *service) run() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.svc.Run(ctx) // it always returns nil
	}()
	s.halt = func() { cancel(); <-done }
}

const queuers = 64

// queue queues n messages to the people who have written. A person's have
// numbers that grow.
func (s *service) queue(r *http.Request) error {
	n, err := strconv.Atoi(r.FormValue("n"))
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	shares := make([][]channels.Address, queuers)
	i := 0
	for a := range s.people {
		shares[i%queuers] = append(shares[i%queuers], a)
		i++
	}
	errs := make([]error, queuers)
	var left atomic.Int64
	left.Store(int64(n))
	var wg sync.WaitGroup
	for i, share := range shares {
		wg.Go(func() {
			for k := 1; errs[i] == nil && len(share) > 0; k++ {
				for _, a := range share {
					if left.Add(-1) < 0 {
						return
					}
					text := fmt.Sprintf("%s %06d Tere! Teie avaldus on vastu võetud.", s.people[a], k)
					if _, err := s.svc.Send(r.Context(), channels.Outbound{To: a, Content: channels.Text{Body: text}}); err != nil {
						errs[i] = err
						return
					}
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
