package meta_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

func TestEachEventGoesToTheLineOfItsOwnAccount(t *testing.T) {
	cfg := receiving()
	second := cfg.Lines[0]
	second.ID, second.Account = "page2", "700"
	cfg.Lines = append(cfg.Lines, second)
	removed := map[string]int{}
	cfg.Ignored = func(account string) { removed[account]++ }
	app := receiverOf(t, cfg)

	entry := func(account, field string, ids ...string) string {
		var events []string
		for _, id := range ids {
			events = append(events, `{"sender":{"id":"`+kati+`"},"recipient":{"id":"`+account+`"},"timestamp":1700000000001,"message":{"mid":"`+id+`","text":"`+id+`"}}`)
		}
		return `{"id":"` + account + `","time":1700000000100,"` + field + `":[` + strings.Join(events, ",") + `]}`
	}
	body := `{"object":"page","entry":[` + strings.Join([]string{
		entry(pageID, "messaging", "a", "b"), entry("700", "messaging", "c"), entry(goneID, "messaging", "d", "e"),
		entry("999", "messaging", "f", "g"), entry(instaID, "messaging", "h"), entry(pageID, "standby", "i"), `{"id":"700","time":1}`, `7`,
	}, ",") + `]}`
	require.Equal(t, []string{
		"received page " + kati + " a " + said("a"), "received page " + kati + " b " + said("b"), "received page2 " + kati + " c " + said("c"),
		"malformed page unknown_account", "malformed page unknown_account",
		"malformed page unknown_account", // an Instagram account under a page's name
		"received page " + kati + " i " + said("i") + " standby",
		"malformed page unknown_entry", // the last two of the same body are one
	}, tales(t, parsed(t, app, body)))
	require.Equal(t, map[string]int{goneID: 2}, removed)
}

func TestNumbersOfOneBusinessAreTold(t *testing.T) {
	change := func(id, message string) string {
		return `{"field":"messages","value":{"metadata":{"phone_number_id":"` + id + `"},"messages":[{"from":"` + mari + `","id":"` + message + `","timestamp":"1700000001","type":"text","text":{"body":"a"}},7]}}`
	}
	var ignored int
	cfg := receiving()
	cfg.Ignored = func(string) { ignored++ }
	body := `{"object":"whatsapp_business_account","entry":[{"id":"` + wabaID + `","changes":[` + change(numberID, "w1") + `,` + change("106540352242923", "w2") +
		`,` + change(goneID, "w3") + `,` + change("1", "w4") + `,null]}]}`
	require.Equal(t, []string{
		"received wa +" + mari + " w1 " + said("a"), "malformed wa incomplete",
		"received wa2 +" + mari + " w2 " + said("a"), "malformed wa2 incomplete",
		"malformed page unknown_account", "malformed page unknown_account", "malformed wa unknown_field",
	}, tales(t, parsed(t, receiverOf(t, cfg), body)))
	require.Equal(t, 2, ignored)
}

func TestWhatABatchTellsTwiceHappenedOnce(t *testing.T) {
	one, two := fromKati(`"message":{"mid":"m1","text":"a"}`), fromKati(`"message":{"mid":"m2","text":"b"}`)
	for _, events := range [][]string{{one, one}, {one, one, one}} {
		require.Len(t, parsed(t, receiver(t), pageBody(events...)), 1)
	}
	require.Equal(t, []string{"received page " + kati + " m1 " + said("a"), "received page " + kati + " m2 " + said("b")},
		tales(t, parsed(t, receiver(t), pageBody(one, two, one, two))))
}

func TestAnEventHasItsOwnBytesTimeAndKey(t *testing.T) {
	first, second := fromKati(`"message":{"mid":"m1","text":"a"}`), fromKati(`"delivery":{"watermark":1700000000000}`)
	second = strings.Replace(second, `"timestamp":1700000000001,`, "", 1)
	events := parsed(t, receiver(t), pageBody(first, second))
	require.Equal(t, first, string(events[0].Meta().Raw))
	require.Equal(t, "message:m1", events[0].Meta().Key)
	require.Equal(t, time.UnixMilli(1700000000001).UTC(), events[0].Meta().At)
	require.Equal(t, second, string(events[1].Meta().Raw))
	require.Equal(t, time.UnixMilli(1700000000100).UTC(), events[1].Meta().At, "the time of the entry")

	r := hooked(pageBody(first, second))
	events, err := receiver(t).Parse(context.Background(), r)
	require.NoError(t, err)
	clear(r.Body)
	require.Equal(t, first, string(events[0].Meta().Raw), "an event does not hold the whole batch")
}

func TestTimesComeInEveryForm(t *testing.T) {
	for written, want := range map[string]time.Time{
		`1700000000001`:              time.UnixMilli(1700000000001).UTC(),
		`"1700000000001"`:            time.UnixMilli(1700000000001).UTC(),
		`1700000000`:                 time.Unix(1700000000, 0).UTC(),
		`"1700000000"`:               time.Unix(1700000000, 0).UTC(),
		`"2021-09-08T06:34:04+0000"`: time.Date(2021, 9, 8, 6, 34, 4, 0, time.UTC),
		`"2021-09-08T09:34:04+0300"`: time.Date(2021, 9, 8, 6, 34, 4, 0, time.UTC),
	} {
		body := strings.Replace(pageBody(fromKati(`"message":{"mid":"m1","text":"a"}`)), "1700000000001", written, 1)
		require.Equal(t, want, parsed(t, receiver(t), body)[0].Meta().At, written)
	}
	for _, written := range []string{`0`, `-1`, `null`, `{}`, `"soon"`, `""`, `1700000000000001`, `1e12`, `99999999999999999999`, `500000000000`, `true`, `"0000-01-01T00:00:00+0000"`} {
		body := strings.Replace(pageBody(fromKati(`"message":{"mid":"m1","text":"a"}`)), "1700000000001", written, 1)
		require.Equal(t, time.UnixMilli(1700000000100).UTC(), parsed(t, receiver(t), body)[0].Meta().At, written)
		body = strings.Replace(body, "1700000000100", written, 1)
		require.Equal(t, noon(), parsed(t, receiver(t), body)[0].Meta().At, written)
	}
}

func TestTheKeyOfAnEventDoesNotDependOnWhenItArrives(t *testing.T) {
	app := receiver(t)
	for _, body := range []string{
		pageBody(fromKati(`"reaction":{"mid":"o1","action":"react","emoji":"a"}`)), pageBody(fromKati(`"policy_enforcement":{"action":"block"}`)),
		waBody("account_update", `"event":"X"`),
	} {
		body = strings.NewReplacer(`"timestamp":1700000000001,`, "", `"time":1700000000100,`, "", `"time":1700000000,`, "").Replace(body)
		first := parsed(t, app, body)[0].Meta().Key
		r := hooked(body)
		r.At = r.At.Add(time.Hour)
		again, err := app.Parse(context.Background(), r)
		require.NoError(t, err)
		require.Equal(t, first, again[0].Meta().Key)
		require.Equal(t, r.At, again[0].Meta().At)
	}
}

func TestOneFieldOfAnotherTypeCostsNoMessage(t *testing.T) {
	require.Equal(t, []string{"received page " + kati + " m1 " + said("a")}, tales(t, parsed(t, receiver(t), pageBody(
		fromKati(`"message":{"mid":"m1","text":"a","is_echo":"no","quick_reply":7,"attachments":{},"reply_to":[],"metadata":{},"nlp":[]},"policy_enforcement":null`)))))
	require.Equal(t, []string{"received wa +" + mari + " wamid.1 " + said("a") + " from:Mari Mets"}, tales(t, parsed(t, receiver(t),
		fromMari(`"type":"text","text":{"body":"a"},"context":7,"image":"x","contacts":{},"unsupported":[]`))))
	require.Equal(t, []string{"received page 42 17 " + said("5")}, tales(t, parsed(t, receiver(t),
		`{"object":"page","entry":[{"id":`+pageID+`,"messaging":[{"sender":{"id":42},"message":{"mid":17,"text":5}}]}]}`)), "numbers for strings")
}

func TestAWebhookOfAnotherProductIsKeptOnce(t *testing.T) {
	for _, object := range []string{`"permissions"`, `"threads"`, `""`, `7`, `null`} {
		body := `{"object":` + object + `,"entry":[{"id":"1","time":1700000000},{"id":"2"}]}`
		require.Equal(t, []string{"malformed page unknown_object"}, tales(t, parsed(t, receiver(t), body)))
	}
}

func TestABodyThatIsNotUnderstoodIsAnError(t *testing.T) {
	for _, body := range []string{
		"", " ", "null", "[]", "7", `"a"`, "{}", `{"object":"page"}`, `{"object":"page","entry":[]}`, `{"object":"page","entry":{}}`,
		`{"field":"messages","value":{}}`, pageBody() + "x", pageBody()[:20], strings.Repeat("[", 1<<16), "\xff", `{"object":"page","entry":[{"id":"` + "\xff" + `"}]}`,
	} {
		events, err := receiver(t).Parse(context.Background(), hooked(body))
		require.Empty(t, events)
		require.ErrorIs(t, err, channels.ErrMalformed)
		require.Equal(t, "parse: malformed", err.Error())
	}
}

func TestPublicPostsAreNoMessages(t *testing.T) {
	change := func(object, account, field string) string {
		return `{"object":"` + object + `","entry":[{"id":"` + account + `","time":1700000000,"changes":[{"field":"` + field + `","value":{"from":{"id":"` + kati + `"},"text":"a"}}]}]}`
	}
	for _, field := range []string{"feed", "comments", "mentions", "live_comments", "story_insights", "leadgen"} {
		require.Empty(t, parsed(t, receiver(t), change("page", pageID, field)))
		require.Empty(t, parsed(t, receiver(t), change("instagram", instaID, field)))
	}
	for _, field := range []string{"messages", "messaging_postbacks", "message_reactions", "standby"} {
		require.Equal(t, []string{"malformed insta unknown_field"}, tales(t, parsed(t, receiver(t), change("instagram", instaID, field))))
		require.Equal(t, []string{"malformed page unknown_account"}, tales(t, parsed(t, receiver(t), change("instagram", "0", field))))
	}
}

func TestAVeryLongIDStillMakesAKey(t *testing.T) {
	id := strings.Repeat("m", 300)
	events := parsed(t, receiver(t), pageBody(fromKati(`"message":{"mid":"`+id+`","text":"a"}`), fromKati(`"message":{"mid":"`+id+`x","text":"a"}`)))
	require.Len(t, events, 2)
}

func TestNothingPersonalIsPrinted(t *testing.T) {
	const canary = "canary-words"
	bodies := []string{
		pageBody(fromKati(`"message":{"mid":"m1","text":"`+canary+`","quick_reply":{"payload":"`+canary+`"}}`), fromKati(`"referral":{"ref":"`+canary+`"}`),
			fromKati(`"message_edit":{"mid":"m1","text":"`+canary+`"}`), fromKati(`"read":{"watermark":1700000000000}`), fromKati(`"x":"`+canary+`"`),
			fromKati(`"message":{"mid":"m2","attachments":[{"type":"file","payload":{"url":"https://cdn.example/`+canary+`","title":"`+canary+`"}}]}`)),
		fromMari(`"type":"contacts","contacts":[{"name":{"formatted_name":"` + canary + `"}}]`), fromMari(`"type":"text","text":{"body":"` + canary + `"}`),
		fromMari(`"type":"system","system":{"type":"user_changed_number","wa_id":"37255500002","body":"` + canary + `"}`),
	}
	for _, body := range bodies {
		for _, e := range parsed(t, receiver(t), body) {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
				printed := fmt.Sprintf(verb, e) + e.Meta().Key
				for _, leak := range []string{canary, kati, mari, "37255500002", "Mari Mets"} {
					require.NotContains(t, printed, leak)
				}
			}
		}
	}
	_, err := receiver(t).Parse(context.Background(), hooked(`{"object":"page","entry":"`+canary))
	require.NotContains(t, fmt.Sprintf("%v %+v", err, err), canary)
}
