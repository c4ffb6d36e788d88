package alt_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/mobileid"
	"github.com/liidestuja/liidestuja/eid/mobileid/mobileidtest"
	"github.com/liidestuja/liidestuja/eid/trust"
)

// The service of Mobile-ID is simulated; all else is as in production.
func TestInTheChatMobileIDShowsTheSameCodeAndProvesThePerson(t *testing.T) {
	const phone = "+37255500001"
	clock := alttest.NewClock(alttest.Start())
	sim, err := mobileidtest.New(mobileidtest.Config{Now: clock.Now, Poll: -1, People: []mobileidtest.Person{
		{Phone: phone, Code: canaryCode, GivenName: "MARY ÄNN", Surname: "O’CONNEŽ-ŠUSLIK"}}})
	require.NoError(t, err)
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	store, err := trust.New(trust.Config{Anchors: sim.Anchors(), Intermediates: sim.Intermediates()})
	require.NoError(t, err)
	environment := mobileid.Demo()
	environment.BaseURL = srv.URL + "/mid-api"
	method, err := mobileid.New(mobileid.Config{Environment: environment, RelyingPartyUUID: mobileidtest.DemoParty().UUID,
		RelyingPartyName: mobileidtest.DemoParty().Name, Trust: store, Now: clock.Now, PollTimeout: time.Second,
		InsecureNoPins: true, InsecureHTTP: true, InsecureSkipRevocation: true})
	require.NoError(t, err)

	hs := alttest.NewWith(t, alttest.Config{
		Lines: map[channels.ID]channels.Kind{"sms": channels.SMS},
		Handler: alt.Require(alt.Authentication{})(alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
			return t.ReplyText("Tere, " + t.Session().Identity.GivenName)
		})),
		Change: func(c *alt.Config) {
			c.Logins.Methods = append(c.Logins.Methods, method)
			c.Logins.Lines["sms"] = alt.LoginPolicy{InChat: true}
		},
	})
	wait := func(d time.Duration) { clock.Advance(d); hs.Advance(d) }
	c := hs.Chat("sms").Says("tere").Says(canaryCode).Says("5550 0001")
	prompts := sim.Prompts(phone)
	require.Len(t, prompts, 1)
	require.Equal(t, "Vestlus: Asutus, SMS", prompts[0].Text)
	said := wordsTo(c)
	require.Contains(t, said[len(said)-1], "Kontrollkood: "+prompts[0].Code+"\n", "the person compares the two")
	wait(10 * time.Second)
	require.Equal(t, alt.LoginPending, c.Dossier().Conversation.Login.Status)
	require.NoError(t, prompts[0].Approve())
	wait(10 * time.Second)
	said = wordsTo(c)
	require.Equal(t, "Tere, MARY ÄNN", said[len(said)-1])
	s := c.Dossier().Session
	require.Equal(t, eid.Substantial, s.Level, "Mobile-ID is worth more than a dialogue")
	require.Equal(t, "EE"+canaryCode, string(s.Identity.Code))

	other := hs.Chat("sms").Says("tere").Says(canaryCode).Says("5550 0001")
	require.NoError(t, sim.Refuse(phone))
	wait(10 * time.Second)
	require.Equal(t, alt.LoginRefused, other.Dossier().Conversation.Login.Reason)
	nobody := hs.Chat("sms").Says("tere").Says("38001085718").Says("5550 0002")
	wait(10 * time.Second)
	require.Equal(t, alt.LoginNoAccount, nobody.Dossier().Conversation.Login.Reason)
}
