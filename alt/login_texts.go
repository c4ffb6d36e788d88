package alt

import "strings"

// Texts of an authentication that people see in the chat.
type loginText string

const (
	textLink   loginText = "link"
	textProven loginText = "proven"
	textFailed loginText = "failed"
	textDevice loginText = "device" // what the person's telephone shows
)

// loginTexts is the catalogue. Estonian is the default and complete; a test
// holds that the others are complete too. The one text of failure says nothing
// of why: it may stand before a stranger.
func loginTexts() map[string]map[loginText]string {
	return map[string]map[loginText]string{
		"et": {
			textLink:   "{agency} palub teil tõendada oma isik: {link}\nLink on ühekordne ja kehtib {minutes} minutit. Ärge saatke seda kellelegi edasi.",
			textProven: "Aitäh! Teie isik on tõendatud kuni selle vestluse lõpuni.",
			textFailed: "Isiku tõendamine ei õnnestunud. Soovi korral saate uuesti proovida.",
			textDevice: "Vestlus: {agency}, {channel}",
		},
		"en": {
			textLink:   "{agency} asks you to prove who you are: {link}\nThe link works once and for {minutes} minutes. Do not pass it on to anybody.",
			textProven: "Thank you! Your identity is proven until the end of this conversation.",
			textFailed: "Your identity could not be proven. You can try again if you wish.",
			textDevice: "Chat: {agency}, {channel}",
		},
		"ru": {
			textLink:   "{agency} просит вас подтвердить свою личность: {link}\nСсылка одноразовая и действует {minutes} минут. Никому её не пересылайте.",
			textProven: "Спасибо! Ваша личность подтверждена до конца этого разговора.",
			textFailed: "Подтвердить личность не удалось. При желании вы можете попробовать ещё раз.",
			textDevice: "Чат: {agency}, {channel}",
		},
	}
}

// loginSay returns a text in a language, or in Estonian, with pairs of
// placeholders and what belongs in their place.
func loginSay(language string, text loginText, pairs ...string) string {
	all := loginTexts()
	said, known := all[language]
	if !known {
		said = all["et"]
	}
	return strings.NewReplacer(pairs...).Replace(said[text])
}
