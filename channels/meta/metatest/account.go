package metatest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/liidestuja/liidestuja/internal/sim"
)

// product is what an account belongs to.
type product int

const (
	messenger product = iota
	instagram
	whatsapp
)

// object is the name of the product's webhooks.
func (p product) object() string {
	return [...]string{"page", "instagram", "whatsapp_business_account"}[p]
}

// account is a page, an Instagram account or a WhatsApp number. Server.mu guards what changes.
type account struct {
	product  product
	id, name string
	display  string   // the phone number
	waba     string   // of a number
	page     string   // of an Instagram account
	tasks    []string // of a page
	token    string   // as configured
	pin      string   // of a number registered by the API
	echoMeta bool
	testers  []string
	state    NumberState

	registered bool
	people     map[string]*person // by every id that a person has here
	threads    map[string]string  // person id -> app that owns the thread, where it is not ours
	limit      *sim.Limiter
	usage      *Usage
	profile    fields // of the messenger: greeting, menu
}

// subscription says whether the app gets the events of a page, an Instagram account or a WhatsApp Business Account.
type subscription struct {
	fields   []string // nil: every field
	override string   // another address for a business account's webhooks
}

// wants reports whether events of a field are sent.
func (sub *subscription) wants(field string) bool {
	return sub != nil && (sub.fields == nil || slices.Contains(sub.fields, field))
}

// pageFields are what a page can be subscribed to.
func pageFields() []string {
	return []string{"messages", "messaging_postbacks", "messaging_optins", "message_deliveries", "message_reads", "message_edits",
		"message_reactions", "message_echoes", "messaging_referrals", "messaging_handovers", "standby",
		"messaging_policy_enforcement", "messaging_account_linking", "feed"}
}

// state is everything that the app and its accounts remember. Server.mu guards it.
type state struct {
	accounts  map[string]*account
	subs      map[string]*subscription // by page, Instagram account or WhatsApp Business Account
	tokens    map[string]*grant
	codes     map[string]code
	messages  map[string]*message
	templates []*Template
	media     map[string]*medium
	links     map[string]link
	objects   map[string]appSubscription
	seq       uint64 // of ids that Meta counts
}

// person is somebody at the other end of one account.
type person struct {
	account  *account
	id       string // PSID, IGSID, or the first id that a WhatsApp person has
	phone    string // WhatsApp: digits; "" when hidden
	userID   string // WhatsApp: business-scoped id; "" when there is none
	name     string
	username string
	seen     bool      // the person has acted: Messenger and Instagram know nobody else
	lastIn   time.Time // of the last message, which opens the window
	lastOut  time.Time // of the last message that was sent to the person
	blocks   bool
	messages []*message // of both directions
}

// message is one message of either direction.
type message struct {
	id      string
	account *account
	person  *person
	out     bool
	app     string // the app that sent it; ours, another one or "" for a person
	kind    string
	content []byte // as it was sent, or as the person's webhook has it
	text    string
	offers  []offer
	order   Sent
	charged string // the category of a template
	at      time.Time
	status  string
	fault   *Fault
	edits   int
	deleted bool
}

// register puts the accounts of cfg into the state.
func (s *Server) register() error {
	for i, p := range s.cfg.Pages {
		a := &account{product: messenger, id: p.ID, name: p.Name, token: p.Token, tasks: p.Tasks}
		if a.tasks == nil {
			a.tasks = []string{"MANAGE", "MESSAGING", "MODERATE"}
		}
		if err := s.enter(a, fmt.Sprintf("Pages[%d]", i)); err != nil {
			return err
		}
		if !p.Unsubscribed {
			s.state.subs[p.ID] = &subscription{fields: p.Fields}
		}
	}
	for i, g := range s.cfg.Instagram {
		field := fmt.Sprintf("Instagram[%d]", i)
		a := &account{product: instagram, id: g.ID, name: g.Username, token: g.Token, page: g.Page, echoMeta: g.EchoMetadata}
		if g.Page != "" {
			page := s.state.accounts[g.Page]
			if page == nil || page.product != messenger {
				return fieldError(field+".Page", "is not among Pages")
			}
			setDefault(&a.token, page.token)
		}
		if err := s.enter(a, field); err != nil {
			return err
		}
		if page := s.state.accounts[g.Page]; page != nil && page.token != a.token {
			linked := s.state.tokens[page.token]
			linked.accounts = append(linked.accounts, a.id)
		}
		if !g.Unsubscribed {
			s.state.subs[g.ID] = &subscription{}
		}
	}
	for i, n := range s.cfg.Numbers {
		field := fmt.Sprintf("Numbers[%d]", i)
		if !digits(n.WABA) || !digits(n.Display) {
			return fieldError(field+".WABA and Display", "are required and digits")
		}
		a := &account{product: whatsapp, id: n.ID, name: n.Name, token: n.Token, waba: n.WABA, display: n.Display,
			testers: n.TestRecipients, registered: !n.Unregistered, state: n.State}
		if err := s.enter(a, field); err != nil {
			return err
		}
		if !n.Unsubscribed {
			s.state.subs[n.WABA] = &subscription{}
		}
		for j, t := range n.Templates {
			if err := s.enterTemplate(n.WABA, t); err != nil {
				return fieldError(fmt.Sprintf("%s.Templates[%d]", field, j), err.Error())
			}
		}
	}
	for _, n := range s.cfg.Numbers {
		if n.State.Review != "" {
			s.reviewed(s.state.accounts[n.ID])
		}
	}
	return nil
}

// enter adds an account and its token.
func (s *Server) enter(a *account, field string) error {
	switch {
	case !digits(a.id) || s.state.accounts[a.id] != nil || a.id == s.cfg.AppID:
		return fieldError(field+".ID", "is required, a number and nobody else's")
	case a.token == "":
		return fieldError(field+".Token", "is required")
	}
	a.people, a.threads, a.profile = map[string]*person{}, map[string]string{}, fields{}
	a.limit = sim.NewLimiter(s.cfg.Rate.PerSecond, s.cfg.Rate.Burst, s.cfg.Now)
	s.state.accounts[a.id] = a
	s.grant(a)
	return nil
}

// sorted returns the accounts of a product in the order of their ids.
func (s *Server) sorted(p product) []*account {
	var list []*account
	for _, id := range slices.Sorted(maps.Keys(s.state.accounts)) {
		if a := s.state.accounts[id]; a.product == p {
			list = append(list, a)
		}
	}
	return list
}
