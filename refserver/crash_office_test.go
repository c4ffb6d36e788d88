package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"
)

var errEnded = errors.New("the server ended by itself")

// door is where posts go: a server, or what stands before several.
type door interface {
	// address waits until there is one.
	address(ctx context.Context) (string, error)
}

// office posts what people write and what the provider reports, until each post
// is answered 200.
type office struct {
	wire   wire
	door   door
	seed   uint64
	crowd  crowd
	client *http.Client
	rounds chan post // reports

	taking sync.Mutex // of the simulator's queue

	mu   sync.Mutex
	said map[string][]string // by person, in the order of their 200s

	again, late, several, hungUp, echoes, posted atomic.Int64
}

// crowd is how many connections post for how many people.
type crowd struct{ posters, people int }

func newOffice(w wire, d door, seed uint64, c crowd) *office {
	return &office{wire: w, door: d, seed: seed, crowd: c, said: make(map[string][]string), rounds: make(chan post, 100_000),
		client: &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 4 + c.posters}}}
}

func personOf(i int) string { return fmt.Sprintf("+3725550%04d", i) }

// start starts the posters: each has people of its own, so that the order of a
// chat is the order of its poster. They begin nothing new when posting ends, and
// give up with ctx.
func (o *office) start(ctx, posting context.Context, limit *rate.Limiter) *sync.WaitGroup {
	var posters sync.WaitGroup
	for p := range o.crowd.posters {
		posters.Go(func() {
			random := rand.New(rand.NewPCG(o.seed, uint64(100+p)))
			var people []int
			for i := p; i < o.crowd.people; i += o.crowd.posters {
				people = append(people, i)
			}
			for n := 0; limit.Wait(posting) == nil; n++ {
				i := people[random.IntN(len(people))]
				o.says(ctx, random, i, fmt.Sprintf("p%02d n%06d", i, n))
			}
		})
	}
	for range 4 {
		go o.echo(ctx)
	}
	go o.collect(ctx)
	return &posters
}

// says has a person write, and posts the webhook until it is accepted.
func (o *office) says(ctx context.Context, random *rand.Rand, person int, text string) {
	if random.Float64() < 0.05 {
		o.hangUp()
	}
	d := o.take(func() string { return o.wire.says(personOf(person), text) })
	if random.Float64() < 0.3 {
		o.wire.age(d)
	}
	connections := 1
	if random.Float64() < 0.1 {
		connections = 4
		o.several.Add(1)
	}
	if o.deliver(ctx, d, connections) {
		o.mu.Lock()
		o.said[personOf(person)] = append(o.said[personOf(person)], text)
		o.mu.Unlock()
	}
}

// hangUp lets the answer to one of the next sends be lost, when the one before
// has been: several in a row would only show the breaker.
func (o *office) hangUp() {
	o.taking.Lock()
	defer o.taking.Unlock()
	if _, scripted := o.wire.totals(); int64(scripted) == o.hungUp.Load() {
		o.hungUp.Add(1)
		o.wire.hangUp()
	}
}

// take returns the webhook of the message that says makes; what else waits in
// the simulator's queue is a report on something that was sent.
func (o *office) take(says func() string) *post {
	o.taking.Lock()
	defer o.taking.Unlock()
	id := ""
	if says != nil {
		id = says()
	}
	var mine *post
	for _, p := range o.wire.take() {
		if id != "" && p.message == id {
			mine = &p
		} else {
			o.rounds <- p
		}
	}
	return mine
}

// collect fetches reports when nobody writes.
func (o *office) collect(ctx context.Context) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		o.take(nil)
		<-tick.C
	}
}

// echo posts reports.
func (o *office) echo(ctx context.Context) {
	for {
		select {
		case d := <-o.rounds:
			if o.deliver(ctx, &d, 1) {
				o.echoes.Add(1)
			}
		case <-ctx.Done():
			return
		}
	}
}

// deliver posts the same bytes until one post is answered 200, the first time by
// several connections at once. It returns when all of them were answered, so
// that the next message of the chat comes after this one.
func (o *office) deliver(ctx context.Context, d *post, connections int) bool {
	for first := true; ctx.Err() == nil; first = false {
		base, err := o.door.address(ctx)
		if err != nil {
			return false
		}
		if !first {
			o.again.Add(1)
			connections = 1
		}
		var accepted atomic.Bool
		var all sync.WaitGroup
		for range connections {
			all.Go(func() {
				if o.post(ctx, base, d) {
					accepted.Store(true)
				}
			})
		}
		all.Wait()
		if accepted.Load() {
			o.posted.Add(1)
			return true
		}
		pause(ctx, 50*time.Millisecond) // who is refused comes again a little later
	}
	return false
}

func (o *office) post(ctx context.Context, base string, d *post) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+d.path, bytes.NewReader(d.body))
	if err != nil {
		panic(err)
	}
	r.Header = d.header.Clone()
	r.GetBody = nil // no repetition but our own
	expired := o.wire.expired(d)
	res, err := o.client.Do(r)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return false
	}
	if res.StatusCode == http.StatusOK && expired {
		o.late.Add(1)
	}
	return res.StatusCode == http.StatusOK
}

// accepted is how many messages of people were answered 200.
func (o *office) accepted() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for _, list := range o.said {
		n += len(list)
	}
	return n
}

// quietFor is how long nothing happens before a run is taken to be over.
const quietFor = 6 * time.Second

// quiet waits until nothing has happened for a while.
func (o *office) quiet(ctx context.Context) error {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	last, since := int64(-1), time.Now()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		requests, _ := o.wire.totals()
		now := int64(requests) + o.posted.Load()
		if now != last {
			last, since = now, time.Now()
		}
		if time.Since(since) > quietFor {
			return nil
		}
	}
}

// envInt is a number that an environment variable may change.
func envInt(t *testing.T, name string, usual int) int {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return usual
	}
	n, err := strconv.Atoi(s)
	require.NoError(t, err, name)
	return n
}
