package alt

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/internal/sealed"
)

// Logins says how people prove who they are, from a chat. It takes three steps,
// because neither a chat account nor whoever opens a link proves anything:
//
//  1. Turn.Authenticate sends a link that works once and for some minutes.
//  2. The page behind it (package alt/login) shows which conversation is meant
//     and lets the person authenticate in their own browser.
//  3. The page brings the person back into the chat with a word. Only when that
//     word comes from the account that the link was made for, the session gets
//     the identity.
//
// Whoever forwards the link gains nothing: the word comes from another account.
type Logins struct {
	// Methods are what a person may choose from, in this order. Required, each
	// eid.Method once.
	Methods []eid.Authenticator
	// URL is where the pages are mounted, without a trailing slash, e.g.
	// "https://alt.agency.ee/login". Methods that send a browser elsewhere get
	// URL + "/return" as the address to come back to. Required.
	URL string
	// Keys encrypt what is kept of an authentication; the first one encrypts, all
	// of them decrypt. It is read at each use. Required.
	Keys func() []Key
	// Names are the agencies' short names by language, at most 28 characters
	// each, because telephones show little: "et" is required, and stands in for
	// others. An agency without a name cannot ask.
	Names map[channels.Agency]map[string]string
	// Lines is the policy of lines by id. A line that is not named may have people
	// authenticated, unless it belongs to a social network (messenger, instagram,
	// whatsapp): that is to be decided, line by line, with what a data protection
	// assessment found.
	Lines map[channels.ID]LoginPolicy
	// For is how long a link may wait to be opened, a chosen method for its end,
	// and the word for its return. Default and at most 5 minutes.
	For time.Duration
	// PerHour bounds how many authentications are asked for in one chat, and how
	// many are begun for one personal code, in an hour. Default 5.
	PerHour int
	// Register says what proven people are, and for whom they may act: the agency's
	// own check, asked by Turn.Standing. Optional.
	Register eid.Register
	// Remember is how long it is remembered which accounts are one person's, after
	// the last proof of any of them; see Service.Accounts. Default 365 days.
	Remember time.Duration
}

// LoginPolicy is what a line allows.
type LoginPolicy struct {
	// Off refuses every authentication on the line with ErrPolicy.
	Off bool
	// Least is the lowest level that is asked for on the line, whatever less a
	// handler wants.
	Least eid.Level
	// InChat lets people authenticate in the chat itself instead of behind a link,
	// by Mobile-ID alone: they are asked for their personal code and telephone
	// number, and get the control code. Default false, and better so. It is the
	// older and weaker way: the account is let in whose person answered, so whoever
	// talks somebody else into answering, or into typing PIN1 at a code that is
	// read out to them, is taken for that person, and an agency that looks alike
	// can relay it all. The chat's provider sees codes and numbers, and keeps them
	// as it likes. The service itself keeps nothing of what is said. Prefer the
	// link; it works on this line no longer.
	InChat bool
	// InChatMost is the highest level that is proven in the chat, whatever the
	// method is worth. Undefined stands for eid.Substantial.
	InChatMost eid.Level
}

// most is the highest level that a dialogue proves.
func (p LoginPolicy) most() eid.Level {
	if p.InChatMost == eid.Undefined {
		return eid.Substantial
	}
	return p.InChatMost
}

// Key is a key of the service's own encryption.
type Key struct {
	// ID names the key in what it encrypted: 1-32 characters of a-z, A-Z, 0-9,
	// '-', '_' and '.', never given to another key.
	ID string
	// Secret is 32 random bytes.
	Secret []byte
}

// Format prints the id alone, whatever the verb.
func (k Key) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "key "+k.ID) }

// LoginState is what a conversation tells of its latest authentication. How the
// person authenticates is nobody's business, so it does not say.
type LoginState struct {
	ID     string      `json:"id"`
	Status LoginStatus `json:"status"`
	Level  eid.Level   `json:"level"` // the least that was asked for
	// Reason is why it failed, a fixed code, or why it is over: that of the session.
	Reason string    `json:"reason,omitempty"`
	Asked  time.Time `json:"asked"`
	Ended  time.Time `json:"ended,omitzero"` // the authentication
	Over   time.Time `json:"over,omitzero"`  // what it has proven
	// InChat: it is a dialogue in the chat itself, see LoginPolicy. What is said
	// in it is no message of the conversation.
	InChat bool `json:"in_chat,omitempty"`
}

// LoginStatus is how far an authentication is.
type LoginStatus string

// Statuses of an authentication.
const (
	LoginPending LoginStatus = "authenticating"
	LoginProven  LoginStatus = "proven"
	LoginFailed  LoginStatus = "failed"
	LoginOver    LoginStatus = "over" // it was proven, and the session has ended since
)

// Reasons of failure, as channels.AuthDecided and LoginState tell them.
const (
	LoginExpired   = "expired"       // nobody came to an end in time
	LoginRefused   = "refused"       // the person declined
	LoginNoAccount = "no_account"    // the person has no usable account of the method
	LoginTooWeak   = "too_weak"      // proven, at a lower level than was asked for
	LoginUntrusted = "untrusted"     // an answer that proves nothing, or is not ours
	LoginTechnical = "technical"     // the service broke off, or ended in a way that nobody knows
	LoginOther     = "other_account" // the word came from another chat account
	LoginPerson    = "other_person"  // the session is another person's
	LoginMistaken  = "mistaken"      // too many answers in the chat that were no code or number
	LoginTooOften  = "too_often"     // begun too often for one person
)

const (
	loginFor     = 5 * time.Minute
	loginPerHour = 5
	remember     = 365 * 24 * time.Hour
	maxAgency    = 28
	maxPurpose   = 200
)

// logins is Logins as it is used.
type logins struct {
	Logins

	methods map[eid.Method]eid.Authenticator
	asking  atomic.Int32 // dialogues whose service is being asked now
}

func newLogins(cfg *Logins) (*logins, error) {
	if cfg == nil {
		return nil, nil //nolint:nilnil // no authentication is configured, which is no error
	}
	l := &logins{Logins: *cfg, methods: make(map[eid.Method]eid.Authenticator)}
	def(&l.For, loginFor)
	def(&l.PerHour, loginPerHour)
	def(&l.Remember, remember)
	if err := checkURL("Logins.URL", l.URL); err != nil {
		return nil, err
	}
	switch {
	case len(l.Methods) == 0:
		return nil, errField("Logins.Methods", "required")
	case l.URL == "":
		return nil, errField("Logins.URL", "required")
	case l.Keys == nil:
		return nil, errField("Logins.Keys", "required")
	case l.For < 0 || l.For > loginFor:
		return nil, errField("Logins.For", "must be at most 5 minutes")
	case l.Remember < 0:
		return nil, errField("Logins.Remember", "must not be negative")
	case l.PerHour < 0:
		return nil, errField("Logins.PerHour", "must not be negative")
	case len(l.Names) == 0:
		return nil, errField("Logins.Names", "required")
	}
	for agency, names := range l.Names {
		if names["et"] == "" {
			return nil, errField("Logins.Names", fmt.Sprintf(`%.64q needs a name in "et"`, agency))
		}
		for lang, name := range names {
			if n := utf8.RuneCountInString(name); n == 0 || n > maxAgency {
				return nil, errField("Logins.Names", fmt.Sprintf("%.64q in %.8q must be 1-%d characters", agency, lang, maxAgency))
			}
		}
	}
	for id, p := range l.Lines {
		if p.InChatMost < eid.Undefined || p.InChatMost > eid.High || p.InChat && p.Least > p.most() {
			return nil, errField("Logins.Lines", fmt.Sprintf("InChatMost of %.64q must be a level, and not below Least", id))
		}
	}
	for i, m := range l.Methods {
		if m == nil || m.Method().Valid() != nil || l.methods[m.Method()] != nil {
			return nil, errField("Logins.Methods", fmt.Sprintf("number %d is nil, or its method is not valid, or another's too", i))
		}
		l.methods[m.Method()] = m
	}
	if _, err := l.ring(); err != nil {
		return nil, errField("Logins.Keys", err.Error())
	}
	return l, nil
}

// ring returns the keys as they are now.
func (l *logins) ring() (*sealed.Ring, error) {
	keys := l.Keys()
	ring := make([]sealed.Key, len(keys))
	for i, k := range keys {
		ring[i] = sealed.Key(k)
	}
	return sealed.NewRing(ring...)
}

// policy returns what a line allows.
func (l *logins) policy(info *channels.Info) LoginPolicy {
	if p, named := l.Lines[info.ID]; named {
		return p
	}
	switch info.Kind {
	case channels.Messenger, channels.Instagram, channels.WhatsApp:
		return LoginPolicy{Off: true}
	}
	return LoginPolicy{}
}

// name returns an agency's short name; "" when it has none.
func (l *logins) name(agency channels.Agency, language string) string {
	return or(l.Names[agency][language], l.Names[agency]["et"])
}
