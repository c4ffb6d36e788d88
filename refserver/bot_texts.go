package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Texts of the bot. In botEcho, "{text}" stands for what the person wrote.
const (
	// botDisclosure tells, before the bot's first answer, that it is none of a
	// person.
	botDisclosure = "disclosure"
	botEcho       = "echo"
	// botOther answers what is no text.
	botOther = "other"
)

func botTextNames() []string { return []string{botDisclosure, botEcho, botOther} }

// botTexts is the catalogue. Estonian is the default and complete; a test holds
// that the others are complete too.
func botTexts() map[string]map[string]string {
	return map[string]map[string]string{
		"et": {
			botDisclosure: "Siin vastab robot, mitte inimene. Kui soovite rääkida inimesega, kirjutage „inimene“.",
			botEcho:       "Ütlesite: {text}",
			botOther:      "Sain selle kätte, aga oskan korrata ainult teksti.",
		},
		"en": {
			botDisclosure: "A bot is answering here, not a person. To talk to a person, write “human”.",
			botEcho:       "You said: {text}",
			botOther:      "I have received it, but I can only repeat text.",
		},
		"ru": {
			botDisclosure: "Здесь отвечает робот, а не человек. Чтобы поговорить с человеком, напишите «человек».",
			botEcho:       "Вы сказали: {text}",
			botOther:      "Я это получил, но умею повторять только текст.",
		},
	}
}

// handoverWords are the words that call for a person, by language.
func handoverWords() map[string][]string {
	return map[string][]string{
		"et": {"inimene", "inimest", "inimesega", "inimesele"},
		"en": {"human"},
		"ru": {"человек", "человека", "человеком"},
	}
}

// botWording returns the catalogue with the agency's own texts. An empty text
// means that nothing is said, but the disclosure must be there.
func botWording(own map[string]map[string]string) (map[string]map[string]string, error) {
	all := botTexts()
	for _, lang := range slices.Sorted(maps.Keys(own)) {
		if all[lang] == nil {
			all[lang] = make(map[string]string)
		}
		for _, name := range slices.Sorted(maps.Keys(own[lang])) {
			if !slices.Contains(botTextNames(), name) {
				return nil, &fieldError{"texts." + lang, "there is no text of this name; there are " + strings.Join(botTextNames(), ", ")}
			}
			all[lang][name] = own[lang][name]
		}
		for _, name := range botTextNames() {
			if _, there := all[lang][name]; !there {
				return nil, &fieldError{"texts." + lang, fmt.Sprintf("%s is missing, because there is no built-in text in this language", name)}
			}
		}
		if strings.TrimSpace(all[lang][botDisclosure]) == "" {
			return nil, &fieldError{"texts." + lang + "." + botDisclosure, "must not be empty: people are told that a bot answers"}
		}
	}
	return all, nil
}
