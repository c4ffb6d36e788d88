package main

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/liidestuja/liidestuja/channels"
)

// maxForm bounds a form without its file, in bytes.
const maxForm = 64 << 10

func (p *pages) phone(r *http.Request) *demoPhone {
	for _, phone := range p.Phones {
		if string(phone.line) == r.PathValue("line") {
			return phone
		}
	}
	return nil
}

// square is the place that the phones send.
func square() channels.Location { return channels.Location{Latitude: 59.4339, Longitude: 24.7446} }

// phoneAct lets a person write.
func (p *pages) phoneAct(w http.ResponseWriter, r *http.Request) {
	phone := p.phone(r)
	if phone == nil {
		http.NotFound(w, r)
		return
	}
	var err error
	switch r.PathValue("act") {
	case "say":
		text := strings.TrimSpace(r.PostFormValue("text"))
		if text == "" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > 4000 {
			p.done(w, r, "problem.empty")
			return
		}
		err = phone.say(text)
	case "back":
		word := strings.TrimSpace(r.PostFormValue("text"))
		if word == "" || !utf8.ValidString(word) || len(word) > maxWord {
			p.done(w, r, "problem.empty")
			return
		}
		err = phone.comeBack(word)
	case "place":
		err = phone.place(square())
	case "tap":
		err = phone.tap(r.PostFormValue("choice"))
	case "file":
		var f demoFile
		if f, err = formFile(r); err == nil {
			err = phone.attach(f)
		}
	default:
		http.NotFound(w, r)
		return
	}
	if err != nil {
		p.done(w, r, "problem."+formProblem(err))
		return
	}
	p.done(w, r, "")
}

// errNoFile: a form came without its file.
var errNoFile = errors.New("no file")

// formProblem is the end of the text that explains why a form was not carried
// out.
func formProblem(err error) string {
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		return "too_large"
	case errors.Is(err, errNoFile):
		return "empty"
	}
	return "form"
}

// formFile reads the file of a form. Its type is what the bytes say.
func formFile(r *http.Request) (demoFile, error) {
	part, head, err := r.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return demoFile{}, errNoFile
	}
	if err != nil {
		return demoFile{}, err
	}
	defer func() { _ = part.Close() }()
	b, err := io.ReadAll(io.LimitReader(part, demoMaxFile+1))
	switch {
	case err != nil:
		return demoFile{}, err
	case len(b) > demoMaxFile:
		return demoFile{}, &http.MaxBytesError{Limit: demoMaxFile}
	case len(b) == 0:
		return demoFile{}, errNoFile
	}
	t, _, err := mime.ParseMediaType(http.DetectContentType(b))
	if err != nil {
		return demoFile{}, err
	}
	return demoFile{Name: path.Base(head.Filename), Type: t, Data: b}, nil
}

// phoneFile serves a file of a phone. Only pictures are shown; everything else
// is saved.
func (p *pages) phoneFile(w http.ResponseWriter, r *http.Request) {
	phone := p.phone(r)
	if phone == nil {
		http.NotFound(w, r)
		return
	}
	f, ok := phone.file(r.PathValue("file"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	serveFile(w, f.Name, f.Data)
}

func serveFile(w http.ResponseWriter, name string, b []byte) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	if showsImage(b) {
		h.Set("Content-Type", http.DetectContentType(b))
	} else {
		h.Set("Content-Type", "application/octet-stream")
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": or(name, "file")}))
	}
	_, _ = io.Copy(w, bytes.NewReader(b))
}

// fileName returns the name that an answer gives to its content, or "".
func fileName(h http.Header) string {
	_, params, err := mime.ParseMediaType(h.Get("Content-Disposition"))
	if err != nil {
		return ""
	}
	return params["filename"]
}
