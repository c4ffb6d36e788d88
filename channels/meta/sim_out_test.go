package meta_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

// simSend sends on a line of the simulated app, as Fit left it.
func (w *world) simSend(t *testing.T, m channels.Outbound) (channels.Receipt, error) {
	t.Helper()
	l := outLine(t, w.app, m.To.Channel)
	parts, err := channels.Fit(l.Info().Capabilities, m.Content)
	require.NoError(t, err)
	require.Len(t, parts, 1)
	m.To.Peer, m.Content = simPeers()[m.To.Channel], parts[0]
	return l.Send(context.Background(), m)
}

// events are those of all webhooks that wait.
func (w *world) events(t *testing.T) []channels.Event {
	t.Helper()
	var all []channels.Event
	for _, d := range w.sim.Take() {
		r := w.sign(d.Body)
		require.NoError(t, w.app.Verify(context.Background(), r))
		evs, err := w.app.Parse(context.Background(), r)
		require.NoError(t, err)
		all = append(all, evs...)
	}
	return all
}

func TestTheSimulatedProductsTakeWhatIsSent(t *testing.T) {
	tap := channels.Choices{Body: "Kas nõus?", Options: []channels.Choice{{ID: "1", Title: "Jah"}, {ID: "2", Title: "Ei"}}}
	list := channels.Choices{Body: "Mis teenus?", Button: "Vali", Options: []channels.Choice{{ID: "1", Title: "Pass", Description: "10 päeva"}, {ID: "2", Title: "ID-kaart"}}}
	pages := map[string]channels.Content{
		"a text": channels.Text{Body: "Tere <b>&"}, "choices": tap, "an image": channels.Media{As: channels.Image, URL: outPicture},
		"a sound": channels.Media{As: channels.Audio, URL: outPicture}, "a video": channels.Media{As: channels.Video, URL: outPicture},
		"a list, as a text": list, "a place, as a text": channels.Location{Latitude: 59.4, Longitude: 24.7, Name: "PPA"},
		"a card, as a text": channels.ContactCard{Name: "PPA", Phones: []string{"+3726123000"}},
	}
	stores := map[string]channels.Content{"a stored picture": stored(channels.Image, "image/png", []byte(picture()))}
	phones := map[string]channels.Content{
		"a list": list, "a document": channels.Media{As: channels.File, URL: outPicture, Name: "otsus.pdf", Caption: "Otsus"},
		"a stored document": stored(channels.File, "application/pdf", []byte("%PDF-1.7")), "a sticker": channels.Media{As: channels.Sticker, URL: outPicture},
		"a template": channels.Template{Name: "booking", Language: "et", Body: words("Kati", "12.00"), Header: words("PPA")},
	}
	for line, some := range map[channels.ID][]map[string]channels.Content{
		"messenger": {pages, stores}, "instagram": {pages}, "login": {pages, stores}, "whatsapp": {pages, stores, phones},
	} {
		for _, contents := range some {
			for name, c := range contents {
				t.Run(name+" on "+string(line), func(t *testing.T) {
					w := newWorld(t, func(sc *metatest.Config, _ *meta.Config) {
						sc.Numbers[0].Templates = []metatest.Template{{Name: "booking", Language: "et", Header: "TEXT", HeaderText: "Asutus {{1}} teatab", Body: "Tere {{1}}, kell {{2}}."}}
						sc.Instagram[0].EchoMetadata = true
					})
					receipt, err := w.simSend(t, letter(line, c))
					require.NoError(t, err)
					box := w.person(line).Inbox()
					require.Len(t, box, 1)
					require.Equal(t, string(receipt.ID), box[0].ID)
					if line != "login" {
						require.Equal(t, map[string]int{"m-1": 1}, w.sim.Marks())
					}
					for _, e := range w.events(t) {
						echo, ok := e.(*channels.Echoed)
						require.True(t, ok, "what we sent is no message of a person")
						require.Equal(t, receipt.ID, echo.ID)
						if line != "login" {
							require.Equal(t, "m-1", echo.Ref)
						}
					}
				})
			}
		}
	}
}

func TestReactionsTypingAndMarksInTheSimulatedProducts(t *testing.T) {
	for _, line := range []channels.ID{"messenger", "instagram", "login", "whatsapp"} {
		w := newWorld(t)
		last := channels.ProviderID(w.person(line).Says("Kas olete seal?"))
		w.sim.Take()
		to := letter(line, nil).To
		to.Peer = simPeers()[line]
		require.NoError(t, marks(last, true)(outLine(t, w.app, line), to))
		for i, emoji := range []string{"❤️", ""} {
			m := letter(line, channels.Reaction{To: last, Emoji: emoji})
			m.ID = []channels.MessageID{"m-1", "m-2"}[i]
			_, err := w.simSend(t, m)
			require.NoError(t, err, "%q on %s", emoji, line)
		}
		m := letter(line, channels.Text{Body: "Oleme."})
		m.ID, m.ReplyTo = "m-3", last
		_, err := w.simSend(t, m)
		require.NoError(t, err)
	}
}

func TestASlowConversationInTheSimulatedProducts(t *testing.T) {
	var mu sync.Mutex
	now := outNoon()
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	w := newWorld(t, func(sc *metatest.Config, c *meta.Config) {
		sc.Now, c.Now, sc.PairRate = clock, clock, 6*time.Second
	})
	mu.Lock()
	now = now.Add(25 * time.Hour)
	mu.Unlock()
	for _, line := range []channels.ID{"messenger", "instagram", "login", "whatsapp"} {
		m := letter(line, channels.Text{Body: "Vastus"})
		_, err := w.simSend(t, m)
		outFailure(t, err, channels.ErrWindowClosed, channels.NotSent)
		if line == "whatsapp" {
			continue
		}
		m.Author, m.Extended = channels.Person, true
		_, err = w.simSend(t, m)
		require.NoError(t, err, "a person's answer on %s", line)
	}
	w.person("whatsapp").Says("Kas olete seal?")
	_, err := w.simSend(t, letter("whatsapp", channels.Text{Body: "Oleme."}))
	require.NoError(t, err)
	_, err = w.simSend(t, letter("whatsapp", channels.Text{Body: "Oleme küll."}))
	e := outFailure(t, err, channels.ErrRateLimited, channels.NotSent)
	require.True(t, e.Person)
	require.Equal(t, 6*time.Second, e.RetryAfter)
}

func TestAPersonWithoutANumberIsWrittenTo(t *testing.T) {
	const scoped = "EE.13491208655302741918"
	w := newWorld(t)
	kati := w.sim.Person(outNumber, scoped)
	kati.Says("Tere")
	received := w.events(t)[0].(*channels.Received)
	require.Equal(t, channels.Peer(scoped), received.Peer)
	m := letter("whatsapp", channels.Text{Body: "Tere!"})
	m.To.Peer = received.Peer
	_, err := outLine(t, w.app, "whatsapp").Send(context.Background(), m)
	require.NoError(t, err)
	require.Len(t, kati.Inbox(), 1)
}

func TestABusyAccountIsNotCalled(t *testing.T) {
	w := newWorld(t)
	w.sim.SetUsage(outNumber, metatest.Usage{Calls: 100, Regain: 4 * time.Minute})
	_, err := w.simSend(t, letter("whatsapp", channels.Text{Body: "Tere"}))
	require.NoError(t, err)
	before := w.sim.Totals().Requests
	_, err = w.simSend(t, letter("whatsapp", channels.Text{Body: "Tere"}))
	e := outFailure(t, err, channels.ErrRateLimited, channels.NotSent)
	require.Equal(t, 4*time.Minute, e.RetryAfter)
	require.Equal(t, before, w.sim.Totals().Requests)
}

func TestTemplatesOfTheSimulatedAccount(t *testing.T) {
	book := new(meta.TemplateBook)
	w := newWorld(t, func(sc *metatest.Config, c *meta.Config) {
		sc.Numbers[0].Templates = []metatest.Template{{Name: "booking", Language: "et", Body: "Tere {{1}}!"}, {Name: "booking", Language: "en", Body: "Hello {{1}}!"}}
		c.Templates = book
	})
	ctx := context.Background()
	list := func() map[string]meta.TemplateState {
		all, err := w.app.Templates(ctx, "whatsapp")
		require.NoError(t, err)
		book.Replace("whatsapp", all)
		states := map[string]meta.TemplateState{}
		for _, w := range all {
			states[w.Name+"/"+w.Language] = w.State
		}
		return states
	}
	require.Equal(t, map[string]meta.TemplateState{"booking/et": "APPROVED", "booking/en": "APPROVED"}, list())
	say := func(params ...string) error {
		_, err := w.simSend(t, letter("whatsapp", channels.Template{Name: "booking", Language: "et", Body: words(params...)}))
		return err
	}
	require.NoError(t, say("Kati"))
	outFailure(t, say(), channels.ErrTemplate, channels.NotSent)
	require.Equal(t, "Tere Kati!", w.person("whatsapp").Inbox()[0].Text)

	pause := func(language string) {
		require.NoError(t, w.sim.SetTemplate(outBusiness, "booking", language, metatest.TemplatePaused, ""))
		for _, e := range w.events(t) {
			require.True(t, book.Apply(e.(*channels.LineChanged)))
		}
	}
	pause("et")
	require.NoError(t, say("Kati"))
	require.Equal(t, "Hello Kati!", w.person("whatsapp").Inbox()[1].Text, "the next language")
	pause("en")
	calls := w.sim.Totals().Requests
	outFailure(t, say("Kati"), channels.ErrTemplate, channels.NotSent)
	require.Equal(t, calls, w.sim.Totals().Requests, "refused before the wire")

	got, err := w.app.CreateTemplate(ctx, "whatsapp", meta.Template{Name: "otsus", Language: "et", Category: "UTILITY", Components: []meta.TemplateComponent{
		{Type: "BODY", Text: "Otsus {{1}} on valmis.", Example: &meta.TemplateExample{Body: [][]string{{"A-1"}}}},
	}})
	require.NoError(t, err)
	require.NotEmpty(t, got.ID)
	require.Contains(t, list(), "otsus/et")
	got.Components[0].Text = "Otsus {{1}} on tehtud."
	require.NoError(t, w.app.EditTemplate(ctx, "whatsapp", got))
	require.NoError(t, w.app.DeleteTemplate(ctx, "whatsapp", "otsus", got.ID))
	require.NotContains(t, list(), "otsus/et")
}
