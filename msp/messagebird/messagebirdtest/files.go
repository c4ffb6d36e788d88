package messagebirdtest

import (
	"bytes"
	"net/http"
)

// blob is an uploaded file or the media of a person's message.
type blob struct {
	contentType, disposition string
	data                     []byte
}

func (s *Server) upload(c *call) answer {
	kind := c.r.Header.Get("Content-Type")
	if kind == "" {
		return s.refuse(missing("Content-Type"))
	}
	if len(c.body) == 0 {
		return s.refuse(missing("body"))
	}
	id := newUUID()
	s.mu.Lock()
	s.state.blobs["files/"+id] = blob{kind, c.r.Header.Get("Content-Disposition"), c.body}
	s.mu.Unlock()
	return reply(http.StatusCreated, idWire{id})
}

// keepMedia stores what a person sends and returns its link.
func (s *Server) keepMedia(f File) string {
	id := newUUID()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.blobs["media/"+id] = blob{contentType: f.ContentType, data: bytes.Clone(f.Data)}
	return s.mediaBase() + "/v1/media/" + id
}

// download serves files and media by their path below the version.
func (s *Server) download(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.state.blobs[c.r.URL.Path[len("/v1/"):]]
	if !ok {
		return s.refuse(notFound("file", "id"))
	}
	header := http.Header{"Content-Type": {b.contentType}}
	if b.contentType == "" {
		header.Set("Content-Type", http.DetectContentType(b.data))
	}
	if b.disposition != "" {
		header.Set("Content-Disposition", b.disposition)
	}
	return answer{status: http.StatusOK, header: header, body: b.data}
}
