package alt

import "strings"

// Texts of an authentication that people see in the chat.
type loginText string

const (
	textLink   loginText = "link"
	textProven loginText = "proven"
	textFailed loginText = "failed"
	textDevice loginText = "device" // what the person's telephone shows

	textAskCode  loginText = "ask_code" // the first question of a dialogue in the chat
	textAskPhone loginText = "ask_phone"
	textMistaken loginText = "mistaken" // whatever was wrong with an answer
	textControl  loginText = "control"
	textWait     loginText = "wait"
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

			textAskCode:  "{agency} palub teil tõendada oma isik Mobiil-IDga.\n{purpose}Palun kirjutage oma isikukood. Ärge tehke seda kellegi teise palvel. Katkestamiseks kirjutage KATKESTA.",
			textAskPhone: "Palun kirjutage oma Mobiil-ID telefoninumber. Katkestamiseks kirjutage KATKESTA.",
			textMistaken: "Sellest ei saanud aru. Palun kontrollige ja kirjutage uuesti. Katkestamiseks kirjutage KATKESTA.",
			textControl:  "Kontrollkood: {code}\nSisestage PIN1 ainult siis, kui teie telefon näitab sama koodi. Ärge öelge seda kellelegi.",
			textWait:     "Ootame kinnitust teie telefonist. Katkestamiseks kirjutage KATKESTA.",
		},
		"en": {
			textLink:   "{agency} asks you to prove who you are: {link}\nThe link works once and for {minutes} minutes. Do not pass it on to anybody.",
			textProven: "Thank you! Your identity is proven until the end of this conversation.",
			textFailed: "Your identity could not be proven. You can try again if you wish.",
			textDevice: "Chat: {agency}, {channel}",

			textAskCode:  "{agency} asks you to prove who you are with Mobile-ID.\n{purpose}Please write your personal code. Do not do it because somebody else asks you to. To stop, write CANCEL.",
			textAskPhone: "Please write the telephone number of your Mobile-ID. To stop, write CANCEL.",
			textMistaken: "That could not be understood. Please check it and write again. To stop, write CANCEL.",
			textControl:  "Control code: {code}\nEnter PIN1 only if your telephone shows the same code. Do not tell it to anybody.",
			textWait:     "Waiting for your telephone. To stop, write CANCEL.",
		},
		"ru": {
			textLink:   "{agency} просит вас подтвердить свою личность: {link}\nСсылка одноразовая и действует {minutes} минут. Никому её не пересылайте.",
			textProven: "Спасибо! Ваша личность подтверждена до конца этого разговора.",
			textFailed: "Подтвердить личность не удалось. При желании вы можете попробовать ещё раз.",
			textDevice: "Чат: {agency}, {channel}",

			textAskCode:  "{agency} просит вас подтвердить свою личность с помощью Mobiil-ID.\n{purpose}Пожалуйста, напишите свой личный код. Не делайте этого по чужой просьбе. Чтобы прекратить, напишите ОТМЕНА.",
			textAskPhone: "Пожалуйста, напишите телефонный номер вашего Mobiil-ID. Чтобы прекратить, напишите ОТМЕНА.",
			textMistaken: "Не удалось понять ответ. Пожалуйста, проверьте его и напишите ещё раз. Чтобы прекратить, напишите ОТМЕНА.",
			textControl:  "Контрольный код: {code}\nВводите PIN1, только если телефон показывает тот же код. Никому его не сообщайте.",
			textWait:     "Ждём подтверждения с вашего телефона. Чтобы прекратить, напишите ОТМЕНА.",
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
