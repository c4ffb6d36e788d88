package main

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/liidestuja/liidestuja/channels"
)

// setUser lets a visitor look at the desk as somebody else.
func (p *pages) setUser(w http.ResponseWriter, r *http.Request) {
	i := slices.IndexFunc(p.Desk.users, func(u demoUser) bool { return u.ID == r.PostFormValue("user") })
	if i < 0 {
		p.done(w, r, "problem.form")
		return
	}
	p.answered(w, r, p.become(p.Desk.session(w, r), w, p.Desk.users[i]), "")
}

// become begins a session of somebody else at the desk.
func (p *pages) become(s *deskSession, w http.ResponseWriter, user demoUser) error {
	if s.cookie != nil { // the old session ends; that it had ended already is as well
		if resp, err := s.send(http.MethodDelete, "/v1/session", nil, nil); err == nil {
			_ = resp.Body.Close()
		}
		s.cookie = nil
	}
	s.user = user
	setCookie(w, userCookie, s.user.ID)
	setCookie(w, reasonCookie, "")
	return s.login()
}

// answered ends a form that the API has carried out or refused.
func (p *pages) answered(w http.ResponseWriter, r *http.Request, err error, flash string) {
	if err != nil {
		flash = "problem." + p.codeOf(err)
		if flash == "problem.internal" {
			p.Logger.ErrorContext(r.Context(), "desk did not answer", "route", r.Pattern, "error", err)
		}
	}
	p.done(w, r, flash)
}

func (p *pages) deskSearch(w http.ResponseWriter, r *http.Request) {
	at := place{View: views()[0], List: listFound}
	text := strings.TrimSpace(r.PostFormValue("text"))
	if text == "" || !utf8.ValidString(text) || utf8.RuneCountInString(text) > 200 || r.PostFormValue("clear") != "" {
		text, at.List = "", "all"
	}
	setCookie(w, searchCookie, url.QueryEscape(text))
	http.Redirect(w, r, at.Back(), http.StatusSeeOther)
}

// chatPath returns the API's path of the conversation of a form; false after it
// answered that there is none.
func chatPath(w http.ResponseWriter, r *http.Request) (string, bool) {
	id := r.PathValue("id")
	if channels.MessageID(id).Valid() != nil {
		http.NotFound(w, r)
		return "", false
	}
	return "/v1/conversations/" + id, true
}

// deskAct claims, hands back, ends and so on.
func (p *pages) deskAct(w http.ResponseWriter, r *http.Request) {
	path, ok := chatPath(w, r)
	if !ok {
		return
	}
	act, body, flash := r.PostFormValue("act"), any(struct{}{}), ""
	header := http.Header{}
	if key := r.PostFormValue("key"); key != "" {
		// One form has several buttons: each is another act.
		header.Set("Idempotency-Key", key+"."+act)
	}
	switch act {
	case "claim":
		if why := reasonFor(r, r.PathValue("id")); why != "" {
			header.Set("Access-Reason", url.PathEscape(why))
		}
	case "release", "handback":
	case "ask":
		act = "authentication"
	case "force":
		act, body = "claim", map[string]any{"force": true, "reason": "demo"}
	case "restrict", "unrestrict":
		body = map[string]any{"restricted": act == "restrict"}
		act = "restrict"
	case "apart":
		act, body = "accounts/take-apart", map[string]any{"conversation": r.PostFormValue("conversation")}
		flash = "done.apart"
	case "end":
		body = map[string]any{"reason": r.PostFormValue("reason")}
	default:
		p.done(w, r, "problem.form")
		return
	}
	p.answered(w, r, p.Desk.session(w, r).post(path+"/"+act, body, header, nil), flash)
}

// deskReply sends a text, a file, or a file with the text as its caption.
func (p *pages) deskReply(w http.ResponseWriter, r *http.Request) {
	path, ok := chatPath(w, r)
	if !ok {
		return
	}
	text := strings.TrimSpace(r.PostFormValue("text"))
	f, err := formFile(r)
	switch {
	case errors.Is(err, errNoFile) && text == "", err != nil && !errors.Is(err, errNoFile):
		p.done(w, r, "problem."+formProblem(err))
		return
	}
	s := p.Desk.session(w, r)
	body := map[string]any{"text": text}
	if err == nil {
		uploaded, err := s.upload(f)
		if err != nil {
			p.answered(w, r, err, "")
			return
		}
		file := map[string]any{"id": uploaded.ID, "name": uploaded.Name}
		if text != "" {
			file["caption"] = text
		}
		body = map[string]any{"file": file}
	}
	header := http.Header{"Idempotency-Key": {or(r.PostFormValue("key"), newKey())}}
	p.answered(w, r, s.post(path+"/replies", body, header, nil), "")
}

// apiUpload is a file that the API keeps until it is sent.
type apiUpload struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (s *deskSession) upload(f demoFile) (apiUpload, error) {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile("file", f.Name)
	if err != nil {
		return apiUpload{}, err
	}
	if _, err := part.Write(f.Data); err != nil {
		return apiUpload{}, err
	}
	if err := form.Close(); err != nil {
		return apiUpload{}, err
	}
	var u apiUpload
	err = s.call(http.MethodPost, "/v1/files", b.Bytes(), http.Header{"Content-Type": {form.FormDataContentType()}}, &u)
	return u, err
}

// deskReason keeps why a visitor wants to read what a colleague holds.
func (p *pages) deskReason(w http.ResponseWriter, r *http.Request) {
	if _, ok := chatPath(w, r); !ok {
		return
	}
	reason := strings.Join(strings.Fields(r.PostFormValue("reason")), " ")
	if n := utf8.RuneCountInString(reason); n < 10 || n > 300 || !utf8.ValidString(reason) {
		p.done(w, r, "problem.malformed_header")
		return
	}
	setCookie(w, reasonCookie, r.PathValue("id")+"."+url.QueryEscape(reason))
	p.done(w, r, "")
}

// deskFile reads a file of a conversation from the API, for the visitor's reason
// if there is one.
func (p *pages) deskFile(w http.ResponseWriter, r *http.Request) {
	path, ok := chatPath(w, r)
	if !ok {
		return
	}
	header := http.Header{}
	if why := reasonFor(r, r.PathValue("id")); why != "" {
		header.Set("Access-Reason", url.PathEscape(why))
	}
	resp, err := p.Desk.session(w, r).open(http.MethodGet, path+"/files/"+url.PathEscape(r.PathValue("file")), nil, header)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(resp.Body, demoMaxFile+1))
	if err != nil || len(b) > demoMaxFile {
		http.NotFound(w, r)
		return
	}
	serveFile(w, fileName(resp.Header), b)
}

// deskLetter carries out a decision about a message.
func (p *pages) deskLetter(w http.ResponseWriter, r *http.Request) {
	verdict := r.PostFormValue("verdict")
	if !slices.Contains([]string{"confirm", "retry", "drop"}, verdict) {
		p.done(w, r, "problem.form")
		return
	}
	path := "/v1/letters/" + url.PathEscape(r.PathValue("id")) + "/" + verdict
	p.answered(w, r, p.Desk.session(w, r).post(path, struct{}{}, nil, nil), "done."+verdict)
}
