package smartid

// PayloadForTest is what is signed, and CallbackForTest what the service gets.
func PayloadForTest(a Asked, serverRandom, userChallenge string, used InteractionType, flow FlowType) []byte {
	return a.payload(serverRandom, userChallenge, used, flow)
}

// CallbackForTest returns an address with our value in its query.
func CallbackForTest(address, value string) (string, error) {
	return callbackURL(address, value, false)
}

// AnswersForTest reports whether a return answers a challenge.
func (r *Return) AnswersForTest(userChallenge string) bool { return r.answers(userChallenge) }

// ProblemForTest reads the body of a problem report.
func ProblemForTest(body []byte) (code, param string) { return parseProblem(body) }

// Untagged returns a state without the tag behind it.
func Untagged(b []byte) []byte { return b[:len(b)-32] }

// StateForTest decodes an untagged state of that kind and writes it again.
func StateForTest(b []byte, kind byte) ([]byte, error) {
	s, err := decodeState(b, kind)
	if err != nil {
		return nil, err
	}
	return s.encode(), nil
}
