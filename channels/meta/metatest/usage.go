package metatest

import (
	"net/http"
	"time"
)

// Usage is what the headers of every answer say about an account's use of its limits, in percent.
type Usage struct {
	Calls, Time, CPU int
	// Regain is how long it takes until calls are answered again, told in whole minutes; 0 when they are.
	Regain time.Duration
}

// SetUsage adds the headers X-App-Usage and X-Business-Use-Case-Usage to the answers for an account from now on.
func (s *Server) SetUsage(accountID string, u Usage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustAccount(accountID).usage = &u
}

func (u *Usage) header(a *account, h http.Header) {
	business := a.id
	if a.product == whatsapp {
		business = a.waba
	}
	h.Set("X-App-Usage", string(encode(map[string]int{"call_count": u.Calls, "total_time": u.Time, "total_cputime": u.CPU})))
	h.Set("X-Business-Use-Case-Usage", string(encode(map[string]any{business: []any{map[string]any{
		"type": [...]string{"messenger", "instagram", "whatsapp"}[a.product], "call_count": u.Calls, "total_time": u.Time,
		"total_cputime": u.CPU, "estimated_time_to_regain_access": int(u.Regain.Minutes())}}})))
}
