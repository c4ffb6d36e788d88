package session_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/session"
)

func noon() time.Time { return time.Date(2026, time.March, 2, 10, 0, 0, 0, time.UTC) }

func address() channels.Address {
	return channels.Address{Agency: "ppa", Channel: "page", Peer: "3726000000"}
}

func TestANewSessionProvesNothing(t *testing.T) {
	s := session.New(address(), noon())
	require.True(t, s.Active())
	require.Equal(t, eid.Undefined, s.Level)
	require.Empty(t, s.Attrs)
	require.Zero(t, s.Version)
	require.Equal(t, noon(), s.Started)
	require.Equal(t, noon(), s.LastSeen)
	require.NotEqual(t, s.ID, session.New(address(), noon()).ID)
}

func TestASessionEndsOnceAndTakesWhatWasProven(t *testing.T) {
	s := session.New(address(), noon())
	s.Level = eid.High
	s.End(session.ByPerson, noon().Add(time.Minute))
	s.End(session.ByAge, noon().Add(time.Hour))
	require.False(t, s.Active())
	require.Equal(t, session.ByPerson, s.Reason)
	require.Equal(t, noon().Add(time.Minute), s.Ended)
	require.Equal(t, eid.Undefined, s.Level)
}

func TestDeadlineIsTheEarlierOfAgeAndIdleness(t *testing.T) {
	for name, c := range map[string]struct {
		policy session.Policy
		seen   time.Duration // after the start
		end    time.Duration
		why    session.Reason
	}{
		"the defaults are half an hour idle":             {session.Policy{}, 0, 30 * time.Minute, session.ByIdleness},
		"a message puts idleness off":                    {session.Policy{}, 10 * time.Minute, 40 * time.Minute, session.ByIdleness},
		"no message puts age off":                        {session.Policy{}, 24*time.Hour - time.Minute, 24 * time.Hour, session.ByAge},
		"idleness and age at the same time count as age": {session.Policy{}, 24*time.Hour - 30*time.Minute, 24 * time.Hour, session.ByAge},
		"a shorter age holds":                            {session.Policy{Max: time.Hour}, 50 * time.Minute, time.Hour, session.ByAge},
		"a longer age than 24 hours does not":            {session.Policy{Max: 48 * time.Hour, Idle: -1}, 0, 24 * time.Hour, session.ByAge},
		"a negative age means the greatest":              {session.Policy{Max: -1, Idle: -1}, 0, 24 * time.Hour, session.ByAge},
		"another idle limit holds":                       {session.Policy{Idle: 5 * time.Minute}, 0, 5 * time.Minute, session.ByIdleness},
		"idle longer than a day changes nothing":         {session.Policy{Idle: 48 * time.Hour}, 0, 24 * time.Hour, session.ByAge},
	} {
		t.Run(name, func(t *testing.T) {
			s := session.New(address(), noon())
			s.LastSeen = noon().Add(c.seen)
			end, why := c.policy.Deadline(s)
			require.Equal(t, noon().Add(c.end), end)
			require.Equal(t, c.why, why)

			require.False(t, c.policy.Expire(s, end.Add(-time.Nanosecond)))
			require.True(t, s.Active())
			require.True(t, c.policy.Expire(s, end.Add(time.Hour)))
			require.Equal(t, end, s.Ended, "it ended at its deadline, not when somebody looked")
			require.Equal(t, c.why, s.Reason)
			require.False(t, c.policy.Expire(s, end.Add(2*time.Hour)), "once")
		})
	}
}

func TestAttributesAreOfTheSessionAlone(t *testing.T) {
	s := session.New(address(), noon())
	require.Empty(t, s.Get("topic"))
	s.Set("topic", "")
	require.Nil(t, s.Attrs)
	s.Set("topic", "passport")
	c := s.Clone()
	c.Set("topic", "other")
	c.Set("more", "x")
	require.Equal(t, map[string]string{"topic": "passport"}, s.Attrs)
	s.Set("topic", "")
	require.Empty(t, s.Attrs)
	require.Equal(t, "other", c.Get("topic"))
}

func TestASessionPrintsItsIDOnly(t *testing.T) {
	s := session.New(address(), noon())
	s.Set("name", "Mari Maasikas")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		require.Equal(t, "session "+s.ID, fmt.Sprintf(verb, s))
	}
}
