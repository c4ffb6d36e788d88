package metatest

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// listing is a page of a list, as the parameters limit and after ask for it.
func (c *call) listing(list []any) (answer, *fault) {
	limit, start := 25, 0
	if text := c.params.str("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 1000 {
			return answer{}, invalid("Param limit must be between 1 and 1000.")
		}
		limit = n
	}
	if after := c.params.str("after"); after != "" {
		raw, err := base64.RawURLEncoding.DecodeString(after)
		n, bad := strconv.Atoi(string(raw))
		if err != nil || bad != nil || n < 0 {
			return answer{}, invalid("Param after is not a cursor.")
		}
		start = n
	}
	start = min(start, len(list))
	end := min(start+limit, len(list))
	page := append([]any{}, list[start:end]...)
	wire := map[string]any{"data": page}
	if len(page) > 0 {
		paging := map[string]any{"cursors": map[string]string{"before": cursor(start), "after": cursor(end)}}
		if end < len(list) {
			next := *c.r.URL
			q := next.Query()
			q.Set("after", cursor(end))
			q.Del("access_token")
			next.RawQuery = q.Encode()
			paging["next"] = "http://" + c.r.Host + next.String()
		}
		wire["paging"] = paging
	}
	return reply(wire), nil
}

func cursor(n int) string { return base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(n))) }

// wanted keeps the fields that the parameter fields asks for, and the id.
func (c *call) wanted(all map[string]any, usual ...string) map[string]any {
	asked := usual
	if list := c.params.str("fields"); list != "" {
		asked = splitFields(list)
	}
	some := map[string]any{"id": all["id"]}
	for _, name := range asked {
		name, _, _ = strings.Cut(name, "{")
		if value, ok := all[name]; ok && value != nil {
			some[name] = value
		}
	}
	return some
}

// splitFields separates the names in fields=a,b{c,d}.
func splitFields(list string) []string {
	depth := 0
	return strings.FieldsFunc(list, func(r rune) bool {
		switch r {
		case '{':
			depth++
		case '}':
			depth--
		}
		return r == ',' && depth == 0
	})
}

// describePage is what is known of a page.
func (s *Server) describePage(a *account, c *call) map[string]any {
	all := map[string]any{"id": a.id, "name": a.name, "tasks": a.tasks, "access_token": a.token, "category": "City"}
	for _, linked := range s.sorted(instagram) {
		if linked.page == a.id {
			all["instagram_business_account"] = map[string]string{"id": linked.id, "username": linked.name}
		}
	}
	if c.edge == "accounts" {
		return c.wanted(all, "name", "access_token", "tasks", "category")
	}
	return c.wanted(all, "name")
}

// getNode tells about an account, a person or whoever has logged in.
func (s *Server) getNode(c *call, _ Failure) (answer, *fault) {
	if c.account == nil {
		return reply(c.wanted(map[string]any{"id": s.cfg.UserID, "name": "Test User"}, "name")), nil
	}
	a := c.account
	switch {
	case a.people[c.node] != nil:
		p := a.people[c.node]
		first, last, _ := strings.Cut(p.name, " ")
		return reply(c.wanted(map[string]any{"id": p.id, "name": p.name, "first_name": first, "last_name": last, "username": p.username},
			"first_name", "last_name")), nil
	case a.product == messenger:
		return reply(s.describePage(a, c)), nil
	case a.product == instagram:
		return reply(c.wanted(map[string]any{"id": a.id, "user_id": a.id, "username": a.name, "name": a.name}, "username")), nil
	case c.node == a.waba:
		return reply(c.wanted(map[string]any{"id": a.waba, "name": a.name, "timezone_id": "56",
			"account_review_status": a.state.review()}, "name", "timezone_id")), nil
	}
	return reply(numberFields(a, c)), nil
}

// messengerProfile keeps what people see before they write: greeting, menu, ice breakers.
func (s *Server) messengerProfile(c *call, _ Failure) (answer, *fault) {
	known := []string{"greeting", "get_started", "persistent_menu", "ice_breakers", "whitelisted_domains", "account_linking_url"}
	if c.r.Method == http.MethodDelete || c.r.Method == http.MethodGet {
		some := map[string]any{}
		for _, name := range known {
			value, ok := c.account.profile[name]
			if !ok || !strings.Contains(c.params.str("fields"), name) {
				continue
			}
			some[name] = value
			if c.r.Method == http.MethodDelete {
				delete(c.account.profile, name)
			}
		}
		if c.r.Method == http.MethodGet {
			return reply(map[string]any{"data": []any{some}}), nil
		}
		return reply(map[string]string{"result": "success"}), nil
	}
	delete(c.params, "platform")
	for name := range c.params {
		if !slices.Contains(known, name) {
			return answer{}, invalid("Unexpected key %q on param %q.", name, "messenger_profile")
		}
		c.account.profile[name] = c.params[name]
	}
	return reply(map[string]string{"result": "success"}), nil
}
