package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

// What people and secrets say in the test below, planted wherever it can be.
const (
	canaryName  = "Kanaari"
	canaryText  = "kanaarilind laulab"
	canaryReply = "ametniku kanaarilind"
	canaryPath  = "kanaaritee"
)

func TestNothingPersonalAndNoSecretIsWrittenAnywhereButToTheStore(t *testing.T) {
	w := newWorld(t)
	srv := w.serve()
	var told strings.Builder // all answers that go to strangers
	stranger := func(method, path, body string, header http.Header) {
		_, answer, h := srv.call(t, method, path, body, header)
		told.WriteString(answer)
		for name, values := range h {
			told.WriteString(name + strings.Join(values, " "))
		}
	}
	person := w.sim.Person(waChannel, phone).Named(canaryName, canaryName)

	// What is well: a message, the bot, a person, an answer, reports.
	person.Says(canaryText)
	w.deliver()
	box := w.inbox(person, 1)
	require.NoError(t, person.Fails(box[0].ID, 470, canaryText))
	person.Says("inimene " + canaryText)
	w.deliver()
	w.inbox(person, 1)
	id := srv.conversation(t)
	srv.desk(t, http.MethodPost, "/v1/conversations/"+id+"/replies", `{"text":"`+canaryReply+`"}`)
	srv.desk(t, http.MethodPost, "/v1/conversations/search", `{"text":"`+canaryName+`"}`)
	w.inbox(person, 2)

	// What is not: failures of the provider that repeat the request …
	for _, f := range []messagebirdtest.Failure{
		{Status: http.StatusUnauthorized, Code: 2, Description: accessKey + " " + phone},
		{Status: http.StatusInternalServerError, Body: []byte("<html>" + phone + canaryText)},
		{Status: http.StatusUnprocessableEntity, Code: 10, Description: canaryText},
		{HangUpAfterAccept: true},
	} {
		w.sim.FailNext(1, f)
		before := w.sim.Totals().Scripted
		srv.desk(t, http.MethodPost, "/v1/conversations/"+id+"/replies", `{"text":"`+canaryReply+`"}`)
		require.Eventually(t, func() bool { return w.sim.Totals().Scripted > before }, 20*time.Second, 10*time.Millisecond)
	}
	// … requests of strangers …
	for _, d := range func() []messagebirdtest.Delivery { person.Says(canaryText); return w.sim.Take() }() {
		forged := d.Header.Clone()
		forged.Set(messagebirdtest.HeaderToken, forged.Get(messagebirdtest.HeaderToken)+"x")
		stranger(http.MethodPost, "/webhooks/messagebird?to="+canaryPath, string(d.Body), forged)
		stranger(http.MethodPost, "/webhooks/"+canaryPath, string(d.Body), d.Header)
	}
	stranger(http.MethodPost, "/webhooks/messagebird", canaryText, http.Header{"Authorization": {"Bearer " + accessKey}})
	stranger(http.MethodGet, "/"+canaryPath+"?phone="+canaryPath, "", nil)
	stranger(http.MethodGet, "/v1/conversations/"+canaryPath+"/messages?text="+canaryPath, "", http.Header{"Authorization": {"Bearer " + w.token + "x"}})
	stranger("KANAARI", "/v1/me", "", nil)
	stranger(http.MethodPost, "/v1/session", `{"token":"`+w.token+`x"}`, http.Header{"Origin": {srv.url}, "Content-Type": {"application/json"}})
	// … what is signed well and not understood …
	require.Equal(t, http.StatusOK, srv.posted(t, `{"type":"message.created","message":{"id":"x","platform":"`+canaryText+`"},"contact":{"msisdn":`+phone[1:]+`}}`))
	require.Equal(t, http.StatusOK, srv.posted(t, canaryText))
	// … and what the pages of health say.
	for _, path := range []string{"/healthz", "/readyz", "/heartbeat.json", "/v1/openapi.yaml"} {
		stranger(http.MethodGet, path, "", nil)
	}
	require.Eventually(t, func() bool { return strings.Contains(srv.log.String(), "line reported") }, 10*time.Second, 10*time.Millisecond)
	require.Equal(t, exitOK, srv.stop())

	routes := make(map[any]bool)
	for _, line := range checkSchema(t, srv.log.String()) {
		if line["body"] == "request" {
			routes[line["attributes"].(map[string]any)["http.route"]] = true
		}
	}
	for _, route := range []string{"/webhooks/messagebird", "/webhooks/", "POST /v1/conversations/{id}/replies", patternHealth, ""} {
		require.True(t, routes[route], "%q in %v", route, routes)
	}
	require.Equal(t, "Liidestuja: "+srv.url+"/\n", srv.stdout.String())
	code, listed, errs := w.command("dead-letters", "list", "-config", w.path("config.yaml"))
	require.Equal(t, exitOK, code, errs)
	require.Contains(t, listed, "malformed")
	code, life, errs := w.command("message", "in-1", "-config", w.path("config.yaml"))
	require.Equal(t, exitOK, code, errs)
	for _, canary := range []string{accessKey, signingKey, w.token, phone, phone[1:], canaryName, canaryText, canaryReply, canaryPath, "kanaari", "KANAARI"} {
		require.NotContains(t, srv.log.String(), canary, "the log")
		require.NotContains(t, told.String(), canary, "what strangers are told")
		require.NotContains(t, listed+life+errs, canary, "what commands show")
	}
	require.NotContains(t, srv.log.String(), redacted, "the net below everything has caught something: it should not have reached it")
}

// posted posts a body as the provider would.
func (r *running) posted(t *testing.T, body string) int {
	t.Helper()
	status, _, _ := r.call(t, http.MethodPost, "/webhooks/messagebird", body, r.w.sim.Sign(hookURL, []byte(body)))
	return status
}
