package metatest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

// interactive is a message of this type; header, footer and so on come with their comma.
func interactive(kind, rest, body, action string) string {
	return fmt.Sprintf(`"type":"interactive","interactive":{"type":%q,%s"body":{"text":%q},"action":%s}`, kind, rest, body, action)
}

func replyButtons(n, title, id int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"type":"reply","reply":{"id":"%d%s","title":"%d%s"}}`, i, strings.Repeat("i", id-1), i, letters(title-1)))
	}
	return `{"buttons":[` + strings.Join(list, ",") + `]}`
}

func rows(n, title, description, id int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"id":"%d%s","title":%q,"description":%q}`, i, strings.Repeat("i", id-len(fmt.Sprint(i))), letters(title), letters(description)))
	}
	return `"rows":[` + strings.Join(list, ",") + `]`
}

func list(button int, sections ...string) string {
	return fmt.Sprintf(`{"button":%q,"sections":[{%s}]}`, letters(button), strings.Join(sections, "},{"))
}

func TestMessagesThatWhatsAppRefuses(t *testing.T) {
	row := rows(1, 1, 1, 1)
	for _, c := range []struct {
		name, message string
		code          int // 0: accepted
	}{
		{"4096 letters", fmt.Sprintf(`"text":{"body":%q}`, letters(4096)), 0},
		{"4097 letters", fmt.Sprintf(`"text":{"body":%q}`, letters(4097)), 100},
		{"an empty text", `"type":"text","text":{"body":""}`, 131008},
		{"a text without its object", `"type":"text"`, 131008},
		{"an unknown name in a text", `"text":{"body":"x","Body":"y"}`, 131009},
		{"an unknown name", `"text":{"body":"x"},"messagingType":"x"`, 100},
		{"two types", `"type":"text","text":{"body":"x"},"image":{"link":"https://linn.example/p.jpg"}`, 100},
		{"an unknown type", `"type":"poll","poll":{"question":"x"}`, 131051},
		{"a mark of 512", fmt.Sprintf(`"text":{"body":"x"},"biz_opaque_callback_data":%q`, letters(512)), 0},
		{"a mark of 513", fmt.Sprintf(`"text":{"body":"x"},"biz_opaque_callback_data":%q`, letters(513)), 131009},
		{"a group", `"recipient_type":"group","text":{"body":"x"}`, 131009},

		{"a caption of 1024", fmt.Sprintf(`"type":"image","image":{"link":"https://linn.example/p.jpg","caption":%q}`, letters(1024)), 0},
		{"a caption of 1025", fmt.Sprintf(`"type":"image","image":{"link":"https://linn.example/p.jpg","caption":%q}`, letters(1025)), 131009},
		{"a sound with a caption", `"type":"audio","audio":{"link":"https://linn.example/s.mp3","caption":"x"}`, 131009},
		{"a document with a name", `"type":"document","document":{"link":"https://linn.example/d.pdf","filename":"d.pdf"}`, 0},
		{"a picture with a name", `"type":"image","image":{"link":"https://linn.example/p.jpg","filename":"p.jpg"}`, 131009},
		{"a picture by a path", `"type":"image","image":{"link":"/p.jpg"}`, 131009},
		{"a picture by nothing", `"type":"image","image":{}`, 131008},
		{"a picture by link and id", `"type":"image","image":{"link":"https://linn.example/p.jpg","id":"1"}`, 131008},
		{"a picture by an unknown id", `"type":"image","image":{"id":"1"}`, 131009},

		{"three buttons of 20 with ids of 256", interactive("button", "", "x", replyButtons(3, 20, 256)), 0},
		{"four buttons", interactive("button", "", "x", replyButtons(4, 1, 1)), 131009},
		{"no buttons", interactive("button", "", "x", replyButtons(0, 1, 1)), 131009},
		{"a button of 21", interactive("button", "", "x", replyButtons(1, 21, 1)), 131009},
		{"a button's id of 257", interactive("button", "", "x", replyButtons(1, 1, 257)), 131009},
		{"two buttons with one title", interactive("button", "", "x",
			`{"buttons":[{"type":"reply","reply":{"id":"1","title":"Jah"}},{"type":"reply","reply":{"id":"2","title":"Jah"}}]}`), 131009},
		{"a body of 1024", interactive("button", "", letters(1024), replyButtons(1, 1, 1)), 0},
		{"a body of 1025", interactive("button", "", letters(1025), replyButtons(1, 1, 1)), 131009},
		{"a header and a footer of 60", interactive("button", fmt.Sprintf(`"header":{"type":"text","text":%q},"footer":{"text":%q},`, letters(60), letters(60)), "x", replyButtons(1, 1, 1)), 0},
		{"a header of 61", interactive("button", fmt.Sprintf(`"header":{"type":"text","text":%q},`, letters(61)), "x", replyButtons(1, 1, 1)), 131009},
		{"a footer of 61", interactive("button", fmt.Sprintf(`"footer":{"text":%q},`, letters(61)), "x", replyButtons(1, 1, 1)), 131009},
		{"a picture over buttons", interactive("button", `"header":{"type":"image","image":{"link":"https://linn.example/p.jpg"}},`, "x", replyButtons(1, 1, 1)), 0},
		{"a picture over a list", interactive("list", `"header":{"type":"image","image":{"link":"https://linn.example/p.jpg"}},`, "x", list(1, row)), 131009},

		{"a list at every limit", interactive("list", "", "x", list(20, rows(10, 24, 72, 200))), 0},
		{"eleven rows", interactive("list", "", "x", list(1, rows(11, 1, 1, 2))), 131009},
		{"eleven rows in two sections", interactive("list", "", "x", list(1, `"title":"a",`+rows(6, 1, 1, 1), `"title":"b",`+rows(5, 1, 1, 2))), 131009},
		{"a list's button of 21", interactive("list", "", "x", list(21, row)), 131009},
		{"a row of 25", interactive("list", "", "x", list(1, rows(1, 25, 1, 1))), 131009},
		{"a description of 73", interactive("list", "", "x", list(1, rows(1, 1, 73, 1))), 131009},
		{"a row's id of 201", interactive("list", "", "x", list(1, rows(1, 1, 1, 201))), 131009},
		{"a section of 24", interactive("list", "", "x", list(1, fmt.Sprintf(`"title":%q,`, letters(24))+row)), 0},
		{"a section of 25", interactive("list", "", "x", list(1, fmt.Sprintf(`"title":%q,`, letters(25))+row)), 131009},
		{"two sections without titles", interactive("list", "", "x", list(1, row, rows(1, 1, 1, 2))), 131008},
		{"a list without sections", interactive("list", "", "x", `{"button":"x","sections":[]}`), 131009},
		{"two rows with one id", interactive("list", "", "x", list(1, `"title":"a",`+row, `"title":"b",`+row)), 131009},
		{"a link", interactive("cta_url", "", "x", `{"name":"cta_url","parameters":{"display_text":"`+letters(20)+`","url":"https://linn.example"}}`), 0},
		{"a link of 21", interactive("cta_url", "", "x", `{"name":"cta_url","parameters":{"display_text":"`+letters(21)+`","url":"https://linn.example"}}`), 131009},
		{"a request for a location", interactive("location_request_message", "", "x", `{"name":"send_location"}`), 0},
		{"an unknown interactive", interactive("carousel", "", "x", `{}`), 131009},
		{"a flow of 31", interactive("flow", "", "x", `{"name":"flow","parameters":{"flow_cta":"`+letters(31)+`"}}`), 131009},

		{"a location", `"type":"location","location":{"latitude":59.4,"longitude":24.7,"name":"Linn"}`, 0},
		{"a location beyond the pole", `"type":"location","location":{"latitude":90.1,"longitude":24.7}`, 131009},
		{"half a location", `"type":"location","location":{"latitude":59.4}`, 131008},
		{"a card", `"type":"contacts","contacts":[{"name":{"formatted_name":"Mari Maasikas","first_name":"Mari"}}]`, 0},
		{"a card with a formatted name only", `"type":"contacts","contacts":[{"name":{"formatted_name":"Mari Maasikas"}}]`, 131008},
		{"a card without a name", `"type":"contacts","contacts":[{"phones":[]}]`, 131008},
		{"a reaction to nothing", `"type":"reaction","reaction":{"message_id":"wamid.0","emoji":"👍"}`, 131009},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := open(t)
			a.Person(number, phone).Says("tere")
			_, answer := a.call("POST", "/"+number+"/messages", waToken, `{"messaging_product":"whatsapp","to":"`+phone+`",`+c.message+`}`)
			code, _ := fault(answer)
			require.Equal(t, c.code, code, "%v", answer)
			require.Len(t, a.Sent(), map[bool]int{true: 1}[c.code == 0])
			if c.code > 1000 {
				require.NotEmpty(t, at(answer, "error", "error_data", "details"))
				require.Equal(t, "whatsapp", at(answer, "error", "error_data", "messaging_product"))
			}
		})
	}
}

func TestWhomWhatsAppRefuses(t *testing.T) {
	for _, c := range []struct {
		name, to string // the recipient's field
		change   func(*metatest.Config)
		code     int
	}{
		{"a number with plus and spaces", `"to":"+372 5550 0001"`, nil, 0},
		{"a business-scoped id", `"recipient":"` + bsuid + `"`, nil, 0},
		{"a business-scoped id in to", `"to":"` + bsuid + `"`, nil, 131009},
		{"a number in recipient", `"recipient":"` + phone + `"`, nil, 131009},
		{"an unknown business-scoped id", `"recipient":"EE.1"`, nil, 131026},
		{"nobody", `"context":{"message_id":"wamid.1"}`, nil, 131008},
		{"both", `"to":"` + phone + `","recipient":"` + bsuid + `"`, nil, 131008},
		{"a word", `"to":"homme"`, nil, 131009},
		{"six digits", `"to":"372555"`, nil, 131009},
		{"sixteen digits", `"to":"3725550000000001"`, nil, 131009},
		{"the sender itself", `"to":"15550783881"`, nil, 131021},
		{"somebody not on a test number's list", `"to":"` + phone + `"`, func(c *metatest.Config) { c.Numbers[0].TestRecipients = []string{"37255500002"} }, 131030},
		{"anybody, from a number that is not registered", `"to":"` + phone + `"`, func(c *metatest.Config) { c.Numbers[0].Unregistered = true }, 133010},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := open(t, func(cfg *metatest.Config) {
				if c.change != nil {
					c.change(cfg)
				}
			})
			a.Person(number, phone).WithUserID(bsuid).Says("tere")
			_, answer := a.call("POST", "/"+number+"/messages", waToken, `{"messaging_product":"whatsapp","text":{"body":"x"},`+c.to+`}`)
			code, _ := fault(answer)
			require.Equal(t, c.code, code, "%v", answer)
		})
	}
	a := open(t)
	_, answer := a.call("POST", "/"+number+"/messages", waToken, `{"to":"`+phone+`","text":{"body":"x"}}`)
	code, _ := fault(answer)
	require.Equal(t, 100, code, "without messaging_product")
}

func TestAPersonWithoutAPhoneNumber(t *testing.T) {
	a := open(t)
	p := a.Person(number, bsuid).Named("Mari")
	p.Says("tere")
	value := at(a.events()[0], "entry", 0, "changes", 0, "value")
	require.Equal(t, map[string]any{"profile": map[string]any{"name": "Mari"}, "user_id": bsuid}, at(value, "contacts", 0))
	require.Nil(t, at(value, "messages", 0, "from"))
	require.Equal(t, bsuid, at(value, "messages", 0, "from_user_id"))

	status, answer := a.call("POST", "/"+number+"/messages", waToken, `{"messaging_product":"whatsapp","recipient":"`+bsuid+`","text":{"body":"Tere!"}}`)
	require.Equal(t, 200, status)
	require.Equal(t, map[string]any{"input": bsuid, "user_id": bsuid}, at(answer, "contacts", 0))
	id := at(answer, "messages", 0, "id").(string)
	require.NoError(t, p.Delivers(id))
	s := at(a.events()[0], "entry", 0, "changes", 0, "value", "statuses", 0)
	require.Equal(t, bsuid, at(s, "recipient_user_id"))
	require.Nil(t, at(s, "recipient_id"))
	_, answer = a.call("POST", "/"+number+"/messages", waToken, `{"messaging_product":"whatsapp","recipient":"`+bsuid+`","type":"template",`+
		`"template":{"name":"code","language":{"code":"et"},"components":[{"type":"body","parameters":[{"type":"text","text":"1"}]},`+
		`{"type":"button","sub_type":"url","index":0,"parameters":[{"type":"text","text":"1"}]}]}}`)
	code, _ := fault(answer)
	require.Equal(t, 131062, code)
}

func TestTheCustomerServiceWindow(t *testing.T) {
	send := func(a *app) (int, map[string]any) {
		_, answer := a.call("POST", "/"+number+"/messages", waToken, `{"messaging_product":"whatsapp","to":"`+phone+`","text":{"body":"x"},"biz_opaque_callback_data":"m-1"}`)
		code, _ := fault(answer)
		return code, answer
	}
	a := open(t)
	code, _ := send(a)
	require.Equal(t, 131047, code, "the person never wrote")
	a.Person(number, phone).Says("tere")
	a.clock.Advance(24*time.Hour - 1)
	code, _ = send(a)
	require.Equal(t, 0, code)
	a.clock.Advance(1)
	code, _ = send(a)
	require.Equal(t, 131047, code)

	a = open(t, func(c *metatest.Config) { c.LateRefusals = true })
	code, answer := send(a)
	require.Equal(t, 0, code)
	s := at(a.events()[0], "entry", 0, "changes", 0, "value", "statuses", 0)
	require.Equal(t, at(answer, "messages", 0, "id"), at(s, "id"))
	require.Equal(t, "failed", at(s, "status"))
	require.Equal(t, "m-1", at(s, "biz_opaque_callback_data"))
	require.EqualValues(t, 131047, at(s, "errors", 0, "code"))
	require.Empty(t, a.Person(number, phone).Inbox())
}

func TestPairRate(t *testing.T) {
	a := open(t, func(c *metatest.Config) { c.PairRate = 6 * time.Second })
	a.Person(number, phone).Says("tere")
	a.Person(number, "37255500002").Says("tere")
	send := func(to string) int {
		_, answer := a.call("POST", "/"+number+"/messages", waToken, waText(to, "x"))
		code, _ := fault(answer)
		return code
	}
	require.Equal(t, 0, send(phone))
	require.Equal(t, 131056, send(phone))
	require.Equal(t, 0, send("37255500002"), "it is that person's limit alone")
	a.clock.Advance(6 * time.Second)
	require.Equal(t, 0, send(phone))
}

func TestReadingAndTyping(t *testing.T) {
	a := open(t)
	id := a.Person(number, phone).Says("tere")
	for body, code := range map[string]int{
		`"status":"read","message_id":"` + id + `"`:                                                0,
		`"status":"read","message_id":"` + id + `","typing_indicator":{"type":"text"}`:             0,
		`"status":"read","message_id":"` + id + `","typing_indicator":{"type":"audio"}`:            131009,
		`"status":"read","message_id":"wamid.0"`:                                                   131009,
		`"status":"played","message_id":"` + id + `"`:                                              131009,
		`"status":"read","message_id":"` + id + `","to":"` + phone + `"`:                           100,
		`"status":"read","message_id":"` + a.text(number, waToken, phone, "Tere!") + `"`:           131009,
		`"status":"read","message_id":"` + id + `","typing_indicator":{"type":"text","extra":"x"}`: 131009,
	} {
		_, answer := a.call("POST", "/"+number+"/messages", waToken, `{"messaging_product":"whatsapp",`+body+`}`)
		got, _ := fault(answer)
		require.Equal(t, code, got, body)
		if code == 0 {
			require.Equal(t, map[string]any{"success": true}, answer)
		}
	}
	require.Len(t, a.Actions(), 3)
}

func TestWhatsAppChoicesComeBackAsTheyWereOffered(t *testing.T) {
	a := open(t)
	p := a.Person(number, phone)
	p.Says("tere")
	send := func(message string) string {
		_, answer := a.call("POST", "/"+number+"/messages", waToken, `{"messaging_product":"whatsapp","to":"`+phone+`",`+message+`}`)
		id, _ := at(answer, "messages", 0, "id").(string)
		require.NotEmpty(t, id, "%v", answer)
		return id
	}
	button := send(interactive("button", "", "Kas?", `{"buttons":[{"type":"reply","reply":{"id":"yes","title":"Jah"}}]}`))
	row := send(interactive("list", "", "Mis?", `{"button":"Vali","sections":[{"rows":[{"id":"r1","title":"Esimene","description":"rida"}]}]}`))
	template := send(`"type":"template","template":{"name":"booking","language":{"code":"et"},"components":[` +
		`{"type":"body","parameters":[{"type":"text","text":"Mari"},{"type":"text","text":"kell 10"}]},` +
		`{"type":"button","sub_type":"quick_reply","index":"0","parameters":[{"type":"payload","payload":"ok"}]}]}`)
	require.Equal(t, "Tere Mari, teie aeg on kell 10.", a.Sent()[2].Text)
	require.NoError(t, p.Delivers(template))
	events := a.events()
	require.Equal(t, "utility", at(events[len(events)-1], "entry", 0, "changes", 0, "value", "statuses", 0, "pricing", "category"))
	for _, choice := range []string{"yes", "r1", "ok", "Ei sobi"} {
		_, err := p.Taps(choice)
		require.NoError(t, err)
	}
	var got []any
	for _, e := range a.events() {
		m := at(e, "entry", 0, "changes", 0, "value", "messages", 0)
		got = append(got, []any{at(m, "context", "id"), at(m, "interactive", "button_reply", "title"),
			at(m, "interactive", "list_reply", "description"), at(m, "button", "payload")})
	}
	require.Equal(t, []any{[]any{button, "Jah", nil, nil}, []any{row, nil, "rida", nil},
		[]any{template, nil, nil, "ok"}, []any{template, nil, nil, "Ei sobi"}}, got)
}

func TestStatusesComeAsConfigured(t *testing.T) {
	a := open(t, func(c *metatest.Config) { c.Statuses = []string{"sent", "delivered"} })
	p := a.Person(number, phone)
	p.Says("tere")
	id := a.text(number, waToken, phone, "Tere!")
	require.NoError(t, p.Reads(id))
	require.NoError(t, p.Fails(id, 131026, "x"))
	require.NoError(t, a.Report(id, "played", nil))
	require.Error(t, a.Report("wamid.0", "read", nil))
	var got []any
	for _, e := range a.events()[1:] {
		got = append(got, at(e, "entry", 0, "changes", 0, "value", "statuses", 0, "status"))
	}
	require.Equal(t, []any{"sent", "delivered", "read", "failed", "played"}, got)
	var wire map[string]any
	require.NoError(t, json.Unmarshal(a.Sent()[0].Content, &wire))
	require.Equal(t, map[string]any{"body": "Tere!"}, wire)
}
