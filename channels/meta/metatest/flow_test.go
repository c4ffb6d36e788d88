package metatest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

func TestAConversationOnEachProduct(t *testing.T) {
	for _, c := range []struct {
		name, account, token, person, object string
	}{
		{"Messenger", page, pageToken, psid, "page"},
		{"Instagram of a page", ig, pageToken, igsid, "instagram"},
		{"Instagram Login", ig2, igToken, igsid, "instagram"},
		{"WhatsApp", number, waToken, phone, "whatsapp_business_account"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := open(t)
			p := a.Person(c.account, c.person)
			in := p.Says("tere õhtust/hommikust")
			a.deliver()
			got := a.hook.take()
			require.Len(t, got, 1)
			require.Contains(t, string(got[0].body), `tere \u00f5htust\/hommikust`)
			require.Contains(t, string(got[0].body), in)
			require.Equal(t, metatest.Signature(secret, got[0].body), got[0].header.Get("X-Hub-Signature-256"))

			out := a.text(c.account, c.token, c.person, "Tere!")
			require.Equal(t, "Tere!", p.Inbox()[0].Text)
			require.NoError(t, p.Reads(out))
			require.Equal(t, "read", p.Inbox()[0].Status)
			events := a.events()
			require.Equal(t, c.object, events[0]["object"])
			lines := p.Transcript()
			require.Len(t, lines, 2)
			require.Equal(t, "person", lines[0].From)
			require.Equal(t, "service", lines[1].From)
			require.Equal(t, out, a.Sent()[0].ID)
		})
	}
}
