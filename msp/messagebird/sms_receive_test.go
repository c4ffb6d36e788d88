package messagebird_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/messagebird"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

// asked is a signed GET with this query.
func asked(t testing.TB, query string) *channels.Request {
	t.Helper()
	r := &channels.Request{Method: http.MethodGet, PublicURL: hookURL + "?" + query, Header: http.Header{}, At: noon()}
	token, err := messagebirdtest.NewClaims(r.PublicURL, nil, noon()).Token("HS256", signingKey)
	require.NoError(t, err)
	r.Header.Set(messagebirdtest.HeaderToken, token)
	return r
}

// eventsOf verifies and parses.
func eventsOf(t testing.TB, p *messagebird.Provider, r *channels.Request) []channels.Event {
	t.Helper()
	require.NoError(t, p.Verify(context.Background(), r))
	events, err := p.Parse(context.Background(), r)
	require.NoError(t, err)
	return events
}

const (
	formSMS = "body=Tere%3B+%C3%B5ues+sajab+%2B+tuul&createdDatetime=2026-11-22T11%3A59%3A58%2B00%3A00&id=57db52e0&originator=37255500001&recipient=3726000010"
	jsonSMS = `{"id":"57db52e0","recipient":"3726000010","originator":"37255500001","body":"Tere; õues sajab + tuul","createdDatetime":"2026-11-22T11:59:58+00:00"}`
)

func TestAPersonsSMSArrivesInEachForm(t *testing.T) {
	p := provider(t, smsConfig("http://127.0.0.1:1"))
	text := channels.Text{Body: "Tere; õues sajab + tuul"}
	for name, c := range map[string]struct {
		r       *channels.Request
		line    channels.ID
		content channels.Content
		at      time.Time
	}{
		"a form":                           {signed(t, formSMS), "mobile", text, noon().Add(-2 * time.Second)},
		"a JSON object":                    {signed(t, jsonSMS), "mobile", text, noon().Add(-2 * time.Second)},
		"a JSON object with numbers":       {signed(t, strings.NewReplacer(`"37255500001"`, "37255500001", `"3726000010"`, "3726000010").Replace(jsonSMS)), "mobile", text, noon().Add(-2 * time.Second)},
		"a query":                          {asked(t, formSMS), "mobile", text, noon().Add(-2 * time.Second)},
		"numbers with their plus":          {signed(t, strings.ReplaceAll(formSMS, "=372", "=%2B372")), "mobile", text, noon().Add(-2 * time.Second)},
		"a plus that was not encoded":      {signed(t, strings.ReplaceAll(formSMS, "%2B00", "+00")), "mobile", text, noon().Add(-2 * time.Second)},
		"no time":                          {signed(t, strings.ReplaceAll(formSMS, "createdDatetime=", "x=")), "mobile", text, noon()},
		"a time in another form":           {signed(t, strings.ReplaceAll(formSMS, "=2026-11-22T11%3A59%3A58%2B00%3A00", "=yesterday")), "mobile", text, noon()},
		"a short number":                   {signed(t, "mid=57db52e0&shortcode=1345&message=JAH&receive_datetime=20261122115958&originator=37255500001"), "notices", channels.Text{Body: "JAH"}, noon().Add(-2 * time.Second)},
		"an SMS without a character":       {signed(t, "id=57db52e0&originator=37255500001&recipient=1345&body="), "notices", channels.Text{}, noon()},
		"an SMS without a text":            {signed(t, "id=57db52e0&originator=37255500001&recipient=1345"), "notices", channels.Unsupported{Type: "sms"}, noon()},
		"a picture":                        {signed(t, "id=57db52e0&originator=37255500001&recipient=1345&body=pilt&mediaUrls=https%3A%2F%2Fa.example%2F1"), "notices", channels.Media{As: channels.File, Ref: "https://a.example/1", Caption: "pilt"}, noon()},
		"a picture, as JSON":               {signed(t, `{"id":"57db52e0","originator":"37255500001","recipient":"1345","body":"pilt","mediaUrls":["https://a.example/1"]}`), "notices", channels.Media{As: channels.File, Ref: "https://a.example/1", Caption: "pilt"}, noon()},
		"two pictures":                     {signed(t, "id=57db52e0&originator=37255500001&recipient=1345&body=pilt&mediaUrls=a&mediaUrls=b"), "notices", channels.Unsupported{Type: "mms", Fallback: "pilt"}, noon()},
		"a number that only the URL tells": {asked(t, "line=notices&id=57db52e0&originator=37255500001&recipient=999&body=JAH"), "notices", channels.Text{Body: "JAH"}, noon()},
	} {
		t.Run(name, func(t *testing.T) {
			events := eventsOf(t, p, c.r)
			require.Len(t, events, 1)
			e, ok := events[0].(*channels.Received)
			require.True(t, ok, events[0].Type())
			require.Equal(t, c.line, e.Channel)
			require.Equal(t, channels.Peer(kati), e.Peer)
			require.Equal(t, "sms.received:57db52e0", e.Key)
			require.Equal(t, channels.ProviderID("57db52e0"), e.ID)
			require.Equal(t, c.content, e.Content)
			require.True(t, e.At.Equal(c.at), "%v", e.At)
			require.NotEmpty(t, e.Raw)
		})
	}
}

func TestAPersonIsTheSameOverBothAPIs(t *testing.T) {
	p := provider(t, smsConfig("http://127.0.0.1:1"))
	conversation := parse(t, p, event(t, "message.created", map[string]any{"channelId": textLine}))
	sms := eventsOf(t, p, signed(t, formSMS))[0]
	require.Equal(t, conversation.Meta().Peer, sms.Meta().Peer)
}

func TestWhatIsNoSMSIsKept(t *testing.T) {
	p := provider(t, smsConfig("http://127.0.0.1:1"))
	for name, c := range map[string]struct {
		r      *channels.Request
		reason string
	}{
		"a number that is not served":      {signed(t, strings.ReplaceAll(formSMS, "3726000010", "3726000011")), "unknown_line"},
		"a line that is not there":         {asked(t, "line=nowhere&id=1&status=delivered&reference=m-1"), "unknown_line"},
		"a line of the other API":          {asked(t, "line=sms&id=1&status=delivered&reference=m-1"), "unknown_line"},
		"a report for either of two lines": {asked(t, "id=1&status=delivered&reference=m-1"), "unknown_line"},
		"no id":                            {signed(t, strings.ReplaceAll(formSMS, "&id=", "&x=")), "incomplete_message"},
		"nobody":                           {signed(t, strings.ReplaceAll(formSMS, "&originator=", "&x=")), "unknown_event"},
		"two people":                       {signed(t, formSMS+"&originator=37255500002"), "ambiguous_form"},
		"two texts":                        {signed(t, formSMS+"&body=b"), "ambiguous_form"},
		"an escape that is none":           {signed(t, formSMS+"%zz"), "ambiguous_form"},
		"a text that is not UTF-8":         {signed(t, strings.Replace(formSMS, "Tere", "%ff", 1)), "ambiguous_form"},
		"a status that nobody knows":       {asked(t, "line=mobile&id=1&status=teleported"), "unknown_status"},
		"a report on nothing":              {asked(t, "line=mobile&status=delivered"), "incomplete_message"},
		"a query of something else":        {asked(t, "hello=world"), "unknown_event"},
		"a word":                           {signed(t, "hello"), "unknown_event"},
		"an object of something else":      {signed(t, `{"hello":"world"}`), "unknown_event"},
		"an object with other types":       {signed(t, `{"id":{},"originator":[37255500001],"body":true}`), "unknown_event"},
	} {
		t.Run(name, func(t *testing.T) {
			events := eventsOf(t, p, c.r)
			require.Len(t, events, 1)
			m, ok := events[0].(*channels.Malformed)
			require.True(t, ok, events[0].Type())
			require.Equal(t, c.reason, m.Reason)
			require.NotEmpty(t, m.Raw)
			require.NotEmpty(t, m.Key)
			require.Equal(t, m.Key, eventsOf(t, p, c.r)[0].Meta().Key)
		})
	}
	for name, r := range map[string]*channels.Request{"a GET of nothing": asked(t, ""), "a body of nothing": signed(t, ""), "white space": signed(t, " \n")} {
		_, err := p.Parse(context.Background(), r)
		require.ErrorIs(t, err, channels.ErrMalformed, name)
	}
}

func TestWithoutALineOverTheSMSAPINothingOfItIsRead(t *testing.T) {
	p := receiver(t)
	for _, r := range []*channels.Request{asked(t, formSMS), signed(t, formSMS)} {
		require.NoError(t, p.Verify(context.Background(), r))
		_, err := p.Parse(context.Background(), r)
		require.ErrorIs(t, err, channels.ErrMalformed)
	}
	require.IsType(t, &channels.Malformed{}, parse(t, p, jsonSMS))
}

func TestStatusReportsOfAnSMS(t *testing.T) {
	p := provider(t, smsConfig("http://127.0.0.1:1"))
	for name, c := range map[string]struct {
		status, code string
		want         channels.Status
		class        error
		provider     string
	}{
		"scheduled":                      {"scheduled", "", channels.Sent, nil, ""},
		"sent":                           {"sent", "0", channels.Sent, nil, ""},
		"buffered":                       {"buffered", "27", channels.Sent, nil, ""},
		"delivered":                      {"delivered", "", channels.Delivered, nil, ""},
		"expired":                        {"expired", "", channels.Failed, channels.ErrUnreachable, "expired"},
		"failed, for no reason":          {"delivery_failed", "0", channels.Failed, channels.ErrUnreachable, "delivery_failed"},
		"failed, nobody has the number":  {"delivery_failed", "1", channels.Failed, channels.ErrUnreachable, "1"},
		"failed, a code of the networks": {"delivery_failed", "9", channels.Failed, channels.ErrUnreachable, "9"},
		"failed, a code that is a word":  {"delivery_failed", kati, channels.Failed, channels.ErrUnreachable, "delivery_failed"},
		"failed, the person sent STOP":   {"delivery_failed", "103", channels.Failed, channels.ErrOptedOut, "103"},
	} {
		t.Run(name, func(t *testing.T) {
			q := url.Values{"line": {"mobile"}, "id": {"57db52e0"}, "reference": {"m-1"}, "recipient": {"37255500001"}, "status": {c.status},
				"statusErrorCode": {c.code}, "statusDatetime": {"2026-11-22T11:59:58+00:00"}, "price[amount]": {"0.05"}}
			events := eventsOf(t, p, asked(t, q.Encode()))
			e := events[0].(*channels.StatusChanged)
			require.Equal(t, channels.ID("mobile"), e.Channel)
			require.Equal(t, channels.Peer(kati), e.Peer)
			require.Equal(t, channels.ProviderID("57db52e0"), e.ID)
			require.Equal(t, "m-1", e.Ref)
			require.Equal(t, c.want, e.Status)
			require.Equal(t, "sms.status:57db52e0:"+c.status+":2026-11-22T11:59:58+00:00", e.Key)
			require.True(t, e.At.Equal(noon().Add(-2*time.Second)))
			if c.class == nil {
				require.Nil(t, e.Err)
			} else {
				require.ErrorIs(t, e.Err, c.class)
				require.Equal(t, c.provider, e.Err.Provider)
			}
			if errors.Is(c.class, channels.ErrOptedOut) {
				require.Len(t, events, 2)
				out := events[1].(*channels.OptedOut)
				require.Equal(t, channels.Peer(kati), out.Peer)
				require.NotEqual(t, e.Key, out.Key)
				require.False(t, out.In)
				return
			}
			require.Len(t, events, 1)
		})
	}
}

func TestAReportMayNameTheMessageByItsReferenceOnly(t *testing.T) {
	p := provider(t, smsConfig("http://127.0.0.1:1"))
	e := eventsOf(t, p, asked(t, "line=mobile&reference=m-1&status=delivered"))[0].(*channels.StatusChanged)
	require.Empty(t, e.ID)
	require.Equal(t, "m-1", e.Ref)
	other := eventsOf(t, p, asked(t, "line=mobile&reference=m-2&status=delivered"))[0]
	require.NotEqual(t, e.Key, other.Meta().Key)
	// A mark of another application is none of ours.
	long := strings.Repeat("a", 81)
	e = eventsOf(t, p, asked(t, "line=mobile&id=1&reference="+long+"&status=delivered"))[0].(*channels.StatusChanged)
	require.Empty(t, e.Ref)
}

func TestAReportNeedsNoLineWhereThereIsOne(t *testing.T) {
	cfg := smsConfig("http://127.0.0.1:1")
	cfg.Lines, cfg.ReportURL = cfg.Lines[:4], ""
	p := provider(t, cfg)
	e := eventsOf(t, p, asked(t, "id=1&reference=m-1&status=delivered"))[0]
	require.Equal(t, channels.ID("mobile"), e.(*channels.StatusChanged).Channel)
	other := eventsOf(t, p, signed(t, strings.ReplaceAll(formSMS, "3726000010", "3726000011")))[0]
	require.Equal(t, "unknown_line", other.(*channels.Malformed).Reason, "a message to a number needs that number")
}

func TestTheQueryOfAGETIsSigned(t *testing.T) {
	cfg := smsConfig("http://127.0.0.1:1")
	cfg.LegacyHMAC = &messagebird.LegacyConfig{}
	p := provider(t, cfg)
	sim, err := messagebirdtest.New(messagebirdtest.Config{AccessKeys: []string{accessKey}, SigningKey: signingKey, OlderSignature: true, Now: noon,
		Numbers: []messagebirdtest.Number{{Number: number}}})
	require.NoError(t, err)
	for name, old := range map[string]bool{"by the token": false, "by the older headers": true} {
		t.Run(name, func(t *testing.T) {
			request := func() *channels.Request {
				r := asked(t, formSMS)
				r.Header = sim.Sign(r.PublicURL, nil)
				if old {
					r.Header.Del(messagebirdtest.HeaderToken)
				}
				return r
			}
			accepted(t, p, request())
			for _, change := range []func(*channels.Request){
				func(r *channels.Request) { r.PublicURL = strings.Replace(r.PublicURL, "Tere", "Head", 1) },
				func(r *channels.Request) { r.PublicURL = strings.Replace(r.PublicURL, "00001", "00002", 1) },
				func(r *channels.Request) { r.PublicURL += "&line=notices" },
				func(r *channels.Request) { r.PublicURL, _, _ = strings.Cut(r.PublicURL, "?") },
				func(r *channels.Request) { r.Body = []byte("body=a") },
			} {
				r := request()
				change(r)
				refused(t, p, r)
			}
		})
	}
}

func TestASimulatedPersonAndTheLineTalk(t *testing.T) {
	for _, as := range []string{messagebirdtest.AsForm, messagebirdtest.AsJSON, messagebirdtest.AsQuery} {
		t.Run(as, func(t *testing.T) {
			sim, p := smsSimulator(t, func(sc *messagebirdtest.Config) { sc.Numbers[0].As = as })
			phone := sim.Mobile(kati)
			id := phone.Writes(number, "Tere! Kus on mu pass? õ\n+&=%")
			in := take(t, sim, p)[0].(*channels.Received)
			require.Equal(t, channels.ProviderID(id), in.ID)
			require.Equal(t, channels.Text{Body: "Tere! Kus on mu pass? õ\n+&=%"}, in.Content)

			m := message("mobile", in.Peer, channels.Text{Body: "Pass on valmis, võta ID-kaart kaasa."})
			receipt, err := send(t, p, m)
			require.NoError(t, err)
			require.Equal(t, "Pass on valmis, võta ID-kaart kaasa.", phone.Inbox()[0].Text)
			require.Equal(t, map[string]int{"m-1": 1}, sim.Tracks())
			require.NoError(t, phone.Reports(string(receipt.ID), "delivered", 0))
			status := take(t, sim, p)[0].(*channels.StatusChanged)
			require.Equal(t, receipt.ID, status.ID)
			require.Equal(t, "m-1", status.Ref)
			require.Equal(t, channels.Delivered, status.Status)
			require.Equal(t, channels.Peer(kati), status.Peer)
		})
	}
}

func TestAFileOfAnMMSIsFetched(t *testing.T) {
	sim, p := smsSimulator(t, nil)
	sim.Mobile(kati).Writes(short, "pilt", messagebirdtest.File{ContentType: "image/png", Data: png()})
	in := take(t, sim, p)[0].(*channels.Received)
	fetcher, ok := channels.As[channels.MediaFetcher](line(t, p, in.Channel))
	require.True(t, ok)
	r, err := fetcher.FetchMedia(context.Background(), in.Content.(channels.Media))
	require.NoError(t, err)
	require.NoError(t, r.Close())
}

func TestAPersonWhoIsNotNamedOptsOutOfNothing(t *testing.T) {
	p := provider(t, smsConfig("http://127.0.0.1:1"))
	require.Len(t, eventsOf(t, p, asked(t, "line=mobile&id=1&status=delivery_failed&statusErrorCode=103")), 1)
}

func TestAMessageWithoutAChannelIsOfNoLineOverTheSMSAPI(t *testing.T) {
	p := provider(t, smsConfig("http://127.0.0.1:1"))
	m := parse(t, p, event(t, "message.created", map[string]any{"channelId": nil}))
	require.Equal(t, "unknown_line", m.(*channels.Malformed).Reason)
}

func TestALineThatOnlySendsNeedsNoNumbers(t *testing.T) {
	cfg := smsConfig("http://127.0.0.1:1")
	cfg.Lines[4].SMS = &messagebird.SMS{Originator: "PPA teade"}
	p := provider(t, cfg)
	e := eventsOf(t, p, asked(t, "line=notices&reference=m-1&status=delivered"))[0]
	require.Equal(t, channels.ID("notices"), e.Meta().Channel)
}
