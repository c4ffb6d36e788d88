package alt_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/session"
)

// known is a chat whose person has proven who they are.
func known(t *testing.T, o *bureau) *alttest.Chat {
	t.Helper()
	c := o.Chat("viber").Says("kes")
	c.Says(o.prove(t, c))
	require.Equal(t, eid.High, c.Dossier().Session.Level)
	return c
}

// told is what the person was told last, as a text.
func told(t *testing.T, c *alttest.Chat) string {
	t.Helper()
	sent := c.Sent()
	require.NotEmpty(t, sent)
	text, ok := sent[len(sent)-1].Content.(channels.Text)
	require.True(t, ok)
	return text.Body
}

func TestWhoeverIsNoLongerProvenIsToldWhyAndSoIsTheDesk(t *testing.T) {
	end := func(why session.Reason) func(*testing.T, *bureau, *alttest.Chat) {
		return func(t *testing.T, o *bureau, c *alttest.Chat) {
			require.NoError(t, o.Service().Talk(t.Context(), "agency", c.Dossier().Conversation.ID, "mari", func(t *alt.Turn) error {
				t.End(why)
				return nil
			}))
			o.Settle()
		}
	}
	for name, row := range map[string]struct {
		happens func(t *testing.T, o *bureau, c *alttest.Chat)
		reason  session.Reason
		says    map[string]string // by language; nil: nothing
	}{
		"a specialist ends it": {end(session.BySpecialist), session.BySpecialist, map[string]string{
			"et": "Asutus lõpetas vestluse.", "en": "The agency has ended the conversation.", "ru": "Учреждение завершило разговор."}},
		"the person ends it": {end(session.ByPerson), session.ByPerson, map[string]string{
			"et": "teie soovil lõpetatud", "en": "ended at your wish", "ru": "по вашему желанию"}},
		"the person is silent": {func(_ *testing.T, o *bureau, _ *alttest.Chat) { o.Advance(10 * time.Minute) }, session.ByIdleness, map[string]string{
			"et": "ei ole mõnda aega kirjutanud", "en": "have not written for a while", "ru": "некоторое время не писали"}},
		"the time is over though the person writes": {func(_ *testing.T, o *bureau, c *alttest.Chat) {
			for range 8 {
				o.Advance(8 * time.Minute)
				c.Says("veel")
			}
		}, session.ByAge, map[string]string{"et": "see aeg sai läbi", "en": "that time is over", "ru": "время истекло"}},
		"the account may be somebody else's now": {func(_ *testing.T, _ *bureau, c *alttest.Chat) {
			c.Happens(&channels.PeerChanged{New: "another", EventMeta: channels.EventMeta{Key: "changed", Channel: "viber", Peer: c.Address().Peer, At: alttest.Start()}})
		}, session.ByNewPeer, nil},
	} {
		for _, lang := range []string{"et", "en", "ru"} {
			t.Run(name+", in "+lang, func(t *testing.T) {
				o := newBureauWith(t, func(c *alt.Config) {
					c.Language, c.Session = lang, session.Policy{Idle: 10 * time.Minute, Max: time.Hour}
				})
				c := known(t, o)
				before := len(c.Sent())
				row.happens(t, o, c)
				login := c.Dossier().Conversation.Login
				require.Equal(t, alt.LoginOver, login.Status)
				require.Equal(t, string(row.reason), login.Reason)
				require.False(t, login.Over.IsZero())
				if row.says == nil {
					require.Len(t, c.Sent(), before, "who may be somebody else learns nothing")
					return
				}
				require.Contains(t, told(t, c), row.says[lang])
				require.Len(t, c.Sent(), before+1, "told once")
				o.Advance(2 * time.Hour)
				require.Len(t, c.Sent(), before+1)
			})
		}
	}
}

func TestASilentEndIsToldWithTheNextMessageWhereNobodyHasEndedTheSessionYet(t *testing.T) {
	o := newBureauWith(t, func(c *alt.Config) { c.Store = lazy{c.Store} })
	c := known(t, o)
	o.Advance(31 * time.Minute)
	require.Equal(t, alt.LoginProven, c.Dossier().Conversation.Login.Status)
	c.Says("kas keegi on seal?")
	require.Equal(t, alt.LoginOver, c.Dossier().Conversation.Login.Status)
	require.Contains(t, told(t, c), "ei ole mõnda aega kirjutanud")
	require.Equal(t, eid.Undefined, c.Dossier().Session.Level)
}

func TestTheEndOfAnOlderSessionLeavesALaterProofAlone(t *testing.T) {
	o := newBureauWith(t, nil)
	c := known(t, o)
	old := *c.Dossier().Session
	o.Advance(time.Hour)
	c.Says("kes")
	c.Says(o.prove(t, c))
	require.Equal(t, alt.LoginProven, c.Dossier().Conversation.Login.Status)
	at := old.LastSeen.Add(session.DefaultIdle)
	c.Happens(&channels.SessionEnded{Session: old.ID, Reason: "idle", EventMeta: channels.EventMeta{Key: "late", Channel: "viber", Peer: c.Address().Peer, At: at}})
	require.Equal(t, alt.LoginProven, c.Dossier().Conversation.Login.Status)
	require.Equal(t, eid.High, c.Dossier().Session.Level)
}

func TestASessionInWhichNobodyWasProvenEndsInSilence(t *testing.T) {
	o := newBureauWith(t, nil)
	c := o.Chat("viber").Says("tere")
	o.Advance(time.Hour)
	require.Empty(t, c.Sent())
	require.Nil(t, c.Dossier().Conversation.Login)
}
