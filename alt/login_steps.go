package alt

import (
	"context"
	"errors"
	"time"

	"github.com/liidestuja/liidestuja/eid"
)

// failure returns the reason that is kept of an error which ends a try; "" for
// one that says nothing of the person.
func failure(err error) string {
	for _, f := range []struct {
		err    error
		reason string
	}{
		{eid.ErrRefused, LoginRefused}, {eid.ErrExpired, LoginExpired}, {eid.ErrNoAccount, LoginNoAccount}, {eid.ErrTooWeak, LoginTooWeak},
		{eid.ErrFailed, LoginTechnical}, {eid.ErrState, LoginUntrusted}, {eid.ErrUntrusted, LoginUntrusted}, {eid.ErrIdentity, LoginUntrusted},
	} {
		if errors.Is(err, f.err) {
			return f.reason
		}
	}
	return ""
}

// proven keeps the identity for whoever brings the word back.
func (p *LoginPages) proven(ctx context.Context, v *login, id eid.Identity) error {
	if err := id.Valid(); err != nil {
		return err
	}
	if !id.Level.AtLeast(v.Level) {
		return eid.ErrTooWeak
	}
	v.Word = newWord()
	f := Flow{Agency: v.To.Agency, Key: flowWord + nameOf(v.Word), Expires: p.s.cfg.Now().Add(p.s.logins.For)}
	if err := p.s.logins.seal(&f, proof{Login: v.ID, To: v.To, Conversation: v.Conversation, Identity: id}); err != nil {
		return err
	}
	detail := map[string]string{"method": string(v.Method), "level": id.Level.String()}
	v.State, v.Code, v.Link, v.Failed = nil, "", "", ""
	return p.save(ctx, v, "login.proven", detail, f)
}

// failed writes a try that failed, and ends the login after the last one.
func (p *LoginPages) failed(ctx context.Context, v *login, reason string) error {
	detail := map[string]string{"method": string(v.Method), "reason": reason}
	v.Method, v.State, v.Code, v.Link, v.Until, v.Failed = "", nil, "", "", time.Time{}, reason
	if v.Begun < maxBegun {
		return p.save(ctx, v, "login.tried", detail)
	}
	return p.end(ctx, v, reason, detail)
}

func (p *LoginPages) end(ctx context.Context, v *login, reason string, detail map[string]string) error {
	v.flow.Spent = true
	return p.s.commit(ctx, Item{}, Changes{Flows: []Flow{v.flow}, Log: []LogEntry{p.entry(v, "login.ended", detail)},
		Later: []Later{loginEnds(v.ID, v.To, p.s.cfg.Now(), reason)}})
}
