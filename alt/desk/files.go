package desk

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// uploadFor is how long an uploaded file may be sent.
const uploadFor = 24 * time.Hour

// ticket is what an upload's id says. It is sealed with the caller's token: who
// did not upload a file cannot send it, and nothing of it need be kept.
type ticket struct {
	Blob   channels.BlobID `json:"b"`
	Type   string          `json:"t"`
	Size   int64           `json:"s"`
	SHA256 string          `json:"h"`
	Until  int64           `json:"u"` // Unix seconds
}

// uploadView is a file that waits to be sent.
type uploadView struct {
	ID     string    `json:"id"`
	Name   string    `json:"name,omitempty"`
	Type   string    `json:"type"`
	Size   int64     `json:"size"`
	SHA256 string    `json:"sha256"`
	Until  time.Time `json:"until"`
}

func (c caller) seal(t ticket) (string, error) {
	b, err := json.Marshal(t)
	if err != nil {
		return "", err
	}
	enc := base64.RawURLEncoding
	return enc.EncodeToString(b) + "." + enc.EncodeToString(c.mac(b)), nil
}

func (c caller) mac(b []byte) []byte {
	m := hmac.New(sha256.New, c.digest[:])
	m.Write([]byte("desk upload\x00" + string(c.Agency) + "\x00" + c.ID + "\x00"))
	m.Write(b)
	return m.Sum(nil)
}

func (c caller) unseal(id string, now time.Time) (ticket, bool) {
	var t ticket
	body, seal, _ := strings.Cut(id, ".")
	enc := base64.RawURLEncoding.Strict()
	b, err1 := enc.DecodeString(body)
	mac, err2 := enc.DecodeString(seal)
	if err1 != nil || err2 != nil || !hmac.Equal(mac, c.mac(b)) || json.Unmarshal(b, &t) != nil {
		return ticket{}, false
	}
	return t, now.Unix() < t.Until
}

// upload answers POST /v1/files: the bytes themselves, or a form with one file.
func (d *Desk) upload(c *call) error {
	// A form has a frame around the file; the file itself is bounded by the store.
	c.r.Body = http.MaxBytesReader(c.w, c.r.Body, d.cfg.MaxUpload+64<<10)
	file, name, err := c.file()
	if err != nil {
		return err
	}
	body := &watched{r: file}
	if name != "" {
		var ok bool
		if name, ok = cleanName(name); !ok {
			return inField("malformed_request", "name")
		}
	}
	head := make([]byte, sniffed)
	n, _ := io.ReadFull(body, head)
	head = head[:n]
	switch {
	case body.err != nil:
		return unreadable(body.err)
	case n == 0:
		return newProblem("malformed_request")
	}
	found := typeOf(head, name)
	if found == "" || !slices.Contains(d.cfg.FileTypes, found) {
		return newProblem("file_type")
	}
	info, err := d.svc.Store().PutBlob(c.ctx(), c.me.Agency, io.MultiReader(bytes.NewReader(head), body), d.cfg.MaxUpload)
	switch {
	case errors.Is(err, alt.ErrTooBig):
		return d.tooBig()
	case err != nil && body.err != nil:
		return unreadable(body.err)
	case err != nil:
		return err
	}
	until := d.svc.Now().Add(uploadFor).UTC().Truncate(time.Second)
	id, err := c.me.seal(ticket{Blob: info.ID, Type: found, Size: info.Size, SHA256: info.SHA256, Until: until.Unix()})
	if err != nil {
		return err
	}
	return c.answer(http.StatusCreated, uploadView{ID: id, Name: name, Type: found, Size: info.Size, SHA256: info.SHA256, Until: until})
}

func (d *Desk) tooBig() error {
	p := newProblem("too_large")
	p.Limit = &limitView{Max: d.cfg.MaxUpload, Unit: string(channels.Bytes)}
	return p
}

// watched remembers why its reader broke off: a file that ends early is told
// from a short one, and a client's fault from a store's.
type watched struct {
	r   io.Reader
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
		return n, errBrokeOff // io.ErrUnexpectedEOF could be taken for an end
	}
	return n, err
}

var errBrokeOff = errors.New("desk: upload broke off")

// file returns the bytes and the name of an upload.
func (c *call) file() (io.Reader, string, error) {
	t, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil {
		return nil, "", newProblem("media_type")
	}
	if t != "multipart/form-data" {
		// The name is not in the address: it may say who somebody is.
		_, p, err := mime.ParseMediaType(c.r.Header.Get("Content-Disposition"))
		if err != nil && c.r.Header.Get("Content-Disposition") != "" {
			return nil, "", inField("malformed_header", "Content-Disposition")
		}
		return c.r.Body, p["filename"], nil
	}
	form, err := c.r.MultipartReader()
	if err != nil {
		return nil, "", newProblem("malformed_request")
	}
	part, err := form.NextPart()
	if err != nil {
		return nil, "", unreadable(err)
	}
	if part.FormName() != "file" {
		return nil, "", inField("malformed_request", "file")
	}
	return part, part.FileName(), nil
}

// uploaded returns an uploaded file as content.
func (c *call) uploaded(b fileBody) (channels.Media, error) {
	t, ok := c.me.unseal(b.ID, c.d.svc.Now())
	if !ok {
		return channels.Media{}, newProblem("unknown_file")
	}
	if b.Name != "" {
		name, ok := cleanName(b.Name)
		if !ok || name != b.Name {
			return channels.Media{}, inField("malformed_request", "file.name")
		}
	}
	return channels.Media{
		As: kindOf(t.Type), Blob: t.Blob, Name: b.Name, Type: t.Type, Size: t.Size, SHA256: t.SHA256, Caption: b.Caption,
	}, nil
}

// download answers GET /v1/conversations/{id}/files/{blob}.
func (d *Desk) download(c *call) error {
	conv, err := c.find("file")
	if err != nil {
		return err
	}
	m, err := d.fileOf(c, conv.ID, channels.BlobID(c.r.PathValue("blob")))
	if err != nil {
		return err
	}
	body, err := d.svc.Store().OpenBlob(c.ctx(), c.me.Agency, m.Blob)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	h := c.w.Header()
	h.Set("Content-Type", "application/octet-stream")
	if extensions(m.Type) != nil {
		h.Set("Content-Type", m.Type) // of what we know it shows nothing by itself
	}
	name, ok := cleanName(m.Name)
	if !ok {
		name = "file"
	}
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	if m.Size > 0 {
		h.Set("Content-Length", strconv.FormatInt(m.Size, 10))
	}
	if _, err := io.Copy(c.w, body); err != nil {
		if c.ctx().Err() == nil {
			d.cfg.Logger.ErrorContext(c.ctx(), "desk: file not readable", "conversation", conv.ID, "error", err)
		}
		panic(http.ErrAbortHandler) // the client must not take a part for the whole
	}
	return nil
}

// fileOf finds a file among a conversation's messages: one that is elsewhere,
// or nowhere, is not found.
func (d *Desk) fileOf(c *call, conversation string, blob channels.BlobID) (channels.Media, error) {
	q := alt.MessageQuery{Agency: c.me.Agency, Conversation: conversation, Limit: maxMessages}
	for {
		page, earlier, err := d.svc.Store().Messages(c.ctx(), q)
		if err != nil {
			return channels.Media{}, err
		}
		for _, m := range page {
			if f, ok := m.Content.(channels.Media); ok && f.Blob == blob && blob != "" {
				return f, nil
			}
		}
		if earlier == "" {
			return channels.Media{}, newProblem("not_found")
		}
		q.Before = earlier
	}
}
