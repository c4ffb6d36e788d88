package messagebird_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/messagebird"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

func fetch(t testing.TB, p *messagebird.Provider, ref string) ([]byte, error) {
	t.Helper()
	f, ok := channels.As[channels.MediaFetcher](line(t, p, "whatsapp"))
	require.True(t, ok)
	r, err := f.FetchMedia(context.Background(), channels.Media{Ref: ref})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func TestEachKindOfContentIsReceivedFromAPhone(t *testing.T) {
	sim, p := simulator(t, nil)
	phone := sim.Person(whatsApp, kati).Named("Kati", "Karu")
	file := messagebirdtest.File{ContentType: "image/png", Data: png(), Caption: "pilt"}
	_, err := send(t, p, message("whatsapp", kati, channels.Template{Name: "t", Language: "et"}))
	require.NoError(t, err)
	phone.Says("Tere")
	_, err = send(t, p, message("whatsapp", kati, channels.Choices{Body: "b", Options: []channels.Choice{{ID: "jah", Title: "Jah"}}}))
	require.NoError(t, err)
	_, err = send(t, p, message("whatsapp", kati, channels.Choices{Body: "b", Options: []channels.Choice{{ID: "r", Title: "Rida", Description: "d"}}}))
	require.NoError(t, err)
	offer := phone.Inbox()

	phone.SendsImage(file)
	phone.SendsVideo(file)
	phone.SendsAudio(file)
	phone.SendsFile(messagebirdtest.File{ContentType: "application/pdf", Data: []byte("%PDF-1.4 ..."), Caption: "avaldus.pdf"})
	phone.SendsSticker(file)
	phone.SendsLocation(59.436962, 24.753574)
	_, err = phone.Taps("jah")
	require.NoError(t, err)
	_, err = phone.Taps("r")
	require.NoError(t, err)
	_, err = phone.Quotes(offer[0].ID, "Just see")
	require.NoError(t, err)
	_, err = phone.Sends("hologram", []byte(`{"hologram":{"text":"Hei"}}`))
	require.NoError(t, err)

	var got []channels.Content
	var replies []channels.ProviderID
	for _, e := range only[*channels.Received](take(t, sim, p)) {
		require.Equal(t, channels.Peer(kati), e.Peer)
		require.Equal(t, "Kati Karu", e.From.Name)
		require.NotEmpty(t, e.Thread)
		if m, ok := e.Content.(channels.Media); ok {
			require.NotEmpty(t, m.Ref)
			require.Empty(t, m.URL)
			m.Ref = ""
			e.Content = m
		}
		got = append(got, e.Content)
		replies = append(replies, e.ReplyTo)
	}
	require.Equal(t, []channels.Content{
		channels.Text{Body: "Tere"},
		channels.Media{As: channels.Image, Caption: "pilt"}, channels.Media{As: channels.Video, Caption: "pilt"}, channels.Media{As: channels.Audio, Caption: "pilt"},
		channels.Media{As: channels.File, Name: "avaldus.pdf"}, channels.Media{As: channels.Sticker},
		channels.Location{Latitude: 59.436962, Longitude: 24.753574},
		channels.Chosen{ID: "jah", Title: "Jah"}, channels.Chosen{ID: "r", Title: "Rida"},
		channels.Text{Body: "Just see"},
		channels.Unsupported{Type: "hologram", Fallback: "Hei"},
	}, got)
	require.Equal(t, []channels.ProviderID{channels.ProviderID(offer[1].ID), channels.ProviderID(offer[2].ID), channels.ProviderID(offer[0].ID), ""}, replies[7:])
}

func TestAPersonsFileIsDownloaded(t *testing.T) {
	for _, private := range []bool{false, true} {
		sim, p := simulator(t, func(s *messagebirdtest.Config, _ *messagebird.Config) { s.PrivateMedia = private })
		sim.Person(whatsApp, kati).SendsImage(messagebirdtest.File{ContentType: "image/png", Data: png()})
		ref := only[*channels.Received](take(t, sim, p))[0].Content.(channels.Media).Ref
		got, err := fetch(t, p, ref)
		require.NoError(t, err)
		require.Equal(t, png(), got)
	}
}

func TestTheKeyIsShownToTheHostOfMediaOnlyAfterItAsked(t *testing.T) {
	asks := func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write(png())
	}
	a := answers(t, asks)
	_, err := fetch(t, provider(t, config(a.URL)), a.URL+"/v1/media/1")
	require.NoError(t, err)
	require.Len(t, a.all(), 2)
	require.Empty(t, a.all()[0].Header.Get("Authorization"))
	require.Equal(t, "AccessKey "+accessKey, a.all()[1].Header.Get("Authorization"))

	other := answers(t, asks)
	cfg := config(a.URL)
	cfg.MediaHosts = []string{strings.TrimPrefix(other.URL, "http://")}
	_, err = fetch(t, provider(t, cfg), other.URL+"/v1/media/1")
	failure(t, err, channels.ErrCredentials, channels.NotSent)
	for _, call := range other.all() {
		require.Empty(t, call.Header.Get("Authorization"))
	}
}

func TestWhatMayNotBeDownloaded(t *testing.T) {
	elsewhere := answers(t, says(200, "secret"))
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		ref    string // default: the answer's own address
		class  error
	}{
		"nothing":                          {nil, "", channels.ErrUnsupported},
		"another host":                     {nil, "https://169.254.169.254/latest/meta-data", channels.ErrUnsupported},
		"another port of the host":         {nil, elsewhere.URL + "/v1/media/1", channels.ErrUnsupported},
		"a file of ours":                   {nil, "file:///etc/passwd", channels.ErrUnsupported},
		"a link with a password":           {nil, "https://a:b@media.messagebird.com/v1/media/1", channels.ErrUnsupported},
		"a redirect":                       {says(302, "", "Location", elsewhere.URL), "self", channels.ErrUnsupported},
		"a page":                           {says(200, "<html><script>", "Content-Type", "text/html"), "self", channels.ErrUnsupported},
		"a page that says it is a picture": {says(200, "<html><script>", "Content-Type", "image/png"), "self", channels.ErrUnsupported},
		"a drawing with scripts":           {says(200, `<svg xmlns="http://www.w3.org/2000/svg"/>`, "Content-Type", "image/svg+xml"), "self", channels.ErrUnsupported},
		"too much":                         {says(200, string(png())+strings.Repeat("x", 4000), "Content-Type", "image/png"), "self", channels.ErrTooLong},
		"what is not there":                {says(404, ""), "self", channels.ErrRejected},
		"what is not there any more":       {says(410, ""), "self", channels.ErrRejected},
		"too many requests":                {says(429, "", "Retry-After", "3"), "self", channels.ErrRateLimited},
		"unavailable":                      {says(503, ""), "self", channels.ErrUnavailable},
		"the connection cut":               {hangsUp, "self", channels.ErrUnavailable},
		"a file that breaks off":           {says(200, string(png()), "Content-Type", "image/png", "Content-Length", "2000"), "self", channels.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(t, c.answer)
			cfg := config(a.URL)
			cfg.MediaMax = 4000
			ref := c.ref
			if ref == "self" {
				ref = a.URL + "/v1/media/canary"
			}
			_, err := fetch(t, provider(t, cfg), ref)
			e := failure(t, err, c.class, channels.NotSent)
			require.Equal(t, "media", e.Op)
			require.NotContains(t, err.Error(), "canary")
			require.Len(t, a.all(), map[bool]int{true: 1}[c.ref == "self"])
		})
	}
	require.Empty(t, elsewhere.all())
}

func TestWithoutTheSwitchLoopbackIsNoPlaceForMedia(t *testing.T) {
	a := answers(t, says(200, string(png()), "Content-Type", "image/png"))
	cfg := config(a.URL)
	cfg.InsecureHTTP = false
	cfg.Endpoints.Conversations, cfg.Endpoints.Files, cfg.Endpoints.SMS = "", "", ""
	for _, scheme := range []string{"http", "https"} {
		_, err := fetch(t, provider(t, cfg), scheme+strings.TrimPrefix(a.URL, "http"))
		failure(t, err, channels.ErrUnsupported, channels.NotSent)
	}
	require.Empty(t, a.all())
}

func TestAStoredFileIsUploadedWhereThatIsAllowed(t *testing.T) {
	sim, p := simulator(t, func(_ *messagebirdtest.Config, c *messagebird.Config) { c.InsecurePublicFiles = true })
	phone := sim.Person(whatsApp, kati)
	phone.Says("Tere")
	_, err := send(t, p, message("whatsapp", kati, channels.Media{As: channels.Image, Blob: "b", Type: "image/png", Name: "päike.png", Open: open(png())}))
	require.NoError(t, err)
	take(t, sim, p)
	sent := string(sim.Sent()[0].Content)
	address := sent[strings.Index(sent, "http"):]
	address = address[:strings.Index(address, `"`)]
	res, err := http.Get(address)
	require.NoError(t, err)
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, png(), got)
	require.Equal(t, "image/png", res.Header.Get("Content-Type"))
	require.Contains(t, res.Header.Get("Content-Disposition"), "attachment")

	template := channels.Template{Name: "t", Language: "et", Header: []channels.Param{{Kind: channels.ParamMedia,
		Media: &channels.Media{As: channels.Image, Blob: "b", Open: open(png())}}}}
	_, err = send(t, p, message("whatsapp", kati, template))
	require.NoError(t, err)
}

func TestALinkOfTheServiceIsPreferredToAnUpload(t *testing.T) {
	const address = "https://alt.agency.ee/media/token"
	link := func(address string, err error) func(context.Context) (string, error) {
		return func(context.Context) (string, error) { return address, err }
	}
	for name, c := range map[string]struct {
		link  func(context.Context) (string, error)
		class error
	}{
		"a link":             {link(address, nil), nil},
		"a link without TLS": {link("ftp://agency.ee/x", nil), channels.ErrMalformed},
		"a link that is not": {link("", errors.New(kati)), channels.ErrUnavailable},
		"no link, no upload": {nil, channels.ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(t, says(200, `{"id":"m1"}`))
			m := channels.Media{As: channels.Image, Blob: "b", Type: "image/png", Open: open(png()), Link: c.link}
			_, err := send(t, provider(t, config(a.URL)), message("whatsapp", kati, m))
			if c.class != nil {
				failure(t, err, c.class, channels.NotSent)
				require.NotContains(t, err.Error(), kati)
				require.Empty(t, a.all())
				return
			}
			require.NoError(t, err)
			require.Len(t, a.all(), 1, "nothing is uploaded")
			require.Contains(t, a.all()[0].Body, address)
		})
	}
}

func TestAnUploadThatFailsSendsNothing(t *testing.T) {
	broken := func(context.Context) (io.ReadCloser, error) { return nil, errors.New(kati) }
	breaks := func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader("abc"), failing{})), nil
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		media  channels.Media
		class  error
	}{
		"unavailable":            {says(503, ""), channels.Media{Open: open(png())}, channels.ErrUnavailable},
		"the connection cut":     {hangsUp, channels.Media{Open: open(png())}, channels.ErrUnavailable},
		"no id":                  {says(201, "{}"), channels.Media{Open: open(png())}, channels.ErrMalformed},
		"too large":              {says(413, ""), channels.Media{Open: open(png())}, channels.ErrTooLong},
		"larger than it may be":  {nil, channels.Media{Size: 5000}, channels.ErrTooLong},
		"larger than it says":    {nil, channels.Media{Open: open(make([]byte, 5000))}, channels.ErrTooLong},
		"bytes that do not open": {nil, channels.Media{Open: broken}, channels.ErrUnavailable},
		"bytes that break off":   {nil, channels.Media{Open: breaks}, channels.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(t, c.answer)
			cfg := config(a.URL)
			cfg.InsecurePublicFiles, cfg.MediaMax = true, 4096
			c.media.As = channels.File
			if c.media.Open == nil {
				c.media.Open = broken
			}
			_, err := send(t, provider(t, cfg), message("whatsapp", kati, c.media))
			failure(t, err, c.class, channels.NotSent)
			require.NotContains(t, err.Error(), kati)
			for _, call := range a.all() {
				require.Equal(t, "/v1/files", call.Path)
			}
		})
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
