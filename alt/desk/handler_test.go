package desk_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/alt/desk"
	"github.com/liidestuja/liidestuja/channels"
)

const (
	handedOver = "Annan teie küsimuse inimesele edasi. Vastame teile siinsamas esimesel võimalusel."
	awayUntil  = "Praegu on väljaspool tööaega. Teie sõnum on meil olemas ja vastame siis, kui oleme tagasi: "
)

func TestAHandOverIsConfirmedOnce(t *testing.T) {
	w := newWorld(t)
	chat := w.hs.Chat("whatsapp")
	chat.Says("tere").Expect("bot: tere")
	chat.Says("human").Expect(handedOver)
	conv := chat.Dossier().Conversation
	require.Equal(t, alt.Holder{Kind: alt.HeldByDesk, Name: "desk"}, conv.Holder)
	require.Equal(t, 1, conv.Unread)
	require.Equal(t, w.hs.Clock().Now(), conv.Waiting)

	chat.Says("hello?").Says("human").ExpectNothing() // no bot, and nothing said twice
	conv = chat.Dossier().Conversation
	require.Equal(t, 3, conv.Unread)
	tr := chat.Transcript()
	require.Equal(t, channels.System, tr[3].Author, "a notice is not written by a person")
}

func TestANewHandOverIsConfirmedAgain(t *testing.T) {
	w := newWorld(t)
	chat, id := w.talk("whatsapp", "human")
	chat.Expect(handedOver)
	w.do("mari", "POST", "/v1/conversations/"+id+"/claim", nil).ok(200)
	w.do("mari", "POST", "/v1/conversations/"+id+"/replies", object{"text": "Tere!"}, key("a")).ok(201)
	w.hs.Settle()
	chat.Expect("Tere!")
	chat.Says("aitäh").ExpectNothing()
	w.do("mari", "POST", "/v1/conversations/"+id+"/release", nil).ok(200)
	chat.Says("veel").ExpectNothing()
	w.do("jaan", "POST", "/v1/conversations/"+id+"/handback", nil).ok(200)
	chat.Says("tere").Expect("bot: tere")
	chat.Says("human").Expect(handedOver)
}

func TestOutsideHoursTheAwayTextIsSaidOncePerPeriod(t *testing.T) {
	week := map[time.Weekday][]desk.Span{time.Tuesday: {{From: "09:00", To: "10:00"}}, time.Wednesday: {{From: "09:00", To: "10:00"}}}
	w := newWorld(t, deskOnly, func(s *setup) { s.handler.Hours.Week = week })
	chat := w.hs.Chat("messenger") // a Monday noon
	chat.Says("tere").Expect(handedOver, awayUntil+"03.03.2026 kell 09:00.")
	chat.Says("olete seal?").ExpectNothing()
	first := chat.Dossier().Session.ID
	w.hs.Advance(3 * time.Hour)
	chat.Says("ikka mitte?").ExpectNothing() // another session, the same evening
	require.NotEqual(t, first, chat.Dossier().Session.ID)

	w.hs.Advance(18*time.Hour + 30*time.Minute) // Tuesday, 9:30 in Tallinn
	chat.Says("hommikust").ExpectNothing()
	w.hs.Advance(time.Hour)
	chat.Says("juba läinud?").Expect(awayUntil + "04.03.2026 kell 09:00.")
	chat.Says("nojah").ExpectNothing()
	require.Equal(t, 6, chat.Dossier().Conversation.Unread)
	queued := 0
	for _, e := range w.log(chat.Dossier().Conversation.ID) {
		if e.Act == "message.queued" {
			queued++
		}
	}
	require.Equal(t, 3, queued, "the log tells of what was said, and of nothing else")
}

func TestTheAwayTextIsSaidInEachConversation(t *testing.T) {
	w := newWorld(t, deskOnly, func(s *setup) { s.handler.Hours.Week = map[time.Weekday][]desk.Span{time.Tuesday: nil} })
	const unknown = "Praegu on väljaspool tööaega. Teie sõnum on meil olemas ja vastame esimesel võimalusel."
	chat, id := w.talk("whatsapp", "tere")
	chat.Expect(handedOver, unknown)
	w.do("mari", "POST", "/v1/conversations/"+id+"/end", nil).ok(200)
	chat.Says("tere").Expect(handedOver, unknown)
}

func TestThePersonsLanguageIsSpoken(t *testing.T) {
	w := newWorld(t, deskOnly)
	chat := w.hs.Chat("whatsapp")
	m := w.hs.Fake("whatsapp").Message(chat.Address().Peer, "привет")
	m.From.Language = "ru-EE"
	chat.Happens(m).Expect("Передаю ваш вопрос сотруднику. Мы ответим вам здесь при первой возможности.")
}

func TestAnEmptyTextSaysNothing(t *testing.T) {
	w := newWorld(t, deskOnly, func(s *setup) { s.handler.Texts = desk.Texts{"et": {desk.HandedOver: ""}} })
	chat := w.hs.Chat("whatsapp")
	chat.Says("tere").ExpectNothing()
	require.Equal(t, 1, chat.Dossier().Conversation.Unread)
}

func TestATimerOfTheBotIsNoMessage(t *testing.T) {
	bot := alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
		t.After(time.Minute, "remind")
		t.HandOver("desk")
		return nil
	})
	w := newWorld(t, func(s *setup) {
		s.chain = func(people alt.Handler) alt.Handler {
			return alt.Chain(alt.Link{Name: "bot", Kind: alt.HeldByBot, Handler: bot}, alt.Link{Name: "desk", Kind: alt.HeldByDesk, Handler: people})
		}
	})
	chat := w.hs.Chat("whatsapp")
	chat.Says("tere").Expect(handedOver)
	w.hs.Advance(time.Hour)
	chat.ExpectNothing()
	require.Equal(t, 1, chat.Dossier().Conversation.Unread)
	require.Empty(t, w.hs.Letters())
}

func TestAMessageIsKeptWhereNoNoticeCanBeSent(t *testing.T) {
	mute := channels.Capabilities{Text: channels.Fact[channels.Limit]{Source: "test", AsOf: "2026-11"}} // carries no text
	people, err := desk.NewHandler(desk.HandlerConfig{})
	require.NoError(t, err)
	hs := alttest.NewWith(t, alttest.Config{
		Handler: alt.Chain(alt.Link{Name: "desk", Kind: alt.HeldByDesk, Handler: people}),
		Change:  func(c *alt.Config) { c.Channels = []channels.Channel{muted{c.Channels[0], mute}} },
		Lines:   map[channels.ID]channels.Kind{"whatsapp": channels.WhatsApp},
	})
	chat := hs.Chat("whatsapp")
	chat.Says("tere").ExpectNothing()
	require.Empty(t, hs.Letters())
	require.Equal(t, 1, chat.Dossier().Conversation.Unread)
}

// muted is a line with other capabilities.
type muted struct {
	channels.Channel
	caps channels.Capabilities
}

func (m muted) Unwrap() any { return m.Channel }

func (m muted) Info() channels.Info {
	i := m.Channel.Info()
	i.Capabilities = m.caps
	return i
}
