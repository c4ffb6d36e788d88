package alt_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
)

// addresses are those of a person's accounts, the latest proof first.
func (o *bureau) addresses(t *testing.T, code eid.PersonalCode) []channels.Address {
	t.Helper()
	found, err := o.Service().Accounts(t.Context(), "agency", code)
	require.NoError(t, err)
	var out []channels.Address
	for _, a := range found {
		require.Equal(t, eid.High, a.Level)
		out = append(out, a.Address)
	}
	return out
}

func (o *bureau) proveAs(t *testing.T, c *alttest.Chat, code eid.PersonalCode) {
	t.Helper()
	c.Says("kes")
	p := o.Service().LoginPages()
	cookie, _, err := p.Open(t.Context(), "agency", o.link(t, c))
	require.NoError(t, err)
	_, err = p.Begin(t.Context(), cookie, eid.SmartID, alt.LoginInput{})
	require.NoError(t, err)
	o.ident.id, o.ident.err = mari(), nil
	o.ident.id.Code = code
	v, err := p.Check(t.Context(), cookie, nil)
	require.NoError(t, err)
	c.Says(v.Return[len("https://chat.example/")+len(string(c.Address().Channel))+len("?word="):])
	require.Equal(t, code, c.Dossier().Session.Identity.Code)
}

const (
	maryCode eid.PersonalCode = "EE60001019906"
	jaakCode eid.PersonalCode = "EE38001085718"
)

func TestAccountsOfOnePersonAreFoundTogetherOnceEachHasProvenIt(t *testing.T) {
	o := newBureau(t)
	viber, sms, other := o.Chat("viber"), o.Chat("sms"), o.ChatAs("viber", "jaak")
	require.Empty(t, o.addresses(t, maryCode))
	o.proveAs(t, viber, maryCode)
	other.Says("tere")
	require.Equal(t, []channels.Address{viber.Address()}, o.addresses(t, maryCode))
	o.proveAs(t, sms, maryCode)
	o.proveAs(t, other, jaakCode)
	require.Equal(t, []channels.Address{sms.Address(), viber.Address()}, o.addresses(t, maryCode))
	require.Equal(t, []channels.Address{other.Address()}, o.addresses(t, jaakCode))
	o.Advance(25 * time.Hour)
	require.Len(t, o.addresses(t, maryCode), 2, "the sessions have ended, the accounts are still hers")
	o.proveAs(t, viber, maryCode)
	require.Equal(t, []channels.Address{viber.Address(), sms.Address()}, o.addresses(t, maryCode), "once each")
	found, err := o.Service().Accounts(t.Context(), "rik", maryCode)
	require.NoError(t, err)
	require.Empty(t, found)
}

func TestAccountsCanBeTakenApart(t *testing.T) {
	o := newBureau(t)
	viber, sms := o.Chat("viber"), o.Chat("sms")
	o.proveAs(t, viber, maryCode)
	o.proveAs(t, sms, maryCode)
	svc := o.Service()
	require.ErrorIs(t, svc.TakeApart(t.Context(), viber.Address(), jaakCode, "anu"), alt.ErrNotFound)
	require.NoError(t, svc.TakeApart(t.Context(), viber.Address(), maryCode, "anu"))
	require.Equal(t, []channels.Address{sms.Address()}, o.addresses(t, maryCode))
	require.ErrorIs(t, svc.TakeApart(t.Context(), viber.Address(), maryCode, "anu"), alt.ErrNotFound)
	require.NoError(t, svc.TakeApart(t.Context(), sms.Address(), maryCode, "anu"))
	require.Empty(t, o.addresses(t, maryCode))
	log, _, err := o.Store().Log(t.Context(), alt.LogQuery{Agency: "agency", Limit: 1000})
	require.NoError(t, err)
	require.Contains(t, acts(log), "account.taken_apart")
	o.proveAs(t, sms, maryCode)
	require.Len(t, o.addresses(t, maryCode), 1)
}

func TestAccountsSurviveAChangeOfKeysAndAreForgottenInTime(t *testing.T) {
	older := alt.Key{ID: "old", Secret: []byte("0123456789abcdef0123456789abcdef")}
	keys := []alt.Key{older}
	o := newBureau(t, func(l *alt.Logins) { l.Keys = func() []alt.Key { return keys } })
	viber, sms := o.Chat("viber"), o.Chat("sms")
	o.proveAs(t, viber, maryCode)
	keys = []alt.Key{{ID: "new", Secret: []byte("fedcba9876543210fedcba9876543210")}, older}
	require.Len(t, o.addresses(t, maryCode), 1)
	o.proveAs(t, sms, maryCode)
	keys = keys[:1]
	require.Len(t, o.addresses(t, maryCode), 2, "the last proof has written both under the new key")
	o.Advance(366 * 24 * time.Hour)
	require.Empty(t, o.addresses(t, maryCode))
}
