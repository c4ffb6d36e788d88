package messagebird_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

// smsRows is the part of the table that is about the SMS API.
func smsRows() map[string]row {
	sent := channels.Receipt{ID: "6fe65f90454aa61536e6a88b88972670", Status: channels.Sent, At: time.Date(2022, 1, 5, 10, 2, 59, 0, time.UTC)}
	return map[string]row{
		"sms/go_messageObject.json":                     smsSent(sent),
		"sms/go_readMessageObject.json":                 smsSent(sent),
		"sms/go_messageListObject.json":                 smsListed(sent, sent),
		"errors/openapi_401_incorrect_access_key.json":  smsRefusal(401, channels.ErrCredentials, "2"),
		"errors/openapi_422_no_correct_recipients.json": smsRefusal(422, channels.ErrUnreachable, "9"),
	}
}

// smsText is what the recorded messages say, and to whom.
func smsText() channels.Outbound {
	return message("mobile", citizen, channels.Text{Body: "Hello World"})
}

// smsSent checks an answer to POST /messages.
func smsSent(want channels.Receipt) row {
	return func(t *testing.T, raw []byte) {
		a := answers(t, says(201, string(raw)))
		got, err := send(t, provider(t, smsConfig(a.URL)), smsText())
		require.NoError(t, err)
		require.True(t, got.At.Equal(want.At))
		got.At = want.At
		require.Equal(t, want, got)
	}
}

// smsListed checks each message of a list as an answer, and that the list is
// searched: without a reference it has none of ours, with one it has.
func smsListed(want ...channels.Receipt) row {
	return func(t *testing.T, raw []byte) {
		items := itemsOf(t, raw)
		require.Len(t, items, len(want))
		for i, item := range items {
			smsSent(want[i])(t, item)
		}
		marked := strings.Replace(string(raw), `"reference": null`, `"reference": "m-1"`, 1)
		for list, there := range map[string]bool{string(raw): false, marked: true} {
			finder, _ := channels.As[channels.Finder](line(t, provider(t, smsConfig(answers(t, says(200, list)).URL)), "mobile"))
			got, found, err := finder.Find(context.Background(), smsText())
			require.NoError(t, err)
			require.Equal(t, there, found)
			require.Equal(t, there, got.ID == want[0].ID)
		}
	}
}

// smsRefusal checks an error's class and that nothing went out.
func smsRefusal(status int, class error, code string) row {
	return func(t *testing.T, raw []byte) {
		p := provider(t, smsConfig(answers(t, says(status, string(raw))).URL))
		_, err := send(t, p, smsText())
		require.Equal(t, code, failure(t, err, class, channels.NotSent).Provider)
	}
}

// reported checks what a captured status report says, which is a vector of the
// older signature.
func reported(t *testing.T, query string) {
	t.Helper()
	p := provider(t, smsConfig("http://127.0.0.1:1"))
	r := &channels.Request{Method: http.MethodGet, PublicURL: hookURL + "?line=mobile&" + query, At: noon()}
	events, err := p.Parse(context.Background(), r)
	require.NoError(t, err)
	require.Len(t, events, 1)
	e := events[0].(*channels.StatusChanged)
	require.Equal(t, channels.ProviderID("57db52e04e2f4001b555f79813a0f503"), e.ID)
	require.Equal(t, "curl", e.Ref)
	require.Equal(t, channels.Peer("+31667788880"), e.Peer)
	require.Equal(t, channels.Delivered, e.Status)
	require.True(t, e.At.Equal(time.Date(2019, 1, 9, 12, 23, 23, 0, time.UTC)))
}
