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
	return newBureauWith(t, func(c *alt.Config) {
		for _, f := range change {
			f(c.Logins)
		}
	})
}

func newBureauWith(t *testing.T, change func(*alt.Config)) *bureau {
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
			if change != nil {
				change(c)
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
