package smartidtest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid/smartid/smartidtest"
)

func TestFailuresAreScripted(t *testing.T) {
	s := open(t)
	for _, status := range []int{400, 401, 403, 404, 429, 471, 472, 480, 500, 503, 580} {
		s.FailNext(1, smartidtest.Failure{Status: status, Method: "POST", Path: "/v3/authentication/notification/etsi/{id}",
			Header: http.Header{"Retry-After": {"7"}}})
		got, _, h := s.do("POST", linkAuth, []byte(jsonOf(t, authRequest())))
		require.Equal(t, 200, got, "another endpoint")
		require.Empty(t, h.Get("Retry-After"))
		got, body, h := s.do("POST", notifyAuth, []byte(jsonOf(t, notifyRequest())))
		require.Equal(t, status, got)
		require.Equal(t, "7", h.Get("Retry-After"))
		if status == 401 {
			require.Nil(t, body)
		} else {
			require.Equal(t, float64(status), body["status"])
		}
		require.Empty(t, s.Prompts(mary), "nothing has happened")
	}
	s.FailNext(1, smartidtest.Failure{Status: 500, AfterAccept: true})
	got, _ := s.post(notifyAuth, notifyRequest())
	require.Equal(t, 500, got)
	require.Len(t, s.Prompts(mary), 1, "it has happened all the same")
	s.FailNext(-1, smartidtest.Failure{Status: 580})
	for range 3 {
		got, _ = s.post(notifyAuth, notifyRequest())
		require.Equal(t, 580, got)
	}
	s.Heal()
	got, _ = s.post(notifyAuth, notifyRequest())
	require.Equal(t, 200, got)
}

func TestConnectionsAreCutBeforeAndAfter(t *testing.T) {
	s := open(t)
	base, err := s.Start()
	require.NoError(t, err)
	defer s.Close()
	_, err = s.Start()
	require.Error(t, err)
	send := func() (*http.Response, error) {
		return http.Post(base+notifyAuth, "application/json", strings.NewReader(jsonOf(t, notifyRequest())))
	}
	s.FailNext(1, smartidtest.Failure{HangUpBefore: true})
	_, err = send()
	require.Error(t, err)
	require.Empty(t, s.Prompts(mary))
	s.FailNext(1, smartidtest.Failure{HangUpAfter: true})
	_, err = send()
	require.Error(t, err)
	require.Len(t, s.Prompts(mary), 1)
	s.FailNext(1, smartidtest.Failure{Body: []byte("<html>bad gateway</html>"), Status: 502, Delay: time.Millisecond})
	res, err := send()
	require.NoError(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, []any{502, "text/html; charset=utf-8", "<html>bad gateway</html>"}, []any{res.StatusCode, res.Header.Get("Content-Type"), string(raw)})
	var statuses []int
	for _, r := range s.Requests() {
		require.True(t, r.Scripted)
		statuses = append(statuses, r.Status)
	}
	require.Equal(t, []int{0, 0, 502}, statuses)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
}

func TestTheJournalHasNoSecretsAndNobodyInIt(t *testing.T) {
	s := open(t)
	o, status, err := s.approved(t, notifyRequest().with("nonsense", "PNOEE-60001019906"))
	require.NoError(t, err)
	require.NoError(t, s.check(o, status, s.clock.Now()))
	s.begin(linkAuth, authRequest())
	s.post("/v3/authentication/notification/etsi/PNOEE-38001085718", notifyRequest())
	list := s.Requests()
	require.Equal(t, smartidtest.Request{Method: "POST", Path: "/v3/authentication/notification/etsi/{id}", Status: 200, Level: "QUALIFIED",
		Algorithm: "rsassa-pss", Hash: "SHA-512", Interactions: []string{"displayTextAndPIN"}, Ignored: []string{"nonsense"}, At: s.clock.Now()}, list[0])
	require.Equal(t, "/v3/session/{id}", list[1].Path)
	require.True(t, list[2].Callback)
	require.Equal(t, 404, list[3].Status)
	raw, err := json.Marshal(list)
	require.NoError(t, err)
	for _, secret := range []string{"60001019906", "38001085718", "MARY", "Vestlus", "GYS+yoah", "rp.example.com", "RrKjjT4"} {
		require.NotContains(t, string(raw), secret)
	}
	for range 1100 {
		s.do("GET", "/v3/session/"+party, nil)
	}
	require.Len(t, s.Requests(), 1000)
}

func TestPeopleAndPromptsPrintNothingOfThemselves(t *testing.T) {
	s := open(t)
	s.begin(notifyAuth, notifyRequest())
	p, person := s.Prompts(mary)[0], s.People()[0]
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "prompt", p, "person", person)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		fmt.Fprintf(&log, verb+verb, p, person)
	}
	require.NotContains(t, log.String(), "60001019906")
	require.NotContains(t, log.String(), "LAUKIEN")
	require.NotContains(t, log.String(), "Vestlus")
	_, err := p.Approve("PNOEE-38001085718-MOCK-Q")
	require.NotContains(t, err.Error(), "38001085718")
}

func TestConfigurationsAreRefused(t *testing.T) {
	for _, c := range []struct {
		field string
		smartidtest.Config
	}{
		{"Parties[0].UUID", smartidtest.Config{Parties: []smartidtest.RelyingParty{{Name: "DEMO"}}}},
		{"Parties[0].Name", smartidtest.Config{Parties: []smartidtest.RelyingParty{{UUID: party}}}},
		{"Parties[0].Brokered", smartidtest.Config{Parties: []smartidtest.RelyingParty{{UUID: party, Name: "DEMO", Brokered: strings.Repeat("x", 33)}}}},
		{"DeviceLinkBase", smartidtest.Config{DeviceLinkBase: "http://smart-id.com/device-link"}},
		{"DeviceLinkBase", smartidtest.Config{DeviceLinkBase: "https://smart-id.com/device-link?x"}},
		{"DeviceLinkBase", smartidtest.Config{DeviceLinkBase: "http://smart-id.com/device-link", InsecureHTTP: true}},
		{"Scheme", smartidtest.Config{Scheme: "smart|id"}},
		{"KeyBits", smartidtest.Config{KeyBits: 1024}},
		{"Timeout", smartidtest.Config{Timeout: -1}},
		{"People[0]", smartidtest.Config{People: []smartidtest.Person{{}}}},
	} {
		_, err := smartidtest.New(c.Config)
		require.ErrorContains(t, err, c.field)
	}
}

func TestPeopleAreRefused(t *testing.T) {
	s := open(t)
	good := smartidtest.Person{Identifier: "PNOEE-38001085718", GivenName: "A", Surname: "B"}
	for _, c := range []struct {
		field  string
		change func(*smartidtest.Person)
	}{
		{"Identifier", func(p *smartidtest.Person) { p.Identifier = "38001085718" }},
		{"GivenName", func(p *smartidtest.Person) { p.GivenName = "" }},
		{"Level", func(p *smartidtest.Person) { p.Level = "HIGH" }},
		{"Document", func(p *smartidtest.Person) { p.Document = "PNOEE-38001085718" }},
		{"Interaction", func(p *smartidtest.Person) { p.Interaction = "displayTextAndPIN" }},
		{"After", func(p *smartidtest.Person) { p.After = -1 }},
		{"Status", func(p *smartidtest.Person) { p.Status = 500 }},
		{"Born", func(p *smartidtest.Person) { p.Born = "8.1.1980" }},
	} {
		p := good
		c.change(&p)
		_, err := s.AddPerson(p)
		require.ErrorContains(t, err, c.field)
		require.NotContains(t, err.Error(), "38001085718")
	}
	p, err := s.AddPerson(good)
	require.NoError(t, err)
	require.Equal(t, []string{"QUALIFIED", "PNOEE-38001085718-MOCK-Q"}, []string{p.Level, p.Document})
	_, err = s.AddPerson(good)
	require.ErrorIs(t, err, smartidtest.ErrTaken)
	require.Len(t, s.People(), 4)
}

func FuzzRequest(f *testing.F) {
	s := open(f)
	paths := []string{linkAuth, notifyAuth, linkSign, notifySign, chooseCert, "/v3/signature/notification/linked/" + maryDoc,
		"/v3/signature/certificate/" + maryDoc, v2Auth, v2Sign, v2Cert}
	for i, o := range []object{authRequest(), notifyRequest(), signRequest(), signRequest(), certRequest(), signRequest(), certRequest(), v2Request(), v2Request(), certRequest()} {
		f.Add(i, []byte(jsonOf(f, o)))
	}
	f.Fuzz(func(t *testing.T, path int, body []byte) {
		if path < 0 || path >= len(paths) {
			return
		}
		if s.Read(paths[path], body) {
			require.True(t, json.Valid(body))
		}
	})
}
