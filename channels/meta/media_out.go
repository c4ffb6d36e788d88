package meta

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// webAddress checks the address of a file that Meta is to fetch.
func (l *line) webAddress(address string) (string, *channels.Error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && !(u.Scheme == "http" && l.app.cfg.InsecureHTTP) {
		return "", l.refuse("send", channels.ErrMalformed, "the address of a file is not https")
	}
	return address, nil
}

// uploadWhatsApp gives a stored file to WhatsApp, which keeps it for 30 days,
// and returns its id.
func (l *line) uploadWhatsApp(ctx context.Context, m channels.Media) (string, *channels.Error) {
	var w struct {
		ID string `json:"id"`
	}
	data, typ, err := l.load(ctx, m)
	if err != nil {
		return "", err
	}
	fields := map[string]string{"messaging_product": "whatsapp", "type": typ}
	err = l.upload(ctx, "/"+l.conf.Account+"/media", form{fields, "file", m.Name, typ, data}, &w)
	if err == nil && w.ID == "" {
		err = harmless(l.nameless())
	}
	return w.ID, err
}

// uploadPage gives a stored file to Messenger or Instagram and returns its id.
func (l *line) uploadPage(ctx context.Context, m channels.Media) (string, *channels.Error) {
	message, _ := json.Marshal(outMessage{Attachment: &outAttachment{Type: string(m.As), Payload: outPayload{Reusable: true}}})
	fields := map[string]string{"message": string(message)}
	if l.info.Kind == channels.Instagram && !l.conf.InstagramLogin {
		fields["platform"] = "instagram" // and not the page's own
	}
	var w struct {
		ID string `json:"attachment_id"`
	}
	data, typ, err := l.load(ctx, m)
	if err != nil {
		return "", err
	}
	err = l.upload(ctx, l.node()+"/message_attachments", form{fields, "filedata", m.Name, typ, data}, &w)
	if err == nil && w.ID == "" {
		err = harmless(l.nameless())
	}
	return w.ID, err
}

// form is a file on its way, with what is said of it.
type form struct {
	fields map[string]string
	field  string // of the file
	name   string
	typ    string
	data   []byte
}

// upload posts a form. Nothing has been sent to the person when it fails.
func (l *line) upload(ctx context.Context, path string, f form, to any) *channels.Error {
	var body bytes.Buffer
	typ, err := f.write(&body)
	if err != nil {
		return l.refuse("send", channels.ErrMalformed, "the form of a file")
	}
	return harmless(l.call(ctx, httpx.Call{Op: "send", Method: http.MethodPost, Path: path, Body: body.Bytes(), ContentType: typ}, to))
}

// write returns the form's own content type.
func (f form) write(w io.Writer) (string, error) {
	parts := multipart.NewWriter(w)
	for name, value := range f.fields {
		if err := parts.WriteField(name, value); err != nil {
			return "", err
		}
	}
	name := f.name
	setDefault(&name, "file")
	part, err := parts.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition(f.field, name)},
		"Content-Type":        {f.typ},
	})
	if err == nil {
		_, err = part.Write(f.data)
	}
	if err == nil {
		err = parts.Close()
	}
	return parts.FormDataContentType(), err
}

// load reads a stored file whole, because a request that may not be repeated
// needs its length, and returns its media type with it.
func (l *line) load(ctx context.Context, m channels.Media) (data []byte, typ string, failure *channels.Error) {
	limit := l.app.cfg.MediaMax
	switch {
	case m.Open == nil:
		return nil, "", l.refuse("send", channels.ErrMalformed, "a file without address or bytes")
	case m.Size > limit:
		return nil, "", l.refuse("send", channels.ErrTooLong, "the file")
	}
	unread := func(err error) *channels.Error {
		return &channels.Error{Op: "send", Channel: l.info.ID, Class: channels.ErrUnavailable, Outcome: channels.NotSent, Err: err}
	}
	r, err := m.Open(ctx)
	if err != nil {
		return nil, "", unread(err)
	}
	defer func() { _ = r.Close() }()
	data, err = io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return nil, "", unread(err)
	case int64(len(data)) > limit:
		return nil, "", l.refuse("send", channels.ErrTooLong, "the file")
	}
	if typ = m.Type; typ == "" {
		typ = http.DetectContentType(data)
	}
	if typ, _, err = mime.ParseMediaType(typ); err != nil {
		return nil, "", l.refuse("send", channels.ErrMalformed, "the type of the file")
	}
	return data, typ, nil
}
