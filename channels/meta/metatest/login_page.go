package metatest

import (
	"embed"
	"html/template"
	"net/http"
	"slices"
	"strings"
)

// pages are what the simulator shows to people, without script. shell.html is what they share, and asks for nothing from
// elsewhere.
//
//go:embed pages
var pages embed.FS

// frame is what the shell shows besides a page's own part.
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
	t := template.Must(template.ParseFS(pages, "pages/shell.html", "pages/"+page))
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
	show(w, "login.html", data)
}
