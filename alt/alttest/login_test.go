package alttest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
)

// benefits answers whom it knows.
func benefits() alt.Handler {
	return alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
		if a, ended := t.Auth(); ended && a.Reason != "" {
			return t.ReplyText("kahju: " + a.Reason)
		}
		if !t.Session().Level.AtLeast(eid.High) {
			return t.Authenticate(alt.Authentication{Level: eid.High})
		}
		return t.ReplyText("Tere, " + t.Session().Identity.GivenName)
	})
}

func ExampleChat_Proves() {
	hs := alttest.New(tester{}, benefits())
	chat := hs.Chat("whatsapp").Says("tere").ExpectContains("palub teil tõendada oma isik")
	chat.Proves(alttest.Mary())
	sent := chat.Sent()
	fmt.Println(sent[len(sent)-1].Content.(channels.Text).Body)
	// Output: Tere, MARY ÄNN
}

func TestPeopleOfTheHarnessProveAndDecline(t *testing.T) {
	hs := alttest.New(t, benefits())
	chat := hs.Chat("messenger").Says("tere").ExpectContains("agency.example/login/agency/")
	chat.Declines().Expect("Isiku tõendamine ei õnnestunud. Soovi korral saate uuesti proovida.", "kahju: refused")
	chat.Says("siiski").ExpectContains("agency.example/login/agency/")
	chat.Proves(alttest.Mary()).Expect("Aitäh! Teie isik on tõendatud kuni selle vestluse lõpuni.", "Tere, MARY ÄNN")
	require.Equal(t, alttest.Method, chat.Dossier().Session.Identity.Method)
	chat.Says("veel").Expect("Tere, MARY ÄNN")
	require.Contains(t, mustFail(t, func(tb testing.TB) {
		alttest.New(tb, benefits()).Chat("sms").Proves(alttest.Mary())
	}), "no link was sent")
	require.Contains(t, mustFail(t, func(tb testing.TB) {
		low := alttest.Mary()
		low.Level = eid.Low
		alttest.New(tb, benefits()).Chat("sms").Says("tere").Proves(low)
	}), "too_weak")
}
