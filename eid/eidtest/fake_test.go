package eidtest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest"
)

func TestFakeDecidesAsTold(t *testing.T) {
	f := eidtest.New(eidtest.Config{})
	f.Script(eidtest.Refuse)
	f.Script(eidtest.TimeOut, eidtest.Missing, eidtest.Wait, eidtest.Break)
	for i, want := range []error{eid.ErrRefused, eid.ErrExpired, eid.ErrNoAccount, eid.ErrPending, nil} {
		c, err := f.Begin(t.Context(), eid.Request{})
		require.NoError(t, err)
		_, err = f.Resolve(t.Context(), c.State, nil)
		if want != nil {
			require.ErrorIs(t, err, want, i)
		}
		require.Error(t, err)
	}
	c, err := f.Begin(t.Context(), eid.Request{Level: eid.High})
	require.NoError(t, err)
	id, err := f.Resolve(t.Context(), c.State, nil)
	require.NoError(t, err)
	require.Equal(t, "EE60001019906", string(id.Code))
	require.Equal(t, eid.Method("fake"), id.Method)
	f.Answer(c.State, eidtest.Refuse)
	_, err = f.Resolve(t.Context(), c.State, nil)
	require.ErrorIs(t, err, eid.ErrRefused)
	require.Nil(t, f.Answer(eid.State("another"), eidtest.Approve))
	require.Len(t, f.Requests(), 6)
	require.Equal(t, eid.High, f.Requests()[5].Level)
}

func TestFakeIsWhoItIsToldToBe(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	f := eidtest.New(eidtest.Config{
		Method: eid.SmartID, Person: eid.Identity{Code: "LV010117-21234", GivenName: "X", Level: eid.Low},
		Now: func() time.Time { return at }, Lifetime: time.Minute,
	})
	require.Equal(t, eid.SmartID, f.Method())
	c, err := f.Begin(t.Context(), eid.Request{Level: eid.Low})
	require.NoError(t, err)
	require.Equal(t, at.Add(time.Minute), c.Expires)
	id, err := f.Resolve(t.Context(), c.State, nil)
	require.NoError(t, err)
	require.Equal(t, eid.Identity{Code: "LV010117-21234", GivenName: "X", Level: eid.Low, Method: eid.SmartID, At: at}, id)
	c, err = f.Begin(t.Context(), eid.Request{})
	require.NoError(t, err)
	_, err = f.Resolve(t.Context(), c.State, nil)
	require.ErrorIs(t, err, eid.ErrTooWeak, "substantial is asked for unless another is")
}
