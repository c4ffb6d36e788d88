package alt_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
	"github.com/liidestuja/liidestuja/eid"
)

// ident is an authenticator whose person decides as a test says.
type ident struct {
	method eid.Method
	id     eid.Identity
	err    error
	begins []eid.Request
	limit  error // of Begin
}

func (f *ident) Method() eid.Method { return f.method }

func (f *ident) Begin(_ context.Context, r eid.Request) (eid.Challenge, error) {
	if f.limit != nil {
		return eid.Challenge{}, f.limit
	}
	f.begins = append(f.begins, r)
	return eid.Challenge{State: eid.State("state"), Code: "4711", Link: "https://app.example/", Expires: alttest.Start().Add(time.Hour)}, nil
}

func (f *ident) Resolve(_ context.Context, s eid.State, _ url.Values) (eid.Identity, error) {
	if string(s) != "state" {
		return eid.Identity{}, eid.ErrState
	}
	return f.id, f.err
}

func (f *ident) LiveLink(eid.State, time.Time) (string, error) { return "https://live.example/", nil }

func mari() eid.Identity {
	return eid.Identity{Code: "EE60001019906", GivenName: "MARY ÄNN", FamilyName: "O’CONNEŽ-ŠUSLIK", Method: "smart-id", Level: eid.High, At: alttest.Start()}
}

// bureau is a service whose bot asks for an identity when it is told "kes", and
// says what came of it.
type bureau struct {
	*alttest.Harness

	ident *ident
	want  alt.Authentication
	errs  []error
	auths []string
}

func newBureau(t *testing.T, change ...func(*alt.Logins)) *bureau {
	t.Helper()
	o := &bureau{ident: &ident{method: eid.SmartID, err: eid.ErrPending}, want: alt.Authentication{Purpose: "Toetuse seis"}}
	o.Harness = alttest.NewWith(t, alttest.Config{
		Lines: map[channels.ID]channels.Kind{"viber": channels.Viber, "sms": channels.SMS, "messenger": channels.Messenger},
		Handler: alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
			if a, ok := t.Auth(); ok {
				said := "auth:" + a.Reason
				if s := t.Session(); s != nil && s.Identity != nil {
					said += " " + s.Identity.GivenName + " " + s.Level.String()
				}
				o.auths = append(o.auths, said)
				return nil
			}
			if t.Text() == "kes" {
				o.errs = append(o.errs, t.Authenticate(o.want))
			}
			return nil
		}),
		Change: func(c *alt.Config) {
			c.Logins = &alt.Logins{Methods: []eid.Authenticator{o.ident}, URL: "https://agency.example/login",
				Keys: func() []alt.Key { return []alt.Key{{ID: "k", Secret: []byte("0123456789abcdef0123456789abcdef")}} }, Names: map[channels.Agency]map[string]string{"agency": {"et": "Terviseamet"}}}
			for _, f := range change {
				f(c.Logins)
			}
		},
	})
	return o
}

var linkIn = regexp.MustCompile(`https://agency\.example/login/agency/([A-Za-z0-9_-]{22})`)

// link returns the secret of the link that a chat got last.
func (o *bureau) link(t *testing.T, c *alttest.Chat) string {
	t.Helper()
	sent := c.Sent()
	require.NotEmpty(t, sent)
	for i := len(sent) - 1; i >= 0; i-- {
		if text, ok := sent[i].Content.(channels.Text); ok {
			if m := linkIn.FindStringSubmatch(text.Body); m != nil {
				return m[1]
			}
		}
	}
	t.Fatal("no link was sent")
	return ""
}

// prove goes the whole way to the word.
func (o *bureau) prove(t *testing.T, c *alttest.Chat) (word string) {
	t.Helper()
	p := o.Service().LoginPages()
	cookie, view, err := p.Open(t.Context(), "agency", o.link(t, c))
	require.NoError(t, err)
	require.Equal(t, alt.LoginOpened, view.Stage)
	_, err = p.Begin(t.Context(), cookie, eid.SmartID, alt.LoginInput{})
	require.NoError(t, err)
	o.ident.id, o.ident.err = mari(), nil
	view, err = p.Check(t.Context(), cookie, nil)
	require.NoError(t, err)
	require.Equal(t, alt.LoginBack, view.Stage)
	_, word, ok := strings.Cut(view.Return, "?word=")
	require.True(t, ok, "the way back holds the word")
	return word
}

func TestAPersonProvesWhoTheyAreAndTheSessionKnows(t *testing.T) {
	for name, back := range map[string]func(c *alttest.Chat, word string){
		"by a text that a link wrote":        func(c *alttest.Chat, word string) { c.Says(word) },
		"by a text with something before it": func(c *alttest.Chat, word string) { c.Says("Olen tagasi: " + word) },
		"by a deep link": func(c *alttest.Chat, word string) {
			c.Happens(&channels.Referred{Word: word, Source: "link", EventMeta: channels.EventMeta{
				Key: "ref-1", Channel: "viber", Peer: c.Address().Peer, At: alttest.Start()}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := newBureau(t)
			c := o.Chat("viber").Says("kes")
			require.NoError(t, errors.Join(o.errs...))
			require.Equal(t, alt.LoginPending, c.Dossier().Conversation.Login.Status)
			back(c, o.prove(t, c))
			require.Equal(t, []string{"auth: MARY ÄNN high"}, o.auths)
			d := c.Dossier()
			require.Equal(t, eid.High, d.Session.Level)
			require.True(t, mari().Equal(*d.Session.Identity))
			require.Equal(t, alt.LoginProven, d.Conversation.Login.Status)
			c.Says("veel midagi")
			require.Len(t, o.auths, 1, "the next message is a message")
			o.Advance(time.Hour)
			require.Equal(t, eid.Undefined, c.Dossier().Session.Level, "it ends with the session")
			require.Len(t, o.auths, 1, "and the end of the time to log in means nothing any more")
		})
	}
}

func TestWhoeverReturnsTheWordFromAnotherAccountGetsNothingAndEndsIt(t *testing.T) {
	o := newBureau(t)
	thief := o.ChatAs("viber", "thief").Says("kes")
	victim := o.ChatAs("viber", "victim").Says("tere")
	word := o.prove(t, thief) // the victim opened the link that the thief passed on
	victim.Says(word)
	require.Nil(t, victim.Dossier().Session.Identity)
	require.Nil(t, thief.Dossier().Session.Identity)
	require.Equal(t, alt.LoginFailed, thief.Dossier().Conversation.Login.Status)
	require.Equal(t, alt.LoginOther, thief.Dossier().Conversation.Login.Reason)
	thief.Says(word) // read out on the telephone
	require.Nil(t, thief.Dossier().Session.Identity)
	require.Equal(t, []string{"auth:" + alt.LoginOther}, o.auths)
	victim.ExpectContains("ei õnnestunud")
	log, _, err := o.Store().Log(t.Context(), alt.LogQuery{Agency: "agency", Limit: 1000})
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(acts(log)), "login.relayed")
}

func TestAWordCountsOnceAndInTime(t *testing.T) {
	o := newBureau(t)
	c := o.Chat("viber").Says("kes")
	word := o.prove(t, c)
	o.Advance(5*time.Minute + time.Second)
	c.Says(word)
	require.Nil(t, c.Dossier().Session.Identity)
	require.Equal(t, []string{"auth:" + alt.LoginExpired}, o.auths)

	c.Says("kes")
	word = o.prove(t, c)
	c.Says(word).Says(word)
	require.Len(t, o.auths, 2)
	require.NotNil(t, c.Dossier().Session.Identity)
}

func TestANewerAuthenticationMakesTheOlderOneVoid(t *testing.T) {
	o := newBureau(t)
	c := o.Chat("viber").Says("kes")
	word := o.prove(t, c)
	c.Says("kes").Says(word)
	require.Nil(t, c.Dossier().Session.Identity)
	require.Equal(t, alt.LoginPending, c.Dossier().Conversation.Login.Status)
	require.Empty(t, o.auths)
}

func TestALinkIsOpenedByOneBrowserAndLookedAtByAnybody(t *testing.T) {
	o := newBureau(t)
	c := o.Chat("viber").Says("kes")
	p, link := o.Service().LoginPages(), o.link(t, c)
	for range 3 { // a preview
		v, err := p.Look(t.Context(), "agency", link)
		require.NoError(t, err)
		require.Equal(t, alt.LoginOffered, v.Stage)
		require.Equal(t, "Terviseamet", v.Agency)
		require.Equal(t, "Toetuse seis", v.Purpose)
		require.Equal(t, eid.Substantial, v.Level)
		require.Equal(t, []eid.Method{eid.SmartID}, v.Methods)
	}
	cookie, _, err := p.Open(t.Context(), "agency", link)
	require.NoError(t, err)
	_, _, err = p.Open(t.Context(), "agency", link)
	require.ErrorIs(t, err, alt.ErrNotFound)
	_, err = p.Look(t.Context(), "agency", link)
	require.ErrorIs(t, err, alt.ErrNotFound)
	v, err := p.View(t.Context(), cookie)
	require.NoError(t, err)
	require.Equal(t, alt.LoginOpened, v.Stage)
	for name, wrong := range map[string]string{
		"none": "", "another's": cookie[:len(cookie)-1] + "x", "cut": cookie[:20], "of another agency": "rik" + strings.TrimPrefix(cookie, "agency"),
		"the link itself": link, "of dots": "...", "endless": strings.Repeat("a", 1000),
	} {
		_, err = p.View(t.Context(), wrong)
		require.ErrorIs(t, err, alt.ErrNotFound, name)
		_, err = p.Begin(t.Context(), wrong, eid.SmartID, alt.LoginInput{})
		require.ErrorIs(t, err, alt.ErrNotFound, name)
		_, err = p.Check(t.Context(), wrong, nil)
		require.ErrorIs(t, err, alt.ErrNotFound, name)
	}
	require.Empty(t, o.ident.begins)
	for _, wrong := range []string{"", link[1:], strings.Repeat("A", 22), link + "A"} {
		_, err = p.Look(t.Context(), "agency", wrong)
		require.ErrorIs(t, err, alt.ErrNotFound)
	}
	_, err = p.Look(t.Context(), "rik", link)
	require.ErrorIs(t, err, alt.ErrNotFound)
}

func TestATryThatFailsCanBeRepeatedSomeTimes(t *testing.T) {
	for reason, cause := range map[string]error{
		alt.LoginRefused: eid.ErrRefused, alt.LoginNoAccount: eid.ErrNoAccount, alt.LoginUntrusted: eid.ErrUntrusted, alt.LoginTooWeak: eid.ErrTooWeak, alt.LoginExpired: eid.ErrExpired,
	} {
		o := newBureau(t)
		c := o.Chat("viber").Says("kes")
		p := o.Service().LoginPages()
		cookie, _, err := p.Open(t.Context(), "agency", o.link(t, c))
		require.NoError(t, err)
		for i := range 3 {
			v, err := p.Begin(t.Context(), cookie, eid.SmartID, alt.LoginInput{})
			require.NoError(t, err)
			require.Equal(t, "4711", v.Code)
			o.ident.err = errors.New("the service is away")
			v, err = p.Check(t.Context(), cookie, nil)
			require.Error(t, err)
			require.Equal(t, alt.LoginBegun, v.Stage, "an outage is no failure")
			o.ident.err = fmt.Errorf("wrapped: %w", cause)
			v, err = p.Check(t.Context(), cookie, nil)
			if i == 2 {
				require.ErrorIs(t, err, alt.ErrNotFound)
				break
			}
			require.NoError(t, err)
			require.Equal(t, alt.LoginOpened, v.Stage)
			require.Equal(t, reason, v.Failed)
			require.Empty(t, v.Code)
		}
		o.Settle()
		require.Equal(t, []string{"auth:" + reason}, o.auths)
		sent := c.Sent()
		require.Contains(t, sent[len(sent)-1].Content.(channels.Text).Body, "ei õnnestunud", "and no reason")
		o.Advance(time.Hour)
		require.Len(t, o.auths, 1, "told once")
	}
}

func TestAnIdentityBelowTheLevelIsRefusedWhateverTheMethodSays(t *testing.T) {
	o := newBureau(t)
	o.want.Level = eid.High
	c := o.Chat("viber").Says("kes")
	p := o.Service().LoginPages()
	cookie, _, err := p.Open(t.Context(), "agency", o.link(t, c))
	require.NoError(t, err)
	_, err = p.Begin(t.Context(), cookie, eid.SmartID, alt.LoginInput{})
	require.NoError(t, err)
	o.ident.id, o.ident.err = mari(), nil
	o.ident.id.Level = eid.Substantial
	v, err := p.Check(t.Context(), cookie, nil)
	require.NoError(t, err)
	require.Equal(t, alt.LoginTooWeak, v.Failed)
	require.Empty(t, v.Return)
}

func TestPolicyRefusesWithAReason(t *testing.T) {
	for name, c := range map[string]struct {
		line   channels.ID
		change func(*alt.Logins)
		want   string
	}{
		"a social network's line is off unless it is named": {"messenger", nil, "is off on line"},
		"a line that is switched off":                       {"viber", func(l *alt.Logins) { l.Lines = map[channels.ID]alt.LoginPolicy{"viber": {Off: true}} }, "is off on line"},
		"a named line of a social network is on":            {"messenger", func(l *alt.Logins) { l.Lines = map[channels.ID]alt.LoginPolicy{"messenger": {}} }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var change []func(*alt.Logins)
			if c.change != nil {
				change = append(change, c.change)
			}
			o := newBureau(t, change...)
			o.Chat(c.line).Says("kes")
			require.Len(t, o.errs, 1)
			if c.want == "" {
				require.NoError(t, o.errs[0])
				return
			}
			require.ErrorIs(t, o.errs[0], alt.ErrPolicy)
			require.ErrorContains(t, o.errs[0], c.want)
		})
	}
}

func TestALineCanDemandMoreThanAHandlerAsksFor(t *testing.T) {
	o := newBureau(t, func(l *alt.Logins) { l.Lines = map[channels.ID]alt.LoginPolicy{"viber": {Least: eid.High}} })
	c := o.Chat("viber").Says("kes")
	require.Equal(t, eid.High, c.Dossier().Conversation.Login.Level)
}

func TestAskingTooOftenIsRefused(t *testing.T) {
	o := newBureau(t)
	c := o.Chat("viber")
	for range 6 {
		c.Says("kes")
		o.Advance(time.Minute)
	}
	require.NoError(t, errors.Join(o.errs[:5]...))
	require.ErrorIs(t, o.errs[5], alt.ErrPolicy)
	o.Advance(time.Hour)
	c.Says("kes")
	require.NoError(t, o.errs[6])
}

func TestNobodyIsPesteredFromManyChats(t *testing.T) {
	o := newBureau(t)
	p := o.Service().LoginPages()
	begin := func(i int, code eid.PersonalCode) error {
		c := o.ChatAs("viber", channels.Peer(fmt.Sprint("chat", i))).Says("kes")
		cookie, _, err := p.Open(t.Context(), "agency", o.link(t, c))
		require.NoError(t, err)
		_, err = p.Begin(t.Context(), cookie, eid.SmartID, alt.LoginInput{Code: code})
		return err
	}
	for i := range 5 {
		require.NoError(t, begin(i, "EE60001019906"))
	}
	require.ErrorIs(t, begin(5, "EE60001019906"), alt.ErrPolicy)
	require.NoError(t, begin(6, "EE38001085718"), "somebody else is another matter")
	require.Len(t, o.ident.begins, 6)
	o.Advance(time.Hour + time.Minute)
	require.NoError(t, begin(7, "EE60001019906"))
}

func TestNothingOfAnAuthenticationIsStoredInTheClear(t *testing.T) {
	o := newBureau(t)
	c := o.Chat("viber").Says("kes")
	link := o.link(t, c)
	word := o.prove(t, c)
	c.Says(word)
	canaries := []string{link, word, "60001019906", "CONNEŽ", "4711", "app.example"}
	for _, m := range c.Transcript() {
		b, err := channels.MarshalContent(m.Content)
		require.NoError(t, err)
		for _, canary := range canaries {
			require.NotContains(t, string(b), canary)
		}
	}
	log, _, err := o.Store().Log(t.Context(), alt.LogQuery{Agency: "agency", Limit: 1000})
	require.NoError(t, err)
	for _, canary := range canaries {
		require.NotContains(t, fmt.Sprintf("%+v", log), canary)
	}
	require.Subset(t, acts(log), []string{"login.asked", "login.opened", "login.begun", "login.proven", "login.returned", "session.proven"})
	last := c.Transcript()
	require.Contains(t, fmt.Sprint(kinds(last)), "unsupported", "that they came back is kept, the word is not")
}

func TestThePhoneNamesTheChatAndTheWayBack(t *testing.T) {
	o := newBureau(t)
	c := o.Chat("viber").Says("kes")
	o.prove(t, c)
	require.Equal(t, []eid.Request{{Level: eid.Substantial, Language: "et", Text: "Vestlus: Terviseamet, Viber", ReturnURL: "https://agency.example/login/return"}}, o.ident.begins)
}

func TestARestartBetweenTheStepsChangesNothing(t *testing.T) {
	o := newBureau(t)
	c := o.Chat("viber").Says("kes")
	link := o.link(t, c)
	o.Restart()
	cookie, _, err := o.Service().LoginPages().Open(t.Context(), "agency", link)
	require.NoError(t, err)
	o.Restart()
	_, err = o.Service().LoginPages().Begin(t.Context(), cookie, eid.SmartID, alt.LoginInput{})
	require.NoError(t, err)
	o.Restart()
	o.ident.id, o.ident.err = mari(), nil
	v, err := o.Service().LoginPages().Check(t.Context(), cookie, nil)
	require.NoError(t, err)
	_, word, _ := strings.Cut(v.Return, "?word=")
	o.Restart()
	c.Says(word)
	require.NotNil(t, c.Dossier().Session.Identity)
}

func TestRequireLetsNobodyInBeforeTheyAreKnown(t *testing.T) {
	o := newBureau(t)
	var seen []string
	hs := alttest.NewWith(t, alttest.Config{
		Lines: map[channels.ID]channels.Kind{"viber": channels.Viber},
		Handler: alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
			_, auth := t.Auth()
			seen = append(seen, fmt.Sprint(t.Text(), auth))
			return nil
		}),
		Change: func(c *alt.Config) {
			c.Middleware = []alt.Middleware{alt.Require(alt.Authentication{Level: eid.High})}
			c.Logins = &alt.Logins{Methods: []eid.Authenticator{o.ident}, URL: "https://agency.example/login",
				Keys: func() []alt.Key { return []alt.Key{{ID: "k", Secret: []byte("0123456789abcdef0123456789abcdef")}} }, Names: map[channels.Agency]map[string]string{"agency": {"et": "Terviseamet"}}}
		},
	})
	o.Harness = hs
	c := hs.Chat("viber").Says("tere")
	require.Empty(t, seen)
	c.Says("halloo")
	require.Empty(t, seen)
	require.Len(t, c.Sent(), 1, "one link")
	c.Says(o.prove(t, c))
	c.Says("minu asi")
	require.Equal(t, []string{"true", "minu asifalse"}, seen)
}

func TestLoginsAreCheckedByNew(t *testing.T) {
	good := func() *alt.Logins {
		return &alt.Logins{Methods: []eid.Authenticator{&ident{method: eid.TARA}}, URL: "https://agency.example/login",
			Keys: func() []alt.Key { return []alt.Key{{ID: "k", Secret: []byte("0123456789abcdef0123456789abcdef")}} }, Names: map[channels.Agency]map[string]string{"agency": {"et": "Terviseamet"}}}
	}
	for field, spoil := range map[string]func(l *alt.Logins){
		"Logins.Methods": func(l *alt.Logins) { l.Methods = append(l.Methods, &ident{method: eid.TARA}) },
		"Logins.URL":     func(l *alt.Logins) { l.URL = "http://agency.example/login" },
		"Logins.Keys":    func(l *alt.Logins) { l.Keys = func() []alt.Key { return nil } },
		"Logins.Names":   func(l *alt.Logins) { l.Names["agency"] = map[string]string{"en": "Health Board"} },
		"Logins.For":     func(l *alt.Logins) { l.For = time.Hour },
		"Logins.PerHour": func(l *alt.Logins) { l.PerHour = -1 },
	} {
		cfg := alt.Config{Logins: good(), Handler: alt.HandlerFunc(func(context.Context, *alt.Turn) error { return nil }), LinesLater: true, PublicURL: "https://a.example"}
		cfg.Store = newBureau(t).Store()
		_, err := alt.New(cfg)
		require.NoError(t, err)
		spoil(cfg.Logins)
		_, err = alt.New(cfg)
		require.ErrorContains(t, err, field)
	}
}

func TestAWayBackHasAPlaceForTheWord(t *testing.T) {
	for link, want := range map[string]bool{
		"": true, "https://wa.me/3725550000?text={word}": true, "https://m.me/agency?ref={word}": true, "sms:+3725550000?body={word}": true,
		"http://127.0.0.1:8080/phone?say={word}": true, "https://wa.me/3725550000": false, "http://wa.me/1?text={word}": false, "javascript:alert('{word}')": false,
	} {
		cfg := alt.Config{Store: newBureau(t).Store(), Handler: alt.HandlerFunc(func(context.Context, *alt.Turn) error { return nil }), PublicURL: "https://a.example",
			Channels: []channels.Channel{channeltest.New(channeltest.Config{ID: "viber", Kind: channels.Viber, ReturnLink: link})}}
		_, err := alt.New(cfg)
		require.Equal(t, want, err == nil, "%s: %v", link, err)
	}
}

func acts(log []alt.LogEntry) []string {
	out := make([]string, len(log))
	for i, e := range log {
		out[i] = e.Act
	}
	return out
}

func kinds(ms []alt.Message) []string {
	out := make([]string, len(ms))
	for i, m := range ms {
		out[i] = m.Content.Kind()
	}
	return out
}
