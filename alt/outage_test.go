package alt_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

// Of the outage: each person who wrote gets a few answers, one after another.
const (
	outageFor     = 10 * time.Minute
	outageAnswers = 10
	outageRate    = 500 // a second
	outageWorkers = 64
)

// outageLine is a line that is down when it is told, and keeps of what it sends only
// what the test asks for.
type outageLine struct {
	*channeltest.Fake

	mu       sync.Mutex
	down     bool
	attempts int // while it was down
	sent     map[string]int
	next     map[channels.Peer]int // the number that follows, of answers
	wrong    []string

	tokens float64 // of the line's rate, as the test counts it
	last   time.Time
	fast   int // sends beyond the rate
	late   int // urgent messages that went out after an answer or notice had
}

func (f *outageLine) Send(_ context.Context, o channels.Outbound) (channels.Receipt, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		f.attempts++
		return channels.Receipt{}, sendError(channels.ErrUnavailable, channels.NotSent, 0)
	}
	now := time.Now()
	f.tokens = min(outageRate, f.tokens+now.Sub(f.last).Seconds()*outageRate)
	if f.last = now; f.tokens < 1-1e-6 {
		f.fast++
	}
	f.tokens--
	var kind string
	var n int
	if _, err := fmt.Sscan(o.Content.(channels.Text).Body, &kind, &n); err != nil {
		f.wrong = append(f.wrong, "not understood")
	}
	switch {
	case kind == "answer" && n != f.next[o.To.Peer]:
		f.wrong = append(f.wrong, fmt.Sprintf("answer %d instead of %d", n, f.next[o.To.Peer]))
	case kind == "answer":
		f.next[o.To.Peer]++
	case kind == "urgent" && f.sent["answer"]+f.sent["notice"] > outageWorkers: // what was being tried already
		f.late++
	}
	f.sent[kind]++
	return channels.Receipt{ID: channels.ProviderID("out-" + o.Ref())}, nil
}

// heap is what is in use, in bytes.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what the first one let finalizers free
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestAnOutageOfTheProviderLosesNothingAndNeedsNoMemory(t *testing.T) {
	people, notices, urgent := 10_000, 2000, 200
	if testing.Short() {
		people, notices, urgent = 500, 100, 10
	}
	answers := people * outageAnswers
	synctest.Test(t, func(t *testing.T) {
		st, err := sqlitestore.Open(t.Context(), sqlitestore.Config{Path: filepath.Join(t.TempDir(), "alt.db"), Key: bytes.Repeat([]byte("k"), 32)})
		require.NoError(t, err)
		defer func() { require.NoError(t, st.Close()) }()
		line := &outageLine{down: true, sent: make(map[string]int), next: make(map[channels.Peer]int), tokens: outageRate}
		empty := heap()
		svc, _, stop := running(t, alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
			for n := range outageAnswers {
				if err := t.ReplyText(fmt.Sprint("answer ", n)); err != nil {
					return err
				}
			}
			return nil
		}), func(c *alt.Config) {
			line.Fake = c.Channels[0].(*channeltest.Fake)
			c.Channels = []channels.Channel{line}
			c.Store, c.SendWorkers = st, outageWorkers
			c.Rates = map[channels.ID]alt.Rate{"sms": {PerSecond: outageRate, Burst: outageRate}}
		})
		defer stop()
		waiting := func(w alt.Work) int {
			d, err := st.Depths(t.Context())
			require.NoError(t, err)
			return d[w]
		}

		write(t, svc, line.Fake, people)
		for waiting(alt.Inbox) > 0 {
			time.Sleep(time.Second)
		}
		require.Equal(t, answers, waiting(alt.Outbox))
		notify(t, svc, notices)
		begun, full := time.Now(), heap()
		time.Sleep(outageFor / 2)
		for n := range urgent {
			_, err := svc.Send(t.Context(), channels.Outbound{To: channels.Address{Channel: "sms", Peer: peerOf(2_000_000 + n)},
				Content: channels.Text{Body: "urgent 0"}, Priority: channels.Urgent})
			require.NoError(t, err)
		}
		time.Sleep(time.Until(begun.Add(outageFor)))
		all, after := waiting(alt.Outbox), heap()
		require.Equal(t, answers+notices+urgent, all)

		line.mu.Lock()
		line.down, line.last = false, time.Now()
		line.mu.Unlock()
		begun = time.Now()
		for waiting(alt.Outbox) > 0 && time.Since(begun) < time.Hour {
			time.Sleep(time.Second)
		}
		took := time.Since(begun)
		line.mu.Lock()
		defer line.mu.Unlock()
		t.Logf("outage: waiting %d for %v, attempts %d, heap empty %d KiB, at its begin %d KiB, at its end %d KiB; sent %v in %v, lost %d, out of order %d, too fast %d, urgent too late %d",
			all, outageFor, line.attempts, empty>>10, full>>10, after>>10, line.sent, took, all-line.sent["answer"]-line.sent["notice"]-line.sent["urgent"],
			len(line.wrong), line.fast, line.late)

		require.Equal(t, map[string]int{"answer": answers, "notice": notices, "urgent": urgent}, line.sent, "all went out, and once")
		require.Empty(t, line.wrong, "a person's answers are in order")
		require.Zero(t, line.late, "urgent messages overtake the others")
		require.LessOrEqual(t, line.fast, outageWorkers, "the line's rate is kept")
		require.Less(t, took, time.Duration(all/outageRate)*time.Second+time.Minute, "the line's rate is used")
		require.Less(t, line.attempts, outageWorkers+int(outageFor/(9*time.Second)), "the breaker spares the provider")
		require.Less(t, after-full, int64(4<<20), "memory does not grow during the outage")
		require.Less(t, full-empty, int64(all)<<10+16<<20, "what waits needs little memory")
		letters, _, err := st.Letters(t.Context(), alt.LetterQuery{Agency: "agency"})
		require.NoError(t, err)
		require.Empty(t, letters)
	})
}

func peerOf(n int) channels.Peer { return channels.Peer(fmt.Sprintf("+3725%08d", n)) }

// write lets so many people write once.
func write(t *testing.T, svc *alt.Service, fake *channeltest.Fake, people int) {
	t.Helper()
	var evs []channels.Event
	for n := range people {
		evs = append(evs, fake.Message(peerOf(n), "Tere"))
		if len(evs) == 250 || n == people-1 {
			post(t, svc, fake.Post(evs...))
			evs = nil
		}
	}
}

// notify sends a notice to so many others, which may wait longer than answers.
func notify(t *testing.T, svc *alt.Service, people int) {
	t.Helper()
	for first := 0; first < people; first += alt.MaxBroadcast {
		b := alt.Broadcast{ID: "notice", Line: "sms", Content: channels.Text{Body: "notice 0"}}
		for n := first; n < min(people, first+alt.MaxBroadcast); n++ {
			b.Recipients = append(b.Recipients, alt.Recipient{Key: fmt.Sprint(n), Peer: peerOf(1_000_000 + n)})
		}
		refused, err := svc.Broadcast(t.Context(), b)
		require.NoError(t, err)
		require.Empty(t, refused)
	}
}
