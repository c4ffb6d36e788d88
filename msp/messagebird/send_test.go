package messagebird_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/messagebird"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

// failure expects an error of a class and an outcome.
func failure(t testing.TB, err error, class error, outcome channels.Outcome) *channels.Error {
	t.Helper()
	var e *channels.Error
	require.ErrorAs(t, err, &e)
	require.ErrorIs(t, e, class)
	require.Equal(t, outcome, e.Outcome, "outcome of %v", err)
	return e
}

func send(t testing.TB, p *messagebird.Provider, m channels.Outbound) (channels.Receipt, error) {
	t.Helper()
	return line(t, p, m.To.Channel).Send(context.Background(), m)
}

func png() []byte { return append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat([]byte{0}, 600)...) }

func open(b []byte) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
}

func TestEachKindOfContentIsSent(t *testing.T) {
	at := time.Date(2024, 3, 1, 10, 0, 0, 0, time.FixedZone("", 7200))
	const picture = "https://agency.example/a.png"
	for name, c := range map[string]struct {
		content channels.Content
		kind    string
		wire    string
	}{
		"a text":                  {channels.Text{Body: "Tere <b>&\u2028"}, "text", `{"text":"Tere <b>&\u2028"}`},
		"an image":                {channels.Media{As: channels.Image, URL: picture, Caption: "pilt"}, "image", `{"image":{"url":"` + picture + `","caption":"pilt"}}`},
		"a video":                 {channels.Media{As: channels.Video, URL: picture}, "video", `{"video":{"url":"` + picture + `"}}`},
		"an audio":                {channels.Media{As: channels.Audio, URL: picture}, "audio", `{"audio":{"url":"` + picture + `"}}`},
		"a file with its name":    {channels.Media{As: channels.File, URL: picture, Name: "otsus.pdf"}, "file", `{"file":{"url":"` + picture + `","caption":"otsus.pdf"}}`},
		"a file with its caption": {channels.Media{As: channels.File, URL: picture, Name: "otsus.pdf", Caption: "Otsus"}, "file", `{"file":{"url":"` + picture + `","caption":"Otsus"}}`},
		"a sticker":               {channels.Media{As: channels.Sticker, URL: picture}, "whatsappSticker", `{"whatsappSticker":{"link":"` + picture + `"}}`},
		"a place":                 {channels.Location{Latitude: 59.436962, Longitude: -24.5, Name: "PPA"}, "location", `{"location":{"latitude":59.436962,"longitude":-24.5}}`},
		"buttons": {channels.Choices{Body: "Kas nõus?", Header: "h", Footer: "f", Options: []channels.Choice{{ID: "1", Title: "Jah"}, {ID: "2", Title: "Ei"}}}, "interactive",
			`{"interactive":{"type":"button","header":{"type":"text","text":"h"},"body":{"text":"Kas nõus?"},"action":{"buttons":[{"id":"1","type":"reply","title":"Jah"},{"id":"2","type":"reply","title":"Ei"}]},"footer":{"text":"f"}}}`},
		"a list, because there are four": {channels.Choices{Body: "b", Options: []channels.Choice{{ID: "1", Title: "a"}, {ID: "2", Title: "b"}, {ID: "3", Title: "c"}, {ID: "4", Title: "d"}}}, "interactive",
			`{"interactive":{"type":"list","body":{"text":"b"},"action":{"button":"Vali","sections":[{"rows":[{"id":"1","title":"a"},{"id":"2","title":"b"},{"id":"3","title":"c"},{"id":"4","title":"d"}]}]}}}`},
		"a list, because one is described": {channels.Choices{Body: "b", Button: "Ava", Options: []channels.Choice{{ID: "1", Title: "a", Description: "d"}}}, "interactive",
			`{"interactive":{"type":"list","body":{"text":"b"},"action":{"button":"Ava","sections":[{"rows":[{"id":"1","title":"a","description":"d"}]}]}}}`},
		"a list, because a title is too long for a button": {channels.Choices{Body: "b", Options: []channels.Choice{{ID: "1", Title: "Sünnitoetuse taotlemine"}}}, "interactive",
			`{"interactive":{"type":"list","body":{"text":"b"},"action":{"button":"Vali","sections":[{"rows":[{"id":"1","title":"Sünnitoetuse taotlemine"}]}]}}}`},
		"a list in sections": {channels.Choices{Body: "b", Options: []channels.Choice{{ID: "1", Title: "a", Section: "s"}, {ID: "2", Title: "b", Section: "s"}, {ID: "3", Title: "c", Section: "r"}}}, "interactive",
			`{"interactive":{"type":"list","body":{"text":"b"},"action":{"button":"Vali","sections":[{"title":"s","rows":[{"id":"1","title":"a"},{"id":"2","title":"b"}]},{"title":"r","rows":[{"id":"3","title":"c"}]}]}}}`},
		"a template": {channels.Template{Name: "case_update", Language: "en-GB",
			Header: []channels.Param{{Kind: channels.ParamMedia, Media: &channels.Media{As: channels.File, URL: picture}}},
			Body: []channels.Param{{Kind: channels.ParamText, Text: "A-123"}, {Kind: channels.ParamCurrency, Text: "12,34 €", Currency: "EUR", Amount: 12340},
				{Kind: channels.ParamTime, Text: "täna", Time: at}},
			Buttons: []channels.TemplateButton{{Index: 0, Type: "quick_reply", Value: channels.Param{Kind: channels.ParamPayload, Text: "p"}},
				{Index: 1, Type: "url", Value: channels.Param{Kind: channels.ParamText, Text: "x"}},
				{Index: 2, Type: "copy_code", Value: channels.Param{Kind: channels.ParamCoupon, Text: "c"}}}}, "hsm",
			`{"hsm":{"namespace":"ns","templateName":"case_update","language":{"policy":"deterministic","code":"en_GB"},"components":[
				{"type":"header","parameters":[{"type":"document","document":{"url":"` + picture + `"}}]},
				{"type":"body","parameters":[{"type":"text","text":"A-123"},{"type":"currency","currency":{"currencyCode":"EUR","amount":12340}},{"type":"date_time","dateTime":"2024-03-01T08:00:00Z"}]},
				{"type":"button","sub_type":"quick_reply","index":0,"parameters":[{"type":"payload","payload":"p"}]},
				{"type":"button","sub_type":"url","index":1,"parameters":[{"type":"text","text":"x"}]},
				{"type":"button","sub_type":"copy_code","index":2,"parameters":[{"type":"coupon_code","coupon_code":"c"}]}]}}`},
		"a template without variables": {channels.Template{Name: "t", Language: "et"}, "hsm",
			`{"hsm":{"namespace":"ns","templateName":"t","language":{"policy":"deterministic","code":"et"}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			sim, p := simulator(t, nil)
			phone := sim.Person(whatsApp, kati)
			phone.Says("Tere")
			receipt, err := send(t, p, message("whatsapp", kati, c.content))
			require.NoError(t, err)
			sent := sim.Sent()
			require.Len(t, sent, 1)
			require.Equal(t, c.kind, sent[0].Type)
			require.JSONEq(t, c.wire, string(sent[0].Content))
			require.Equal(t, kati, sent[0].To)
			require.Equal(t, "m-1", sent[0].TrackID)
			require.Equal(t, channels.Receipt{ID: channels.ProviderID(sent[0].ID), Status: channels.Sent, At: noon()}, receipt)
			require.Len(t, phone.Inbox(), 1)

			// What comes back of it is an echo with the same content, and no turn.
			events := take(t, sim, p)
			require.Len(t, only[*channels.Received](events), 1, "the greeting")
			echo := only[*channels.Echoed](events)
			require.Len(t, echo, 1)
			require.Equal(t, receipt.ID, echo[0].ID)
			require.Equal(t, "m-1", echo[0].Ref)
			require.Equal(t, c.content.Kind(), echo[0].Content.Kind())
			require.Equal(t, channels.Peer(kati), echo[0].Peer)
		})
	}
}

func TestContentThatTheWireDoesNotHaveIsRefused(t *testing.T) {
	const picture = "https://agency.example/a.png"
	blob := channels.Media{As: channels.Image, Blob: "b", Open: open(png())}
	choices := channels.Choices{Body: "b", Options: []channels.Choice{{ID: "1", Title: "a"}}}
	named := channels.Template{Name: "t", Language: "et", Body: []channels.Param{{Kind: channels.ParamText, Name: "n", Text: "x"}}}
	sound := channels.Template{Name: "t", Language: "et", Header: []channels.Param{{Kind: channels.ParamMedia, Media: &channels.Media{As: channels.Audio, URL: picture}}}}
	for name, c := range map[string]struct {
		line    channels.ID
		content channels.Content
		class   error
	}{
		"nothing":                              {"whatsapp", nil, channels.ErrUnsupported},
		"a reaction":                           {"whatsapp", channels.Reaction{To: "1", Emoji: "👍"}, channels.ErrUnsupported},
		"a contact card":                       {"whatsapp", channels.ContactCard{Name: "PPA"}, channels.ErrUnsupported},
		"a choice":                             {"whatsapp", channels.Chosen{ID: "1"}, channels.ErrUnsupported},
		"choices on Messenger":                 {"messenger", choices, channels.ErrUnsupported},
		"a sticker on Messenger":               {"messenger", channels.Media{As: channels.Sticker, URL: picture}, channels.ErrUnsupported},
		"a template by SMS":                    {"sms", channels.Template{Name: "t", Language: "et"}, channels.ErrUnsupported},
		"media of no kind":                     {"whatsapp", channels.Media{As: "hologram", URL: picture}, channels.ErrUnsupported},
		"a stored file, which would be public": {"whatsapp", blob, channels.ErrUnsupported},
		"a file without bytes":                 {"whatsapp", channels.Media{As: channels.Image, Blob: "b"}, channels.ErrMalformed},
		"an address that is no https one":      {"whatsapp", channels.Media{As: channels.Image, URL: "ftp://agency.example/a"}, channels.ErrMalformed},
		"a place that is no number":            {"whatsapp", channels.Location{Latitude: nan(), Longitude: 1}, channels.ErrMalformed},
		"a template with names":                {"whatsapp", named, channels.ErrUnsupported},
		"a template with a sound":              {"whatsapp", sound, channels.ErrUnsupported},
		"a template with an unknown kind":      {"whatsapp", channels.Template{Name: "t", Language: "et", Body: []channels.Param{{Kind: "x"}}}, channels.ErrUnsupported},
		"a template without its media":         {"whatsapp", channels.Template{Name: "t", Language: "et", Body: []channels.Param{{Kind: channels.ParamMedia}}}, channels.ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			sim, p := simulator(t, nil)
			_, err := send(t, p, message(c.line, kati, c.content))
			failure(t, err, c.class, channels.NotSent)
			require.Empty(t, sim.Sent())
			require.Zero(t, sim.Totals().Requests, "nothing was asked of the API")
		})
	}
}

func nan() float64 { var zero float64; return zero / zero }

func TestATemplateNeedsItsNamespace(t *testing.T) {
	sim, p := simulator(t, func(_ *messagebirdtest.Config, c *messagebird.Config) { c.Lines[0].Namespace = "" })
	_, err := send(t, p, message("whatsapp", kati, channels.Template{Name: "t", Language: "et"}))
	failure(t, err, channels.ErrTemplate, channels.NotSent)
	require.Empty(t, sim.Sent())
}

func TestTemplatesOfTheOlderForm(t *testing.T) {
	sim, p := simulator(t, func(_ *messagebirdtest.Config, c *messagebird.Config) { c.Lines[0].OldParams = true })
	body := []channels.Param{{Kind: channels.ParamText, Text: "Tere"}, {Kind: channels.ParamCurrency, Text: "1 €", Currency: "EUR", Amount: 1000},
		{Kind: channels.ParamTime, Text: "täna", Time: time.Unix(0, 0)}}
	_, err := send(t, p, message("whatsapp", kati, channels.Template{Name: "t", Language: "et", Body: body}))
	require.NoError(t, err)
	require.JSONEq(t, `{"hsm":{"namespace":"ns","templateName":"t","language":{"policy":"deterministic","code":"et"},"params":[{"default":"Tere"},
		{"default":"1 €","currency":{"currencyCode":"EUR","amount":1000}},{"default":"täna","dateTime":"1970-01-01T00:00:00Z"}]}}`, string(sim.Sent()[0].Content))
	for _, more := range []channels.Template{{Header: body}, {Buttons: []channels.TemplateButton{{Type: "url"}}}, {Body: []channels.Param{{Kind: channels.ParamPayload}}}} {
		more.Name, more.Language = "t", "et"
		_, err = send(t, p, message("whatsapp", kati, more))
		failure(t, err, channels.ErrUnsupported, channels.NotSent)
	}
}

func TestAReplyQuotesWhereThatIsSwitchedOn(t *testing.T) {
	for _, quotes := range []bool{false, true} {
		sim, p := simulator(t, func(s *messagebirdtest.Config, c *messagebird.Config) {
			s.Channels[0].Types = []string{"text", "whatsappText"}
			c.Lines[0].Quotes = quotes
		})
		sim.Person(whatsApp, kati).Says("Tere")
		m := hello()
		m.ReplyTo = "m-7"
		_, err := send(t, p, m)
		require.NoError(t, err)
		want := `{"text":"Tere!"}`
		if quotes {
			want = `{"whatsappText":{"text":{"body":"Tere!"},"context":{"id":"m-7"}}}`
		}
		require.JSONEq(t, want, string(sim.Sent()[0].Content))
	}
}

func TestTheCallFollowsTheConversation(t *testing.T) {
	for name, c := range map[string]struct {
		via    messagebird.Via
		known  bool
		path   string
		status int // of the simulator's answer
	}{
		"auto, not known":  {messagebird.ViaAuto, false, "/v1/send", 0},
		"auto, known":      {messagebird.ViaAuto, true, "/v1/conversations/*/messages", 0},
		"send, known":      {messagebird.ViaSend, true, "/v1/send", 0},
		"reply, known":     {messagebird.ViaReply, true, "/v1/conversations/*/messages", 0},
		"start, not known": {messagebird.ViaStart, false, "/v1/conversations/start", 0},
		"start, known":     {messagebird.ViaStart, true, "/v1/conversations/start", 0},
	} {
		t.Run(name, func(t *testing.T) {
			sim, p := simulator(t, func(_ *messagebirdtest.Config, cfg *messagebird.Config) { cfg.SendVia = c.via })
			sim.Person(whatsApp, kati).Says("Tere")
			m := hello()
			thread := only[*channels.Received](take(t, sim, p))[0].Thread
			if c.known {
				m.Thread = thread
			}
			// A failure that matches only this path shows that it was this call.
			sim.FailNext(1, messagebirdtest.Failure{Path: c.path, Status: 400, Code: 10})
			_, err := send(t, p, m)
			failure(t, err, channels.ErrRejected, channels.NotSent)
			receipt, err := send(t, p, m)
			require.NoError(t, err)
			sent := sim.Sent()
			require.Len(t, sent, 1)
			require.Equal(t, sent[0].ID, string(receipt.ID))
			if c.path != "/v1/send" {
				require.Equal(t, thread, receipt.Thread)
			}
		})
	}
	sim, p := simulator(t, func(_ *messagebirdtest.Config, cfg *messagebird.Config) { cfg.SendVia = messagebird.ViaReply })
	_, err := send(t, p, hello())
	failure(t, err, channels.ErrCannotInitiate, channels.NotSent)
	require.Zero(t, sim.Totals().Requests)
}

func TestAConversationThatIsGoneDoesNotStopAMessage(t *testing.T) {
	sim, p := simulator(t, nil)
	sim.Person(whatsApp, kati).Says("Tere")
	m := hello()
	m.Thread = "gone"
	_, err := send(t, p, m)
	require.NoError(t, err)
	require.Len(t, sim.Sent(), 1)

	sim, p = simulator(t, func(_ *messagebirdtest.Config, cfg *messagebird.Config) { cfg.SendVia = messagebird.ViaReply })
	_, err = send(t, p, m)
	require.Equal(t, "20", failure(t, err, channels.ErrRejected, channels.NotSent).Provider)
	require.Empty(t, sim.Sent())
}

func TestAnArchivedConversationIsAnsweredInANewOne(t *testing.T) {
	sim, p := simulator(t, nil)
	sim.Person(whatsApp, kati).Says("Tere")
	m := hello()
	m.Thread = only[*channels.Received](take(t, sim, p))[0].Thread
	eraser, _ := channels.As[channels.Eraser](line(t, p, "whatsapp"))
	_, err := eraser.Erase(context.Background(), m.To, m.Thread)
	require.NoError(t, err)
	receipt, err := send(t, p, m)
	require.NoError(t, err)
	require.NotEmpty(t, receipt.Thread)
	require.NotEqual(t, m.Thread, receipt.Thread)
}

func TestBothShapesOfTheAnswerAreRead(t *testing.T) {
	for _, wrap := range []bool{false, true} {
		sim, p := simulator(t, func(s *messagebirdtest.Config, _ *messagebird.Config) { s.WrapSend = wrap })
		sim.Person(whatsApp, kati).Says("Tere")
		receipt, err := send(t, p, hello())
		require.NoError(t, err)
		require.Equal(t, sim.Sent()[0].ID, string(receipt.ID))
	}
}

func TestAConversationThatStartedTellsItsMessage(t *testing.T) {
	const found = `{"totalCount":1,"items":[{"id":"m9","conversationId":"c1","channelId":"` + whatsApp + `","direction":"sent","type":"text",
		"content":{"text":"Tere!"},"createdDatetime":"2026-11-22T12:00:00Z","trackId":"m-1"}]}`
	for name, c := range map[string]struct {
		answer, list string
		id           channels.ProviderID
		calls        int
	}{
		"itself":                      {`{"id":"c1","messages":{"lastMessageId":"m9"}}`, "", "m9", 1},
		"when it is asked for":        {`{"id":"c1","messages":{"totalCount":1}}`, found, "m9", 2},
		"not, where it is not listed": {`{"id":"c1"}`, `{"totalCount":0,"items":[]}`, "", 3},
		"not, without its own id":     {`{"status":"active"}`, found, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(t, says(201, c.answer), says(200, c.list))
			cfg := config(a.URL)
			cfg.SendVia = messagebird.ViaStart
			receipt, err := send(t, provider(t, cfg), hello())
			require.Len(t, a.all(), c.calls)
			require.Equal(t, c.id, receipt.ID)
			if c.id == "" {
				failure(t, err, channels.ErrMalformed, channels.OutcomeUnknown)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "c1", receipt.Thread)
		})
	}
}

func TestOurReferenceTravelsAsConfigured(t *testing.T) {
	for reconcile, want := range map[messagebird.Reconcile][2]string{
		messagebird.ByTrackID: {"m-1", ""}, messagebird.BySource: {"", `{"ref":"m-1"}`},
		messagebird.ByBoth: {"m-1", `{"ref":"m-1"}`}, messagebird.ByContent: {"", ""},
	} {
		sim, p := simulator(t, func(_ *messagebirdtest.Config, c *messagebird.Config) { c.Reconcile = reconcile })
		sim.Person(whatsApp, kati).Says("Tere")
		_, err := send(t, p, hello())
		require.NoError(t, err)
		sent := sim.Sent()[0]
		require.Equal(t, want, [2]string{sent.TrackID, string(sent.Source)})
		echo := only[*channels.Echoed](take(t, sim, p))[0]
		require.Equal(t, reconcile != messagebird.ByContent, echo.Ref == "m-1")
	}
}

func TestOnlyPeopleMayUseTheLongerWindow(t *testing.T) {
	sim, p := simulator(t, nil)
	for _, line := range []channels.ID{"messenger", "whatsapp"} {
		sim.Person(map[channels.ID]string{"messenger": messenger, "whatsapp": whatsApp}[line], kati).Says("Tere")
		for _, extended := range []bool{false, true} {
			m := message(line, kati, channels.Text{Body: "Tere!"})
			m.Extended = extended
			_, err := send(t, p, m)
			require.NoError(t, err)
		}
	}
	var tags []string
	for _, s := range sim.Sent() {
		tags = append(tags, s.Tag)
	}
	require.Equal(t, []string{"", "human_agent", "", ""}, tags)
}

func TestReportsComeBackToTheirLine(t *testing.T) {
	sim, p := simulator(t, func(s *messagebirdtest.Config, c *messagebird.Config) {
		s.Webhooks = nil
		c.ReportURL = hookURL
	})
	phone := sim.Person(textLine, kati)
	phone.Says("Tere")
	receipt, err := send(t, p, message("sms", kati, channels.Text{Body: "Tere!"}))
	require.NoError(t, err)
	require.NoError(t, phone.Fails(string(receipt.ID), 103, "STOP"))
	events := take(t, sim, p)
	require.Len(t, events, 1)
	got := events[0].(*channels.StatusChanged)
	require.Equal(t, channels.ID("sms"), got.Channel)
	require.Equal(t, receipt.ID, got.ID)
	require.ErrorIs(t, got.Err, channels.ErrOptedOut)
}

func TestWhatTheAPIAnswersAndWhatItMeans(t *testing.T) {
	code := func(n string) string {
		return `{"errors":[{"code":` + n + `,"description":"` + kati + `","parameter":null}]}`
	}
	for name, c := range map[string]struct {
		answer  http.HandlerFunc
		class   error
		outcome channels.Outcome
		code    string
		after   time.Duration
	}{
		"too many requests":                   {says(429, code("429"), "Retry-After", "7"), channels.ErrRateLimited, channels.NotSent, "429", 7 * time.Second},
		"too many requests, no time":          {says(429, ""), channels.ErrRateLimited, channels.NotSent, "http_429", 0},
		"too many requests, a known code":     {says(429, code("10")), channels.ErrRateLimited, channels.NotSent, "10", 0},
		"a wrong key":                         {says(401, code("2")), channels.ErrCredentials, channels.NotSent, "2", 0},
		"an invalid credential":               {says(400, code("1001")), channels.ErrCredentials, channels.NotSent, "1001", 0},
		"a wrong key, no text":                {says(401, ""), channels.ErrCredentials, channels.NotSent, "http_401", 0},
		"not allowed":                         {says(403, "<html>"), channels.ErrCredentials, channels.NotSent, "http_403", 0},
		"a missing parameter":                 {says(422, code("9")), channels.ErrRejected, channels.NotSent, "9", 0},
		"an invalid parameter":                {says(400, code("10")), channels.ErrRejected, channels.NotSent, "10", 0},
		"a channel that is not there":         {says(404, code("20")), channels.ErrRejected, channels.NotSent, "20", 0},
		"no such call":                        {says(404, code("98")), channels.ErrRejected, channels.NotSent, "98", 0},
		"no money":                            {says(402, code("25")), channels.ErrUnavailable, channels.NotSent, "25", 0},
		"no money, another status":            {says(422, code("25")), channels.ErrUnavailable, channels.NotSent, "25", 0},
		"the window is closed":                {says(422, code("470")), channels.ErrWindowClosed, channels.NotSent, "470", 0},
		"not on WhatsApp":                     {says(422, code("302")), channels.ErrUnreachable, channels.NotSent, "302", 0},
		"too large":                           {says(413, ""), channels.ErrTooLong, channels.NotSent, "http_413", 0},
		"a code that nobody knows":            {says(422, code("4711")), channels.ErrRejected, channels.NotSent, "4711", 0},
		"two codes, the second known":         {says(422, `{"errors":[{"code":4711},{"code":470}]}`), channels.ErrWindowClosed, channels.NotSent, "470", 0},
		"codes and a null after them":         {says(422, code("470")+"\nnull"), channels.ErrWindowClosed, channels.NotSent, "470", 0},
		"a code that is no number":            {says(422, code(`"`+kati+`"`)), channels.ErrRejected, channels.NotSent, "http_422", 0},
		"errors that are no list":             {says(422, `{"errors":"`+kati+`"}`), channels.ErrRejected, channels.NotSent, "http_422", 0},
		"the server's own timeout":            {says(408, code("9")), channels.ErrUnavailable, channels.OutcomeUnknown, "9", 0},
		"an internal error":                   {says(500, code("99")), channels.ErrUnavailable, channels.OutcomeUnknown, "99", 0},
		"an internal error that blames us":    {says(500, code("10")), channels.ErrUnavailable, channels.OutcomeUnknown, "10", 0},
		"a gateway's page":                    {says(502, "<html>bad gateway</html>"), channels.ErrUnavailable, channels.OutcomeUnknown, "http_502", 0},
		"unavailable for a while":             {says(503, "", "Retry-After", "30"), channels.ErrUnavailable, channels.OutcomeUnknown, "http_503", 30 * time.Second},
		"a redirect":                          {says(307, "", "Location", "https://elsewhere.example/"), channels.ErrUnavailable, channels.OutcomeUnknown, "http_307", 0},
		"accepted without an id":              {says(202, `{"status":"accepted"}`), channels.ErrMalformed, channels.OutcomeUnknown, "http_202", 0},
		"accepted with an empty message":      {says(202, `{"message":{"status":"accepted"}}`), channels.ErrMalformed, channels.OutcomeUnknown, "http_202", 0},
		"accepted without a word":             {says(202, ``), channels.ErrMalformed, channels.OutcomeUnknown, "http_202", 0},
		"accepted with half a word":           {says(202, `{"id":"12`), channels.ErrMalformed, channels.OutcomeUnknown, "http_202", 0},
		"accepted with a page":                {says(200, `<html>`+kati+`</html>`), channels.ErrMalformed, channels.OutcomeUnknown, "http_200", 0},
		"accepted with an id that is a map":   {says(202, `{"id":{}}`), channels.ErrMalformed, channels.OutcomeUnknown, "http_202", 0},
		"the connection cut":                  {hangsUp, channels.ErrUnavailable, channels.OutcomeUnknown, "", 0},
		"a refusal whose text breaks off":     {says(422, `{"errors":`, "Content-Length", "500"), channels.ErrRejected, channels.NotSent, "http_422", 0},
		"an acceptance whose text breaks off": {says(202, `{"id":"1"`, "Content-Length", "500"), channels.ErrUnavailable, channels.OutcomeUnknown, "http_202", 0},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(t, c.answer)
			_, err := send(t, provider(t, config(a.URL)), hello())
			e := failure(t, err, c.class, c.outcome)
			require.Equal(t, c.code, e.Provider)
			require.Equal(t, c.after, e.RetryAfter)
			require.Equal(t, "send", e.Op)
			require.Equal(t, channels.ID("whatsapp"), e.Channel)
			require.Equal(t, c.class == channels.ErrWindowClosed, len(e.Instead) == 2)
			require.Len(t, a.all(), 1, "one attempt")
		})
	}
}

func TestARefusalInAStatusIsAFailedReceipt(t *testing.T) {
	a := answers(t, says(202, `{"id":"m9","status":"rejected"}`))
	receipt, err := send(t, provider(t, config(a.URL)), hello())
	require.NoError(t, err)
	require.Equal(t, channels.Failed, receipt.Status)
}

func TestWhoCouldNotBeReachedGotNothing(t *testing.T) {
	a := answers(t, says(202, `{"id":"m9"}`))
	a.Close()
	_, err := send(t, provider(t, config(a.URL)), hello())
	failure(t, err, channels.ErrUnavailable, channels.NotSent)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	a = answers(t, says(202, `{"id":"m9"}`))
	_, err = line(t, provider(t, config(a.URL)), "whatsapp").Send(ctx, hello())
	failure(t, err, channels.ErrUnavailable, channels.NotSent)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, a.all())
}

func TestATimeoutAfterTheRequestIsOfUnknownOutcome(t *testing.T) {
	release := make(chan struct{})
	a := answers(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	cfg := config(a.URL)
	cfg.Timeout = 50 * time.Millisecond
	_, err := send(t, provider(t, cfg), hello())
	failure(t, err, channels.ErrUnavailable, channels.OutcomeUnknown)
}

func TestTheAccessKeyIsRenewedWithoutARestart(t *testing.T) {
	key := "old"
	sim, p := simulator(t, func(s *messagebirdtest.Config, c *messagebird.Config) {
		s.AccessKeys = []string{"new"}
		c.AccessKey = func() string { return key }
	})
	sim.Person(whatsApp, kati).Says("Tere")
	_, err := send(t, p, hello())
	require.Equal(t, "2", failure(t, err, channels.ErrCredentials, channels.NotSent).Provider)
	for _, bad := range []string{"", "new\n", "n w"} {
		key = bad
		_, err = send(t, p, hello())
		failure(t, err, channels.ErrCredentials, channels.NotSent)
	}
	require.Equal(t, 1, sim.Totals().Requests, "nothing is asked without a key")
	key = "new"
	_, err = send(t, p, hello())
	require.NoError(t, err)
}

func TestAMessageToNobodyIsRefused(t *testing.T) {
	sim, p := simulator(t, nil)
	_, err := send(t, p, message("whatsapp", "", channels.Text{Body: "Tere!"}))
	failure(t, err, channels.ErrMalformed, channels.NotSent)
	require.Zero(t, sim.Totals().Requests)
}

func TestEgressThatIsNotAllowedSendsNothing(t *testing.T) {
	sim, p := simulator(t, func(_ *messagebirdtest.Config, c *messagebird.Config) {
		c.HTTPClient = &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			return nil, errors.New("no way out for " + kati)
		})}
		c.MediaClient = &http.Client{}
	})
	_, err := send(t, p, hello())
	require.ErrorIs(t, err, channels.ErrUnavailable)
	require.NotContains(t, err.Error(), kati)
	require.Empty(t, sim.Sent())
}

func TestErrorsKeepNamesNumbersAndKeysToThemselves(t *testing.T) {
	leak := kati + " Kati Karu Tere! " + accessKey
	for _, answer := range []http.HandlerFunc{
		says(400, `{"errors":[{"code":10,"description":"`+leak+`","parameter":"`+leak+`"}]}`), says(500, leak), says(202, leak),
		says(302, "", "Location", "https://elsewhere.example/?"+strings.ReplaceAll(leak, " ", "+")), hangsUp,
	} {
		a := answers(t, answer)
		p := provider(t, config(a.URL))
		m := hello()
		m.Thread = "c-Kati"
		_, err := send(t, p, m)
		require.Error(t, err)
		finder, _ := channels.As[channels.Finder](line(t, p, "whatsapp"))
		_, _, findErr := finder.Find(context.Background(), m)
		eraser, _ := channels.As[channels.Eraser](line(t, p, "whatsapp"))
		_, eraseErr := eraser.Erase(context.Background(), m.To, m.Thread)
		_, hookErr := p.Webhooks(context.Background())
		for _, err := range []error{err, findErr, eraseErr, hookErr} {
			if err == nil {
				continue
			}
			for _, secret := range []string{kati, "Kati", "Tere", accessKey, signingKey} {
				require.NotContains(t, err.Error(), secret)
			}
		}
		for _, call := range a.all() {
			require.NotContains(t, call.Path+call.Query, kati, "no personal data in addresses")
		}
	}
}
