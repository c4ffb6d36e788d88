package metatest

import (
	"fmt"
	"strings"
)

// NumberState is what Meta thinks of a WhatsApp number and of its business account, in Meta's words. The zero value is a
// number that works.
type NumberState struct {
	// Status of the number: "CONNECTED", "PENDING", "UNVERIFIED", "RESTRICTED", "FLAGGED", "RATE_LIMITED", "BANNED", "DELETED"
	// or "MIGRATED". Default: "CONNECTED" when it is registered, else "DISCONNECTED".
	Status string
	// Name is how far the review of the verified name is: "APPROVED" (default), "PENDING_REVIEW" or "DECLINED".
	Name string
	// Review is how far the review of the business account is: "APPROVED" (default), "PENDING" or "REJECTED". It is the
	// same for all numbers of the account.
	Review string
}

func (n NumberState) review() string {
	setDefault(&n.Review, "APPROVED")
	return n.Review
}

// status is what the API says of a number.
func (a *account) status() string {
	switch {
	case a.state.Status != "":
		return a.state.Status
	case a.registered:
		return "CONNECTED"
	}
	return "DISCONNECTED"
}

// verified reports whether it is proven whose number it is.
func (a *account) verified() bool {
	return a.state.Status != "PENDING" && a.state.Status != "UNVERIFIED"
}

// held is why a number may not send; nil when it may.
func (a *account) held() *fault {
	switch a.status() {
	case "CONNECTED", "FLAGGED", "RATE_LIMITED":
		if a.state.review() == "REJECTED" {
			return wrong(131031, "The WhatsApp Business Account was refused in its review.")
		}
		return nil
	case "RESTRICTED", "BANNED":
		return wrong(131031, "The account is restricted or disabled for breaking a policy.")
	}
	return wrong(133010, "Phone number not registered on the WhatsApp Business Platform.")
}

// SetNumber changes what Meta thinks of a number, and queues the webhooks of what changed: of the review of its business
// account, of the review of its name, and of a ban.
func (s *Server) SetNumber(id string, next NumberState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.mustAccount(id)
	if a.product != whatsapp {
		panic("metatest: SetNumber: not a WhatsApp number")
	}
	was := a.state
	a.state = next
	s.reviewed(a)
	if next.review() != was.review() {
		s.change(a.waba, "account_review_update", map[string]any{"decision": next.review()})
	}
	if next.Name != was.Name && next.Name != "PENDING_REVIEW" {
		decision, reason := "APPROVED", any(nil)
		if next.Name == "DECLINED" {
			decision, reason = "REJECTED", "NAME_EMPLOYEE_OR_OTHER"
		}
		s.change(a.waba, "phone_number_name_update", map[string]any{"display_phone_number": a.display, "decision": decision,
			"requested_verified_name": a.name, "rejection_reason": reason})
	}
	if (next.Status == "BANNED") != (was.Status == "BANNED") {
		state := "REINSTATE"
		if next.Status == "BANNED" {
			state = "DISABLE"
		}
		s.change(a.waba, "account_update", map[string]any{"event": "DISABLED_UPDATE",
			"ban_info": map[string]string{"waba_ban_state": state, "waba_ban_date": s.now().Format("January 2, 2006")}})
	}
}

// reviewed gives all numbers of a business account the review that one of them has. Server.mu is held.
func (s *Server) reviewed(a *account) {
	for _, other := range s.sorted(whatsapp) {
		if other.waba == a.waba {
			other.state.Review = a.state.Review
		}
	}
}

func numberFields(a *account, c *call) map[string]any {
	name := a.state.Name
	setDefault(&name, "APPROVED")
	verified := "VERIFIED"
	if !a.verified() {
		verified = "NOT_VERIFIED"
	}
	return c.wanted(map[string]any{"id": a.id, "display_phone_number": a.display, "verified_name": a.name, "quality_rating": "GREEN",
		"code_verification_status": verified, "platform_type": "CLOUD_API", "status": a.status(), "name_status": name,
		"throughput": map[string]string{"level": "STANDARD"}}, "display_phone_number", "verified_name", "quality_rating")
}

// listNumbers is GET /{waba-id}/phone_numbers.
func (s *Server) listNumbers(c *call, _ Failure) (answer, *fault) {
	var list []any
	for _, a := range s.sorted(whatsapp) {
		if a.waba == c.account.waba && c.grant.may(a) {
			list = append(list, numberFields(a, c))
		}
	}
	return c.listing(list)
}

// registerNumber is POST /{phone-number-id}/register and deregister.
func (s *Server) registerNumber(c *call, _ Failure) (answer, *fault) {
	a := c.account
	if c.edge == "deregister" {
		a.registered = false
		return success(), nil
	}
	pin := c.params.str("pin")
	switch {
	case c.params.str("messaging_product") != "whatsapp":
		return answer{}, invalid("The parameter messaging_product is required and must be whatsapp.")
	case !digits(pin) || len(pin) != 6:
		return answer{}, invalid("Param pin must be 6 characters long.")
	case a.pin != "" && a.pin != pin:
		return answer{}, wrong(133005, "Two step verification PIN Mismatch")
	case !a.verified():
		return answer{}, wrong(133006, "The phone number has to be verified before it is registered.")
	}
	a.registered, a.pin = true, pin
	return success(), nil
}

// business is a WhatsApp Business Account with its numbers, as the login dialog lists it.
type business struct {
	ID      string
	Numbers []string
}

// businesses are the WhatsApp Business Accounts. Server.mu is held.
func (s *Server) businesses() []business {
	var list []business
	for _, a := range s.sorted(whatsapp) {
		at := len(list)
		for i := range list {
			if list[i].ID == a.waba {
				at = i
			}
		}
		if at == len(list) {
			list = append(list, business{ID: a.waba})
		}
		list[at].Numbers = append(list[at].Numbers, strings.TrimSpace(fmt.Sprintf("%s +%s", a.name, a.display)))
	}
	return list
}
