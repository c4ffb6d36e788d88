package bird_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/bird"
	"github.com/liidestuja/liidestuja/msp/bird/birdtest"
)

func find(t *testing.T, p *bird.Provider, m channels.Outbound) (channels.Receipt, bool, error) {
	t.Helper()
	f, ok := channels.As[channels.Finder](line(t, p, m.To.Channel))
	require.True(t, ok)
	return f.Find(context.Background(), m)
}

func TestFind(t *testing.T) {
	t.Run("a message whose answer was lost is found behind many others", func(t *testing.T) {
		sim, p := simulator(t, nil)
		sim.FailNext(1, birdtest.Failure{HangUpAfterAccept: true})
		_, err := send(t, p, hello())
		fails(t, err, channels.ErrUnavailable, channels.OutcomeUnknown)
		for i := range 120 { // more than a page
			m := hello()
			m.ID, m.Parts, m.Part = "other", 1000, i
			_, err := send(t, p, m)
			require.NoError(t, err)
		}
		got, ok, err := find(t, p, hello())
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, channels.ProviderID(sim.Sent()[0].ID), got.ID)
		require.Equal(t, sim.Sent()[0].ContactID, got.Thread)
	})
	t.Run("what the person wrote, or another line sent, is not ours", func(t *testing.T) {
		sim, p := simulator(t, nil)
		sim.Person(channelID("whatsapp"), kati).Says("Tere!")
		m := hello()
		m.To.Channel = "sms"
		_, err := send(t, p, m)
		require.NoError(t, err)
		_, ok, err := find(t, p, hello())
		require.NoError(t, err)
		require.False(t, ok)
	})
	t.Run("without references nothing is found", func(t *testing.T) {
		_, p := simulator(t, func(sc *birdtest.Config, _ *bird.Config) { sc.OmitReference = true })
		_, err := send(t, p, hello())
		require.NoError(t, err)
		_, ok, err := find(t, p, hello())
		require.NoError(t, err)
		require.False(t, ok)
	})
	t.Run("a person's message with our reference is not ours", func(t *testing.T) {
		a := answers(t, says(200, `{"results":[{"id":"m-9","reference":"m-1","direction":"incoming"},{"reference":"m-1","direction":"outgoing"}]}`))
		_, ok, err := find(t, provider(t, config(a.URL)), hello())
		require.NoError(t, err)
		require.False(t, ok)
	})
	t.Run("it looks back no further than the message's own id says", func(t *testing.T) {
		a := answers(t, says(200, `{"results":[]}`))
		p := provider(t, config(a.URL))
		m := hello()
		m.ID = "01a20305-2ac0-7000-8000-000000000000" // made at 11:30
		_, _, err := find(t, p, m)
		require.NoError(t, err)
		m.ID = "01a20305-2ac0-4000-8000-000000000000" // no time in it
		_, _, err = find(t, p, m)
		require.NoError(t, err)
		calls := a.all()
		require.Equal(t, "direction=outgoing&limit=100&startAt=2026-11-22T11%3A29%3A00Z", calls[0].Query)
		require.Equal(t, "direction=outgoing&limit=100&startAt=2026-11-22T10%3A00%3A00Z", calls[1].Query)
	})
	for name, answer := range map[string]http.HandlerFunc{
		"a list that cannot be read": says(200, `{"results":[7]}`),
		"a list of another form":     says(200, `{"results":{}}`),
		"a server that is down":      says(503, ``),
		"a list without an end":      endless(),
	} {
		t.Run(name+" is an error, not a miss", func(t *testing.T) {
			_, ok, err := find(t, provider(t, config(answers(t, answer).URL)), hello())
			require.False(t, ok)
			require.Equal(t, channels.NotSent, errorOf(err).Outcome)
		})
	}
}

// endless is a list whose every page has a next one.
func endless() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"results":[],"nextPageToken":"`+r.URL.Query().Get("pageToken")+`x"}`)
	}
}

func erase(t *testing.T, p *bird.Provider, id channels.ID, thread string) (channels.Erasure, error) {
	t.Helper()
	e, ok := channels.As[channels.Eraser](line(t, p, id))
	require.True(t, ok)
	return e.Erase(context.Background(), channels.Address{Channel: id, Peer: kati}, thread)
}

func TestErase(t *testing.T) {
	sim, p := simulator(t, nil)
	phone := sim.Person(channelID("whatsapp"), kati)
	phone.Says("Tere")
	sim.Person(channelID("sms"), kati).Says("Tere") // the same contact on another line
	thread := only[*channels.Received](take(t, sim, p))[0].Thread
	require.Equal(t, phone.ContactID(), thread)

	got, err := erase(t, p, "whatsapp", thread)
	require.NoError(t, err)
	require.Equal(t, channels.Erased, got)
	conversation, _ := sim.Conversation(channelID("whatsapp"), kati)
	require.Empty(t, conversation)
	conversation, messages := sim.Conversation(channelID("sms"), kati)
	require.NotEmpty(t, conversation, "the other line keeps its own")

	got, err = erase(t, p, "whatsapp", thread)
	require.NoError(t, err)
	require.Equal(t, channels.NothingStored, got, "the second time there is nothing")
	got, err = erase(t, p, "whatsapp", "unknown")
	require.NoError(t, err)
	require.Equal(t, channels.NothingStored, got)
	got, err = erase(t, p, "whatsapp", "")
	require.NoError(t, err)
	require.Equal(t, channels.NotErasable, got, "nobody knows whose")

	got, err = p.DeleteMessage(context.Background(), conversation, messages[0])
	require.NoError(t, err)
	require.Equal(t, channels.Erased, got)
	_, messages = sim.Conversation(channelID("sms"), kati)
	require.Empty(t, messages)
	got, err = p.DeleteMessage(context.Background(), conversation, "unknown")
	require.NoError(t, err)
	require.Equal(t, channels.NothingStored, got)
	got, err = p.DeleteConversation(context.Background(), conversation)
	require.NoError(t, err)
	require.Equal(t, channels.Erased, got)
	got, err = p.DeleteConversation(context.Background(), conversation)
	require.NoError(t, err)
	require.Equal(t, channels.NothingStored, got)
}

func TestAFailedErasureIsAnError(t *testing.T) {
	sim, p := simulator(t, nil)
	phone := sim.Person(channelID("whatsapp"), kati)
	phone.Says("Tere")
	sim.FailNext(1, birdtest.Failure{Method: http.MethodDelete, Status: 500})
	_, err := erase(t, p, "whatsapp", phone.ContactID())
	fails(t, err, channels.ErrUnavailable, channels.NotSent)
	sim.FailNext(1, birdtest.Failure{Method: http.MethodGet, Status: 429, RetryAfter: time.Second})
	_, err = erase(t, p, "whatsapp", phone.ContactID())
	require.Equal(t, time.Second, failure(t, err, channels.ErrRateLimited, channels.NotSent).RetryAfter)
	_, err = p.DeleteMessage(context.Background(), "", "..")
	fails(t, err, channels.ErrMalformed, channels.NotSent)
	got, err := erase(t, p, "whatsapp", phone.ContactID())
	require.NoError(t, err)
	require.Equal(t, channels.Erased, got)
}

func TestWebhookSubscriptions(t *testing.T) {
	ctx := context.Background()
	_, p := simulator(t, func(sc *birdtest.Config, _ *bird.Config) { sc.Webhooks = nil })
	require.Equal(t, []string{"facebook.inbound", "facebook.outbound", "facebook.interaction"}, p.Events(channels.Messenger))
	require.Nil(t, p.Events(channels.Signal))
	made, err := p.CreateWebhook(ctx, bird.Webhook{Line: "messenger", Event: "facebook.inbound", URL: hookURL})
	require.NoError(t, err)
	require.Equal(t, bird.Webhook{ID: made.ID, URL: hookURL, Line: "messenger", ChannelID: channelID("messenger"), Event: "facebook.inbound", Enabled: true, Created: noon()}, made)
	all, err := p.CreateWebhook(ctx, bird.Webhook{Event: "sms.outbound", URL: hookURL})
	require.NoError(t, err)
	listed, err := p.Webhooks(ctx)
	require.NoError(t, err)
	require.Equal(t, []bird.Webhook{made, all}, listed)
	require.NoError(t, p.DeleteWebhook(ctx, made.ID))
	fails(t, p.DeleteWebhook(ctx, made.ID), channels.ErrRejected, channels.NotSent)
	listed, err = p.Webhooks(ctx)
	require.NoError(t, err)
	require.Equal(t, []bird.Webhook{all}, listed)

	for name, w := range map[string]bird.Webhook{
		"without an address":  {Event: "sms.inbound"},
		"without an event":    {URL: hookURL},
		"on an unknown line":  {Event: "sms.inbound", URL: hookURL, Line: "other"},
		"at a relative place": {Event: "sms.inbound", URL: "/webhooks"},
	} {
		_, err := p.CreateWebhook(ctx, w)
		fails(t, err, channels.ErrMalformed, channels.NotSent)
		require.Error(t, err, name)
	}
	_, err = p.CreateWebhook(ctx, bird.Webhook{Event: "sms.lost", URL: hookURL})
	fails(t, err, channels.ErrRejected, channels.NotSent)
}

func TestSubscriptionsToOtherServicesAreNotListed(t *testing.T) {
	a := answers(t, says(200, `{"results":[{"id":"1","service":"voice"},{"id":"2","service":"channels","status":"inactive"}]}`))
	listed, err := provider(t, config(a.URL)).Webhooks(context.Background())
	require.NoError(t, err)
	require.Equal(t, []bird.Webhook{{ID: "2"}}, listed)
}

func TestSubscriptionsNeedAnOwner(t *testing.T) {
	cfg := config("http://127.0.0.1:1")
	cfg.OrganizationID = ""
	p := provider(t, cfg)
	_, err := p.CreateWebhook(context.Background(), bird.Webhook{Event: "sms.inbound", URL: hookURL})
	fails(t, err, channels.ErrMalformed, channels.NotSent)
	_, err = p.Webhooks(context.Background())
	fails(t, err, channels.ErrMalformed, channels.NotSent)
	fails(t, p.DeleteWebhook(context.Background(), "id"), channels.ErrMalformed, channels.NotSent)
}

func fetch(t *testing.T, p *bird.Provider, ref string) (string, error) {
	t.Helper()
	f, ok := channels.As[channels.MediaFetcher](line(t, p, "whatsapp"))
	require.True(t, ok)
	r, err := f.FetchMedia(context.Background(), channels.Media{As: channels.File, Ref: ref})
	if err != nil {
		return "", err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	return string(b), err
}

func TestMedia(t *testing.T) {
	text := func(w http.ResponseWriter, s string) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, s)
	}
	var elsewhere []http.Header
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		elsewhere = append(elsewhere, r.Header)
		text(w, "from the store")
	}))
	defer store.Close()
	a := answers(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") != "AccessKey "+accessKey:
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/file":
			text(w, "the file")
		case r.URL.Path == "/elsewhere":
			http.Redirect(w, r, store.URL+"/x", http.StatusFound)
		case r.URL.Path == "/twice":
			http.Redirect(w, r, "/twice", http.StatusFound)
		case r.URL.Path == "/nowhere":
			w.WriteHeader(http.StatusFound)
		case r.URL.Path == "/large":
			text(w, strings.Repeat("a", 200))
		case r.URL.Path == "/page":
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<html><script>")
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	})
	cfg := config(a.URL)
	cfg.MediaMax = 100
	p := provider(t, cfg)

	got, err := fetch(t, p, a.URL+"/file")
	require.NoError(t, err)
	require.Equal(t, "the file", got)
	for name, tc := range map[string]struct {
		ref   string
		class error
	}{
		"a host that is not listed":       {store.URL + "/x", channels.ErrUnsupported},
		"a redirect to such a host":       {a.URL + "/elsewhere", channels.ErrUnsupported},
		"a redirect to a redirect":        {a.URL + "/twice", channels.ErrUnsupported},
		"a redirect to nowhere":           {a.URL + "/nowhere", channels.ErrUnsupported},
		"a file over the limit":           {a.URL + "/large", channels.ErrTooLong},
		"a page with a script":            {a.URL + "/page", channels.ErrUnsupported},
		"a file that is gone":             {a.URL + "/gone", channels.ErrRejected},
		"an address of the cloud's own":   {"http://169.254.169.254/latest", channels.ErrUnsupported},
		"an address that is none":         {"file:///etc/passwd", channels.ErrUnsupported},
		"an address with somebody's name": {"http://user@" + strings.TrimPrefix(a.URL, "http://") + "/file", channels.ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := fetch(t, p, tc.ref)
			fails(t, err, tc.class, channels.NotSent)
		})
	}
	require.Empty(t, elsewhere, "nobody else was asked")

	cfg.MediaHosts = []string{strings.TrimPrefix(store.URL, "http://")}
	got, err = fetch(t, provider(t, cfg), a.URL+"/elsewhere")
	require.NoError(t, err)
	require.Equal(t, "from the store", got)
	require.Len(t, elsewhere, 1)
	require.Empty(t, elsewhere[0].Get("Authorization"), "the key is for Bird alone")
}

// TestAConversation goes through all of it: a person writes, taps, sends files
// and reads; what we send comes back in reports.
func TestAConversation(t *testing.T) {
	sim, p := simulator(t, func(sc *birdtest.Config, _ *bird.Config) { sc.Statuses = []string{"sent", "delivered"} })
	phone := sim.Person(channelID("whatsapp"), kati).Named("Kati Karu")
	phone.Says("Tere")
	in := take(t, sim, p)[0].(*channels.Received)

	m := message("whatsapp", in.Peer, channels.Choices{Body: "Kas nõustud?", Options: []channels.Choice{{ID: "yes", Title: "Jah"}, {ID: "no", Title: "Ei"}}})
	m.ID, m.Thread = "ask-1", in.Thread
	sent, err := send(t, p, m)
	require.NoError(t, err)
	events := take(t, sim, p)
	echoes := only[*channels.Echoed](events)
	require.Len(t, echoes, 3, "one with each status, all of one key")
	require.Equal(t, echoes[0].Key, echoes[2].Key)
	require.Equal(t, "ask-1", echoes[0].Ref)
	require.Equal(t, m.Content, echoes[0].Content)
	status := channels.Queued
	for _, s := range only[*channels.StatusChanged](events) {
		require.Equal(t, sent.ID, s.ID)
		require.Equal(t, "ask-1", s.Ref)
		status = status.Merge(s.Status)
	}
	require.Equal(t, channels.Delivered, status)

	_, err = phone.Taps("yes")
	require.NoError(t, err)
	tap := take(t, sim, p)[0].(*channels.Received)
	require.Equal(t, channels.Chosen{ID: "yes", Title: "Jah"}, tap.Content)
	require.Equal(t, sent.ID, tap.ReplyTo)

	require.NoError(t, phone.Reads(string(sent.ID)))
	require.Equal(t, channels.Read, take(t, sim, p)[0].(*channels.StatusChanged).Status)
	require.NoError(t, phone.Interacts(string(sent.ID), "reported-as-spam"))
	require.Equal(t, channels.Peer(kati), only[*channels.OptedOut](take(t, sim, p))[0].Peer)

	phone.SendsFiles("pildid", birdtest.File{ContentType: "text/plain", Data: []byte("üks")}, birdtest.File{ContentType: "text/plain", Data: []byte("kaks")})
	for i, e := range take(t, sim, p) {
		got, err := fetch(t, p, e.(*channels.Received).Content.(channels.Media).Ref)
		require.NoError(t, err)
		require.Equal(t, []string{"üks", "kaks"}[i], got)
	}
}
