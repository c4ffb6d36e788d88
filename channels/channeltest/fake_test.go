package channeltest_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

var epoch = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func clock() time.Time { return epoch }

func newFake(change ...func(*channeltest.Config)) *channeltest.Fake {
	cfg := channeltest.Config{Kind: channels.WhatsApp, Now: clock}
	for _, c := range change {
		c(&cfg)
	}
	return channeltest.New(cfg)
}

func text(id channels.MessageID, body string) channels.Outbound {
	return channels.Outbound{ID: id, To: channels.Address{Channel: "whatsapp", Peer: "kati"}, Author: channels.Bot,
		Content: channels.Text{Body: body}, Parts: 1}
}

func failure(t *testing.T, err error) *channels.Error {
	t.Helper()
	var e *channels.Error
	require.ErrorAs(t, err, &e)
	return e
}

func TestTheFakeHasTheCapabilitiesOfItsKind(t *testing.T) {
	info := newFake().Info()
	want, _ := channels.Catalogue(channels.WhatsApp)
	require.Equal(t, channels.Info{ID: "whatsapp", Kind: channels.WhatsApp, Name: "Fake", Provider: "Fake", Capabilities: want, Grade: channels.Signed}, info)
	require.NoError(t, info.ID.Valid())

	own := channels.Capabilities{}
	info = newFake(func(c *channeltest.Config) { c.ID, c.Agency, c.Capabilities, c.Idempotent = "ppa", "ppa", &own, true }).Info()
	require.Equal(t, channels.ID("ppa"), info.ID)
	require.True(t, info.Capabilities.Idempotent.Value)
	require.False(t, info.Capabilities.Text.Known())
	require.Equal(t, channels.Messenger, channeltest.New(channeltest.Config{}).Info().Kind)
}

func TestTheFakeRecordsWhatIsSent(t *testing.T) {
	f := newFake()
	first, err := f.Send(t.Context(), text("a", "Tere!"))
	require.NoError(t, err)
	second, err := f.Send(t.Context(), text("b", "Kuidas aidata?"))
	require.NoError(t, err)
	require.NotEqual(t, first.ID, second.ID)
	sent := f.Sent()
	require.Len(t, sent, 2)
	require.Equal(t, text("b", "Kuidas aidata?"), sent[1].Outbound)
	require.Equal(t, channels.Receipt{ID: second.ID, Status: channels.Sent, At: epoch}, sent[1].Receipt)
}

func TestTheFakeReadsTheBytesOfAFile(t *testing.T) {
	f, closed := newFake(), false
	m := text("a", "")
	m.Content = channels.Media{As: channels.Image, Blob: "b", Open: func(context.Context) (io.ReadCloser, error) {
		return closer{strings.NewReader("pilt"), &closed}, nil
	}}
	_, err := f.Send(t.Context(), m)
	require.NoError(t, err)
	require.Equal(t, "pilt", string(f.Sent()[0].File))
	require.True(t, closed)

	m.Content = channels.Media{As: channels.Image, Blob: "b"}
	_, err = f.Send(t.Context(), m)
	require.ErrorIs(t, err, channels.ErrMalformed)
	m.Content = channels.Media{As: channels.Image, Blob: "b", Open: func(context.Context) (io.ReadCloser, error) { return nil, io.ErrClosedPipe }}
	_, err = f.Send(t.Context(), m)
	require.ErrorIs(t, err, channels.ErrUnavailable)
	require.Equal(t, channels.NotSent, failure(t, err).Outcome)
}

type closer struct {
	io.Reader
	closed *bool
}

func (c closer) Close() error { *c.closed = true; return nil }

func TestTheFakeRefusesWhatItsKindDoesNotCarry(t *testing.T) {
	for _, tc := range []struct {
		name    string
		content channels.Content
		class   error
	}{
		{"a text at the limit", channels.Text{Body: strings.Repeat("õ", 4096)}, nil},
		{"a text over the limit", channels.Text{Body: strings.Repeat("õ", 4097)}, channels.ErrTooLong},
		{"a caption over the limit", channels.Media{As: channels.Image, URL: "https://a.ee/b", Caption: strings.Repeat("õ", 1025)}, channels.ErrTooLong},
		{"four buttons with too long titles", channels.Choices{Body: "?", Options: []channels.Choice{{ID: "a", Title: strings.Repeat("a", 25)}}}, channels.ErrUnsupported},
		{"an answer", channels.Chosen{ID: "a"}, channels.ErrUnsupported},
		{"nothing", nil, channels.ErrMalformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, m := newFake(), text("a", "")
			m.Content = tc.content
			_, err := f.Send(t.Context(), m)
			if tc.class == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, tc.class)
			require.Equal(t, channels.NotSent, failure(t, err).Outcome)
			require.Empty(t, f.Sent())
			require.Equal(t, 1, f.Attempts())
		})
	}
	f, m := newFake(), text("a", "Tere")
	m.To.Channel = "other"
	_, err := f.Send(t.Context(), m)
	require.ErrorIs(t, err, channels.ErrUnreachable)
}

func TestTheFakeFailsAsTold(t *testing.T) {
	f := newFake()
	f.FailNext(channels.ErrRateLimited, nil,
		&channels.Error{Class: channels.ErrWindowClosed, Outcome: channels.NotSent, RetryAfter: time.Minute, Provider: "131047"}, io.ErrUnexpectedEOF)
	_, err := f.Send(t.Context(), text("a", "Tere"))
	require.Equal(t, channels.NotSent, failure(t, err).Outcome)
	require.ErrorIs(t, err, channels.ErrRateLimited)
	_, err = f.Send(t.Context(), text("a", "Tere"))
	require.NoError(t, err)
	_, err = f.Send(t.Context(), text("b", "Tere"))
	require.EqualError(t, err, "send on whatsapp: reply window closed (provider code 131047)")
	require.Equal(t, time.Minute, failure(t, err).RetryAfter)
	_, err = f.Send(t.Context(), text("b", "Tere"))
	require.Equal(t, channels.OutcomeUnknown, failure(t, err).Outcome)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Len(t, f.Sent(), 1)
	require.Equal(t, 4, f.Attempts())
}

func TestTheFakeSendsAndYetDoesNotSay(t *testing.T) {
	for _, idempotent := range []bool{false, true} {
		f := newFake(func(c *channeltest.Config) { c.Idempotent = idempotent })
		f.UnknownNext()
		_, err := f.Send(t.Context(), text("a", "Tere"))
		require.Equal(t, channels.OutcomeUnknown, failure(t, err).Outcome)
		found, ok, err := f.Find(t.Context(), text("a", "Tere"))
		require.NoError(t, err)
		require.True(t, ok)
		again, err := f.Send(t.Context(), text("a", "Tere"))
		require.NoError(t, err)
		require.Equal(t, idempotent, again.ID == found.ID)
		require.Len(t, f.Sent(), map[bool]int{true: 1, false: 2}[idempotent])
	}
	_, ok, err := newFake().Find(t.Context(), text("b", "Tere"))
	require.NoError(t, err)
	require.False(t, ok)
}

func TestTheHookSeesEveryAttempt(t *testing.T) {
	f := newFake()
	f.OnSend(func(_ context.Context, m channels.Outbound) error {
		if m.ID == "a" {
			return channels.ErrUnavailable
		}
		return nil
	})
	_, err := f.Send(t.Context(), text("a", "Tere"))
	require.ErrorIs(t, err, channels.ErrUnavailable)
	_, err = f.Send(t.Context(), text("b", "Tere"))
	require.NoError(t, err)
	f.OnSend(nil)
	_, err = f.Send(t.Context(), text("a", "Tere"))
	require.NoError(t, err)
}

func TestEveryBuiltEventArrivesAsItWasBuilt(t *testing.T) {
	f := newFake()
	receipt, err := f.Send(t.Context(), text("a", "Tere"))
	require.NoError(t, err)
	m := f.Message("kati", "Tere, õhtust!")
	events := []channels.Event{
		m, f.Edit(m, "Tere õhtust!"), f.Withdraw(m), f.Choose("kati", channels.Choice{ID: "j", Title: "Jah"}),
		f.Media("kati", channels.Media{As: channels.Image}, []byte("pilt")), f.StatusOf(receipt, channels.Delivered),
		f.StatusOf(receipt, channels.Failed), f.Echo(receipt), f.Refer("kati", "sona"), f.OptOut("kati"),
	}
	r := f.Post(events...)
	require.NoError(t, f.Verify(t.Context(), r))
	got, err := f.Parse(t.Context(), r)
	require.NoError(t, err)
	require.Len(t, got, len(events))
	for i, e := range got {
		require.NotEmpty(t, e.Meta().Raw)
		e.Meta().Raw = nil
		require.Equal(t, events[i], e)
	}
	require.Equal(t, channels.Peer("kati"), got[5].Meta().Peer, "a report knows whom it is about")
	require.Equal(t, "a", got[7].(*channels.Echoed).Ref)
}

func TestABrokenEventDoesNotTakeItsNeighboursAlong(t *testing.T) {
	f := newFake()
	whole := f.Post(f.Message("kati", "a"), f.Message("kati", "b"))
	for name, broken := range map[string]string{
		"of a type that is not known": `{"type":"poll"}`,
		"of our own making":           `{"type":"due","key":"k","channel":"whatsapp","peer":"kati","at":"2026-11-22T09:00:00Z"}`,
		"of nobody":                   `{"type":"withdrawn","key":"k","channel":"whatsapp","at":"2026-11-22T09:00:00Z"}`,
		"of no time":                  `{"type":"withdrawn","key":"k","channel":"whatsapp","peer":"kati"}`,
		"that is a number":            `7`,
		"that is null":                `null`,
	} {
		t.Run(name, func(t *testing.T) {
			body := bytes.Replace(whole.Body, []byte(`},{"key"`), []byte(`},`+broken+`,{"key"`), 1)
			got, err := f.Parse(t.Context(), f.Sign(body))
			require.NoError(t, err)
			require.Len(t, got, 3)
			m, ok := got[1].(*channels.Malformed)
			require.True(t, ok)
			require.NotEmpty(t, m.Key)
			require.Equal(t, channels.ID("whatsapp"), m.Channel)
		})
	}
}

func TestARequestOfTheFakeGoesThroughARealServer(t *testing.T) {
	f := newFake()
	var events []channels.Event
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		req := &channels.Request{Method: r.Method, PublicURL: "https://agency.example" + r.URL.RequestURI(), Header: r.Header, Body: body, At: epoch}
		if err != nil || f.Verify(r.Context(), req) != nil {
			http.Error(w, "refused", http.StatusForbidden)
			return
		}
		events, err = f.Parse(r.Context(), req)
		if err != nil {
			http.Error(w, "malformed", http.StatusBadRequest)
		}
	})
	r := f.Post(f.Message("kati", "Tere"))
	for range 2 {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, channeltest.HTTP(r))
		require.Equal(t, http.StatusOK, w.Code)
		require.Len(t, events, 1)
	}
	other := newFake().Post(f.Message("kati", "Tere"))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, channeltest.HTTP(other))
	require.Equal(t, http.StatusForbidden, w.Code, "signed with another secret")
}

func TestFilesOfPeopleAreFetchedUpToTheLimit(t *testing.T) {
	f := newFake(func(c *channeltest.Config) { c.MediaLimit = 4 })
	fetch := func(file []byte) ([]byte, error) {
		e := f.Media("kati", channels.Media{As: channels.Image}, file)
		r, err := f.FetchMedia(t.Context(), e.Content.(channels.Media))
		if err != nil {
			return nil, err
		}
		defer func() { require.NoError(t, r.Close()) }()
		return io.ReadAll(r)
	}
	b, err := fetch([]byte("1234"))
	require.NoError(t, err)
	require.Equal(t, "1234", string(b))
	b, err = fetch([]byte("12345"))
	require.ErrorIs(t, err, channels.ErrTooLong)
	require.LessOrEqual(t, len(b), 4)
	b, err = fetch([]byte{})
	require.NoError(t, err)
	require.Empty(t, b)
	_, err = fetch(nil)
	require.ErrorIs(t, err, channels.ErrRejected)
}

func TestTypingAndErasingAreRecorded(t *testing.T) {
	f := newFake(func(c *channeltest.Config) { c.Kind, c.ID = channels.WebChat, "whatsapp" })
	kati := channels.Address{Channel: "whatsapp", Peer: "kati"}
	_, err := f.Send(t.Context(), text("a", "Tere"))
	require.NoError(t, err)
	require.NoError(t, f.Typing(t.Context(), kati))
	require.Equal(t, []channels.Address{kati}, f.Typed())
	got, err := f.Erase(t.Context(), kati, "")
	require.NoError(t, err)
	require.Equal(t, channels.Erased, got)
	require.Empty(t, f.Sent())
	require.Equal(t, []channels.Address{kati}, f.Erasures())

	got, err = newFake().Erase(t.Context(), kati, "")
	require.NoError(t, err)
	require.Equal(t, channels.NotErasable, got, "as the catalogue says of WhatsApp")
}

func TestNothingHappensAfterTheContextEnded(t *testing.T) {
	f, m := newFake(), text("a", "Tere")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, send := f.Send(ctx, m)
	_, _, find := f.Find(ctx, m)
	_, erase := f.Erase(ctx, m.To, "")
	_, fetch := f.FetchMedia(ctx, channels.Media{})
	for _, err := range []error{send, find, erase, fetch, f.Typing(ctx, m.To)} {
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, channels.NotSent, failure(t, err).Outcome)
	}
	require.Empty(t, f.Sent())
}
