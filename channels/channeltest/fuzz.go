package channeltest

import (
	"errors"

	"github.com/liidestuja/liidestuja/channels"
)

// Withstand checks what must hold of any request, authentic or not, and is the
// body of a driver's fuzz target: Verify refuses with ErrSignature only, and
// Parse returns whole events or ErrMalformed. It reports whether the request
// was authentic.
//
//	f.Fuzz(func(t *testing.T, header string, body []byte) {
//		channeltest.Withstand(t, line, request(header, body))
//	})
func Withstand(t TB, w channels.Webhook, r *channels.Request) bool {
	t.Helper()
	refusal := w.Verify(t.Context(), r)
	if refusal != nil && (!errors.Is(refusal, channels.ErrSignature) || failure(t, refusal).Op == "") {
		t.Errorf("Verify refuses with %v", refusal)
	}
	evs, err := w.Parse(t.Context(), r)
	if err != nil && (!errors.Is(err, channels.ErrMalformed) || failure(t, err).Op == "" || len(evs) > 0) {
		t.Errorf("Parse refuses with %v and %d events", err, len(evs))
	}
	for _, e := range evs {
		if e == nil {
			t.Fatalf("Parse returned no event in the place of one")
		}
		wellFormed(t, e.Meta())
	}
	return refusal == nil
}

// wellFormed checks what a driver sets in every event.
func wellFormed(t TB, m *channels.EventMeta) {
	t.Helper()
	switch {
	case m.Key == "" || len(m.Key) > 200:
		t.Errorf("the key of an event has %d bytes", len(m.Key))
	case m.Channel.Valid() != nil:
		t.Errorf("an event is on the line %q", m.Channel)
	case m.Agency != "":
		t.Errorf("an event names an agency, which the service stamps")
	case m.At.IsZero():
		t.Errorf("an event has no time")
	case len(m.Raw) == 0:
		t.Errorf("an event has no raw bytes")
	}
}
