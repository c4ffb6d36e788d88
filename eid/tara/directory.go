package tara

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/liidestuja/liidestuja/internal/httpx"
)

// How long is believed what was learned, and how soon is asked again after a
// failure. During an outage what was known stays good for a day, which is also the
// longest that TARA lets its keys be kept.
const (
	freshFor = time.Hour
	staleFor = 24 * time.Hour
	pause    = 2 * time.Second
)

// keyAttempts is how often keys are asked for. That happens when a code has been
// spent already, so giving up at once would cost a person their sign-in.
const keyAttempts = 3

// directory knows where TARA's endpoints are and what its keys are. It learns that
// when it is first asked, one caller at a time.
type directory struct {
	issuer, origin string
	web            *http.Client
	patient        *http.Client // for keys
	now            func() time.Time

	turn    chan struct{} // holds one element while the fields below are used
	known   *provider
	learned time.Time
	failed  error
	failure time.Time
}

type provider struct {
	endpoint oauth2.Endpoint
	keys     oidc.KeySet
}

func newDirectory(cfg Config, origin string, api *httpx.Client) *directory {
	return &directory{
		issuer: cfg.Issuer, origin: origin, now: cfg.Now, turn: make(chan struct{}, 1),
		web: newWeb(api, origin, 1), patient: newWeb(api, origin, keyAttempts),
	}
}

// get returns what is known, asking for it when it must. Its error is a *Failure.
func (d *directory) get(ctx context.Context) (*provider, error) {
	select {
	case d.turn <- struct{}{}:
		defer func() { <-d.turn }()
	case <-ctx.Done():
	}
	if err := ctx.Err(); err != nil { // also when both were ready
		return nil, &Failure{Stage: Discovery, Code: "given up", cause: err}
	}
	now := d.now()
	if d.known != nil && within(now, d.learned, freshFor) {
		return d.known, nil
	}
	stale := d.known != nil && within(now, d.learned, staleFor)
	if d.failed == nil || !within(now, d.failure, pause) {
		p, err := d.learn(ctx)
		if err == nil {
			d.known, d.learned, d.failed = p, now, nil
			return p, nil
		}
		if ctx.Err() != nil && !stale {
			return nil, err // says nothing of TARA, so the next caller asks
		}
		d.failed, d.failure = err, d.now()
	}
	if stale {
		return d.known, nil
	}
	return nil, d.failed
}

// within reports whether now is less than span after t; a clock that was set back
// makes nothing younger.
func within(now, t time.Time, span time.Duration) bool {
	age := now.Sub(t)
	return age >= 0 && age < span
}

func (d *directory) learn(ctx context.Context) (*provider, error) {
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, d.web), d.issuer)
	var elsewhere *oidc.IssuerMismatchError
	switch {
	case errors.As(err, &elsewhere):
		return nil, &Failure{Stage: Discovery, Code: "issuer"}
	case err != nil:
		return nil, unreachable(Discovery, err)
	}
	var doc struct {
		Keys string `json:"jwks_uri"`
	}
	if err := found.Claims(&doc); err != nil {
		return nil, &Failure{Stage: Discovery, Code: "jwks_uri"}
	}
	endpoint := found.Endpoint()
	for name, address := range map[string]string{
		"authorization_endpoint": endpoint.AuthURL, "token_endpoint": endpoint.TokenURL, "jwks_uri": doc.Keys,
	} {
		// Neither a person nor the secret is sent to wherever a document says.
		if u, err := url.Parse(address); err != nil || u.User != nil || u.Scheme+"://"+u.Host != d.origin {
			return nil, &Failure{Stage: Discovery, Code: name}
		}
	}
	// The set outlives this call, so it keeps nothing of the caller's context.
	keys := oidc.NewRemoteKeySet(oidc.ClientContext(context.Background(), d.patient), doc.Keys)
	return &provider{endpoint: endpoint, keys: keys}, nil
}

// unreachable says why a read failed, without its address or answer.
func unreachable(stage Stage, err error) *Failure {
	var status statusError
	var failed *httpx.Failure
	switch {
	case errors.As(err, &status):
		return &Failure{Stage: stage, Code: "status", Status: int(status), cause: status}
	case errors.As(err, &failed):
		return &Failure{Stage: stage, Code: "unreachable", cause: failed}
	}
	return &Failure{Stage: stage, Code: "malformed"}
}
