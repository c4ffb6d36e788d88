package alt_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/alt/memstore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

// config is a valid configuration with one fake SMS line, changed by f.
func config(_ *testing.T, f func(*alt.Config)) alt.Config {
	c := alt.Config{
		Store: memstore.New(memstore.Config{}), Handler: alt.HandlerFunc(echo), PublicURL: "https://agency.example/webhooks",
		Channels: []channels.Channel{channeltest.New(channeltest.Config{ID: "sms", Kind: channels.SMS})},
	}
	f(&c)
	return c
}

func TestNewNamesTheFieldThatIsWrong(t *testing.T) {
	line := func(id channels.ID) channels.Channel {
		return channeltest.New(channeltest.Config{ID: id, Kind: channels.SMS})
	}
	for name, tt := range map[string]struct {
		change func(*alt.Config)
		field  string
	}{
		"no store":                    {func(c *alt.Config) { c.Store = nil }, "Store"},
		"no handler":                  {func(c *alt.Config) { c.Handler = nil }, "Handler"},
		"no line":                     {func(c *alt.Config) { c.Channels = nil }, "Channels"},
		"two lines of one name":       {func(c *alt.Config) { c.Channels = append(c.Channels, line("sms")) }, "Channels[1]"},
		"a malformed line id":         {func(c *alt.Config) { c.Channels = []channels.Channel{line("No Good")} }, "Channels[0]"},
		"a malformed agency":          {func(c *alt.Config) { c.Agency = "A b" }, "Agency"},
		"no public address":           {func(c *alt.Config) { c.PublicURL = "" }, "PublicURL"},
		"a public address on http":    {func(c *alt.Config) { c.PublicURL = "http://agency.example" }, "PublicURL"},
		"an address with a slash":     {func(c *alt.Config) { c.PublicURL = "https://agency.example/" }, "PublicURL"},
		"a rate of no line":           {func(c *alt.Config) { c.Rates = map[channels.ID]alt.Rate{"x": {}} }, "Rates"},
		"a handler longer than lease": {func(c *alt.Config) { c.HandlerTimeout = time.Minute }, "HandlerTimeout"},
		"a send longer than lease":    {func(c *alt.Config) { c.SendTimeout = 2 * time.Minute }, "SendTimeout"},
		"a negative number":           {func(c *alt.Config) { c.MaxHold = -1 }, "MaxHold"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := alt.New(config(t, tt.change))
			require.ErrorContains(t, err, "Config."+tt.field+":")
		})
	}
	_, err := alt.New(config(t, func(*alt.Config) {}))
	require.NoError(t, err)
}

func TestWhatTheWebhookRefuses(t *testing.T) {
	hs := alttest.NewWith(t, alttest.Config{Handler: alt.HandlerFunc(echo), Change: func(c *alt.Config) { c.MaxBody = 2000 }})
	fake := hs.Fake("sms")
	good := func() *http.Request { return channeltest.HTTP(fake.Post(fake.Message("p", "x"))) }
	for name, tt := range map[string]struct {
		request func() *http.Request
		status  int
	}{
		"an unknown name": {func() *http.Request { r := good(); r.URL.Path = "/webhooks/none"; return r }, http.StatusNotFound},
		"a longer path":   {func() *http.Request { r := good(); r.URL.Path += "/more"; return r }, http.StatusNotFound},
		"another method":  {func() *http.Request { r := good(); r.Method = http.MethodPut; return r }, http.StatusMethodNotAllowed},
		"no signature":    {func() *http.Request { r := good(); r.Header = http.Header{}; return r }, http.StatusForbidden},
		"another query":   {func() *http.Request { r := good(); r.URL.RawQuery = "a=1"; return r }, http.StatusForbidden},
		"a body over the limit": {func() *http.Request {
			return channeltest.HTTP(fake.Sign(bytes.Repeat([]byte("x"), 2001)))
		}, http.StatusRequestEntityTooLarge},
		"a body over the limit whose length is not announced": {func() *http.Request {
			r := channeltest.HTTP(fake.Sign(bytes.Repeat([]byte("x"), 2001)))
			r.ContentLength = -1
			return r
		}, http.StatusRequestEntityTooLarge},
		"a body that was cut off": {func() *http.Request { r := good(); r.ContentLength++; return r }, http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tt.status, hs.Serve(tt.request()))
			n, err := hs.Service().Step(t.Context())
			require.NoError(t, err)
			require.Zero(t, n, "nothing was stored")
		})
	}
	t.Run("but not a body at the limit", func(t *testing.T) {
		for _, announced := range []int64{2000, -1} {
			r := channeltest.HTTP(fake.Sign(bytes.Repeat([]byte("x"), 2000)))
			r.ContentLength = announced
			require.Equal(t, http.StatusOK, hs.Serve(r))
		}
	})
}

func TestAnAuthenticRequestThatIsNotUnderstoodIsKeptOnce(t *testing.T) {
	var operator []string
	hs := alttest.NewWith(t, alttest.Config{Handler: alt.HandlerFunc(echo), Change: func(c *alt.Config) {
		c.Operator = func(_ context.Context, e channels.Event) { operator = append(operator, e.Type()) }
	}})
	for range 3 {
		require.Equal(t, 200, hs.Serve(channeltest.HTTP(hs.Fake("sms").Sign([]byte(`{"events": 7}`)))))
		hs.Settle()
	}
	require.Len(t, hs.Letters(), 1)
	require.Equal(t, "malformed", hs.Letters()[0].Code)
	require.Equal(t, []string{"malformed"}, operator)
}

func TestAnEventWithANameThatIsNoTextIsKeptForAPersonAndHoldsNobodyUp(t *testing.T) {
	const name = "p\x00"
	meta := func(peer channels.Peer) channels.EventMeta {
		return channels.EventMeta{Key: "odd", Channel: "whatsapp", Peer: peer}
	}
	hello := channels.Text{Body: "x"}
	for what, e := range map[string]channels.Event{
		"a message":               &channels.Received{EventMeta: meta("p"), ID: name, Content: hello},
		"a message's thread":      &channels.Received{EventMeta: meta("p"), ID: "1", Thread: name, Content: hello},
		"a message that it cites": &channels.Received{EventMeta: meta("p"), ID: "1", ReplyTo: name, Content: hello},
		"a person":                &channels.Received{EventMeta: meta(name), ID: "1", Content: hello},
		"a person's new name":     &channels.PeerChanged{EventMeta: meta("p"), New: name},
		"an edited message":       &channels.Edited{EventMeta: meta("p"), ID: name, Content: hello},
		"a withdrawn message":     &channels.Withdrawn{EventMeta: meta("p"), ID: name},
		"an echo":                 &channels.Echoed{EventMeta: meta("p"), ID: name, Content: hello},
		"a report":                &channels.StatusChanged{EventMeta: meta("p"), ID: name, Status: channels.Read},
		"a report's reference":    &channels.StatusChanged{EventMeta: meta("p"), Ref: name, Status: channels.Read},
		"a key":                   &channels.OptedOut{EventMeta: channels.EventMeta{Key: name, Channel: "whatsapp", Peer: "p"}},
	} {
		t.Run(what, func(t *testing.T) {
			hs := alttest.New(t, alt.HandlerFunc(echo))
			fake := hs.Fake("whatsapp")
			require.Equal(t, 200, hs.Serve(channeltest.HTTP(fake.Post(e, fake.Message("p", "x")))))
			hs.Settle()
			require.Len(t, hs.Letters(), 1)
			require.Equal(t, "malformed", hs.Letters()[0].Code)
			require.Len(t, fake.Sent(), 1)
		})
	}
}

// sick is a store whose Accept fails.
type sick struct {
	alt.Store
	err error
}

func (s sick) Accept(context.Context, []channels.Event) (int, error) { return 0, s.err }

func TestTheProviderIsAskedToComeAgainWhenTheStoreIsDown(t *testing.T) {
	hs := alttest.NewWith(t, alttest.Config{Handler: alt.HandlerFunc(echo), Change: func(c *alt.Config) {
		c.Store = sick{c.Store, errors.New("disk full")}
	}})
	fake := hs.Fake("sms")
	require.Equal(t, http.StatusServiceUnavailable, hs.Serve(channeltest.HTTP(fake.Post(fake.Message("p", "x")))))
}

func TestOneMessagePostedByFourConnectionsAtOnceIsOne(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(echo))
	fake := hs.Fake("whatsapp")
	req := fake.Post(fake.Message("p", "x"))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { require.Equal(t, 200, hs.Serve(channeltest.HTTP(req))) })
	}
	wg.Wait()
	hs.Settle()
	require.Len(t, fake.Sent(), 1)
}

// The canaries stand for what must never reach a log, a count or an error.
func TestPersonalDataAndSecretsStayOutOfLogsAndCounts(t *testing.T) {
	var log bytes.Buffer
	var seen []alt.Observation
	canaries := []string{"CANARY-TEXT", "CANARY-PEER", "CANARY-NAME", "CANARY-ERR"}
	hs := alttest.NewWith(t, alttest.Config{
		Handler: alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
			switch t.Text() {
			case "panic CANARY-TEXT":
				panic("CANARY-ERR")
			case "fail CANARY-TEXT":
				return alt.Permanent(errors.New("CANARY-ERR"))
			}
			return t.ReplyText("re: " + t.Text())
		}),
		Change: func(c *alt.Config) {
			c.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			c.Observe = func(o alt.Observation) { seen = append(seen, o) }
		},
	})
	chat := hs.ChatAs("messenger", "CANARY-PEER")
	say := func(text string) {
		e := hs.Fake("messenger").Message("CANARY-PEER", text)
		e.From.Name = "CANARY-NAME"
		chat.Happens(e)
	}
	say("hello CANARY-TEXT")
	hs.Fake("messenger").FailNext(&channels.Error{Class: channels.ErrRejected, Outcome: channels.NotSent, Err: errors.New("CANARY-ERR")})
	say("again CANARY-TEXT")
	hs.Fake("messenger").FailNext(errors.New("CANARY-ERR"))
	say("lost CANARY-TEXT")
	say("fail CANARY-TEXT")
	say("panic CANARY-TEXT")
	hs.Serve(channeltest.HTTP(hs.Fake("messenger").Sign([]byte("CANARY-TEXT"))))
	hs.Advance(2 * time.Hour)
	require.NotEmpty(t, seen)
	require.NotEmpty(t, log.String())
	for _, c := range canaries {
		require.NotContains(t, log.String(), c)
		for _, o := range seen {
			require.NotContains(t, o.Name+string(o.Line)+o.Code, c)
		}
	}
}

// greeter answers a handshake.
type greeter struct{ *channeltest.Fake }

func (greeter) Challenge(_ context.Context, r *channels.Request) ([]byte, error) {
	_, word, ok := strings.Cut(r.PublicURL, "?token=")
	if !ok {
		return nil, errors.New("no token")
	}
	return []byte(word), nil
}

func TestAHandshakeIsAnsweredAsPlainText(t *testing.T) {
	svc, err := alt.New(config(t, func(c *alt.Config) {
		c.Channels = []channels.Channel{greeter{channeltest.New(channeltest.Config{ID: "sms", Kind: channels.SMS})}}
	}))
	require.NoError(t, err)
	w := httptest.NewRecorder()
	svc.Webhooks().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/sms?token=abc", nil))
	require.Equal(t, "abc", w.Body.String())
	require.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
	w = httptest.NewRecorder()
	svc.Webhooks().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/sms", nil))
	require.Equal(t, http.StatusForbidden, w.Code)
}
