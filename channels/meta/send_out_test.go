package meta_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
)

func TestEachKindOfContentIsSent(t *testing.T) {
	tap := channels.Choices{Body: "Kas nõus?", Options: []channels.Choice{{ID: "1", Title: "Jah"}, {ID: "2", Title: "Ei"}}}
	framed := tap
	framed.Header, framed.Footer = "h", "f"
	quick := `{"text":"Kas nõus?","quick_replies":[{"content_type":"text","title":"Jah","payload":"1"},{"content_type":"text","title":"Ei","payload":"2"}]`
	for name, c := range map[string]struct {
		line    channels.ID
		content channels.Content
		wire    string // of the message alone
	}{
		"a text on Messenger":                  {"messenger", channels.Text{Body: "Tere <b>&\u2028"}, `{"text":"Tere <b>&\u2028","metadata":"m-1"}`},
		"a file with an address":               {"messenger", channels.Media{As: channels.File, URL: outPicture}, `{"attachment":{"type":"file","payload":{"url":"` + outPicture + `"}},"metadata":"m-1"}`},
		"a sound on Messenger":                 {"messenger", channels.Media{As: channels.Audio, URL: outPicture}, `{"attachment":{"type":"audio","payload":{"url":"` + outPicture + `"}},"metadata":"m-1"}`},
		"choices on Messenger":                 {"messenger", tap, quick + `,"metadata":"m-1"}`},
		"a text on Instagram":                  {"instagram", channels.Text{Body: "Tere"}, `{"text":"Tere","metadata":"m-1"}`},
		"choices on Instagram":                 {"instagram", tap, quick + `,"metadata":"m-1"}`},
		"a text by Instagram Login":            {"login", channels.Text{Body: "Tere"}, `{"text":"Tere"}`},
		"a text on WhatsApp":                   {"whatsapp", channels.Text{Body: "Tere"}, `{"type":"text","text":{"body":"Tere","preview_url":false}}`},
		"an image with a caption":              {"whatsapp", channels.Media{As: channels.Image, URL: outPicture, Name: "a.png", Caption: "pilt"}, `{"type":"image","image":{"link":"` + outPicture + `","caption":"pilt"}}`},
		"a video":                              {"whatsapp", channels.Media{As: channels.Video, URL: outPicture}, `{"type":"video","video":{"link":"` + outPicture + `"}}`},
		"a sound":                              {"whatsapp", channels.Media{As: channels.Audio, URL: outPicture}, `{"type":"audio","audio":{"link":"` + outPicture + `"}}`},
		"a document with its name":             {"whatsapp", channels.Media{As: channels.File, URL: outPicture, Name: "otsus.pdf", Caption: "Otsus"}, `{"type":"document","document":{"link":"` + outPicture + `","filename":"otsus.pdf","caption":"Otsus"}}`},
		"a sticker":                            {"whatsapp", channels.Media{As: channels.Sticker, URL: outPicture}, `{"type":"sticker","sticker":{"link":"` + outPicture + `"}}`},
		"a place":                              {"whatsapp", channels.Location{Latitude: 59.436962, Longitude: -24.5, Name: "PPA", Address: "Pärnu mnt 139"}, `{"type":"location","location":{"latitude":59.436962,"longitude":-24.5,"name":"PPA","address":"Pärnu mnt 139"}}`},
		"a card":                               {"whatsapp", channels.ContactCard{Name: "PPA", Phones: []string{"+3726123000"}, Emails: []string{"ppa@politsei.ee"}}, `{"type":"contacts","contacts":[{"name":{"formatted_name":"PPA","first_name":"PPA"},"phones":[{"phone":"+3726123000"}],"emails":[{"email":"ppa@politsei.ee"}]}]}`},
		"a reaction on WhatsApp":               {"whatsapp", channels.Reaction{To: "wamid.1", Emoji: "👍"}, `{"type":"reaction","reaction":{"message_id":"wamid.1","emoji":"👍"}}`},
		"a reaction taken back":                {"whatsapp", channels.Reaction{To: "wamid.1"}, `{"type":"reaction","reaction":{"message_id":"wamid.1","emoji":""}}`},
		"buttons":                              {"whatsapp", framed, `{"type":"interactive","interactive":{"type":"button","header":{"type":"text","text":"h"},"body":{"text":"Kas nõus?"},"footer":{"text":"f"},"action":{"buttons":[{"type":"reply","reply":{"id":"1","title":"Jah"}},{"type":"reply","reply":{"id":"2","title":"Ei"}}]}}}`},
		"a list, because there are four":       {"whatsapp", channels.Choices{Body: "b", Options: []channels.Choice{{ID: "1", Title: "a"}, {ID: "2", Title: "b"}, {ID: "3", Title: "c"}, {ID: "4", Title: "d"}}}, `{"type":"interactive","interactive":{"type":"list","body":{"text":"b"},"action":{"button":"Vali","sections":[{"rows":[{"id":"1","title":"a"},{"id":"2","title":"b"},{"id":"3","title":"c"},{"id":"4","title":"d"}]}]}}}`},
		"a list, because a title is too long":  {"whatsapp", channels.Choices{Body: "b", Button: "Ava", Options: []channels.Choice{{ID: "1", Title: "Sünnitoetuse taotlemine"}}}, `{"type":"interactive","interactive":{"type":"list","body":{"text":"b"},"action":{"button":"Ava","sections":[{"rows":[{"id":"1","title":"Sünnitoetuse taotlemine"}]}]}}}`},
		"a list in sections with descriptions": {"whatsapp", channels.Choices{Body: "b", Options: []channels.Choice{{ID: "1", Title: "a", Section: "s", Description: "d"}, {ID: "2", Title: "b", Section: "s"}, {ID: "3", Title: "c", Section: "r"}}}, `{"type":"interactive","interactive":{"type":"list","body":{"text":"b"},"action":{"button":"Vali","sections":[{"title":"s","rows":[{"id":"1","title":"a","description":"d"},{"id":"2","title":"b"}]},{"title":"r","rows":[{"id":"3","title":"c"}]}]}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			m := letter(c.line, c.content)
			frame := `{"recipient":{"id":"` + outKati + `"},"messaging_type":"RESPONSE","message":` + c.wire + `}`
			switch c.line {
			case "instagram", "login":
				frame = strings.Replace(frame, `"messaging_type":"RESPONSE",`, "", 1)
			case "whatsapp":
				frame = `{"messaging_product":"whatsapp","recipient_type":"individual","to":"` + outPhone + `","biz_opaque_callback_data":"m-1",` + c.wire[1:]
			}
			receipt, body := sent(t, m)
			require.JSONEq(t, frame, body)
			require.Equal(t, channels.Receipt{ID: "m_1", Status: channels.Sent, At: outNoon()}, receipt)
		})
	}
}

func TestTheFrameSaysByWhichRightAMessageIsSent(t *testing.T) {
	late := func(line channels.ID, c channels.Content, a channels.Author) channels.Outbound {
		m := letter(line, c)
		m.Author, m.Extended = a, true
		return m
	}
	text := channels.Text{Body: "Tere"}
	news := letter("messenger", text)
	news.Author = channels.System
	for name, c := range map[string]struct {
		m    channels.Outbound
		want string
	}{
		"news of the system":                         {news, `"messaging_type":"UPDATE"`},
		"a person's text after the window":           {late("messenger", text, channels.Person), `"messaging_type":"MESSAGE_TAG","tag":"HUMAN_AGENT"`},
		"a person's text after the Instagram window": {late("instagram", text, channels.Person), `"messaging_type":"MESSAGE_TAG","tag":"HUMAN_AGENT"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, body := sent(t, c.m)
			require.JSONEq(t, `{"recipient":{"id":"`+outKati+`"},`+c.want+`,"message":{"text":"Tere","metadata":"m-1"}}`, body)
		})
	}
	for name, m := range map[string]channels.Outbound{
		"a bot's text":             late("messenger", text, channels.Bot),
		"a person's picture":       late("messenger", channels.Media{As: channels.Image, URL: outPicture}, channels.Person),
		"a person's reaction":      late("messenger", channels.Reaction{To: "m_0", Emoji: "👍"}, channels.Person),
		"a person's text, anybody": late("whatsapp", text, channels.Person),
	} {
		t.Run(name+" is not sent after the window", func(t *testing.T) {
			g := graphSays(t, accepts())
			_, err := outLine(t, outApp(t, outConfig(g.URL)), m.To.Channel).Send(context.Background(), m)
			outFailure(t, err, channels.ErrWindowClosed, channels.NotSent)
			require.Empty(t, g.all())
		})
	}
}

func TestAReplyNamesItsMessageWhereThatIsKnownToWork(t *testing.T) {
	for line, want := range map[channels.ID]string{
		"messenger": `"reply_to":{"mid":"m_0"}`, "whatsapp": `"context":{"message_id":"m_0"}`, "instagram": "",
	} {
		m := letter(line, channels.Text{Body: "Tere"})
		m.ReplyTo = "m_0"
		_, body := sent(t, m)
		require.Contains(t, body, want)
		require.Equal(t, want != "", strings.Contains(body, "m_0"))
	}
}

func TestAReactionIsNoReply(t *testing.T) {
	m := letter("whatsapp", channels.Reaction{To: "m_0", Emoji: "👍"})
	m.ReplyTo = "m_0"
	_, body := sent(t, m)
	require.NotContains(t, body, "context")
}

func TestAPartIsNamedInItsRef(t *testing.T) {
	m := letter("whatsapp", channels.Text{Body: "Tere"})
	m.Part, m.Parts = 1, 3
	_, body := sent(t, m)
	require.Contains(t, body, `"biz_opaque_callback_data":"m-1.1"`)
}

func TestAPersonOnWhatsAppIsANumberOrAScopedID(t *testing.T) {
	for peer, want := range map[channels.Peer]string{
		"37255500001":          `"to":"37255500001"`,
		"+37255500001":         `"to":"37255500001"`,
		"EE.13491208655302741": `"recipient":"EE.13491208655302741"`,
	} {
		m := letter("whatsapp", channels.Text{Body: "Tere"})
		m.To.Peer = peer
		_, body := sent(t, m)
		require.Contains(t, body, want)
	}
	for _, peer := range []channels.Peer{"kati", "contactId:1f3a", "ee.1", "EE.", "+", "372 555", "372/../me"} {
		g := graphSays(t, accepts())
		m := letter("whatsapp", channels.Text{Body: "Tere"})
		m.To.Peer = peer
		_, err := outLine(t, outApp(t, outConfig(g.URL)), "whatsapp").Send(context.Background(), m)
		outFailure(t, err, channels.ErrUnreachable, channels.NotSent)
		require.Empty(t, g.all())
	}
}

func TestAnAccountHasItsOwnPath(t *testing.T) {
	for line, path := range map[channels.ID]string{
		"messenger": "/v25.0/" + outPage + "/messages", "instagram": "/v25.0/me/messages",
		"login": "/v25.0/" + outLogin + "/messages", "whatsapp": "/v25.0/" + outNumber + "/messages",
	} {
		g := graphSays(t, accepts())
		_, err := outLine(t, outApp(t, outConfig(g.URL)), line).Send(context.Background(), letter(line, channels.Text{Body: "Tere"}))
		require.NoError(t, err)
		require.Equal(t, path, g.all()[0].Path)
	}
}

func TestAReactionOnAPageHasAnIDOfOurOwn(t *testing.T) {
	for name, c := range map[string]struct {
		line  channels.ID
		emoji string
		wire  string
	}{
		"an emoji on Messenger": {"messenger", "😊", `{"recipient":{"id":"` + outKati + `"},"sender_action":"react","payload":{"message_id":"m_0","reaction":"😊"}}`},
		"one taken back":        {"messenger", "", `{"recipient":{"id":"` + outKati + `"},"sender_action":"unreact","payload":{"message_id":"m_0"}}`},
		"a heart on Instagram":  {"instagram", "❤️", `{"recipient":{"id":"` + outKati + `"},"sender_action":"react","payload":{"message_id":"m_0","reaction":"love"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			receipt, body := sent(t, letter(c.line, channels.Reaction{To: "m_0", Emoji: c.emoji}))
			require.JSONEq(t, c.wire, body)
			require.Equal(t, channels.ProviderID("reaction:m-1"), receipt.ID)
		})
	}
}

func TestContentThatTheWireDoesNotHaveIsRefused(t *testing.T) {
	tap := channels.Choices{Body: "b", Header: "h", Options: []channels.Choice{{ID: "1", Title: "a"}}}
	for name, c := range map[string]struct {
		line    channels.ID
		content channels.Content
		class   error
	}{
		"nothing":                         {"whatsapp", nil, channels.ErrUnsupported},
		"a choice":                        {"whatsapp", channels.Chosen{ID: "1"}, channels.ErrUnsupported},
		"choices without options":         {"whatsapp", channels.Choices{Body: "b"}, channels.ErrUnsupported},
		"a sound with a caption":          {"whatsapp", channels.Media{As: channels.Audio, URL: outPicture, Caption: "c"}, channels.ErrUnsupported},
		"media of no kind":                {"whatsapp", channels.Media{As: "hologram", URL: outPicture}, channels.ErrUnsupported},
		"an address that is no https one": {"whatsapp", channels.Media{As: channels.Image, URL: "ftp://agency.example/a"}, channels.ErrMalformed},
		"a file without bytes":            {"whatsapp", channels.Media{As: channels.Image, Blob: "b"}, channels.ErrMalformed},
		"a place that is no number":       {"whatsapp", channels.Location{Latitude: notANumber()}, channels.ErrMalformed},
		"a variable of an unknown kind":   {"whatsapp", channels.Template{Name: "t", Language: "et", Body: []channels.Param{{Kind: "x"}}}, channels.ErrUnsupported},
		"a template's file that is none":  {"whatsapp", channels.Template{Name: "t", Language: "et", Header: []channels.Param{{Kind: channels.ParamMedia}}}, channels.ErrUnsupported},
		"a template with a sound":         {"whatsapp", channels.Template{Name: "t", Language: "et", Header: []channels.Param{{Kind: channels.ParamMedia, Media: &channels.Media{As: channels.Audio, URL: outPicture}}}}, channels.ErrUnsupported},
		"a template on Messenger":         {"messenger", channels.Template{Name: "t", Language: "et"}, channels.ErrUnsupported},
		"a place on Messenger":            {"messenger", channels.Location{}, channels.ErrUnsupported},
		"a card on Instagram":             {"instagram", channels.ContactCard{Name: "PPA"}, channels.ErrUnsupported},
		"choices with a header":           {"messenger", tap, channels.ErrUnsupported},
		"a sticker on Messenger":          {"messenger", channels.Media{As: channels.Sticker, URL: outPicture}, channels.ErrUnsupported},
		"a caption on Messenger":          {"messenger", channels.Media{As: channels.Image, URL: outPicture, Caption: "c"}, channels.ErrUnsupported},
		"any emoji on Instagram":          {"instagram", channels.Reaction{To: "m_0", Emoji: "👍"}, channels.ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			g := graphSays(t, accepts())
			_, err := outLine(t, outApp(t, outConfig(g.URL)), c.line).Send(context.Background(), letter(c.line, c.content))
			outFailure(t, err, c.class, channels.NotSent)
			require.Empty(t, g.all(), "nothing was asked of Meta")
		})
	}
}

func notANumber() float64 { var zero float64; return zero / zero }

// What Fit lets through is within the limits of the wire notes, and one more is
// not.
func TestLimitsAreThoseOfTheProducts(t *testing.T) {
	app := outApp(t, outConfig("http://127.0.0.1:1"))
	parts := func(line channels.ID, text string) int {
		out, err := channels.Fit(outLine(t, app, line).Info().Capabilities, channels.Text{Body: text})
		require.NoError(t, err)
		return len(out)
	}
	require.Equal(t, 1, parts("messenger", strings.Repeat("õ", 2000)), "characters")
	require.Equal(t, 2, parts("messenger", strings.Repeat("õ", 2001)))
	require.Equal(t, 1, parts("instagram", strings.Repeat("õ", 500)), "bytes")
	require.Equal(t, 2, parts("instagram", strings.Repeat("õ", 501)))
	require.Equal(t, 1, parts("whatsapp", strings.Repeat("õ", 4096)), "characters")
	require.Equal(t, 2, parts("whatsapp", strings.Repeat("õ", 4097)))
	for line, most := range map[channels.ID]int{"messenger": 13, "instagram": 13, "whatsapp": 10} {
		for n, stays := range map[int]bool{most: true, most + 1: false} {
			c := channels.Choices{Body: "b"}
			for i := range n {
				c.Options = append(c.Options, channels.Choice{ID: string(rune('a' + i)), Title: string(rune('a' + i))})
			}
			out, err := channels.Fit(outLine(t, app, line).Info().Capabilities, c)
			require.NoError(t, err)
			_, kept := out[0].(channels.Choices)
			require.Equal(t, stays, kept, "%d choices on %s", n, line)
			_, _ = sent(t, letter(line, out[0]))
		}
	}
}

func TestWhatBecameOfACallThatFailed(t *testing.T) {
	refusesToDial := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no route to " + outPhone)
	}}}
	slow := func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	hangsUp := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	half := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(`{"error":{"code":1`))
		}
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for name, c := range map[string]struct {
		ctx     context.Context
		says    http.HandlerFunc
		change  func(*meta.Config)
		class   error
		outcome channels.Outcome
		calls   int
	}{
		"no connection":             {nil, accepts(), func(c *meta.Config) { c.HTTPClient = refusesToDial }, channels.ErrUnavailable, channels.NotSent, 0},
		"canceled before":           {ended, accepts(), nil, channels.ErrUnavailable, channels.NotSent, 0},
		"no answer in time":         {nil, slow, func(c *meta.Config) { c.Timeout = 50 * time.Millisecond }, channels.ErrUnavailable, channels.OutcomeUnknown, 1},
		"the connection is cut":     {nil, hangsUp, nil, channels.ErrUnavailable, channels.OutcomeUnknown, 1},
		"half a refusal":            {nil, half(400), nil, channels.ErrUnavailable, channels.OutcomeUnknown, 1},
		"half a success":            {nil, half(200), nil, channels.ErrUnavailable, channels.OutcomeUnknown, 1},
		"half of a gateway's error": {nil, half(502), nil, channels.ErrUnavailable, channels.OutcomeUnknown, 1},
		"no token":                  {nil, accepts(), func(c *meta.Config) { c.Lines[0].Token = func() string { return "" } }, channels.ErrCredentials, channels.NotSent, 0},
		"a token with a line break": {nil, accepts(), func(c *meta.Config) { c.Lines[0].Token = func() string { return outToken + "\n" } }, channels.ErrCredentials, channels.NotSent, 0},
	} {
		t.Run(name, func(t *testing.T) {
			g := graphSays(t, c.says)
			cfg := outConfig(g.URL)
			if c.change != nil {
				c.change(&cfg)
			}
			if c.ctx == nil {
				c.ctx = context.Background()
			}
			_, err := outLine(t, outApp(t, cfg), "messenger").Send(c.ctx, letter("messenger", channels.Text{Body: "Tere"}))
			outFailure(t, err, c.class, c.outcome)
			require.Len(t, g.all(), c.calls, "one attempt")
		})
	}
}

func TestMessagesMayBeSentInParallel(t *testing.T) {
	g := graphSays(t, accepts())
	app := outApp(t, outConfig(g.URL))
	var all sync.WaitGroup
	for i := range 32 {
		id := []channels.ID{"messenger", "instagram", "login", "whatsapp"}[i%4]
		l := outLine(t, app, id)
		all.Go(func() {
			_, err := l.Send(context.Background(), letter(id, channels.Text{Body: "Tere"}))
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.Len(t, g.all(), 32)
}

func TestOtherOperations(t *testing.T) {
	act := `{"recipient":{"id":"` + outKati + `"},"sender_action":"`
	for name, c := range map[string]struct {
		line channels.ID
		do   func(channels.Channel, channels.Address) error
		want []string
	}{
		"typing":              {"messenger", typing, []string{act + `typing_on"}`}},
		"a mark":              {"instagram", marks("m_0", false), []string{act + `mark_seen"}`}},
		"a mark, and typing":  {"messenger", marks("m_0", true), []string{act + `mark_seen"}`, act + `typing_on"}`}},
		"a mark on WhatsApp":  {"whatsapp", marks("wamid.1", false), []string{`{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1"}`}},
		"typing on WhatsApp":  {"whatsapp", marks("wamid.1", true), []string{`{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1","typing_indicator":{"type":"text"}}`}},
		"an erasure, nowhere": {"whatsapp", erases(t), nil},
	} {
		t.Run(name, func(t *testing.T) {
			g := graphSays(t, accepts())
			l := outLine(t, outApp(t, outConfig(g.URL)), c.line)
			require.NoError(t, c.do(l, letter(c.line, nil).To))
			require.Len(t, g.all(), len(c.want))
			for i, call := range g.all() {
				require.JSONEq(t, c.want[i], withoutProof(t, call))
			}
		})
	}
	g := graphSays(t, answer(500, `{"error":{"code":1}}`))
	l := outLine(t, outApp(t, outConfig(g.URL)), "whatsapp")
	to := letter("whatsapp", nil).To
	outFailure(t, typing(l, to), channels.ErrUnsupported, channels.NotSent)
	outFailure(t, marks("", true)(l, to), channels.ErrMalformed, channels.NotSent)
	require.Empty(t, g.all())
	outFailure(t, marks("wamid.1", true)(l, to), channels.ErrUnavailable, channels.NotSent)
}

func typing(l channels.Channel, to channels.Address) error {
	o, _ := channels.As[channels.Typer](l)
	return o.Typing(context.Background(), to)
}

func marks(last channels.ProviderID, typing bool) func(channels.Channel, channels.Address) error {
	return func(l channels.Channel, to channels.Address) error {
		o, _ := channels.As[meta.Marker](l)
		return o.MarkRead(context.Background(), to, last, typing)
	}
}

func erases(t *testing.T) func(channels.Channel, channels.Address) error {
	return func(l channels.Channel, to channels.Address) error {
		o, _ := channels.As[channels.Eraser](l)
		got, err := o.Erase(context.Background(), to, "")
		require.Equal(t, channels.NotErasable, got)
		return err
	}
}

func TestPeopleOnWhatsAppCarryOverAndOthersDoNot(t *testing.T) {
	app := outApp(t, outConfig("http://127.0.0.1:1"))
	for id, space := range map[channels.ID]string{
		"whatsapp": channels.PhonePeers, "messenger": "meta/" + outPage, "login": "meta/" + outLogin,
	} {
		require.Equal(t, space, outLine(t, app, id).Info().PeerSpace, id)
	}
}
