package meta_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
)

// fetch downloads a file to its end.
func fetch(t *testing.T, cfg meta.Config, line channels.ID, m channels.Media) ([]byte, error) {
	t.Helper()
	f, ok := channels.As[channels.MediaFetcher](outLine(t, outApp(t, cfg), line))
	require.True(t, ok)
	body, err := f.FetchMedia(context.Background(), m)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(body)
	require.NoError(t, body.Close())
	return b, err
}

func picture() string { return "\x89PNG\r\n\x1a\n" + strings.Repeat("x", 600) }

// described is WhatsApp's description of the picture at an address.
func described(address, sum, size string) http.HandlerFunc {
	return answer(http.StatusOK, `{"url":"`+address+`","mime_type":"image/png","sha256":"`+sum+`","file_size":`+size+`,"id":"77"}`)
}

func TestAFileOnWhatsAppIsFetchedWithTheToken(t *testing.T) {
	sum := sha256.Sum256([]byte(picture()))
	for name, sha := range map[string]string{"hex": hex.EncodeToString(sum[:]), "base64": base64.StdEncoding.EncodeToString(sum[:]), "no hash": ""} {
		for _, size := range []string{"608", `"608"`, "null", `"big"`} {
			t.Run(name+" and size "+size, func(t *testing.T) {
				var g *graph
				g = graphSays(t, func(w http.ResponseWriter, r *http.Request) {
					described(g.URL+"/whatsapp_business/file", sha, size)(w, r)
				},
					answer(http.StatusOK, picture(), "Content-Type", "image/png"))
				b, err := fetch(t, outConfig(g.URL), "whatsapp", channels.Media{As: channels.Image, Ref: "id:77"})
				require.NoError(t, err)
				require.Equal(t, picture(), string(b))
				calls := g.all()
				require.Len(t, calls, 2)
				require.Equal(t, "/v25.0/77", calls[0].Path)
				require.Equal(t, "appsecret_proof="+outProof+"&phone_number_id="+outNumber, calls[0].Query)
				for _, c := range calls {
					require.Equal(t, "Bearer "+outToken, c.Header.Get("Authorization"))
				}
			})
		}
	}
}

func TestTheTokenIsShownToMetasHostsOnly(t *testing.T) {
	elsewhere := graphSays(t, answer(http.StatusOK, picture()))
	var api *graph
	api = graphSays(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/file" {
			answer(http.StatusFound, "", "Location", elsewhere.URL+"/other")(w, r)
			return
		}
		described(api.URL+"/file", "", "608")(w, r)
	})
	cfg := outConfig(api.URL)
	cfg.MediaHosts = []string{strings.TrimPrefix(elsewhere.URL, "http://")}
	b, err := fetch(t, cfg, "whatsapp", channels.Media{Ref: "id:77"})
	require.NoError(t, err)
	require.Len(t, b, 608)
	require.NotEmpty(t, api.all()[1].Header.Get("Authorization"))
	require.Empty(t, elsewhere.all()[0].Header.Get("Authorization"))

	cfg.MediaHosts = nil
	_, err = fetch(t, cfg, "whatsapp", channels.Media{Ref: "id:77"})
	outFailure(t, err, channels.ErrUnsupported, channels.NotSent)
	require.Len(t, elsewhere.all(), 1, "not on the list")
}

func TestALinkIsFetchedWithoutAToken(t *testing.T) {
	g := graphSays(t, answer(http.StatusOK, picture()))
	cfg := outConfig("https://graph.example")
	cfg.MediaHosts = []string{strings.TrimPrefix(g.URL, "http://")}
	b, err := fetch(t, cfg, "messenger", channels.Media{Ref: "url:" + g.URL + "/v/t1?oh=1"})
	require.NoError(t, err)
	require.Len(t, b, 608)
	require.Equal(t, "oh=1", g.all()[0].Query)
	require.Empty(t, g.all()[0].Header.Get("Authorization"))
}

func TestAnIDIsOfAFileOnWhatsAppOnly(t *testing.T) {
	g := graphSays(t, answer(http.StatusOK, picture()))
	_, err := fetch(t, outConfig(g.URL), "messenger", channels.Media{Ref: "id:77"})
	outFailure(t, err, channels.ErrMalformed, channels.NotSent)
	require.Empty(t, g.all())
}

func TestAFileThatMayNotBeFetched(t *testing.T) {
	sum := sha256.Sum256([]byte("another"))
	type script []http.HandlerFunc
	image := answer(http.StatusOK, picture())
	for name, c := range map[string]struct {
		ref   string
		says  script
		class error
	}{
		"no reference":                          {"", script{image}, channels.ErrMalformed},
		"a reference of another kind":           {"77", script{image}, channels.ErrMalformed},
		"an id that is a path":                  {"id:../me", script{image}, channels.ErrMalformed},
		"a host that is nobody's":               {"url:https://evil.example/a", script{image}, channels.ErrUnsupported},
		"a host that ends like Meta's":          {"url:https://evilfbcdn.net/a", script{image}, channels.ErrUnsupported},
		"a host on another port":                {"url:https://scontent.fbcdn.net:8443/a", script{image}, channels.ErrUnsupported},
		"an address without TLS":                {"url:http://scontent.fbcdn.net/a", script{image}, channels.ErrUnsupported},
		"an address that is a path":             {"url:/reel/1", script{image}, channels.ErrUnsupported},
		"an address with a password":            {"url:https://a:b@scontent.fbcdn.net/a", script{image}, channels.ErrUnsupported},
		"an id that is gone":                    {"id:77", script{answer(400, faultOf("100", 33, ""))}, channels.ErrRejected},
		"a token that is dead":                  {"id:77", script{answer(200, faultOf("190", 460, ""))}, channels.ErrCredentials},
		"a description without an address":      {"id:77", script{answer(200, `{"id":"77"}`)}, channels.ErrUnsupported},
		"a description that says it is too big": {"id:77", script{described("HERE/f", "", "5001")}, channels.ErrTooLong},
		"other bytes":                           {"id:77", script{described("HERE/f", hex.EncodeToString(sum[:]), "608"), image}, channels.ErrMalformed},
		"another size":                          {"id:77", script{described("HERE/f", "", "607"), image}, channels.ErrMalformed},
		"a bigger file than was said":           {"id:77", script{described("HERE/f", "", "null"), answer(200, picture()+strings.Repeat("x", 4400))}, channels.ErrTooLong},
		"a type that a browser would run":       {"id:77", script{described("HERE/f", "", "null"), answer(200, "<html><script>", "Content-Type", "text/html")}, channels.ErrUnsupported},
		"a link that has ended":                 {"id:77", script{described("HERE/f", "", "null"), answer(404, "")}, channels.ErrRejected},
		"a network that has a fault":            {"id:77", script{described("HERE/f", "", "null"), answer(503, "")}, channels.ErrUnavailable},
		"a link that leads on and on":           {"id:77", script{described("HERE/f", "", "null"), answer(302, "", "Location", "/f")}, channels.ErrUnsupported},
		"a link that leads nowhere":             {"id:77", script{described("HERE/f", "", "null"), answer(302, "", "Location", "://")}, channels.ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			var g *graph
			g = graphSays(t, func(w http.ResponseWriter, r *http.Request) {
				i := min(len(g.all()), len(c.says)) - 1
				c.says[i](&here{w, g.URL}, r)
			})
			cfg := outConfig(g.URL)
			cfg.MediaMax = 5000
			_, err := fetch(t, cfg, "whatsapp", channels.Media{Ref: c.ref})
			outFailure(t, err, c.class, channels.NotSent)
		})
	}
}

// here writes the server's own address where an answer says HERE.
type here struct {
	http.ResponseWriter
	address string
}

func (h *here) Write(b []byte) (int, error) {
	_, err := h.ResponseWriter.Write(bytes.ReplaceAll(b, []byte("HERE"), []byte(h.address)))
	return len(b), err
}

func TestAStoredFileIsUploadedFirst(t *testing.T) {
	for name, c := range map[string]struct {
		line    channels.ID
		media   channels.Media
		path    string
		answer  string
		fields  map[string]string
		file    string
		typ     string
		message string // part of what is sent
	}{
		"on WhatsApp": {"whatsapp", stored(channels.File, "application/pdf", []byte("%PDF-1.7")), outNumber + "/media", `{"id":"77"}`,
			map[string]string{"messaging_product": "whatsapp", "type": "application/pdf"}, "file", "application/pdf", `"document":{"id":"77","filename":"otsus.pdf"}`},
		"on WhatsApp, of no type": {"whatsapp", stored(channels.Image, "", []byte(picture())), outNumber + "/media", `{"id":"77"}`,
			map[string]string{"messaging_product": "whatsapp", "type": "image/png"}, "file", "image/png", `"image":{"id":"77"}`},
		"on Messenger": {"messenger", stored(channels.Image, "image/png", []byte(picture())), outPage + "/message_attachments", `{"attachment_id":"88"}`,
			map[string]string{"message": `{"attachment":{"type":"image","payload":{"is_reusable":true}}}`}, "filedata", "image/png", `"attachment":{"type":"image","payload":{"attachment_id":"88"}}`},
		"on Instagram": {"instagram", stored(channels.Image, "image/png", []byte(picture())), "me/message_attachments", `{"attachment_id":"88"}`,
			map[string]string{"platform": "instagram", "message": `{"attachment":{"type":"image","payload":{"is_reusable":true}}}`}, "filedata", "image/png", `"attachment_id":"88"`},
	} {
		t.Run(name, func(t *testing.T) {
			g := graphSays(t, answer(http.StatusOK, c.answer), accepts())
			c.media.Name = "otsus.pdf"
			_, err := outLine(t, outApp(t, outConfig(g.URL)), c.line).Send(context.Background(), letter(c.line, c.media))
			require.NoError(t, err)
			calls := g.all()
			require.Len(t, calls, 2)
			require.Equal(t, "/v25.0/"+c.path, calls[0].Path)
			require.Equal(t, "appsecret_proof="+outProof, calls[0].Query)
			_, params, err := mime.ParseMediaType(calls[0].Header.Get("Content-Type"))
			require.NoError(t, err)
			form, err := multipart.NewReader(bytes.NewReader(calls[0].Body), params["boundary"]).ReadForm(1 << 20)
			require.NoError(t, err)
			for field, value := range c.fields {
				require.Equal(t, []string{value}, form.Value[field])
			}
			require.Len(t, form.Value, len(c.fields))
			head := form.File[c.file][0]
			require.Equal(t, "otsus.pdf", head.Filename)
			require.Equal(t, c.typ, head.Header.Get("Content-Type"))
			require.Equal(t, c.media.Size, head.Size)
			require.Contains(t, withoutProof(t, calls[1]), c.message)
		})
	}
}

func TestAFileThatCannotBeUploadedIsNotSent(t *testing.T) {
	small := stored(channels.Image, "image/png", []byte(picture()))
	big, liar, closed := stored(channels.Image, "image/png", make([]byte, 1001)), stored(channels.Image, "image/png", make([]byte, 1001)), small
	liar.Size = 1
	closed.Open = func(context.Context) (io.ReadCloser, error) { return nil, errors.New("the store is away") }
	big.Open = closed.Open // it is not even opened
	for name, c := range map[string]struct {
		media channels.Media
		says  http.HandlerFunc
		class error
	}{
		"too big":                     {big, accepts(), channels.ErrTooLong},
		"bigger than it says":         {liar, accepts(), channels.ErrTooLong},
		"not to be opened":            {closed, accepts(), channels.ErrUnavailable},
		"refused":                     {small, answer(400, faultOf("131053", 0, "")), channels.ErrUnavailable},
		"of an unknown fate":          {small, answer(500, "<html>"), channels.ErrUnavailable},
		"accepted without an id":      {small, answer(200, `{}`), channels.ErrMalformed},
		"lost with the connection":    {small, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, channels.ErrUnavailable},
		"with a line break as a type": {stored(channels.Image, "image/png\r\nX: y", []byte("x")), accepts(), channels.ErrMalformed},
	} {
		for _, line := range []channels.ID{"messenger", "whatsapp"} {
			t.Run(name+" on "+string(line), func(t *testing.T) {
				g := graphSays(t, c.says)
				cfg := outConfig(g.URL)
				cfg.MediaMax = 1000
				_, err := outLine(t, outApp(t, cfg), line).Send(context.Background(), letter(line, c.media))
				outFailure(t, err, c.class, channels.NotSent)
				require.LessOrEqual(t, len(g.all()), 1, "no message goes out")
			})
		}
	}
}

func TestConfigOfMediaIsChecked(t *testing.T) {
	for field, change := range map[string]func(*meta.Config){
		"MediaHosts":  func(c *meta.Config) { c.MediaHosts = []string{"https://host/"} },
		"MediaTypes":  func(c *meta.Config) { c.MediaTypes = []string{"picture"} },
		"MediaClient": func(c *meta.Config) { c.MediaClient = &http.Client{Transport: http.NewFileTransport(http.Dir("."))} },
	} {
		cfg := outConfig("http://127.0.0.1:1")
		change(&cfg)
		_, err := meta.New(cfg)
		require.ErrorContains(t, err, "Config."+field)
	}
}
