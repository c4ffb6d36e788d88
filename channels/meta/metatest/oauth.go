package metatest

import (
	"net/http"
	"time"
)

// code is a login code that waits to be exchanged.
type code struct {
	redirect string
	expires  time.Time
}

// appSubscription is what POST /{app-id}/subscriptions has set up.
type appSubscription struct {
	objects map[string][]string
}

func (s *Server) exchange(c *call) (answer, *fault)     { return answer{}, noObject(c.r.Method, c.node) }
func (s *Server) dialog(w http.ResponseWriter, c *call) {}
