package mobileidtest_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid/mobileid/mobileidtest"
)

func TestRequestsAreRefused(t *testing.T) {
	s := open(t)
	good := request(mary, "SHA256")
	hash := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }
	ucs := good.with("displayTextFormat", "UCS-2")
	for _, c := range []struct {
		name    string
		request object
		status  int
		member  string
	}{
		{"without the party's id", good.with("relyingPartyUUID", nil), 400, "relyingPartyUUID"},
		{"with an id that is no UUID", good.with("relyingPartyUUID", "demo"), 400, "relyingPartyUUID"},
		{"of an unknown party", good.with("relyingPartyUUID", "00000000-0000-0000-0000-00000000000a"), 401, ""},
		{"without the party's name", good.with("relyingPartyName", nil), 400, "relyingPartyName"},
		{"with an empty name", good.with("relyingPartyName", ""), 400, "relyingPartyName"},
		{"with another party's name", good.with("relyingPartyName", "demo"), 401, ""},
		{"without a number", good.with("phoneNumber", nil), 400, "phoneNumber"},
		{"with a number without its country", good.with("phoneNumber", "55500001"), 400, "phoneNumber"},
		{"with a number with spaces", good.with("phoneNumber", "+372 5550 0001"), 400, "phoneNumber"},
		{"with a number of 7 digits", good.with("phoneNumber", "+3725550"), 400, "phoneNumber"},
		{"with a number of 31 digits", good.with("phoneNumber", "+"+strings.Repeat("3", 31)), 400, "phoneNumber"},
		{"without a code", good.with("nationalIdentityNumber", nil), 400, "nationalIdentityNumber"},
		{"with a code with its prefix", good.with("nationalIdentityNumber", "EE60001019906"), 400, "nationalIdentityNumber"},
		{"with a code of 10 digits", good.with("nationalIdentityNumber", "6000101990"), 400, "nationalIdentityNumber"},
		{"with a number for a text", good.with("nationalIdentityNumber", 60001019906), 400, "nationalIdentityNumber"},
		{"without a hash", good.with("hash", nil), 400, "hash"},
		{"with a hash that is not base64", good.with("hash", "-_-_"), 400, "hash"},
		{"with a hash on two lines", good.with("hash", "AAAA\n"+hash(32)), 400, "hash"},
		{"with a hash of 31 bytes", good.with("hash", hash(31)), 400, "hash"},
		{"with a hash of another type", good.with("hashType", "SHA512"), 400, "hash"},
		{"without the hash's type", good.with("hashType", nil), 400, "hashType"},
		{"with an unknown type", good.with("hashType", "SHA1").with("hash", hash(20)), 400, "hashType"},
		{"without a language", good.with("language", nil), 400, "language"},
		{"with a language of two letters", good.with("language", "et"), 400, "language"},
		{"with an unknown format", good.with("displayTextFormat", "UTF-8"), 400, "displayTextFormat"},
		{"with a text of 101", good.with("displayText", strings.Repeat("a", 101)), 400, "displayText"},
		{"with 6 extended characters", good.with("displayText", "[]{}|€"), 400, "displayText"},
		{"with 51 characters of UCS-2", ucs.with("displayText", strings.Repeat("õ", 51)), 400, "displayText"},
		{"with 51 units of UCS-2", ucs.with("displayText", strings.Repeat("õ", 49)+"😀"), 400, "displayText"},
		{"with a number for the text", good.with("displayText", 1), 400, "displayText"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.t = t
			for _, path := range []string{"/authentication", "/signature"} {
				status, body := s.post(path, c.request)
				require.Equal(t, c.status, status, "%v", body)
				require.NotEmpty(t, body["error"])
				require.NotEmpty(t, body["traceId"])
				require.Equal(t, "2026-11-22T09:00:00", body["time"])
				require.NotContains(t, jsonOf(t, body), "60001019906")
				require.Equal(t, c.member, s.Requests()[len(s.Requests())-1].Refused)
			}
			if c.member == "" || strings.HasPrefix(c.member, "relying") || c.member == "phoneNumber" || c.member == "nationalIdentityNumber" {
				status, _ := s.post("/certificate", c.request)
				require.Equal(t, c.status, status)
			}
		})
	}
}

func TestRequestsAtTheLimitsAreAccepted(t *testing.T) {
	s := open(t)
	good := request(mary, "SHA256")
	s.begin("/authentication", good.with("displayText", nil))
	s.begin("/authentication", good.with("displayText", strings.Repeat("ä", 95)+"[]{}|"))
	s.begin("/authentication", good.with("displayText", strings.Repeat("õ", 50)).with("displayTextFormat", "UCS-2"))
	s.begin("/signature", good.with("phoneNumber", "+"+strings.Repeat("3", 30)))
	for _, hashType := range []string{"SHA256", "SHA384", "SHA512"} {
		s.begin("/signature", request(mary, hashType).with("language", "LIT"))
	}
}

func TestMalformedRequestsAreRefused(t *testing.T) {
	s := open(t)
	for _, body := range []string{"", "null", "[]", "{", "{} {}", "\xff"} {
		status, _ := s.do("POST", "/authentication", body)
		require.Equal(t, 400, status, "%q", body)
	}
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/authentication", 405}, {"POST", "/authentication/session/x", 405}, {"DELETE", "/certificate", 405},
		{"GET", "/", 404}, {"GET", "/certificate/session/x", 404}, {"GET", "/authentication/session/", 404}, {"GET", "/authentication/session/x/y", 404},
	} {
		status, _ := s.do(c.method, c.path, "")
		require.Equal(t, c.status, status, "%s %s", c.method, c.path)
	}
	status, _ := s.do("POST", "/authentication", strings.Repeat("x", 64<<10+1))
	require.Equal(t, 413, status)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/authentication", strings.NewReader("{}")))
	require.Equal(t, 415, w.Code)
}

func TestPollsAreRefused(t *testing.T) {
	s := open(t)
	id := s.begin("/authentication", request(mary, "SHA256"))
	for _, c := range []struct {
		name, path string
		status     int
	}{
		{"of an unknown session", "/authentication/session/" + party, 404},
		{"of a session of the other kind", "/signature/session/" + id, 404},
		{"that are too short", "/authentication/session/" + id + "?timeoutMs=999", 400},
		{"that are too long", "/authentication/session/" + id + "?timeoutMs=120001", 400},
		{"with a word for the time", "/authentication/session/" + id + "?timeoutMs=long", 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, _ := s.do("GET", c.path, "")
			require.Equal(t, c.status, status)
		})
	}
	for _, query := range []string{"", "?timeoutMs=1000", "?timeoutMs=120000"} {
		status, m := s.do("GET", "/authentication/session/"+id+query, "")
		require.Equal(t, 200, status)
		require.Equal(t, map[string]any{"state": "RUNNING", "result": ""}, m)
	}
	s.clock.Advance(2 * time.Minute)
	require.Equal(t, "TIMEOUT", s.poll("/authentication", id)["result"])
	s.clock.Advance(5*time.Minute - time.Second)
	require.Equal(t, "TIMEOUT", s.poll("/authentication", id)["result"])
	s.clock.Advance(time.Second)
	status, _ := s.do("GET", "/authentication/session/"+id, "")
	require.Equal(t, 404, status)
}

func TestNobodyIsToldByThePoll(t *testing.T) {
	s := open(t)
	for _, r := range []object{
		request(mary, "SHA256").with("phoneNumber", "+37255500009"),
		request(mary, "SHA256").with("nationalIdentityNumber", codes[juri]),
	} {
		require.Equal(t, "NOT_MID_CLIENT", s.poll("/authentication", s.begin("/authentication", r))["result"])
		status, m := s.post("/certificate", r)
		require.Equal(t, 200, status)
		require.Equal(t, map[string]any{"result": "NOT_FOUND", "cert": ""}, m)
	}
	require.Empty(t, s.Prompts(mary))
}

func TestConfigurationsAndPeopleAreRefused(t *testing.T) {
	good := mobileidtest.Person{Phone: mary, Code: codes[mary], GivenName: "A", Surname: "B"}
	for _, c := range []struct {
		field string
		mobileidtest.Config
	}{
		{"Parties[0].UUID", mobileidtest.Config{Parties: []mobileidtest.RelyingParty{{Name: "DEMO"}}}},
		{"Parties[0].UUID", mobileidtest.Config{Parties: []mobileidtest.RelyingParty{{UUID: "DE305D54-75B4-431B-ADB2-EB6B9E546014", Name: "DEMO"}}}},
		{"Parties[0].Name", mobileidtest.Config{Parties: []mobileidtest.RelyingParty{{UUID: party}}}},
		{"Timeout", mobileidtest.Config{Timeout: -1}},
		{"People[1]", mobileidtest.Config{People: []mobileidtest.Person{good, good}}},
	} {
		_, err := mobileidtest.New(c.Config)
		require.ErrorContains(t, err, c.field)
	}
	s := open(t)
	good.Phone = "+37255500009"
	for _, c := range []struct {
		field  string
		change func(*mobileidtest.Person)
	}{
		{"Phone", func(p *mobileidtest.Person) { p.Phone = "55500009" }},
		{"Code", func(p *mobileidtest.Person) { p.Code = "EE60001019906" }},
		{"Country", func(p *mobileidtest.Person) { p.Country = "LV" }},
		{"GivenName", func(p *mobileidtest.Person) { p.Surname = "" }},
		{"After", func(p *mobileidtest.Person) { p.After = -1 }},
	} {
		p := good
		c.change(&p)
		_, err := s.AddPerson(p)
		require.ErrorContains(t, err, c.field)
		require.NotContains(t, err.Error(), "60001019906")
	}
	good.Phone = mary
	_, err := s.AddPerson(good)
	require.ErrorIs(t, err, mobileidtest.ErrTaken)
	require.Len(t, s.People(), 3)
}
