package alt_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest"
)

// clerk is a service whose bot asks the register about the company that a person
// names, and keeps what it heard.
type clerk struct {
	*alttest.Harness

	register *eidtest.Register
	said     eid.Standing
	err      error
}

func newClerk(t *testing.T) *clerk {
	t.Helper()
	c := &clerk{register: &eidtest.Register{Name: "mandates", Now: alttest.Start,
		Kinds:    map[eid.PersonalCode]eid.Kind{"EE60001019906": eid.EResident},
		Mandates: map[eid.Company][]eid.PersonalCode{"10421629": {"EE60001019906"}, "10060701": {"EE38001085718"}}}}
	c.Harness = alttest.NewWith(t, alttest.Config{
		Lines: map[channels.ID]channels.Kind{"viber": channels.Viber},
		Handler: alt.HandlerFunc(func(ctx context.Context, t *alt.Turn) error {
			if t.Text() == "prove" {
				return t.Session().Prove(mari())
			}
			c.said, c.err = t.Standing(ctx, eid.Company(strings.TrimPrefix(t.Text(), "for ")))
			return nil
		}),
		Change: func(cfg *alt.Config) {
			cfg.Logins = &alt.Logins{Methods: []eid.Authenticator{&ident{method: eid.SmartID}}, URL: "https://agency.example/login", Register: c.register,
				Keys: func() []alt.Key { return []alt.Key{{ID: "k", Secret: []byte("0123456789abcdef0123456789abcdef")}} }, Names: map[channels.Agency]map[string]string{"agency": {"et": "Terviseamet"}}}
		},
	})
	return c
}

func TestWhomAPersonActsForIsTheRegistersToSay(t *testing.T) {
	c := newClerk(t)
	chat := c.Chat("viber").Says("for 10421629")
	require.ErrorIs(t, c.err, alt.ErrPolicy, "somebody who has proven nothing claims in vain")
	require.Nil(t, chat.Dossier().Session.Identity)

	chat.Says("prove").Says("for 10421629")
	require.NoError(t, c.err)
	want := eid.Standing{Kind: eid.EResident, Company: "10421629", Source: "mandates", At: alttest.Start()}
	require.Equal(t, want, c.said)
	require.Equal(t, want, *chat.Dossier().Session.Identity.Standing)

	for name, step := range map[string]struct {
		says string
		err  error
	}{
		"another's company":         {"for 10060701", eid.ErrMandate},
		"a code of no company":      {"for 10421628", eid.ErrCompany},
		"a company nobody has told": {"for 12345678", eid.ErrMandate},
	} {
		chat.Says(step.says)
		require.ErrorIs(t, c.err, step.err, name)
		require.Equal(t, want, *chat.Dossier().Session.Identity.Standing, "%s changes nothing", name)
	}
	chat.Says("for ")
	require.NoError(t, c.err)
	require.Equal(t, eid.Company(""), chat.Dossier().Session.Identity.Standing.Company, "for themselves")
	require.Equal(t, eid.EResident, chat.Dossier().Session.Identity.Standing.Kind)

	log, _, err := c.Store().Log(t.Context(), alt.LogQuery{Agency: "agency", Limit: 100})
	require.NoError(t, err)
	var told []map[string]string
	for _, e := range log {
		for k, v := range e.Detail {
			require.NotContains(t, v, "10421629", "%s of %s", k, e.Act)
		}
		if strings.HasPrefix(e.Act, "standing.") {
			told = append(told, e.Detail)
		}
	}
	require.Len(t, told, 4)
	require.Equal(t, map[string]string{"kind": "e_resident", "source": "mandates", "acts_for": "company"}, told[0])
}

func TestARightThatTheRegisterTakesBackIsGone(t *testing.T) {
	c := newClerk(t)
	chat := c.Chat("viber").Says("prove").Says("for 10421629")
	require.NoError(t, c.err)
	c.register.Err = errors.New("the register is away")
	chat.Says("for 10421629")
	require.ErrorIs(t, c.err, c.register.Err)
	require.Equal(t, eid.Company("10421629"), chat.Dossier().Session.Identity.Standing.Company, "an outage says nothing")

	c.register.Err, c.register.Mandates = nil, nil
	chat.Says("for 10421629")
	require.ErrorIs(t, c.err, eid.ErrMandate)
	st := chat.Dossier().Session.Identity.Standing
	require.Empty(t, string(st.Company))
	require.Equal(t, eid.EResident, st.Kind, "what they are they still are")
}

// rash is a register that answers about a company which nobody asked for.
type rash struct{ eid.Register }

func (r rash) Standing(ctx context.Context, who eid.Identity, _ eid.Company) (eid.Standing, error) {
	return r.Register.Standing(ctx, who, "10421629")
}

func TestARegisterThatAnswersAnotherQuestionIsNotBelieved(t *testing.T) {
	var err error
	c := newClerk(t)
	hs := alttest.NewWith(t, alttest.Config{
		Lines: map[channels.ID]channels.Kind{"viber": channels.Viber},
		Handler: alt.HandlerFunc(func(ctx context.Context, t *alt.Turn) error {
			if e := t.Session().Prove(mari()); e != nil {
				return e
			}
			_, err = t.Standing(ctx, "")
			return nil
		}),
		Change: func(cfg *alt.Config) {
			cfg.Logins = &alt.Logins{Methods: []eid.Authenticator{&ident{method: eid.SmartID}}, URL: "https://agency.example/login", Register: rash{c.register},
				Keys: func() []alt.Key { return []alt.Key{{ID: "k", Secret: []byte("0123456789abcdef0123456789abcdef")}} }, Names: map[channels.Agency]map[string]string{"agency": {"et": "Terviseamet"}}}
		},
	})
	chat := hs.Chat("viber").Says("tere")
	require.Error(t, err)
	require.Nil(t, chat.Dossier().Session.Identity.Standing)
}
