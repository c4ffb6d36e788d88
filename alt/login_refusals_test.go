package alt_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
	"github.com/liidestuja/liidestuja/eid"
)

func TestATryThatFailsCanBeRepeatedSomeTimes(t *testing.T) {
	for reason, cause := range map[string]error{
		alt.LoginRefused: eid.ErrRefused, alt.LoginNoAccount: eid.ErrNoAccount, alt.LoginUntrusted: eid.ErrUntrusted, alt.LoginTooWeak: eid.ErrTooWeak, alt.LoginExpired: eid.ErrExpired,
		alt.LoginTechnical: eid.ErrFailed,
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
