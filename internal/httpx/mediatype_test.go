package httpx

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestATypeMustAgreeWithItsBytes(t *testing.T) {
	const (
		png  = "\x89PNG\x0d\x0a\x1a\x0a....."
		jpeg = "\xff\xd8\xff\xe0......"
		pdf  = "%PDF-1.7 ..."
		ogg  = "OggS\x00....."
		mp4  = "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
		zip  = "PK\x03\x04....."
		bin  = "\x00\x01\x02\x03....."
		text = "Tere, õpetaja"
		html = "<!DOCTYPE html><p>x"
		xml  = "<?xml version=\"1.0\"?><x/>"
		amr  = "#!AMR\n\x00\x01\x02"
		gz   = "\x1f\x8b\x08....."
		wav  = "RIFF\x00\x00\x00\x00WAVEfmt "
	)
	for name, tc := range map[string]struct {
		declared, head string
		want           string // empty: refused
	}{
		"a PNG":                                {"image/png", png, "image/png"},
		"in capitals with a parameter":         {"IMAGE/PNG; name=x", png, "image/png"},
		"with a broken parameter":              {"image/png; name", png, "image/png"},
		"a JPEG called PNG is a JPEG":          {"image/png", jpeg, "image/jpeg"},
		"nothing declared":                     {"", jpeg, "image/jpeg"},
		"only bytes declared":                  {"application/octet-stream", pdf, "application/pdf"},
		"only bytes declared, and no idea":     {"binary/octet-stream", bin, "application/octet-stream"},
		"a PDF":                                {"application/pdf", pdf, "application/pdf"},
		"a voice note":                         {"audio/ogg; codecs=opus", ogg, "audio/ogg"},
		"sound in a video's container":         {"audio/mp4", mp4, "audio/mp4"},
		"a phone's video":                      {"video/3gpp", mp4, "video/3gpp"},
		"a phone's sound":                      {"audio/amr", amr, "audio/amr"},
		"sound under an older name":            {"audio/x-wav", wav, "audio/x-wav"},
		"a document in a zip":                  {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", zip, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
		"a signed container":                   {"application/vnd.etsi.asic-e+zip", zip, "application/vnd.etsi.asic-e+zip"},
		"a zip under an older name":            {"application/x-zip-compressed", zip, "application/x-zip-compressed"},
		"a gzip":                               {"application/gzip", gz, "application/gzip"},
		"a contact card":                       {"text/vcard", text, "text/vcard"},
		"JSON":                                 {"application/json", text, "application/json"},
		"XML":                                  {"application/xml", xml, "application/xml"},
		"a drawing":                            {"image/svg+xml", xml, "image/svg+xml"},
		"a photo that the sniffer cannot know": {"image/heic", bin, "image/heic"},
		"a page":                               {"text/html", html, "text/html"},

		"a page called an image":          {"image/png", html, ""},
		"a page called text":              {"text/plain", html, ""},
		"a page called a PDF":             {"application/pdf", html, ""},
		"a page in XML":                   {"application/xhtml+xml", xml, ""},
		"a page without marks":            {"text/html", text, ""},
		"XML called an image":             {"image/png", xml, ""},
		"text called an image":            {"image/jpeg", text, ""},
		"unknown bytes called PNG":        {"image/png", bin, ""},
		"unknown bytes called PDF":        {"application/pdf", bin, ""},
		"unknown bytes called text":       {"text/csv", bin, ""},
		"a PDF called an image":           {"image/png", pdf, ""},
		"an image called a PDF":           {"application/pdf", png, ""},
		"an image called a drawing":       {"image/svg+xml", png, ""},
		"a zip called an image":           {"image/png", zip, ""},
		"a zip called a program":          {"application/x-msdownload", zip, ""},
		"a gzip called sound":             {"audio/ogg", gz, ""},
		"sound called an image":           {"image/png", ogg, ""},
		"nothing called an image":         {"image/png", "", ""},
		"a type without a slash":          {"png", png, ""},
		"a type that cannot be read":      {"image/png, text/html", png, ""},
		"a type that is only white space": {" ", png, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := agreedType(tc.declared, []byte(tc.head))
			if tc.want == "" {
				require.ErrorIs(t, err, ErrType)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}

func TestWhatABrowserWouldRunIsAllowedByNameOnly(t *testing.T) {
	wild := []string{"image/*", "text/*", "application/*"}
	for _, ok := range []string{"image/png", "text/plain", "application/pdf"} {
		require.True(t, typeAllowed(wild, ok), ok)
	}
	for _, no := range []string{"image/svg+xml", "text/html", "application/xhtml+xml", "text/javascript", "audio/ogg", "imagex/png"} {
		require.False(t, typeAllowed(wild, no), no)
	}
	require.True(t, typeAllowed([]string{"image/svg+xml"}, "image/svg+xml"))
}
