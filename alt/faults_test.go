package alt_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

func TestADriverThatPanicsOnARequestKillsNothing(t *testing.T) {
	for name, tt := range map[string]struct {
		driver  buggy
		status  int
		letters int
	}{
		"before it is authentic: the provider comes again": {buggy{verify: boom}, http.StatusServiceUnavailable, 0},
		"after it is authentic: the request is kept":       {buggy{parse: func([]channels.Event) []channels.Event { panic("secret") }}, http.StatusOK, 1},
		"an event that is nil is kept as not understood":   {buggy{parse: func([]channels.Event) []channels.Event { return []channels.Event{nil} }}, http.StatusOK, 1},
		"an event that points nowhere": {buggy{parse: func([]channels.Event) []channels.Event {
			return []channels.Event{(*channels.Received)(nil)}
		}}, http.StatusOK, 1},
		"a message from nobody": {buggy{parse: func(evs []channels.Event) []channels.Event {
			evs[0].Meta().Peer = ""
			return evs
		}}, http.StatusOK, 1},
	} {
		t.Run(name, func(t *testing.T) {
			hs, _ := tt.driver.with(t, alt.HandlerFunc(echo), nil)
			fake := hs.Fake("messenger")
			require.Equal(t, tt.status, hs.Serve(httpOf(fake.Post(fake.Message("p", "x")))))
			hs.Settle()
			require.Len(t, hs.Letters(), tt.letters)
			require.Empty(t, fake.Sent())
		})
	}
}

func TestAnEventThatCannotBeWrittenDownDoesNotStopTheOthers(t *testing.T) {
	driver := buggy{parse: func(evs []channels.Event) []channels.Event {
		evs[0].Meta().At = time.Date(58_000, 1, 1, 0, 0, 0, 0, time.UTC) // milliseconds taken for seconds
		return evs
	}}
	hs, _ := driver.with(t, alt.HandlerFunc(echo), nil)
	fake := hs.Fake("messenger")
	require.Equal(t, http.StatusOK, hs.Serve(httpOf(fake.Post(fake.Message("p", "x"), fake.Message("q", "y")))))
	hs.Settle()
	require.Len(t, hs.Letters(), 1)
	require.Equal(t, "malformed", hs.Letters()[0].Code)
	require.Len(t, fake.Sent(), 1)
}

func TestADriverThatPanicsAtWorkLosesNothing(t *testing.T) {
	t.Run("when it looks for a message", func(t *testing.T) {
		hs, chat := (&buggy{find: boom}).with(t, alt.HandlerFunc(echo), nil)
		hs.Fake("messenger").UnknownNext()
		chat.Says("1")
		hs.Advance(time.Hour)
		require.Equal(t, alt.Uncertain, hs.Letters()[0].State)
	})
	t.Run("when it fetches a file", func(t *testing.T) {
		k := &keeper{}
		hs, chat := (&buggy{fetch: boom}).with(t, k, nil)
		chat.Sends(channels.Media{As: channels.Image, Ref: "ref"})
		hs.Advance(time.Hour)
		require.Len(t, k.got, 1)
		require.Equal(t, "panic", k.got[0].(channels.Media).Missing)
	})
	t.Run("when its error points nowhere", func(t *testing.T) {
		var none *channels.Error
		hs, chat := (&buggy{send: func() (channels.Receipt, error) { return channels.Receipt{}, none }}).with(t, alt.HandlerFunc(echo), nil)
		chat.Says("1")
		require.Equal(t, channels.Unknown, chat.Transcript()[1].Status)
		require.Empty(t, hs.Letters())
	})
	t.Run("as an operator does", func(t *testing.T) {
		hs, _ := (&buggy{}).with(t, alt.HandlerFunc(echo), func(c *alt.Config) {
			c.Operator = func(context.Context, channels.Event) { boom() }
		})
		hs.Serve(httpOf(hs.Fake("messenger").Sign([]byte("not JSON"))))
		hs.Advance(2 * time.Hour)
		require.Len(t, hs.Letters(), 1)
	})
}

// asked is a line whose provider delivers by GET, everything in the query.
type asked struct{ *channeltest.Fake }

func (asked) Verify(context.Context, *channels.Request) error { return nil }
func (asked) Parse(context.Context, *channels.Request) ([]channels.Event, error) {
	return nil, channels.ErrMalformed
}

func TestRequestsWithoutABodyAreToldApartByTheirQuery(t *testing.T) {
	cfg := config(t, func(c *alt.Config) {
		c.Channels = []channels.Channel{asked{channeltest.New(channeltest.Config{ID: "sms", Kind: channels.SMS})}}
	})
	svc, err := alt.New(cfg)
	require.NoError(t, err)
	for _, query := range []string{"id=1", "id=2", "id=2"} {
		w := httptest.NewRecorder()
		svc.Webhooks().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/sms?"+query, nil))
		require.Equal(t, http.StatusOK, w.Code)
	}
	_, err = svc.Step(t.Context())
	require.NoError(t, err)
	letters, _, err := cfg.Store.Letters(t.Context(), alt.LetterQuery{Agency: "agency"})
	require.NoError(t, err)
	require.Len(t, letters, 2)
	require.Equal(t, "id=2", string(letters[1].Event.Meta().Raw))
}

func TestNewRefusesWhatIsNil(t *testing.T) {
	for field, change := range map[string]func(*alt.Config){
		"Channels[1]":   func(c *alt.Config) { c.Channels = append(c.Channels, nil) },
		"Providers[0]":  func(c *alt.Config) { c.Providers = append(c.Providers, nil) },
		"Middleware[0]": func(c *alt.Config) { c.Middleware = []alt.Middleware{nil} },
		"Rates":         func(c *alt.Config) { c.Rates = map[channels.ID]alt.Rate{"sms": {PerSecond: -1}} },
	} {
		t.Run(field, func(t *testing.T) {
			_, err := alt.New(config(t, change))
			require.ErrorContains(t, err, "Config."+field+":")
		})
	}
}

func TestATurnThatAlwaysLosesItsLeaseBecomesALetter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		svc, fake, stop := running(t, alt.HandlerFunc(func(context.Context, *alt.Turn) error {
			runs.Add(1)
			time.Sleep(3 * time.Minute) // never looks at its context
			return nil
		}), func(c *alt.Config) { c.MaxAttempts = 3 })
		post(t, svc, fake.Post(fake.Message("p", "x")))
		time.Sleep(time.Hour)
		stop()
		letters, _, err := svc.Store().Letters(t.Context(), alt.LetterQuery{Agency: "agency"})
		require.NoError(t, err)
		require.Len(t, letters, 1)
		require.Equal(t, "lease_lost", letters[0].Code)
		require.EqualValues(t, 3, runs.Load())
	})
}

func TestATurnThatIsDecidedAgainHasNoMoreTimeThanOne(t *testing.T) {
	conflicts, ends := 2, map[time.Time]int{}
	store := &faulty{commit: func(it alt.Item, _ alt.Changes) error {
		if it.Work == alt.Inbox && conflicts > 0 {
			conflicts--
			return alt.ErrConflict
		}
		return nil
	}}
	hs := alttest.NewWith(t, alttest.Config{Change: store.over, Handler: alt.HandlerFunc(func(ctx context.Context, t *alt.Turn) error {
		end, _ := ctx.Deadline()
		ends[end]++
		return echo(ctx, t)
	})})
	hs.Chat("sms").Says("x").Expect("You said: x")
	require.Len(t, ends, 1)
}

func TestAFaultOfTheStoreDoesNotMakeARefusedSendUncertain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fails := 3
		store := &faulty{release: func(it alt.Item) error {
			if fails--; it.Work == alt.Outbox && fails >= 0 {
				return errDisk
			}
			return nil
		}}
		svc, fake, stop := running(t, alt.HandlerFunc(echo), store.over)
		fake.FailNext(sendError(channels.ErrUnavailable, channels.NotSent, 0))
		post(t, svc, fake.Post(fake.Message("p", "x")))
		time.Sleep(5 * time.Minute)
		stop()
		require.Len(t, fake.Sent(), 1)
	})
}

func TestASendThatTheStoreHoldsUpIsNoTurn(t *testing.T) {
	var seen []string
	down := false
	store := &faulty{dossier: func() error {
		if down {
			return errDisk
		}
		return nil
	}}
	hs := alttest.NewWith(t, alttest.Config{Handler: alt.HandlerFunc(echo), Change: func(c *alt.Config) {
		store.over(c)
		c.Observe = func(o alt.Observation) { seen = append(seen, o.Name) }
		c.MaxAttempts = 2
	}})
	chat := hs.Chat("sms")
	_, err := hs.Service().Send(t.Context(), channels.Outbound{To: chat.Address(), Content: channels.Text{Body: "x"}})
	require.NoError(t, err)
	down = true
	hs.Advance(time.Minute)
	down = false
	hs.Advance(10 * time.Minute)
	chat.Expect("x")
	require.NotContains(t, seen, "turn.retry")
	require.Contains(t, seen, "send.retry")
}

func TestAFileOutlastsAStoreThatIsFullForAWhile(t *testing.T) {
	k := &keeper{}
	full := true
	store := &faulty{putBlob: func() error {
		if full {
			return errDisk
		}
		return nil
	}}
	hs := alttest.NewWith(t, alttest.Config{Handler: k, Change: store.over})
	fake := hs.Fake("whatsapp")
	hs.Serve(httpOf(fake.Post(fake.Media("p", channels.Media{As: channels.File}, []byte("file")))))
	hs.Settle()
	hs.Advance(2 * time.Minute)
	full = false
	hs.Advance(10 * time.Minute)
	require.Len(t, k.got, 1)
	require.Empty(t, k.got[0].(channels.Media).Missing)
}

func TestAStoreThatCannotBeClaimedFromIsNotAskedAllTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var claims atomic.Int32
		store := &faulty{claim: func(alt.ClaimQuery) error { claims.Add(1); return errDisk }}
		svc, fake, stop := running(t, alt.HandlerFunc(echo), store.over)
		for n := range 20 {
			post(t, svc, fake.Post(fake.Message("p", "x")))
			time.Sleep(500 * time.Millisecond * time.Duration(n%2+1))
		}
		stop()
		require.LessOrEqual(t, claims.Load(), int32(4*16), "four queues for fifteen seconds")
	})
}

func TestAllSessionsThatAreOverEndInOneRound(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(func(context.Context, *alt.Turn) error { return nil }))
	fake := hs.Fake("sms")
	var evs []channels.Event
	for n := range 1200 {
		evs = append(evs, fake.Message(channels.Peer("p"+time.Duration(n).String()), "x"))
	}
	require.Equal(t, 200, hs.Deliver("sms", evs...))
	hs.Clock().Advance(time.Hour)
	n, err := hs.Service().Step(t.Context())
	require.NoError(t, err)
	require.GreaterOrEqual(t, n, 1200)
}

func TestAMessageIsWithdrawnAlsoWhenTheProviderDoesNotSayWhose(t *testing.T) {
	driver := buggy{parse: func(evs []channels.Event) []channels.Event {
		switch evs[0].(type) {
		case *channels.Edited, *channels.Withdrawn:
			evs[0].Meta().Peer = ""
		}
		return evs
	}}
	hs, chat := driver.with(t, alt.HandlerFunc(func(context.Context, *alt.Turn) error { return nil }), nil)
	fake := hs.Fake("messenger")
	wrong, secret := fake.Message(chat.Address().Peer, "wrong"), fake.Message(chat.Address().Peer, "secret")
	chat.Happens(wrong, secret)
	chat.Happens(fake.Edit(wrong, "right")).Happens(fake.Withdraw(secret))
	tr := chat.Transcript()
	require.Equal(t, channels.Text{Body: "right"}, tr[0].Content)
	require.Equal(t, channels.Unsupported{Type: channels.TypeWithdrawn}, tr[1].Content)
}
