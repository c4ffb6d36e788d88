package smartid_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/smartid"
)

const returnURL = "https://agency.example/return?lang=et"

func begin(t testing.TB, r *rig, req eid.Request) eid.Challenge {
	t.Helper()
	c, err := r.Begin(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, r.clock.now().Add(5*time.Minute), c.Expires)
	return c
}

func TestACodeOnAnotherScreenProvesAPersonAtOnce(t *testing.T) {
	r := newRig(t, nil)
	c := begin(t, r, eid.Request{Level: eid.High, Text: "Vestlus: Terviseamet, Messenger"})
	require.Empty(t, c.Code)
	require.Empty(t, c.Link, "nobody comes back without an address")
	require.Equal(t, "/smart-id-rp/v3/authentication/device-link/anonymous", r.service.begun.path)

	holder := issue(holder{})
	r.service.complete(holder, "QR")
	v, err := r.ResolveVerified(t.Context(), c.State, nil)
	require.NoError(t, err)
	require.Equal(t, code, v.Identity.Code)
	require.Equal(t, []string{"MARI-LIIS", "MÄNNIK", "1980-01-08"}, []string{v.Identity.GivenName, v.Identity.FamilyName, string(v.Identity.Born)})
	require.Equal(t, eid.High, v.Identity.Level)
	require.Equal(t, now, v.Identity.At)
	require.Equal(t, document, v.Document)
	require.Equal(t, smartid.QR, v.Flow)
	require.Equal(t, smartid.DisplayTextAndPIN, v.Interaction)
	require.Equal(t, "192.0.2.7", v.DeviceIP)
	require.True(t, v.Certificate.Equal(holder.cert))
	require.Equal(t, 1, r.checker.asked)

	poll := r.service.requests[1].URL
	require.Equal(t, "/smart-id-rp/v3/session/a2e28e5c-9dd5-4a30-9fd0-3b2ea1f9b6ad", poll.Path)
	require.Equal(t, "timeoutMs=1000", poll.RawQuery)
}

func TestTheCodeOnTheScreenChangesEachSecondAndHasAnEnd(t *testing.T) {
	r := newRig(t, nil)
	c := begin(t, r, eid.Request{ReturnURL: returnURL, Language: "en"})
	seen := map[string]bool{}
	for n := range 60 {
		for _, part := range []time.Duration{0, 999 * time.Millisecond} {
			link, err := r.LiveLink(c.State, now.Add(time.Duration(n)*time.Second+part))
			require.NoError(t, err)
			u, err := url.Parse(link)
			require.NoError(t, err)
			require.Equal(t, []string{"QR"}, u.Query()["deviceLinkType"])
			require.Equal(t, (time.Duration(n) * time.Second).Seconds(), must(time.ParseDuration(u.Query().Get("elapsedSeconds")+"s")).Seconds())
			require.Equal(t, "eng", u.Query().Get("lang"))
			seen[link] = true
		}
	}
	require.Len(t, seen, 60)
	early, err := r.LiveLink(c.State, now.Add(-time.Minute))
	require.NoError(t, err, "another machine's clock may be behind")
	require.Contains(t, early, "&elapsedSeconds=0&")
	_, err = r.LiveLink(c.State, now.Add(time.Minute))
	require.ErrorIs(t, err, eid.ErrExpired)
	require.Len(t, r.service.requests, 1, "links are made without a call")
	for _, secret := range []string{sessionSecret, "a2e28e5c-9dd5-4a30-9fd0-3b2ea1f9b6ad", r.service.begun.request["initialCallbackUrl"].(string)} {
		require.NotContains(t, early, secret)
		require.NotContains(t, c.Link, secret)
	}
}

func TestAnAnswerOnTheSameDeviceNeedsTheReturnOfItsBrowser(t *testing.T) {
	for _, app := range []bool{false, true} {
		flow := map[bool]string{false: "Web2App", true: "App2App"}[app]
		t.Run(flow, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, func(c *smartid.Config) { c.App, c.PollTimeout = app, time.Minute })
				c := begin(t, r, eid.Request{ReturnURL: returnURL})
				require.True(t, strings.HasPrefix(c.Link, "https://smart-id.com/device-link?deviceLinkType="+flow+"&sessionToken=wGIrqveE6AuGDATZKmR1mtAZ&sessionType=auth&version=1.0&lang=est&authCode="))
				require.Len(t, r.service.requests, 1, "one session for the code and the link")
				r.service.complete(issue(holder{}), flow)

				start := time.Now()
				_, err := r.Resolve(t.Context(), c.State, nil)
				require.ErrorIs(t, err, eid.ErrPending)
				require.Equal(t, time.Minute, time.Since(start), "asking again at once would bring nothing else")
				_, err = r.Resolve(t.Context(), c.State, url.Values{})
				require.ErrorIs(t, err, eid.ErrPending, "an empty query is no return")
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				start = time.Now()
				_, err = r.Resolve(ctx, c.State, nil)
				require.ErrorIs(t, err, eid.ErrPending)
				require.Equal(t, 8*time.Second, time.Since(start), "before the caller's time is over")
				ended, end := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, end)
				_, err = r.Resolve(ended, c.State, nil)
				require.ErrorIs(t, err, context.Canceled)
				id, err := r.Resolve(t.Context(), c.State, r.service.returned(t))
				require.NoError(t, err)
				require.Equal(t, code, id.Code)
			})
		})
	}
	t.Run("but the other kind of link was not offered", func(t *testing.T) {
		r := newRig(t, nil)
		c := begin(t, r, eid.Request{ReturnURL: returnURL})
		r.service.complete(issue(holder{}), "App2App")
		for _, answer := range []url.Values{nil, r.service.returned(t)} {
			_, err := r.Resolve(t.Context(), c.State, answer)
			require.ErrorIs(t, err, eid.ErrState)
		}
	})
}

func TestAReturnThatIsNotOfThisSessionIsRefusedWithoutACall(t *testing.T) {
	r := newRig(t, nil)
	c := begin(t, r, eid.Request{ReturnURL: returnURL})
	r.service.complete(issue(holder{}), "Web2App")
	good := r.service.returned(t)
	for name, change := range map[string]func(url.Values){
		"without our value":                 func(q url.Values) { q.Del("value") },
		"with another value":                func(q url.Values) { q.Set("value", "RrKjjT4aggzu27YBddX1bQ") },
		"with an empty value":               func(q url.Values) { q.Set("value", "") },
		"with our value twice":              func(q url.Values) { q.Add("value", q.Get("value")) },
		"without the digest of the secret":  func(q url.Values) { q.Del("sessionSecretDigest") },
		"with the digest of another secret": func(q url.Values) { q.Set("sessionSecretDigest", "V4CKK13H1XFiyBofev9asqrzIrY5_Gszi_nL_zDKkBc") },
		"with the digest and another one":   func(q url.Values) { q.Add("sessionSecretDigest", "x") },
		"with two verifiers":                func(q url.Values) { q.Add("userChallengeVerifier", "x") },
	} {
		t.Run(name, func(t *testing.T) {
			calls := len(r.service.requests)
			q := must(url.ParseQuery(good.Encode()))
			change(q)
			_, err := r.Resolve(t.Context(), c.State, q)
			require.ErrorIs(t, err, eid.ErrState)
			require.Len(t, r.service.requests, calls)
		})
	}
	for name, verifier := range map[string][]string{"without a verifier": nil, "with another verifier": {"A" + r.service.begun.verifier[1:]}} {
		t.Run(name, func(t *testing.T) {
			q := must(url.ParseQuery(good.Encode()))
			q["userChallengeVerifier"] = verifier
			_, err := r.Resolve(t.Context(), c.State, q)
			require.ErrorIs(t, err, eid.ErrState)
		})
	}
	_, err := r.Resolve(t.Context(), c.State, good)
	require.NoError(t, err)
}

func TestAReturnBeforeTheDecisionIsTriedAgain(t *testing.T) {
	r := newRig(t, nil)
	c := begin(t, r, eid.Request{ReturnURL: returnURL})
	_, err := r.Resolve(t.Context(), c.State, r.service.returned(t))
	require.ErrorIs(t, err, eid.ErrPending)
}

func TestAReturnWhereNobodyCouldComeFromIsRefused(t *testing.T) {
	r := newRig(t, nil)
	c := begin(t, r, eid.Request{ReturnURL: returnURL})
	r.service.complete(issue(holder{}), "QR")
	_, err := r.Resolve(t.Context(), c.State, r.service.returned(t))
	require.ErrorIs(t, err, eid.ErrState)

	answer := r.service.returned(t)
	c = begin(t, r, eid.Request{})
	_, err = r.Resolve(t.Context(), c.State, answer)
	require.ErrorIs(t, err, eid.ErrState, "a session without an address of return")
}

func TestANotificationHasAControlCodeAndNoLink(t *testing.T) {
	r := newRig(t, func(c *smartid.Config) { c.Flow = smartid.Notification })
	c := begin(t, r, eid.Request{Code: code, ReturnURL: returnURL})
	require.Empty(t, c.Link)
	parameters := r.service.begun.request["signatureProtocolParameters"].(object)
	challenge := must(base64.StdEncoding.DecodeString(parameters["rpChallenge"].(string)))
	require.Equal(t, smartid.ControlCode(challenge), c.Code)
	require.Equal(t, "/smart-id-rp/v3/authentication/notification/etsi/"+number, r.service.begun.path)
	require.NotContains(t, r.service.begun.request, "initialCallbackUrl")
	require.Equal(t, []string{"confirmationMessageAndVerificationCodeChoice"}, offered(r.service.begun.request["interactions"].(string)))
	_, err := r.LiveLink(c.State, now)
	require.ErrorIs(t, err, eid.ErrState)

	r.service.complete(issue(holder{}), "Notification")
	id, err := r.Resolve(t.Context(), c.State, nil)
	require.NoError(t, err)
	require.Equal(t, code, id.Code)
	_, err = r.Resolve(t.Context(), c.State, url.Values{"value": {"x"}})
	require.ErrorIs(t, err, eid.ErrState, "nobody returns from a notification")
}

func TestAnAnswerComesTheWayItWasAskedFor(t *testing.T) {
	r := newRig(t, nil)
	c := begin(t, r, eid.Request{})
	for _, flow := range []string{"Notification", "Web2App", "App2App", "qr", ""} {
		r.service.complete(issue(holder{}), flow)
		_, err := r.Resolve(t.Context(), c.State, nil)
		require.ErrorIs(t, err, eid.ErrState, flow)
	}
	r = newRig(t, func(c *smartid.Config) { c.Flow = smartid.Notification })
	c = begin(t, r, eid.Request{Code: code})
	for _, flow := range []string{"QR", "Web2App", "App2App"} {
		r.service.complete(issue(holder{}), flow)
		_, err := r.Resolve(t.Context(), c.State, nil)
		require.ErrorIs(t, err, eid.ErrState, flow)
	}
}

func TestWhoeverIsAskedForHasToAnswer(t *testing.T) {
	r := newRig(t, nil)
	c := begin(t, r, eid.Request{Code: code})
	require.Equal(t, "/smart-id-rp/v3/authentication/device-link/etsi/"+number, r.service.begun.path)
	r.service.complete(issue(holder{identifier: "PNOEE-50001029996"}), "QR")
	_, err := r.Resolve(t.Context(), c.State, nil)
	require.ErrorIs(t, err, eid.ErrUntrusted)
	r.service.complete(issue(holder{}), "QR")
	_, err = r.Resolve(t.Context(), c.State, nil)
	require.NoError(t, err)
}

func TestAKnownAccountIsAskedAgain(t *testing.T) {
	for _, flow := range []smartid.Flow{smartid.DeviceLink, smartid.Notification} {
		r := newRig(t, func(c *smartid.Config) { c.Flow = flow })
		c, err := r.BeginDocument(t.Context(), eid.Request{Code: code}, document)
		require.NoError(t, err)
		wire := map[smartid.Flow]string{smartid.DeviceLink: "QR", smartid.Notification: "Notification"}[flow]
		for name, h := range map[string]holder{
			"another account of the same person":                         {document: number + "-EFGH-Q"},
			"another person's account":                                   {identifier: "PNOEE-50001029996"},
			"another person whose certificate does not name the account": {identifier: "PNOEE-50001029996", document: document, noSAN: true},
		} {
			r.service.complete(issue(h), wire)
			_, err = r.Resolve(t.Context(), c.State, nil)
			require.ErrorIs(t, err, eid.ErrUntrusted, name)
		}
		for _, noSAN := range []bool{false, true} {
			r.service.complete(issue(holder{noSAN: noSAN}), wire)
			v, err := r.ResolveVerified(t.Context(), c.State, nil)
			require.NoError(t, err)
			require.Equal(t, document, v.Document)
		}
		require.True(t, strings.HasSuffix(r.service.begun.path, "/document/"+document))
	}
}

func TestAllHashesVerifyAndOnlyTheOneThatWasAskedFor(t *testing.T) {
	for hash := range hashes {
		t.Run(hash, func(t *testing.T) {
			r := newRig(t, func(c *smartid.Config) { c.Hash = smartid.Hash(hash) })
			c := begin(t, r, eid.Request{})
			r.service.complete(issue(holder{}), "QR")
			_, err := r.Resolve(t.Context(), c.State, nil)
			require.NoError(t, err)
			for other := range hashes {
				if other == hash {
					continue
				}
				request := clone(r.service.begun.request)
				set(t, request, "signatureProtocolParameters/signatureAlgorithmParameters/hashAlgorithm", other)
				b := r.service.begun
				b.request = request
				r.service.answers(b.answer(issue(holder{})))
				_, err := r.Resolve(t.Context(), c.State, nil)
				require.ErrorIs(t, err, eid.ErrUntrusted, other)
			}
		})
	}
}

func TestAfterItsEndNobodyIsAsked(t *testing.T) {
	r := newRig(t, nil)
	c := begin(t, r, eid.Request{ReturnURL: returnURL})
	r.service.complete(issue(holder{}), "Web2App")
	answer := r.service.returned(t)
	r.clock.add(5 * time.Minute)
	for _, a := range []url.Values{nil, answer} {
		_, err := r.Resolve(t.Context(), c.State, a)
		require.ErrorIs(t, err, eid.ErrExpired)
	}
	_, err := r.LiveLink(c.State, r.clock.now())
	require.ErrorIs(t, err, eid.ErrExpired)
	require.Len(t, r.service.requests, 1)
}

func TestAStateGoesOnAtAnotherReplica(t *testing.T) {
	r := newRig(t, nil)
	c := begin(t, r, eid.Request{})
	r.service.complete(issue(holder{}), "QR")
	// Its configuration has changed meanwhile; what was asked has not.
	other := newRig(t, func(cfg *smartid.Config) {
		cfg.Hash, cfg.Certificates = smartid.SHA3x256, smartid.Advanced
		cfg.Interactions = []smartid.InteractionType{smartid.ConfirmationMessage}
	})
	other.service.session = r.service.session
	id, err := other.Resolve(t.Context(), c.State, nil)
	require.NoError(t, err)
	require.Equal(t, code, id.Code)

	for name, change := range map[string]func(*smartid.Config){
		"another environment":   func(cfg *smartid.Config) { cfg.Environment = smartid.Live() },
		"another relying party": func(cfg *smartid.Config) { cfg.RelyingPartyUUID = "00000000-0000-4000-8000-000000000001" },
		"another name of it":    func(cfg *smartid.Config) { cfg.RelyingPartyName = "Demo" },
	} {
		elsewhere := newRig(t, change)
		_, err = elsewhere.Resolve(t.Context(), c.State, nil)
		require.ErrorIs(t, err, eid.ErrState, name)
		_, err = elsewhere.LiveLink(c.State, now)
		require.ErrorIs(t, err, eid.ErrState, name)
		require.Empty(t, elsewhere.service.requests)
	}
}

func TestEvidenceVerifiesAgainAndHoldsNoSecret(t *testing.T) {
	r := newRig(t, nil)
	c := begin(t, r, eid.Request{ReturnURL: returnURL})
	r.service.complete(issue(holder{}), "Web2App")
	id, err := r.Resolve(t.Context(), c.State, r.service.returned(t))
	require.NoError(t, err)
	var e smartid.Evidence
	require.NoError(t, json.Unmarshal(id.Evidence, &e))
	for _, secret := range []string{sessionSecret, "wGIrqveE6AuGDATZKmR1mtAZ", "a2e28e5c", r.service.begun.verifier} {
		require.NotContains(t, string(id.Evidence), secret)
	}
	v, err := smartid.NewVerifier(smartid.VerifierConfig{Environment: smartid.Demo(), Trust: pki().store, InsecureSkipRevocation: true})
	require.NoError(t, err)
	s, err := smartid.ParseSession(e.Session)
	require.NoError(t, err)
	value := must(url.Parse(e.Callback)).Query().Get("value")
	back, err := smartid.ParseReturn(r.service.returned(t))
	require.NoError(t, err)
	again, err := v.Verify(t.Context(), s, smartid.Asked{
		SchemeName: e.Scheme, RelyingPartyName: e.Party, Challenge: e.Challenge, Interactions: e.Interactions, Callback: e.Callback,
		Value: value, Secret: r.service.begun.secret, Hash: e.Hash, Flows: []smartid.FlowType{smartid.Web2App},
		Certificates: smartid.Qualified, Level: eid.High, Return: back,
	}, id.At)
	require.NoError(t, err)
	require.True(t, id.Code == again.Identity.Code && id.Level == again.Identity.Level)
}
