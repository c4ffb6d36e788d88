package alt_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
)

const (
	canaryCode    = "60001019906"
	canaryPhone   = "+37200000766"
	canaryControl = "4711"
)

// newChatBureau is a bureau whose lines authenticate in the chat.
func newChatBureau(t *testing.T, change ...func(*alt.Logins)) *bureau {
	t.Helper()
	change = append([]func(*alt.Logins){func(l *alt.Logins) {
		l.Lines = map[channels.ID]alt.LoginPolicy{"viber": {InChat: true}}
		l.Methods[0].(*ident).method = eid.MobileID
	}}, change...)
	return newBureau(t, change...)
}

// asked is a chat that is asked for the code.
func (o *bureau) asked(t *testing.T, c *alttest.Chat) *alttest.Chat {
	t.Helper()
	c.Says("kes")
	require.NoError(t, errors.Join(o.errs...))
	require.Equal(t, alt.LoginPending, c.Dossier().Conversation.Login.Status)
	require.True(t, c.Dossier().Conversation.Login.InChat)
	return c
}

// approve lets the person type PIN1, and time pass until that is known.
func (o *bureau) approve() {
	o.ident.id, o.ident.err = mari(), nil
	o.Advance(10 * time.Second)
}

func wordsTo(c *alttest.Chat) []string {
	var out []string
	for _, o := range c.Sent() {
		if text, ok := o.Content.(channels.Text); ok {
			out = append(out, text.Body)
		}
	}
	return out
}

func TestInTheChatAPersonIsAskedAndProven(t *testing.T) {
	for language, want := range map[string][]string{
		"et": {"isikukood", "telefoninumber", "Ootame", "Kontrollkood: 4711", "Aitäh!"},
		"en": {"personal code", "telephone number", "Waiting", "Control code: 4711", "Thank you!"},
		"ru": {"личный код", "телефонный номер", "Ждём", "Контрольный код: 4711", "Спасибо!"},
		"fi": {"isikukood", "telefoninumber", "Ootame", "Kontrollkood: 4711", "Aitäh!"},
	} {
		t.Run(language, func(t *testing.T) {
			o := newChatBureau(t)
			c := o.Chat("viber")
			c.Happens(&channels.Received{ID: "first", Content: channels.Text{Body: "kes"}, From: channels.Profile{Language: language},
				EventMeta: channels.EventMeta{Key: "first", Channel: "viber", Peer: c.Address().Peer, At: alttest.Start()}})
			require.NoError(t, errors.Join(o.errs...))
			c.Says(" " + canaryCode + " ")
			c.Says("372 0000 0766")
			o.approve()
			got := wordsTo(c)
			require.Len(t, got, len(want), "%q", got)
			for i := range want {
				require.Contains(t, got[i], want[i])
			}
			require.Contains(t, got[0], "Terviseamet")
			require.Contains(t, got[0], "Toetuse seis")
			require.Len(t, o.ident.begins, 1)
			require.Equal(t, "EE"+canaryCode, string(o.ident.begins[0].Code))
			require.Equal(t, canaryPhone, string(o.ident.begins[0].Phone))
			require.Equal(t, "Terviseamet", o.ident.begins[0].Text[strings.Index(o.ident.begins[0].Text, "T"):][:len("Terviseamet")])
			require.Equal(t, []string{"auth: MARY ÄNN substantial"}, o.auths, "the handler sees the end only, and no more than a dialogue is worth")
			d := c.Dossier()
			require.Equal(t, alt.LoginProven, d.Conversation.Login.Status)
			require.Equal(t, eid.Substantial, d.Session.Level)
			accounts, err := o.Service().Accounts(t.Context(), "agency", mari().Code)
			require.NoError(t, err)
			require.Len(t, accounts, 1)
			o.Advance(10 * time.Minute)
			require.Len(t, o.auths, 1, "the end of its time means nothing any more")
			c.Says("aitäh")
			require.Equal(t, "aitäh", c.Transcript()[len(c.Transcript())-1].Content.(channels.Text).Body, "what comes after is a message again")
		})
	}
}

func TestWhatIsSaidInADialogueIsNoMessage(t *testing.T) {
	o := newChatBureau(t)
	c := o.asked(t, o.Chat("viber"))
	c.Says(canaryCode).Redelivered().Says(canaryPhone).Redelivered()
	require.Len(t, o.ident.begins, 1)
	c.Happens(&channels.Edited{ID: c.LastID(), Content: channels.Text{Body: canaryPhone + "1"},
		EventMeta: channels.EventMeta{Key: "edit-1", Channel: "viber", Peer: c.Address().Peer, At: alttest.Start()}})
	o.approve()
	c.Happens(&channels.Edited{ID: c.LastID(), Content: channels.Text{Body: canaryPhone + "2"},
		EventMeta: channels.EventMeta{Key: "edit-2", Channel: "viber", Peer: c.Address().Peer, At: alttest.Start()}})
	require.Len(t, o.auths, 1)
	require.Len(t, c.Sent(), 5)
	var kept []string
	for _, m := range c.Transcript() {
		kept = append(kept, fmt.Sprint(m.Content.(channels.Text).Body))
	}
	require.Equal(t, []string{"kes", wordsTo(c)[4]}, kept)
	for _, canary := range []string{canaryCode, canaryPhone, canaryPhone[4:], canaryControl, "isikukood", channels.Blank} {
		page, _, err := o.Store().Conversations(t.Context(), alt.ConversationQuery{Agency: "agency", Text: canary})
		require.NoError(t, err)
		require.Empty(t, page, canary)
	}
	log, _, err := o.Store().Log(t.Context(), alt.LogQuery{Agency: "agency", Limit: 1000})
	require.NoError(t, err)
	for _, e := range log {
		for k, v := range e.Detail {
			for _, canary := range []string{canaryCode, canaryPhone[4:], canaryControl} {
				require.NotContains(t, v, canary, "%s %s", e.Act, k)
			}
		}
	}
	require.Subset(t, acts(log), []string{"login.asked", "login.answered", "login.chosen", "login.begun", "login.proven", "session.proven"})
}

func TestADialogueEndsWithoutProofAndSaysNoMoreThanThat(t *testing.T) {
	for name, x := range map[string]struct {
		do     func(t *testing.T, o *bureau, c *alttest.Chat)
		reason string
	}{
		"cancelled at the first question":     {func(_ *testing.T, _ *bureau, c *alttest.Chat) { c.Says("Katkesta!") }, alt.LoginRefused},
		"cancelled at the second, in English": {func(_ *testing.T, _ *bureau, c *alttest.Chat) { c.Says(canaryCode).Says("CANCEL") }, alt.LoginRefused},
		"cancelled by a tap, in Russian": {func(_ *testing.T, _ *bureau, c *alttest.Chat) {
			c.Sends(channels.Chosen{ID: "x", Title: "Отмена"})
		}, alt.LoginRefused},
		"cancelled while the telephone asks": {func(_ *testing.T, _ *bureau, c *alttest.Chat) { c.Says(canaryCode).Says(canaryPhone).Says("katkesta") }, alt.LoginRefused},
		"three wrong codes":                  {func(_ *testing.T, _ *bureau, c *alttest.Chat) { c.Says("tere").Says("60001019907").Says("EE1") }, alt.LoginMistaken},
		"two wrong codes and a wrong number": {func(_ *testing.T, _ *bureau, c *alttest.Chat) {
			c.Says("a").Sends(channels.Location{}).Says(canaryCode).Says("12")
		}, alt.LoginMistaken},
		"nobody answers": {func(_ *testing.T, o *bureau, _ *alttest.Chat) { o.Advance(5*time.Minute + time.Second) }, alt.LoginExpired},
		"nobody answers the second question": {func(_ *testing.T, o *bureau, c *alttest.Chat) {
			o.Advance(4 * time.Minute)
			c.Says(canaryCode)
			o.Advance(4 * time.Minute)
			o.Advance(2 * time.Minute)
		}, alt.LoginExpired},
		"nobody types PIN1": {func(_ *testing.T, o *bureau, c *alttest.Chat) {
			c.Says(canaryCode).Says(canaryPhone)
			o.Advance(6 * time.Minute)
			o.Advance(time.Second)
		}, alt.LoginExpired},
		"the person declines at the telephone":   {decides(eid.ErrRefused), alt.LoginRefused},
		"the person has no Mobile-ID":            {decides(eid.ErrNoAccount), alt.LoginNoAccount},
		"an answer that proves nothing":          {decides(eid.ErrUntrusted), alt.LoginUntrusted},
		"the service cannot use code and number": {begins(eid.ErrRequest), alt.LoginNoAccount},
		"the service is out of order":            {begins(errors.New("outage")), alt.LoginExpired},
	} {
		t.Run(name, func(t *testing.T) {
			o := newChatBureau(t)
			c := o.asked(t, o.Chat("viber"))
			x.do(t, o, c)
			require.Equal(t, []string{"auth:" + x.reason}, o.auths)
			d := c.Dossier()
			require.Equal(t, alt.LoginFailed, d.Conversation.Login.Status)
			require.Equal(t, x.reason, d.Conversation.Login.Reason)
			require.Nil(t, d.Session.Identity)
			got := wordsTo(c)
			require.Contains(t, got[len(got)-1], "ei õnnestunud")
			o.ident.id, o.ident.err = mari(), nil
			o.Advance(time.Minute)
			require.Len(t, o.auths, 1)
			require.Nil(t, c.Dossier().Session.Identity)
			c.Says("tere")
			require.Equal(t, channels.Text{Body: "tere"}, c.Transcript()[len(c.Transcript())-1].Content)
		})
	}
}

func decides(err error) func(*testing.T, *bureau, *alttest.Chat) {
	return func(_ *testing.T, o *bureau, c *alttest.Chat) {
		c.Says(canaryCode).Says(canaryPhone)
		o.ident.err = err
		o.Advance(10 * time.Second)
	}
}

func begins(err error) func(*testing.T, *bureau, *alttest.Chat) {
	return func(_ *testing.T, o *bureau, c *alttest.Chat) {
		o.ident.limit = err
		c.Says(canaryCode).Says(canaryPhone)
		for range 4 {
			o.Advance(10 * time.Second)
		}
	}
}

func TestWrongAnswersHaveOneText(t *testing.T) {
	o := newChatBureau(t)
	c := o.asked(t, o.Chat("viber"))
	c.Says("60001019907").Says(canaryCode).Says("x")
	got := wordsTo(c)
	require.Equal(t, got[1], got[3], "a code and a number alike")
	require.Contains(t, got[1], "KATKESTA")
	c.Says("5555 0766").Says("kaua veel?")
	got = wordsTo(c)
	require.Equal(t, got[4], got[6], "while the telephone asks, people are told to wait")
}

func TestCodesAndNumbersAreReadAsPeopleWriteThem(t *testing.T) {
	for written, want := range map[string][2]string{
		" 6000 1019906":    {"EE60001019906", ""},
		"ee60001019906":    {"EE60001019906", ""},
		"LT 38507231110":   {"LT38507231110", ""},
		"555 0001":         {"", "+3725550001"},
		"5555-0001":        {"", "+37255550001"},
		"372 555 0001":     {"", "+3725550001"},
		"+372 5555 0001":   {"", "+37255550001"},
		"00370 600 00666":  {"", "+37060000666"},
		"37060000666":      {"", "+37060000666"},
		"FI131052-308T":    {"", ""},
		"60001019906 jah":  {"", ""},
		"minu number on 5": {"", ""},
	} {
		t.Run(written, func(t *testing.T) {
			o := newChatBureau(t)
			c := o.asked(t, o.Chat("viber"))
			if want[0] == "" {
				c.Says(canaryCode)
			}
			c.Says(written)
			if want[1] == "" {
				c.Says(canaryPhone)
			}
			switch {
			case want == [2]string{} && len(o.ident.begins) == 1:
				require.Equal(t, canaryPhone, string(o.ident.begins[0].Phone), "asked again")
				require.Contains(t, strings.Join(wordsTo(c), "\n"), "Sellest ei saanud aru")
			case want[0] != "":
				require.Equal(t, want[0], string(o.ident.begins[0].Code))
			default:
				require.Equal(t, want[1], string(o.ident.begins[0].Phone))
			}
		})
	}
}

func TestALineAsksInTheChatOnlyAsItsPolicySays(t *testing.T) {
	for name, x := range map[string]struct {
		policy alt.LoginPolicy
		level  eid.Level
		method eid.Method
		ok     bool
	}{
		"substantial":                    {alt.LoginPolicy{InChat: true}, eid.Substantial, eid.MobileID, true},
		"high, which it does not prove":  {alt.LoginPolicy{InChat: true}, eid.High, eid.MobileID, false},
		"high, where the policy says so": {alt.LoginPolicy{InChat: true, InChatMost: eid.High}, eid.High, eid.MobileID, true},
		"switched off altogether":        {alt.LoginPolicy{InChat: true, Off: true}, eid.Low, eid.MobileID, false},
		"a service without Mobile-ID":    {alt.LoginPolicy{InChat: true}, eid.Substantial, eid.SmartID, false},
		"substantial, but proves low":    {alt.LoginPolicy{InChat: true, InChatMost: eid.Low}, eid.Substantial, eid.MobileID, false},
	} {
		t.Run(name, func(t *testing.T) {
			o := newBureau(t, func(l *alt.Logins) {
				l.Lines = map[channels.ID]alt.LoginPolicy{"viber": x.policy}
				l.Methods[0].(*ident).method = x.method
			})
			o.want.Level = x.level
			c := o.Chat("viber").Says("kes")
			if x.ok {
				require.NoError(t, o.errs[0])
				c.Says(canaryCode).Says(canaryPhone)
				o.approve()
				require.Equal(t, x.level, c.Dossier().Session.Level)
				return
			}
			require.ErrorIs(t, o.errs[0], alt.ErrPolicy)
			require.Nil(t, c.Dossier().Conversation.Login)
		})
	}
	o := newChatBureau(t)
	c := o.Chat("sms").Says("kes")
	require.NoError(t, o.errs[0])
	require.NotEmpty(t, o.link(t, c), "a line that is not named has links")
	require.False(t, c.Dossier().Conversation.Login.InChat)
	c.Says(canaryCode)
	require.Equal(t, channels.Text{Body: canaryCode}, c.Transcript()[len(c.Transcript())-1].Content, "and asks for no code")
}

func TestEveryQuestionIsOneMessageOnEveryKindOfLine(t *testing.T) {
	for _, kind := range []channels.Kind{channels.WhatsApp, channels.Messenger, channels.Instagram, channels.Viber, channels.Telegram, channels.SMS, channels.WebChat} {
		for _, language := range []string{"et", "en", "ru"} {
			t.Run(string(kind)+" "+language, func(t *testing.T) {
				id := &ident{method: eid.MobileID, err: eid.ErrPending}
				hs := alttest.NewWith(t, alttest.Config{Lines: map[channels.ID]channels.Kind{"line": kind},
					Handler: alt.HandlerFunc(func(_ context.Context, turn *alt.Turn) error {
						turn.SetLanguage(language)
						err := turn.Authenticate(alt.Authentication{Purpose: strings.Repeat("ж", 200)})
						require.NoError(t, err)
						return err
					}),
					Change: func(c *alt.Config) {
						c.Logins.Methods = []eid.Authenticator{id}
						c.Logins.Names["agency"]["et"] = strings.Repeat("Ж", 28)
						c.Logins.Lines["line"] = alt.LoginPolicy{InChat: true}
					}})
				c := hs.Chat("line").Says("tere").Says("x").Says(canaryCode).Says(canaryPhone)
				require.Len(t, c.Sent(), 5)
			})
		}
	}
}

func TestTwoPeopleAndTwoLoginsAreApart(t *testing.T) {
	o := newChatBureau(t)
	one, two := o.asked(t, o.ChatAs("viber", "one")), o.asked(t, o.ChatAs("viber", "two"))
	one.Says(canaryCode)
	two.Says("38001085718").Says("+37269930366")
	one.Says(canaryPhone)
	require.Len(t, o.ident.begins, 2)
	require.Equal(t, "EE38001085718", string(o.ident.begins[0].Code))
	require.Equal(t, "EE"+canaryCode, string(o.ident.begins[1].Code))
	two.Says("katkesta")
	o.approve()
	require.NotNil(t, one.Dossier().Session.Identity)
	require.Nil(t, two.Dossier().Session.Identity)

	stranger := o.ChatAs("viber", "stranger").Says(canaryCode).Says(canaryControl)
	require.Nil(t, stranger.Dossier().Session.Identity)
	require.Len(t, stranger.Transcript(), 2, "who is in no dialogue writes messages")

	o.want.Purpose = ""
	two.Says("kes").Says(canaryCode) // asked again, by the handler: the older one is void
	o.ident.id, o.ident.err = mari(), eid.ErrPending
	two.Says(canaryPhone)
	o.approve()
	require.NotNil(t, two.Dossier().Session.Identity, "one person may have two accounts")
}

func TestNobodyIsPesteredWithRequests(t *testing.T) {
	o := newChatBureau(t)
	for i := range 6 {
		c := o.asked(t, o.ChatAs("viber", channels.Peer(fmt.Sprint("thief-", i))))
		c.Says(canaryCode).Says(canaryPhone)
		if i == 5 {
			require.Equal(t, alt.LoginTooOften, c.Dossier().Conversation.Login.Reason)
		}
	}
	require.Len(t, o.ident.begins, 5)
}
