package alttest

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
)

// loginURL is where the pages of authentications would be.
const loginURL = "https://agency.example/login"

// Method is how people of the harness prove who they are.
const Method eid.Method = "alttest"

// Mary is a fictional person, proven at level high, for Chat.Proves.
func Mary() eid.Identity {
	return eid.Identity{Code: "EE60001019906", GivenName: "MARY ÄNN", FamilyName: "O’CONNEŽ-ŠUSLIK", Born: "2000-01-01", Level: eid.High}
}

// service is an authenticator whose people decide as the test says.
type service struct {
	now func() time.Time

	mu   sync.Mutex
	next func() (eid.Identity, error)
}

func (*service) Method() eid.Method { return Method }

func (s *service) Begin(context.Context, eid.Request) (eid.Challenge, error) {
	return eid.Challenge{State: eid.State("begun"), Expires: s.now().Add(5 * time.Minute)}, nil
}

func (s *service) Resolve(context.Context, eid.State, url.Values) (eid.Identity, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next()
}

// logins lets people authenticate on every line of the harness.
func (hs *Harness) logins() *alt.Logins {
	lines := make(map[channels.ID]alt.LoginPolicy)
	for id := range hs.fakes {
		lines[id] = alt.LoginPolicy{}
	}
	return &alt.Logins{
		Methods: []eid.Authenticator{hs.people}, URL: loginURL, Lines: lines,
		Keys: func() []alt.Key {
			return []alt.Key{{ID: "alttest", Secret: []byte("a key of tests, known to everyone")[:32]}}
		},
		Names: map[channels.Agency]map[string]string{"agency": {"et": "Asutus"}},
	}
}

// Proves lets the person open the link that they got last, prove to be id there,
// and come back into the chat. Method and At of id are filled in. The test fails
// when there is no link, or the identity is not accepted; what a handler then says
// is seen by Expect.
func (c *Chat) Proves(id eid.Identity) *Chat {
	c.tb.Helper()
	if id.Method == "" {
		id.Method = Method
	}
	if id.At.IsZero() {
		id.At = c.hs.clock.Now()
	}
	v := c.authenticates(func() (eid.Identity, error) { return id, nil })
	if v.Stage != alt.LoginBack {
		c.tb.Fatalf("alttest: the identity was not accepted: %s", v.Failed)
	}
	_, word, _ := strings.Cut(v.Return, "?word=")
	return c.Says(word)
}

// Declines lets the person open the link that they got last, and refuse for good.
func (c *Chat) Declines() *Chat {
	c.tb.Helper()
	cookie := c.opens()
	if err := c.hs.svc.LoginPages().Cancel(context.Background(), cookie); err != nil {
		c.tb.Fatalf("alttest: %v", err)
	}
	c.hs.Settle()
	return c
}

// authenticates goes through the pages once.
func (c *Chat) authenticates(decide func() (eid.Identity, error)) alt.LoginView {
	c.tb.Helper()
	c.hs.people.mu.Lock()
	c.hs.people.next = decide
	c.hs.people.mu.Unlock()
	ctx, pages, cookie := context.Background(), c.hs.svc.LoginPages(), c.opens()
	_, err := pages.Begin(ctx, cookie, Method, alt.LoginInput{})
	if err != nil {
		c.tb.Fatalf("alttest: %v", err)
	}
	v, err := pages.Check(ctx, cookie, nil)
	if err != nil {
		c.tb.Fatalf("alttest: %v", err)
	}
	return v
}

// opens spends the last link, and returns the cookie of the browser.
func (c *Chat) opens() string {
	c.tb.Helper()
	pages := c.hs.svc.LoginPages()
	if pages == nil {
		c.tb.Fatal("alttest: the service has no Logins")
	}
	sent := c.Sent()
	for i := len(sent) - 1; i >= 0; i-- {
		text, _ := sent[i].Content.(channels.Text)
		at := strings.Index(text.Body, loginURL+"/agency/")
		if at < 0 {
			continue
		}
		link, _, _ := strings.Cut(text.Body[at+len(loginURL+"/agency/"):], "\n")
		cookie, _, err := pages.Open(context.Background(), "agency", link)
		if err != nil {
			c.tb.Fatalf("alttest: the link: %v", err)
		}
		return cookie
	}
	c.tb.Fatal("alttest: no link was sent")
	return ""
}
