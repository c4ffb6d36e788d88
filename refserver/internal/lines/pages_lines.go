package lines

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/desk"
	"github.com/liidestuja/liidestuja/channels"
)

// listPage shows the agency's lines.
type listPage struct {
	frame
	Lines     []View
	Gone      []View
	Providers []string
	MayChange bool
}

// said are what forms have done, which the list tells afterwards.
func said() []string {
	return []string{"added", "waiting", "renewed", "removed", "active", "rejected"}
}

// listed leads to the list, which tells what was done.
func listed(what string) string { return pathList + "?" + url.Values{"said": {what}}.Encode() }

func (p *pages) list(v view) {
	f := p.frame(v.r, "list.title", v.me)
	if what := v.r.URL.Query().Get("said"); slices.Contains(said(), what) {
		f.Said = what
	}
	p.showList(v, http.StatusOK, f)
}

func (p *pages) showList(v view, status int, f frame) {
	all, err := p.m.List(v.r.Context(), v.me.who())
	if err != nil {
		p.stop(v.w, v.r, v.me, err)
		return
	}
	page := listPage{frame: f, Providers: p.m.Providers(), MayChange: v.me.Role == desk.Admin}
	for _, l := range all {
		if l.State == string(alt.LineRemoved) {
			page.Gone = append(page.Gone, l)
		} else {
			page.Lines = append(page.Lines, l)
		}
	}
	p.render(v.w, v.r, status, "list", page)
}

// removalPage asks whether a line is to be removed.
type removalPage struct {
	frame
	Line View
	// MayForce: the provider could not be told, and the line can be removed all the
	// same.
	MayForce bool
}

func (p *pages) removal(v view) { p.askRemoval(v, nil) }

func (p *pages) askRemoval(v view, failure error) {
	l, err := p.m.Line(v.r.Context(), v.me.who(), channels.ID(v.r.PathValue("id")))
	switch {
	case err != nil:
	case l.State == string(alt.LineRemoved):
		err = problem("not_found")
	case l.Confirm == "":
		err = problem("configured")
	}
	if err != nil {
		p.stop(v.w, v.r, v.me, err)
		return
	}
	page, status := removalPage{frame: p.frame(v.r, "remove.title", v.me), Line: l}, http.StatusOK
	page.Back = pathList
	if failure != nil {
		page.Problem = AsProblem(failure)
		report(p.logger, v.r, page.Problem)
		page.MayForce, status = page.Problem.Code == "not_unsubscribed", page.Problem.Status
	}
	p.render(v.w, v.r, status, "removal", page)
}

func (p *pages) remove(v view) {
	id := channels.ID(v.r.PathValue("id"))
	err := p.m.Remove(v.r.Context(), v.me.who(), id, v.r.PostFormValue("confirm"), v.r.PostFormValue("force") == "true")
	if err != nil {
		p.askRemoval(v, err)
		return
	}
	redirect(v.w, v.r, listed("removed"))
}

func (p *pages) check(v view) {
	l, err := p.m.Check(v.r.Context(), v.me.who(), channels.ID(v.r.PathValue("id")), Secret(v.r.PostFormValue("pin")))
	if err != nil {
		f := p.frame(v.r, "list.title", v.me)
		f.Problem = AsProblem(err)
		report(p.logger, v.r, f.Problem)
		p.showList(v, f.Problem.Status, f)
		return
	}
	redirect(v.w, v.r, listed(map[string]string{string(alt.LineActive): "active", string(alt.LineRejected): "rejected"}[l.State]+waiting(l)))
}

// waiting is what is said of a line that still waits.
func waiting(l View) string {
	if l.State == string(alt.LinePending) {
		return "waiting"
	}
	return ""
}
