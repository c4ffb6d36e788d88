package meta_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

// object is a message, or a part of one, as the wire has it.
type object = map[string]any

func unmarshal(t *testing.T, raw []byte, to any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(raw, to), "%s", raw)
}

// sends posts a message on a line and returns the code of its refusal.
func (w *world) sends(t *testing.T, info channels.Info, m object) int {
	t.Helper()
	peer := strings.TrimPrefix(string(simPeers()[info.ID]), "+")
	order := object{"recipient": object{"id": peer}}
	for name, value := range m {
		order[name] = value
	}
	path := simAccounts()[info.ID] + "/messages"
	if info.Kind == channels.WhatsApp {
		delete(order, "recipient")
		order["messaging_product"], order["to"] = "whatsapp", peer
	}
	body, err := json.Marshal(order)
	require.NoError(t, err)
	return w.straight(t, info.ID, path, "application/json", body)
}

// uploads posts a file of so many bytes on a line.
func (w *world) uploads(t *testing.T, info channels.Info, as channels.MediaKind, typ string, size int) int {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	path, field := "/message_attachments", "filedata"
	message, _ := json.Marshal(object{"attachment": object{"type": string(as), "payload": object{"is_reusable": true}}})
	fields := map[string]string{"message": string(message), "platform": "instagram"}
	switch info.Kind {
	case channels.Messenger:
		delete(fields, "platform")
	case channels.WhatsApp:
		path, field, fields = "/media", "file", map[string]string{"messaging_product": "whatsapp", "type": typ}
	}
	for name, value := range fields {
		require.NoError(t, form.WriteField(name, value))
	}
	part, err := form.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + field + `"; filename="a"`}, "Content-Type": {typ}})
	require.NoError(t, err)
	_, err = part.Write(make([]byte, size))
	require.NoError(t, err)
	require.NoError(t, form.Close())
	return w.straight(t, info.ID, simAccounts()[info.ID]+path, form.FormDataContentType(), body.Bytes())
}

// concrete is a media type of a range of them.
func concrete(typ string) string {
	return strings.NewReplacer("image/*", "image/png", "video/*", "video/mp4", "audio/*", "audio/mpeg").Replace(typ)
}

// undeclared is a media type that no line declares for a kind that has a list.
func undeclared(as channels.MediaKind) string {
	return map[channels.MediaKind]string{
		channels.Image: "image/gif", channels.Video: "video/x-msvideo", channels.Audio: "audio/midi",
		channels.File: "application/zip", channels.Sticker: "image/svg+xml",
	}[as]
}

// onPage is a message of a page.
func onPage(message object) object { return object{"messaging_type": "RESPONSE", "message": message} }

func quick(title, id string) object {
	return object{"content_type": "text", "title": title, "payload": id}
}

// offers is a message of WhatsApp with buttons or a list.
func offers(kind string, action object, more ...object) object {
	interactive := object{"type": kind, "body": object{"text": "b"}, "action": action}
	for _, m := range more {
		for name, value := range m {
			interactive[name] = value
		}
	}
	return object{"type": "interactive", "interactive": interactive}
}

func reply(id, title string) object {
	return object{"type": "reply", "reply": object{"id": id, "title": title}}
}

func replies(all ...object) object { return object{"buttons": all} }

// rowsOf is a list with these rows in one section.
func rowsOf(button, section string, rows ...object) object {
	return object{"button": button, "sections": []object{{"title": section, "rows": rows}}}
}

func row(id, title, description string) object {
	return object{"id": id, "title": title, "description": description}
}

// captioned is a file of WhatsApp with a caption.
func captioned(as channels.MediaKind, text string) object {
	kind := string(as)
	if as == channels.File {
		kind = "document"
	}
	return object{"type": kind, kind: object{"link": outPicture, "caption": text}}
}

// textForms are the messages that a text of a kind stands in, by the name of its
// limit; where a line declares that there is no such text, how it would look.
func textForms(kind channels.Kind) map[string][]func(text string) object {
	one := func(forms ...func(text string) object) []func(string) object { return forms }
	if kind != channels.WhatsApp {
		return map[string][]func(string) object{
			"Text": one(func(s string) object { return onPage(object{"text": s}) }),
			"Caption": one(func(s string) object {
				return onPage(object{"text": s, "attachment": object{"type": "image", "payload": object{"url": outPicture}}})
			}),
			"Choices.Title": one(func(s string) object { return onPage(object{"text": "b", "quick_replies": []object{quick(s, "1")}}) }),
			"Choices.ID":    one(func(s string) object { return onPage(object{"text": "b", "quick_replies": []object{quick("t", s)}}) }),
			"Choices.Body":  one(func(s string) object { return onPage(object{"text": s, "quick_replies": []object{quick("t", "1")}}) }),
		}
	}
	buttons := replies(reply("1", "t"))
	list := rowsOf("b", "s", row("1", "t", "d"))
	return map[string][]func(string) object{
		"Text": one(func(s string) object { return object{"type": "text", "text": object{"body": s}} }),
		"Caption": one(
			func(s string) object { return captioned(channels.Image, s) },
			func(s string) object { return captioned(channels.Video, s) },
			func(s string) object { return captioned(channels.File, s) },
		),
		"TemplateText": one(func(s string) object { // the template has a letter and a full stop of its own
			_, first := utf8.DecodeRuneInString(s)
			return object{"type": "template", "template": object{"name": "limit", "language": object{"code": "et"}, "components": []object{
				{"type": "body", "parameters": []object{{"type": "text", "text": s[first:]}}},
			}}}
		}),
		"Choices.Title": one(
			func(s string) object { return offers("button", replies(reply("1", s))) },
			func(s string) object { return offers("list", rowsOf(s, "s", row("1", "t", "d"))) },
		),
		"Choices.RowTitle":    one(func(s string) object { return offers("list", rowsOf("b", "s", row("1", s, "d"))) }),
		"Choices.Section":     one(func(s string) object { return offers("list", rowsOf("b", s, row("1", "t", "d"))) }),
		"Choices.Description": one(func(s string) object { return offers("list", rowsOf("b", "s", row("1", "t", s))) }),
		"Choices.ID":          one(func(s string) object { return offers("list", rowsOf("b", "s", row(s, "t", "d"))) }),
		"Choices.Body": one(
			func(s string) object { return offers("button", buttons, object{"body": object{"text": s}}) },
			func(s string) object { return offers("list", list, object{"body": object{"text": s}}) },
		),
		"Choices.Header": one(
			func(s string) object {
				return offers("button", buttons, object{"header": object{"type": "text", "text": s}})
			},
			func(s string) object {
				return offers("list", list, object{"header": object{"type": "text", "text": s}})
			},
		),
		"Choices.Footer": one(
			func(s string) object { return offers("button", buttons, object{"footer": object{"text": s}}) },
			func(s string) object { return offers("list", list, object{"footer": object{"text": s}}) },
		),
	}
}

// countForms are messages with so many choices, by the name of their limit.
func countForms(kind channels.Kind) map[string]func(n int) object {
	several := func(n int, one func(id string) object) []object {
		var all []object
		for i := range n {
			all = append(all, one(fmt.Sprint(i)))
		}
		return all
	}
	if kind != channels.WhatsApp {
		return map[string]func(int) object{"Buttons": func(n int) object {
			return onPage(object{"text": "b", "quick_replies": several(n, func(id string) object { return quick(id, id) })})
		}}
	}
	return map[string]func(int) object{
		"Buttons": func(n int) object {
			return offers("button", replies(several(n, func(id string) object { return reply(id, id) })...))
		},
		"Rows": func(n int) object {
			return offers("list", rowsOf("b", "s", several(n, func(id string) object { return row(id, id, "") })...))
		},
	}
}

// windowForm is a text, as the answer of a person after the reply window or not.
func windowForm(kind channels.Kind, tagged bool) object {
	switch {
	case kind == channels.WhatsApp:
		return object{"type": "text", "text": object{"body": "a"}}
	case tagged:
		return object{"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT", "message": object{"text": "a"}}
	}
	return onPage(object{"text": "a"})
}
