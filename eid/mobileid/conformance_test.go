package mobileid_test

import (
	"encoding/asn1"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest"
	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
	"github.com/liidestuja/liidestuja/eid/mobileid"
	"github.com/liidestuja/liidestuja/eid/trust"
)

// world has many phones: each session is answered by itself.
type world struct {
	mu      sync.Mutex
	begun   map[string]begun
	answers map[string]func(begun) (int, string)
}

func (w *world) start(_ string, b begun) (int, string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	id := fmt.Sprintf("session-%d", len(w.begun))
	w.begun[id] = b
	return 200, `{"sessionID":"` + id + `"}`
}

func (w *world) poll(r *http.Request) (int, string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	id := path.Base(r.URL.Path)
	if answer := w.answers[id]; answer != nil {
		return answer(w.begun[id])
	}
	return 200, `{"state":"RUNNING"}`
}

func (w *world) decide(session string, answer func(begun) (int, string)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers[session] = answer
}

func TestTheDutiesOfAnAuthenticatorAreKept(t *testing.T) {
	eidtest.Run(t, eidtest.Subject{
		Request: eid.Request{Code: code, Phone: phone, Text: "Vestlus: Terviseamet", Level: eid.High},
		Person: eid.Identity{
			Code: code, GivenName: "MARY ÄNN", FamilyName: "O’CONNEŽ-ŠUSLIK TESTNUMBER", Born: "2000-01-01",
		},
		TextLimit: 100,
		Secrets:   []string{uuid, "session-0", "session-1"},
		New:       func(eidtest.TB) *eidtest.Instance { return instance(t) },
	})
}

func instance(t *testing.T) *eidtest.Instance {
	oid := func(n ...int) asn1.ObjectIdentifier { return n }
	r := newRig(t, func(c *mobileid.Config) { // one kind of certificate that is weak
		c.Environment.Authentication.Policies = append(c.Environment.Authentication.Policies, trust.Policy{
			Level: eid.Low, All: []asn1.ObjectIdentifier{oid(1, 3, 6, 1, 4, 1, 10015, 17, 1), oid(0, 4, 0, 2042, 1, 1)},
		})
	})
	w := &world{begun: map[string]begun{}, answers: map[string]func(begun) (int, string){}}
	r.service.start, r.service.poll = w.start, w.poll
	another := func(change func(*mobileid.Config)) eid.Authenticator {
		cfg := r.cfg
		change(&cfg)
		m, err := mobileid.New(cfg)
		require.NoError(t, err)
		return m
	}
	signs := func(p testca.Person) func(begun) (int, string) {
		cert := r.person(p)
		return func(b begun) (int, string) { return 200, signed(t, cert, b) }
	}
	ends := func(result string) func(begun) (int, string) {
		return func(begun) (int, string) { return 200, `{"state":"COMPLETE","result":"` + result + `"}` }
	}
	return &eidtest.Instance{
		Authenticator: r.m,
		Replica:       func() eid.Authenticator { return another(func(*mobileid.Config) {}) },
		Foreign:       func() eid.Authenticator { return another(func(c *mobileid.Config) { c.RelyingPartyName = "Another" }) },
		Now:           r.clock, Advance: r.advance,
		Answer: func(c eid.Challenge, _ eid.Request, o eidtest.Outcome) (url.Values, bool) {
			var s struct{ S string }
			require.NoError(t, json.Unmarshal(mobileid.Body(c.State), &s))
			answer, known := map[eidtest.Outcome]func(begun) (int, string){
				eidtest.Approve:  signs(testca.Person{}),
				eidtest.Refuse:   ends("USER_CANCELLED"),
				eidtest.TimeOut:  ends("TIMEOUT"),
				eidtest.Wait:     nil,
				eidtest.Missing:  ends("NOT_MID_CLIENT"),
				eidtest.Stranger: signs(testca.Person{Code: "EE60001017869"}),
				eidtest.Weaker:   signs(testca.Person{NonQualified: true}),
				eidtest.Forge: func(b begun) (int, string) {
					value, algorithm := sign(t, r.person(testca.Person{}), b.HashType, b.Hash)
					return 200, answer(t, r.person(testca.Person{}).DER, algorithm, value)
				},
				eidtest.Unknown: ends("GONE_FISHING"),
				eidtest.Break:   func(begun) (int, string) { return 503, "" },
			}[o]
			w.decide(s.S, answer)
			return nil, known
		},
	}
}
