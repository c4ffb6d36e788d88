package storetest

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

type check struct {
	name string
	run  func(w *world)
}

// Names that most checks use.
const (
	ppa  channels.Agency = "ppa"
	rik  channels.Agency = "rik"
	page channels.ID     = "page"
	sms  channels.ID     = "sms"
	mari channels.Peer   = "mari"
	jaan channels.Peer   = "jaan"

	lease = time.Minute
)

// noon is the time at which every check begins.
func noon() time.Time { return time.Date(2026, time.March, 2, 10, 0, 0, 0, time.UTC) }

// world is one check's store and clock.
type world struct {
	*testing.T

	subject Subject
	st      alt.Store
	clock   *clock
	keys    int
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func newWorld(t *testing.T, s Subject) *world {
	t.Helper()
	w := &world{T: t, subject: s, clock: &clock{now: noon()}}
	w.st = s.Open(t, w.clock.Now)
	t.Cleanup(func() { _ = w.st.Close() })
	return w
}

// open is for sessiontest, which knows no other way to close.
func (s Subject) open(t *testing.T, now func() time.Time) alt.Store {
	t.Helper()
	st := s.Open(t, now)
	t.Cleanup(func() { _ = st.Close() })
	return st
}

func (w *world) now() time.Time { return w.clock.Now() }

func (w *world) wait(d time.Duration) {
	w.clock.mu.Lock()
	defer w.clock.mu.Unlock()
	w.clock.now = w.clock.now.Add(d)
}

// crash ends the store as a crash does and opens it again; it skips the check
// where the subject cannot.
func (w *world) crash() {
	w.Helper()
	if w.subject.Reopen == nil {
		w.Skip("the store keeps nothing over a restart")
	}
	w.st = w.subject.Reopen(w.T, w.st)
}

func (w *world) accept(evs ...channels.Event) int {
	w.Helper()
	fresh, err := w.st.Accept(w.Context(), evs)
	require.NoError(w, err)
	return fresh
}

// says accepts one text and returns its key.
func (w *world) says(a channels.Address, text string) string {
	w.Helper()
	w.keys++
	key := fmt.Sprintf("key-%d", w.keys)
	require.Equal(w, 1, w.accept(received(a, key, text)))
	return key
}

func (w *world) claim(work alt.Work, max int) []alt.Item {
	w.Helper()
	return w.ask(alt.ClaimQuery{Work: work, Max: max, Lease: lease})
}

func (w *world) ask(q alt.ClaimQuery) []alt.Item {
	w.Helper()
	items, err := w.st.Claim(w.Context(), q)
	require.NoError(w, err)
	return items
}

// one claims the only item that can be.
func (w *world) one(work alt.Work) alt.Item {
	w.Helper()
	items := w.claim(work, 10)
	require.Len(w, items, 1, "items to claim in %s", work)
	return items[0]
}

func (w *world) none(work alt.Work) {
	w.Helper()
	require.Empty(w, w.claim(work, 10), "items to claim in %s", work)
}

func (w *world) commit(it alt.Item, c alt.Changes) {
	w.Helper()
	require.NoError(w, w.st.Commit(w.Context(), it, c))
}

func (w *world) refused(want error, it alt.Item, c alt.Changes) {
	w.Helper()
	require.ErrorIs(w, w.st.Commit(w.Context(), it, c), want)
}

// queue queues messages as Service.Send does.
func (w *world) queue(out ...channels.Outbound) {
	w.Helper()
	w.commit(alt.Item{}, alt.Changes{Send: out})
}

func (w *world) release(it alt.Item, at time.Time, cause error) {
	w.Helper()
	require.NoError(w, w.st.Release(w.Context(), it, at, cause))
}

// sent commits a receipt.
func (w *world) sent(it alt.Item, id channels.ProviderID) {
	w.Helper()
	w.commit(it, alt.Changes{Receipt: &channels.Receipt{ID: id, At: w.now()}})
}

// send queues a message and sends it.
func (w *world) send(o channels.Outbound, id channels.ProviderID) {
	w.Helper()
	w.queue(o)
	w.sent(w.one(alt.Outbox), id)
}

// lost queues a message and loses sight of it.
func (w *world) lost(o channels.Outbound) {
	w.Helper()
	w.queue(o)
	w.commit(w.one(alt.Outbox), alt.Changes{Unknown: true})
}

// opens saves a new conversation of a.
func (w *world) opens(a channels.Address) *alt.Conversation {
	w.Helper()
	c := conversation(a, w.now())
	w.commit(alt.Item{}, alt.Changes{Conversation: c})
	return c
}

func (w *world) message(id channels.MessageID) alt.Message {
	w.Helper()
	parts, err := w.st.Message(w.Context(), ppa, id)
	require.NoError(w, err)
	require.Len(w, parts, 1)
	return parts[0]
}

func (w *world) status(id channels.MessageID, want channels.Status) {
	w.Helper()
	require.Equal(w, want, w.message(id).Status, "status of %s", id)
}

func (w *world) unknownMessage(id channels.MessageID) {
	w.Helper()
	_, err := w.st.Message(w.Context(), ppa, id)
	require.ErrorIs(w, err, alt.ErrNotFound)
}

func (w *world) dossier(a channels.Address) alt.Dossier {
	w.Helper()
	d, err := w.st.Dossier(w.Context(), a)
	require.NoError(w, err)
	return d
}

func (w *world) letters(q alt.LetterQuery) []alt.Letter {
	w.Helper()
	if q.Agency == "" {
		q.Agency = ppa
	}
	page, next, err := w.st.Letters(w.Context(), q)
	require.NoError(w, err)
	require.Empty(w, next)
	return page
}

// letter returns the only letter there is.
func (w *world) letter() alt.Letter {
	w.Helper()
	page := w.letters(alt.LetterQuery{})
	require.Len(w, page, 1)
	return page[0]
}

func (w *world) settle(id int64, v alt.Verdict) {
	w.Helper()
	require.NoError(w, w.st.Settle(w.Context(), ppa, id, v, entry("letter."+string(v))))
}

func (w *world) depths() map[alt.Work]int {
	w.Helper()
	d, err := w.st.Depths(w.Context())
	require.NoError(w, err)
	return d
}

// depth checks the numbers of unfinished items.
func (w *world) depth(inbox, media, outbox, reconcile int) {
	w.Helper()
	d := w.depths()
	require.Equal(w, []int{inbox, media, outbox, reconcile}, []int{d[alt.Inbox], d[alt.Media], d[alt.Outbox], d[alt.Reconcile]},
		"unfinished in inbox, media, outbox, reconcile")
}

// acts returns the security log's acts.
func (w *world) acts(q alt.LogQuery) []string {
	w.Helper()
	q.Agency = ppa
	page, next, err := w.st.Log(w.Context(), q)
	require.NoError(w, err)
	require.Empty(w, next)
	acts := make([]string, len(page))
	for i, e := range page {
		acts[i] = e.Act
	}
	return acts
}

// transcript returns a conversation's texts, oldest first.
func (w *world) transcript(conversation string) []string {
	w.Helper()
	page, _, err := w.st.Messages(w.Context(), alt.MessageQuery{Agency: ppa, Conversation: conversation})
	require.NoError(w, err)
	texts := make([]string, len(page))
	for i, m := range page {
		texts[i] = textOf(m.Content)
	}
	return texts
}

func (w *world) blob(agency channels.Agency, content string) alt.BlobInfo {
	w.Helper()
	info, err := w.st.PutBlob(w.Context(), agency, strings.NewReader(content), 1<<20)
	require.NoError(w, err)
	return info
}

func (w *world) readBlob(agency channels.Agency, id channels.BlobID) (string, error) {
	w.Helper()
	r, err := w.st.OpenBlob(w.Context(), agency, id)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(r)
	require.NoError(w, err)
	require.NoError(w, r.Close())
	return string(b), nil
}

// restart is a crash where the subject can, and nothing where it cannot.
func (w *world) restart() {
	w.Helper()
	if w.subject.Reopen != nil {
		w.crash()
	}
}
