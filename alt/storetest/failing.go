package storetest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// mostStatements bounds the search for the last statement of a transaction.
const mostStatements = 400

// failing checks that a fault in the middle of a change leaves nothing of it.
func failing() []check {
	return []check{
		{"a commit that fails at any statement leaves nothing of it, and can be repeated", func(w *world) {
			w.eachFault(func(n int) []op {
				return []op{w.bigCommit(n)}
			})
		}},
		{"a fault fails one of the commits that share a transaction at most", func(w *world) {
			w.eachFault(func(n int) []op {
				ops := []op{w.bigCommit(n)}
				for i := range 6 {
					ops = append(ops, w.smallCommit(fmt.Sprint("near", n, "-", i)))
				}
				return ops
			})
		}},
		{"an accept that fails at any statement leaves nothing of it", func(w *world) {
			w.eachFault(func(n int) []op {
				var evs []channels.Event
				for i := range 3 {
					evs = append(evs, received(at(channels.Peer(fmt.Sprint("accept", n))), fmt.Sprint("accept", n, "-", i), "x"))
				}
				return []op{{
					do:   func() error { _, err := w.st.Accept(w.Context(), evs); return err },
					done: func() bool { return w.accept(evs...) == 0 },
				}}
			})
		}},
		{"a claim that fails at any statement gives its items back", func(w *world) {
			w.eachFault(func(n int) []op {
				w.says(at(channels.Peer(fmt.Sprint("claim", n))), "tere")
				var items []alt.Item
				return []op{{
					do: func() (err error) {
						items, err = w.st.Claim(w.Context(), alt.ClaimQuery{Work: alt.Inbox, Max: 10, Lease: lease})
						return err
					},
					done: func() bool {
						for _, it := range items {
							require.Equal(w, 1, it.Attempt)
							w.commit(it, alt.Changes{})
						}
						return len(items) == 1
					},
				}}
			})
		}},
	}
}

// op is a change that happens wholly or not at all.
type op struct {
	do   func() error
	done func() bool // whether all of it is there; it fails the check if only a part is
}

// eachFault lets the first, the second, ... statement of the changes fail, until
// they need no more statements.
func (w *world) eachFault(ops func(n int) []op) {
	w.Helper()
	if w.subject.Fail == nil {
		w.Skip("faults cannot be injected")
	}
	for n := 1; n <= mostStatements; n++ {
		round := ops(n)
		happened := w.subject.Fail(w.T, w.st, n)
		errs := make([]error, len(round))
		var wg sync.WaitGroup
		for i, o := range round {
			wg.Go(func() { errs[i] = o.do() })
		}
		wg.Wait()
		hit := happened()
		failed := 0
		for i, o := range round {
			require.Equal(w, errs[i] == nil, o.done(), "statement %d, change %d: %v", n, i, errs[i])
			if errs[i] != nil {
				failed++
				require.NoError(w, o.do(), "the change can be repeated")
				require.True(w, o.done())
			}
		}
		if !hit {
			require.Zero(w, failed)
			require.Greater(w, n, 1, "no statement failed at all")
			return
		}
		require.LessOrEqual(w, failed, 1, "statement %d failed more than one change", n)
	}
	w.Fatal("the faults never end")
}

// bigCommit writes something of everything for an item.
func (w *world) bigCommit(n int) op {
	w.Helper()
	a := at(channels.Peer(fmt.Sprint("person", n)))
	name := func(s string) string { return fmt.Sprint(s, n) }
	w.lost(reply(a, name("lost"), "lost"))
	w.queue(reply(a, name("bot"), "bot"))
	w.accept(received(a, name("in"), "tere"))
	items := w.claim(alt.Inbox, 10)
	require.Len(w, items, 1)
	build := func() alt.Changes {
		c := everything(a)
		c.Record, c.CancelBot, c.Once.Key = true, a, name("once")
		c.Send[0].ID, c.Later[0].Event.Meta().Key, c.Log[0].Act = channels.MessageID(name("new")), name("due"), name("act")
		second := reply(a, name("second"), "second")
		c.Send = append(c.Send, second)
		r := w.byRef(name("lost"), channels.Delivered)
		r.ID = channels.ProviderID(name("plost"))
		c.Reports = []alt.Report{r, w.report(channels.ProviderID(name("parked")), channels.Read)}
		c.Redactions = []alt.Redaction{{Address: a, ID: channels.ProviderID(name("in")), At: w.now()}}
		return c
	}
	return op{
		do: func() error { return w.st.Commit(w.Context(), items[0], build()) },
		done: func() bool {
			w.Helper()
			d := w.dossier(a)
			has := []bool{d.Session != nil, d.Contact != nil, d.Conversation != nil}
			for _, id := range []string{name("new"), name("second"), fmt.Sprint("in-", items[0].ID)} {
				_, err := w.st.Message(w.Context(), ppa, channels.MessageID(id))
				has = append(has, err == nil)
			}
			has = append(has, w.message(channels.MessageID(name("lost"))).Status == channels.Delivered,
				w.message(channels.MessageID(name("bot"))).Status == channels.Canceled, w.logged(name("act")))
			for _, h := range has {
				require.Equal(w, has[0], h, "only a part is there: %v", has)
			}
			if has[0] { // leave nothing for the next round
				for _, it := range w.claim(alt.Outbox, 10) {
					w.sent(it, channels.ProviderID(it.Outbound.ID))
				}
				for _, it := range w.claim(alt.Outbox, 10) {
					w.sent(it, channels.ProviderID(it.Outbound.ID))
				}
			}
			return has[0]
		},
	}
}

// smallCommit queues a message to a person of its own.
func (w *world) smallCommit(id string) op {
	return op{
		do: func() error {
			return w.st.Commit(w.Context(), alt.Item{}, alt.Changes{Send: []channels.Outbound{reply(at(channels.Peer(id)), id, "x")}, Log: []alt.LogEntry{entry(id)}})
		},
		done: func() bool {
			w.Helper()
			_, err := w.st.Message(w.Context(), ppa, channels.MessageID(id))
			require.Equal(w, err == nil, w.logged(id), "only a part is there")
			if err == nil {
				for _, it := range w.claim(alt.Outbox, 100) {
					w.sent(it, channels.ProviderID(it.Outbound.ID))
				}
			}
			return err == nil
		},
	}
}

func (w *world) logged(act string) bool {
	w.Helper()
	page, _, err := w.st.Log(w.Context(), alt.LogQuery{Agency: ppa, Limit: 1000})
	require.NoError(w, err)
	for _, e := range page {
		if e.Act == act {
			return true
		}
	}
	return false
}

func sum(content string) string {
	b := sha256.Sum256([]byte(content))
	return hex.EncodeToString(b[:])
}

var errBroken = errors.New("broken")

// broken is a file whose reading fails in the middle.
type broken struct{ n int }

func (b *broken) Read(p []byte) (int, error) {
	if b.n++; b.n > 3 {
		return 0, errBroken
	}
	return copy(p, time.Stamp), nil
}

var _ io.Reader = (*broken)(nil)
