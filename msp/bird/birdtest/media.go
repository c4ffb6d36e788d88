package birdtest

import (
	"bytes"
	"net/http"
	"strings"
)

// File is something that a person sends from the phone.
type File struct {
	// ContentType of the data; for instance "image/jpeg". A picture other than
	// "image/webp", which is a sticker, is sent as such, all else as a file.
	ContentType string
	Data        []byte
	// Name, if there is one. A picture has none.
	Name string
}

// SendsFiles sends files in one message, of one kind, with an optional caption,
// and returns the message's id. They can be fetched from the links in the
// message, with the access key.
func (p *Phone) SendsFiles(caption string, files ...File) string {
	kind := "file"
	if len(files) > 0 && strings.HasPrefix(files[0].ContentType, "image/") && files[0].ContentType != "image/webp" {
		kind = "image"
	}
	folder := newID()
	var list []map[string]string
	for _, f := range files {
		ref := map[string]string{"mediaUrl": p.s.keep(folder, f)}
		if kind == "file" {
			ref["contentType"] = f.ContentType
			if f.Name != "" {
				ref["filename"] = f.Name
			}
		}
		list = append(list, ref)
	}
	content := map[string]any{kind + "s": list}
	if caption != "" {
		content["text"] = caption
	}
	m := &message{body: encode(map[string]any{"type": kind, kind: content})}
	if p.ch.Platform == "whatsapp" && len(files) > 0 {
		m.extra = mediaExtra(files[0].ContentType)
	}
	return p.send(m)
}

// mediaExtra is WhatsApp's own word for the kind of media; stickers have none.
func mediaExtra(contentType string) map[string]string {
	kind, _, _ := strings.Cut(contentType, "/")
	switch {
	case contentType == "image/webp":
		return nil
	case kind != "image" && kind != "audio" && kind != "video":
		kind = "document"
	}
	return map[string]string{"whatsapp.media.type": kind}
}

// keep stores what a person sends and returns its link.
func (s *Server) keep(folder string, f File) string {
	id := newID()
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Data = bytes.Clone(f.Data)
	s.state.blobs[id] = f
	base := s.base
	setDefault(&base, "https://media.api.bird.com")
	return base + "/workspaces/" + s.cfg.WorkspaceID + "/messages/" + folder + "/media/" + id
}

func (s *Server) download(c call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.state.blobs[c.PathValue("id")]
	if !ok {
		return notFound().answer()
	}
	kind := f.ContentType
	setDefault(&kind, http.DetectContentType(f.Data))
	return answer{status: http.StatusOK, header: http.Header{"Content-Type": {kind}}, body: f.Data}
}
