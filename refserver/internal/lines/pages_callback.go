package lines

import (
	"net/http"
	"time"
)

// Acts of people at the provider, as they stand in the security log.
const (
	actDeauthorized = "line.deauthorized"
	actDeletion     = "deletion.requested"
)

// deauthorize answers the provider that a person took the consent back.
func (p *pages) deauthorize(w http.ResponseWriter, r *http.Request) {
	if _, err := p.withdrawn(r, actDeauthorized); err != nil {
		p.refuse(w, r, err)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// deletion answers the provider that a person wants their data deleted: with a page
// that says what comes of it, and the code of the request.
func (p *pages) deletion(w http.ResponseWriter, r *http.Request) {
	code, err := p.withdrawn(r, actDeletion)
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, "application/json", map[string]string{
		"url": p.PublicURL + "/lines/deletion/" + code, "confirmation_code": code,
	})
}

// withdrawn takes the request. That the provider could not be asked about tokens
// does not undo that it was heard: the lines' health tells.
func (p *pages) withdrawn(r *http.Request, act string) (string, error) {
	code, err := p.m.Withdrawn(r.Context(), r.PathValue("provider"), act, r.PostFormValue("signed_request"))
	if code != "" && err != nil {
		report(p.logger, r, problem("internal").because(err))
		return code, nil
	}
	return code, err
}

func (p *pages) refuse(w http.ResponseWriter, r *http.Request, err error) {
	problem := AsProblem(err)
	report(p.logger, r, problem)
	writeJSON(w, problem.Status, "application/problem+json", problem)
}

// deletionPage says to whoever has the code what comes of a request.
func (p *pages) deletionPage(w http.ResponseWriter, r *http.Request) {
	at, known, err := p.m.Asked(r.Context(), r.PathValue("code"))
	if err == nil && !known {
		err = problem("not_found")
	}
	if err != nil {
		p.stop(w, r, Caller{}, err)
		return
	}
	page := struct {
		frame
		Code string
		At   time.Time
	}{p.frame(r, "deletion.title", Caller{}), r.PathValue("code"), at}
	p.render(w, r, http.StatusOK, "deletion", page)
}
