package meta

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

const (
	templatePage  = 100 // templates in one answer
	templatePages = 100 // then the account is not a real one
)

// Templates returns all templates of a WhatsApp line's business account, in
// every language and state. Errors are *channels.Error.
func (a *App) Templates(ctx context.Context, line channels.ID) ([]Template, error) {
	l, failure := a.withTemplates("templates", line)
	if failure != nil {
		return nil, failure
	}
	var all []Template
	query := url.Values{
		"fields": {"id,name,language,category,status,rejected_reason,parameter_format,components"},
		"limit":  {strconv.Itoa(templatePage)},
	}
	for range templatePages {
		var w struct {
			Data   []Template `json:"data"`
			Paging struct {
				Next    string `json:"next"`
				Cursors struct {
					After string `json:"after"`
				} `json:"cursors"`
			} `json:"paging"`
		}
		call := httpx.Call{Op: "templates", Method: http.MethodGet, Path: l.templates(), Query: query}
		if err := l.call(ctx, call, &w); err != nil {
			return nil, err
		}
		all = append(all, w.Data...)
		if w.Paging.Next == "" || w.Paging.Cursors.After == "" {
			return all, nil
		}
		query.Set("after", w.Paging.Cursors.After) // the address in next would hold the token
	}
	return nil, l.refuse("templates", channels.ErrTooLong, "the list of templates does not end")
}

// CreateTemplate submits a template and returns it with the id, state and
// category that Meta gave it.
func (a *App) CreateTemplate(ctx context.Context, line channels.ID, t Template) (Template, error) {
	l, failure := a.withTemplates("create template", line)
	if failure != nil {
		return Template{}, failure
	}
	if t.Name == "" || t.Language == "" || t.Category == "" || len(t.Components) == 0 {
		return Template{}, l.refuse("create template", channels.ErrTemplate, "name, language, category and components are required")
	}
	t.ID, t.State, t.Reason, t.Language = "", "", "", wireLanguage(t.Language)
	var w Template
	if err := l.post(ctx, "create template", l.templates(), &newTemplate{Template: t}, &w); err != nil {
		return Template{}, err
	}
	t.ID, t.State = w.ID, w.State
	if w.Category != "" {
		t.Category = w.Category
	}
	return t, nil
}

// EditTemplate replaces the components, and the category where it is given, of
// the template with t.ID. Meta then reviews it again.
func (a *App) EditTemplate(ctx context.Context, line channels.ID, t Template) error {
	l, failure := a.withTemplates("edit template", line)
	if failure != nil {
		return failure
	}
	if !number(t.ID) {
		return l.refuse("edit template", channels.ErrTemplate, "the id is required")
	}
	w := &newTemplate{Template: Template{Category: t.Category, Components: t.Components}}
	return orNil(l.post(ctx, "edit template", "/"+t.ID, w, &struct{}{}))
}

// DeleteTemplate removes a template in the language with the id, or, without
// one, in all languages.
func (a *App) DeleteTemplate(ctx context.Context, line channels.ID, name, id string) error {
	l, failure := a.withTemplates("delete template", line)
	if failure != nil {
		return failure
	}
	if name == "" || id != "" && !number(id) {
		return l.refuse("delete template", channels.ErrTemplate, "the name is required, and an id is a number")
	}
	query := url.Values{"name": {name}}
	if id != "" {
		query.Set("hsm_id", id)
	}
	call := httpx.Call{Op: "delete template", Method: http.MethodDelete, Path: l.templates(), Query: query}
	return orNil(l.call(ctx, call, &struct{}{}))
}

// newTemplate is a request to create or edit one.
type newTemplate struct {
	Template
	proved
}

// templates is the path of the account's templates.
func (l *line) templates() string { return "/" + l.conf.Business + "/message_templates" }

// withTemplates finds a line that has templates.
func (a *App) withTemplates(op string, id channels.ID) (*line, error) {
	for _, l := range a.lines {
		if l.info.ID != id {
			continue
		}
		if l.conf.Business == "" {
			return nil, l.refuse(op, channels.ErrUnsupported, "the line has no business account")
		}
		return l, nil
	}
	return nil, &channels.Error{Op: op, Channel: id, Class: channels.ErrRejected, Outcome: channels.NotSent}
}
