package mobileid_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
	"github.com/liidestuja/liidestuja/eid/mobileid"
)

// Whatever the service answers, it is an identity of the person who was asked or
// an error that says nothing of anybody.
func FuzzAnswer(f *testing.F) {
	r := newRig(f)
	v := r.verifier()
	asked := askedFor(mobileid.SHA256)
	good := signed(f, r.person(testca.Person{}), begun{HashType: "SHA256", Hash: asked.Digest})
	f.Add([]byte(good))
	for _, seed := range []string{``, `{}`, `{"state":"RUNNING"}`, `{"state":"COMPLETE","result":"TIMEOUT"}`, `{"state":"COMPLETE","result":"OK","signature":{"value":"AA==","algorithm":"SHA256WithECEncryption"},"cert":"AAAA"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		id, err := v.Verify(t.Context(), body, asked, noon())
		if err == nil {
			require.Equal(t, code, id.Code)
			require.NoError(t, id.Valid())
			return
		}
		clean(t, err.Error())
		require.Equal(t, eid.Identity{}, id)
		known := []error{eid.ErrPending, eid.ErrRefused, eid.ErrExpired, eid.ErrNoAccount, eid.ErrUntrusted, eid.ErrFailed, mobileid.ErrProtocol}
		require.True(t, slices.ContainsFunc(known, func(e error) bool { return errors.Is(err, e) }), err)
	})
}

// A state is ours, as it was, or ErrState.
func FuzzState(f *testing.F) {
	r := newRig(f)
	r.answers(404, "")
	f.Add([]byte("mid1{}"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := r.m.Resolve(t.Context(), b, nil)
		require.ErrorIs(t, err, eid.ErrState)
		_, err = r.m.Resolve(t.Context(), mobileid.Seal(r.m, b), nil)
		require.Error(t, err)
		clean(t, err.Error())
	})
}

// Whatever the service answers to a begin: a session, or a Failure.
func FuzzStarted(f *testing.F) {
	r := newRig(f)
	f.Add(200, `{"sessionID":"a"}`)
	f.Add(200, `{"sessionId":"../a"}`)
	f.Add(400, `{"error":"x","traceId":"y"}`)
	f.Add(500, `<html>`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			return
		}
		r.service.start = func(string, begun) (int, string) { return status, body }
		for _, call := range []func() error{
			func() error {
				_, err := r.m.Begin(t.Context(), eid.Request{Code: code, Phone: phone})
				return err
			},
			func() error { _, err := r.m.Certificate(t.Context(), code, phone); return err },
		} {
			if err := call(); err != nil {
				clean(t, err.Error())
			}
		}
	})
}

// A text is sent whole, in a format that has all of it, or refused.
func FuzzText(f *testing.F) {
	r := newRig(f)
	for _, s := range []string{"", "Vestlus", "Sõnum", "[]{}€|", "Войти", "\xff", "😀"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := r.m.Begin(t.Context(), eid.Request{Code: code, Phone: phone, Text: text})
		if err != nil {
			require.ErrorIs(t, err, eid.ErrRequest)
			return
		}
		b := r.service.asked()
		require.Equal(t, text, b.DisplayText)
		limit := map[string]int{"GSM-7": 100, "UCS-2": 50, "": 0}[b.DisplayTextFormat]
		require.LessOrEqual(t, len([]rune(text)), limit)
	})
}
