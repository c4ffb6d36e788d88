package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

func TestLinesOfOnePageShareItsSubscription(t *testing.T) {
	m := newAppWorld(t)
	srv := m.serve()
	s := m.surfer()
	s.signIn("rein")
	s.add("messenger", appPage, "messenger")
	s.add("instagram", appInsta, "instagram")
	s.add("whatsapp", appNumber, "whatsapp") // is registered with the PIN
	for _, id := range []string{"messenger", "instagram", "whatsapp"} {
		require.Equal(t, true, m.line(id)["serving"], id)
	}
	m.remove("messenger")
	person := m.sim.Person(appInsta, "6006")
	person.Says("tere")
	m.deliver()
	require.NotEmpty(t, m.answered(person, 1), "the page's subscription is also Instagram's")
	m.late(t, srv)
	require.Contains(t, srv.log.String(), "event of a removed account dropped")
	number := m.sim.Person(appNumber, "37255500006")
	number.Says("tere")
	m.deliver()
	require.NotEmpty(t, m.answered(number, 1))
	_, log := m.api("anu", http.MethodGet, "/v1/log?limit=1000", "")
	require.Contains(t, fmt.Sprint(log), "subscription:shared")

	// The name of a removed line stays its own: with its account it comes back.
	at := s.login()
	status, page, _ := s.post(at+"/add", url.Values{"kind": {"messenger"}, "account": {appPage}, "line": {"whatsapp"}})
	require.Equal(t, http.StatusConflict, status)
	require.Contains(t, page, "There is, or was, a line of this name")
	s.add("messenger", appPage, "messenger")
	back := m.sim.Person(appPage, "7007")
	back.Says("tere taas")
	m.deliver()
	require.NotEmpty(t, m.answered(back, 1))
}

// remove removes a line by the API, as it asks to be.
func (m *appWorld) remove(id string) {
	m.t.Helper()
	status, v := m.api("rein", http.MethodDelete, "/v1/admin/lines/"+id, "")
	require.Equal(m.t, http.StatusConflict, status)
	require.Equal(m.t, "confirm", v["code"])
	status, v = m.api("rein", http.MethodDelete, "/v1/admin/lines/"+id+"?confirm="+url.QueryEscape(v["confirm"].(string)), "")
	require.Equal(m.t, http.StatusNoContent, status, v)
}

func TestTokensShowNowhere(t *testing.T) {
	m := newAppWorld(t)
	srv := m.serve()
	s := m.surfer()
	s.signIn("rein")
	s.add("messenger", appPage, "messenger")
	s.add("whatsapp", appNumber, "whatsapp")
	s.get("/lines")
	_, api := m.api("rein", http.MethodGet, "/v1/admin/lines", "")
	_, page := s.get(s.askedInVain())
	require.Contains(t, page, "Teenusepakkuja ei vasta")
	_, log := m.api("anu", http.MethodGet, "/v1/log?limit=1000", "")
	code, listed, errs := m.command("lines", "list", "-config", m.path("config.yaml"))
	require.Equal(t, exitOK, code, errs)
	require.Contains(t, listed, "k1")
	require.Equal(t, exitOK, srv.stop())
	files := m.files()
	for _, token := range []string{appPageToken, appSecret, appWord, lineKey('a'), "123456", m.tokens["rein"], "EAAU"} {
		require.NotContains(t, srv.log.String(), token, "the log")
		require.NotContains(t, fmt.Sprint(api, log)+listed+errs, token, "API, security log, commands")
		require.NotContains(t, files, token, "the store")
		if token != m.tokens["rein"] {
			require.NotContains(t, s.seen.String(), token, "pages and addresses")
		}
	}
	require.NotContains(t, srv.log.String(), redacted, "the net below everything has caught something")
}

// askedInVain is login while Meta answers badly after the dialog.
func (s *surfer) askedInVain() string {
	s.t.Helper()
	_, _, dialog := s.post("/lines/login", url.Values{"provider": {"meta"}})
	back := s.dialog(dialog, "continue", url.Values{"page": {appPage}})
	s.m.sim.FailNext(5, metatest.Failure{Status: http.StatusInternalServerError, Body: []byte(appPageToken + appSecret)})
	status, page := s.get(back.String())
	s.m.sim.Heal()
	require.Equal(s.t, http.StatusOK, status)
	return refresh.FindStringSubmatch(page)[1]
}

func TestKeysOfTokensRotate(t *testing.T) {
	m := newAppWorld(t)
	srv := m.serve()
	s := m.surfer()
	s.signIn("rein")
	s.add("messenger", appPage, "messenger")
	require.Equal(t, "k1", m.line("messenger")["key_id"])
	require.Equal(t, exitOK, srv.stop())
	keys := func(list string) { m.change("config.yaml", m.keys(t), list) }
	k1, k2 := "{id: k1, key: {file: "+m.path("line.key")+"}}", "{id: k2, key: {file: "+m.path("new.key")+"}}"

	keys("line_keys: [" + k2 + "]")
	code, _, stderr := m.command("-config", m.path("config.yaml"))
	require.Equal(t, exitFailed, code, "a server without the key of a line does not start")
	require.Contains(t, stderr, `the token of the line "messenger" of ppa was sealed with the key "k1", which line_keys does not have`)
	keys("line_keys: [{id: k1, key: {file: " + m.path("new.key") + "}}]")
	code, _, stderr = m.command("-config", m.path("config.yaml"))
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, `the key "k1" of line_keys is another one than it was`)

	keys("line_keys: [" + k2 + ", " + k1 + "]")
	srv = m.serve()
	code, stdout, stderr := m.command("lines", "rekey", "-config", m.path("config.yaml"))
	require.Equal(t, exitOK, code, stderr)
	require.Equal(t, "1 lines have got another key\n", stdout)
	_, stdout, _ = m.command("lines", "rekey", "-config", m.path("config.yaml"))
	require.Equal(t, "0 lines have got another key\n", stdout, "it may be repeated")
	require.Equal(t, exitOK, srv.stop())
	keys("line_keys: [" + k2 + "]")
	_, stdout, _ = m.command("lines", "list", "-config", m.path("config.yaml"))
	require.Contains(t, stdout, "k2")
	m.serve()
	person := m.sim.Person(appPage, "5005")
	person.Says("tere")
	m.deliver()
	require.NotEmpty(t, m.answered(person, 1))
	require.Contains(t, m.acts(), "line.rekeyed operator")
}

// keys is the line of the configuration with line_keys.
func (m *appWorld) keys(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(m.path("config.yaml"))
	require.NoError(t, err)
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "line_keys") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

func TestStoredLinesWithoutLineKeysAreNotForgotten(t *testing.T) {
	m := newAppWorld(t)
	srv := m.serve()
	s := m.surfer()
	s.signIn("rein")
	s.add("messenger", appPage, "messenger")
	require.Equal(t, exitOK, srv.stop())
	m.change("config.yaml", m.keys(t)+"\n", "")
	m.change("config.yaml", `login_config: "800000000000008"`, `lines: [{id: fixed, kind: messenger, account: "9", token: {file: `+m.path("word")+`}}]`)
	code, _, stderr := m.command("-config", m.path("config.yaml"))
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, `line_keys: the line "messenger" of ppa was added while the server ran`)
}

func TestTheOperatorRemovesALine(t *testing.T) {
	m := newAppWorld(t)
	srv := m.serve()
	s := m.surfer()
	s.signIn("rein")
	s.add("messenger", appPage, "messenger")
	code, stdout, stderr := m.command("lines", "remove", "messenger", "-config", m.path("config.yaml"))
	require.Equal(t, exitFailed, code)
	require.Empty(t, stdout)
	require.Contains(t, stderr, "-confirm messenger/1")
	require.Equal(t, exitOK, srv.stop(), "it works without a server too")
	code, stdout, stderr = m.command("lines", "remove", "messenger", "-confirm", "messenger/1", "-config", m.path("config.yaml"))
	require.Equal(t, exitOK, code, stderr)
	require.Equal(t, "removed messenger\n", stdout)
	code, _, stderr = m.command("lines", "remove", "nobody", "-config", m.path("config.yaml"))
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "not found")
	srv = m.serve()
	require.Equal(t, "removed", m.line("messenger")["state"])
	m.late(t, srv)
	for _, args := range [][]string{{"lines"}, {"lines", "add"}, {"lines", "remove"}, {"lines", "list", "-force"}} {
		code, _, _ := m.command(args...)
		require.Equal(t, exitUsage, code, args)
	}
}

func TestAPersonTakesTheConsentBackAtMeta(t *testing.T) {
	m := newAppWorld(t)
	srv := m.serve()
	s := m.surfer()
	s.signIn("rein")
	s.add("messenger", appPage, "messenger")
	s.add("whatsapp", appNumber, "whatsapp")
	asked, err := m.sim.AskDeletion(t.Context())
	require.NoError(t, err)
	require.Regexp(t, `^[a-z2-7]{26}$`, asked.Code)
	require.Equal(t, m.public+"/lines/deletion/"+asked.Code, asked.URL)
	stranger := m.surfer()
	status, page := stranger.get(asked.URL)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, page, asked.Code)
	require.Contains(t, page, "otsustab asutus")
	status, _ = stranger.get("/lines/deletion/" + strings.Repeat("a", 26))
	require.Equal(t, http.StatusNotFound, status)
	require.Equal(t, "active", m.line("messenger")["state"], "the token is good")

	require.NoError(t, m.sim.RemoveApp(t.Context()))
	require.Equal(t, "rejected", m.line("messenger")["state"])
	require.Equal(t, "rejected", m.line("whatsapp")["state"])
	require.Equal(t, false, m.line("messenger")["serving"])
	acts := m.acts()
	require.Contains(t, acts, "deletion.requested system")
	require.Contains(t, acts, "line.deauthorized system")
	require.Contains(t, acts, "line.rejected system")
	require.Contains(t, srv.log.String(), "a person took the consent back at the provider")
	require.NotContains(t, srv.log.String(), "100000000000001", "who asked is written nowhere")

	for name, value := range map[string]string{"nothing": "", "a forged one": m.sim.SignedRequest("1")[2:]} {
		r, err := http.PostForm(m.public+"/lines/callback/meta/deletion", url.Values{"signed_request": {value}})
		require.NoError(t, err)
		b, _ := io.ReadAll(r.Body)
		_ = r.Body.Close()
		require.Equal(t, http.StatusBadRequest, r.StatusCode, "%s: %s", name, b)
	}
	// Who connects the page again has the line back.
	s.add("messenger", appPage, "messenger")
	require.Equal(t, "active", m.line("messenger")["state"])
}

func TestADeadTokenOfAnAddedLineShows(t *testing.T) {
	m := newAppWorld(t)
	srv := m.serve()
	s := m.surfer()
	s.signIn("rein")
	s.add("messenger", appPage, "messenger")
	m.sim.KillToken(appPageToken, metatest.TokenPassword)
	person := m.sim.Person(appPage, "5005")
	person.Says("tere")
	m.deliver()
	down := func() bool {
		_, beat, _ := srv.get(t, "/heartbeat.json")
		return strings.Contains(beat, `"credentials"`)
	}
	require.Eventually(t, down, 20*time.Second, 20*time.Millisecond)
	// The heartbeat hears of it by the log of sends, the rest by the service.
	require.Eventually(t, func() bool {
		_, desk := m.api("mari", http.MethodGet, "/v1/lines", "")
		_, page := s.get("/lines")
		return strings.Contains(fmt.Sprint(desk), "state:down") && strings.Contains(page, "Kanal ei tööta")
	}, 20*time.Second, 20*time.Millisecond)
	require.Eventually(t, func() bool { return strings.Contains(srv.log.String(), `"liidestuja.health":"down"`) }, 10*time.Second, 20*time.Millisecond)
	require.Eventually(t, func() bool { return slices.Contains(m.acts(), "line.down system") }, 10*time.Second, 20*time.Millisecond)
}

func TestTheConfigurationOfLinesIsChecked(t *testing.T) {
	m := newAppWorld(t)
	code, stdout, stderr := m.command("check-config", m.path("config.yaml"))
	require.Equal(t, exitOK, code, stderr)
	require.Contains(t, stdout, "login returns to "+m.public+"/lines/return/meta\n")
	good, key := m.keys(t), "key: {file: "+m.path("line.key")+"}"
	m.write("short.key", "c2hvcnQ=")
	b, err := os.ReadFile(m.path("config.yaml"))
	require.NoError(t, err)
	whole := string(b)
	for name, tc := range map[string]struct{ from, to, want string }{
		"a key without a name":       {good, "line_keys: [{" + key + "}]", "line_keys[0].id: is required"},
		"a name that is none":        {good, "line_keys: [{id: \"a b\", " + key + "}]", "line_keys[0]: sealed: key 0: ID is not"},
		"two keys of one name":       {good, "line_keys: [{id: a, " + key + "}, {id: a, " + key + "}]", "line_keys[1].id: is another key's already"},
		"a key that is no key":       {good, "line_keys: [{id: a, key: {file: " + m.path("short.key") + "}}]", "line_keys[0]"},
		"a key that is not there":    {good, "line_keys: [{id: a, key: {env: NOWHERE}}]", "line_keys[0].key: the environment variable NOWHERE is not set"},
		"no app":                     {`      app_id: "700000000000001"` + "\n", "", "app_id: is required where there are line_keys"},
		"no configuration of logins": {`      login_config: "800000000000008"` + "\n", "", "login_config: is required where there are line_keys"},
		"logins without keys":        {good + "\n", "", "login_config: is for adding lines, which needs line_keys"},
		"an app that is no number":   {`"700000000000001"`, `"seven"`, "app_id: is not a number"},
		"logins that are no number":  {`"800000000000008"`, `"eight"`, "login_config: is required and a number"},
	} {
		t.Run(name, func(t *testing.T) {
			m.t = t
			m.write("config.yaml", whole)
			m.change("config.yaml", tc.from, tc.to)
			code, _, stderr := m.command("check-config", m.path("config.yaml"))
			require.Equal(t, exitFailed, code)
			require.Contains(t, stderr, tc.want)
		})
	}
}
