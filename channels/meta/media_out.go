package meta

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"

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
	err := l.upload(ctx, m, "/"+l.conf.Account+"/media", "file", map[string]string{"messaging_product": "whatsapp"}, &w)
	if err == nil && w.ID == "" {
		err = harmless(l.nameless())
	}
	return w.ID, err
}

// uploadPage gives a stored file to Messenger or Instagram and returns its id.
func (l *line) uploadPage(ctx context.Context, m channels.Media) (string, *channels.Error) {
	message, _ := json.Marshal(outMessage{Attachment: &outAttachment{Type: string(m.As), Payload: outPayload{Reusable: true}}})
	fields := map[string]string{"message": string(message)}
	if l.info.Kind == channels.Instagram {
		fields["platform"] = "instagram"
	}
	var w struct {
		ID string `json:"attachment_id"`
	}
	err := l.upload(ctx, m, l.node()+"/message_attachments", "filedata", fields, &w)
	if err == nil && w.ID == "" {
		err = harmless(l.nameless())
	}
	return w.ID, err
}

// upload posts a file as a form. Nothing has been sent to the person when it
// fails.
func (l *line) upload(ctx context.Context, m channels.Media, path, name string, fields map[string]string, to any) *channels.Error {
	data, failure := l.load(ctx, m)
	if failure != nil {
		return failure
	}
	typ := m.Type
	if typ == "" {
		typ, _, _ = strings.Cut(http.DetectContentType(data), ";")
	}
	var body bytes.Buffer
	form, err := fileForm(&body, fields, name, m.Name, typ, data)
	if err != nil {
		return l.refuse("send", channels.ErrMalformed, "the name or type of a file")
	}
	return harmless(l.call(ctx, httpx.Call{Op: "send", Method: http.MethodPost, Path: path, Body: body.Bytes(), ContentType: form}, to))
}

// fileForm writes a form with a file and returns its content type.
func fileForm(w io.Writer, fields map[string]string, field, file, typ string, data []byte) (string, error) {
	form := multipart.NewWriter(w)
	for name, value := range fields {
		if err := form.WriteField(name, value); err != nil {
			return "", err
		}
	}
	if err := form.WriteField("type", typ); err != nil {
		return "", err
	}
	setDefault(&file, "file")
	head := textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition(field, file)},
		"Content-Type":        {typ},
	}
	part, err := form.CreatePart(head)
	if err == nil {
		_, err = part.Write(data)
	}
	if err == nil {
		err = form.Close()
	}
	return form.FormDataContentType(), err
}

// load reads a stored file whole, because a request that may not be repeated
// needs its length.
func (l *line) load(ctx context.Context, m channels.Media) ([]byte, *channels.Error) {
	limit := l.app.cfg.MediaMax
	switch {
	case m.Open == nil:
		return nil, l.refuse("send", channels.ErrMalformed, "a file without address or bytes")
	case m.Size > limit:
		return nil, l.refuse("send", channels.ErrTooLong, "the file")
	}
	unread := func(err error) *channels.Error {
		return &channels.Error{Op: "send", Channel: l.info.ID, Class: channels.ErrUnavailable, Outcome: channels.NotSent, Err: err}
	}
	r, err := m.Open(ctx)
	if err != nil {
		return nil, unread(err)
	}
	defer func() { _ = r.Close() }()
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return nil, unread(err)
	case int64(len(b)) > limit:
		return nil, l.refuse("send", channels.ErrTooLong, "the file")
	}
	return b, nil
}
