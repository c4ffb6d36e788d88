package taratest

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
)

// maxSessions bounds the pages that wait for a choice; the oldest expire anyway.
const maxSessions = 10_000

func locales() []string { return []string{"et", "en", "ru"} }

// words are the texts of the page in one language.
type words struct {
	Title, Note, Choose, Cancel, Refused, Nobody string
	Means                                        map[string]string
}

func wordsOf(locale string) words {
	switch locale {
	case "en":
		return words{
			Title: "TARA simulator", Note: "This is not the state's authentication service. Nobody here is a real person.",
			Choose: "Who are you?", Cancel: "Back to the service provider",
			Refused: "The request cannot be served. Go back to where you came from and start again.",
			Nobody:  "None of the test people can sign in as the service asks.",
			Means:   map[string]string{"idcard": "ID card", "mid": "Mobile-ID", "smartid": "Smart-ID", "eidas": "Another country’s eID"},
		}
	case "ru":
		return words{
			Title: "Симулятор TARA", Note: "Это не государственная служба аутентификации. Настоящих людей здесь нет.",
			Choose: "Кто вы?", Cancel: "Назад к поставщику услуги",
			Refused: "Запрос не может быть выполнен. Вернитесь туда, откуда пришли, и начните заново.",
			Nobody:  "Ни один из тестовых людей не может войти так, как требует услуга.",
			Means:   map[string]string{"idcard": "ID-карта", "mid": "Mobiil-ID", "smartid": "Smart-ID", "eidas": "eID другой страны"},
		}
	}
	return words{
		Title: "TARA simulaator", Note: "See ei ole riigi autentimisteenus. Siin ei ole päris inimesi.",
		Choose: "Kes sa oled?", Cancel: "Tagasi teenusepakkuja juurde",
		Refused: "Päringut ei saa täita. Mine tagasi sinna, kust tulid, ja alusta uuesti.",
		Nobody:  "Keegi testisikutest ei saa sisse logida nii, nagu teenus nõuab.",
		Means:   map[string]string{"idcard": "ID-kaart", "mid": "Mobiil-ID", "smartid": "Smart-ID", "eidas": "Teise riigi eID"},
	}
}

const style = `body{font:1.125rem/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;margin:0 auto;max-width:40rem;padding:1rem}` + //nolint:misspell // CSS is written so
	`.note{border:2px solid #8a5200;padding:.5rem 1rem}fieldset{border:1px solid #5a5a5a;margin:1rem 0;padding:.5rem 1rem}` +
	`legend{font-weight:600}button{font:inherit;color:#fff;background:#003168;border:0;border-radius:.25rem;padding:.75rem 1rem;margin:.25rem .5rem .25rem 0;min-height:2.75rem}` + //nolint:misspell // as above
	`button.back{color:#003168;background:#fff;border:2px solid #003168}button:focus-visible{outline:3px solid #8a5200;outline-offset:2px}` //nolint:misspell // as above

const source = `<!DOCTYPE html>
<html lang="{{.Locale}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title><style>` + style + `</style></head><body><main>
<h1>{{.Title}}</h1><p class="note">{{.Note}}</p>
{{if .Session}}<form method="post"><h2>{{.Choose}}</h2>
<input type="hidden" name="session" value="{{.Session}}">
{{range .People}}<fieldset><legend>{{.Name}}, {{.Subject}}</legend>{{range .Choices}}<button name="choice" value="{{.Value}}">{{.Text}}</button>{{end}}</fieldset>
{{else}}<p>{{.Nobody}}</p>
{{end}}<button class="back" name="choice" value="cancel">{{.Cancel}}</button></form>
{{else}}<p role="alert">{{.Refused}}</p>{{end}}
</main></body></html>
`

type page struct {
	words
	Locale, Session string
	People          []pagePerson
}

type pagePerson struct {
	Name, Subject string
	Choices       []struct{ Value, Text string }
}

// showPeople shows a button for each person and means that the client asked for.
func (s *Server) showPeople(w http.ResponseWriter, req *request) {
	session, err := s.random()
	if err != nil {
		s.showRefusal(w)
		return
	}
	now := s.cfg.Now()
	req.expires = now.Add(SessionLife)
	s.mu.Lock()
	for id, old := range s.sessions {
		if !now.Before(old.expires) {
			delete(s.sessions, id)
		}
	}
	full := len(s.sessions) >= maxSessions
	if !full {
		s.sessions[session] = req
	}
	s.mu.Unlock()
	if full {
		http.Error(w, "too many pages wait for a choice", http.StatusServiceUnavailable)
		return
	}

	p := page{words: wordsOf(req.locale), Locale: req.locale, Session: session}
	for _, who := range s.cfg.People {
		one := pagePerson{Name: who.GivenName + " " + who.FamilyName, Subject: who.Subject}
		for _, m := range who.Means {
			if req.offers(who, m) {
				one.Choices = append(one.Choices, struct{ Value, Text string }{who.Subject + " " + m, p.Means[m]})
			}
		}
		if len(one.Choices) > 0 {
			p.People = append(p.People, one)
		}
	}
	show(w, http.StatusOK, p)
}

// showRefusal shows that nothing can be done, and sends the browser nowhere.
func (s *Server) showRefusal(w http.ResponseWriter) {
	show(w, http.StatusBadRequest, page{words: wordsOf("et"), Locale: "et"})
}

func show(w http.ResponseWriter, status int, p page) {
	t, err := template.New("page").Parse(source)
	if err != nil {
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	sum := sha256.Sum256([]byte(style))
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	// Without form-action, which browsers hold against the redirect to the client too.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+
		"'; base-uri 'none'; frame-ancestors 'none'")
	w.WriteHeader(status)
	_ = t.Execute(w, p) // the browser is gone; there is nobody to tell
}
