package mobileid_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
	"github.com/liidestuja/liidestuja/eid/mobileid"
)

func TestAPersonWhoEnteredThePINIsKnown(t *testing.T) {
	r := newRig(t)
	c := r.begin()
	r.advance(time.Minute)
	id, err := r.resolve(c)
	require.NoError(t, err)
	require.NoError(t, id.Valid())
	evidence := id.Evidence
	id.Evidence = nil
	require.Equal(t, eid.Identity{
		Code: code, GivenName: "MARY ÄNN", FamilyName: "O’CONNEŽ-ŠUSLIK TESTNUMBER", Born: "2000-01-01",
		Method: eid.MobileID, Level: eid.High, At: r.clock(),
	}, id)

	t.Run("and the evidence is enough to come to the same again", func(t *testing.T) {
		var e mobileid.Evidence
		require.NoError(t, json.Unmarshal(evidence, &e))
		v, err := mobileid.NewVerifier(mobileid.VerifierConfig{
			Trust: r.cfg.Trust, Environment: r.cfg.Environment, InsecureSkipRevocation: true,
		})
		require.NoError(t, err)
		again, err := v.Verify(t.Context(), e.Answer, mobileid.Asked{Hash: e.Hash, Digest: e.Digest, Code: id.Code, Level: eid.High}, id.At)
		require.NoError(t, err)
		again.Evidence = nil
		require.Equal(t, id, again)
	})
	t.Run("and another replica finds it out as well", func(t *testing.T) {
		other, err := mobileid.New(r.cfg)
		require.NoError(t, err)
		_, err = other.Resolve(t.Context(), c.State, nil)
		require.NoError(t, err)
	})
}

func TestEveryResultHasItsMeaning(t *testing.T) {
	for result, want := range map[string]struct {
		err    error
		advice mobileid.Advice
	}{
		"USER_CANCELLED":          {eid.ErrRefused, mobileid.AdviceAgain},
		"TIMEOUT":                 {eid.ErrExpired, mobileid.AdviceAgain},
		"EXPIRED_TRANSACTION":     {eid.ErrExpired, mobileid.AdviceAgain},
		"PHONE_ABSENT":            {eid.ErrExpired, mobileid.AdviceAgain},
		"DELIVERY_ERROR":          {eid.ErrFailed, mobileid.AdviceAgain},
		"ERROR":                   {eid.ErrFailed, mobileid.AdviceAgain},
		"SIM_ERROR":               {eid.ErrFailed, mobileid.AdviceAgain},
		"SIGNATURE_HASH_MISMATCH": {eid.ErrNoAccount, mobileid.AdviceOther},
		"NOT_MID_CLIENT":          {eid.ErrNoAccount, mobileid.AdviceOther},
		"NOT_ACTIVE":              {eid.ErrNoAccount, mobileid.AdviceOther},
		"MID_NOT_READY":           {eid.ErrNoAccount, mobileid.AdviceOther},
		"A_WORD_OF_TOMORROW":      {eid.ErrFailed, mobileid.AdviceReport},
		"ok":                      {eid.ErrFailed, mobileid.AdviceReport},
		"":                        {eid.ErrUntrusted, mobileid.AdviceReport},
	} {
		t.Run(result, func(t *testing.T) {
			r := newRig(t)
			r.answers(200, `{"state":"COMPLETE","result":"`+result+`"}`)
			_, err := r.resolve(r.begin())
			require.ErrorIs(t, err, want.err)
			var f *mobileid.Failure
			require.ErrorAs(t, err, &f)
			require.Equal(t, result, f.Result)
			require.Equal(t, want.advice, f.Advice)
		})
	}
}

func TestAnAnswerToAPollThatIsNone(t *testing.T) {
	for name, row := range map[string]struct {
		status int
		body   string
		want   error
	}{
		"it runs":                      {200, `{"state":"RUNNING","result":""}`, eid.ErrPending},
		"it runs, with a result":       {200, `{"state":"RUNNING","result":"OK"}`, eid.ErrPending},
		"it is empty":                  {200, `{}`, mobileid.ErrProtocol},
		"it has a state of tomorrow":   {200, `{"state":"PAUSED"}`, mobileid.ErrProtocol},
		"it is a list":                 {200, `[]`, mobileid.ErrProtocol},
		"it is nothing":                {200, ``, mobileid.ErrProtocol},
		"the session is gone":          {404, `{"error":"SessionID not found"}`, eid.ErrExpired},
		"the session is malformed":     {400, `{}`, mobileid.ErrProtocol},
		"the relying party is unknown": {401, `{}`, mobileid.ErrCredentials},
		"the method is wrong":          {405, `{}`, mobileid.ErrProtocol},
		"the service fails":            {500, `{}`, mobileid.ErrUnavailable},
		"the service is under repair":  {503, `<html>`, mobileid.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			c := r.begin()
			usual := r.service.poll
			r.answers(row.status, row.body)
			_, err := r.resolve(c)
			require.ErrorIs(t, err, row.want)
			clean(t, err.Error())
			for _, final := range []error{eid.ErrRefused, eid.ErrExpired, eid.ErrNoAccount, eid.ErrTooWeak, eid.ErrState, eid.ErrUntrusted} {
				if !errors.Is(row.want, final) {
					require.NotErrorIs(t, err, final)
				}
			}
			r.service.poll = usual
			_, err = r.resolve(c)
			require.NoError(t, err, "nothing was spent")
		})
	}
}

func TestAfterTheEndNobodyIsAsked(t *testing.T) {
	r := newRig(t)
	c := r.begin()
	r.advance(5 * time.Minute)
	_, err := r.resolve(c)
	require.ErrorIs(t, err, eid.ErrExpired)
	require.Empty(t, r.service.polled())
}

func TestAPollWaitsNoLongerThanAnybodyHas(t *testing.T) {
	for name, row := range map[string]struct {
		wait    time.Duration
		passed  time.Duration
		timeout time.Duration
		low, hi int
	}{
		"as long as it is told":          {20 * time.Second, 0, 0, 20000, 20000},
		"until the session ends":         {20 * time.Second, 5*time.Minute - 7*time.Second, 0, 7000, 7000},
		"a second at least":              {20 * time.Second, 5*time.Minute - 7*time.Millisecond, 0, 1000, 1000},
		"shorter than its caller's time": {20 * time.Second, 0, 10 * time.Second, 6000, 7500},
		"a second of a caller in haste":  {20 * time.Second, 0, 900 * time.Millisecond, 1000, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(c *mobileid.Config) { c.PollTimeout = row.wait })
			c := r.begin()
			r.advance(row.passed)
			ctx := t.Context()
			if row.timeout > 0 {
				short, cancel := context.WithTimeout(ctx, row.timeout)
				defer cancel()
				ctx = short
			}
			_, err := r.m.Resolve(ctx, c.State, nil)
			require.NoError(t, err)
			ms, err := strconv.Atoi(r.service.polled()[0].Get("timeoutMs"))
			require.NoError(t, err)
			require.GreaterOrEqual(t, ms, row.low)
			require.LessOrEqual(t, ms, row.hi)
		})
	}
}

func TestWhoGivesUpTakesNobodyAlong(t *testing.T) {
	r := newRig(t)
	c := r.begin()
	usual := r.service.poll
	arrived, polls := make(chan struct{}), atomic.Int32{}
	r.service.poll = func(q *http.Request) (int, string) {
		if polls.Add(1) == 1 {
			close(arrived)
			<-q.Context().Done() // until the first caller is gone
		}
		return usual(q)
	}
	ctx, giveUp := context.WithCancel(t.Context())
	first, second := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := r.m.Resolve(ctx, c.State, nil)
		first <- err
	}()
	<-arrived
	go func() {
		_, err := r.resolve(c)
		second <- err
	}()
	waiting, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := r.m.Resolve(waiting, c.State, nil)
	require.ErrorIs(t, err, context.Canceled, "who waits for another's poll can give up too")

	giveUp()
	require.ErrorIs(t, <-first, context.Canceled)
	require.NoError(t, <-second)
}

func TestAnotherPersonsAnswerIsRefused(t *testing.T) {
	r := newRig(t)
	for name, who := range map[string]testca.Person{
		"another code":                     {Code: "EE60001017869"},
		"the same number in Lithuania":     {Code: "LT60001019906"},
		"the number of an identity card":   {Code: code, Identifier: "IDCEE-60001019906"},
		"the number of a passport":         {Code: code, Identifier: "PASEE-60001019906"},
		"the bare number, of no country":   {Code: code, BareCode: true, Country: "FI"},
		"the bare number, of Lithuania":    {Code: code, BareCode: true, Country: "LT"},
		"the number with something behind": {Code: code, Identifier: "PNOEE-600010199061"},
	} {
		t.Run(name, func(t *testing.T) {
			r.service.poll = r.phoneOf(r.person(who))
			_, err := r.resolve(r.begin())
			require.ErrorIs(t, err, eid.ErrUntrusted)
			clean(t, err.Error())
		})
	}
}
