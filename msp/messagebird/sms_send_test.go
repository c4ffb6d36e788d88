package messagebird_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/messagebird"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

const (
	number = "+3726000010"
	short  = "1345"
)

// smsConfig is the account of the other tests with two lines over the SMS API.
func smsConfig(base string) messagebird.Config {
	cfg := config(base)
	cfg.ReportURL = hookURL
	cfg.Lines = append(cfg.Lines,
		messagebird.Line{ID: "mobile", Kind: channels.SMS, SMS: &messagebird.SMS{Originator: number}},
		messagebird.Line{ID: "notices", Kind: channels.SMS, SMS: &messagebird.SMS{Originator: "PPA teade", Numbers: []string{short}, Validity: time.Hour}})
	return cfg
}

// smsSimulator is an account whose people's SMS come as forms.
func smsSimulator(t testing.TB, change func(*messagebirdtest.Config)) (*messagebirdtest.Server, *messagebird.Provider) {
	t.Helper()
	return simulator(t, func(sc *messagebirdtest.Config, cfg *messagebird.Config) {
		*cfg = smsConfig("http://sim.invalid")
		sc.Numbers = []messagebirdtest.Number{{Number: number, Forward: hookURL}, {Number: short, Forward: hookURL}}
		if change != nil {
			change(sc)
		}
	})
}

const smsAccepted = `{"id":"57db52e04e2f4001b555f79813a0f503","reference":"m-1","createdDatetime":"2026-11-22T11:59:58+00:00",
	"recipients":{"totalCount":1,"items":[{"recipient":37255500001,"status":"sent","statusDatetime":"2026-11-22T11:59:58+00:00"}]}}`

func TestAnSMSIsWrittenAsTheAPITakesIt(t *testing.T) {
	part := message("mobile", "37255500001", channels.Text{Body: "Tere"})
	part.Part, part.Parts, part.Thread, part.ReplyTo = 1, 2, "a conversation elsewhere", "a message"
	for name, c := range map[string]struct {
		m    channels.Outbound
		wire string
	}{
		"letters of the GSM alphabet": {message("mobile", kati, channels.Text{Body: "Tere! Ära unusta 5 €"}),
			`{"originator":"3726000010","recipients":["37255500001"],"body":"Tere! Ära unusta 5 €","datacoding":"auto","reference":"m-1","reportUrl":"https://agency.example/webhooks/messagebird?line=mobile"}`},
		"õ, š and ž, which need another coding": {message("mobile", kati, channels.Text{Body: "Jõžeš"}),
			`{"originator":"3726000010","recipients":["37255500001"],"body":"Jõžeš","datacoding":"unicode","reference":"m-1","reportUrl":"https://agency.example/webhooks/messagebird?line=mobile"}`},
		"a name as the sender, and a validity": {message("notices", kati, channels.Text{Body: "Tere"}),
			`{"originator":"PPA teade","recipients":["37255500001"],"body":"Tere","datacoding":"auto","reference":"m-1","validity":3600,"reportUrl":"https://agency.example/webhooks/messagebird?line=notices"}`},
		"a part, to a number without plus": {part,
			`{"originator":"3726000010","recipients":["37255500001"],"body":"Tere","datacoding":"auto","reference":"m-1.1","reportUrl":"https://agency.example/webhooks/messagebird?line=mobile"}`},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(t, says(201, smsAccepted))
			got, err := send(t, provider(t, smsConfig(a.URL)), c.m)
			require.NoError(t, err)
			require.Equal(t, channels.ProviderID("57db52e04e2f4001b555f79813a0f503"), got.ID)
			require.Equal(t, channels.Sent, got.Status)
			require.True(t, got.At.Equal(noon().Add(-2*time.Second)))
			require.Empty(t, got.Thread)
			call := a.all()[0]
			require.Equal(t, "POST /rest/messages", call.Method+" "+call.Path)
			require.Equal(t, "AccessKey "+accessKey, call.Header.Get("Authorization"))
			require.JSONEq(t, c.wire, call.Body)
		})
	}
}

func TestWhatTheSMSAPICannotCarryIsNotSent(t *testing.T) {
	for name, c := range map[string]struct {
		to      channels.Peer
		content channels.Content
		class   error
	}{
		"a picture":            {kati, channels.Media{As: channels.Image, URL: "https://agency.example/a.png"}, channels.ErrUnsupported},
		"a template":           {kati, channels.Template{Name: "a", Language: "et"}, channels.ErrUnsupported},
		"choices":              {kati, channels.Choices{Body: "a", Options: []channels.Choice{{ID: "1", Title: "b"}}}, channels.ErrUnsupported},
		"nobody":               {"", channels.Text{Body: "a"}, channels.ErrUnreachable},
		"a contact":            {"c4262f1054c249be971a756fd549ff01", channels.Text{Body: "a"}, channels.ErrUnreachable},
		"a short number":       {"1345", channels.Text{Body: "a"}, channels.ErrUnreachable},
		"a number too long":    {"+3725550000100001", channels.Text{Body: "a"}, channels.ErrUnreachable},
		"a name for a service": {"Telia", channels.Text{Body: "a"}, channels.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(t, says(201, smsAccepted))
			_, err := send(t, provider(t, smsConfig(a.URL)), message("mobile", c.to, c.content))
			failure(t, err, c.class, channels.NotSent)
			require.Empty(t, a.all())
		})
	}
}

func TestWhatTheSMSAPIAnswersAndWhatItMeans(t *testing.T) {
	code := func(n, parameter string) string {
		return `{"errors":[{"code":` + n + `,"description":"` + kati + `","parameter":` + parameter + `}]}`
	}
	for name, c := range map[string]struct {
		answer  http.HandlerFunc
		class   error
		outcome channels.Outcome
		code    string
	}{
		"a number that nobody has":     {says(422, code("9", `"recipient"`)), channels.ErrUnreachable, channels.NotSent, "9"},
		"no recipients":                {says(422, code("9", `"recipients"`)), channels.ErrUnreachable, channels.NotSent, "9"},
		"another parameter is missing": {says(422, code("9", `"originator"`)), channels.ErrRejected, channels.NotSent, "9"},
		"nobody says which is missing": {says(422, code("9", `null`)), channels.ErrRejected, channels.NotSent, "9"},
		"a recipient who is invalid":   {says(422, code("10", `"recipient"`)), channels.ErrRejected, channels.NotSent, "10"},
		"a wrong key":                  {says(401, code("2", `"access_key"`)), channels.ErrCredentials, channels.NotSent, "2"},
		"no money":                     {says(422, code("25", `null`)), channels.ErrUnavailable, channels.NotSent, "25"},
		"too many requests":            {says(429, code("9", `"recipient"`)), channels.ErrRateLimited, channels.NotSent, "9"},
		"an internal error":            {says(500, code("9", `"recipient"`)), channels.ErrUnavailable, channels.OutcomeUnknown, "9"},
		"accepted without an id":       {says(201, `{"recipients":{}}`), channels.ErrMalformed, channels.OutcomeUnknown, "http_201"},
		"accepted as a list":           {says(201, `[]`), channels.ErrMalformed, channels.OutcomeUnknown, "http_201"},
		"a connection that ends":       {hangsUp, channels.ErrUnavailable, channels.OutcomeUnknown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(t, c.answer)
			_, err := send(t, provider(t, smsConfig(a.URL)), message("mobile", kati, channels.Text{Body: "saladus"}))
			require.Equal(t, c.code, failure(t, err, c.class, c.outcome).Provider)
			require.Len(t, a.all(), 1, "one attempt")
			for _, secret := range []string{kati, "saladus", accessKey, strings.TrimPrefix(kati, "+")} {
				require.NotContains(t, fmt.Sprintf("%v %+v", err, err), secret)
			}
		})
	}
}

func TestAnSMSIsFoundByItsReferenceAlone(t *testing.T) {
	list := func(total int, items ...string) http.HandlerFunc {
		return says(200, fmt.Sprintf(`{"offset":0,"limit":20,"count":%d,"totalCount":%d,"links":{},"items":[%s]}`, len(items), total, strings.Join(items, ",")))
	}
	other := func(id string) string { return `{"id":"` + id + `","reference":null,"body":"Tere!"}` }
	m := message("mobile", kati, channels.Text{Body: "Tere!"})
	for name, c := range map[string]struct {
		pages []http.HandlerFunc
		calls int
		found bool
	}{
		"on the first page":               {[]http.HandlerFunc{list(2, other("1"), smsAccepted)}, 1, true},
		"on the second":                   {[]http.HandlerFunc{list(3, other("1"), other("2")), list(3, smsAccepted)}, 2, true},
		"nowhere, the same text is there": {[]http.HandlerFunc{list(1, other("1"))}, 1, false},
		"nowhere, in a list of nothing":   {[]http.HandlerFunc{list(0)}, 1, false},
		"nowhere, the list has no total":  {[]http.HandlerFunc{list(0, other("1")), list(0)}, 2, false},
		"nowhere, the list comes again":   {[]http.HandlerFunc{list(9, other("1"))}, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(t, c.pages...)
			finder, ok := channels.As[channels.Finder](line(t, provider(t, smsConfig(a.URL)), "mobile"))
			require.True(t, ok)
			got, found, err := finder.Find(context.Background(), m)
			require.NoError(t, err)
			require.Equal(t, c.found, found)
			require.Equal(t, c.found, got.ID == "57db52e04e2f4001b555f79813a0f503")
			require.Len(t, a.all(), c.calls)
			for _, call := range a.all() {
				require.NotContains(t, call.Query, strings.TrimPrefix(kati, "+"), "no number in an address")
				q, err := url.ParseQuery(call.Query)
				require.NoError(t, err)
				require.Equal(t, "2026-11-22T10:00:00Z mt 20", q.Get("from")+" "+q.Get("direction")+" "+q.Get("limit"))
			}
		})
	}
	for name, answer := range map[string]http.HandlerFunc{"an error": says(500, ""), "a list of something else": says(200, `{"items":["a"]}`)} {
		t.Run(name, func(t *testing.T) {
			finder, _ := channels.As[channels.Finder](line(t, provider(t, smsConfig(answers(t, answer).URL)), "mobile"))
			_, found, err := finder.Find(context.Background(), m)
			require.False(t, found)
			var e *channels.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, channels.NotSent, e.Outcome, "a read may be repeated")
		})
	}
}

// Any text that the line takes is at most nine segments, and its segments are
// those that the simulator counts.
func TestNoTextOfTheLineNeedsATenthSegment(t *testing.T) {
	sim, p := smsSimulator(t, nil)
	caps := line(t, p, "mobile").Info().Capabilities
	random := rand.New(rand.NewPCG(1, 2))
	phone := sim.Mobile(kati)
	for i := range 60 {
		letters := []rune([]string{"a€", "õ😀", "aõ", "a", "õ", "€^{}ä", "😀"}[i%7])
		var b strings.Builder
		for range 1000 + random.IntN(1000) {
			b.WriteRune(letters[random.IntN(len(letters))])
		}
		parts, err := channels.Fit(caps, channels.Text{Body: b.String()})
		require.NoError(t, err)
		var arrived strings.Builder
		before := len(phone.Inbox())
		for j, part := range parts {
			text := part.(channels.Text).Body
			n, _ := channels.Segments(text)
			require.LessOrEqual(t, n, 9)
			m := message("mobile", kati, part)
			m.ID, m.Part, m.Parts = channels.MessageID(fmt.Sprint("m-", i)), j, len(parts)
			_, err := send(t, p, m)
			require.NoError(t, err)
			got := phone.Inbox()[before+j]
			require.Equal(t, n, got.Segments)
			arrived.WriteString(got.Text)
		}
		require.Equal(t, b.String(), arrived.String())
	}
	worst := strings.Repeat("õ", 66) + "😀"
	n, _ := channels.Segments(strings.Repeat(worst, 8) + strings.Repeat("õ", 50))
	require.Equal(t, 9, n)
	require.False(t, caps.Text.Value.Fits(strings.Repeat(worst, 8)+strings.Repeat("õ", 60)))
}

func TestALineOverTheSMSAPISaysWhatItIs(t *testing.T) {
	p := provider(t, smsConfig("http://127.0.0.1:1"))
	l := line(t, p, "mobile")
	require.Equal(t, channels.Signed, l.Info().Grade)
	_, erases := channels.As[channels.Eraser](l)
	require.False(t, erases)
	require.Equal(t, channels.NotErasable, l.Info().Capabilities.Erasure.Value)
	_, erases = channels.As[channels.Eraser](line(t, p, "sms"))
	require.True(t, erases, "the line over the Conversations API does")
}

func TestTheSettingsOfTheCallerAreItsOwn(t *testing.T) {
	cfg := smsConfig("http://127.0.0.1:1")
	mine := messagebird.SMS{Originator: number, Numbers: []string{number}}
	cfg.Lines[3].SMS = &mine
	provider(t, cfg)
	require.Equal(t, messagebird.SMS{Originator: number, Numbers: []string{number}}, mine)
}
