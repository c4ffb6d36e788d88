package desk_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
)

// asking lets people authenticate, but on Messenger.
func asking(s *setup) {
	s.change = func(c *alt.Config) { c.Logins.Lines = map[channels.ID]alt.LoginPolicy{"whatsapp": {}} }
}

// jaak is who people of these tests prove to be.
func jaak() eid.Identity {
	return eid.Identity{Code: "EE38001085718", GivenName: "Jaak-Kristjan", FamilyName: "Jõeorg", Born: "1980-01-08", Method: eid.SmartID, Level: eid.High,
		Evidence: []byte("signed by his phone")}
}

// prove goes the way of the link that the chat has got, and returns its secret.
func (w *world) prove(chat *alttest.Chat) (link string) {
	w.Helper()
	w.hs.Settle()
	sent := chat.Sent()
	m := regexp.MustCompile(`/login/agency/([A-Za-z0-9_-]{22})`).FindStringSubmatch(sent[len(sent)-1].Content.(channels.Text).Body)
	require.NotNil(w, m)
	chat.Proves(jaak())
	return m[1]
}

func TestASpecialistAsksWhoThePersonIsAndSeesIt(t *testing.T) {
	w := newWorld(t, asking)
	chat, id := w.talk("whatsapp", "tere")
	path := "/v1/conversations/" + id
	w.do("mari", "POST", path+"/claim", nil).ok(200)
	w.do("mari", "GET", path+"/identity", nil).problem(404, "not_found")

	asked := w.do("mari", "POST", path+"/authentication", object{"level": "high", "purpose": "Toetuse seis"}).ok(200)
	require.Equal(t, "authenticating", asked["login"].(object)["status"])
	require.Equal(t, "high", asked["login"].(object)["level"])
	link := w.prove(chat)
	messages := w.do("mari", "GET", path+"/messages", nil)
	require.NotContains(t, string(messages.body), link, "the desk cannot open the person's link")

	for _, who := range []string{"mari", "anu"} {
		a := w.do(who, "GET", path, nil)
		discreet(t, string(a.body))
		require.Equal(t, "proven", a.ok(200)["login"].(object)["status"])
		require.Equal(t, "high", a.ok(200)["level"])
	}
	a := w.do("mari", "GET", path+"/identity", nil)
	require.Equal(t, object{"level": "high", "given_name": "Jaak-Kristjan", "family_name": "Jõeorg", "code": "EE•••••••5718"}, a.ok(200))
	require.NotContains(t, string(a.body), "smart-id", "how is not the desk's to know")
	w.do("jaan", "GET", path+"/identity", nil).problem(403, "reason_required")
	require.NotContains(t, w.acts(id, "mari"), "identity.revealed")
	whole := w.do("mari", "POST", path+"/identity/reveal", nil).ok(200)
	require.Equal(t, "EE38001085718", whole["code"])
	require.Equal(t, "1980-01-08", whole["born"])
	require.Contains(t, w.acts(id, "mari"), "identity.revealed")

	sms, _ := w.talk("sms", "tere")
	w.hs.Settle()
	require.NoError(t, w.hs.Service().Talk(t.Context(), "agency", sms.Dossier().Conversation.ID, "system", func(t *alt.Turn) error {
		return t.Authenticate(alt.Authentication{})
	}))
	w.prove(sms)
	items := w.do("mari", "GET", path+"/accounts", nil).items()
	require.Len(t, items, 2)
	require.Equal(t, "sms", items[0]["line"])
	require.Equal(t, sms.Dossier().Conversation.ID, items[0]["conversation"])
	require.Equal(t, true, items[1]["current"])
	require.Equal(t, "2026-03-02T10:00:00Z", items[0]["last"])
	require.NotContains(t, fmt.Sprint(items), string(sms.Address().Peer), "whose number it is is not told")
	require.Equal(t, 204, w.do("mari", "POST", path+"/accounts/take-apart", nil).status)
	items = w.do("mari", "GET", path+"/accounts", nil).items()
	require.Len(t, items, 1)
	require.Equal(t, false, items[0]["current"])
	apart := object{"conversation": sms.Dossier().Conversation.ID}
	w.do("mari", "POST", path+"/accounts/take-apart", object{"conversation": "019c0000-0000-7000-8000-000000000000"}).problem(404, "not_found")
	require.Equal(t, 204, w.do("mari", "POST", path+"/accounts/take-apart", apart).status, "another account of the person")
	require.Empty(t, w.do("mari", "GET", path+"/accounts", nil).items())
	w.do("mari", "POST", path+"/accounts/take-apart", apart).problem(404, "not_found")

	w.do("mari", "POST", path+"/end", nil).ok(200)
	w.do("mari", "GET", path+"/identity", nil).problem(404, "not_found")
	require.Equal(t, "undefined", w.do("mari", "GET", path, nil).ok(200)["level"])
}

func TestTheDeskSeesWhatARegisterSaidOfThePersonAndNothingElse(t *testing.T) {
	w := newWorld(t, asking)
	chat, id := w.talk("whatsapp", "esindan ettevõtet 10421629")
	path := "/v1/conversations/" + id
	w.do("mari", "POST", path+"/claim", nil).ok(200)
	w.do("mari", "POST", path+"/authentication", nil).ok(200)
	w.prove(chat)
	require.NotContains(t, w.do("mari", "GET", path+"/identity", nil).ok(200), "standing", "the person's own word is none")

	said := eid.Standing{Kind: eid.EResident, Company: "10421629", Source: "mandates", At: alttest.Start()}
	require.NoError(t, w.hs.Service().Talk(t.Context(), "agency", id, "system", func(t *alt.Turn) error { return t.Session().Confirm(said) }))
	want := object{"kind": "e_resident", "company": "10421629", "source": "mandates", "at": "2026-03-02T10:00:00Z"}
	for _, what := range []struct{ method, path string }{{"GET", "/identity"}, {"POST", "/identity/reveal"}} {
		require.Equal(t, want, w.do("mari", what.method, path+what.path, nil).ok(200)["standing"])
	}
	w.do("jaan", "GET", path+"/identity", nil).problem(403, "reason_required")
	require.NotContains(t, string(w.do("anu", "GET", path, nil).body), "10421629", "the conversation itself does not tell")
}

func TestAskingIsRefusedWhereItIsOff(t *testing.T) {
	w := newWorld(t, asking)
	_, id := w.talk("messenger", "tere")
	w.do("mari", "POST", "/v1/conversations/"+id+"/authentication", nil).problem(403, "policy")
	_, id = w.talk("whatsapp", "tere")
	w.do("jaan", "POST", "/v1/conversations/"+id+"/claim", nil).ok(200)
	w.do("mari", "POST", "/v1/conversations/"+id+"/authentication", nil).problem(409, "held")
	w.abuse("anu", "POST", "/v1/conversations/"+id+"/authentication", object{"level": "certain"}).problem(400, "malformed_request")
}
