package metatest

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// How long files and links live.
const (
	linkLife     = 5 * time.Minute
	cdnLife      = day      // of Messenger's and Instagram's links; the real time is not established
	uploadedLife = 30 * day // of what the service uploaded
	receivedLife = 7 * day  // of what a person sent
)

// medium is a file, uploaded or received.
type medium struct {
	id, kind    string
	account     *account
	contentType string
	data        []byte
	expires     time.Time
}

func (m *medium) gone(now time.Time) bool { return !now.Before(m.expires) }

// link is an address under which a file can be fetched for a while.
type link struct {
	medium  *medium
	expires time.Time
	bearer  bool // the account's token is asked for
}

// fits reports whether WhatsApp sends files of a media type as this kind.
func fits(kind, contentType string) bool {
	base, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	switch kind {
	case "image":
		return base == "image/jpeg" || base == "image/png"
	case "video":
		return base == "video/mp4" || base == "video/3gpp"
	case "audio":
		return slices.Contains([]string{"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}, base)
	case "sticker":
		return base == "image/webp"
	}
	return true
}

// carried reports whether WhatsApp takes files of a media type at all.
func carried(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, "/")
	if contentType == "image/webp" {
		kind = "sticker"
	}
	return fits(kind, contentType)
}

// waSize is the largest file of a media type, in bytes. A sticker that moves may be larger than one that does not.
func waSize(contentType string, data []byte) int {
	switch {
	case contentType == "image/webp" && bytes.Contains(data[:min(len(data), 64)], []byte("ANIM")): // a chunk near the beginning
		return 500_000
	case contentType == "image/webp":
		return 100_000
	case strings.HasPrefix(contentType, "image/"):
		return 5_000_000
	case strings.HasPrefix(contentType, "video/"), strings.HasPrefix(contentType, "audio/"):
		return 16_000_000
	}
	return 100_000_000
}

// store keeps a file. Server.mu is held.
func (s *Server) store(a *account, kind, contentType string, data []byte, life time.Duration) *medium {
	m := &medium{id: s.count(), kind: kind, account: a, contentType: contentType, data: data, expires: s.now().Add(life)}
	s.state.media[m.id] = m
	return m
}

// linkTo makes an address for a file. Server.mu is held.
func (s *Server) linkTo(m *medium, life time.Duration, bearer bool) string {
	key := random(18)
	s.state.links[key] = link{m, s.now().Add(life), bearer}
	return s.address() + "/files/" + key
}

// count is the next of the ids that are numbers. Server.mu is held, or nobody knows the server yet.
func (s *Server) count() string {
	s.state.seq += 7919
	return strconv.FormatUint(s.state.seq, 10)
}

// uploadMedia is POST /{phone-number-id}/media.
func (s *Server) uploadMedia(c *call, _ Failure) (answer, *fault) {
	if c.params.str("messaging_product") != "whatsapp" {
		return answer{}, invalid("The parameter messaging_product is required and must be whatsapp.")
	}
	if c.file == nil {
		return answer{}, invalid("The parameter file is required.")
	}
	kind := c.params.str("type")
	setDefault(&kind, c.file.contentType)
	life := uploadedLife
	if minutes := c.params.str("ttl_minutes"); minutes != "" {
		n, err := strconv.Atoi(minutes)
		if err != nil || n < 60 || n > 43200 {
			return answer{}, invalid("Param ttl_minutes must be between 60 and 43200.")
		}
		life = time.Duration(n) * time.Minute
	}
	base, _, err := mime.ParseMediaType(kind)
	switch {
	case err != nil || !strings.Contains(base, "/"):
		return answer{}, invalid("Param type must be a media type.")
	case !carried(base):
		return answer{}, wrong(131053, "Files of type %s are not supported.", base)
	case len(c.file.data) == 0:
		return answer{}, wrong(131053, "The file is empty.")
	case len(c.file.data) > waSize(base, c.file.data):
		return answer{}, wrong(131053, "Unable to upload the media used in the message: the file is too large.")
	}
	return reply(idWire{s.store(c.account, "", base, c.file.data, life).id}), nil
}

type mediaWire struct {
	Product string `json:"messaging_product"`
	URL     string `json:"url"`
	Type    string `json:"mime_type"`
	SHA256  string `json:"sha256"`
	Size    string `json:"file_size"`
	ID      string `json:"id"`
}

// getMedia tells where a file can be fetched for the next five minutes.
func (s *Server) getMedia(c *call, _ Failure) (answer, *fault) {
	m := s.state.media[c.node]
	number := c.params.str("phone_number_id")
	if m.gone(s.now()) || m.account.product != whatsapp || number != "" && number != m.account.id {
		return answer{}, noObject(c.r.Method, c.node)
	}
	sum := sha256.Sum256(m.data)
	return reply(mediaWire{"whatsapp", s.linkTo(m, linkLife, true), m.contentType, hex.EncodeToString(sum[:]), strconv.Itoa(len(m.data)), m.id}), nil
}

func (s *Server) deleteMedia(c *call, _ Failure) (answer, *fault) {
	delete(s.state.media, c.node)
	return success(), nil
}

// download serves the links to files. Those of WhatsApp need the token of the account.
func (s *Server) download(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	l, ok := s.state.links[strings.TrimPrefix(r.URL.Path, "/files/")]
	now, allowed := s.now(), !l.bearer
	if token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && found && l.bearer {
		g := s.state.tokens[token]
		allowed = g != nil && g.dead == 0 && g.may(l.medium.account)
	}
	alive := ok && now.Before(l.expires) && s.state.media[l.medium.id] == l.medium
	s.mu.Unlock()
	switch {
	case !alive:
		http.Error(w, "URL signature expired", http.StatusNotFound)
	case !allowed:
		http.Error(w, http.StatusText(http.StatusUnauthorized), http.StatusUnauthorized)
	default:
		w.Header().Set("Content-Type", l.medium.contentType)
		w.Header().Set("Content-Length", strconv.Itoa(len(l.medium.data)))
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(l.medium.data)
	}
}

// uploadAttachment is POST /{page-id}/message_attachments.
func (s *Server) uploadAttachment(c *call, _ Failure) (answer, *fault) {
	if err := c.params.only("request", "message", "filedata", "platform"); err != nil {
		return answer{}, invalid("%s", err)
	}
	msg, err := c.params.object("message", "attachment")
	if err == nil && msg.has("attachment") == 0 {
		err = missing("message[attachment]")
	}
	order := Sent{}
	if err == nil {
		_, err = s.readAttachment(c, c.account, msg, &order)
	}
	if err == nil && order.Type == "template" {
		err = wrongly("A template is no attachment.")
	}
	if err != nil {
		return answer{}, invalid("%s", err)
	}
	file := c.file
	if file == nil {
		file = &upload{} // what lies behind a link is not fetched
	}
	return reply(map[string]string{"attachment_id": s.store(c.account, order.Type, file.contentType, file.data, 90*day).id}), nil
}

// checkAttachment checks the size and the type of an uploaded file, for Instagram or for Messenger.
func checkAttachment(instagram bool, kind string, f *upload) error {
	limit := 25_000_000
	if instagram && kind == "image" {
		limit = 8_000_000
		if f.contentType != "image/png" && f.contentType != "image/jpeg" {
			return wrongly("A picture must be a PNG or a JPEG.")
		}
	}
	if instagram && kind == "file" && f.contentType != "application/pdf" {
		return wrongly("A file must be a PDF.")
	}
	if len(f.data) == 0 || len(f.data) > limit {
		return wrongly("The file is empty or larger than %d bytes.", limit)
	}
	return nil
}

// hash64 is the sha256 of a file as webhooks have it.
func hash64(data []byte) string {
	sum := sha256.Sum256(data)
	return base64.StdEncoding.EncodeToString(sum[:])
}
