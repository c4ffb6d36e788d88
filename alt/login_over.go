package alt

import "github.com/liidestuja/liidestuja/session"

// proofOver writes down that what was proven in the session s, which has ended, is
// proven no longer, and tells the person why: whoever is not told goes on as if
// they were known. A later proof is that of the next session.
func (t *Turn) proofOver(s *session.Session) {
	c := t.d.Conversation
	if c == nil || c.Login == nil || c.Login.Status != LoginProven || c.Login.Ended.After(s.Ended) {
		return
	}
	state := *c.Login
	state.Status, state.Reason, state.Over = LoginOver, string(s.Reason), s.Ended
	c.Login = &state
	t.note("login.over", map[string]string{"login": state.ID, "reason": state.Reason})
	if text := overText(s.Reason); text != "" {
		t.tell(text)
	}
}

// overText is what the person is told; "" where it may be somebody else by now.
func overText(why session.Reason) loginText {
	switch why {
	case session.ByPerson:
		return textOverByPerson
	case session.ByIdleness:
		return textOverByIdleness
	case session.ByAge:
		return textOverByAge
	case session.ByNewPeer:
		return ""
	}
	return textOverByAgency
}
