package sqlitestore_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
	"github.com/liidestuja/liidestuja/eid"
)

// What is said in a dialogue, and must not be found anywhere.
const (
	dialogueCode    = "60001019906"
	dialoguePhone   = "+37200000766"
	dialogueControl = "kontroll-7431"
)

func secretsOfDialogue() []string {
	return []string{dialogueCode, dialoguePhone, dialoguePhone[1:], dialogueControl, "isikukood", "telefoninumber"}
}

// mobile is a Mobile-ID whose person types PIN1 after the second look.
type mobile struct {
	mu     sync.Mutex
	begun  int
	looked int
	now    func() time.Time
}

func (*mobile) Method() eid.Method { return eid.MobileID }

func (m *mobile) Begin(_ context.Context, r eid.Request) (eid.Challenge, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if string(r.Code) != "EE"+dialogueCode || string(r.Phone) != dialoguePhone {
		return eid.Challenge{}, eid.ErrRequest
	}
	m.begun++
	return eid.Challenge{State: eid.State("state of " + dialogueControl), Code: dialogueControl, Expires: m.now().Add(5 * time.Minute)}, nil
}

func (m *mobile) Resolve(context.Context, eid.State, url.Values) (eid.Identity, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.looked++; m.looked < 3 {
		return eid.Identity{}, eid.ErrPending
	}
	return eid.Identity{Code: "EE" + dialogueCode, GivenName: "MARY ÄNN", FamilyName: "O’CONNEŽ", Method: eid.MobileID, Level: eid.High, At: m.now()}, nil
}

// mortal is a store whose process dies at a write: before it, or after it and
// before anybody hears of it.
type mortal struct {
	alt.Store

	mu    sync.Mutex
	left  int // writes until the end; negative: it lives
	after bool
	dead  bool
}

func (s *mortal) write(do func() error) error {
	s.mu.Lock()
	dies := s.left == 0
	s.left--
	if s.dead || dies && !s.after {
		s.dead = true
		s.mu.Unlock()
		return alt.ErrClosed
	}
	s.mu.Unlock()
	err := do()
	if dies {
		s.mu.Lock()
		s.dead = true
		s.mu.Unlock()
		return alt.ErrClosed
	}
	return err
}

func (s *mortal) Accept(ctx context.Context, evs []channels.Event) (n int, err error) {
	err = s.write(func() error { n, err = s.Store.Accept(ctx, evs); return err })
	return n, err
}

// Claim counts as a write only where there is something to claim.
func (s *mortal) Claim(ctx context.Context, q alt.ClaimQuery) (its []alt.Item, err error) {
	if s.dead {
		return nil, alt.ErrClosed
	}
	if its, err = s.Store.Claim(ctx, q); err != nil || len(its) == 0 {
		return its, err
	}
	return its, s.write(func() error { return nil })
}

func (s *mortal) Commit(ctx context.Context, it alt.Item, c alt.Changes) error {
	return s.write(func() error { return s.Store.Commit(ctx, it, c) })
}

func (s *mortal) Release(ctx context.Context, it alt.Item, at time.Time, cause error) error {
	return s.write(func() error { return s.Store.Release(ctx, it, at, cause) })
}

// counter is a service that authenticates in the chat, over a store that can die.
type counter struct {
	*testing.T
	hs    *alttest.Harness
	st    *sqlitestore.Store
	store *mortal
	id    *mobile
	told  bytes.Buffer // logs and observations
	auths int
	lives bool // nothing dies: there is time to look at the files after each step
}

func newCounter(t *testing.T, left int, after bool) *counter {
	t.Helper()
	w := &counter{T: t, id: &mobile{}, lives: left < 0}
	logger := slog.New(slog.NewJSONHandler(&w.told, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w.hs = alttest.NewWith(t, alttest.Config{
		Lines: map[channels.ID]channels.Kind{"viber": channels.Viber},
		Handler: alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
			if _, ok := t.Auth(); ok {
				w.auths++
				return nil
			}
			if strings.Contains(fmt.Sprint(t.Text()), dialogueCode) || t.Text() == "" {
				w.Error("the handler was called with a part of the dialogue")
			}
			return t.Authenticate(alt.Authentication{})
		}),
		Change: func(c *alt.Config) {
			w.id.now = c.Now
			if w.st == nil {
				w.st = open(t, config(t, c.Now))
				w.store = &mortal{Store: w.st, left: left, after: after}
			} else {
				w.st = crash(t, w.st)
				w.store = &mortal{Store: w.st, left: -1}
			}
			c.Store, c.Logger, c.InsecureLogErrors = w.store, logger, true
			c.Observe = func(o alt.Observation) { _, _ = fmt.Fprintf(&w.told, "%+v\n", o) }
			c.Notices = alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
				if _, ended := t.Event().(*channels.SessionEnded); !ended {
					w.Error("a notice of a part of the dialogue")
				}
				return nil
			})
			c.Logins = &alt.Logins{Methods: []eid.Authenticator{w.id}, URL: "https://agency.example/login", Lines: map[channels.ID]alt.LoginPolicy{"viber": {InChat: true}},
				Keys:  func() []alt.Key { return []alt.Key{{ID: "k", Secret: testKey()}} },
				Names: map[channels.Agency]map[string]string{"agency": {"et": "Terviseamet"}}}
		},
	})
	return w
}

// settle works off what is due, and restarts after a death.
func (w *counter) settle() {
	w.Helper()
	for {
		n, err := w.hs.Service().Step(w.Context())
		if w.store.dead || w.lives {
			w.unseen()
		}
		if w.store.dead {
			w.hs.Restart()
			continue
		}
		require.NoError(w, err)
		if n == 0 {
			return
		}
	}
}

// says delivers a text until it is accepted, and once more.
func (w *counter) says(key, text string) {
	w.Helper()
	for accepted := 0; accepted < 2; {
		e := &channels.Received{ID: channels.ProviderID(key), Content: channels.Text{Body: text},
			EventMeta: channels.EventMeta{Key: key, Channel: "viber", Peer: "mari", At: w.hs.Clock().Now(), Raw: []byte("raw " + text)}}
		if w.hs.Serve(channeltest.HTTP(w.hs.Fake("viber").Post(e))) == 200 {
			accepted++
		}
		w.settle()
	}
}

// unseen looks for secrets in all files and in what was told.
func (w *counter) unseen() {
	w.Helper()
	require.Empty(w, found(w.T, w.st, secretsOfDialogue()...))
	for _, secret := range secretsOfDialogue() {
		require.NotContains(w, w.told.String(), secret)
	}
}

func (w *counter) dossier() alt.Dossier {
	w.Helper()
	d, err := w.st.Dossier(w.Context(), channels.Address{Agency: "agency", Channel: "viber", Peer: "mari"})
	require.NoError(w, err)
	return d
}

// dialogue goes from the first question to the proof.
func (w *counter) dialogue() {
	w.Helper()
	w.says("1", "tere")
	w.says("2", dialogueCode)
	w.says("3", dialoguePhone)
	for range 8 {
		w.hs.Clock().Advance(6 * time.Second)
		w.settle()
	}
	d := w.dossier()
	require.Equal(w, alt.LoginProven, d.Conversation.Login.Status)
	require.Equal(w, "EE"+dialogueCode, string(d.Session.Identity.Code))
	require.Equal(w, eid.Substantial, d.Session.Level)
	require.NotZero(w, w.auths)
	page, _, err := w.st.Messages(w.Context(), alt.MessageQuery{Agency: "agency", Conversation: d.Conversation.ID})
	require.NoError(w, err)
	require.Len(w, page, 2, "what the person wrote first, and how it ended")
	letters, _, err := w.st.Letters(w.Context(), alt.LetterQuery{Agency: "agency", State: alt.Dead})
	require.NoError(w, err)
	require.Empty(w, letters)
	depths, err := w.st.Depths(w.Context())
	require.NoError(w, err)
	require.Equal(w, 1, depths[alt.Inbox], "only the end of its time is to come")
	w.unseen()
}

func TestOfADialogueNothingIsInAnyFileLogOrBackup(t *testing.T) {
	t.Parallel()
	w := newCounter(t, -1, false)
	w.dialogue()
	require.Equal(t, 1, w.id.begun)
	require.Equal(t, 1, w.auths)
	said := ""
	for _, o := range w.hs.Fake("viber").Sent() {
		said += o.Content.(channels.Text).Body + "\n"
	}
	for _, secret := range []string{dialogueControl, "isikukood", "telefoninumber"} {
		require.Contains(t, said, secret, "the person has got it")
	}
	backup := filepath.Join(filepath.Dir(w.st.Config().Path), "backup", "alt.db")
	require.NoError(t, w.st.Backup(t.Context(), backup))
	w.unseen()
	log, _, err := w.st.Log(t.Context(), alt.LogQuery{Agency: "agency", Limit: 1000})
	require.NoError(t, err)
	require.NotEmpty(t, log)
	for _, secret := range secretsOfDialogue() {
		require.NotContains(t, fmt.Sprintf("%+v", log), secret)
	}
	w.hs.Clock().Advance(49 * time.Hour)
	w.settle()
	flows, err := w.st.Count(t.Context(), "flows")
	require.NoError(t, err)
	require.Equal(t, 1, flows, "that this account is hers, and nothing else")
}

func TestADialogueGoesOnAfterADeathAtAnyWrite(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]bool{"before": false, "after": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			died := 0
			for n := 0; ; n++ {
				w := newCounter(t, n, after)
				first := w.st
				w.dialogue()
				require.LessOrEqual(t, w.id.begun, 2, "write %d", n)
				if w.st == first {
					break
				}
				died++
			}
			require.Greater(t, died, 20)
			t.Logf("died %d times", died)
		})
	}
}
