package metatest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

func TestFilesOfWhatsAppPeopleAreFetchedWithinFiveMinutes(t *testing.T) {
	a := open(t)
	data := []byte("jpeg")
	a.Person(number, phone).SendsImage(metatest.File{ContentType: "image/jpeg", Data: data, Caption: "pilt"})
	image := at(a.events()[0], "entry", 0, "changes", 0, "value", "messages", 0, "image")
	sum := sha256.Sum256(data)
	require.Equal(t, base64.StdEncoding.EncodeToString(sum[:]), at(image, "sha256"))
	id := at(image, "id").(string)

	_, info := a.call("GET", "/"+id+"?phone_number_id="+number, waToken, nil)
	require.Equal(t, hex.EncodeToString(sum[:]), info["sha256"])
	require.Equal(t, "4", info["file_size"])
	link := strings.TrimPrefix(info["url"].(string), a.url)
	for token, want := range map[string]int{waToken: 200, pageToken: 401, "": 401} {
		res, body := a.do("GET", link, token, nil)
		require.Equal(t, want, res.StatusCode)
		if want == 200 {
			require.Equal(t, data, body)
			require.Equal(t, "image/jpeg", res.Header.Get("Content-Type"))
		}
	}
	a.clock.Advance(5*time.Minute - 1)
	res, _ := a.do("GET", link, waToken, nil)
	require.Equal(t, 200, res.StatusCode)
	a.clock.Advance(1)
	res, _ = a.do("GET", link, waToken, nil)
	require.Equal(t, 404, res.StatusCode)

	for name, path := range map[string]string{"another number": "/" + id + "?phone_number_id=" + number2, "another file": "/1"} {
		_, answer := a.call("GET", path, waToken, nil)
		code, subcode := fault(answer)
		require.Equal(t, []int{100, 33}, []int{code, subcode}, name)
	}
	a.clock.Advance(7*24*time.Hour - 5*time.Minute - 1)
	status, _ := a.call("GET", "/"+id, waToken, nil)
	require.Equal(t, 200, status)
	a.clock.Advance(1)
	status, _ = a.call("GET", "/"+id, waToken, nil)
	require.NotEqual(t, 200, status, "a received file lives for seven days")
}

func TestFilesOfMessengerPeopleAreFetchedWithoutAToken(t *testing.T) {
	a := open(t)
	a.Person(page, psid).SendsFile(metatest.File{ContentType: "application/pdf", Data: []byte("pdf")})
	attachment := at(a.events()[0], "entry", 0, "messaging", 0, "message", "attachments", 0)
	require.Equal(t, "file", at(attachment, "type"))
	link := strings.TrimPrefix(at(attachment, "payload", "url").(string), a.url)
	res, body := a.do("GET", link, "", nil)
	require.Equal(t, 200, res.StatusCode)
	require.Equal(t, "pdf", string(body))
	a.clock.Advance(24 * time.Hour)
	res, _ = a.do("GET", link, "", nil)
	require.Equal(t, 404, res.StatusCode)
}

func TestUploadsToWhatsApp(t *testing.T) {
	for _, c := range []struct {
		name, contentType string
		size, code        int
	}{
		{"a picture of 5 MB", "image/jpeg", 5_000_000, 0},
		{"a picture of a byte more", "image/jpeg", 5_000_001, 131053},
		{"a film of 16 MB", "video/mp4", 16_000_000, 0},
		{"a film of a byte more", "video/mp4", 16_000_001, 131053},
		{"a sound of a byte more", "audio/ogg", 16_000_001, 131053},
		{"a sticker of 100 kB", "image/webp", 100_000, 0},
		{"a sticker of a byte more", "image/webp", 100_001, 131053},
		{"an empty file", "image/jpeg", 0, 131053},
		{"a GIF", "image/gif", 1, 131053},
		{"a document", "application/pdf", 1, 0},
		{"no media type", "picture;", 1, 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.size > 1_000_000 && testing.Short() {
				t.Skip("large files take a minute under the race detector; make test has them")
			}
			a := open(t)
			answer := a.upload("/"+number+"/media", waToken, map[string]string{"messaging_product": "whatsapp", "type": c.contentType},
				"file", c.contentType, make([]byte, c.size))
			code, _ := fault(answer)
			require.Equal(t, c.code, code, "%v", answer)
		})
	}
	a := open(t)
	moving := func(size int) int {
		data := append([]byte("RIFF????WEBPVP8X??????????????ANIM"), make([]byte, size)...)
		code, _ := fault(a.upload("/"+number+"/media", waToken, map[string]string{"messaging_product": "whatsapp"}, "file", "image/webp", data[:size]))
		return code
	}
	require.Equal(t, 0, moving(500_000), "a sticker that moves")
	require.Equal(t, 131053, moving(500_001))
	for name, form := range map[string]map[string]string{"no product": {"type": "image/png"},
		"a life of 59 minutes": {"messaging_product": "whatsapp", "type": "image/png", "ttl_minutes": "59"}} {
		code, _ := fault(a.upload("/"+number+"/media", waToken, form, "file", "image/png", []byte("x")))
		require.Equal(t, 100, code, name)
	}
	_, answer := a.call("POST", "/"+number+"/media", waToken, `{"messaging_product":"whatsapp","type":"image/png"}`)
	code, _ := fault(answer)
	require.Equal(t, 100, code, "no file")
}

func TestAnUploadedFileIsSentAndDeleted(t *testing.T) {
	a := open(t)
	a.Person(number, phone).Says("tere")
	id := a.upload("/"+number+"/media", waToken, map[string]string{"messaging_product": "whatsapp", "type": "image/png"}, "file", "image/png", []byte("png"))["id"]
	send := func(account, kind string) int {
		_, answer := a.call("POST", "/"+account+"/messages", waToken, fmt.Sprintf(`{"messaging_product":"whatsapp","to":%q,"type":%q,%q:{"id":%q}}`, phone, kind, kind, id))
		code, _ := fault(answer)
		return code
	}
	require.Equal(t, 0, send(number, "image"))
	require.Equal(t, 131053, send(number, "video"), "it is no film")
	require.Equal(t, 131009, send(number2, "image"), "it is another number's")
	status, _ := a.call("DELETE", "/"+id.(string), waToken, nil)
	require.Equal(t, 200, status)
	require.Equal(t, 131009, send(number, "image"))
}
