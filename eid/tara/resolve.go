package tara

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// maxCode is the longest code that is exchanged, in bytes.
const maxCode = 2048

// Resolve exchanges the code of answer and returns whom the token names.
// Without an answer it does no I/O and returns eid.ErrPending until the challenge
// expires. It is to be called once with an answer, at once: see the package.
func (a *Authenticator) Resolve(ctx context.Context, s eid.State, answer url.Values) (eid.Identity, error) {
	b, err := a.open(s)
	if err != nil {
		return eid.Identity{}, err
	}
	switch {
	case !a.cfg.Now().Before(b.Expires):
		return eid.Identity{}, fmt.Errorf("tara: %w", eid.ErrExpired)
	case answer == nil:
		return eid.Identity{}, fmt.Errorf("tara: %w", eid.ErrPending)
	}
	code, err := b.code(answer)
	if err != nil {
		return eid.Identity{}, err
	}
	p, err := a.directory.get(ctx)
	if err != nil {
		return eid.Identity{}, err
	}
	raw, err := a.exchange(ctx, p, b, code)
	if err != nil {
		return eid.Identity{}, err
	}
	return a.read(ctx, p, b, raw)
}

// code returns what a browser brought back, once it has brought our own word.
func (b *begun) code(answer url.Values) (string, error) {
	if word, ok := single(answer, "state"); !ok || subtle.ConstantTimeCompare([]byte(word), []byte(b.Word)) != 1 {
		return "", &Failure{Stage: Return, Code: "state", Err: eid.ErrState}
	}
	if iss, ok := single(answer, "iss"); answer.Has("iss") && (!ok || iss != b.Issuer) {
		return "", &Failure{Stage: Return, Code: "iss", Err: eid.ErrState}
	}
	if answer.Has("error") {
		text, _ := single(answer, "error")
		code := word(text)
		return "", &Failure{Stage: Return, Code: code, Err: meaning(code)}
	}
	code, ok := single(answer, "code")
	if !ok || code == "" || len(code) > maxCode {
		return "", &Failure{Stage: Return, Code: "code", Err: eid.ErrState}
	}
	return code, nil
}

// single returns the value of a parameter that is there exactly once.
func single(answer url.Values, name string) (string, bool) {
	if v := answer[name]; len(v) == 1 {
		return v[0], true
	}
	return "", false
}

// exchange redeems the code for an ID token. It is asked once: a code that may have
// been seen is not sent again from here.
func (a *Authenticator) exchange(ctx context.Context, p *provider, b *begun, code string) (string, error) {
	secret := a.cfg.ClientSecret()
	if secret == "" {
		return "", &Failure{Stage: Exchange, Code: "client_secret"}
	}
	token, err := a.oauth(p, b.Redirect, secret).Exchange(oidc.ClientContext(ctx, a.web), code)
	if err != nil {
		return "", refused(err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok || raw == "" {
		return "", &Failure{Stage: Exchange, Code: "id_token", Err: eid.ErrUntrusted, Spent: true}
	}
	return raw, nil
}

// refused drops the answer that the library's errors quote.
func refused(err error) *Failure {
	var lost *httpx.Failure
	var answered *oauth2.RetrieveError
	switch {
	case errors.As(err, &lost):
		if lost.Sent == httpx.NotSent {
			return &Failure{Stage: Exchange, Code: "unreachable", cause: lost}
		}
		return &Failure{Stage: Exchange, Code: "no answer", Spent: true, cause: lost}
	case errors.As(err, &answered):
		f := &Failure{Stage: Exchange, Code: word(answered.ErrorCode), Status: answered.Response.StatusCode, Spent: true}
		switch f.Err = meaning(f.Code); {
		case answered.ErrorCode == "": // a gateway's answer, which says nothing of the code
			f.Err = nil
		case errors.Is(f.Err, eid.ErrRefused): // a word of the other stage
			f.Err = eid.ErrFailed
		}
		return f
	}
	return &Failure{Stage: Exchange, Code: "malformed", Err: eid.ErrUntrusted, Spent: true}
}
