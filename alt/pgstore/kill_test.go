package pgstore_test

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/pgstore"
	"github.com/liidestuja/liidestuja/channels"
)

// killed names the database for the processes that are killed, and provider
// where they send messages to.
const (
	killed   = "PGSTORE_TEST_KILLED"
	provider = "PGSTORE_TEST_PROVIDER"
	pooled   = "PGSTORE_TEST_POOLED" // set when the database is reached through a pooler
)

const people = 12

// TestKilled is no test: it is a replica that works until the parent's TestKill
// kills it. It says "accepted KEY" when Accept has returned.
func TestKilled(t *testing.T) {
	dsn := os.Getenv(killed)
	if dsn == "" {
		t.Skip("the other end of TestKill, which starts it as a process of its own")
	}
	st, err := pgstore.Open(t.Context(), pgstore.Config{DSN: dsn, Key: testKey(), InsecureNotDurable: true, Connections: 4, Pooled: os.Getenv(pooled) != ""})
	require.NoError(t, err)
	var mu sync.Mutex
	tell := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Printf(format+"\n", args...)
	}
	send := func(id channels.MessageID) error { return sendTo(os.Getenv(provider), id) }
	for w := range 6 {
		go func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("%d-%d-%d", os.Getpid(), w, i)
				if _, err := st.Accept(context.Background(), []channels.Event{says(channels.Peer(fmt.Sprint("p", i%people)), key, "tere")}); err != nil {
					tell("failed accept %v", err)
					continue
				}
				tell("accepted %s", key)
			}
		}()
		for _, queue := range []alt.Work{alt.Inbox, alt.Outbox} {
			go func() {
				for {
					if n, err := work(st, queue, 2, send); err != nil {
						tell("failed %s %v", queue, err)
					} else if n == 0 {
						time.Sleep(2 * time.Millisecond)
					}
				}
			}()
		}
	}
	select {}
}

// sendTo hands a message to the parent, which is the provider.
func sendTo(url string, id channels.MessageID) error {
	resp, err := http.Post(url, "text/plain", strings.NewReader(string(id)))
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// work handles some of what there is of one queue. What another replica took
// over meanwhile is not ours any more, which is no failure.
func work(st *pgstore.Store, queue alt.Work, most int, send func(channels.MessageID) error) (int, error) {
	ctx := context.Background()
	lease := time.Minute
	if st.Config().Pooled {
		lease = 5 * time.Second // what the dead had is free when it ends
	}
	items, err := st.Claim(ctx, alt.ClaimQuery{Work: queue, Max: most, Lease: lease})
	for _, it := range items {
		c := alt.Changes{Record: true}
		if it.Outbound != nil {
			if err := send(it.Outbound.ID); err != nil {
				return 0, err
			}
			c = alt.Changes{Receipt: &channels.Receipt{ID: channels.ProviderID("at-provider-" + it.Outbound.ID), At: time.Now()}}
		} else {
			a := it.Event.Meta().Address()
			d, err := st.Dossier(ctx, a)
			if err != nil {
				return 0, err
			}
			if c.Conversation = d.Conversation; c.Conversation == nil {
				c.Conversation = talk(a, "c-"+string(a.Peer))
			}
			c.Send = []channels.Outbound{answer(a, channels.MessageID("r-"+it.Event.Meta().Key), "vastus")}
		}
		if err := st.Commit(ctx, it, c); err != nil && !errors.Is(err, alt.ErrLeaseLost) {
			return 0, err
		}
	}
	return len(items), err
}

// cluster is some replicas, and what they did.
type cluster struct {
	*testing.T
	dsn, url string
	pooler   string // the way that replicas take to the database, when it is another

	mu             sync.Mutex
	accepted, sent []string
	failed         []string
}

func (c *cluster) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	id, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = append(c.sent, string(id))
}

// replica starts one, and returns a function that kills it.
func (c *cluster) replica() (kill func()) {
	cmd := exec.CommandContext(c.Context(), os.Args[0], "-test.run=^TestKilled$")
	cmd.Env = append(os.Environ(), killed+"="+cmp.Or(c.pooler, c.dsn), pooled+"="+c.pooler, provider+"="+c.url)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(c, err)
	require.NoError(c, cmd.Start())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			what, name, _ := strings.Cut(lines.Text(), " ")
			c.mu.Lock()
			switch what {
			case "accepted":
				c.accepted = append(c.accepted, name)
			case "failed":
				c.failed = append(c.failed, name)
			}
			c.mu.Unlock()
		}
		_ = cmd.Wait()
	}()
	return func() {
		_ = cmd.Process.Kill()
		<-done
	}
}

// TestKill has replicas killed and started again while they work on one
// database, and counts what is lost: nothing.
func TestKill(t *testing.T) {
	for _, replicas := range []int{2, 4} {
		t.Run(fmt.Sprintf("%d replicas", replicas), func(t *testing.T) {
			kills := 12
			if testing.Short() {
				kills = 4
			}
			c := &cluster{T: t, dsn: database(t)}
			c.run(replicas, kills)
		})
	}
}

// run starts replicas, kills them again and again, and counts.
func (c *cluster) run(replicas, kills int) {
	srv := httptest.NewServer(c)
	defer srv.Close()
	c.url = srv.URL
	alive := make([]func(), replicas)
	for i := range alive {
		alive[i] = c.replica()
	}
	for n := range kills {
		time.Sleep(time.Duration(300+rand.IntN(500)) * time.Millisecond)
		c.worked(12 * (n + 1)) // a busy machine takes longer to begin
		i := rand.IntN(replicas)
		alive[i]()
		alive[i] = c.replica()
	}
	for _, kill := range alive {
		kill()
	}
	c.count(kills)
}

// worked waits until so many events are accepted, or for long enough.
func (c *cluster) worked(events int) {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		c.mu.Lock()
		n := len(c.accepted)
		c.mu.Unlock()
		if n >= events {
			return
		}
	}
}

// count finishes the work and compares.
func (c *cluster) count(kills int) {
	require.Empty(c, c.failed)
	require.Greater(c, len(c.accepted), 10*kills)
	st := open(c, pgstore.Config{DSN: c.dsn, Key: testKey(), InsecureNotDurable: true})
	send := func(id channels.MessageID) error {
		c.sent = append(c.sent, string(id))
		return nil
	}
	for deadline := time.Now().Add(2 * time.Minute); ; {
		d, err := st.Depths(c.Context())
		require.NoError(c, err)
		if d[alt.Inbox]+d[alt.Outbox] == 0 {
			break
		}
		require.True(c, time.Now().Before(deadline), "left: %v", d)
		n := 0
		for _, queue := range []alt.Work{alt.Inbox, alt.Outbox} {
			m, err := work(st, queue, 100, send)
			require.NoError(c, err)
			n += m
		}
		if n == 0 {
			time.Sleep(50 * time.Millisecond) // until the server has noticed every death
		}
	}
	d, err := st.Depths(c.Context())
	require.NoError(c, err)
	unsure := d[alt.Reconcile]
	doubled := len(c.sent) - len(slices.Compact(slices.Sorted(slices.Values(c.sent))))
	lost, unknown := 0, 0
	wasSent := make(map[string]bool, len(c.sent))
	for _, id := range c.sent {
		wasSent[id] = true
	}
	for _, key := range c.accepted {
		m, err := st.Message(c.Context(), agency, channels.MessageID("r-"+key))
		switch {
		case err != nil || m[0].Status != channels.Unknown && !wasSent["r-"+key]:
			lost++
		case m[0].Status == channels.Unknown:
			unknown++
		default:
			require.Equal(c, channels.Sent, m[0].Status)
		}
	}
	disorder := 0
	last := make(map[channels.Peer]int64)
	for _, id := range c.sent {
		m, err := st.Message(c.Context(), agency, channels.MessageID(id))
		require.NoError(c, err)
		if m[0].Seq < last[m[0].Address.Peer] {
			disorder++
		}
		last[m[0].Address.Peer] = m[0].Seq
	}
	c.Logf("kills=%d accepted=%d sent=%d uncertain=%d lost=%d doubled=%d disorder=%d", kills, len(c.accepted), len(c.sent), unsure, lost, doubled, disorder)
	require.Equal(c, []int{0, 0, 0}, []int{lost, doubled, disorder}, "lost, doubled, in disorder")
	require.LessOrEqual(c, unknown, unsure)
	require.LessOrEqual(c, unsure, 12*kills+48, "what was in flight")
	for _, key := range c.accepted[:min(100, len(c.accepted))] {
		fresh, err := st.Accept(c.Context(), []channels.Event{says(channels.Peer("p0"), key, "tere")})
		require.NoError(c, err)
		require.Zero(c, fresh, "a redelivery is known")
	}
}
