package messagebird

import (
	"errors"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// smsRefused makes the error of an answer that is no success. The codes are
// those of the other API; but a parameter that is missing means, where it is
// the recipient, that nobody has that number.
func (p *Provider) smsRefused(op string, line channels.ID, reply *httpx.Reply) *channels.Error {
	e := p.refused(op, line, reply)
	var body struct {
		Errors []struct {
			Code      loose `json:"code"`
			Parameter loose `json:"parameter"`
		} `json:"errors"`
	}
	if !errors.Is(e, channels.ErrRejected) || httpx.DecodeJSON(reply.Body, &body, httpx.JSONLimits{TrailingNull: true, Lenient: true}) != nil {
		return e
	}
	for _, f := range body.Errors {
		if f.Code == "9" && strings.HasPrefix(string(f.Parameter), "recipient") {
			e.Class, e.Instead = channels.ErrUnreachable, []channels.Alternative{channels.UseOtherChannel}
		}
	}
	return e
}

// smsVerdict translates the error code of a status report. These are numbers
// of the networks, of which MessageBird documents few; they are not the codes of
// refused requests. What is not known leaves the class to the status.
func smsVerdict(code string) (verdict, bool) {
	other := []channels.Alternative{channels.UseOtherChannel}
	switch code {
	case "1", "2", "3", "5": // nobody has the number
		return verdict{channels.ErrUnreachable, other}, true
	case "103": // the person sent STOP
		return verdict{channels.ErrOptedOut, other}, true
	}
	return verdict{}, false
}

// smsFailure says why a message failed; nil when it did not.
func (l *line) smsFailure(row statusRow, word string, code loose) *channels.Error {
	if row.status != channels.Failed {
		return nil
	}
	err := &channels.Error{Op: "deliver", Channel: l.info.ID, Class: row.class, Provider: word}
	if c := (fault{code}).code(); c != "" && c != "0" {
		err.Provider = c
		if v, ok := smsVerdict(c); ok {
			err.Class, err.Instead = v.class, v.instead
		}
	}
	return err
}
