package smartidtest

// Payload writes a statement, for the reference's vectors.
func Payload(environment, serverRandom, challenge, userChallenge, party, brokered, interactions, used, callback, flow string) string {
	return statement{environment, serverRandom, challenge, userChallenge, party, brokered, interactions, used, callback, flow}.payload()
}

// AuthCode makes the code of a link, for the reference's vectors.
func AuthCode(secret []byte, environment, protocol, challenge, party, brokered, interactions, callback, unprotected string) string {
	return link{environment, protocol, challenge, party, brokered, interactions, callback, unprotected}.authCode(secret)
}

// ControlCode and DigestURL are held against the vectors too.
var (
	ControlCode = controlCode
	DigestURL   = digestURL
)

// Sum hashes as a scheme does.
func Sum(hash, payload string) []byte { return scheme{hash: hash}.sum(payload) }

// ReadLink takes a link apart, and puts it together again.
func ReadLink(base, text string) (string, error) {
	l, err := readLink(base, text)
	return l.unprotected + "&authCode=" + l.code, err
}

// Read understands a request as the endpoint does.
func (s *Server) Read(path string, body []byte) bool {
	_, _, r, ok := match(s.routes, path)
	if !ok {
		return false
	}
	a, bad := s.read(r, body)
	return bad == nil && a.level != ""
}
