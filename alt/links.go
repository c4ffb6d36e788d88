package alt

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// minMediaKey is the shortest key of links, in bytes.
const minMediaKey = 32

// pass is what the token of a link says: which file, until when. It is signed,
// not sealed, and holds nothing about a person, not even the file's name.
type pass struct {
	Agency channels.Agency `json:"a"`
	Blob   channels.BlobID `json:"b"`
	Type   string          `json:"t,omitempty"`
	Until  int64           `json:"u"` // Unix seconds
}

func (p pass) token(key []byte) (string, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b) + "." + base64.RawURLEncoding.EncodeToString(p.mac(b, key)), nil
}

func (pass) mac(b, key []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte("liidestuja media link\x00"))
	m.Write(b)
	return m.Sum(nil)
}

// readPass returns what a token says, if one of the keys signed it and its time
// is not over.
func readPass(token string, keys [][]byte, now time.Time) (pass, bool) {
	var p pass
	body, seal, _ := strings.Cut(token, ".")
	enc := base64.RawURLEncoding.Strict()
	b, err1 := enc.DecodeString(body)
	mac, err2 := enc.DecodeString(seal)
	if err1 != nil || err2 != nil {
		return p, false
	}
	signed := false
	for _, key := range keys {
		if len(key) >= minMediaKey && hmac.Equal(mac, p.mac(b, key)) {
			signed = true
		}
	}
	if !signed || json.Unmarshal(b, &p) != nil {
		return p, false
	}
	return p, now.Unix() < p.Until
}

// link returns the address at which whoever has it can fetch a file for
// Config.MediaFor from now.
func (s *Service) link(agency channels.Agency, m channels.Media) (string, error) {
	keys := s.cfg.MediaKeys()
	if len(keys) == 0 || len(keys[0]) < minMediaKey {
		return "", errNoKey
	}
	p := pass{Agency: agency, Blob: m.Blob, Type: m.Type, Until: s.cfg.Now().Add(s.cfg.MediaFor).Unix()}
	token, err := p.token(keys[0])
	return s.cfg.MediaURL + "/" + token, err
}

// Media returns the handler for the links to stored files that drivers give to
// providers which fetch a file by themselves, by path "/{token}". Mount it with
// http.StripPrefix where Config.MediaURL says. A link is for whoever has it,
// names one file of one agency, and ends by itself or with the file. A token
// that is wrong in any way gets 404. GET, HEAD and ranges are answered.
func (s *Service) Media() http.Handler { return http.HandlerFunc(s.serveMedia) }

func (s *Service) serveMedia(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		answer(w, http.StatusMethodNotAllowed, "method not allowed")
		return
	}
	p, ok := pass{}, false
	if s.cfg.MediaURL != "" {
		p, ok = readPass(strings.TrimPrefix(r.URL.Path, "/"), s.cfg.MediaKeys(), s.cfg.Now())
	}
	if !ok {
		s.observe(Observation{Name: "link.refused", N: 1})
		answer(w, http.StatusNotFound, "not found")
		return
	}
	f := &blobFile{open: func() (io.ReadCloser, error) { return s.cfg.Store.OpenBlob(r.Context(), p.Agency, p.Blob) }}
	defer f.close()
	switch err := f.measure(); {
	case errors.Is(err, ErrNotFound):
		s.observe(Observation{Name: "link.refused", Code: "gone", N: 1})
		answer(w, http.StatusNotFound, "not found")
		return
	case err != nil:
		s.cfg.Logger.ErrorContext(r.Context(), "file of a link not readable", "error", err)
		answer(w, http.StatusServiceUnavailable, "try again")
		return
	}
	sum := sha256.Sum256([]byte(string(p.Agency) + "\x00" + string(p.Blob)))
	h := w.Header()
	h.Set("Content-Type", harmless(p.Type))
	h.Set("Content-Disposition", "attachment") // nothing is shown in the name of our address
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex")
	h.Set("ETag", `"`+hex.EncodeToString(sum[:16])+`"`) // the bytes of a blob never change
	s.observe(Observation{Name: "link.served", N: 1})
	http.ServeContent(w, r, "", time.Time{}, f)
	if f.err != nil && r.Context().Err() == nil {
		s.cfg.Logger.ErrorContext(r.Context(), "file of a link not readable", "error", f.err) // and the answer breaks off
	}
}

// harmless returns a file's type if no browser runs anything of it, and a type
// that says nothing otherwise.
func harmless(mediaType string) string {
	const unknown = "application/octet-stream"
	t, params, err := mime.ParseMediaType(mediaType)
	if err != nil || strings.HasSuffix(t, "xml") {
		return unknown
	}
	switch t {
	case "text/plain":
		return "text/plain; charset=utf-8"
	case "text/csv", "application/pdf", "application/zip", "application/rtf", "application/msword":
		return t
	}
	for _, prefix := range []string{"image/", "audio/", "video/", "application/vnd."} {
		if strings.HasPrefix(t, prefix) {
			return or(mime.FormatMediaType(t, params), unknown) // codecs are named there
		}
	}
	return unknown
}

// bound lets the driver read a stored file, or give it to the provider by a
// link.
func (s *Service) bound(agency channels.Agency, m channels.Media) channels.Media {
	if m.Blob == "" {
		return m
	}
	stored := m
	m.Open = func(ctx context.Context) (io.ReadCloser, error) {
		return s.cfg.Store.OpenBlob(ctx, agency, stored.Blob)
	}
	if s.cfg.MediaURL != "" {
		m.Link = func(context.Context) (string, error) { return s.link(agency, stored) }
	}
	return m
}
