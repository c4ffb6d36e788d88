package messagebird_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/uuid"
	"github.com/liidestuja/liidestuja/msp/messagebird"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

func find(t testing.TB, p *messagebird.Provider, m channels.Outbound) (channels.Receipt, bool) {
	t.Helper()
	f, ok := channels.As[channels.Finder](line(t, p, m.To.Channel))
	require.True(t, ok)
	receipt, found, err := f.Find(context.Background(), m)
	require.NoError(t, err)
	return receipt, found
}

func TestAMessageThatWasSentWithoutAnAnswerIsFound(t *testing.T) {
	for name, change := range map[string]func(*messagebirdtest.Config, *messagebird.Config){
		"by trackId":                           nil,
		"by source":                            func(_ *messagebirdtest.Config, c *messagebird.Config) { c.Reconcile = messagebird.BySource },
		"by content, where nothing comes back": func(s *messagebirdtest.Config, _ *messagebird.Config) { s.OmitTrack = true },
		"by content, where nothing was sent":   func(_ *messagebirdtest.Config, c *messagebird.Config) { c.Reconcile = messagebird.ByContent },
	} {
		for _, known := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, conversation known: %v", name, known), func(t *testing.T) {
				sim, p := simulator(t, change)
				sim.Person(whatsApp, kati).Says("Tere")
				m := hello()
				if known {
					m.Thread = only[*channels.Received](take(t, sim, p))[0].Thread
				}
				_, found := find(t, p, m)
				require.False(t, found)
				sim.FailNext(1, messagebirdtest.Failure{Method: http.MethodPost, HangUpAfterAccept: true})
				_, err := send(t, p, m)
				failure(t, err, channels.ErrUnavailable, channels.OutcomeUnknown)
				receipt, found := find(t, p, m)
				require.True(t, found)
				sent := sim.Sent()
				require.Len(t, sent, 1)
				require.Equal(t, channels.Receipt{ID: channels.ProviderID(sent[0].ID), Status: channels.Sent, At: noon(), Thread: sent[0].ConversationID}, receipt)
			})
		}
	}
}

func TestEveryKindOfContentIsFoundByItself(t *testing.T) {
	const picture = "https://agency.example/a.png"
	sim, p := simulator(t, func(s *messagebirdtest.Config, _ *messagebird.Config) { s.OmitTrack = true })
	sim.Person(whatsApp, kati).Says("Tere")
	for _, c := range []channels.Content{
		channels.Text{Body: "Tere"}, channels.Media{As: channels.Image, URL: picture, Caption: "pilt"}, channels.Location{Latitude: 59.1, Longitude: 24},
		channels.Choices{Body: "b", Options: []channels.Choice{{ID: "1", Title: "a"}}},
		channels.Template{Name: "t", Language: "et", Body: []channels.Param{{Kind: channels.ParamCurrency, Text: "1", Currency: "EUR", Amount: 12340}}},
	} {
		m := message("whatsapp", kati, c)
		_, found := find(t, p, m)
		require.False(t, found, "%s", c.Kind())
		receipt, err := send(t, p, m)
		require.NoError(t, err)
		got, found := find(t, p, m)
		require.True(t, found, "%s", c.Kind())
		require.Equal(t, receipt.ID, got.ID)
	}
}

func TestAMessageThatCouldBeAnotherIsNotFound(t *testing.T) {
	without := func(s *messagebirdtest.Config, _ *messagebird.Config) { s.OmitTrack = true }
	for name, c := range map[string]struct {
		change func(*messagebirdtest.Config, *messagebird.Config)
		other  func(*channels.Outbound)
		twice  bool
	}{
		"another text":                  {without, func(o *channels.Outbound) { o.Content = channels.Text{Body: "Tere"} }, false},
		"another person":                {without, func(o *channels.Outbound) { o.To.Peer = "+37255500002" }, false},
		"another line":                  {without, func(o *channels.Outbound) { o.To.Channel = "sms" }, false},
		"another reference":             {nil, func(o *channels.Outbound) { o.ID = "m-2" }, false},
		"another part of ours":          {nil, func(o *channels.Outbound) { o.Parts, o.Part = 2, 1 }, false},
		"two of the same, either of it": {without, func(*channels.Outbound) {}, true},
	} {
		t.Run(name, func(t *testing.T) {
			sim, p := simulator(t, c.change)
			for _, peer := range []string{kati, "+37255500002"} {
				sim.Person(whatsApp, peer).Says("Tere")
			}
			m, o := hello(), hello()
			c.other(&o)
			for range map[bool]int{false: 1, true: 2}[c.twice] {
				_, err := send(t, p, o)
				require.NoError(t, err)
			}
			_, found := find(t, p, m)
			require.False(t, found)
		})
	}
}

func TestAMessageFromBeforeOursWasMadeIsNotOurs(t *testing.T) {
	now := noon()
	sim, p := simulator(t, func(s *messagebirdtest.Config, c *messagebird.Config) {
		s.OmitTrack, s.Now, c.Now = true, func() time.Time { return now }, func() time.Time { return now }
	})
	sim.Person(whatsApp, kati).Says("Tere")
	m := hello()
	m.Thread = only[*channels.Received](take(t, sim, p))[0].Thread
	_, err := send(t, p, m) // the same words, some minutes ago
	require.NoError(t, err)
	_, found := find(t, p, m)
	require.True(t, found)
	now = now.Add(5 * time.Second)
	m.ID = channels.MessageID(uuid.New(now))
	_, found = find(t, p, m)
	require.False(t, found, "an id that the service made says when")
	now = now.Add(3 * time.Hour)
	m.ID = "chosen-by-the-agency"
	_, found = find(t, p, m)
	require.False(t, found, "the window is over")
}

func TestWhatAPersonWroteIsNotOurs(t *testing.T) {
	theirs := strings.ReplaceAll(strings.Replace(listed(1, "m1"), `"direction":"sent"`, `"direction":"received"`, 1), `"to":"`+kati+`",`, "")
	ours := strings.ReplaceAll(theirs, "received", "sent")
	for list, want := range map[string]bool{theirs: false, ours: true} {
		m := hello()
		m.Thread = "c1"
		_, found := find(t, provider(t, config(answers(t, says(200, list)).URL)), m)
		require.Equal(t, want, found)
		m.Thread = ""
		list = strings.Replace(list, `"conversationId":"c1",`, "", 1)
		_, found = find(t, provider(t, config(answers(t, says(200, list)).URL)), m)
		require.False(t, found, "nobody knows to whom")
	}
}

func TestAnUploadedFileIsFoundByItsReferenceOnly(t *testing.T) {
	for _, omit := range []bool{false, true} {
		sim, p := simulator(t, func(s *messagebirdtest.Config, c *messagebird.Config) {
			s.OmitTrack, c.InsecurePublicFiles = omit, true
		})
		sim.Person(whatsApp, kati).Says("Tere")
		m := message("whatsapp", kati, channels.Media{As: channels.Image, Blob: "b", Type: "image/png", Open: open(png())})
		_, err := send(t, p, m)
		require.NoError(t, err)
		before := sim.Totals().Requests
		_, found := find(t, p, m)
		require.Equal(t, !omit, found)
		require.Equal(t, before+1, sim.Totals().Requests, "nothing is uploaded to look for it")
	}
}

// listed is a page of messages, all alike but for their ids.
func listed(total int, ids ...string) string {
	items := []map[string]any{}
	for _, id := range ids {
		items = append(items, map[string]any{"id": id, "channelId": whatsApp, "direction": "sent", "type": "text", "to": kati, "status": "delivered",
			"content": map[string]any{"text": "Tere!"}, "createdDatetime": "2026-11-22T11:59:00Z", "conversationId": "c1"})
	}
	b, _ := json.Marshal(map[string]any{"totalCount": total, "items": items})
	return string(b)
}

func TestALongListIsReadToItsEnd(t *testing.T) {
	other := `{"totalCount":3,"items":[{"id":"x","channelId":"elsewhere"},null]}`
	for name, c := range map[string]struct {
		pages []http.HandlerFunc
		found bool
		calls int
	}{
		"the second page has it":                {[]http.HandlerFunc{says(200, other), says(200, listed(3, "m1"))}, true, 2},
		"the second page has another like it":   {[]http.HandlerFunc{says(200, listed(2, "m1")), says(200, listed(2, "m2"))}, false, 2},
		"the second page is the first again":    {[]http.HandlerFunc{says(200, listed(9, "m1")), says(200, listed(9, "m1"))}, true, 2},
		"the list says nothing of its length":   {[]http.HandlerFunc{says(200, listed(0, "m1")), says(200, `{"items":[]}`)}, true, 2},
		"the rest is older than ours":           {[]http.HandlerFunc{says(200, listed(9, "m1")), says(200, strings.Replace(listed(9, "m2"), "2026-11-22", "2026-11-21", 1))}, true, 2},
		"the list is empty":                     {[]http.HandlerFunc{says(200, `{"totalCount":0,"items":[]}`)}, false, 1},
		"there is no end, so nothing is unique": {[]http.HandlerFunc{endless()}, false, 50},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(t, c.pages...)
			receipt, found := find(t, provider(t, config(a.URL)), hello())
			require.Equal(t, c.found, found)
			require.Len(t, a.all(), c.calls)
			if found {
				require.Equal(t, channels.Delivered, receipt.Status)
				require.Equal(t, "c1", receipt.Thread)
			}
		})
	}
}

// endless lists a message that could be ours, and then others for ever.
func endless() http.HandlerFunc {
	n := 0
	return func(w http.ResponseWriter, _ *http.Request) {
		n++
		if n == 1 {
			says(200, listed(1<<30, "m1"))(w, nil)
			return
		}
		says(200, fmt.Sprintf(`{"totalCount":%d,"items":[{"id":"x%d","createdDatetime":"2026-11-22T11:59:00Z"}]}`, 1<<30, n))(w, nil)
	}
}

func TestALookThatFailsSaysSo(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		class  error
	}{
		"the connection cut": {hangsUp, channels.ErrUnavailable}, "unavailable": {says(503, ""), channels.ErrUnavailable},
		"a wrong key": {says(401, ""), channels.ErrCredentials}, "too many requests": {says(429, ""), channels.ErrRateLimited},
		"no JSON": {says(200, "<html>"), channels.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			p := provider(t, config(answers(t, c.answer).URL))
			f, _ := channels.As[channels.Finder](line(t, p, "whatsapp"))
			_, found, err := f.Find(context.Background(), hello())
			require.False(t, found)
			e := failure(t, err, c.class, channels.NotSent)
			require.Equal(t, "find", e.Op)
		})
	}
}
