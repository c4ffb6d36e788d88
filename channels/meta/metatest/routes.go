package metatest

import (
	"net/http"
	"slices"
	"strings"
)

// handler answers a call that has been let in. Server.mu is held.
type handler func(*Server, *call, Failure) (answer, *fault)

// routes are the calls that exist: method, kind of node and edge.
func routes() map[string]handler {
	return map[string]handler{
		"POST page/messages":                 (*Server).sendMessage,
		"POST page/message_attachments":      (*Server).uploadAttachment,
		"POST page/pass_thread_control":      (*Server).threadControl,
		"POST page/take_thread_control":      (*Server).threadControl,
		"POST page/request_thread_control":   (*Server).threadControl,
		"GET page/thread_owner":              (*Server).threadOwner,
		"POST page/subscribed_apps":          (*Server).subscribe,
		"GET page/subscribed_apps":           (*Server).subscribed,
		"DELETE page/subscribed_apps":        (*Server).unsubscribe,
		"POST page/messenger_profile":        (*Server).messengerProfile,
		"GET page/messenger_profile":         (*Server).messengerProfile,
		"DELETE page/messenger_profile":      (*Server).messengerProfile,
		"GET page":                           (*Server).getNode,
		"GET person":                         (*Server).getNode,
		"POST instagram/messages":            (*Server).sendMessage,
		"POST instagram/message_attachments": (*Server).uploadAttachment,
		"POST instagram/pass_thread_control": (*Server).threadControl,
		"POST instagram/take_thread_control": (*Server).threadControl,
		"POST instagram/subscribed_apps":     (*Server).subscribe,
		"GET instagram/subscribed_apps":      (*Server).subscribed,
		"DELETE instagram/subscribed_apps":   (*Server).unsubscribe,
		"GET instagram":                      (*Server).getNode,
		"POST number/messages":               (*Server).sendWhatsApp,
		"POST number/media":                  (*Server).uploadMedia,
		"POST number/register":               (*Server).registerNumber,
		"POST number/deregister":             (*Server).registerNumber,
		"POST number":                        (*Server).configureNumber,
		"GET number":                         (*Server).getNode,
		"GET media":                          (*Server).getMedia,
		"DELETE media":                       (*Server).deleteMedia,
		"GET waba":                           (*Server).getNode,
		"GET waba/phone_numbers":             (*Server).listNumbers,
		"GET waba/message_templates":         (*Server).listTemplates,
		"POST waba/message_templates":        (*Server).createTemplate,
		"DELETE waba/message_templates":      (*Server).deleteTemplates,
		"POST waba/subscribed_apps":          (*Server).subscribe,
		"GET waba/subscribed_apps":           (*Server).subscribed,
		"DELETE waba/subscribed_apps":        (*Server).unsubscribe,
		"GET template":                       (*Server).oneTemplate,
		"POST template":                      (*Server).oneTemplate,
		"POST app/subscriptions":             (*Server).subscribeApp,
		"GET app/subscriptions":              (*Server).appSubscriptions,
		"GET user":                           (*Server).getNode,
		"GET user/accounts":                  (*Server).listPages,
		"DELETE user/permissions":            (*Server).revoke,
		"GET debug_token":                    (*Server).debugToken,
	}
}

// resolve finds what the call's node is, and whether the token may see it. Server.mu is held.
func (s *Server) resolve(c *call) (string, *fault) {
	kind := s.kindOf(c)
	if kind == "" {
		return "", noObject(c.r.Method, c.node)
	}
	if c.edge == "" {
		return kind, nil
	}
	return kind + "/" + c.edge, nil
}

// kindOf is "" for what does not exist or may not be seen.
func (s *Server) kindOf(c *call) string {
	id := c.node
	if id == "me" {
		if c.grant.login {
			return "user"
		}
		id = s.own(c)
	}
	if id == s.cfg.AppID && c.grant.kind == kindApp {
		return "app"
	}
	if id == "debug_token" && c.edge == "" {
		return id
	}
	if a := s.state.accounts[id]; a != nil {
		reads := c.r.Method == http.MethodGet && c.edge == "" && slices.Contains(c.grant.pages, id)
		if !c.grant.may(a) && !reads {
			return ""
		}
		c.account = a
		return [...]string{"page", "instagram", "number"}[a.product]
	}
	for _, a := range s.sorted(whatsapp) {
		if a.waba == id && c.grant.may(a) {
			c.account = a
			return "waba"
		}
	}
	if m := s.state.media[id]; m != nil && c.grant.may(m.account) {
		c.account = m.account
		return "media"
	}
	for _, t := range s.state.templates {
		if t.id == id && s.mayBusiness(c.grant, t.waba) {
			return "template"
		}
	}
	for _, owned := range c.grant.accounts {
		if a := s.state.accounts[owned]; a.product != whatsapp && a.people[id] != nil && a.people[id].seen {
			c.account = a
			return "person"
		}
	}
	return ""
}

// own is the account that the call's token is of: "me". Server.mu is held.
func (s *Server) own(c *call) string {
	g := c.grant
	if g == nil || len(g.accounts) == 0 {
		return ""
	}
	return g.accounts[0]
}

// tokenAccount is own for a call that has not been let in yet.
func (s *Server) tokenAccount(r *http.Request) string {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.state.tokens[token]; g != nil {
		return s.own(&call{grant: g})
	}
	return ""
}

func (s *Server) mayBusiness(g *grant, waba string) bool {
	return slices.ContainsFunc(g.accounts, func(id string) bool { return s.state.accounts[id].waba == waba })
}
