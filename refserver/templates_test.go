package main

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt/desk"
	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

func TestATemplateThatIsNotApprovedIsNotSentToMeta(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := free.Addr().String()
	require.NoError(t, free.Close())
	w := &world{t: t, dir: t.TempDir(), target: target{new(sync.Mutex), new(string)}}
	sim, err := metatest.New(metatest.Config{
		AppID: "700000000000001", AppSecrets: []string{appSecret}, VerifyToken: appWord, Webhook: "http://" + addr + "/webhooks/meta",
		Numbers: []metatest.Number{{
			ID: appNumber, WABA: appBusiness, Token: appNumberToken, Display: "37155500001", Name: "Politsei",
			Templates: []metatest.Template{{Name: "booking", Language: "et", Body: "Tere {{1}}, teie aeg on homme."}},
		}},
	})
	require.NoError(t, err)
	base, err := sim.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = sim.Close() })
	var hash string
	w.token, hash = desk.NewToken()
	w.write("app.secret", appSecret)
	w.write("word", appWord)
	w.write("number.token", appNumberToken)
	w.write("config.yaml", fmt.Sprintf(`agency: ppa
public_url: http://%s
listen: {addr: "%s"}
data: %s
store_key: {file: %s}
providers:
  - meta:
      app_secrets: [{file: %s}]
      verify_token: {file: %s}
      lines: [{id: politsei, kind: whatsapp, account: "%s", business: "%s", token: {file: %s}}]
      endpoints: {graph: %s}
      insecure_http: true
desk:
  tokens: [{id: mari, role: specialist, hash: %s}]
log: {level: debug}
`, addr, addr, w.path("data"), w.path("store.key"), w.path("app.secret"), w.path("word"), appNumber, appBusiness, w.path("number.token"), base, hash))
	srv := w.serve()
	require.Eventually(t, func() bool { return strings.Contains(srv.log.String(), `"body":"templates read"`) }, 20*time.Second, 20*time.Millisecond)
	deliver := func() {
		_, err := sim.Deliver(t.Context())
		require.NoError(t, err)
	}
	sim.Person(appNumber, "37255500001").Says("tere")
	deliver()
	require.Eventually(t, func() bool { return len(srv.ids(t, w.token, "/v1/conversations")) == 1 }, 20*time.Second, 20*time.Millisecond)
	id := srv.conversation(t)
	srv.desk(t, http.MethodPost, "/v1/conversations/"+id+"/claim", "{}")
	letters := func() string {
		_, answer := srv.as(t, w.token, http.MethodGet, "/v1/letters", "")
		return answer
	}
	remind := func(variables ...string) {
		var body []string
		for _, v := range variables {
			body = append(body, `{"kind":"text","text":"`+v+`"}`)
		}
		srv.desk(t, http.MethodPost, "/v1/conversations/"+id+"/replies", `{"template":{"name":"booking","language":"et","body":[`+strings.Join(body, ",")+`]}}`)
	}
	sent := len(sim.Sent())
	comes := func(n int) { // so many were sent, and so many refused here
		t.Helper()
		require.Eventually(t, func() bool { return len(sim.Sent()) == sent+n }, 20*time.Second, 20*time.Millisecond)
	}
	stays := func(n int) {
		t.Helper()
		require.Eventually(t, func() bool { return strings.Count(letters(), `"code":"template"`) == n }, 20*time.Second, 20*time.Millisecond)
	}
	remind("Kati")
	comes(1)
	remind("Kati", "Mati")
	stays(1)
	require.NoError(t, sim.SetTemplate(appBusiness, "booking", "et", metatest.TemplatePaused, ""))
	deliver()
	require.Eventually(t, func() bool { return strings.Contains(srv.log.String(), `"liidestuja.state":"paused"`) }, 20*time.Second, 20*time.Millisecond)
	remind("Kati")
	stays(2)
	require.NoError(t, sim.SetTemplate(appBusiness, "booking", "et", metatest.TemplateApproved, ""))
	deliver()
	require.Eventually(t, func() bool { return strings.Contains(srv.log.String(), `"liidestuja.state":"approved"`) }, 20*time.Second, 20*time.Millisecond)
	remind("Kati")
	comes(2)
	require.Empty(t, sim.Requests(), "nothing was refused by Meta")
}
