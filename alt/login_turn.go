package alt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/internal/sealed"
)

// Authentication is what Turn.Authenticate asks of a person.
type Authentication struct {
	// Level is the least that is accepted; Undefined stands for eid.Substantial.
	Level eid.Level
	// Purpose tells the person what it is for, in their language, at most 200
	// characters. The page shows it. Optional.
	Purpose string
}

// Authenticate asks the person to prove who they are: they get a link in the
// chat, or questions on a line with LoginPolicy.InChat, and the conversation is
// LoginPending. When it has ended, the handler
// gets a turn whose Event is a channels.AuthDecided (see Turn.Auth); after a
// success Turn.Session holds identity and level, until the session ends. A
// pending one that was asked for before is void.
//
// ErrPolicy, with the reason, when the line or the service has it switched off,
// the line has no way to bring the person back (channels.Info.ReturnLink), no
// method is configured, or it was asked for too often: a handler may send the
// person to the agency's own web page then. ErrInput for a malformed argument.
func (t *Turn) Authenticate(a Authentication) error {
	l := t.svc.logins
	if l == nil {
		return fmt.Errorf("%w: no method of authentication is configured", ErrPolicy)
	}
	policy := l.policy(&t.line.info)
	c := t.d.Conversation
	switch {
	case policy.Off:
		return fmt.Errorf("%w: authentication is off on line %.64q", ErrPolicy, t.line.info.ID)
	case policy.InChat && l.methods[eid.MobileID] == nil:
		return fmt.Errorf("%w: line %.64q asks in the chat, and Mobile-ID is not configured", ErrPolicy, t.line.info.ID)
	case !policy.InChat && t.line.info.ReturnLink == "":
		return fmt.Errorf("%w: line %.64q has no ReturnLink", ErrPolicy, t.line.info.ID)
	case l.name(t.Address().Agency, "") == "":
		return fmt.Errorf("%w: the agency has no name to ask in", ErrPolicy)
	case c == nil || c.State != Open:
		return fmt.Errorf("%w: no conversation is open", ErrInput)
	case a.Level < eid.Undefined || a.Level > eid.High:
		return fmt.Errorf("%w: Authentication.Level", ErrInput)
	case !utf8.ValidString(a.Purpose) || utf8.RuneCountInString(a.Purpose) > maxPurpose:
		return fmt.Errorf("%w: Authentication.Purpose: at most %d characters", ErrInput, maxPurpose)
	}
	if a.Level == eid.Undefined {
		a.Level = eid.Substantial
	}
	a.Level = max(a.Level, policy.Least)
	if policy.InChat && a.Level > policy.most() {
		return fmt.Errorf("%w: line %.64q asks in the chat, which proves too little", ErrPolicy, t.line.info.ID)
	}
	asked, ok := within(t.d.Contact.Logins, t.now, l.PerHour)
	if !ok {
		return fmt.Errorf("%w: asked for too often in this chat", ErrPolicy)
	}
	if policy.InChat {
		return t.askInChat(l, a, asked)
	}
	return t.ask(l, a, asked)
}

// within returns the times of the last hour with now, and whether they are few
// enough.
func within(times []time.Time, now time.Time, most int) ([]time.Time, bool) {
	recent := []time.Time{now}
	for _, at := range times {
		if now.Sub(at) < time.Hour {
			recent = append(recent, at)
		}
	}
	return recent, len(recent) <= most
}

// ask makes the login, its link, and the wait for its end.
func (t *Turn) ask(l *logins, a Authentication, asked []time.Time) error {
	link := secret(wordBytes)
	if len(link) != len(channels.Blank) {
		return errors.New("alt: the secret of a link does not fit in its place")
	}
	address, ends := t.Address(), t.now.Add(l.For)
	v := &login{ID: nameOf(link), To: address, Conversation: t.d.Conversation.ID, Level: a.Level, Purpose: a.Purpose,
		Language: t.Language(), Asked: t.now}
	v.flow = Flow{Agency: address.Agency, Key: flowLogin + v.ID, Expires: ends}
	f, err := l.saved(v)
	if err != nil {
		return err
	}
	ring, err := l.ring()
	if err != nil {
		return err
	}
	text := loginSay(v.Language, textLink, "{agency}", l.name(address.Agency, v.Language),
		"{link}", l.URL+"/"+string(address.Agency)+"/"+channels.Blank,
		"{minutes}", strconv.Itoa(int(l.For/time.Minute)))
	o := channels.Outbound{Content: channels.Text{Body: text}, Author: channels.System, NotAfter: ends,
		Secret: ring.Seal([]byte(link), linkPlace(address))}
	if err := t.Send(o); err != nil {
		return err
	}
	t.asked(LoginState{ID: v.ID, Level: a.Level}, f, asked)
	return nil
}

// asked writes down that a login waits for the person, and its end.
func (t *Turn) asked(state LoginState, f Flow, asked []time.Time) {
	state.Status, state.Asked = LoginPending, t.now
	t.d.Contact.Logins, t.d.Conversation.Login = asked, &state
	t.fx.flows = append(t.fx.flows, f)
	t.fx.later = append(t.fx.later, loginEnds(state.ID, t.Address(), f.Expires, LoginExpired))
	t.note("login.asked", map[string]string{"login": state.ID, "level": state.Level.String()})
	t.svc.observe(Observation{Name: "login.asked", Line: t.line.info.ID, N: 1})
}

func linkPlace(a channels.Address) sealed.Place {
	return sealed.Place{Agency: string(a.Agency), Line: string(a.Channel), Name: "login link"}
}

// fillIn puts the secret of a link into its text, or the text into a private
// message. The stored message does not have it.
func (s *Service) fillIn(o *channels.Outbound) error {
	if len(o.Secret) == 0 {
		return nil
	}
	text, ok := o.Content.(channels.Text)
	if !ok || s.logins == nil {
		return errNoLogins
	}
	ring, err := s.logins.ring()
	if err != nil {
		return err
	}
	place := linkPlace(o.To)
	if o.Private {
		place = whisperPlace(o.To, o.ID)
	}
	secret, err := ring.Open(o.Secret, place)
	if err != nil {
		return err
	}
	text.Body = strings.ReplaceAll(text.Body, channels.Blank, string(secret))
	o.Content, o.Secret = text, nil
	return nil
}

// loginEnds is the event that ends a login which nothing else has ended by at.
func loginEnds(id string, to channels.Address, at time.Time, reason string) Later {
	return Later{At: at, Event: &channels.AuthDecided{Login: id, Reason: reason, EventMeta: channels.EventMeta{
		Key: "auth/" + id + "/" + reason + "/" + strconv.FormatInt(at.UnixMilli(), 36), Channel: to.Channel, Agency: to.Agency, Peer: to.Peer, At: at,
	}}}
}

// Auth returns how an authentication ended, in the turn in which it did.
func (t *Turn) Auth() (*channels.AuthDecided, bool) {
	e, ok := t.ev.(*channels.AuthDecided)
	return e, ok
}

// Require is a middleware that lets a handler see nobody's message before the
// person has proven who they are: it asks, and the handler gets the turn in
// which that succeeded (see Turn.Auth), and what comes after. Where it cannot be
// asked for, Authenticate's error is returned.
func Require(a Authentication) Middleware {
	return func(next Handler) Handler {
		return HandlerFunc(func(ctx context.Context, t *Turn) error {
			s := t.Session()
			if s != nil && s.Active() && s.Level.AtLeast(max(a.Level, eid.Low)) {
				return next.Handle(ctx, t)
			}
			if c := t.Conversation(); c.Login != nil && c.Login.Status == LoginPending {
				return nil // the link is there
			}
			if _, ended := t.Auth(); ended {
				return nil // in vain: the person was told, and asks again by writing
			}
			return t.Authenticate(a)
		})
	}
}

// authenticated applies what the turn's event means for an authentication, and
// returns who is to see the event: h, unless it is a word, which no handler of
// messages is to answer, a part of a dialogue, or the end of what has ended
// already.
func (t *Turn) authenticated(ctx context.Context, h Handler) (Handler, error) {
	if private(contentOf(t.ev)) {
		return nil, t.overhear(ctx)
	}
	if e, ended := t.ev.(*channels.AuthDecided); ended {
		if meant, err := t.decided(ctx, e); err != nil || !meant {
			return nil, err
		}
		return h, nil
	}
	if t.svc.logins == nil {
		return h, nil
	}
	word := wordIn(t.ev)
	if word == "" {
		return h, nil
	}
	if back, err := t.comeBack(ctx, word); err != nil || !back {
		return nil, err
	}
	return t.svc.handler, nil
}

// decided applies the end of a login that came without a word. It reports
// whether that means anything: the login may have ended in another way.
func (t *Turn) decided(ctx context.Context, e *channels.AuthDecided) (bool, error) {
	c := t.d.Conversation
	if c == nil || c.Login == nil || c.Login.ID != e.Login || c.Login.Status != LoginPending {
		return false, nil
	}
	if e.Reason == "" {
		return t.provenInChat(ctx)
	}
	if e.Reason == LoginExpired && t.svc.logins != nil {
		ends, err := t.svc.loginLasts(ctx, t.Address().Agency, c.Login)
		switch {
		case err == nil: // somebody is at it
			t.fx.later = append(t.fx.later, loginEnds(e.Login, t.Address(), ends, LoginExpired))
			return false, nil
		case !errors.Is(err, ErrNotFound):
			return false, err
		}
	}
	t.loginFailed(e.Reason)
	return true, nil
}

// loginLasts returns until when a login goes on; ErrNotFound.
func (s *Service) loginLasts(ctx context.Context, agency channels.Agency, state *LoginState) (time.Time, error) {
	if state.InChat {
		v, err := s.loadDialogue(ctx, agency, state.ID)
		return v.flow.Expires, err
	}
	v, err := s.loadLogin(ctx, agency, state.ID)
	return v.flow.Expires, err
}

// loginFailed writes the failure down and tells the person, who learns no
// reason.
func (t *Turn) loginFailed(reason string) {
	state := *t.d.Conversation.Login
	state.Status, state.Reason, state.Ended = LoginFailed, reason, t.now
	t.d.Conversation.Login = &state
	t.note("login.failed", map[string]string{"login": state.ID, "reason": reason})
	t.svc.observe(Observation{Name: "login.failed", Line: t.line.info.ID, Code: reason, N: 1})
	t.tell(textFailed)
}

// tell says something of the service's own. What the line cannot carry, or not
// now, is left out: it is not worth a letter.
func (t *Turn) tell(text loginText) {
	offer := t.d.Contact.Offer
	o := channels.Outbound{To: t.Address(), Content: channels.Text{Body: loginSay(t.Language(), text)}, Author: channels.System}
	o.Provider, o.PeerSpace = knownAt(&t.line.info, t.d.Contact)
	if _, refusal := admit(&t.line.info, t.d.Contact, &o, t.now); refusal != nil || t.Send(o) != nil {
		t.svc.observe(Observation{Name: "login.untold", Line: t.line.info.ID, N: 1})
	}
	t.d.Contact.Offer, t.fx.offered = offer, false
}

// comeBack takes the word that the turn's event brings. It reports whether an
// authentication has succeeded by it.
func (t *Turn) comeBack(ctx context.Context, word string) (bool, error) {
	t.fx.recordAs = channels.Unsupported{Type: channels.TypeReturned}
	var p proof
	f, err := t.svc.load(ctx, t.Address().Agency, flowWord+nameOf(word), &p)
	switch {
	case errors.Is(err, ErrNotFound): // spent, or its time is over, which is told elsewhere
		return false, nil
	case err != nil:
		return false, err
	}
	f.Spent = true
	t.fx.flows = append(t.fx.flows, f)
	t.note("login.returned", map[string]string{"login": p.Login})
	if p.To != t.Address() { // whoever opened the link, it is not who got it
		t.fx.later = append(t.fx.later, loginEnds(p.Login, p.To, t.now, LoginOther))
		t.note("login.relayed", map[string]string{"login": p.Login, "conversation": p.Conversation})
		t.tell(textFailed)
		return false, nil
	}
	c := t.d.Conversation
	if c == nil || c.ID != p.Conversation || c.State != Open || c.Login == nil || c.Login.ID != p.Login || c.Login.Status != LoginPending {
		return false, nil // ended meanwhile, or another one was asked for
	}
	if ok, err := t.identified(ctx, p.Identity); err != nil || !ok {
		return false, err
	}
	m := *t.ev.Meta()
	t.ev = &channels.AuthDecided{EventMeta: m, Login: p.Login}
	t.svc.observe(Observation{Name: "login.returned", Line: t.line.info.ID, N: 1})
	return true, nil
}

// identified gives the session an identity that the pending login has proven,
// and tells the person. It reports whether it could: the session may be another
// person's.
func (t *Turn) identified(ctx context.Context, id eid.Identity) (bool, error) {
	t.session() // a proof is a sign of life like a message
	if t.d.Session.Prove(id) != nil {
		t.loginFailed(LoginPerson)
		return false, nil //nolint:nilerr // it ended, with its reason
	}
	account, err := t.svc.joined(ctx, t.Address(), id)
	if err != nil {
		return false, err
	}
	t.fx.flows = append(t.fx.flows, account)
	state := *t.d.Conversation.Login
	state.Status, state.Ended = LoginProven, t.now
	t.d.Conversation.Login = &state
	t.tell(textProven)
	return true, nil
}

// counted is how often something was begun lately.
type counted struct {
	Times []time.Time `json:"times"`
}

// count returns the flow that counts one more beginning under a name that tells
// nothing, and whether that is still few enough.
func (s *Service) count(ctx context.Context, agency channels.Agency, name string) (Flow, bool, error) {
	var c counted
	f, err := s.load(ctx, agency, flowCount+name, &c)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Flow{}, false, err
	}
	if errors.Is(err, ErrNotFound) { // an expired one may still be there, to be saved over
		f, err = s.cfg.Store.Flow(ctx, agency, flowCount+name)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return Flow{}, false, err
		}
		f.Agency, f.Key = agency, flowCount+name
	}
	now := s.cfg.Now()
	times, few := within(c.Times, now, s.logins.PerHour)
	f.Expires = now.Add(time.Hour)
	return f, few, s.logins.seal(&f, counted{Times: slices.Clip(times)})
}
