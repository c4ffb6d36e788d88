package meta_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

// simulated starts an app with an account of each product, and returns what
// turns the webhooks that wait into events.
func simulated(t *testing.T) (*metatest.Server, func() []channels.Event) {
	t.Helper()
	sim, err := metatest.New(metatest.Config{
		AppID: appID, AppSecrets: []string{appSecret}, VerifyToken: verifyToken, Now: noon,
		Pages:     []metatest.Page{{ID: pageID, Token: "page-token"}},
		Instagram: []metatest.Instagram{{ID: instaID, Page: pageID}},
		Numbers:   []metatest.Number{{ID: numberID, WABA: wabaID, Token: "number-token", Display: "3726000000"}},
	})
	require.NoError(t, err)
	base, err := sim.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = sim.Close() })
	cfg := receiving()
	cfg.InsecureHTTP = true // the simulator's files
	cfg.AppID, cfg.Endpoints = appID, meta.Endpoints{Graph: base, Instagram: base}
	app := receiverOf(t, cfg)
	return sim, func() []channels.Event {
		var all []channels.Event
		for _, d := range sim.Take() {
			r := &channels.Request{Method: http.MethodPost, PublicURL: d.URL, Header: d.Header, Body: d.Body, At: noon()}
			require.NoError(t, app.Verify(context.Background(), r))
			all = append(all, parsed(t, app, string(d.Body))...)
		}
		return all
	}
}

// kinds are the types of events, with the kind of their content.
func kinds(events []channels.Event) string {
	var all []string
	for _, e := range events {
		name := e.Type()
		if r, ok := e.(*channels.Received); ok {
			name += "/" + r.Content.Kind()
			if r.Standby {
				name += " standby"
			}
		}
		all = append(all, name)
	}
	return strings.Join(all, " ")
}

func TestWhatSimulatedPeopleDoIsUnderstood(t *testing.T) {
	sim, take := simulated(t)
	png := metatest.File{ContentType: "image/png", Data: []byte("\x89PNG\r\n\x1a\n")}
	const all, notWhatsApp, onlyWhatsApp = "page insta wa", "page insta", "wa"
	people := map[string]*metatest.Person{"page": sim.Person(pageID, kati), "insta": sim.Person(instaID, "1535148674800000"), "wa": sim.Person(numberID, mari)}
	first := map[string]string{}
	for _, tc := range []struct {
		name, where string
		do          func(name string, p *metatest.Person) error
		want        string
	}{
		{"a text", all, func(n string, p *metatest.Person) error { first[n] = p.Says("Tere, õnn 👍 </b>"); return nil }, "received/text"},
		{"a reply", all, func(n string, p *metatest.Person) error { p.Quotes(first[n], "ja"); return nil }, "received/text"},
		{"a picture", all, func(_ string, p *metatest.Person) error { p.SendsImage(png); return nil }, "received/media"},
		{"a film", all, func(_ string, p *metatest.Person) error { p.SendsVideo(png); return nil }, "received/media"},
		{"a sound", all, func(_ string, p *metatest.Person) error { p.SendsAudio(png); return nil }, "received/media"},
		{"a sticker", all, func(_ string, p *metatest.Person) error { p.SendsSticker(png); return nil }, "received/media"},
		{"a reaction", all, func(n string, p *metatest.Person) error { return p.Reacts(first[n], "👍") }, "received/reaction"},
		{"no reaction", all, func(n string, p *metatest.Person) error { return p.Reacts(first[n], "") }, "received/reaction"},
		{"an edit", all, func(n string, p *metatest.Person) error { return p.Edits(first[n], "Tere!") }, "edited"},
		{"unsent", "insta wa", func(n string, p *metatest.Person) error { return p.Unsends(first[n]) }, "withdrawn"},
		{"unsupported", "insta wa", func(_ string, p *metatest.Person) error { p.SendsUnsupported(); return nil }, "received/unsupported"},
		{"a place", onlyWhatsApp, func(_ string, p *metatest.Person) error { p.SendsLocation(59.4, 24.7, "Kodu", ""); return nil }, "received/location"},
		{"a card", onlyWhatsApp, func(_ string, p *metatest.Person) error { p.SendsContact("A", "B", "+372 5", ""); return nil }, "received/contact"},
		{"a postback", notWhatsApp, func(_ string, p *metatest.Person) error { p.Postback("Alusta", "START", "w"); return nil }, "referred received/chosen"},
		{"a link", notWhatsApp, func(_ string, p *metatest.Person) error { p.Follows(metatest.Referral{Ref: "w"}); return nil }, "referred"},
		{"an advertisement", all, func(_ string, p *metatest.Person) error { p.SaysAfter(metatest.Referral{Ad: "17"}, "a"); return nil }, "referred received/text"},
		{"an opt-in", notWhatsApp, func(_ string, p *metatest.Person) error { p.OptsIn("w"); return nil }, "referred"},
		{"answered elsewhere", all, func(_ string, p *metatest.Person) error { p.AnsweredBy("7", "a"); return nil }, "echoed"},
		{"asked for", notWhatsApp, func(_ string, p *metatest.Person) error { p.RequestedBy("7", ""); return nil }, "line"},
		{"taken", notWhatsApp, func(_ string, p *metatest.Person) error { p.TakenBy("7", ""); return nil }, "thread"},
		{"on standby", notWhatsApp, func(_ string, p *metatest.Person) error { p.Says("a"); return nil }, "received/text standby"},
		{"passed", notWhatsApp, func(_ string, p *metatest.Person) error { p.PassedBy("7", ""); return nil }, "thread"},
		{"no marketing", onlyWhatsApp, func(_ string, p *metatest.Person) error { p.StopsMarketing(true); return nil }, "optout"},
		{"a hidden number", onlyWhatsApp, func(_ string, p *metatest.Person) error { p.WithUserID(jaan).Hides("mari"); p.Says("a"); return nil }, "received/text"},
	} {
		for _, name := range strings.Fields(tc.where) {
			t.Run(tc.name+" on "+name, func(t *testing.T) {
				require.NoError(t, tc.do(name, people[name]))
				events := take()
				require.Equal(t, tc.want, kinds(events))
				for _, e := range events {
					require.Equal(t, channels.ID(name), e.Meta().Channel)
					require.NotEmpty(t, e.Meta().Peer)
					require.Equal(t, noon(), e.Meta().At.Truncate(time.Second))
				}
			})
		}
	}
}

func TestASimulatedTextArrivesAsItWasWritten(t *testing.T) {
	sim, take := simulated(t)
	for account, id := range map[string]string{pageID: kati, instaID: "1535148674800000", numberID: mari} {
		const text = "Tere, õnn 👍 </script> \"\\ \u2028\n"
		mid := sim.Person(account, id).Says(text)
		got := take()[0].(*channels.Received)
		require.Equal(t, channels.Text{Body: text}, got.Content)
		if account == numberID {
			id = "+" + id
		}
		require.Equal(t, channels.Peer(id), got.Peer)
		require.Equal(t, channels.ProviderID(mid), got.ID)
	}
}

func TestSimulatedAccountsTellTheirNews(t *testing.T) {
	sim, take := simulated(t)
	sim.Enforce(pageID, "block", "spam")
	sim.Change(wabaID, "account_update", map[string]any{"event": "ACCOUNT_VIOLATION", "violation_info": map[string]any{"violation_type": "ADULT"}})
	sim.Change(pageID, "feed", map[string]any{"item": "comment"})
	require.Equal(t, []string{"line page policy block spam", "line wa account account_violation ADULT"}, tales(t, take()))
}
