package metatest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

func TestATranscriptShowsWhatPeopleSee(t *testing.T) {
	a := open(t)
	p := a.Person(number, phone)
	first := p.Says("tree")
	require.NoError(t, p.Edits(first, "tere"))
	wrong := p.Says("vale vestlus")
	require.NoError(t, p.Unsends(wrong))
	a.text(number, waToken, phone, "Tere!")
	lost := a.text(number, waToken, phone, "Kas kuulete?")
	require.NoError(t, p.Fails(lost, 131026, "x"))
	p.AnsweredBy("coexistence", "Siin inimene.")

	var got [][2]string
	for _, line := range p.Transcript() {
		got = append(got, [2]string{line.From, line.Text})
	}
	require.Equal(t, [][2]string{{"person", "tere"}, {"service", "Tere!"}, {"coexistence", "Siin inimene."}}, got)
	events := a.events()
	require.Equal(t, first, at(events[1], "entry", 0, "changes", 0, "value", "messages", 0, "edit", "original_message_id"))
	require.Equal(t, wrong, at(events[3], "entry", 0, "changes", 0, "value", "messages", 0, "revoke", "original_message_id"))
}

func TestSomebodyWhoHidesTheNumberIsTheSamePerson(t *testing.T) {
	a := open(t)
	p := a.Person(number, phone).WithUserID(bsuid).Named("Mari").Hides("mari")
	p.Says("tere")
	value := at(a.events()[0], "entry", 0, "changes", 0, "value")
	require.Equal(t, map[string]any{"profile": map[string]any{"name": "Mari", "username": "mari"}, "user_id": bsuid}, at(value, "contacts", 0))
	require.Len(t, a.Person(number, bsuid).Transcript(), 1)
}

func TestSomebodyWhoBlocksANumberCannotBeReached(t *testing.T) {
	for _, late := range []bool{false, true} {
		a := open(t, func(c *metatest.Config) { c.LateRefusals = late })
		p := a.Person(number, phone)
		p.Says("tere")
		p.Blocks(true)
		a.events()
		_, answer := a.call("POST", "/"+number+"/messages", waToken, waText(phone, "x"))
		code, _ := fault(answer)
		if !late {
			require.Equal(t, 131026, code)
			continue
		}
		require.Equal(t, 0, code)
		require.EqualValues(t, 131026, at(a.events()[0], "entry", 0, "changes", 0, "value", "statuses", 0, "errors", 0, "code"))
	}
}

func TestANumberThatChangesTakesThePersonAlong(t *testing.T) {
	a := open(t)
	p := a.Person(number, phone)
	p.Says("tere")
	p.ChangesNumber("37255500009")
	system := at(a.events()[1], "entry", 0, "changes", 0, "value", "messages", 0)
	require.Equal(t, phone, at(system, "from"))
	require.Equal(t, "37255500009", at(system, "system", "wa_id"))
	p.Says("uus number")
	require.Equal(t, "37255500009", at(a.events()[0], "entry", 0, "changes", 0, "value", "messages", 0, "from"))
	a.clock.Advance(time.Hour)
	a.text(number, waToken, "37255500009", "Tere!")
	require.Len(t, p.Inbox(), 1)
}

func TestAUserIDThatChangesTakesThePersonAlong(t *testing.T) {
	a := open(t)
	p := a.Person(number, bsuid)
	p.Says("tere")
	p.ChangesUserID("EE.2")
	system := at(a.events()[1], "entry", 0, "changes", 0, "value", "messages", 0)
	require.Equal(t, bsuid, at(system, "from_user_id"))
	require.Equal(t, "EE.2", at(system, "system", "user_id"))
	for id, want := range map[string]int{bsuid: 131026, "EE.2": 0} {
		_, answer := a.call("POST", "/"+number+"/messages", waToken, `{"messaging_product":"whatsapp","recipient":"`+id+`","text":{"body":"x"}}`)
		code, _ := fault(answer)
		require.Equal(t, want, code, id)
	}
}

func TestAPluginOptInIsAnsweredByItsReference(t *testing.T) {
	a := open(t)
	p := a.OptsInByRef(page, "kool", "viide-1")
	status, answer := a.call("POST", "/me/messages", pageToken, `{"recipient":{"user_ref":"viide-1"},"message":{"text":"Tere!"}}`)
	require.Equal(t, 200, status, "%v", answer)
	require.Equal(t, []string{"message_id"}, keys(answer))
	require.Len(t, p.Inbox(), 1)
}

func TestEventsOfAPageThatAreNoMessages(t *testing.T) {
	a := open(t)
	p := a.Person(page, psid)
	p.OptsIn("kool")
	p.RequestedBy("263902037430900", "m")
	id := p.SaysAfter(metatest.Referral{Ref: "kool"}, "tere")
	require.NoError(t, p.Reacts(id, "🦄"))
	require.NoError(t, p.Reacts(id, ""))
	p.SendsLocation(59.4, 24.7, "", "")
	p.SharesLink("fallback", "")
	var got []any
	for _, e := range a.events() {
		e := at(e, "entry", 0, "messaging", 0)
		got = append(got, []any{at(e, "optin", "ref"), at(e, "request_thread_control", "requested_owner_app_id"), at(e, "message", "referral", "ref"),
			at(e, "reaction", "action"), at(e, "reaction", "reaction"), at(e, "message", "attachments", 0, "type")})
	}
	require.Equal(t, []any{[]any{"kool", nil, nil, nil, nil, nil}, []any{nil, "263902037430900", nil, nil, nil, nil}, []any{nil, nil, "kool", nil, nil, nil},
		[]any{nil, nil, nil, "react", "other", nil}, []any{nil, nil, nil, "unreact", nil, nil}, []any{nil, nil, nil, nil, nil, "location"},
		[]any{nil, nil, nil, nil, nil, "fallback"}}, got)
	for _, err := range []error{p.Reacts("m_0", "👍"), p.Edits("m_0", "x"), p.Reads(id), p.Delivers("m_0"), p.Fails("m_0", 1, "")} {
		require.ErrorContains(t, err, "no such message")
	}
}

func TestUnsupportedContentOfWhatsApp(t *testing.T) {
	a := open(t)
	a.Person(number, phone).SendsUnsupported()
	require.EqualValues(t, 131051, at(a.events()[0], "entry", 0, "changes", 0, "value", "messages", 0, "errors", 0, "code"))
}

func TestEveryFileKindOfWhatsApp(t *testing.T) {
	a := open(t)
	p := a.Person(number, phone)
	f := metatest.File{ContentType: "x/y", Data: []byte("x"), Caption: "allkiri", Name: "leht.pdf", Voice: true}
	for kind, send := range map[string]func(metatest.File) string{"image": p.SendsImage, "video": p.SendsVideo, "audio": p.SendsAudio,
		"document": p.SendsFile, "sticker": p.SendsSticker} {
		send(f)
		m := at(a.events()[0], "entry", 0, "changes", 0, "value", "messages", 0)
		want := map[string][]string{"image": {"caption"}, "video": {"caption"}, "audio": {"voice"}, "document": {"caption", "filename"}, "sticker": {"animated"}}[kind]
		require.Equal(t, kind, at(m, "type"))
		require.Subset(t, keys(at(m, kind)), want)
		require.Len(t, keys(at(m, kind)), 3+len(want), "besides id, mime_type and sha256")
	}
}

func TestConfigurationsThatCannotWork(t *testing.T) {
	good := func() metatest.Config {
		return metatest.Config{AppID: appID, AppSecrets: []string{secret}, VerifyToken: verify, Pages: []metatest.Page{{ID: page, Token: "t"}}}
	}
	_, err := metatest.New(good())
	require.NoError(t, err)
	for field, spoil := range map[string]func(*metatest.Config){
		"AppID":                   func(c *metatest.Config) { c.AppID = "" },
		"AppSecrets":              func(c *metatest.Config) { c.AppSecrets = []string{""} },
		"VerifyToken":             func(c *metatest.Config) { c.VerifyToken = "" },
		"Pages":                   func(c *metatest.Config) { c.Pages = nil },
		"Pages[0].ID":             func(c *metatest.Config) { c.Pages[0].ID = "linn" },
		"Pages[0].Token":          func(c *metatest.Config) { c.Pages[0].Token = "" },
		"Pages[1].ID":             func(c *metatest.Config) { c.Pages = append(c.Pages, c.Pages[0]) },
		"Instagram[0].Page":       func(c *metatest.Config) { c.Instagram = []metatest.Instagram{{ID: ig, Page: "1"}} },
		"Instagram[0].Token":      func(c *metatest.Config) { c.Instagram = []metatest.Instagram{{ID: ig}} },
		"Numbers[0].WABA":         func(c *metatest.Config) { c.Numbers = []metatest.Number{{ID: number, Token: "t"}} },
		"Numbers[0].Templates[0]": func(c *metatest.Config) { c.Numbers = badTemplate() },
		"Webhook":                 func(c *metatest.Config) { c.Webhook = "/hook" },
		"PublicURL":               func(c *metatest.Config) { c.PublicURL = "linn" },
		"Retry[0]":                func(c *metatest.Config) { c.Retry = []time.Duration{0} },
		"Statuses[0]":             func(c *metatest.Config) { c.Statuses = []string{"gone"} },
	} {
		cfg := good()
		spoil(&cfg)
		_, err := metatest.New(cfg)
		require.ErrorContains(t, err, "Config."+field, field)
	}
}

func badTemplate() []metatest.Number {
	return []metatest.Number{{ID: number, WABA: waba, Display: "1", Token: "t", Templates: []metatest.Template{{Name: "x", Language: "et"}}}}
}

func TestMistakesOfTheTestItselfPanic(t *testing.T) {
	a := open(t)
	for name, mistake := range map[string]func(){
		"an unknown account":        func() { a.Person("1", psid) },
		"no phone number":           func() { a.Person(number, "homme") },
		"a postback on WhatsApp":    func() { a.Person(number, phone).Postback("x", "x", "") },
		"a card on Messenger":       func() { a.Person(page, psid).SendsContact("x", "", "1", "") },
		"hiding without another id": func() { a.Person(number, "37255500003").Hides("x") },
		"unsending on Messenger":    func() { p := a.Person(page, psid); _ = p.Unsends(p.Says("x")) },
		"a user id on a page":       func() { a.Person(page, psid).WithUserID(bsuid) },
		"changing no number":        func() { a.Person(number, bsuid).ChangesNumber("1234567") },
	} {
		require.Panics(t, mistake, name)
		a.Totals() // nothing is left locked
		a.Person(page, psid).Inbox()
	}
}
