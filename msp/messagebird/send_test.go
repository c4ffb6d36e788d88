package messagebird_test

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/messagebird"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

// failure expects an error of a class and an outcome.
func failure(t testing.TB, err error, class error, outcome channels.Outcome) channels.Error {
	t.Helper()
	var e *channels.Error
	require.ErrorAs(t, err, &e)
	require.ErrorIs(t, e, class)
	require.Equal(t, outcome, e.Outcome, "outcome of %v", err)
	return *e
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
