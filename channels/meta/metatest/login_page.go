package metatest

import (
	"html/template"
	"net/http"
	"slices"
	"strings"
)

// shell is what the simulator's pages for people share. They need no script.
const shell = `<!DOCTYPE html>
<html lang="{{.T.Lang}}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{block "title" .}}{{end}}</title>
<style>
body { font: 1rem/1.5 sans-serif; max-width: 36rem; margin: 0 auto; padding: 1rem; color: #1c1e21; background: #fff }
fieldset { margin: 1rem 0; border: 1px solid #606770; border-radius: .5rem }
fieldset p { margin: 0; padding: .5rem 0 }
small { display: block; color: #4b4f56 }
button { font: inherit; padding: .6rem 1.2rem; border: 2px solid #0a5bc4; border-radius: .5rem; background: #fff; color: #0a5bc4 }
button.main { background: #0a5bc4; color: #fff }
a { color: #0a5bc4 }
</style></head>
<body>
<nav aria-label="{{.T.Languages}}">{{range .Others}}<a href="{{.URL}}" lang="{{.Lang}}" hreflang="{{.Lang}}">{{.Name}}</a> {{end}}</nav>
<main>{{block "main" .}}{{end}}</main>
</body>
</html>
`

// loginPage is the dialog: who asks, for what, for which accounts, and two answers.
const loginPage = `{{define "title"}}{{.T.Login}}{{end}}
{{define "main"}}<h1>{{.T.Login}}</h1>
<p>{{.T.Asks}} <strong>{{.App}}</strong></p>
<ul>{{range .Scopes}}<li><code>{{.}}</code></li>
{{end}}</ul>
<form method="post">
{{if .Pages}}<fieldset><legend>{{.T.Pages}}</legend>
{{range .Pages}}<p><label><input type="checkbox" name="page" value="{{.ID}}" checked> {{.Name}} ({{.ID}})</label>{{with .Linked}}<small>Instagram: {{.}}</small>{{end}}{{if .Mute}}<small>{{$.T.Mute}}</small>{{end}}</p>
{{end}}</fieldset>
{{end}}{{if .Businesses}}<fieldset><legend>{{.T.Businesses}}</legend>
{{range .Businesses}}<p><label><input type="checkbox" name="business" value="{{.ID}}" checked> {{.ID}}</label>{{range .Numbers}}<small>{{.}}</small>{{end}}</p>
{{end}}</fieldset>
{{end}}<p><button class="main" name="answer" value="continue">{{.T.Continue}}</button> <button name="answer" value="cancel">{{.T.Cancel}}</button></p>
</form>{{end}}
`

// frame is what shell shows besides its own part.
type frame struct {
	T      pageTexts
	Others []translation
}

// translation is a link to the same page in another language.
type translation struct{ Lang, Name, URL string }

// frameOf finds the visitor's language: the parameter locale, such as "et_EE", as the dialog takes it, or the browser's.
func frameOf(r *http.Request) frame {
	all := allTexts()
	at := -1
	wanted := append([]string{r.URL.Query().Get("locale")}, strings.Split(r.Header.Get("Accept-Language"), ",")...)
	for _, name := range wanted {
		name = strings.TrimSpace(name)
		if at < 0 && len(name) >= 2 {
			at = slices.IndexFunc(all, func(t pageTexts) bool { return t.Lang == strings.ToLower(name[:2]) })
		}
	}
	f := frame{T: all[max(at, 0)]}
	for _, t := range all {
		q := r.URL.Query()
		q.Set("locale", t.Lang)
		if t.Lang != f.T.Lang {
			f.Others = append(f.Others, translation{t.Lang, t.Name, r.URL.Path + "?" + q.Encode()})
		}
	}
	return f
}

// show writes a page.
func show(w http.ResponseWriter, page string, data any) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	t := template.Must(template.Must(template.New("shell").Parse(shell)).Parse(page))
	_ = t.Execute(w, data) // fails only when the browser has gone
}

// showLogin writes the dialog. Server.mu is held.
func (s *Server) showLogin(w http.ResponseWriter, r *http.Request, asked LoginConfig) {
	type choice struct {
		ID, Name, Linked string
		Mute             bool
	}
	data := struct {
		frame
		App        string
		Scopes     []string
		Pages      []choice
		Businesses []business
	}{frame: frameOf(r), App: s.cfg.AppID, Scopes: asked.Scopes, Businesses: s.businesses()}
	if data.Scopes == nil {
		data.Scopes = permissions()
	}
	for _, a := range s.sorted(messenger) {
		c := choice{ID: a.id, Name: a.name, Mute: !slices.Contains(a.tasks, "MESSAGING")}
		for _, linked := range s.sorted(instagram) {
			if linked.page == a.id {
				c.Linked = strings.TrimSpace(linked.name + " (" + linked.id + ")")
			}
		}
		data.Pages = append(data.Pages, c)
	}
	show(w, loginPage, data)
}
