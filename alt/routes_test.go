package alt_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/alt/memstore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

// arrives posts a person's message to a fake's webhook and returns the answer.
func arrives(svc *alt.Service, f *channeltest.Fake, text string) int {
	w := httptest.NewRecorder()
	http.StripPrefix("/webhooks", svc.Webhooks()).ServeHTTP(w, channeltest.HTTP(f.Post(f.Message("p", text))))
	return w.Code
}

// steps works off what is due.
func steps(t *testing.T, svc *alt.Service) {
	t.Helper()
	for n := 1; n > 0; {
		var err error
		n, err = svc.Step(t.Context())
		require.NoError(t, err)
	}
}

// texts returns what a fake sent.
func texts(f *channeltest.Fake) []string {
	out := []string{}
	for _, s := range f.Sent() {
		out = append(out, s.Content.(channels.Text).Body)
	}
	return out
}

func one(f ...*channeltest.Fake) account { return account{name: "acme", fakes: f} }

func TestLinesComeAndGo(t *testing.T) {
	svc, err := alt.New(config(t, later))
	require.NoError(t, err)
	first, second := lineAt("acme", "a"), lineAt("acme", "b")
	require.Equal(t, http.StatusNotFound, arrives(svc, first, "x"))
	require.Empty(t, svc.Lines())

	require.NoError(t, svc.SetProvider(one(first)))
	require.Equal(t, http.StatusOK, arrives(svc, first, "1"))
	require.Equal(t, http.StatusForbidden, arrives(svc, second, "x"))
	require.NoError(t, svc.SetProvider(one(first, second)))
	require.Equal(t, http.StatusOK, arrives(svc, first, "2"))
	require.Equal(t, http.StatusOK, arrives(svc, second, "3"))
	steps(t, svc)
	require.Equal(t, []string{"You said: 1", "You said: 2"}, texts(first))
	require.Equal(t, []string{"You said: 3"}, texts(second))
	require.Len(t, svc.Lines(), 2)

	require.NoError(t, svc.SetProvider(one(second)))
	_, err = svc.Line("a")
	require.ErrorIs(t, err, alt.ErrUnknownLine)
	_, err = svc.Send(t.Context(), channels.Outbound{To: channels.Address{Channel: "a", Peer: "p"}, Content: channels.Text{Body: "x"}})
	require.ErrorIs(t, err, alt.ErrUnknownLine)
	require.NoError(t, svc.RemoveProvider("acme"))
	require.Equal(t, http.StatusNotFound, arrives(svc, second, "x"))
	require.Empty(t, svc.Lines())
	require.ErrorIs(t, svc.RemoveProvider("acme"), alt.ErrNotFound)
}

func TestWhatSetProviderRefusesChangesNothing(t *testing.T) {
	held := func(id channels.ID, a channels.Agency) *channeltest.Fake {
		return lineAt("acme", id, func(c *channeltest.Config) { c.Agency = a })
	}
	good := one(held("a", ""))
	for name, tt := range map[string]struct {
		p   account
		say string
	}{
		"no lines":                       {one(), "SetProvider: has no lines"},
		"a line that is nobody's":        {one(held("b", ""), held("No Good", "")), "SetProvider.Channels()[1]: Info().ID"},
		"a malformed agency":             {one(held("b", "A b")), "SetProvider.Channels()[0]: Info().Agency"},
		"one line twice":                 {one(held("b", ""), held("b", "")), `two lines are named "b"`},
		"a line that is there by itself": {one(held("sms", "")), `two lines are named "sms"`},
		"another provider's line":        {account{name: "other", fakes: good.fakes}, `two lines are named "a"`},
		"a name that is no name":         {account{name: "No Good", fakes: one(held("b", "")).fakes}, "SetProvider: name"},
		"the name of another webhook":    {account{name: "sms", fakes: one(held("b", "")).fakes}, `two webhooks are named "sms"`},
	} {
		t.Run(name, func(t *testing.T) {
			svc, err := alt.New(config(t, func(*alt.Config) {}))
			require.NoError(t, err)
			require.NoError(t, svc.SetProvider(good))
			require.ErrorContains(t, svc.SetProvider(tt.p), tt.say)
			require.Len(t, svc.Lines(), 2)
			require.Equal(t, http.StatusOK, arrives(svc, good.fakes[0], "x"))
		})
	}
	svc, err := alt.New(config(t, func(*alt.Config) {}))
	require.NoError(t, err)
	require.ErrorContains(t, svc.SetProvider(nil), "nil")
	require.ErrorIs(t, svc.RemoveProvider("sms"), alt.ErrNotFound, "a line of Config.Channels is no provider")
	_, err = svc.Line("sms")
	require.NoError(t, err)

	_, err = alt.New(config(t, func(c *alt.Config) { later(c); c.PublicURL = "" }))
	require.ErrorContains(t, err, "Config.PublicURL:")
	_, err = alt.New(config(t, func(c *alt.Config) { later(c); c.Rates = map[channels.ID]alt.Rate{"to-come": {PerSecond: 1}} }))
	require.NoError(t, err)
	svc, err = alt.New(config(t, func(c *alt.Config) { c.PublicURL = ""; c.Channels = []channels.Channel{mute{}} }))
	require.NoError(t, err)
	require.ErrorContains(t, svc.SetProvider(good), "PublicURL")
}

// mute is a line without a webhook.
type mute struct{}

func (mute) Info() channels.Info { return channels.Info{ID: "mute", Kind: channels.SMS} }

func (mute) Send(context.Context, channels.Outbound) (channels.Receipt, error) {
	return channels.Receipt{ID: "1"}, nil
}

// bare is an account without lines, whose requests gate signs.
type bare struct {
	account
	gate *channeltest.Fake
}

func (b bare) Verify(ctx context.Context, r *channels.Request) error { return b.gate.Verify(ctx, r) }

func (bare) Challenge(context.Context, *channels.Request) ([]byte, error) {
	return []byte("hello"), nil
}

func TestAProviderMayWaitForItsFirstLine(t *testing.T) {
	gate, h := lineAt("acme", "gone"), &heard{}
	p := bare{account: one(), gate: gate}
	svc, err := alt.New(config(t, func(c *alt.Config) { later(c); h.listen(c); c.Providers = append(c.Providers, p) }))
	require.NoError(t, err)
	w := httptest.NewRecorder()
	svc.Webhooks().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/acme", nil))
	require.Equal(t, "hello", w.Body.String())
	require.Equal(t, http.StatusForbidden, arrives(svc, lineAt("acme", "forged"), "x"))
	require.Equal(t, http.StatusOK, arrives(svc, gate, "for a line that was removed"))
	require.Len(t, h.named("webhook.stray"), 1)
	depths, err := svc.Store().Depths(t.Context())
	require.NoError(t, err)
	require.Zero(t, depths[alt.Inbox])

	f := lineAt("acme", "a")
	require.NoError(t, svc.SetProvider(one(f)))
	require.Equal(t, http.StatusOK, arrives(svc, f, "1"))
	require.NoError(t, svc.SetProvider(p), "and after its last one")
	require.Equal(t, http.StatusOK, arrives(svc, gate, "2"))
}

func TestMessagesOfALineThatIsGoneAreLetters(t *testing.T) {
	f := lineAt("acme", "a")
	svc, err := alt.New(config(t, func(c *alt.Config) { later(c); c.Providers = append(c.Providers, one(f)) }))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, arrives(svc, f, "1"))
	steps(t, svc)
	_, err = svc.Send(t.Context(), channels.Outbound{To: channels.Address{Channel: "a", Peer: "p"}, Content: channels.Text{Body: "waits"}})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, arrives(svc, f, "2"))
	require.NoError(t, svc.RemoveProvider("acme"))
	steps(t, svc)
	letters, _, err := svc.Store().Letters(t.Context(), alt.LetterQuery{Agency: "agency"})
	require.NoError(t, err)
	require.Len(t, letters, 2)
	for _, l := range letters {
		require.Equal(t, "unreachable", l.Code)
		require.Equal(t, alt.Dead, l.State)
	}
	require.NoError(t, svc.SetProvider(one(f)))
	for _, l := range letters {
		require.NoError(t, svc.Settle(t.Context(), "agency", l.ID, alt.Retry, "mari"))
	}
	steps(t, svc)
	require.ElementsMatch(t, []string{"You said: 1", "waits", "You said: 2"}, texts(f))
}

func TestALineThatGoesToAnotherAgencySendsNothingOfTheFirst(t *testing.T) {
	of := func(a channels.Agency) *channeltest.Fake {
		return lineAt("acme", "a", func(c *channeltest.Config) { c.Agency, c.Secret = a, "one secret" })
	}
	mine, theirs := of("ppa"), of("rik")
	svc, err := alt.New(config(t, func(c *alt.Config) { later(c); c.Providers = append(c.Providers, one(mine)) }))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, arrives(svc, mine, "1"))
	steps(t, svc)
	conversations, _, err := svc.Store().Conversations(t.Context(), alt.ConversationQuery{Agency: "ppa"})
	require.NoError(t, err)
	require.Len(t, conversations, 1)
	_, err = svc.Send(t.Context(), channels.Outbound{To: channels.Address{Channel: "a", Peer: "p"}, Content: channels.Text{Body: "secret"}})
	require.NoError(t, err)
	require.NoError(t, svc.SetProvider(one(theirs)))
	steps(t, svc)
	require.Empty(t, theirs.Sent())
	err = svc.Talk(t.Context(), "ppa", conversations[0].ID, "mari", func(turn *alt.Turn) error { return turn.ReplyText("secret") })
	require.ErrorIs(t, err, alt.ErrUnknownLine)
	letters, _, err := svc.Store().Letters(t.Context(), alt.LetterQuery{Agency: "ppa"})
	require.NoError(t, err)
	require.Len(t, letters, 1)
}

func TestASendThatBeganEndsWithTheOldDriver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old, next := lineAt("acme", "a"), lineAt("acme", "a", func(c *channeltest.Config) { c.Provider = "Fake2" })
		old.OnSend(func(context.Context, channels.Outbound) error { time.Sleep(5 * time.Second); return nil })
		svc, _, stop := running(t, alt.HandlerFunc(echo), func(c *alt.Config) { later(c); c.Providers = append(c.Providers, one(old)) })
		require.Equal(t, http.StatusOK, arrives(svc, old, "1"))
		time.Sleep(time.Second)
		require.NoError(t, svc.SetProvider(one(next)))
		require.Equal(t, http.StatusOK, arrives(svc, next, "2"))
		time.Sleep(10 * time.Second)
		stop()
		require.Equal(t, []string{"You said: 1"}, texts(old))
		require.Equal(t, []string{"You said: 2"}, texts(next))
	})
}

func TestALineThatStaysKeepsItsPauseAndRate(t *testing.T) {
	clock := alttest.NewClock(alttest.Start())
	at := func(c *channeltest.Config) { c.Now = clock.Now }
	paused, bounded := lineAt("acme", "paused", at), lineAt("acme", "bounded", at)
	svc, err := alt.New(config(t, func(c *alt.Config) {
		later(c)
		c.Store = memstore.New(memstore.Config{Now: clock.Now})
		c.Now, c.Rates = clock.Now, map[channels.ID]alt.Rate{"bounded": {PerSecond: 0.1, Burst: 1}}
	}))
	require.NoError(t, err)
	require.NoError(t, svc.SetProvider(one(paused, bounded)))
	paused.FailNext(rateLimited("", 60))
	for _, f := range []*channeltest.Fake{paused, bounded, bounded} {
		require.Equal(t, http.StatusOK, arrives(svc, f, fmt.Sprint(len(f.Sent()))))
		steps(t, svc)
	}
	require.Equal(t, 1, paused.Attempts())
	require.Len(t, bounded.Sent(), 1)
	require.NoError(t, svc.RemoveProvider("acme"))
	require.NoError(t, svc.SetProvider(one(paused, bounded)))
	steps(t, svc)
	require.Equal(t, 1, paused.Attempts())
	require.Len(t, bounded.Sent(), 1)
	clock.Advance(2 * time.Minute)
	steps(t, svc)
	require.Equal(t, 2, paused.Attempts())
	require.Len(t, bounded.Sent(), 2)
}

func TestANewTokenIsTriedAtOnceAndTheOldOnesAnswerCountsNoMore(t *testing.T) {
	clock := alttest.NewClock(alttest.Start())
	f := lineAt("acme", "a", func(c *channeltest.Config) { c.Now = clock.Now })
	good, bad := one(f), one(f)
	bad.ask = func(context.Context, channels.ID) error {
		return sendError(channels.ErrCredentials, channels.NotSent, 0)
	}
	svc, err := alt.New(config(t, func(c *alt.Config) { later(c); c.Now, c.Providers = clock.Now, append(c.Providers, bad) }))
	require.NoError(t, err)
	steps(t, svc)
	clock.Advance(time.Minute)
	steps(t, svc)
	require.Equal(t, alt.HealthDown, svc.Health("a").State)

	require.NoError(t, svc.SetProvider(good))
	require.Equal(t, alt.HealthDown, svc.Health("a").State, "until somebody knows better")
	steps(t, svc)
	require.Equal(t, alt.HealthUp, svc.Health("a").State)

	bad.ask = func(context.Context, channels.ID) error { // answers when it is replaced
		require.NoError(t, svc.SetProvider(good))
		return sendError(channels.ErrCredentials, channels.NotSent, 0)
	}
	require.NoError(t, svc.SetProvider(bad))
	clock.Advance(time.Hour)
	steps(t, svc)
	require.Equal(t, alt.HealthUp, svc.Health("a").State)
	require.Equal(t, []string{"line.down a credentials", "line.up a "}, healthLog(t, svc.Store(), "agency"))

	swap := bad.ask
	bad.ask = func(context.Context, channels.ID) error {
		return sendError(channels.ErrCredentials, channels.NotSent, 0)
	}
	require.NoError(t, svc.SetProvider(bad))
	clock.Advance(time.Hour)
	steps(t, svc)
	require.Equal(t, alt.HealthDown, svc.Health("a").State)
	bad.ask = swap
	require.NoError(t, svc.SetProvider(bad))
	steps(t, svc)
	require.Equal(t, alt.HealthUp, svc.Health("a").State, "the new driver is asked at once, whoever was being asked")

	told := healthLog(t, svc.Store(), "agency")
	bad.ask = func(context.Context, channels.ID) error { // answers when it is gone
		require.NoError(t, svc.RemoveProvider("acme"))
		return sendError(channels.ErrCredentials, channels.NotSent, 0)
	}
	require.NoError(t, svc.SetProvider(bad))
	clock.Advance(time.Hour)
	steps(t, svc)
	require.Empty(t, svc.Lines())
	require.Equal(t, told, healthLog(t, svc.Store(), "agency"))
}

func TestADriverThatWasReplacedIsNotAskedAnyMore(t *testing.T) {
	clock := alttest.NewClock(alttest.Start())
	old := one(lineAt("acme", "a"), lineAt("acme", "b"))
	next := one(old.fakes...)
	svc, err := alt.New(config(t, func(c *alt.Config) { later(c); c.Now = clock.Now }))
	require.NoError(t, err)
	asked := 0
	old.ask = func(context.Context, channels.ID) error {
		asked++
		return svc.SetProvider(next)
	}
	require.NoError(t, svc.SetProvider(old))
	steps(t, svc)
	clock.Advance(time.Hour)
	steps(t, svc) // both are due, and the first one's answer replaces them
	require.Equal(t, 1, asked)
	for _, f := range old.fakes {
		require.Equal(t, alt.HealthUp, svc.Health(f.Info().ID).State)
	}
}

func TestTrafficGoesOnWhileLinesComeAndGo(t *testing.T) {
	const people, messages = 8, 40
	stays, comes := lineAt("acme", "stays"), lineAt("acme", "comes")
	svc, _, stop := running(t, alt.HandlerFunc(echo), func(c *alt.Config) { later(c); c.Providers = append(c.Providers, one(stays)) })
	done := make(chan struct{})
	var changes sync.WaitGroup
	changes.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			p := one(stays)
			if i%2 == 0 {
				p = one(stays, comes)
			}
			if err := svc.SetProvider(p); err != nil {
				t.Error(err)
				return
			}
			svc.Health("comes")
			svc.Lines()
		}
	})
	var traffic sync.WaitGroup
	for p := range people {
		traffic.Go(func() {
			for m := range messages {
				w := httptest.NewRecorder()
				r := stays.Post(stays.Message(channels.Peer(fmt.Sprint(p)), fmt.Sprint(m)))
				http.StripPrefix("/webhooks", svc.Webhooks()).ServeHTTP(w, channeltest.HTTP(r))
				if w.Code != http.StatusOK {
					t.Errorf("status %d", w.Code)
				}
			}
		})
	}
	traffic.Wait()
	require.Eventually(t, func() bool { return len(stays.Sent()) == people*messages }, 20*time.Second, 5*time.Millisecond)
	close(done)
	changes.Wait()
	stop()
	next := map[channels.Peer]int{}
	for _, s := range stays.Sent() {
		require.Equal(t, fmt.Sprintf("You said: %d", next[s.To.Peer]), s.Content.(channels.Text).Body)
		next[s.To.Peer]++
	}
	require.Len(t, stays.Sent(), people*messages)
}
