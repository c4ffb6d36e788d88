package alt_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
)

const mediaURL = "https://alt.agency.ee/media"

func key(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

// linked is a service that gives out links, and what it keeps.
type linked struct {
	*alttest.Harness
	keys  [][]byte
	store *faulty
}

func links(t *testing.T) *linked {
	t.Helper()
	l := &linked{keys: [][]byte{key('a')}, store: &faulty{}}
	l.Harness = alttest.NewWith(t, alttest.Config{Handler: &keeper{}, Change: func(c *alt.Config) {
		l.store.over(c)
		c.MediaURL, c.MediaKeys = mediaURL, func() [][]byte { return l.keys }
	}})
	return l
}

// link sends a file as the desk does and returns the token that the driver gets.
func (l *linked) link(t *testing.T, content, mediaType string) (string, channels.BlobID) {
	t.Helper()
	info, err := l.Store().PutBlob(t.Context(), "agency", strings.NewReader(content), 1<<20)
	require.NoError(t, err)
	chat := l.Chat("messenger")
	chat.Says("send me the form")
	_, err = l.Service().Send(t.Context(), channels.Outbound{To: chat.Address(),
		Content: channels.Media{As: channels.File, Blob: info.ID, Name: "Mari Maasikas.pdf", Type: mediaType}})
	require.NoError(t, err)
	l.Settle()
	require.Len(t, chat.Sent(), 1)
	address, err := chat.Sent()[0].Content.(channels.Media).Link(t.Context())
	require.NoError(t, err)
	token, ok := strings.CutPrefix(address, mediaURL+"/")
	require.True(t, ok)
	return token, info.ID
}

func (l *linked) get(t *testing.T, method, token string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "/media/"+token, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	http.StripPrefix("/media", l.Service().Media()).ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return string(b)
}

func TestAProviderFetchesAFileByItsLink(t *testing.T) {
	l := links(t)
	token, _ := l.link(t, "0123456789", "application/pdf")
	r := l.get(t, http.MethodGet, token)
	require.Equal(t, http.StatusOK, r.StatusCode)
	require.Equal(t, "0123456789", body(t, r))
	for name, want := range map[string]string{
		"Content-Type": "application/pdf", "Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff", "Content-Length": "10",
		"Cache-Control": "private, no-store", "Content-Security-Policy": "default-src 'none'; sandbox", "Accept-Ranges": "bytes",
	} {
		require.Equal(t, want, r.Header.Get(name), name)
	}
	r = l.get(t, http.MethodHead, token)
	require.Equal(t, "10", r.Header.Get("Content-Length"))
	require.Empty(t, body(t, r))
	for ask, want := range map[string]string{"bytes=0-3": "0123", "bytes=4-": "456789", "bytes=-2": "89"} {
		r = l.get(t, http.MethodGet, token, "Range", ask, "If-Range", r.Header.Get("ETag"))
		require.Equal(t, http.StatusPartialContent, r.StatusCode)
		require.Equal(t, want, body(t, r))
	}
	r = l.get(t, http.MethodGet, token, "Range", "bytes=6-7,1-2")
	require.Regexp(t, `(?s)\r\n\r\n67\r\n.*\r\n\r\n12\r\n`, body(t, r), "also backwards")
	require.Equal(t, http.StatusRequestedRangeNotSatisfiable, l.get(t, http.MethodGet, token, "Range", "bytes=10-").StatusCode)
	require.Equal(t, http.StatusMethodNotAllowed, l.get(t, http.MethodPost, token).StatusCode)
}

func TestALinkTellsNothingOfThePerson(t *testing.T) {
	l := links(t)
	token, _ := l.link(t, "x", "image/png")
	said, _, _ := strings.Cut(token, ".")
	b, err := base64.RawURLEncoding.DecodeString(said)
	require.NoError(t, err)
	require.NotContains(t, string(b), "Mari")
	require.NotContains(t, string(b), "person-")
}

func TestALinkEnds(t *testing.T) {
	l := links(t)
	token, _ := l.link(t, "x", "image/png")
	l.Clock().Advance(24*time.Hour - time.Second)
	require.Equal(t, http.StatusOK, l.get(t, http.MethodGet, token).StatusCode)
	l.Clock().Advance(time.Second)
	require.Equal(t, http.StatusNotFound, l.get(t, http.MethodGet, token).StatusCode)

	token, blob := l.link(t, "x", "image/png")
	require.NoError(t, l.Store().DeleteBlob(t.Context(), "agency", blob))
	require.Equal(t, http.StatusNotFound, l.get(t, http.MethodGet, token).StatusCode, "with its file")
}

func TestALinkOutlivesARestartAndAChangeOfKeys(t *testing.T) {
	l := links(t)
	token, _ := l.link(t, "x", "image/png")
	l.keys = [][]byte{key('b'), key('a')}
	l.Restart()
	require.Equal(t, http.StatusOK, l.get(t, http.MethodGet, token).StatusCode)
	next, _ := l.link(t, "x", "image/png")
	l.keys = l.keys[:1]
	require.Equal(t, http.StatusNotFound, l.get(t, http.MethodGet, token).StatusCode)
	require.Equal(t, http.StatusOK, l.get(t, http.MethodGet, next).StatusCode)
	l.keys = nil
	require.Equal(t, http.StatusNotFound, l.get(t, http.MethodGet, next).StatusCode)
}

func TestNoOtherTokenOpensAFile(t *testing.T) {
	l := links(t)
	token, blob := l.link(t, "x", "image/png")
	for i := range token {
		b := []byte(token)
		b[i] ^= 1
		require.Equal(t, http.StatusNotFound, l.get(t, http.MethodGet, strings.ReplaceAll(string(b), "/", "_")).StatusCode, "byte %d", i)
	}
	// The last letter carries bits that are no part of the signature.
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	require.Equal(t, http.StatusNotFound, l.get(t, http.MethodGet, token[:len(token)-1]+alphabet[last+1:last+2]).StatusCode)
	said, mac, _ := strings.Cut(token, ".")
	other := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"a":"other","b":%q,"u":99999999999}`, blob))
	for name, bad := range map[string]string{
		"nothing": "", "no signature": said, "an empty signature": said + ".", "only a signature": "." + mac, "another agency's": other + "." + mac,
		"more after it": token + "A", "padding": token + "=", "below it": token + "/x", "the blob's id": string(blob),
	} {
		require.Equal(t, http.StatusNotFound, l.get(t, http.MethodGet, bad).StatusCode, name)
	}
}

func TestALinkOfOneAgencyOpensNoFileOfAnother(t *testing.T) {
	l := links(t)
	token, blob := l.link(t, "ours", "image/png")
	require.NoError(t, l.Store().DeleteBlob(t.Context(), "agency", blob))
	l.store.open = func(a channels.Agency, id channels.BlobID) (io.ReadCloser, error) {
		require.Equal(t, channels.Agency("agency"), a)
		require.Equal(t, blob, id)
		return nil, alt.ErrNotFound
	}
	require.Equal(t, http.StatusNotFound, l.get(t, http.MethodGet, token).StatusCode)
}

func TestABrowserRunsNothingThatALinkOpens(t *testing.T) {
	for given, want := range map[string]string{
		"image/png": "image/png", "audio/ogg; codecs=opus": "audio/ogg; codecs=opus", "text/plain": "text/plain; charset=utf-8",
		"application/vnd.etsi.asic-e+zip": "application/vnd.etsi.asic-e+zip",
		"text/html":                       "application/octet-stream", "image/svg+xml": "application/octet-stream", "application/xhtml+xml": "application/octet-stream",
		"text/xml": "application/octet-stream", "": "application/octet-stream",
	} {
		l := links(t)
		token, _ := l.link(t, "<script>", given)
		require.Equal(t, want, l.get(t, http.MethodGet, token).Header.Get("Content-Type"), given)
	}
}

func TestAFileThatCannotBeReadIsNoFile(t *testing.T) {
	l := links(t)
	token, _ := l.link(t, "x", "image/png")
	l.store.open = func(channels.Agency, channels.BlobID) (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader("half"), failing{})), nil
	}
	r := l.get(t, http.MethodGet, token)
	require.Equal(t, http.StatusServiceUnavailable, r.StatusCode)
	require.NotContains(t, body(t, r), "half")
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errDisk }

func TestWithoutAnAddressThereAreNoLinks(t *testing.T) {
	hs := alttest.New(t, &keeper{})
	chat := hs.Chat("messenger")
	chat.Says("send me the form")
	info, err := hs.Store().PutBlob(t.Context(), "agency", strings.NewReader("x"), 10)
	require.NoError(t, err)
	_, err = hs.Service().Send(t.Context(), channels.Outbound{To: chat.Address(), Content: channels.Media{As: channels.File, Blob: info.ID}})
	require.NoError(t, err)
	hs.Settle()
	require.Nil(t, chat.Sent()[0].Content.(channels.Media).Link)
	w := httptest.NewRecorder()
	hs.Service().Media().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/x", nil))
	require.Equal(t, http.StatusNotFound, w.Code)
}

func TestLinksNeedTheirConfiguration(t *testing.T) {
	keys := func() [][]byte { return [][]byte{key('a')} }
	for name, tt := range map[string]struct {
		change func(*alt.Config)
		field  string
	}{
		"an address with a slash":    {func(c *alt.Config) { c.MediaURL, c.MediaKeys = mediaURL+"/", keys }, "MediaURL"},
		"an address without TLS":     {func(c *alt.Config) { c.MediaURL, c.MediaKeys = "http://agency.ee/media", keys }, "MediaURL"},
		"an address without keys":    {func(c *alt.Config) { c.MediaURL = mediaURL }, "MediaKeys"},
		"no key":                     {func(c *alt.Config) { c.MediaURL, c.MediaKeys = mediaURL, func() [][]byte { return nil } }, "MediaKeys"},
		"a key that can be guessed":  {func(c *alt.Config) { c.MediaURL, c.MediaKeys = mediaURL, func() [][]byte { return [][]byte{{1}} } }, "MediaKeys"},
		"links that end in the past": {func(c *alt.Config) { c.MediaFor = -1 }, "MediaFor"},
	} {
		_, err := alt.New(config(t, tt.change))
		require.ErrorContains(t, err, "Config."+tt.field+":", name)
	}
}

func TestTheFilesOfATemplateAreBoundToo(t *testing.T) {
	l := links(t)
	info, err := l.Store().PutBlob(t.Context(), "agency", strings.NewReader("a picture"), 100)
	require.NoError(t, err)
	chat := l.Chat("whatsapp")
	picture := &channels.Media{As: channels.Image, Blob: info.ID, Type: "image/png"}
	_, err = l.Service().Send(t.Context(), channels.Outbound{To: chat.Address(), Content: channels.Template{Name: "t", Language: "et",
		Header: []channels.Param{{Kind: channels.ParamMedia, Media: picture}}}})
	require.NoError(t, err)
	l.Settle()
	got := chat.Sent()[0].Content.(channels.Template).Header[0].Media
	address, err := got.Link(context.Background())
	require.NoError(t, err)
	require.Equal(t, "a picture", body(t, l.get(t, http.MethodGet, strings.TrimPrefix(address, mediaURL+"/"))))
	r, err := got.Open(t.Context())
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.Nil(t, picture.Open, "the caller's own is left alone")
}
