package desk_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

// upload sends a file as it is.
func (w *world) upload(who, typ, name string, file []byte) answer {
	w.Helper()
	headers := []header{{"Content-Type", typ}}
	if name != "" {
		headers = append(headers, header{"Content-Disposition", `attachment; filename="` + name + `"`})
	}
	return w.do(who, "POST", "/v1/files", file, headers...)
}

// form is a form with a file.
func form(field, name string, file []byte) (header, []byte) {
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	h := make(textproto.MIMEHeader)
	h.Set("Content-Disposition", `form-data; name="`+field+`"; filename="`+name+`"`)
	h.Set("Content-Type", "image/png")
	p, _ := m.CreatePart(h)
	_, _ = p.Write(file)
	_ = m.Close()
	return header{"Content-Type", m.FormDataContentType()}, b.Bytes()
}

func TestAFileIsUploadedAndSent(t *testing.T) {
	w := newWorld(t)
	chat, path := w.claimed("whatsapp")
	up := w.upload("mari", "application/octet-stream", "tõend.png", png()).ok(201)
	require.Equal(t, "image/png", up["type"], "as the bytes say")
	require.EqualValues(t, len(png()), up["size"])
	require.Equal(t, "tõend.png", up["name"])

	typ, body := form("file", "pilt.png", png())
	other := w.do("mari", "POST", "/v1/files", body, typ).ok(201)
	require.Equal(t, up["sha256"], other["sha256"])
	require.NotEqual(t, up["id"], other["id"])

	reply := object{"file": object{"id": up["id"], "name": "tõend.png", "caption": "Siin on"}}
	w.do("mari", "POST", path+"/replies", reply, key("1")).ok(201)
	w.do("mari", "POST", path+"/replies", reply, key("1")).ok(201)
	w.hs.Settle()
	sent := chat.Sent()
	require.Len(t, sent, 2)
	require.Equal(t, png(), sent[1].File)
	m := sent[1].Content.(channels.Media)
	require.Equal(t, []any{channels.Image, "tõend.png", "image/png", "Siin on"}, []any{m.As, m.Name, m.Type, m.Caption})

	shown := w.do("jaan", "GET", path+"/messages", nil, because(reason)).items()[2]["content"].(object)["media"].(object)
	a := w.do("mari", "GET", path+"/files/"+shown["file"].(string), nil)
	require.Equal(t, 200, a.status)
	require.Equal(t, png(), a.body)
	require.Equal(t, "image/png", a.header.Get("Content-Type"))
	require.Equal(t, "attachment; filename*=utf-8''t%C3%B5end.png", a.header.Get("Content-Disposition"))
}

func TestAFileOfAPersonIsRead(t *testing.T) {
	w := newWorld(t)
	chat, path := w.claimed("whatsapp")
	fake := w.hs.Fake("whatsapp")
	page := []byte("<html><script>alert(1)</script>")
	chat.Happens(fake.Media(chat.Address().Peer, channels.Media{As: channels.File, Name: "../../\u202egpj.exe", Type: "text/html"}, page))
	chat.Happens(fake.Media(chat.Address().Peer, imageOf("pilt.png"), png()))
	items := w.do("mari", "GET", path+"/messages", nil).items()
	files := make([]string, 2)
	for i := range files {
		files[i] = items[2+i]["content"].(object)["media"].(object)["file"].(string)
	}
	a := w.do("mari", "GET", path+"/files/"+files[0], nil)
	require.Equal(t, page, a.body)
	require.Equal(t, "application/octet-stream", a.header.Get("Content-Type"), "a page is never shown as one")
	require.Equal(t, "attachment; filename=file", a.header.Get("Content-Disposition"))
	require.Equal(t, png(), w.do("mari", "GET", path+"/files/"+files[1], nil).body)

	// A file is read in its own conversation only.
	_, other := w.talk("sms", "human")
	w.do("mari", "GET", "/v1/conversations/"+other+"/files/"+files[1], nil).problem(404, "not_found")
	w.do("mari", "GET", path+"/files/nosuch", nil).problem(404, "not_found")
}

func TestWhatIsUploadedIsChecked(t *testing.T) {
	zip := []byte("PK\x03\x04rest")
	for name, tc := range map[string]struct {
		name   string
		file   []byte
		status int
		code   string
		typ    string
	}{
		"a picture":                           {"a.png", png(), 201, "", "image/png"},
		"a picture without a name":            {"", png(), 201, "", "image/png"},
		"a text":                              {"a.csv", []byte("õ;ä"), 201, "", "text/plain"},
		"a container of signatures":           {"leping.asice", zip, 201, "", "application/vnd.etsi.asic-e+zip"},
		"a document":                          {"a.DOCX", zip, 201, "", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
		"an archive":                          {"a.zip", zip, 415, "file_type", ""},
		"an archive without a name":           {"", zip, 415, "file_type", ""},
		"a program":                           {"a.exe", []byte("MZ\x90\x00"), 415, "file_type", ""},
		"a program that says it is a picture": {"a.png", []byte("MZ\x90\x00"), 415, "file_type", ""},
		"a picture that says it is a program": {"a.exe", png(), 415, "file_type", ""},
		"a page":                              {"a.html", []byte("<html>"), 415, "file_type", ""},
		"a page that says it is a text":       {"a.txt", []byte("<script>x</script>"), 415, "file_type", ""},
		"a drawing with scripts":              {"a.svg", []byte(`<?xml version="1.0"?><svg/>`), 415, "file_type", ""},
		"nothing":                             {"a.png", nil, 400, "malformed_request", ""},
		"the limit":                           {"a.txt", bytes.Repeat([]byte("a"), 1000), 201, "", "text/plain"},
		"one byte more":                       {"a.txt", bytes.Repeat([]byte("a"), 1001), 413, "too_large", ""},
		"far more":                            {"a.txt", bytes.Repeat([]byte("a"), 100_000), 413, "too_large", ""},
		"a name of a folder":                  {"..", png(), 400, "malformed_request", ""},
		"a name that turns around":            {"a\u202egnp.png", png(), 400, "malformed_request", ""},
		"a long name":                         {strings.Repeat("a", 117) + ".png", png(), 400, "malformed_request", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(s *setup) { s.desk.MaxUpload = 1000 })
			file := tc.file
			if file == nil {
				file = []byte{}
			}
			a := w.abuse("mari", "POST", "/v1/files", file, header{"Content-Type", "application/octet-stream"},
				header{"Content-Disposition", `attachment; filename="` + tc.name + `"`})
			if tc.code != "" {
				a.problem(tc.status, tc.code)
				return
			}
			require.Equal(t, tc.typ, a.ok(tc.status)["type"])
		})
	}
}

func TestMalformedUploadsAreRefused(t *testing.T) {
	w := newWorld(t)
	typ, body := form("file", "a.png", png())
	w.abuse("mari", "POST", "/v1/files", png()).ok(201) // any type that is well formed
	w.abuse("mari", "POST", "/v1/files", png(), header{"Content-Type", ";"}).problem(415, "media_type")
	w.abuse("mari", "POST", "/v1/files", png(), header{"Content-Type", "multipart/form-data"}).problem(400, "malformed_request")
	w.abuse("mari", "POST", "/v1/files", []byte("--x"), typ).problem(400, "malformed_request")
	w.abuse("mari", "POST", "/v1/files", body[:len(body)/2], typ).problem(400, "malformed_request")
	w.abuse("mari", "POST", "/v1/files", png(), header{"Content-Disposition", `;`}).problem(400, "malformed_header")
	typ, body = form("document", "a.png", png())
	w.abuse("mari", "POST", "/v1/files", body, typ).problem(400, "malformed_request")
}

func TestAnUploadIsItsUploadersAndForADay(t *testing.T) {
	w := newWorld(t)
	_, id := w.talk("sms", "x")
	_, path := w.claimed("whatsapp")
	up := w.upload("jaan", "image/png", "a.png", png()).ok(201)["id"].(string)
	send := func(id string) answer {
		return w.do("mari", "POST", path+"/replies", object{"file": object{"id": id}}, key("k"))
	}
	send(up).problem(422, "unknown_file")
	send("").problem(422, "unknown_file")
	send("nosuch").problem(422, "unknown_file")
	mine := w.upload("mari", "image/png", "a.png", png()).ok(201)["id"].(string)
	for i := range mine {
		other := "A"
		if mine[i] == 'A' {
			other = "B"
		}
		send(mine[:i]+other+mine[i+1:]).problem(422, "unknown_file")
	}

	// A blob's own id, which a colleague might read off a message, is no upload.
	blob, err := w.hs.Store().PutBlob(t.Context(), "agency", bytes.NewReader(png()), 1000)
	require.NoError(t, err)
	send(string(blob.ID)).problem(422, "unknown_file")

	w.do("mari", "POST", path+"/replies", object{"file": object{"id": mine, "name": "a/b.png"}}, key("n")).problem(400, "malformed_request")
	w.do("mari", "POST", "/v1/conversations/"+id+"/claim", nil).ok(200)
	w.do("mari", "POST", "/v1/conversations/"+id+"/replies", object{"file": object{"id": mine}}, key("s")).problem(422, "content_unsupported")
	w.hs.Advance(23 * time.Hour)
	send(mine).ok(201)
	w.hs.Advance(time.Hour)
	w.do("mari", "POST", path+"/replies", object{"file": object{"id": mine}}, key("late")).problem(422, "unknown_file")
}

func TestAPictureThatALineDoesNotCarryGoesAsAFile(t *testing.T) {
	w := newWorld(t)
	chat, path := w.claimed("whatsapp")
	webp := []byte("RIFF\x00\x00\x00\x00WEBPVP8 rest")
	up := w.upload("mari", "image/webp", "a.webp", webp).ok(201)
	w.do("mari", "POST", path+"/replies", object{"file": object{"id": up["id"]}}, key("1")).ok(201)
	w.hs.Settle()
	require.Equal(t, channels.File, chat.Sent()[1].Content.(channels.Media).As)
}

func TestAFileOverTheLinesLimitIsRefusedWithTheLimit(t *testing.T) {
	w := newWorld(t)
	_, path := w.claimed("whatsapp")
	big := append(png(), make([]byte, 5_000_000)...)
	up := w.upload("mari", "image/png", "a.png", big).ok(201)
	v := w.do("mari", "POST", path+"/replies", object{"file": object{"id": up["id"]}}, key("1")).problem(422, "content_too_long")
	require.Equal(t, object{"max": float64(5_000_000), "unit": "bytes"}, v["limit"])
}

func TestAnUploadThatBreaksOffIsNoFile(t *testing.T) {
	for name, sent := range map[string][]byte{"early": png(), "late": append(png(), make([]byte, 100_000)...)} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			r := w.request("mari", "POST", "/v1/files", png())
			r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(sent), broken{}))
			r.Header.Set("Content-Type", "image/png")
			rec := serve(w, r)
			require.Equal(t, 400, rec.Code, rec.Body)
			require.NotContains(t, w.logs.String(), "failed", "it is no fault of ours")
		})
	}
}

// broken is what net/http gives when the client is gone.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
