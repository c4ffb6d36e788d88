package metatest

import (
	"net/http"
	"slices"
	"strings"
)

// permissions are what an app can be allowed.
func permissions() []string {
	return []string{"pages_messaging", "pages_manage_metadata", "pages_show_list", "instagram_basic", "instagram_manage_messages",
		"whatsapp_business_messaging", "whatsapp_business_management"}
}

// permits is the refusal of a call that the token has no permission for.
func (g *grant) permits(method, route string) *fault {
	scope, code := "", 200
	kind, edge, _ := strings.Cut(route, "/")
	switch {
	case route == "user/accounts":
		scope = "pages_show_list"
	case edge == "subscribed_apps" && kind != "waba":
		scope = "pages_manage_metadata"
	case route == "page/messages":
		scope, code = "pages_messaging", 230
	case route == "instagram/messages":
		scope = "instagram_manage_messages"
	case route == "number/messages", route == "number/media":
		scope, code = "whatsapp_business_messaging", 131005
	case kind == "waba" || kind == "number" && method != http.MethodGet:
		scope = "whatsapp_business_management"
	}
	if scope == "" || g.scopes == nil || slices.Contains(g.scopes, scope) {
		return nil
	}
	return refuse(code, 0, "(#%d) Requires %s permission to manage the object", code, scope)
}

// targets are the accounts that a permission of the token is for.
func (s *Server) targets(g *grant, scope string) []string {
	targets := []string{}
	add := func(id string) {
		if id != "" && !slices.Contains(targets, id) {
			targets = append(targets, id)
		}
	}
	kind, _, _ := strings.Cut(scope, "_")
	for _, id := range slices.Concat(g.accounts, g.pages) {
		a := s.state.accounts[id]
		switch {
		case a == nil:
		case kind == "pages" && a.product == messenger, kind == "instagram" && a.product == instagram:
			add(a.id)
		case kind == "whatsapp":
			add(a.waba)
		case kind == "instagram" && a.product == messenger:
			for _, linked := range s.sorted(instagram) {
				if linked.page == a.id {
					add(linked.id)
				}
			}
		}
	}
	return targets
}

// debugToken is GET /debug_token?input_token=, with the app's token.
func (s *Server) debugToken(c *call, _ Failure) (answer, *fault) {
	if c.grant.kind != kindApp {
		return answer{}, invalid("You must provide an app access token, or a user access token that is an owner or developer of the app")
	}
	g := s.identify(c.params.str("input_token"))
	if g == nil {
		return reply(map[string]any{"data": map[string]any{"is_valid": false, "scopes": []string{},
			"error": map[string]any{"code": codeToken, "message": "Malformed access token"}}}), nil
	}
	scopes := g.scopes
	if scopes == nil {
		scopes = permissions()
	}
	data := map[string]any{"app_id": s.cfg.AppID, "application": "Test App", "type": g.kind, "is_valid": g.dead == 0, "expires_at": 0,
		"data_access_expires_at": 0, "scopes": scopes}
	if g.dead != 0 {
		data["error"] = map[string]any{"code": codeToken, "subcode": g.dead, "message": "Error validating access token"}
	}
	if !g.expires.IsZero() {
		data["expires_at"] = g.expires.Unix()
		data["is_valid"] = g.dead == 0 && s.now().Before(g.expires)
	}
	if !g.issued.IsZero() {
		data["issued_at"] = g.issued.Unix()
	}
	if g.user != "" {
		data["user_id"] = g.user
	}
	if len(g.accounts) > 0 && g.kind == kindPage {
		data["profile_id"] = g.accounts[0]
	}
	// A permission without targets would be one for everything, so it is left out.
	granular := []map[string]any{}
	for _, scope := range scopes {
		if targets := s.targets(g, scope); len(targets) > 0 {
			granular = append(granular, map[string]any{"scope": scope, "target_ids": targets})
		}
	}
	data["granular_scopes"] = granular
	return reply(map[string]any{"data": data}), nil
}
