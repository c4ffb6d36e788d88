package meta_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

func TestMessagesOnWhatsApp(t *testing.T) {
	const me, name = "received wa +" + mari + " wamid.1 ", " from:Mari Mets"
	for title, tc := range map[string]struct {
		message string
		want    []string
	}{
		"a text":              {`"type":"text","text":{"body":"Tere"}`, []string{me + said("Tere") + name}},
		"a reply":             {`"type":"text","text":{"body":"jah"},"context":{"from":"3726000000","id":"wamid.0"}`, []string{me + said("jah") + " re:wamid.0" + name}},
		"a text without text": {`"type":"text","text":{}`, []string{me + `unsupported{"type":"text"}` + name}},
		"a picture, with its hash as the model has it": {`"type":"image","image":{"caption":"pilt","mime_type":"image/jpeg","sha256":"SfInY0gGKTsJlUWbwxC1k+FAD0FZHvzwfpvO0zX0GUI=","id":"10"}`,
			[]string{me + `media{"as":"image","ref":"id:10","type":"image/jpeg","sha256":"49f227634806293b0995459bc310b593e1400f41591efcf07e9bced335f41942","caption":"pilt"}` + name}},
		"a hash in hex": {`"type":"image","image":{"id":"10","sha256":"` + strings.Repeat("0a", 32) + `"}`,
			[]string{me + `media{"as":"image","ref":"id:10","sha256":"` + strings.Repeat("0a", 32) + `"}` + name}},
		"a hash that is too short":        {`"type":"image","image":{"id":"10","sha256":"0a0a"}`, []string{me + `media{"as":"image","ref":"id:10"}` + name}},
		"a hash that is none":             {`"type":"video","video":{"id":"10","sha256":"4654+8g=","mime_type":"video"}`, []string{me + `media{"as":"video","ref":"id:10"}` + name}},
		"a document":                      {`"type":"document","document":{"id":"10","filename":"a.pdf","mime_type":"application/pdf","caption":"x"}`, []string{me + `media{"as":"file","ref":"id:10","name":"a.pdf","type":"application/pdf","caption":"x"}` + name}},
		"a voice message":                 {`"type":"audio","audio":{"id":"10","voice":true,"mime_type":"audio/ogg; codecs=opus"}`, []string{me + `media{"as":"audio","ref":"id:10","type":"audio/ogg"}` + name}},
		"a voice message of the old kind": {`"type":"voice","voice":{"id":"10"}`, []string{me + `media{"as":"audio","ref":"id:10"}` + name}},
		"a sticker":                       {`"type":"sticker","sticker":{"id":"10","animated":true}`, []string{me + `media{"as":"sticker","ref":"id:10"}` + name}},
		"a picture without an id":         {`"type":"image","image":{"caption":"x"}`, []string{me + `unsupported{"type":"image"}` + name}},
		"a place without a name":          {`"type":"location","location":{"latitude":59.4,"longitude":24.7}`, []string{me + `location{"lat":59.4,"lon":24.7}` + name}},
		"a place out of this world":       {`"type":"location","location":{"latitude":91,"longitude":24.7}`, []string{me + `unsupported{"type":"location"}` + name}},
		"cards, one message each": {`"type":"contacts","contacts":[{"name":{"formatted_name":"A B"},"phones":[{"phone":"+372 5","wa_id":"3725"},{"wa_id":"3726"}],"emails":[{"email":"a@b.ee"}]},{"org":{"company":"OÜ"}}]`,
			[]string{me + `contact{"name":"A B","phones":["+372 5","+3726"],"emails":["a@b.ee"]}` + name, me + `contact{"name":"OÜ"}` + name}},
		"cards of nobody":                {`"type":"contacts","contacts":[]`, []string{me + `unsupported{"type":"contacts"}` + name}},
		"a button":                       {`"type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"yes","title":"Jah"}}`, []string{me + chose("yes", "Jah") + name}},
		"a row of a list":                {`"type":"interactive","interactive":{"type":"list_reply","list_reply":{"id":"r1","title":"Rida","description":"d"}}`, []string{me + chose("r1", "Rida") + name}},
		"a button without its id":        {`"type":"interactive","interactive":{"type":"button_reply","button_reply":{"title":"Jah"}}`, []string{me + said("Jah") + name}},
		"a button of a template":         {`"type":"button","button":{"payload":"p","text":"Jah"}`, []string{me + chose("p", "Jah") + name}},
		"a form":                         {`"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"body":"Sent","response_json":"[1]"}}`, []string{me + `unsupported{"type":"nfm_reply","fallback":"Sent\n[1]"}` + name}},
		"an answer to a call":            {`"type":"interactive","interactive":{"type":"call_permission_reply"}`, []string{me + `unsupported{"type":"call_permission_reply"}` + name}},
		"an interactive of nothing":      {`"type":"interactive"`, []string{me + `unsupported{"type":"interactive"}` + name}},
		"a reaction":                     {`"type":"reaction","reaction":{"message_id":"wamid.0","emoji":"👍"}`, []string{me + `reaction{"to":"wamid.0","emoji":"👍"}` + name}},
		"a reaction taken back":          {`"type":"reaction","reaction":{"message_id":"wamid.0"}`, []string{me + `reaction{"to":"wamid.0","emoji":""}` + name}},
		"an order is not lost":           {`"type":"order","order":{"text":"palun","product_items":[{"product_retailer_id":"A","quantity":2}]}`, []string{me + `unsupported{"type":"order","fallback":"palun\n2 A"}` + name}},
		"an unsupported message":         {`"type":"unsupported","unsupported":{"type":"edit"},"errors":[{"code":131051}]`, []string{me + `unsupported{"type":"edit"}` + name}},
		"a message of a new type":        {`"type":"hologram","hologram":{}`, []string{me + `unsupported{"type":"hologram"}` + name}},
		"a message of no type":           {`"text":{"body":"a"}`, []string{me + `unsupported{"type":"unknown"}` + name}},
		"an advertisement":               {`"type":"text","text":{"body":"a"},"referral":{"source_id":"17","source_type":"ad"}`, []string{"referred wa +" + mari + " 17 source:ad", me + said("a") + name}},
		"a message in a group":           {`"type":"text","text":{"body":"a"},"group_id":"g"`, []string{}},
		"a revoked message":              {`"type":"revoke","revoke":{"original_message_id":"wamid.0"}`, []string{"withdrawn wa +" + mari + " wamid.0"}},
		"a revocation of nothing":        {`"type":"revoke"`, []string{"malformed wa incomplete"}},
		"an edited message":              {`"type":"edit","edit":{"original_message_id":"wamid.0","message":{"type":"text","text":{"body":"parem"}}}`, []string{"edited wa +" + mari + " wamid.0 " + said("parem")}},
		"an edit of nothing":             {`"type":"edit","edit":{"original_message_id":"wamid.0"}`, []string{"malformed wa incomplete"}},
		"a new number":                   {`"type":"system","system":{"type":"user_changed_number","wa_id":"37255500002"}`, []string{"peer wa +" + mari + " now:+37255500002"}},
		"a new number, in older form":    {`"type":"system","system":{"type":"customer_changed_number","new_wa_id":"37255500002"}`, []string{"peer wa +" + mari + " now:+37255500002"}},
		"a new number that is not shown": {`"type":"system","system":{"type":"user_changed_number","user_id":"` + jaan + `"}`, []string{"peer wa +" + mari + " now:" + jaan}},
		"a new business-scoped id":       {`"from_user_id":"` + jaan + `","type":"system","system":{"type":"user_changed_user_id","user_id":"EE.2"}`, []string{"peer wa " + jaan + " now:EE.2"}},
		"somebody else may have the number": {`"type":"system","system":{"type":"customer_identity_changed","wa_id":"` + mari + `"}`,
			[]string{"line wa +" + mari + " person customer_identity_changed"}},
		"a number that did not change": {`"type":"system","system":{"type":"user_changed_number","wa_id":"` + mari + `"}`, []string{"malformed wa incomplete"}},
		"a system message of nothing":  {`"type":"system"`, []string{"malformed wa incomplete"}},
		"a new kind of system message": {`"type":"system","system":{"type":"moved_to_mars"}`, []string{"malformed wa unknown_event"}},
	} {
		t.Run(title, func(t *testing.T) {
			require.Equal(t, tc.want, tales(t, parsed(t, receiver(t), fromMari(tc.message))))
		})
	}
}

func TestAPersonWithoutANumberIsAPerson(t *testing.T) {
	his := func(body string) string {
		return strings.Replace(body, `{"profile":{"name":"Mari Mets"},"wa_id":"`+mari+`"}`, `{"profile":{"username":"jaan.tamm"},"user_id":"`+jaan+`"}`, 1)
	}
	text := waBody("messages", `"messages":[{"from_user_id":"`+jaan+`","id":"wamid.1","timestamp":"1700000001","type":"text","text":{"body":"Tere"}}]`)
	require.Equal(t, []string{"received wa " + jaan + " wamid.1 " + said("Tere") + " from:jaan.tamm"}, tales(t, parsed(t, receiver(t), his(text))))
	inFrom := waBody("messages", `"messages":[{"from":"`+jaan+`","id":"wamid.1","timestamp":"1700000001","type":"text","text":{"body":"Tere"}}]`)
	require.Equal(t, []string{"received wa " + jaan + " wamid.1 " + said("Tere") + " from:jaan.tamm"}, tales(t, parsed(t, receiver(t), his(inFrom))))
	read := waBody("messages", `"statuses":[{"id":"wamid.2","status":"read","timestamp":"1700000001","recipient_user_id":"`+jaan+`"}]`)
	require.Equal(t, []string{"status wa " + jaan + " read wamid.2"}, tales(t, parsed(t, receiver(t), read)))
	moved := waBody("messages", `"messages":[{"from_user_id":"`+jaan+`","id":"wamid.3","timestamp":"1700000001","type":"system","system":{"type":"user_changed_user_id","user_id":"EE.2"}}]`)
	require.Equal(t, []string{"peer wa " + jaan + " now:EE.2"}, tales(t, parsed(t, receiver(t), moved)))
	untold := strings.Replace(moved, `"from_user_id":"`+jaan+`",`, "", 1)
	require.Equal(t, []string{"malformed wa incomplete"}, tales(t, parsed(t, receiver(t), untold)))
	updated := waBody("user_id_update", `"user_id_update":[{"wa_id":"`+mari+`","detail":"x","user_id":{"previous":"`+jaan+`","current":"EE.2"},"timestamp":"1700000001"}]`)
	require.Equal(t, []string{"peer wa " + jaan + " now:EE.2"}, tales(t, parsed(t, receiver(t), updated)))
	nobody := waBody("messages", `"messages":[{"id":"wamid.1","timestamp":"1700000001","type":"text","text":{"body":"Tere"}}]`)
	require.Equal(t, []string{"malformed wa incomplete"}, tales(t, parsed(t, receiver(t), nobody)))
}

func TestStatusesOnWhatsApp(t *testing.T) {
	const me = "status wa +" + mari + " "
	for name, tc := range map[string]struct {
		status string
		want   []string
	}{
		"sent":      {`"id":"o1","status":"sent","biz_opaque_callback_data":"ref-1"`, []string{me + "sent o1 ref:ref-1"}},
		"delivered": {`"id":"o1","status":"delivered","pricing":{"billable":true,"category":"service"}`, []string{me + "delivered o1"}},
		"read":      {`"id":"o1","status":"read"`, []string{me + "read o1"}},
		"played":    {`"id":"o1","status":"played"`, []string{me + "read o1"}},
		"failed because the window is closed": {`"id":"o1","status":"failed","errors":[{"code":131047,"title":"Re-engagement message"}]`,
			[]string{me + "failed o1 window_closed 131047"}},
		"failed because marketing is not wanted": {`"id":"o1","status":"failed","errors":[{"code":"131050"}]`, []string{me + "failed o1 opted_out 131050"}},
		"failed for a reason that is new":        {`"id":"o1","status":"failed","errors":[{"code":999999}]`, []string{me + "failed o1 rejected 999999"}},
		"failed for no reason":                   {`"id":"o1","status":"failed"`, []string{me + "failed o1 rejected"}},
		"failed for a reason that is no number":  {`"id":"o1","status":"failed","errors":[{"code":"` + mari + `x"}]`, []string{me + "failed o1 rejected"}},
		"deleted by the person, for themselves":  {`"id":"o1","status":"deleted"`, []string{}},
		"a status that is new":                   {`"id":"o1","status":"framed"`, []string{"malformed wa unknown_status"}},
		"a status of nothing":                    {`"status":"read"`, []string{"malformed wa incomplete"}},
	} {
		t.Run(name, func(t *testing.T) {
			body := waBody("messages", `"statuses":[{"timestamp":"1700000001","recipient_id":"`+mari+`",`+tc.status+`}]`)
			require.Equal(t, tc.want, tales(t, parsed(t, receiver(t), body)))
		})
	}
}

func TestAStatusTellsWhatTheMessageCosts(t *testing.T) {
	for name, c := range map[string]struct {
		pricing string
		want    *channels.Charge
	}{
		"a billed one":                 {`,"pricing":{"billable":true,"pricing_model":"PMP","type":"regular","category":"utility"}`, &channels.Charge{Billable: true, Model: "PMP", Type: "regular", Category: "utility"}},
		"a free one":                   {`,"pricing":{"billable":false,"pricing_model":"PMP","type":"free_customer_service","category":"service"}`, &channels.Charge{Model: "PMP", Type: "free_customer_service", Category: "service"}},
		"a category of a time to come": {`,"pricing":{"billable":true,"category":"holograms"}`, &channels.Charge{Billable: true, Category: "holograms"}},
		"none":                         {"", nil},
		"something else":               {`,"pricing":"free"`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			events := parsed(t, receiver(t), waBody("messages", `"statuses":[{"id":"o1","status":"delivered","timestamp":"1700000001","recipient_id":"`+mari+`"`+c.pricing+`}]`))
			require.Len(t, events, 1)
			require.Equal(t, c.want, events[0].(*channels.StatusChanged).Charge)
		})
	}
}

func TestOtherFieldsOfANumber(t *testing.T) {
	for name, tc := range map[string]struct {
		field, value string
		want         []string
	}{
		"an echo of the app on the telephone": {"smb_message_echoes", `"message_echoes":[{"from":"3726000000","to":"` + mari + `","id":"o1","timestamp":"1700000001","type":"text","text":{"body":"a"}}]`,
			[]string{"echoed wa +" + mari + " o1 " + said("a")}},
		"an echo with its ends exchanged": {"smb_message_echoes", `"message_echoes":[{"from":"` + mari + `","to":"3726000000","id":"o1","timestamp":"1700000001","type":"text","text":{"body":"a"}}]`,
			[]string{"echoed wa +" + mari + " o1 " + said("a")}},
		"it was unsent there": {"smb_message_echoes", `"message_echoes":[{"from":"3726000000","to":"` + mari + `","id":"o2","timestamp":"1700000001","type":"revoke","revoke":{"original_message_id":"o1"}}]`,
			[]string{"withdrawn wa +" + mari + " o1"}},
		"an echo to nobody":      {"smb_message_echoes", `"message_echoes":[{"id":"o1","type":"text"}]`, []string{"malformed wa incomplete"}},
		"echoes of nothing":      {"smb_message_echoes", `"x":1`, []string{"malformed wa unknown_event"}},
		"marketing is stopped":   {"user_preferences", `"user_preferences":[{"wa_id":"` + mari + `","category":"marketing_messages","value":"stop","timestamp":1731705721}]`, []string{"optout wa +" + mari + " in:false"}},
		"marketing is resumed":   {"user_preferences", `"user_preferences":[{"user_id":"` + jaan + `","value":"resume"}]`, []string{"optout wa " + jaan + " in:true"}},
		"a wish that is new":     {"user_preferences", `"user_preferences":[{"wa_id":"` + mari + `","value":"later"}]`, []string{"malformed wa unknown_event"}},
		"somebody on standby":    {"standby", `"messages":[{"from":"` + mari + `","id":"w1","timestamp":"1700000001","type":"button","button":{"payload":"p","text":"Jah"}}]`, []string{"received wa +" + mari + " w1 " + said("Jah") + " from:Mari Mets standby"}},
		"an error of the number": {"messages", `"errors":[{"code":130429,"title":"x"}]`, []string{"line wa error 130429"}},
		"messages of nothing":    {"messages", `"messages":[]`, []string{"malformed wa unknown_event"}},
		"a call":                 {"calls", `"calls":[{"id":"c"}]`, []string{"malformed wa unknown_field"}},
		"a group":                {"group_lifecycle_update", `"groups":[{}]`, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tc.want, tales(t, parsed(t, receiver(t), waBody(tc.field, tc.value))))
		})
	}
}

func TestAccountsAndTemplates(t *testing.T) {
	for name, tc := range map[string]struct{ field, value, want string }{
		"a template is approved":          {"message_template_status_update", `"event":"APPROVED","message_template_name":"tere","message_template_language":"et","reason":"NONE"`, "line wa template tere/et approved"},
		"a template is rejected":          {"message_template_status_update", `"event":"REJECTED","message_template_name":"tere","message_template_language":"et","reason":"INVALID_FORMAT"`, "line wa template tere/et rejected INVALID_FORMAT"},
		"a template is liked less":        {"message_template_quality_update", `"new_quality_score":"RED","message_template_name":"tere","message_template_language":"et"`, "line wa template_quality tere/et red"},
		"a template is of another kind":   {"template_category_update", `"new_category":"MARKETING","message_template_name":"tere","message_template_language":"et"`, "line wa template_category tere/et marketing"},
		"a template has another text":     {"message_template_components_update", `"message_template_name":"tere","message_template_language":"et"`, "line wa template_content tere/et changed"},
		"an account is restricted":        {"account_update", `"event":"ACCOUNT_RESTRICTION","restriction_info":[{"restriction_type":"A"},{"restriction_type":"B"}]`, "line wa account account_restriction A, B"},
		"an account is reviewed":          {"account_review_update", `"decision":"APPROVED"`, "line wa account_review approved"},
		"an alert":                        {"account_alerts", `"alert_type":"INCREASED_CAPABILITIES_ELIGIBILITY_FAILED","alert_severity":"CRITICAL"`, "line wa account_alert increased_capabilities_eligibility_failed CRITICAL"},
		"a limit changes":                 {"business_capability_update", `"max_daily_conversation_per_phone":1000`, "line wa capability changed"},
		"a number is liked less":          {"phone_number_quality_update", `"event":"DOWNGRADE","current_limit":"TIER_250"`, "line wa number_quality downgrade TIER_250"},
		"a number's name is refused":      {"phone_number_name_update", `"decision":"REJECTED","rejection_reason":"NAME_EMPLOYMENT_ISSUE"`, "line wa number_name rejected NAME_EMPLOYMENT_ISSUE"},
		"two-step verification is off":    {"security", `"event":"PIN_RESET_SUCCESS"`, "line wa security pin_reset_success"},
		"a state that is no word":         {"security", `"event":"<b>"`, "line wa security other"},
		"a state that is missing":         {"security", `"x":1`, "line wa security unknown"},
		"a field that is new":             {"weather_update", `"event":"RAIN"`, "malformed wa unknown_field"},
		"a field that is no word":         {"\\u0000", `"event":"RAIN"`, "malformed wa unknown_field"},
		"a very long reason is shortened": {"message_template_status_update", `"event":"PAUSED","message_template_name":"tere","reason":"x` + strings.Repeat("õ", 150) + `"`, "line wa template tere paused x" + strings.Repeat("õ", 99)},
	} {
		t.Run(name, func(t *testing.T) {
			body := `{"object":"whatsapp_business_account","entry":[{"id":"` + wabaID + `","time":1751247548,"changes":[{"value":{` + tc.value + `},"field":"` + tc.field + `"}]}]}`
			require.Equal(t, []string{tc.want}, tales(t, parsed(t, receiver(t), body)))
			other := strings.Replace(body, wabaID, "1", 1)
			require.Equal(t, []string{"malformed page unknown_account"}, tales(t, parsed(t, receiver(t), other)))
		})
	}
}

func TestTheSameStateAgainIsAnotherEvent(t *testing.T) {
	body := func(time string) string {
		return `{"object":"whatsapp_business_account","entry":[{"id":"` + wabaID + `","time":` + time + `,"changes":[{"value":{"event":"PAUSED","message_template_name":"tere"},"field":"message_template_status_update"}]}]}`
	}
	app := receiver(t)
	first := parsed(t, app, body("1751247548"))[0].(*channels.LineChanged)
	require.Equal(t, first.Key, parsed(t, app, body("1751247548"))[0].Meta().Key)
	require.NotEqual(t, first.Key, parsed(t, app, body("1751247549"))[0].Meta().Key)
}

func TestNewsOfARemovedAccountIsCounted(t *testing.T) {
	cfg := receiving()
	var ignored []string
	cfg.Ignored = func(account string) { ignored = append(ignored, account) }
	body := `{"object":"whatsapp_business_account","entry":[{"id":"` + goneID + `","changes":[{"field":"account_update","value":{"event":"ACCOUNT_DELETED"}}]}]}`
	require.Empty(t, parsed(t, receiverOf(t, cfg), body))
	require.Equal(t, []string{goneID}, ignored)
}
