package alt

import "time"

// timely reports whether a send that begins now ends while the message is ours.
// A process that was stopped for a while, with its machine perhaps, or that its
// store has kept waiting, does not notice by itself: the others have called the
// outcome unknown by then, and may have sent what comes behind it. Both clocks of
// the machine are asked, since one stands still while it sleeps and the other may
// be set.
func (s *Service) timely(it Item) bool {
	now := time.Now()
	ago := max(now.Sub(it.asked), now.Round(0).Sub(it.asked.Round(0)))
	return ago <= s.cfg.Lease-s.cfg.SendTimeout
}
