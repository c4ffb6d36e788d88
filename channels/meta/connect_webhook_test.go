package meta_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
)

func TestSetWebhook(t *testing.T) {
	const callback = "https://agency.example/webhooks/meta"
	for kind, object := range map[channels.Kind]string{
		channels.Messenger: "page", channels.Instagram: "instagram", channels.WhatsApp: "whatsapp_business_account",
	} {
		t.Run(string(kind), func(t *testing.T) {
			g := graphSays(t, answer(200, `{"success":true}`), answer(400, `{"error":{"code":2200,"message":"canary"}}`))
			c := connector(t, connectConfig(g.URL))
			require.NoError(t, c.SetWebhook(t.Context(), kind, callback, "canary-word"))
			call := g.all()[0]
			require.Equal(t, "POST /v25.0/"+connectApp+"/subscriptions?", call.Method+" "+call.Path+"?"+call.Query)
			require.Equal(t, "Bearer "+connectApp+"|"+outSecret, call.Header.Get("Authorization"))
			var sent struct {
				Object   string `json:"object"`
				Callback string `json:"callback_url"`
				Word     string `json:"verify_token"`
				Fields   string `json:"fields"`
				Values   bool   `json:"include_values"`
				Proof    string `json:"appsecret_proof"`
			}
			require.NoError(t, json.Unmarshal(call.Body, &sent))
			require.Equal(t, object, sent.Object)
			require.Equal(t, callback, sent.Callback)
			require.Equal(t, "canary-word", sent.Word)
			require.True(t, sent.Values)
			require.Len(t, sent.Proof, 64)
			require.Contains(t, strings.Split(sent.Fields, ","), "messages")

			err := c.SetWebhook(t.Context(), kind, callback, "canary-word")
			require.ErrorIs(t, err, channels.ErrRejected, "the handshake failed")
			noSecrets(t, err)
		})
	}
	c := connector(t, connectConfig("http://127.0.0.1:1"))
	for name, err := range map[string]error{
		"another product":            c.SetWebhook(t.Context(), channels.Viber, callback, "w"),
		"no address":                 c.SetWebhook(t.Context(), channels.Messenger, "", "w"),
		"an address with a fragment": c.SetWebhook(t.Context(), channels.Messenger, callback+"#x", "w"),
		"no word":                    c.SetWebhook(t.Context(), channels.Messenger, callback, ""),
	} {
		require.ErrorIs(t, err, channels.ErrMalformed, name)
	}
}

func TestNoSecretIsMarshalledOrLogged(t *testing.T) {
	page := meta.Page{ID: "1", Token: connectLong}
	account, login := page.Messenger(), meta.Login{Code: connectCode}
	noSecrets(t, page, account, login, meta.UserToken{Token: outToken}, []meta.Page{page}, map[string]meta.Secret{"a": outToken})
	require.Equal(t, "[secret]", page.Token.LogValue().String())
	require.Equal(t, "[number]", meta.PhoneNumber("1").LogValue().String())
}

func TestWhereNobodyAnswersTheErrorsSaySo(t *testing.T) {
	g := graphSays(t, answer(200, "{}"))
	g.Close()
	c, ctx := connector(t, connectConfig(g.URL)), t.Context()
	page := meta.Account{Kind: channels.Messenger, ID: outPage, Token: outToken}
	_, exchange := c.Exchange(ctx, connectCode)
	_, pages := c.Pages(ctx, outToken)
	_, numbers := c.Numbers(ctx, outToken, outBusiness)
	_, inspect := c.Inspect(ctx, page)
	for name, err := range map[string]error{
		"exchange": exchange, "pages": pages, "numbers": numbers, "inspect": inspect,
		"register": c.Register(ctx, outToken, outNumber, "123456"), "subscribe": c.Subscribe(ctx, page),
		"subscribed": c.Subscribed(ctx, page), "unsubscribe": c.Unsubscribe(ctx, page),
		"set webhook": c.SetWebhook(ctx, channels.Messenger, "https://agency.example/", "w"),
		"health":      outApp(t, outConfig(g.URL)).Health(ctx, "messenger"),
	} {
		require.ErrorIs(t, err, channels.ErrUnavailable, name)
		require.ErrorContains(t, err, name)
		requireTyped(t, err)
		noSecrets(t, err)
		require.NotContains(t, printed(err), "127.0.0.1", name)
	}
}
