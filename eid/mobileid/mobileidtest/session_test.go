package mobileidtest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid/mobileid/mobileidtest"
)

func TestThePhoneShowsWhatIsAsked(t *testing.T) {
	s := open(t)
	require.ErrorIs(t, s.Approve(mary), mobileidtest.ErrOver)
	require.ErrorIs(t, s.Refuse(mary), mobileidtest.ErrOver)
	first := s.begin("/authentication", request(mary, "SHA256").with("displayText", "Võti: Žanna €"))
	s.clock.Advance(time.Second)
	second := s.begin("/authentication", request(mary, "SHA256").with("displayText", "Võti: Žanna €").with("displayTextFormat", "UCS-2"))
	list := s.Prompts(mary)
	require.Len(t, list, 2)
	require.Equal(t, []string{"DEMO", "authentication", "V ti:  anna €", "EST", "0032"},
		[]string{list[0].Party, list[0].Kind, list[0].Text, list[0].Language, list[0].Code})
	require.Equal(t, "Võti: Žanna €", list[1].Text)
	require.NoError(t, s.Refuse(mary))
	require.Equal(t, "USER_CANCELLED", s.poll("/authentication", first)["result"])
	require.Equal(t, "RUNNING", s.poll("/authentication", second)["state"])
	require.ErrorIs(t, list[0].Approve(), mobileidtest.ErrOver)
	require.NoError(t, list[1].Approve())
	require.NoError(t, s.check(mary, "SHA256", s.poll("/authentication", second)))
}

func TestSessionsEndInEveryWay(t *testing.T) {
	s := open(t)
	for _, result := range []string{"TIMEOUT", "NOT_MID_CLIENT", "USER_CANCELLED", "SIGNATURE_HASH_MISMATCH", "PHONE_ABSENT", "DELIVERY_ERROR",
		"SIM_ERROR", "EXPIRED_TRANSACTION", "ERROR", "MID_NOT_READY", "SOMETHING_NEW"} {
		id := s.begin("/authentication", request(mary, "SHA256"))
		require.NoError(t, s.Prompts(mary)[0].End(result))
		status := s.poll("/authentication", id)
		require.Equal(t, []any{"COMPLETE", result}, []any{status["state"], status["result"]})
		require.NotContains(t, status, "cert")
		require.NotContains(t, status, "signature")
	}
}

func TestDemoNumbersAnswerByThemselves(t *testing.T) {
	s := open(t, func(c *mobileidtest.Config) { c.DemoNumbers = true })
	for _, c := range []struct{ phone, code, result string }{
		{"+37200000766", "60001019906", "OK"}, {"+37200000566", "60001018800", "OK"}, {"+37200000266", "60001019939", "NOT_MID_CLIENT"},
		{"+37201100266", "60001019950", "USER_CANCELLED"}, {"+37213100266", "60001019983", "PHONE_ABSENT"},
		{"+37066000266", "50001018908", "TIMEOUT"},
	} {
		id := s.begin("/authentication", request(mary, "SHA256").with("phoneNumber", c.phone).with("nationalIdentityNumber", c.code))
		if c.result == "TIMEOUT" {
			require.Equal(t, "RUNNING", s.poll("/authentication", id)["state"])
			s.clock.Advance(2 * time.Minute)
		}
		require.Equal(t, c.result, s.poll("/authentication", id)["result"], c.phone)
	}
}

func TestOneSessionNameIsOld(t *testing.T) {
	s := open(t, func(c *mobileidtest.Config) { c.LegacySessionID = true })
	_, m := s.post("/signature", request(mary, "SHA256"))
	require.Contains(t, m, "sessionId")
	_, m = s.post("/authentication", request(mary, "SHA256"))
	require.Contains(t, m, "sessionID")
}

func TestAPollWaitsAndWakesAndIsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := mobileidtest.New(mobileidtest.Config{People: []mobileidtest.Person{
			{Phone: mary, Code: codes[mary], GivenName: "M", Surname: "Ä"},
			{Phone: juri, Code: codes[juri], GivenName: "J", Surname: "T", Result: "SIM_ERROR", After: 7 * time.Second},
		}})
		require.NoError(t, err)
		c := &service{Server: s, t: t}
		poll := func(ctx context.Context, id, query string) (int, string, time.Duration) {
			w := httptest.NewRecorder()
			start := time.Now()
			s.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/authentication/session/"+id+query, nil))
			return w.Code, w.Body.String(), time.Since(start)
		}
		ctx := t.Context()
		id := c.begin("/authentication", request(mary, "SHA256"))
		_, body, took := poll(ctx, id, "")
		require.Equal(t, 10*time.Second, took)
		require.Contains(t, body, "RUNNING")

		second := make(chan int, 1)
		go func() {
			time.Sleep(time.Second)
			status, _, _ := poll(ctx, id, "")
			second <- status
			time.Sleep(2 * time.Second)
			_ = s.Approve(mary)
		}()
		_, body, took = poll(ctx, id, "?timeoutMs=60000")
		require.Equal(t, 400, <-second, "one poll waited already")
		require.Equal(t, 3*time.Second, took, "a decision ends the wait")
		require.Contains(t, body, "COMPLETE")

		id = c.begin("/authentication", request(juri, "SHA256"))
		_, body, took = poll(ctx, id, "?timeoutMs=60000")
		require.Equal(t, 7*time.Second, took, "a scripted one too")
		require.Contains(t, body, "SIM_ERROR")

		id = c.begin("/authentication", request(mary, "SHA256"))
		gone, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_, _, took = poll(gone, id, "")
		require.Equal(t, time.Second, took, "a client that has gone is not waited for")
		_, body, took = poll(ctx, id, "?timeoutMs=120000")
		require.Equal(t, 119*time.Second, took, "and no longer polls")
		require.Contains(t, body, "TIMEOUT")
	})
}

func TestOnlyOneDecisionCounts(t *testing.T) {
	s := open(t)
	id := s.begin("/authentication", request(mary, "SHA256"))
	results := make(chan error)
	for i := range 8 {
		go func() {
			if i%2 == 0 {
				results <- s.Refuse(mary)
			} else {
				results <- s.Approve(mary)
			}
		}()
	}
	won := 0
	for range 8 {
		if err := <-results; err == nil {
			won++
		} else {
			require.ErrorIs(t, err, mobileidtest.ErrOver)
		}
	}
	require.Equal(t, 1, won)
	require.Equal(t, "COMPLETE", s.poll("/authentication", id)["state"])
}

func TestFailuresAreScripted(t *testing.T) {
	s := open(t)
	for _, status := range []int{400, 401, 404, 405, 429, 500, 503} {
		s.FailNext(1, mobileidtest.Failure{Status: status, Path: "/authentication"})
		got, m := s.post("/authentication", request(mary, "SHA256"))
		require.Equal(t, status, got)
		require.NotEmpty(t, m["error"])
		require.Empty(t, s.Prompts(mary))
	}
	s.FailNext(2, mobileidtest.Failure{Status: 500, AfterAccept: true, Method: "POST", Header: http.Header{"Retry-After": {"7"}}})
	got, _ := s.post("/authentication", request(mary, "SHA256"))
	require.Equal(t, 500, got)
	require.Len(t, s.Prompts(mary), 1, "it has happened all the same")
	s.Heal()
	s.FailNext(1, mobileidtest.Failure{Body: []byte("{}"), Delay: time.Millisecond})
	got, m := s.post("/authentication", request(mary, "SHA256"))
	require.Equal(t, 200, got)
	require.Empty(t, m)

	base, err := s.Start()
	require.NoError(t, err)
	defer s.Close()
	_, err = s.Start()
	require.Error(t, err)
	for _, f := range []mobileidtest.Failure{{HangUpBefore: true}, {HangUpAfter: true}} {
		before := len(s.Prompts(juri))
		s.FailNext(1, f)
		_, err = http.Post(base+"/mid-api/authentication", "application/json", strings.NewReader(jsonOf(t, request(juri, "SHA256"))))
		require.Error(t, err)
		require.Equal(t, f.HangUpAfter, len(s.Prompts(juri)) > before)
	}
}

func TestNothingOfAPersonIsKeptOrPrinted(t *testing.T) {
	s := open(t)
	s.approved(t, mary, "SHA256")
	s.begin("/authentication", request(mary, "SHA256"))
	list := s.Requests()
	require.Equal(t, mobileidtest.Request{Method: "POST", Path: "/authentication", Status: 200, HashType: "SHA256", Language: "EST",
		Format: "GSM-7", Text: 13, At: s.clock.Now()}, list[0])
	require.Equal(t, "/authentication/session/{id}", list[1].Path)
	raw, err := json.Marshal(list)
	require.NoError(t, err)
	p, person := s.Prompts(mary)[0], s.People()[2]
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "prompt", p, "person", person)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		fmt.Fprintf(&log, verb+verb, p, person)
	}
	for _, secret := range []string{"60001019906", "55500001", "MARY", "Vestlus", "AQIDBA"} {
		require.NotContains(t, string(raw)+log.String(), secret)
	}
	for range 1100 {
		s.do("GET", "/authentication/session/"+party, "")
	}
	require.Len(t, s.Requests(), 1000)
}

func FuzzRequest(f *testing.F) {
	s := open(f)
	for _, kind := range []string{"authentication", "signature", "certificate"} {
		f.Add(kind, []byte(jsonOf(f, request(mary, "SHA256"))))
	}
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		if s.Read(kind, body) {
			require.True(t, json.Valid(body))
		}
	})
}
