package alt

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
)

// LoginPages is what the web pages of an authentication are made of; package
// alt/login is such pages. A link's secret opens a login once; from then on the
// browser that opened it is known by a cookie, whose value Open returns, and
// everybody else gets ErrNotFound.
type LoginPages struct{ s *Service }

// LoginPages returns the pages' side of Config.Logins; nil without it.
func (s *Service) LoginPages() *LoginPages {
	if s.logins == nil {
		return nil
	}
	return &LoginPages{s: s}
}

// LoginView is what a page may show of a login. It holds what is meant for the
// one browser that opened it, so it prints nothing.
type LoginView struct {
	Stage    LoginStage
	Language string
	Agency   string        // the agency's short name
	Line     channels.Info // of the conversation
	Person   string        // the name of the chat account, masked: "M••• M•••"
	Since    time.Time     // when the authentication was asked for
	Purpose  string
	Level    eid.Level
	Expires  time.Time
	Methods  []eid.Method // what can be chosen
	Failed   string       // why the last try failed, see LoginRefused and others

	Method eid.Method // the one under way
	Code   string     // its control code, to be compared
	Link   string     // where this browser goes, or which application it opens
	Live   bool       // Live gives a link that changes every second
	Return string     // the way back into the chat, when Stage is LoginBack
}

// Format prints the stage only, whatever the verb.
func (v LoginView) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "login (%s)", string(v.Stage)) }

// LoginStage is which page is to be shown.
type LoginStage string

// Stages of a login.
const (
	LoginOffered LoginStage = "offered" // nobody has opened it
	LoginOpened  LoginStage = "opened"  // a method is to be chosen
	LoginBegun   LoginStage = "begun"   // the person is authenticating
	LoginBack    LoginStage = "back"    // proven, and to be brought back into the chat
)

// LoginInput is what a person typed for a method that needs it.
type LoginInput struct {
	Code  eid.PersonalCode
	Phone eid.Phone
}

// maxBegun bounds how often a method is begun with one link.
const maxBegun = 3

// Look returns what a link stands for, and changes nothing: chat applications
// open links before people do. ErrNotFound when there is no such login, its time
// is over, or it was opened.
func (p *LoginPages) Look(ctx context.Context, agency channels.Agency, link string) (LoginView, error) {
	v, err := p.find(ctx, agency, link)
	if err != nil {
		return LoginView{}, err
	}
	return p.view(ctx, v), nil
}

func (p *LoginPages) find(ctx context.Context, agency channels.Agency, link string) (*login, error) {
	if len(link) != len(channels.Blank) {
		return nil, ErrNotFound
	}
	v, err := p.s.loadLogin(ctx, agency, nameOf(link))
	if err == nil && v.Browser != nil {
		err = ErrNotFound
	}
	return v, err
}

// Open spends a link, for the one browser that gets the cookie. Errors are those
// of Look.
func (p *LoginPages) Open(ctx context.Context, agency channels.Agency, link string) (cookie string, view LoginView, err error) {
	v, err := p.find(ctx, agency, link)
	if err != nil {
		return "", LoginView{}, err
	}
	browser := secret(2 * wordBytes)
	sum := sha256.Sum256([]byte(browser))
	v.Browser = sum[:]
	err = p.save(ctx, v, "login.opened", nil)
	if errors.Is(err, ErrConflict) { // somebody else was quicker
		err = ErrNotFound
	}
	if err != nil {
		return "", LoginView{}, err
	}
	return string(agency) + "." + v.ID + "." + browser, p.view(ctx, v), nil
}

// View returns a login to the browser that opened it; ErrNotFound.
func (p *LoginPages) View(ctx context.Context, cookie string) (LoginView, error) {
	v, err := p.opened(ctx, cookie)
	if err != nil {
		return LoginView{}, err
	}
	return p.view(ctx, v), nil
}

// opened returns the login of a browser.
func (p *LoginPages) opened(ctx context.Context, cookie string) (*login, error) {
	end := strings.LastIndexByte(cookie, '.')
	if end < 0 || len(cookie) > 256 {
		return nil, ErrNotFound
	}
	at := strings.LastIndexByte(cookie[:end], '.')
	if at < 0 {
		return nil, ErrNotFound
	}
	agency, id, browser := channels.Agency(cookie[:at]), cookie[at+1:end], cookie[end+1:]
	if agency.Valid() != nil || len(id) != 2*wordBytes {
		return nil, ErrNotFound
	}
	v, err := p.s.loadLogin(ctx, agency, id)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(browser))
	if subtle.ConstantTimeCompare(sum[:], v.Browser) != 1 {
		return nil, ErrNotFound
	}
	return v, nil
}

// save writes a login with a line of the security log. Its time runs anew with
// every step.
func (p *LoginPages) save(ctx context.Context, v *login, act string, detail map[string]string, more ...Flow) error {
	v.flow.Expires = p.s.cfg.Now().Add(p.s.logins.For)
	f, err := p.s.logins.saved(v)
	if err != nil {
		return err
	}
	c := Changes{Flows: append([]Flow{f}, more...), Log: []LogEntry{p.entry(v, act, detail)}}
	if err := p.s.commit(ctx, Item{}, c); err != nil {
		return err
	}
	v.flow = c.Flows[0]
	p.s.observe(Observation{Name: act, Line: v.To.Channel, Code: detail["reason"], N: 1})
	return nil
}

func (p *LoginPages) entry(v *login, act string, detail map[string]string) LogEntry {
	e := LogEntry{Agency: v.To.Agency, At: p.s.cfg.Now(), Act: act, Actor: "contact", Line: v.To.Channel, Conversation: v.Conversation,
		Detail: map[string]string{"login": v.ID}}
	for k, s := range detail {
		e.Detail[k] = s
	}
	return e
}

// Begin begins a method. It may be begun again, and another one, some times.
// Errors: ErrNotFound; ErrPolicy when it was begun too often; an error of package
// eid for an input that the method cannot use, and nothing was begun then; any
// other says that the service behind the method could not be asked.
func (p *LoginPages) Begin(ctx context.Context, cookie string, m eid.Method, in LoginInput) (LoginView, error) {
	v, err := p.opened(ctx, cookie)
	if err != nil {
		return LoginView{}, err
	}
	authenticator := p.s.logins.methods[m]
	if authenticator == nil || v.Word != "" {
		return LoginView{}, ErrNotFound
	}
	if v.Begun >= maxBegun {
		return LoginView{}, fmt.Errorf("%w: begun too often", ErrPolicy)
	}
	var more []Flow
	if in.Code != "" {
		name, err := p.personal(in.Code)
		if err != nil {
			return LoginView{}, err
		}
		f, few, err := p.s.count(ctx, v.To.Agency, name)
		switch {
		case err != nil:
			return LoginView{}, err
		case !few: // somebody may be pestered with requests that are not theirs
			return LoginView{}, fmt.Errorf("%w: begun too often for one person", ErrPolicy)
		}
		more = append(more, f)
	}
	// Counted before it costs anything, so that two at once are two.
	v.Begun++
	v.Method, v.State, v.Code, v.Link, v.Until, v.Failed = "", nil, "", "", time.Time{}, ""
	if err := p.save(ctx, v, "login.chosen", map[string]string{"method": string(m)}, more...); err != nil {
		return LoginView{}, err
	}
	l := p.s.logins
	c, err := authenticator.Begin(ctx, eid.Request{Level: v.Level, Language: v.Language, Code: in.Code, Phone: in.Phone, ReturnURL: l.URL + "/return",
		Text: loginSay(v.Language, textDevice, "{agency}", l.name(v.To.Agency, v.Language), "{channel}", kindName(p.kind(v)))})
	if err != nil {
		return p.view(ctx, v), err
	}
	v.Method, v.State, v.Code, v.Link, v.Until = m, c.State, c.Code, c.Link, c.Expires
	if err := p.save(ctx, v, "login.begun", map[string]string{"method": string(m)}); err != nil {
		return LoginView{}, err
	}
	return p.view(ctx, v), nil
}

// personal returns the name under which beginnings for a code are counted.
func (p *LoginPages) personal(code eid.PersonalCode) (string, error) {
	keys := p.s.logins.Keys()
	if len(keys) == 0 {
		return "", errNoLogins
	}
	mac := hmac.New(sha256.New, keys[0].Secret)
	mac.Write([]byte("liidestuja logins of a person\x00" + string(code)))
	return hex.EncodeToString(mac.Sum(nil)[:16]), nil
}

func (p *LoginPages) kind(v *login) channels.Kind {
	if l := p.s.lineOf(v.To.Agency, v.To.Channel); l != nil {
		return l.info.Kind
	}
	return ""
}

// Check asks whether the method has come to an end, and waits for that as long
// as the method does; answer is nil, or the query with which the browser came
// back. A login that has failed is LoginOpened again, with Failed, or gone, with
// ErrNotFound, when it was begun often enough. An error of another kind says
// that nobody could be asked; try again.
func (p *LoginPages) Check(ctx context.Context, cookie string, answer url.Values) (LoginView, error) {
	v, err := p.opened(ctx, cookie)
	if err != nil {
		return LoginView{}, err
	}
	if v.Method == "" || v.Word != "" {
		return p.view(ctx, v), nil
	}
	authenticator := p.s.logins.methods[v.Method]
	if authenticator == nil {
		return LoginView{}, ErrNotFound
	}
	id, err := authenticator.Resolve(ctx, v.State, answer)
	if errors.Is(err, eid.ErrPending) {
		return p.view(ctx, v), nil
	}
	reason := failure(err)
	switch {
	case err == nil:
		if err = p.proven(ctx, v, id); err == nil {
			return p.view(ctx, v), nil
		}
		if reason = failure(err); reason == "" {
			return p.lost(ctx, cookie, err)
		}
	case reason == "" || ctx.Err() != nil:
		return p.view(ctx, v), err
	}
	if err := p.failed(ctx, v, reason); err != nil {
		return p.lost(ctx, cookie, err)
	}
	if v.flow.Spent {
		return LoginView{}, ErrNotFound
	}
	return p.view(ctx, v), nil
}

// lost is after a change that did not succeed: another request of the same
// browser may have been quicker.
func (p *LoginPages) lost(ctx context.Context, cookie string, err error) (LoginView, error) {
	if !errors.Is(err, ErrConflict) {
		return LoginView{}, err
	}
	return p.View(ctx, cookie)
}

// Cancel ends a login at the person's wish.
func (p *LoginPages) Cancel(ctx context.Context, cookie string) error {
	v, err := p.opened(ctx, cookie)
	if err != nil {
		return err
	}
	return p.end(ctx, v, LoginRefused, nil)
}

// Live returns the text of a QR code that is good for this second; ErrNotFound
// when there is none, eid.ErrExpired when its time is over.
func (p *LoginPages) Live(ctx context.Context, cookie string) (string, error) {
	v, err := p.opened(ctx, cookie)
	if err != nil {
		return "", err
	}
	live, ok := p.s.logins.methods[v.Method].(eid.LiveLinker)
	if !ok {
		return "", ErrNotFound
	}
	return live.LiveLink(v.State, p.s.cfg.Now())
}
