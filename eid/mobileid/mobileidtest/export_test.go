package mobileidtest

// ControlCode is held against the reference's vectors.
var ControlCode = controlCode

// Read understands a request as the endpoint does.
func (s *Server) Read(kind string, body []byte) bool {
	_, bad := s.read(kind, body)
	return bad == nil
}
