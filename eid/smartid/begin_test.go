package smartid_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/smartid"
	"github.com/liidestuja/liidestuja/eid/trust"
)

func TestWhatCannotBeAskedIsRefusedByItsNameBeforeACall(t *testing.T) {
	long := func(n int) string { return strings.Repeat("õ", n) }
	confirm := func(c *smartid.Config) {
		c.Interactions = []smartid.InteractionType{smartid.ConfirmationMessage, smartid.DisplayTextAndPIN}
	}
	confirmOnly := func(c *smartid.Config) { c.Interactions = []smartid.InteractionType{smartid.ConfirmationMessage} }
	notify := func(c *smartid.Config) { c.Flow = smartid.Notification }
	for name, c := range map[string]struct {
		config  func(*smartid.Config)
		request eid.Request
		field   string
	}{
		"a text of 61 characters":                            {nil, eid.Request{Text: long(61)}, "Text"},
		"a text of 61 characters where one screen takes 200": {confirm, eid.Request{Text: long(61)}, "Text"},
		"a text of 201 characters":                           {confirmOnly, eid.Request{Text: long(201)}, "Text"},
		"a text of two lines":                                {nil, eid.Request{Text: "a\nb"}, "Text"},
		"a text that is no UTF-8":                            {nil, eid.Request{Text: "\xff"}, "Text"},
		"an unknown language":                                {nil, eid.Request{Language: "fi"}, "Language"},
		"an unknown level":                                   {nil, eid.Request{Level: 9}, "Level"},
		"a negative level":                                   {nil, eid.Request{Level: -1}, "Level"},
		"a malformed code":                                   {nil, eid.Request{Code: "38001085718"}, "Code"},
		"a notification to nobody":                           {notify, eid.Request{}, "Code"},
		"a return without TLS":                               {nil, eid.Request{ReturnURL: "http://agency.example/"}, "ReturnURL"},
		"a return with a fragment":                           {nil, eid.Request{ReturnURL: "https://agency.example/#a"}, "ReturnURL"},
		"a return with a bar":                                {nil, eid.Request{ReturnURL: "https://agency.example/?a=b|c"}, "ReturnURL"},
		"a return with a space":                              {nil, eid.Request{ReturnURL: "https://agency.example/a b"}, "ReturnURL"},
		"a return with a password":                           {nil, eid.Request{ReturnURL: "https://a:b@agency.example/"}, "ReturnURL"},
		"a return to nowhere":                                {nil, eid.Request{ReturnURL: "https:///path"}, "ReturnURL"},
		"a return with a parameter of ours":                  {nil, eid.Request{ReturnURL: "https://agency.example/?value=1"}, "ReturnURL"},
		"a return with a parameter of the app":               {nil, eid.Request{ReturnURL: "https://agency.example/?sessionSecretDigest=1"}, "ReturnURL"},
		"a return that is too long":                          {nil, eid.Request{ReturnURL: "https://agency.example/" + strings.Repeat("a", 1800)}, "ReturnURL"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, c.config)
			ch, err := r.Begin(t.Context(), c.request)
			require.ErrorIs(t, err, eid.ErrRequest)
			require.ErrorContains(t, err, c.field)
			require.Empty(t, ch.State)
			require.Empty(t, r.service.requests)
		})
	}
	r := newRig(t, nil)
	for _, document := range []string{"", "PNOEE-1/../2", "PNOEE-38001085718-ABCD Q", "../x", "PNOEE-õ"} {
		_, err := r.BeginDocument(t.Context(), eid.Request{}, document)
		require.ErrorIs(t, err, eid.ErrRequest, document)
	}
	require.Empty(t, r.service.requests)
}

func TestTheLongestTextsAreSentWhole(t *testing.T) {
	r := newRig(t, nil)
	begin(t, r, eid.Request{Text: strings.Repeat("õ", 60)})
	r = newRig(t, func(c *smartid.Config) { c.Interactions = []smartid.InteractionType{smartid.ConfirmationMessage} })
	begin(t, r, eid.Request{Text: strings.Repeat("õ", 200)})
	for _, language := range []string{"", "et", "en", "ru"} { // a general text fits everywhere
		begin(t, newRig(t, nil), eid.Request{Language: language})
	}
}

func TestTheReturnAddressKeepsWhatItHad(t *testing.T) {
	for in, want := range map[string]string{
		"https://a.example":        "https://a.example?value=V",
		"https://a.example/":       "https://a.example/?value=V",
		"https://a.example/?":      "https://a.example/?value=V",
		"https://a.example/b?c=d":  "https://a.example/b?c=d&value=V",
		"https://a.example/b?c=d&": "https://a.example/b?c=d&value=V",
		"https://a.example:8443/õ": "",
		"https://a.example/%C3%B5": "https://a.example/%C3%B5?value=V",
		"https://a.example/?x=%zz": "",
		"HTTPS://a.example/":       "HTTPS://a.example/?value=V",
	} {
		got, err := smartid.CallbackForTest(in, "V")
		require.Equal(t, want, got, in)
		require.Equal(t, want == "", errors.Is(err, eid.ErrRequest), in)
	}
}

func TestOnlyASimulatorReturnsWithoutTLSAndToThisMachine(t *testing.T) {
	plain := func(c *smartid.Config) { c.InsecureHTTP = true }
	for address, ok := range map[string]bool{
		"http://127.0.0.1:8080/return": true, "http://localhost/return": true, "http://[::1]:8080/": true,
		"http://localhost.example/": false, "http://192.0.2.1/": false, "ftp://localhost/": false, "//localhost/": false,
	} {
		_, err := newRig(t, plain).Begin(t.Context(), eid.Request{ReturnURL: address})
		require.Equal(t, !ok, errors.Is(err, eid.ErrRequest), address)
		_, err = newRig(t, nil).Begin(t.Context(), eid.Request{ReturnURL: address})
		require.ErrorIs(t, err, eid.ErrRequest, address)
	}
}

func TestBasicCertificatesAreAskedForWhereTheyWouldDo(t *testing.T) {
	for _, c := range []struct {
		least smartid.CertificateLevel
		level eid.Level
		want  string
	}{
		{smartid.Qualified, eid.Low, "QUALIFIED"}, {smartid.Advanced, eid.Low, "ADVANCED"},
		{smartid.Advanced, eid.Substantial, "QUALIFIED"}, {smartid.Advanced, eid.High, "QUALIFIED"}, {"", eid.Undefined, "QUALIFIED"},
	} {
		r := newRig(t, func(cfg *smartid.Config) { cfg.Certificates = c.least })
		begin(t, r, eid.Request{Level: c.level})
		require.Equal(t, c.want, r.service.begun.request["certificateLevel"], c)
	}
	r := newRig(t, func(cfg *smartid.Config) { cfg.Certificates = smartid.Advanced })
	c := begin(t, r, eid.Request{Level: eid.Low})
	r.service.complete(issue(holder{policies: basic}), "QR")
	id, err := r.Resolve(t.Context(), c.State, nil)
	require.NoError(t, err)
	require.Equal(t, eid.Low, id.Level, "what is proven is the level of the certificate")
	answer := r.service.complete(issue(holder{}), "QR")
	_, err = r.Resolve(t.Context(), c.State, nil)
	require.ErrorIs(t, err, eid.ErrUntrusted, "said to be basic, and is not")
	set(t, answer, "cert/certificateLevel", "QUALIFIED")
	id, err = r.Resolve(t.Context(), c.State, nil)
	require.NoError(t, err)
	require.Equal(t, eid.High, id.Level)
}

func TestARefusalOfTheServiceSaysWhatIsToBeDone(t *testing.T) {
	for status, want := range map[int]struct {
		kind   error
		advice smartid.Advice
	}{
		301: {smartid.ErrProtocol, smartid.AdviceReport}, 400: {eid.ErrRequest, smartid.AdviceReport},
		401: {smartid.ErrCredentials, smartid.AdviceConfigure}, 403: {smartid.ErrCredentials, smartid.AdviceConfigure},
		404: {eid.ErrNoAccount, smartid.AdviceOther}, 418: {smartid.ErrProtocol, smartid.AdviceReport},
		429: {smartid.ErrUnavailable, smartid.AdviceLater}, 471: {eid.ErrNoAccount, smartid.AdviceOther},
		472: {eid.ErrNoAccount, smartid.AdviceOther}, 480: {smartid.ErrClientTooOld, smartid.AdviceConfigure},
		500: {smartid.ErrUnavailable, smartid.AdviceLater}, 503: {smartid.ErrUnavailable, smartid.AdviceLater},
		580: {smartid.ErrUnavailable, smartid.AdviceLater},
	} {
		r := newRig(t, nil)
		r.service.header = http.Header{"Retry-After": {"7"}}
		r.service.begin = func(*http.Request) (int, any) {
			return status, object{"errors": []any{object{"code": "SOME_CODE", "detail": "canary " + number, "paramName": "canary " + number}}}
		}
		_, err := r.Begin(t.Context(), eid.Request{Code: code})
		require.ErrorIs(t, err, want.kind, status)
		var f *smartid.Failure
		require.ErrorAs(t, err, &f)
		require.Equal(t, want.advice, f.Advice, status)
		require.False(t, f.Uncertain)
		require.NotContains(t, err.Error(), "canary")
		require.Len(t, r.service.requests, 1)
		if !errors.Is(want.kind, eid.ErrNoAccount) {
			require.Equal(t, []any{status, "SOME_CODE", "unreadable", 7 * time.Second}, []any{f.Status, f.Code, f.Param, f.After})
		}
	}
}

func TestWhetherSomebodyHasAnotherAccountIsNotTold(t *testing.T) {
	texts := map[string]bool{}
	for status, body := range map[int]any{
		404: object{"status": 404, "errors": []any{object{"code": "NO_SUITABLE_ACCOUNT_FOUND"}}},
		471: []byte("no suitable account"), 472: []byte(""),
	} {
		r := newRig(t, nil)
		r.service.begin = func(*http.Request) (int, any) { return status, body }
		_, err := r.Begin(t.Context(), eid.Request{Code: code})
		texts[fmt.Sprintf("%v %+v", err, *must2(errors.AsType[*smartid.Failure](err)))] = true
	}
	require.Len(t, texts, 1, "%v", texts)
}

func must2[T any](v T, ok bool) T {
	if !ok {
		panic("not there")
	}
	return v
}

func TestAStartWithAnUnclearOutcomeIsNotRepeated(t *testing.T) {
	for name, fail := range map[string]error{"a connection that breaks": io.ErrUnexpectedEOF, "one that is refused": &net.OpError{Op: "dial", Err: errors.New("canary")}} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nil)
			r.service.fail = func(*http.Request) error { return fail }
			_, err := r.Begin(t.Context(), eid.Request{})
			require.ErrorIs(t, err, smartid.ErrUnavailable)
			require.NotContains(t, err.Error(), "canary")
			var f *smartid.Failure
			require.ErrorAs(t, err, &f)
			require.True(t, f.Uncertain, "nothing tells that it was not sent")
			require.Len(t, r.service.requests, 1)
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		server := httptest.NewServer(http.NotFoundHandler())
		server.Close()
		r := newRig(t, func(c *smartid.Config) { c.Client, c.Environment.BaseURL, c.InsecureHTTP = nil, server.URL, true })
		_, err := r.Begin(t.Context(), eid.Request{})
		require.ErrorIs(t, err, smartid.ErrUnavailable)
		require.False(t, must2(errors.AsType[*smartid.Failure](err)).Uncertain, "it is known that nothing was sent")
	})
}

func TestAnAnswerThatCannotBeUsedIsNoSession(t *testing.T) {
	good := func() object {
		return object{
			"sessionID": "a2e28e5c-9dd5-4a30-9fd0-3b2ea1f9b6ad", "sessionToken": "token", "sessionSecret": sessionSecret,
			"deviceLinkBase": "https://smart-id.com/device-link",
		}
	}
	for name, change := range map[string]func(object){
		"without a number":                   func(o object) { delete(o, "sessionID") },
		"with a number that is a path":       func(o object) { o["sessionID"] = "a/b" },
		"with a number of another type":      func(o object) { o["sessionID"] = 7 },
		"without a token":                    func(o object) { delete(o, "sessionToken") },
		"with a token that is a parameter":   func(o object) { o["sessionToken"] = "a&lang=x" },
		"without a secret":                   func(o object) { delete(o, "sessionSecret") },
		"with a secret that is no base64":    func(o object) { o["sessionSecret"] = "B98ODiVCebRedSwdTk51zFSaGYyHtY1H2A0ocAi3/Ps" },
		"without a base":                     func(o object) { delete(o, "deviceLinkBase") },
		"with a base without TLS":            func(o object) { o["deviceLinkBase"] = "http://smart-id.com/device-link" },
		"with a base that runs a script":     func(o object) { o["deviceLinkBase"] = "javascript:alert(1)" },
		"with a base that has a query":       func(o object) { o["deviceLinkBase"] = "https://smart-id.com/?a" },
		"with a base that ends an attribute": func(o object) { o["deviceLinkBase"] = "https://smart-id.com/\"><b>" },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nil)
			o := good()
			change(o)
			r.service.begin = func(*http.Request) (int, any) { return 200, o }
			_, err := r.Begin(t.Context(), eid.Request{})
			require.ErrorIs(t, err, smartid.ErrProtocol)
			require.True(t, must2(errors.AsType[*smartid.Failure](err)).Uncertain)
		})
	}
	r := newRig(t, nil)
	r.service.begin = func(*http.Request) (int, any) { return 200, []byte("<html>") }
	_, err := r.Begin(t.Context(), eid.Request{})
	require.ErrorIs(t, err, smartid.ErrProtocol)
	r.service.begin = func(*http.Request) (int, any) { return 200, good() }
	begin(t, r, eid.Request{})
}

func TestAPollIsRepeatedWhereThatHelps(t *testing.T) {
	polled := func(r *rig) int { return len(r.service.requests) - 1 }
	for name, c := range map[string]struct {
		fail   error
		status int
		kind   error
		polls  int
	}{
		"a broken connection":      {io.ErrUnexpectedEOF, 0, smartid.ErrUnavailable, 3},
		"a fault of the service":   {nil, 500, smartid.ErrUnavailable, 3},
		"too many requests":        {nil, 429, smartid.ErrUnavailable, 3},
		"maintenance":              {nil, 580, smartid.ErrUnavailable, 1},
		"a session that is gone":   {nil, 404, eid.ErrExpired, 1},
		"a refusal":                {nil, 401, smartid.ErrCredentials, 1},
		"a version that is gone":   {nil, 480, smartid.ErrClientTooOld, 1},
		"a mistake of ours":        {nil, 400, smartid.ErrProtocol, 1},
		"something unintelligible": {nil, 200, smartid.ErrProtocol, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, nil)
				ch := begin(t, r, eid.Request{})
				r.service.fail = func(*http.Request) error { return c.fail }
				r.service.session = func(*http.Request) (int, any) { return c.status, []byte(`{"state":"canary"}`) }
				_, err := r.Resolve(t.Context(), ch.State, nil)
				require.ErrorIs(t, err, c.kind)
				require.Equal(t, c.polls, polled(r))
				require.NotContains(t, err.Error(), "canary")
				r.service.fail = nil
				r.service.complete(issue(holder{}), "QR")
				_, err = r.Resolve(t.Context(), ch.State, nil)
				require.NoError(t, err, "a service that was away changes nothing")
			})
		})
	}
}

func TestAResolveEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(c *smartid.Config) { c.PollTimeout = 2 * time.Minute })
		ch := begin(t, r, eid.Request{})
		r.service.fail = func(req *http.Request) error {
			<-req.Context().Done()
			return req.Context().Err()
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		start := time.Now()
		_, err := r.Resolve(ctx, ch.State, nil)
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, smartid.ErrUnavailable)
		require.Equal(t, 3*time.Second, time.Since(start))
		require.Equal(t, "timeoutMs=120000", r.service.requests[1].URL.RawQuery)

		start = time.Now()
		_, err = r.Resolve(t.Context(), ch.State, nil)
		require.ErrorIs(t, err, smartid.ErrUnavailable, "a service that does not keep its own time")
		require.Equal(t, 130*time.Second, time.Since(start))
		require.Len(t, r.service.requests, 3, "what has taken so long is not repeated")

		r.clock.add(4*time.Minute + 30*time.Second)
		r.service.fail = nil
		_, err = r.Resolve(t.Context(), ch.State, nil)
		require.ErrorIs(t, err, eid.ErrPending)
		require.Equal(t, "timeoutMs=30000", r.service.requests[3].URL.RawQuery, "nobody waits beyond the end")
	})
}

func TestOnlyAPinnedServerIsSpokenTo(t *testing.T) {
	asked := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked++; w.WriteHeader(404) }))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	server.StartTLS()
	defer server.Close()
	r := newRig(t, func(c *smartid.Config) {
		c.Client, c.Environment.BaseURL = server.Client(), server.URL
		c.InsecureNoPins, c.Pins = false, []string{"Ps1Im3KeB0Q4AlR+/J9KFd/MOznaARdwo4gURPCLaVA="}
	})
	_, err := r.Begin(t.Context(), eid.Request{})
	require.ErrorIs(t, err, smartid.ErrUnavailable)
	require.ErrorIs(t, err, trust.ErrPin)
	require.Zero(t, asked)
}
