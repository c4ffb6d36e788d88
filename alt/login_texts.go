package alt

import "strings"

// Texts of an authentication that people see in the chat.
type loginText string

const (
	textLink   loginText = "link"
	textProven loginText = "proven"
	textFailed loginText = "failed"
	textDevice loginText = "device" // what the person's telephone shows

	textOverByPerson   loginText = "over_person" // why nobody is proven any longer
	textOverByAgency   loginText = "over_agency"
	textOverByIdleness loginText = "over_idle"
	textOverByAge      loginText = "over_max_age"

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

			textOverByPerson:   "Vestlus on teie soovil lõpetatud. Teie isik ei ole siin enam tõendatud.",
			textOverByAgency:   "Asutus lõpetas vestluse. Teie isik ei ole siin enam tõendatud.",
			textOverByIdleness: "Te ei ole mõnda aega kirjutanud, seetõttu ei ole teie isik siin enam tõendatud. Vajaduse korral palume selle uuesti tõendada.",
			textOverByAge:      "Isiku tõendamine kehtib piiratud aja ja see aeg sai läbi. Vajaduse korral palume isiku uuesti tõendada.",

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

			textOverByPerson:   "The conversation has ended at your wish. Your identity is no longer proven here.",
			textOverByAgency:   "The agency has ended the conversation. Your identity is no longer proven here.",
			textOverByIdleness: "You have not written for a while, so your identity is no longer proven here. If it is needed, we will ask you again.",
			textOverByAge:      "A proof of identity holds for a limited time, and that time is over. If it is needed, we will ask you again.",

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

			textOverByPerson:   "Разговор завершён по вашему желанию. Ваша личность здесь больше не подтверждена.",
			textOverByAgency:   "Учреждение завершило разговор. Ваша личность здесь больше не подтверждена.",
			textOverByIdleness: "Вы некоторое время не писали, поэтому ваша личность здесь больше не подтверждена. При необходимости мы попросим подтвердить её снова.",
			textOverByAge:      "Подтверждение личности действует ограниченное время, и это время истекло. При необходимости мы попросим подтвердить её снова.",

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
