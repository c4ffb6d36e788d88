package desk

import (
	"net/http"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/liidestuja/liidestuja/channels"
)

// sniffed is how much of a file is looked at.
const sniffed = 512

// fileTypes are the types that can be told from a file's bytes, each with the
// endings that its name may have. A type that is an archive inside is told from
// other archives by the ending.
func fileTypes() map[string][]string {
	return map[string][]string{
		"application/pdf": {".pdf"},
		"application/vnd.oasis.opendocument.spreadsheet":                            {".ods"},
		"application/vnd.oasis.opendocument.text":                                   {".odt"},
		"application/vnd.openxmlformats-officedocument.presentationml.presentation": {".pptx"},
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":         {".xlsx"},
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document":   {".docx"},
		"application/vnd.etsi.asic-e+zip":                                           {".asice", ".sce", ".bdoc"},
		"application/zip":                                                           {".zip"},
		"audio/mpeg":                                                                {".mp3"},
		"audio/ogg":                                                                 {".ogg", ".oga", ".opus"},
		"image/gif":                                                                 {".gif"},
		"image/jpeg":                                                                {".jpg", ".jpeg"},
		"image/png":                                                                 {".png"},
		"image/webp":                                                                {".webp"},
		"text/plain":                                                                {".txt", ".csv"},
		"video/mp4":                                                                 {".mp4"},
		"video/webm":                                                                {".webm"},
	}
}

// FileTypes returns the media types that Config.FileTypes has by default: all
// that can be told from a file's bytes, but plain archives.
func FileTypes() []string {
	var out []string
	for t := range fileTypes() {
		if t != "application/zip" {
			out = append(out, t)
		}
	}
	slices.Sort(out)
	return out
}

// extensions returns the endings of a type; nil when it is not known.
func extensions(mediaType string) []string { return fileTypes()[mediaType] }

// typeOf tells a file's type by its first bytes and, among archives, by its
// name; "" when bytes and name do not agree or nothing of it is known.
func typeOf(head []byte, name string) string {
	found, _, _ := strings.Cut(http.DetectContentType(head), ";")
	switch found {
	case "application/ogg":
		found = "audio/ogg"
	case "application/octet-stream":
		if len(head) > 2 && head[0] == 0xFF && head[1]&0xE0 == 0xE0 {
			found = "audio/mpeg" // a stream without a tag
		}
	}
	ending := strings.ToLower(path.Ext(name))
	if found == "application/zip" {
		for t, endings := range fileTypes() {
			if strings.HasPrefix(t, "application/v") && slices.Contains(endings, ending) {
				return t
			}
		}
	}
	endings := extensions(found)
	if endings == nil || ending != "" && !slices.Contains(endings, ending) {
		return ""
	}
	return found
}

// kindOf is how a file of a type is shown.
func kindOf(mediaType string) channels.MediaKind {
	group, _, _ := strings.Cut(mediaType, "/")
	switch group {
	case "image":
		return channels.Image
	case "video":
		return channels.Video
	case "audio":
		return channels.Audio
	}
	return channels.File
}

// cleanName returns a file's name without folders; false when it is none.
func cleanName(name string) (string, bool) {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	if name == "." || name == "/" || name == ".." {
		return "", false
	}
	ok := utf8.ValidString(name) && utf8.RuneCountInString(name) <= 120 && !strings.ContainsFunc(name, hidden)
	return name, ok
}

// hidden reports what makes a name look like another one.
func hidden(r rune) bool { return unicode.IsControl(r) || unicode.In(r, unicode.Cf) }
