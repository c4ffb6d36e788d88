package httpx

import (
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"
)

const (
	sniffLen     = 512 // what http.DetectContentType looks at
	unknownBytes = "application/octet-stream"
)

// agreedType returns the media type of a body from what its server declares and
// what its first bytes show, or ErrType where the two contradict each other. The
// bytes decide when nothing is declared, and between two kinds of image.
func agreedType(declared string, head []byte) (string, error) {
	sniffed, _, _ := strings.Cut(http.DetectContentType(head), ";")
	if declared == "" {
		return sniffed, nil
	}
	t, _, err := mime.ParseMediaType(declared)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) || !strings.Contains(t, "/") {
		return "", ErrType
	}
	switch {
	case t == unknownBytes, t == "binary/octet-stream":
		return sniffed, nil
	case !compatible(t, sniffed):
		return "", ErrType
	case strings.HasPrefix(sniffed, "image/"):
		return sniffed, nil
	}
	return t, nil
}

// compatible knows the containers that share their first bytes, and which types
// could not look like anything but themselves.
func compatible(declared, sniffed string) bool {
	if declared == sniffed {
		return true
	}
	major, _, _ := strings.Cut(declared, "/")
	switch sniffed {
	case unknownBytes:
		return major != "text" && !selfEvident(declared)
	case "text/plain":
		return textual(declared)
	case "text/xml":
		return declared == "application/xml" || strings.HasSuffix(declared, "+xml") && declared != "application/xhtml+xml"
	case "application/zip":
		return strings.HasPrefix(declared, "application/vnd.") || strings.HasSuffix(declared, "+zip") || declared == "application/x-zip-compressed"
	case "application/x-gzip":
		return declared == "application/gzip" || strings.HasSuffix(declared, "+gzip")
	case "application/ogg":
		return major == "audio" || major == "video"
	}
	sniffedMajor, _, _ := strings.Cut(sniffed, "/")
	switch sniffedMajor {
	case "image":
		return major == "image" && declared != "image/svg+xml"
	case "audio", "video":
		return major == "audio" || major == "video"
	}
	return false
}

// selfEvident types begin with a signature that the sniffer always finds.
func selfEvident(t string) bool {
	return slices.Contains([]string{
		"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "application/zip",
	}, t)
}

func textual(t string) bool {
	switch {
	case t == "text/html" || t == "application/xhtml+xml":
		return false // real HTML is sniffed as such
	case strings.HasPrefix(t, "text/"), strings.HasSuffix(t, "+xml"), strings.HasSuffix(t, "+json"):
		return true
	}
	return slices.Contains([]string{"application/json", "application/xml", "application/rtf", "message/rfc822"}, t)
}

// active types run code when a browser opens them.
func active(t string) bool {
	return slices.Contains([]string{
		"text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml",
		"text/javascript", "application/javascript", "application/x-javascript",
	}, t)
}

// typeAllowed matches t against patterns as "audio/ogg" and "image/*".
func typeAllowed(patterns []string, t string) bool {
	major, _, _ := strings.Cut(t, "/")
	return slices.Contains(patterns, t) || slices.Contains(patterns, major+"/*") && !active(t)
}

func validPattern(p string) bool {
	major, minor, ok := strings.Cut(p, "/")
	return ok && major != "" && minor != "" &&
		!strings.ContainsFunc(major, func(r rune) bool { return notTokenChar(r) || r == '*' }) &&
		(minor == "*" || !strings.ContainsFunc(minor, func(r rune) bool { return notTokenChar(r) || r == '*' }))
}

// MediaTypes are the types of files that are fetched where nobody says otherwise:
// nothing that runs when it is opened in a browser.
func MediaTypes() []string {
	return []string{
		"image/*", "video/*", "audio/*", "text/plain", "text/csv", "application/pdf", "application/rtf", "application/zip",
		"application/vnd.etsi.asic-e+zip", "application/vnd.etsi.asic-s+zip", "application/x-ddoc", "application/x-bdoc",
		"application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		"application/vnd.openxmlformats-officedocument.presentationml.presentation",
		"application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet",
		"application/octet-stream",
	}
}
