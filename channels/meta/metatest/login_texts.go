package metatest

// pageTexts are the words of the pages for people, in one language.
type pageTexts struct {
	Lang, Name, Languages string

	Login, Asks, Pages, Mute, Businesses, Continue, Cancel string

	Settings, Connected, NotConnected, Remove, Delete string
	Removed, Unheard, Deletion, DeletionCode          string
}

// allTexts are the languages, the default first.
func allTexts() []pageTexts {
	return []pageTexts{
		{
			Lang: "et", Name: "Eesti", Languages: "Keeled",
			Login: "Sisselogimine (simulaator)", Asks: "Neid õigusi küsib rakendus", Pages: "Lehed",
			Mute: "Teil ei ole sellel lehel sõnumite saatmise õigust.", Businesses: "WhatsAppi ärikontod",
			Continue: "Jätka", Cancel: "Loobu",
			Settings: "Äriühendused (simulaator)", Connected: "Teie kontodega on ühendatud rakendus",
			NotConnected: "Teie kontodega ei ole ühendatud rakendust", Remove: "Eemalda rakendus", Delete: "Palu minu andmed kustutada",
			Removed: "Rakendus on eemaldatud.", Unheard: "Teenus ei saanud sellest teada või vastas valesti:",
			Deletion: "Teenus võttis palve vastu. Selle käiku näeb siit:", DeletionCode: "Palve tunnus:",
		},
		{
			Lang: "en", Name: "English", Languages: "Languages",
			Login: "Log in (simulator)", Asks: "These permissions are what the app asks for:", Pages: "Pages",
			Mute: "You may not send messages as this page.", Businesses: "WhatsApp Business Accounts",
			Continue: "Continue", Cancel: "Cancel",
			Settings: "Business integrations (simulator)", Connected: "Your accounts are connected with the app",
			NotConnected: "Your accounts are not connected with the app", Remove: "Remove the app", Delete: "Ask to delete my data",
			Removed: "The app was removed.", Unheard: "The service did not hear of it, or answered wrongly:",
			Deletion: "The service took the request. What becomes of it can be seen here:", DeletionCode: "Code of the request:",
		},
		{
			Lang: "ru", Name: "Русский", Languages: "Языки",
			Login: "Вход (симулятор)", Asks: "Эти разрешения запрашивает приложение", Pages: "Страницы",
			Mute: "У вас нет права отправлять сообщения от имени этой страницы.", Businesses: "Бизнес-аккаунты WhatsApp",
			Continue: "Продолжить", Cancel: "Отмена",
			Settings: "Бизнес-интеграции (симулятор)", Connected: "К вашим аккаунтам подключено приложение",
			NotConnected: "К вашим аккаунтам не подключено приложение", Remove: "Удалить приложение", Delete: "Попросить удалить мои данные",
			Removed: "Приложение удалено.", Unheard: "Сервис не узнал об этом или ответил неверно:",
			Deletion: "Сервис принял просьбу. За её ходом можно следить здесь:", DeletionCode: "Код просьбы:",
		},
	}
}
