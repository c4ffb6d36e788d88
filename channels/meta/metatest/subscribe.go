package metatest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// appSubscription is what POST /{app-id}/subscriptions has set up for one object.
type appSubscription struct {
	url    string
	fields []string
}

type appDataWire struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Link string `json:"link"`
}

// subscriber is the id under which an account's subscription is kept.
func (a *account) subscriber() string {
	if a.product == whatsapp {
		return a.waba
	}
	return a.id
}

// followers are the accounts that a subscription is valid for: a page stands for its Instagram accounts.
func (s *Server) followers(a *account) []string {
	ids := []string{a.subscriber()}
	if a.product == messenger {
		for _, linked := range s.sorted(instagram) {
			if linked.page == a.id {
				ids = append(ids, linked.id)
			}
		}
	}
	return ids
}

// subscribe is POST on subscribed_apps: the app gets an account's events from now on.
func (s *Server) subscribe(c *call, _ Failure) (answer, *fault) {
	sub := &subscription{}
	if c.account.product == whatsapp {
		sub.override = c.params.str("override_callback_uri")
		if sub.override != "" {
			if bad := s.check(c, sub.override, c.params.str("verify_token")); bad != nil {
				return answer{}, bad
			}
		}
	} else {
		sub.fields = fieldNames(c.params)
		for _, field := range sub.fields {
			if c.account.product == messenger && !slices.Contains(pageFields(), field) {
				return answer{}, invalid("Param subscribed_fields[%s] must be one of {%s}", field, strings.Join(pageFields(), ", "))
			}
		}
		if len(sub.fields) == 0 {
			return answer{}, invalid("The parameter subscribed_fields is required.")
		}
	}
	for _, id := range s.followers(c.account) {
		s.state.subs[id] = sub
		if a := s.state.accounts[id]; a != nil && a.product == instagram {
			s.state.subs[id] = &subscription{} // its fields are chosen for the app
		}
	}
	return success(), nil
}

// fieldNames reads subscribed_fields or fields: a list, or names separated by commas.
func fieldNames(f fields) []string {
	for _, name := range []string{"subscribed_fields", "fields"} {
		var list []string
		if json.Unmarshal(f[name], &list) == nil && len(list) > 0 {
			return list
		}
		if text := f.str(name); text != "" {
			return strings.Split(text, ",")
		}
	}
	return nil
}

// unsubscribe is DELETE on subscribed_apps: events end at once.
func (s *Server) unsubscribe(c *call, _ Failure) (answer, *fault) {
	for _, id := range s.followers(c.account) {
		delete(s.state.subs, id)
	}
	return success(), nil
}

// subscribed is GET on subscribed_apps.
func (s *Server) subscribed(c *call, _ Failure) (answer, *fault) {
	sub := s.state.subs[c.account.subscriber()]
	if sub == nil {
		return reply(map[string]any{"data": []any{}}), nil
	}
	app := appDataWire{s.cfg.AppID, "Test App", "https://www.facebook.com/games/?app_id=" + s.cfg.AppID}
	if c.account.product != whatsapp {
		list := sub.fields
		if list == nil {
			list = pageFields()
		}
		return reply(map[string]any{"data": []any{map[string]any{"id": app.ID, "name": app.Name, "link": app.Link, "subscribed_fields": list}}}), nil
	}
	entry := map[string]any{"whatsapp_business_api_data": app}
	if sub.override != "" {
		entry["override_callback_uri"] = sub.override
	}
	return reply(map[string]any{"data": []any{entry}}), nil
}

// check makes the handshake with an address. The lock is let go, since the service may call back.
func (s *Server) check(c *call, address, word string) *fault {
	if !webURL(address) {
		return invalid("Param callback_url must be an address.")
	}
	s.mu.Unlock()
	err := s.handshake(c.r.Context(), address, word)
	s.mu.Lock()
	if err != nil {
		return refuse(2200, 0, "(#2200) Callback verification failed")
	}
	return nil
}

// names reports whether the app's own subscription has a field, without which no account's events of it are sent. An app
// whose address was never set up by the API has all fields; which ones Instagram's have is not established.
func (s *Server) names(p product, field string) bool {
	sub, ok := s.state.objects[p.object()]
	return !ok || p == instagram || slices.Contains(sub.fields, field)
}

// subscribeApp is POST /{app-id}/subscriptions: the address of the app's webhooks, after a handshake with it.
func (s *Server) subscribeApp(c *call, _ Failure) (answer, *fault) {
	object := c.params.str("object")
	if !slices.Contains([]string{"page", "instagram", "whatsapp_business_account"}, object) {
		return answer{}, invalid("Param object must be one of {page, instagram, whatsapp_business_account}.")
	}
	list := fieldNames(c.params)
	if len(list) == 0 {
		return answer{}, invalid("The parameter fields is required.")
	}
	address := c.params.str("callback_url")
	if bad := s.check(c, address, c.params.str("verify_token")); bad != nil {
		return answer{}, bad
	}
	s.state.objects[object] = appSubscription{address, list}
	s.hooks.SetWebhook(address)
	return success(), nil
}

// appSubscriptions is GET /{app-id}/subscriptions.
func (s *Server) appSubscriptions(c *call, _ Failure) (answer, *fault) {
	var list []any
	for _, object := range slices.Sorted(maps.Keys(s.state.objects)) {
		sub := s.state.objects[object]
		named := make([]any, len(sub.fields))
		for i, name := range sub.fields {
			named[i] = map[string]string{"name": name, "version": c.version}
		}
		list = append(list, map[string]any{"object": object, "callback_url": sub.url, "active": true, "fields": named})
	}
	return c.listing(list)
}

// configureNumber is POST /{phone-number-id} with webhook_configuration: another address for its business account's events.
func (s *Server) configureNumber(c *call, _ Failure) (answer, *fault) {
	f, err := c.params.object("webhook_configuration", "override_callback_uri", "verify_token")
	if err != nil || f == nil {
		return answer{}, invalid("The parameter webhook_configuration is required.")
	}
	sub := s.state.subs[c.account.waba]
	if sub == nil {
		return answer{}, invalid("The app is not subscribed to the WhatsApp Business Account.")
	}
	address := f.str("override_callback_uri")
	if address != "" {
		if bad := s.check(c, address, f.str("verify_token")); bad != nil {
			return answer{}, bad
		}
	}
	sub.override = address
	return success(), nil
}
