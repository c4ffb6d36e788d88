package bird_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/bird"
)

func options(n int) (all []channels.Choice) {
	for i := range n {
		all = append(all, channels.Choice{ID: string(rune('a' + i)), Title: "Valik " + string(rune('A'+i))})
	}
	return all
}

func TestTheBytesThatLeave(t *testing.T) {
	const to = `"receiver":{"contacts":[{"identifierValue":"+37255500001","identifierKey":"phonenumber"}]}`
	for name, tc := range map[string]struct {
		line    func(*bird.Line)
		content channels.Content
		want    string // of the body or the template
	}{
		"a text": {nil, channels.Text{Body: `õ & <b> "`}, `"body":{"type":"text","text":{"text":"õ & <b> \""}}`},
		"a picture": {nil, channels.Media{As: channels.Image, URL: "https://agency.example/a.png", Caption: "pilt"},
			`"body":{"type":"image","image":{"text":"pilt","images":[{"mediaUrl":"https://agency.example/a.png"}]}}`},
		"a document": {nil, channels.Media{As: channels.File, URL: "https://agency.example/otsus.pdf", Name: "otsus.pdf", Type: "application/pdf"},
			`"body":{"type":"file","file":{"files":[{"mediaUrl":"https://agency.example/otsus.pdf","contentType":"application/pdf","filename":"otsus.pdf"}]}}`},
		"a sound of no type": {nil, channels.Media{As: channels.Audio, URL: "https://agency.example/a"},
			`"body":{"type":"file","file":{"files":[{"mediaUrl":"https://agency.example/a","contentType":"audio/mpeg"}]}}`},
		"a film with a caption": {nil, channels.Media{As: channels.Video, URL: "https://agency.example/a", Type: "video/3gpp", Caption: "film"},
			`"body":{"type":"file","file":{"text":"film","files":[{"mediaUrl":"https://agency.example/a","contentType":"video/3gpp"}]}}`},
		"a place": {nil, channels.Location{Latitude: 59.5, Longitude: -24.75},
			`"body":{"type":"location","location":{"coordinates":{"latitude":59.5,"longitude":-24.75}}}`},
		"a place with a name": {nil, channels.Location{Latitude: 0, Longitude: 0, Name: "Raekoda", Address: "Plats 1"},
			`"body":{"type":"location","location":{"coordinates":{"latitude":0,"longitude":0},"location":{"address":"Plats 1","label":"Raekoda"}}}`},
		"buttons": {nil, channels.Choices{Body: "Kas?", Options: options(2)},
			`"body":{"type":"text","text":{"text":"Kas?","actions":[{"type":"postback","postback":{"text":"Valik A","payload":"a"}},{"type":"postback","postback":{"text":"Valik B","payload":"b"}}]}}`},
		"buttons as replies": {func(l *bird.Line) { l.Choices = bird.Replies }, channels.Choices{Body: "Kas?", Options: options(1)},
			`"body":{"type":"text","text":{"text":"Kas?","actions":[{"type":"reply","reply":{"text":"Valik A"}}]}}`},
		"a list": {nil, channels.Choices{Body: "Kumb?", Options: []channels.Choice{{ID: "a", Title: "A", Description: "d"}}},
			`"body":{"type":"list","list":{"text":"Kumb?","items":[{"title":"A","description":"d","actions":[{"type":"postback","postback":{"text":"A","payload":"a"}}]}],"metadata":{"button":{"label":"Vali"}}}}`},
		"a list in sections": {nil, channels.Choices{Body: "Kumb?", Button: "Ava", Options: []channels.Choice{{ID: "a", Title: "A", Section: "S"}, {ID: "b", Title: "B", Section: "S"}, {ID: "c", Title: "C", Section: "T"}}},
			`"body":{"type":"list","list":{"text":"Kumb?","sections":[{"title":"S","items":[{"title":"A","actions":[{"type":"postback","postback":{"text":"A","payload":"a"}}]},{"title":"B","actions":[{"type":"postback","postback":{"text":"B","payload":"b"}}]}]},{"title":"T","items":[{"title":"C","actions":[{"type":"postback","postback":{"text":"C","payload":"c"}}]}]}],"metadata":{"button":{"label":"Ava"}}}}`},
		"a template": {nil, channels.Template{Name: "case_update", Language: "et", Body: []channels.Param{{Kind: channels.ParamText, Text: "A-1"}, {Kind: channels.ParamCurrency, Text: "12,34 €", Currency: "EUR", Amount: 12340}}},
			`"template":{"projectId":"` + project + `","version":"latest","locale":"et","parameters":[{"type":"string","key":"1","value":"A-1"},{"type":"string","key":"2","value":"12,34 €"}]}`},
		"a template with names": {nil, channels.Template{Name: "case_update", Language: "en-GB",
			Header:  []channels.Param{{Kind: channels.ParamMedia, Name: "pilt", Media: &channels.Media{As: channels.Image, URL: "https://agency.example/a.png"}}},
			Body:    []channels.Param{{Kind: channels.ParamText, Name: "nimi", Text: "x"}},
			Buttons: []channels.TemplateButton{{Type: "url", Value: channels.Param{Kind: channels.ParamPayload, Name: "link", Text: "p"}}}},
			`"template":{"projectId":"` + project + `","version":"latest","locale":"en-GB","parameters":[{"type":"string","key":"pilt","value":"https://agency.example/a.png"},{"type":"string","key":"nimi","value":"x"},{"type":"string","key":"link","value":"p"}]}`},
		"a template by the project's own id, as variables": {func(l *bird.Line) { l.OldVariables = true },
			channels.Template{Name: "11111111-1111-4111-8111-11111111111A", Language: "et", Body: []channels.Param{{Kind: channels.ParamText, Text: "x"}}},
			`"template":{"projectId":"11111111-1111-4111-8111-11111111111A","version":"latest","locale":"et","variables":{"1":"x"}}`},
		"a template of a certain version": {func(l *bird.Line) { l.Projects = map[string]bird.Project{"a": {ID: "p", Version: "v"}} },
			channels.Template{Name: "a", Language: "et"}, `"template":{"projectId":"p","version":"v","locale":"et"}`},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(t, accepted())
			cfg := config(a.URL)
			if tc.line != nil {
				tc.line(&cfg.Lines[0])
			}
			_, err := send(t, provider(t, cfg), message("whatsapp", kati, tc.content))
			require.NoError(t, err)
			require.Equal(t, "{"+to+","+tc.want+`,"reference":"m-1"}`, a.all()[0].Body)
		})
	}
}

func TestTheRequestThatSends(t *testing.T) {
	a := answers(t, accepted())
	cfg := config(a.URL)
	cfg.Lines[0].Quotes = true
	cfg.Lines[6].Subject = "Teade"
	p := provider(t, cfg)
	m := hello()
	m.Part, m.Parts, m.ReplyTo = 1, 2, "m-0"
	got, err := send(t, p, m)
	require.NoError(t, err)
	require.Equal(t, channels.Receipt{ID: "m-bird", Status: channels.Sent, At: time.Date(2026, 11, 22, 11, 59, 59, 5e8, time.UTC), Thread: "c-bird"}, got)
	call := a.all()[0]
	require.Equal(t, http.MethodPost, call.Method)
	require.Equal(t, "/workspaces/"+workspace+"/channels/"+channelID("whatsapp")+"/messages", call.Path)
	require.Empty(t, call.Query)
	require.Equal(t, "AccessKey "+accessKey, call.Header.Get("Authorization"))
	require.Equal(t, "application/json", call.Header.Get("Content-Type"))
	require.Contains(t, call.Body, `"replyTo":{"id":"m-0"},"reference":"m-1.1"`)

	_, err = send(t, p, message("email", "kati@example.ee", channels.Text{Body: "a"}))
	require.NoError(t, err)
	require.Contains(t, a.all()[1].Body, `{"identifierValue":"kati@example.ee","identifierKey":"emailaddress"}`)
	require.Contains(t, a.all()[1].Body, `"text":{"text":"a","metadata":{"subject":"Teade"}}`)
}

func TestWhatIsRefusedBeforeTheWire(t *testing.T) {
	blob := channels.Media{As: channels.File, Blob: "b", Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("x")), nil }}
	template := func(t channels.Template) channels.Template {
		t.Language = "et"
		if t.Name == "" {
			t.Name = "case_update"
		}
		return t
	}
	for name, tc := range map[string]struct {
		line    channels.ID
		content channels.Content
		class   error
	}{
		"a file without an address":             {"whatsapp", blob, channels.ErrUnsupported},
		"a file without TLS":                    {"whatsapp", channels.Media{As: channels.File, URL: "ftp://agency.example/a"}, channels.ErrMalformed},
		"a sticker":                             {"whatsapp", channels.Media{As: channels.Sticker, URL: "https://agency.example/a", Type: "image/webp"}, channels.ErrUnsupported},
		"media of an unknown kind":              {"whatsapp", channels.Media{As: "hologram", URL: "https://agency.example/a"}, channels.ErrUnsupported},
		"a card":                                {"whatsapp", channels.ContactCard{Name: "Kati"}, channels.ErrUnsupported},
		"a reaction":                            {"whatsapp", channels.Reaction{To: "m", Emoji: "👍"}, channels.ErrUnsupported},
		"choices on Telegram":                   {"telegram", channels.Choices{Body: "a", Options: options(1)}, channels.ErrUnsupported},
		"choices with a footer":                 {"whatsapp", channels.Choices{Body: "a", Footer: "f", Options: options(1)}, channels.ErrUnsupported},
		"a list on Messenger":                   {"messenger", channels.Choices{Body: "a", Options: []channels.Choice{{ID: "a", Title: "A", Description: "d"}}}, channels.ErrUnsupported},
		"a template of no project":              {"whatsapp", template(channels.Template{Name: "other"}), channels.ErrTemplate},
		"a template on SMS":                     {"sms", template(channels.Template{}), channels.ErrUnsupported},
		"a header's value without a name":       {"whatsapp", template(channels.Template{Header: []channels.Param{{Kind: channels.ParamText, Text: "x"}}}), channels.ErrTemplate},
		"two values of one name":                {"whatsapp", template(channels.Template{Body: []channels.Param{{Kind: channels.ParamText, Name: "2", Text: "x"}, {Kind: channels.ParamText, Text: "y"}}}), channels.ErrTemplate},
		"money that nobody wrote out":           {"whatsapp", template(channels.Template{Body: []channels.Param{{Kind: channels.ParamCurrency, Currency: "EUR", Amount: 1}}}), channels.ErrUnsupported},
		"a template's picture without address":  {"whatsapp", template(channels.Template{Body: []channels.Param{{Kind: channels.ParamMedia, Media: &blob}}}), channels.ErrUnsupported},
		"a template's value of an unknown kind": {"whatsapp", template(channels.Template{Body: []channels.Param{{Kind: "x"}}}), channels.ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(t, accepted())
			_, err := send(t, provider(t, config(a.URL)), message(tc.line, kati, tc.content))
			fails(t, err, tc.class, channels.NotSent)
			require.Empty(t, a.all())
		})
	}
	t.Run("a message to nobody", func(t *testing.T) {
		_, err := send(t, receiver(t), message("whatsapp", "", channels.Text{Body: "a"}))
		fails(t, err, channels.ErrMalformed, channels.NotSent)
	})
	t.Run("a key that cannot be one", func(t *testing.T) {
		key := accessKey
		cfg := config(answers(t, accepted()).URL)
		cfg.AccessKey = func() string { return key }
		p := provider(t, cfg)
		key = "two\nlines"
		_, err := send(t, p, hello())
		fails(t, err, channels.ErrCredentials, channels.NotSent)
	})
}

func TestAnswersToASend(t *testing.T) {
	fault := func(code string) string { return `{"code":"` + code + `","message":"Kati ` + kati + ` Tere!"}` }
	for name, tc := range map[string]struct {
		answer  http.HandlerFunc
		class   error
		outcome channels.Outcome
		code    string
		after   time.Duration
	}{
		"a wrong key":                          {says(401, fault("AuthenticationFailed")), channels.ErrCredentials, channels.NotSent, "AuthenticationFailed", 0},
		"a policy that forbids it":             {says(403, fault("AccessDenied")), channels.ErrCredentials, channels.NotSent, "AccessDenied", 0},
		"an unknown channel":                   {says(404, fault("ResourceNotFound")), channels.ErrRejected, channels.NotSent, "ResourceNotFound", 0},
		"a message that is not valid":          {says(422, fault("ValidationError")), channels.ErrRejected, channels.NotSent, "ValidationError", 0},
		"a code that is a sentence":            {says(400, fault("Kati said Tere!")), channels.ErrRejected, channels.NotSent, "http_400", 0},
		"no money":                             {says(402, ""), channels.ErrUnavailable, channels.NotSent, "http_402", 0},
		"a request that is too large":          {says(413, "<html>"), channels.ErrTooLong, channels.NotSent, "http_413", 0},
		"too many requests":                    {says(429, "", "Retry-After", "9"), channels.ErrRateLimited, channels.NotSent, "http_429", 9 * time.Second},
		"a timeout within Bird":                {says(408, ""), channels.ErrUnavailable, channels.OutcomeUnknown, "http_408", 0},
		"an internal error":                    {says(500, fault("InternalError")), channels.ErrUnavailable, channels.OutcomeUnknown, "InternalError", 0},
		"a gateway that gave up":               {says(504, "<html>", "Retry-After", "1"), channels.ErrUnavailable, channels.OutcomeUnknown, "http_504", time.Second},
		"a redirect":                           {says(302, "", "Location", "https://other.example/"), channels.ErrUnavailable, channels.OutcomeUnknown, "http_302", 0},
		"a success without an id":              {says(202, `{"status":"accepted"}`), channels.ErrMalformed, channels.OutcomeUnknown, "http_202", 0},
		"a success that is not JSON":           {says(200, `<html>`), channels.ErrMalformed, channels.OutcomeUnknown, "http_200", 0},
		"a connection that ends after writing": {hangsUp, channels.ErrUnavailable, channels.OutcomeUnknown, "", 0},
		"a refusal that is cut off":            {cutOff(400), channels.ErrRejected, channels.NotSent, "http_400", 0},
		"a success that is cut off":            {cutOff(202), channels.ErrUnavailable, channels.OutcomeUnknown, "http_202", 0},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(t, tc.answer)
			_, err := send(t, provider(t, config(a.URL)), hello())
			e := failure(t, err, tc.class, tc.outcome)
			require.Equal(t, tc.code, e.Provider)
			require.Equal(t, tc.after, e.RetryAfter)
			require.Len(t, a.all(), 1, "one attempt")
		})
	}
}

// cutOff promises more than it sends.
func cutOff(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(status)
		_, _ = w.Write([]byte("{"))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

func TestATimeoutAfterWritingIsUnknown(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	a := answers(t, func(http.ResponseWriter, *http.Request) { <-release })
	cfg := config(a.URL)
	cfg.Timeout = 50 * time.Millisecond
	_, err := send(t, provider(t, cfg), hello())
	fails(t, err, channels.ErrUnavailable, channels.OutcomeUnknown)
	require.Len(t, a.all(), 1)
}

func TestNobodyListensIsNotSent(t *testing.T) {
	_, err := send(t, receiver(t), hello())
	fails(t, err, channels.ErrUnavailable, channels.NotSent)
}

func TestParallelSendsAreEachTheirOwn(t *testing.T) {
	sim, p := simulator(t, nil)
	sim.Person(channelID("whatsapp"), kati).Says("Tere")
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			m := hello()
			m.ID = channels.MessageID("p-" + string(rune('A'+i)))
			if _, err := line(t, p, "whatsapp").Send(context.Background(), m); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	refs := sim.References()
	require.Len(t, refs, 32)
	for ref, n := range refs {
		require.Equal(t, 1, n, ref)
	}
}

func TestAStoredFileGoesOutAsALink(t *testing.T) {
	a := answers(t, accepted())
	p := provider(t, config(a.URL))
	blob := channels.Media{As: channels.Image, Blob: "b", Link: func(context.Context) (string, error) { return "https://agency.example/media/once", nil }}
	_, err := send(t, p, message("whatsapp", kati, blob))
	require.NoError(t, err)
	require.Contains(t, a.all()[0].Body, `"mediaUrl":"https://agency.example/media/once"`)

	blob.Link = func(context.Context) (string, error) { return "", errors.New("Kati") }
	_, err = send(t, p, message("whatsapp", kati, blob))
	fails(t, err, channels.ErrUnavailable, channels.NotSent)
	require.Len(t, a.all(), 1)
}

func TestPeopleCarryOverByNumberOrAddressOnly(t *testing.T) {
	a := answers(t, accepted())
	p := provider(t, config(a.URL))
	for id, space := range map[channels.ID]string{"whatsapp": channels.PhonePeers, "sms": channels.PhonePeers, "email": "emailaddress"} {
		require.Equal(t, space, line(t, p, id).Info().PeerSpace, id)
	}
	require.Contains(t, line(t, p, "messenger").Info().PeerSpace, "bird/")
	_, err := send(t, p, message("whatsapp", "EE.1029384756abcdef", channels.Text{Body: "Tere!"}))
	fails(t, err, channels.ErrUnreachable, channels.NotSent)
	require.Empty(t, a.all())
}
