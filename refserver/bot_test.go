package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/alt/desk"
	"github.com/liidestuja/liidestuja/channels"
)

func botHarness(t *testing.T, language string) *alttest.Harness {
	t.Helper()
	bot, err := newEchoBot(language, nil, nil)
	require.NoError(t, err)
	people, err := desk.NewHandler(desk.HandlerConfig{})
	require.NoError(t, err)
	return alttest.NewWith(t, alttest.Config{
		Handler: alt.Chain(alt.Link{Name: linkBot, Kind: alt.HeldByBot, Handler: bot}, alt.Link{Name: linkDesk, Kind: alt.HeldByDesk, Handler: people}),
		Change:  func(c *alt.Config) { c.Language = language },
	})
}

func TestTheBotTellsThatItIsOneBeforeItsFirstAnswerInASession(t *testing.T) {
	hs := botHarness(t, "et")
	chat := hs.Chat("whatsapp")
	chat.Says("tere").Expect("Siin vastab robot, mitte inimene. Kui soovite rääkida inimesega, kirjutage „inimene“.\n\nÜtlesite: tere")
	chat.Says("veel").Expect("Ütlesite: veel")
	hs.Advance(31 * time.Minute)
	chat.Says("hiljem").Expect("Siin vastab robot, mitte inimene. Kui soovite rääkida inimesega, kirjutage „inimene“.\n\nÜtlesite: hiljem")
}

func TestTheBotSpeaksTheLanguageOfTheAgency(t *testing.T) {
	for language, want := range map[string]string{
		"et": "Siin vastab robot, mitte inimene. Kui soovite rääkida inimesega, kirjutage „inimene“.\n\nÜtlesite: x",
		"en": "A bot is answering here, not a person. To talk to a person, write “human”.\n\nYou said: x",
		"ru": "Здесь отвечает робот, а не человек. Чтобы поговорить с человеком, напишите «человек».\n\nВы сказали: x",
		"fi": "Siin vastab robot, mitte inimene. Kui soovite rääkida inimesega, kirjutage „inimene“.\n\nÜtlesite: x",
	} {
		t.Run(language, func(t *testing.T) { botHarness(t, language).Chat("whatsapp").Says("x").Expect(want) })
	}
}

func TestAWholeWordCallsForAPersonInItsLanguage(t *testing.T) {
	const (
		et = "Annan teie küsimuse inimesele edasi. Vastame teile siinsamas esimesel võimalusel."
		en = "I am passing your question on to a person. We will answer you here as soon as we can."
		ru = "Передаю ваш вопрос сотруднику. Мы ответим вам здесь при первой возможности."
	)
	for text, want := range map[string]string{
		"inimene": et, "Kas INIMENE on seal?": et, "tahan inimesega rääkida": et,
		"human": en, "A Human, please": en, "человек": ru, "Позовите ЧЕЛОВЕКА!": ru,
	} {
		t.Run(text, func(t *testing.T) {
			chat := botHarness(t, "et").Chat("messenger")
			chat.Says(text).Expect(want)
			chat.Says("tere?").ExpectNothing()
		})
	}
	for _, text := range []string{"inimesed", "humanity", "mõtlesin ebainimene"} {
		t.Run("not "+text, func(t *testing.T) {
			botHarness(t, "en").Chat("messenger").Says(text).Expect("A bot is answering here, not a person. To talk to a person, write “human”.\n\nYou said: " + text)
		})
	}
}

func TestTheBotAnswersWhatIsNoText(t *testing.T) {
	chat := botHarness(t, "en").Chat("whatsapp")
	chat.Says("hi").ExpectContains("You said: hi")
	chat.Sends(channels.Location{Latitude: 59.4, Longitude: 24.7}).Expect("I have received it, but I can only repeat text.")
	chat.Sends(channels.Reaction{Emoji: "👍"}).ExpectNothing()
}

func TestEveryTextOfTheBotIsThereInEveryLanguage(t *testing.T) {
	for lang, texts := range botTexts() {
		for _, name := range botTextNames() {
			require.NotEmpty(t, texts[name], "%s %s", lang, name)
		}
		require.Len(t, texts, len(botTextNames()), lang)
		require.Contains(t, texts[botEcho], "{text}", lang)
		require.NotEmpty(t, handoverWords()[lang], lang)
	}
}
