package session_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/session"
)

func identity(level eid.Level, at time.Time) eid.Identity {
	return eid.Identity{Code: "EE38001085718", GivenName: "Jaak-Kristjan", FamilyName: "Jõeorg", Born: "1980-01-08",
		Method: eid.SmartID, Level: level, At: at, Evidence: []byte("\xff")}
}

func TestAProvenSessionKnowsWhoseItIsUntilItEnds(t *testing.T) {
	s := session.New(address(), noon())
	require.Nil(t, s.Identity)
	id := identity(eid.High, noon())
	require.NoError(t, s.Prove(id))
	require.Equal(t, eid.High, s.Level)
	require.True(t, id.Equal(*s.Identity))
	id.Evidence[0] = 'x'
	require.Equal(t, "\xff", string(s.Identity.Evidence), "the session has a copy of its own")

	b, err := json.Marshal(s)
	require.NoError(t, err)
	back := &session.Session{}
	require.NoError(t, json.Unmarshal(b, back))
	require.Equal(t, s, back)

	c := s.Clone()
	c.Identity.Evidence[0] = 'y'
	c.End(session.ByAge, noon().Add(time.Minute))
	require.Nil(t, c.Identity)
	require.Equal(t, eid.Undefined, c.Level)
	require.Equal(t, "\xff", string(s.Identity.Evidence))

	require.True(t, session.Policy{}.Expire(s, noon().Add(24*time.Hour)))
	require.Nil(t, s.Identity, "an expiry is an end")
	require.Equal(t, eid.Undefined, s.Level)
	b, err = json.Marshal(s)
	require.NoError(t, err)
	require.NotContains(t, string(b), "38001085718")
}

func TestProvenAgainTheStrongerAndTheLaterProofStays(t *testing.T) {
	later := noon().Add(time.Minute)
	for name, c := range map[string]struct {
		first, second, stays eid.Identity
	}{
		"a stronger proof raises the level":               {identity(eid.Low, noon()), identity(eid.High, later), identity(eid.High, later)},
		"a stronger proof does so though it came earlier": {identity(eid.Low, later), identity(eid.High, noon()), identity(eid.High, noon())},
		"a weaker proof does not lower it":                {identity(eid.High, noon()), identity(eid.Substantial, later), identity(eid.High, noon())},
		"of two that are as strong the later stays":       {identity(eid.High, noon()), identity(eid.High, later), identity(eid.High, later)},
		"whichever came first":                            {identity(eid.High, later), identity(eid.High, noon()), identity(eid.High, later)},
	} {
		t.Run(name, func(t *testing.T) {
			s := session.New(address(), noon())
			require.NoError(t, s.Prove(c.first))
			require.NoError(t, s.Prove(c.second))
			require.True(t, c.stays.Equal(*s.Identity))
			require.Equal(t, c.stays.Level, s.Level)
		})
	}
}

func TestWhatCannotBeProvenChangesNothing(t *testing.T) {
	other, half := identity(eid.High, noon()), identity(eid.High, noon())
	other.Code = "EE48507230063"
	half.Code = ""
	s := session.New(address(), noon())
	require.ErrorIs(t, s.Prove(half), eid.ErrIdentity)
	require.ErrorIs(t, s.Prove(eid.Identity{}), eid.ErrIdentity)
	require.Nil(t, s.Identity)
	require.Equal(t, eid.Undefined, s.Level)

	require.NoError(t, s.Prove(identity(eid.Low, noon())))
	require.ErrorIs(t, s.Prove(other), session.ErrOtherPerson, "not even at a higher level")
	require.True(t, identity(eid.Low, noon()).Equal(*s.Identity))
	require.Equal(t, eid.Low, s.Level)

	s.End(session.BySpecialist, noon())
	require.ErrorIs(t, s.Prove(identity(eid.High, noon())), session.ErrEnded)
	require.Nil(t, s.Identity)
}

func standing() eid.Standing {
	return eid.Standing{Kind: eid.EResident, Company: "10421629", Source: "mandates", At: noon()}
}

func TestARegistersWordStaysWithAProvenPersonUntilTheEnd(t *testing.T) {
	s := session.New(address(), noon())
	require.ErrorIs(t, s.Confirm(standing()), session.ErrUnproven, "a claim of somebody unknown is nothing")
	require.NoError(t, s.Prove(identity(eid.Low, noon())))
	before := s.Clone()
	require.NoError(t, s.Confirm(standing()))
	require.Equal(t, standing(), *s.Identity.Standing)
	require.Nil(t, before.Identity.Standing, "an earlier copy is independent")
	require.NoError(t, s.Prove(identity(eid.High, noon().Add(time.Minute))))
	require.Equal(t, standing(), *s.Identity.Standing, "the same person, proven again")

	wrong := standing()
	wrong.Company = "10421628"
	require.ErrorIs(t, s.Confirm(wrong), eid.ErrStanding)
	require.Equal(t, standing(), *s.Identity.Standing)
	alone := eid.Standing{Kind: eid.Citizen, Source: "population", At: noon()}
	require.NoError(t, s.Confirm(alone))
	require.Equal(t, alone, *s.Identity.Standing, "the later word holds, alone")

	s.End(session.ByPerson, noon().Add(time.Hour))
	require.ErrorIs(t, s.Confirm(standing()), session.ErrEnded)
	require.Nil(t, s.Identity)
}

func TestAStandingThatComesWithAnIdentityIsNotTaken(t *testing.T) {
	claimed, st := identity(eid.High, noon()), standing()
	claimed.Standing = &st
	s := session.New(address(), noon())
	require.NoError(t, s.Prove(claimed))
	require.Nil(t, s.Identity.Standing)
}

func TestASessionIsLoggedByItsIDOnly(t *testing.T) {
	s := session.New(address(), noon())
	require.NoError(t, s.Prove(identity(eid.High, noon())))
	var b bytes.Buffer
	for _, h := range []slog.Handler{slog.NewJSONHandler(&b, nil), slog.NewTextHandler(&b, nil)} {
		slog.New(h).Info("test", "session", s, "value", *s)
	}
	require.Contains(t, b.String(), s.ID)
	for _, secret := range []string{"38001085718", "Jaak", "Jõeorg", "1980", "3726000000"} {
		require.NotContains(t, b.String(), secret)
	}
}
