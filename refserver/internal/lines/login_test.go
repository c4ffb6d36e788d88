package lines_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/refserver/internal/lines"
)

func TestALoginIsOfWhoBeganIt(t *testing.T) {
	s := newScene(t)
	id := s.login()
	for _, other := range []lines.Who{{ID: "jaan", Agency: agency}, {ID: "rein", Agency: "amet"}} {
		_, err := s.m.Login(t.Context(), other, id)
		s.fails("not_found", err)
		_, _, err = s.m.Open(t.Context(), other, id)
		s.fails("not_found", err)
		_, _, err = s.m.Add(t.Context(), other, lines.Request{Login: id, Kind: channels.Messenger, Account: "1001", ID: "politsei"})
		s.fails("not_found", err)
	}
	l, err := s.m.Login(t.Context(), s.who, id)
	require.NoError(t, err)
	require.Equal(t, lines.StepReady, l.Step)
}

func TestALoginEnds(t *testing.T) {
	s := newScene(t)
	begun, err := s.m.Begin(t.Context(), s.who, "")
	require.NoError(t, err)
	require.Equal(t, noon().Add(lines.LoginFor), begun.Expires)
	id := s.login()
	s.clock = s.clock.Add(lines.LoginFor)
	_, _, err = s.m.Open(t.Context(), s.who, begun.ID)
	s.fails("login_expired", err)
	_, err = s.m.Login(t.Context(), s.who, id)
	require.NoError(t, err, "there is time to choose")
	s.clock = s.clock.Add(lines.LoginKept)
	_, err = s.m.Login(t.Context(), s.who, id)
	s.fails("login_expired", err)

	id = s.login()
	s.restart()
	_, err = s.m.Login(t.Context(), s.who, id)
	require.NoError(t, err, "another process goes on with it")
}

func TestOnlyTheBrowserThatWentComesBack(t *testing.T) {
	s := newScene(t)
	begun, err := s.m.Begin(t.Context(), s.who, "fake")
	require.NoError(t, err)
	first, _, err := s.m.Open(t.Context(), s.who, begun.ID)
	require.NoError(t, err)
	cookie, _, err := s.m.Open(t.Context(), s.who, begun.ID)
	require.NoError(t, err)
	back := func(cookie string) error {
		_, err := s.m.Return(t.Context(), "fake", cookie, url.Values{"state": {"state-of-" + cookie}, "code": {"c"}})
		return err
	}
	for name, cookie := range map[string]string{
		"an earlier one": first, "none": "", "one of no login": "x.y", "one without its secret": begun.ID + ".", "the login's name": begun.ID,
	} {
		t.Run(name, func(t *testing.T) { s.fails("login_state", back(cookie)) })
	}
	_, err = s.m.Return(t.Context(), "other", cookie, url.Values{})
	s.fails("login_state", err)
	require.NoError(t, back(cookie))
	s.fails("login_state", back(cookie)) // once
	_, _, err = s.m.Open(t.Context(), s.who, begun.ID)
	s.fails("login_code", err)
}

func TestALoginThatFailsSaysWhy(t *testing.T) {
	s := newScene(t)
	s.provider.fail["choices"] = down()
	begun, err := s.m.Begin(t.Context(), s.who, "fake")
	require.NoError(t, err)
	cookie, _, err := s.m.Open(t.Context(), s.who, begun.ID)
	require.NoError(t, err)
	id, err := s.m.Return(t.Context(), "fake", cookie, url.Values{"state": {"state-of-" + cookie}, "code": {"c"}})
	s.fails("provider_down", err)
	require.Equal(t, begun.ID, id)
	l, err := s.m.Login(t.Context(), s.who, id)
	require.NoError(t, err)
	require.Equal(t, []string{lines.StepStopped, "provider_down"}, []string{l.Step, l.Problem})
	_, _, err = s.m.Add(t.Context(), s.who, lines.Request{Login: id, Kind: channels.Messenger, Account: "1001", ID: "politsei"})
	s.fails("login_not_ready", err)
}
