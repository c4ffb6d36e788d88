package messagebird_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/messagebird"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

func TestWhatTheAPIAnswersAndWhatItMeans(t *testing.T) {
	code := func(n string) string {
		return `{"errors":[{"code":` + n + `,"description":"` + kati + `","parameter":null}]}`
	}
	for name, c := range map[string]struct {
		answer  http.HandlerFunc
		class   error
		outcome channels.Outcome
		code    string
		after   time.Duration
	}{
		"too many requests":                   {says(429, code("429"), "Retry-After", "7"), channels.ErrRateLimited, channels.NotSent, "429", 7 * time.Second},
		"too many requests, no time":          {says(429, ""), channels.ErrRateLimited, channels.NotSent, "http_429", 0},
		"too many requests, a known code":     {says(429, code("10")), channels.ErrRateLimited, channels.NotSent, "10", 0},
		"a wrong key":                         {says(401, code("2")), channels.ErrCredentials, channels.NotSent, "2", 0},
		"an invalid credential":               {says(400, code("1001")), channels.ErrCredentials, channels.NotSent, "1001", 0},
		"a wrong key, no text":                {says(401, ""), channels.ErrCredentials, channels.NotSent, "http_401", 0},
		"not allowed":                         {says(403, "<html>"), channels.ErrCredentials, channels.NotSent, "http_403", 0},
		"a missing parameter":                 {says(422, code("9")), channels.ErrRejected, channels.NotSent, "9", 0},
		"an invalid parameter":                {says(400, code("10")), channels.ErrRejected, channels.NotSent, "10", 0},
		"a channel that is not there":         {says(404, code("20")), channels.ErrRejected, channels.NotSent, "20", 0},
		"no such call":                        {says(404, code("98")), channels.ErrRejected, channels.NotSent, "98", 0},
		"no money":                            {says(402, code("25")), channels.ErrUnavailable, channels.NotSent, "25", 0},
		"no money, another status":            {says(422, code("25")), channels.ErrUnavailable, channels.NotSent, "25", 0},
		"the window is closed":                {says(422, code("470")), channels.ErrWindowClosed, channels.NotSent, "470", 0},
		"not on WhatsApp":                     {says(422, code("302")), channels.ErrUnreachable, channels.NotSent, "302", 0},
		"too large":                           {says(413, ""), channels.ErrTooLong, channels.NotSent, "http_413", 0},
		"a code that nobody knows":            {says(422, code("4711")), channels.ErrRejected, channels.NotSent, "4711", 0},
		"two codes, the second known":         {says(422, `{"errors":[{"code":4711},{"code":470}]}`), channels.ErrWindowClosed, channels.NotSent, "470", 0},
		"codes and a null after them":         {says(422, code("470")+"\nnull"), channels.ErrWindowClosed, channels.NotSent, "470", 0},
		"a code that is no number":            {says(422, code(`"`+kati+`"`)), channels.ErrRejected, channels.NotSent, "http_422", 0},
		"a code longer than any":              {says(422, code("3725550000100000")), channels.ErrRejected, channels.NotSent, "http_422", 0},
		"errors that are no list":             {says(422, `{"errors":"`+kati+`"}`), channels.ErrRejected, channels.NotSent, "http_422", 0},
		"the server's own timeout":            {says(408, code("9")), channels.ErrUnavailable, channels.OutcomeUnknown, "9", 0},
		"an internal error":                   {says(500, code("99")), channels.ErrUnavailable, channels.OutcomeUnknown, "99", 0},
		"an internal error that blames us":    {says(500, code("10")), channels.ErrUnavailable, channels.OutcomeUnknown, "10", 0},
		"a gateway's page":                    {says(502, "<html>bad gateway</html>"), channels.ErrUnavailable, channels.OutcomeUnknown, "http_502", 0},
		"unavailable for a while":             {says(503, "", "Retry-After", "30"), channels.ErrUnavailable, channels.OutcomeUnknown, "http_503", 30 * time.Second},
		"a redirect":                          {says(307, "", "Location", "https://elsewhere.example/"), channels.ErrUnavailable, channels.OutcomeUnknown, "http_307", 0},
		"accepted without an id":              {says(202, `{"status":"accepted"}`), channels.ErrMalformed, channels.OutcomeUnknown, "http_202", 0},
		"accepted with an empty message":      {says(202, `{"message":{"status":"accepted"}}`), channels.ErrMalformed, channels.OutcomeUnknown, "http_202", 0},
		"accepted without a word":             {says(202, ``), channels.ErrMalformed, channels.OutcomeUnknown, "http_202", 0},
		"accepted with half a word":           {says(202, `{"id":"12`), channels.ErrMalformed, channels.OutcomeUnknown, "http_202", 0},
		"accepted with a page":                {says(200, `<html>`+kati+`</html>`), channels.ErrMalformed, channels.OutcomeUnknown, "http_200", 0},
		"accepted with an id that is a map":   {says(202, `{"id":{}}`), channels.ErrMalformed, channels.OutcomeUnknown, "http_202", 0},
		"the connection cut":                  {hangsUp, channels.ErrUnavailable, channels.OutcomeUnknown, "", 0},
		"a refusal whose text breaks off":     {says(422, `{"errors":`, "Content-Length", "500"), channels.ErrRejected, channels.NotSent, "http_422", 0},
		"an acceptance whose text breaks off": {says(202, `{"id":"1"`, "Content-Length", "500"), channels.ErrUnavailable, channels.OutcomeUnknown, "http_202", 0},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(t, c.answer)
			_, err := send(t, provider(t, config(a.URL)), hello())
			e := failure(t, err, c.class, c.outcome)
			require.Equal(t, c.code, e.Provider)
			require.Equal(t, c.after, e.RetryAfter)
			require.Equal(t, "send", e.Op)
			require.Equal(t, channels.ID("whatsapp"), e.Channel)
			require.Equal(t, errors.Is(c.class, channels.ErrWindowClosed), len(e.Instead) == 2)
			require.Len(t, a.all(), 1, "one attempt")
		})
	}
}

func TestARefusalInAStatusIsAFailedReceipt(t *testing.T) {
	a := answers(t, says(202, `{"id":"m9","status":"rejected"}`))
	receipt, err := send(t, provider(t, config(a.URL)), hello())
	require.NoError(t, err)
	require.Equal(t, channels.Failed, receipt.Status)
}

func TestWhoCouldNotBeReachedGotNothing(t *testing.T) {
	a := answers(t, says(202, `{"id":"m9"}`))
	a.Close()
	_, err := send(t, provider(t, config(a.URL)), hello())
	failure(t, err, channels.ErrUnavailable, channels.NotSent)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	a = answers(t, says(202, `{"id":"m9"}`))
	_, err = line(t, provider(t, config(a.URL)), "whatsapp").Send(ctx, hello())
	failure(t, err, channels.ErrUnavailable, channels.NotSent)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, a.all())
}

func TestATimeoutAfterTheRequestIsOfUnknownOutcome(t *testing.T) {
	release := make(chan struct{})
	a := answers(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	cfg := config(a.URL)
	cfg.Timeout = 50 * time.Millisecond
	_, err := send(t, provider(t, cfg), hello())
	failure(t, err, channels.ErrUnavailable, channels.OutcomeUnknown)
}

func TestTheAccessKeyIsRenewedWithoutARestart(t *testing.T) {
	key := "old"
	sim, p := simulator(t, func(s *messagebirdtest.Config, c *messagebird.Config) {
		s.AccessKeys = []string{"new"}
		c.AccessKey = func() string { return key }
	})
	sim.Person(whatsApp, kati).Says("Tere")
	_, err := send(t, p, hello())
	require.Equal(t, "2", failure(t, err, channels.ErrCredentials, channels.NotSent).Provider)
	for _, bad := range []string{"", "new\n", "n w"} {
		key = bad
		_, err = send(t, p, hello())
		failure(t, err, channels.ErrCredentials, channels.NotSent)
	}
	require.Equal(t, 1, sim.Totals().Requests, "nothing is asked without a key")
	key = "new"
	_, err = send(t, p, hello())
	require.NoError(t, err)
}

func TestAMessageToNobodyIsRefused(t *testing.T) {
	sim, p := simulator(t, nil)
	_, err := send(t, p, message("whatsapp", "", channels.Text{Body: "Tere!"}))
	failure(t, err, channels.ErrMalformed, channels.NotSent)
	require.Zero(t, sim.Totals().Requests)
}

func TestEgressThatIsNotAllowedSendsNothing(t *testing.T) {
	sim, p := simulator(t, func(_ *messagebirdtest.Config, c *messagebird.Config) {
		c.HTTPClient = &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			return nil, errors.New("no way out for " + kati)
		})}
		c.MediaClient = &http.Client{}
	})
	_, err := send(t, p, hello())
	require.ErrorIs(t, err, channels.ErrUnavailable)
	require.NotContains(t, err.Error(), kati)
	require.Empty(t, sim.Sent())
}

func TestTheWayOutIsTheAgencysOwn(t *testing.T) {
	mock := httpmock.NewMockTransport()
	const base = "https://conversations.messagebird.com/v1"
	keyed := func(status int, body string) httpmock.Responder {
		return func(r *http.Request) (*http.Response, error) {
			require.Equal(t, "AccessKey "+accessKey, r.Header.Get("Authorization"))
			return httpmock.NewStringResponse(status, body), nil
		}
	}
	mock.RegisterResponder("POST", base+"/send", keyed(202, `{"id":"m9","status":"accepted"}`))
	mock.RegisterResponder("PATCH", base+"/conversations/c1", keyed(200, `{"status":"archived"}`))
	mock.RegisterResponder("POST", base+"/webhooks", keyed(201, `{"id":"w1"}`))
	cfg := config("")
	cfg.Endpoints, cfg.InsecureHTTP = messagebird.Endpoints{}, false
	cfg.HTTPClient, cfg.MediaClient = &http.Client{Transport: mock}, &http.Client{}
	p := provider(t, cfg)

	receipt, err := send(t, p, hello())
	require.NoError(t, err)
	require.Equal(t, channels.ProviderID("m9"), receipt.ID)
	eraser, _ := channels.As[channels.Eraser](line(t, p, "whatsapp"))
	erased, err := eraser.Erase(context.Background(), hello().To, "c1")
	require.NoError(t, err)
	require.Equal(t, channels.Archived, erased)
	made, err := p.CreateWebhook(context.Background(), messagebird.Webhook{URL: hookURL})
	require.NoError(t, err)
	require.Equal(t, "w1", made.ID)
	require.Equal(t, 3, mock.GetTotalCallCount())

	mock.RegisterResponder("POST", base+"/send", httpmock.NewErrorResponder(io.ErrUnexpectedEOF))
	_, err = send(t, p, hello())
	failure(t, err, channels.ErrUnavailable, channels.OutcomeUnknown) // it does not tell how far it came
}

func TestErrorsKeepNamesNumbersAndKeysToThemselves(t *testing.T) {
	leak := kati + " Kati Karu Tere! " + accessKey
	for _, answer := range []http.HandlerFunc{
		says(400, `{"errors":[{"code":10,"description":"`+leak+`","parameter":"`+leak+`"}]}`), says(500, leak), says(202, leak),
		says(302, "", "Location", "https://elsewhere.example/?"+strings.ReplaceAll(leak, " ", "+")), hangsUp,
	} {
		a := answers(t, answer)
		p := provider(t, config(a.URL))
		m := hello()
		m.Thread = "c-Kati"
		_, err := send(t, p, m)
		require.Error(t, err)
		finder, _ := channels.As[channels.Finder](line(t, p, "whatsapp"))
		_, _, findErr := finder.Find(context.Background(), m)
		eraser, _ := channels.As[channels.Eraser](line(t, p, "whatsapp"))
		_, eraseErr := eraser.Erase(context.Background(), m.To, m.Thread)
		_, hookErr := p.Webhooks(context.Background())
		for _, err := range []error{err, findErr, eraseErr, hookErr} {
			if err == nil {
				continue
			}
			for _, secret := range []string{kati, "Kati", "Tere", accessKey, signingKey} {
				require.NotContains(t, err.Error(), secret)
			}
		}
		for _, call := range a.all() {
			require.NotContains(t, call.Path+call.Query, kati, "no personal data in addresses")
		}
	}
}
