package smartidtest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid/smartid/smartidtest"
)

func TestNotificationsWaitOnThePhone(t *testing.T) {
	s := open(t)
	require.Empty(t, s.Prompts(mary))
	auth := s.begin(notifyAuth, notifyRequest())
	require.Empty(t, auth.code, "the relying party works the code out")
	s.clock.Advance(time.Second)
	sign := s.begin(notifySign, signRequest().with("initialCallbackUrl", nil))
	require.Len(t, sign.code, 4)
	require.Empty(t, s.Prompts(juri))
	require.Len(t, s.Prompts(maryDoc), 2)
	list := s.Prompts(mary)
	require.Len(t, list, 2)
	require.Equal(t, []string{"auth", "Notification", "7180", maryDoc, "Vestlus: Linn, Messenger"},
		[]string{list[0].Kind, list[0].Flow, list[0].Code, list[0].Document, list[0].Text})
	require.Equal(t, []string{"sign", sign.code}, []string{list[1].Kind, list[1].Code})
	require.NoError(t, list[1].WrongCode())
	require.Equal(t, map[string]any{"state": "COMPLETE", "result": map[string]any{"endResult": "WRONG_VC"}}, s.poll(sign.id))
	require.Len(t, s.Prompts(mary), 1)
	_, err := list[0].Approve(juriDoc)
	require.ErrorIs(t, err, smartidtest.ErrPerson)
	_, err = list[0].Approve("")
	require.NoError(t, err)
	require.NoError(t, s.check(asked{auth.request, "Notification", maryDoc}, s.poll(auth.id), s.clock.Now()))
}

func TestThePhoneOffersThreeCodes(t *testing.T) {
	s := open(t)
	choice := screens(`[{"type":"confirmationMessageAndVerificationCodeChoice","displayText200":"Sisene?"}]`)
	for range 20 {
		s.begin(notifyAuth, notifyRequest().with("interactions", choice))
	}
	first := map[string]bool{}
	for _, p := range s.Prompts(mary) {
		require.Len(t, p.Choices, 3)
		require.Contains(t, p.Choices, p.Code)
		require.NotEqual(t, p.Choices[0], p.Choices[1])
		require.NotEqual(t, p.Choices[1], p.Choices[2])
		require.NotEqual(t, p.Choices[0], p.Choices[2])
		first[p.Choices[0]] = true
	}
	require.Greater(t, len(first), 1)
}

func TestSessionsEndInEveryWay(t *testing.T) {
	s := open(t)
	end := func(path string, request object, how func(*smartidtest.Prompt) error) map[string]any {
		o := s.begin(path, request)
		require.NoError(t, how(s.Prompts(mary)[0]))
		status := s.poll(o.id)
		require.Equal(t, "COMPLETE", status["state"])
		require.NotContains(t, status, "cert")
		require.NotContains(t, status, "signature")
		return status["result"].(map[string]any)
	}
	refuse := func(p *smartidtest.Prompt) error { return p.Refuse() }
	require.Equal(t, map[string]any{"endResult": "USER_REFUSED"}, end(notifyAuth, notifyRequest(), refuse))
	require.Equal(t, map[string]any{"endResult": "USER_REFUSED_CERT_CHOICE"}, end("/v3/signature/certificate-choice/notification/etsi/"+mary, certRequest(), refuse))
	require.Equal(t, map[string]any{"endResult": "USER_REFUSED_INTERACTION", "details": map[string]any{"interaction": "displayTextAndPIN"}},
		end(notifyAuth, notifyRequest(), func(p *smartidtest.Prompt) error { return p.RefuseAt("displayTextAndPIN") }))
	for _, result := range []string{"TIMEOUT", "DOCUMENT_UNUSABLE", "REQUIRED_INTERACTION_NOT_SUPPORTED_BY_APP", "PROTOCOL_FAILURE",
		"EXPECTED_LINKED_SESSION", "SERVER_ERROR", "ACCOUNT_UNUSABLE", "SOMETHING_NEW"} {
		require.Equal(t, map[string]any{"endResult": result}, end(notifyAuth, notifyRequest(), func(p *smartidtest.Prompt) error { return p.End(result) }))
	}
	o := s.begin(notifyAuth, notifyRequest())
	require.Error(t, s.Prompts(mary)[0].End("OK"), "only an account can approve")
	require.Equal(t, "RUNNING", s.poll(o.id)["state"])
}

func TestAPersonMayAnswerByThemselves(t *testing.T) {
	s := open(t, func(c *smartidtest.Config) { c.DemoAccounts = true })
	p, err := s.AddPerson(smartidtest.Person{Identifier: "PNOEE-38001085718", GivenName: "A", Surname: "B", Result: "OK", After: 5 * time.Second})
	require.NoError(t, err)
	o := s.begin("/v3/authentication/notification/document/"+p.Document, notifyRequest())
	s.clock.Advance(5*time.Second - 1)
	require.Equal(t, "RUNNING", s.poll(o.id)["state"])
	s.clock.Advance(1)
	require.NoError(t, s.check(asked{o.request, "Notification", p.Document}, s.poll(o.id), s.clock.Now()))

	for _, c := range []struct{ document, result, interaction string }{
		{"PNOEE-30403039917-MOCK-Q", "USER_REFUSED", ""},
		{"PNOLV-030403-10032-MOCK-Q", "USER_REFUSED_INTERACTION", "verificationCodeChoice"},
		{"PNOBE-00010211724-MOCK-Q", "USER_REFUSED_INTERACTION", "confirmationMessageAndVerificationCodeChoice"},
		{"PNOLT-30403039972-MOCK-Q", "WRONG_VC", ""},
		{"PNOEE-30403039983-MOCK-Q", "TIMEOUT", ""},
		{"PNOEE-40504040001-DEM0-Q", "OK", ""},
		{"PNOBE-05040400032-DEMO-Q", "OK", ""},
	} {
		o := s.begin("/v3/authentication/notification/document/"+c.document, notifyRequest())
		if c.result == "TIMEOUT" {
			require.Equal(t, "RUNNING", s.poll(o.id)["state"])
			s.clock.Advance(2 * time.Minute)
		}
		status := object(s.poll(o.id))
		require.Equal(t, c.result, status.text("result.endResult"), c.document)
		require.Equal(t, c.interaction, status.text("result.details.interaction"))
	}
	link := s.begin("/v3/authentication/device-link/document/"+p.Document, authRequest())
	s.clock.Advance(time.Minute)
	require.Equal(t, "RUNNING", s.poll(link.id)["state"], "a link has to be scanned")
}

func TestACertificateIsChosenAndThenSignedWith(t *testing.T) {
	s := open(t)
	choice := s.begin(chooseCert, certRequest())
	linked := "/v3/signature/notification/linked/" + maryDoc
	request := signRequest().with("linkedSessionID", choice.id)
	status, _ := s.post(linked, request)
	require.Equal(t, 400, status, "nothing has been chosen yet")
	p, err := s.Scan(deviceLink(choice, "Web2App", "cert", 0))
	require.NoError(t, err)
	_, err = p.Approve(maryDoc)
	require.NoError(t, err)
	chosen := object(s.poll(choice.id))
	require.Equal(t, maryDoc, chosen.text("result.documentNumber"))
	require.NotContains(t, chosen, "signature")
	status, _ = s.post("/v3/signature/notification/linked/"+juriDoc, request)
	require.Equal(t, 400, status, "somebody else's")
	o := s.begin(linked, request)
	require.Empty(t, o.code)
	prompt := s.Prompts(mary)[0]
	require.Empty(t, prompt.Code)
	back, err := prompt.Approve("")
	require.NoError(t, err)
	require.Contains(t, back, callback+"&sessionSecretDigest=")
	signed := s.poll(o.id)
	require.NoError(t, s.check(asked{request, "Notification", maryDoc}, signed, s.clock.Now()))
	require.Equal(t, certOf(t, chosen).Raw, certOf(t, signed).Raw)

	_, body := s.post("/v3/signature/certificate/"+maryDoc, certRequest().with("initialCallbackUrl", nil))
	require.Equal(t, "OK", body["state"])
	require.Equal(t, certOf(t, chosen).Raw, certOf(t, body).Raw)
	unusable, err := s.AddPerson(smartidtest.Person{Identifier: "PNOEE-38001085718", GivenName: "A", Surname: "B", Unusable: true})
	require.NoError(t, err)
	_, body = s.post("/v3/signature/certificate/"+unusable.Document, certRequest())
	require.Equal(t, map[string]any{"state": "DOCUMENT_UNUSABLE"}, body)
}

func TestAPollWaitsAndWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := smartidtest.New(smartidtest.Config{People: []smartidtest.Person{
			{Identifier: mary, GivenName: "M", Surname: "Ä"},
			{Identifier: juri, GivenName: "J", Surname: "T", Result: "USER_REFUSED", After: 7 * time.Second},
		}})
		require.NoError(t, err)
		c := &service{Server: s, t: t}
		poll := func(ctx context.Context, id, query string) (int, string, time.Duration) {
			w := httptest.NewRecorder()
			start := time.Now()
			s.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/v3/session/"+id+query, nil))
			return w.Code, w.Body.String(), time.Since(start)
		}
		ctx := t.Context()
		id := c.begin(notifyAuth, notifyRequest()).id
		_, body, took := poll(ctx, id, "?timeoutMs=2000")
		require.Equal(t, 2*time.Second, took)
		require.JSONEq(t, `{"state":"RUNNING"}`, body)
		_, _, took = poll(ctx, id, "")
		require.Equal(t, 60500*time.Millisecond, took)

		go func() {
			time.Sleep(3 * time.Second)
			_ = s.Prompts(mary)[0].Refuse()
		}()
		_, body, took = poll(ctx, id, "?timeoutMs=20000")
		require.Equal(t, 3*time.Second, took, "a decision ends the wait")
		require.Contains(t, body, "USER_REFUSED")

		id = c.begin("/v3/authentication/notification/etsi/"+juri, notifyRequest()).id
		_, body, took = poll(ctx, id, "?timeoutMs=20000")
		require.Equal(t, 7*time.Second, took, "a scripted one too")
		require.Contains(t, body, "USER_REFUSED")

		id = c.begin(notifyAuth, notifyRequest()).id
		_, body, took = poll(ctx, id, "?timeoutMs=120000")
		require.Equal(t, 2*time.Minute, took)
		require.Contains(t, body+" ", "TIMEOUT", "the end of the time is an answer")

		id = c.begin(notifyAuth, notifyRequest()).id
		gone, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_, _, took = poll(gone, id, "")
		require.Equal(t, time.Second, took, "a client that has gone is not waited for")
	})
}

func TestOnlyOneDecisionCounts(t *testing.T) {
	s := open(t)
	for range 3 {
		o := s.begin(notifyAuth, notifyRequest())
		results := make(chan error)
		for i := range 8 {
			go func() {
				p := s.Prompts(mary)
				if len(p) == 0 {
					results <- smartidtest.ErrOver
					return
				}
				if i%2 == 0 {
					results <- p[0].Refuse()
					return
				}
				_, err := p[0].Approve("")
				results <- err
			}()
		}
		won := 0
		for range 8 {
			if err := <-results; err == nil {
				won++
			} else {
				require.ErrorIs(t, err, smartidtest.ErrOver)
			}
		}
		require.Equal(t, 1, won)
		require.Equal(t, "COMPLETE", s.poll(o.id)["state"])
	}
}
