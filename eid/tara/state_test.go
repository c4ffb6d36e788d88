package tara_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/tara"
)

func TestAStateThatWasTouchedIsNotOurs(t *testing.T) {
	w := newWorld(t, change{})
	c := w.begin(eid.Request{Code: mary})
	require.LessOrEqual(t, len(c.State), eid.MaxState)
	for i := range c.State {
		spoiled := append(eid.State(nil), c.State...)
		spoiled[i] ^= 1
		_, err := w.a.Resolve(t.Context(), spoiled, nil)
		require.ErrorIs(t, err, eid.ErrState, "byte %d", i)
		discreet(t, err)
		_, err = w.a.Resolve(t.Context(), c.State[:i], nil)
		require.ErrorIs(t, err, eid.ErrState, "the first %d bytes", i)
	}
	_, err := w.a.Resolve(t.Context(), append(c.State, ' '), nil)
	require.ErrorIs(t, err, eid.ErrState)
	_, err = w.a.Resolve(t.Context(), make(eid.State, eid.MaxState+1), nil)
	require.ErrorIs(t, err, eid.ErrState)
}

func TestAStateIsReadStrictly(t *testing.T) {
	w := newWorld(t, change{})
	body := tara.Body(w.begin(eid.Request{}).State)
	_, err := w.a.Resolve(t.Context(), tara.Sealed(body), nil)
	require.ErrorIs(t, err, eid.ErrPending, "as it was")
	for name, changed := range map[string]string{
		"trailing data":      body + "{}",
		"unknown field":      strings.Replace(body, "{", `{"canary":1,`, 1),
		"another type":       strings.Replace(body, `"level":"substantial"`, `"level":2`, 1),
		"no level":           strings.Replace(body, `"level":"substantial"`, `"level":"undefined"`, 1),
		"no words":           strings.Replace(body, `"nonce":"`, `"nonce":"","nonce":"x`, 1),
		"broken person":      strings.Replace(body, "{", `{"code":"1",`, 1),
		"no end":             strings.Replace(body, `"expires":"2026-11-22T10:10:00Z"`, `"expires":"0001-01-01T00:00:00Z"`, 1),
		"of another client":  strings.Replace(body, client, "agency web", 1),
		"of another service": strings.Replace(body, address, tara.Live, 1),
		"nothing":            "",
		"null":               "null",
	} {
		require.NotEqual(t, body, changed, name)
		_, err := w.a.Resolve(t.Context(), tara.Sealed(changed), nil)
		require.ErrorIs(t, err, eid.ErrState, name)
		discreet(t, err)
	}
}

func TestAStateIsNoUseToAnotherChallenge(t *testing.T) {
	w := newWorld(t, change{})
	mine, theirs := w.begin(eid.Request{}), w.begin(eid.Request{})
	_, err := w.resolve(mine, w.login(theirs, mary))
	require.ErrorIs(t, err, eid.ErrState)
	require.Zero(t, w.sim.Totals().Token)

	// The code of the one with the state of the other: the nonce does not fit.
	mixed := w.login(theirs, mary)
	mixed.Set("state", stateOf(t, mine))
	_, err = w.resolve(mine, mixed)
	require.ErrorIs(t, err, eid.ErrUntrusted)
}
