package alt

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
)

// Account is a chat account whose holder has proven to be a certain person.
type Account struct {
	Address channels.Address `json:"address"`
	Level   eid.Level        `json:"level"` // of the last proof
	At      time.Time        `json:"at"`    // of the last proof
}

// known is what is kept of a person's accounts. Its flow is found by a keyed
// hash of the code, and sealed: the store's files tell neither.
type known struct {
	Accounts []Account `json:"accounts"`
}

const (
	flowPerson = "person:"
	// maxAccounts bounds how many accounts are kept of one person; the one whose
	// proof is the oldest gives way.
	maxAccounts = 32
)

// Accounts returns the chat accounts of an agency at which this code was proven,
// the latest first. They are accounts of one person, because each of them proved
// it by itself; nothing else ever joins two. None is no error, and neither is a
// service without Config.Logins, which knows of none.
func (s *Service) Accounts(ctx context.Context, agency channels.Agency, code eid.PersonalCode) ([]Account, error) {
	if s.logins == nil {
		return nil, nil
	}
	k, _, err := s.known(ctx, agency, code)
	return k.Accounts, err
}

// TakeApart forgets that an account belongs to a person: somebody else has the
// telephone now, or the person wishes it. A session that goes on keeps its
// identity until it ends. by names who decided. ErrNotFound when it was not
// known.
func (s *Service) TakeApart(ctx context.Context, a channels.Address, code eid.PersonalCode, by string) error {
	if s.logins == nil {
		return ErrNotFound
	}
	return decide(func() error {
		k, f, err := s.known(ctx, a.Agency, code)
		if err != nil {
			return err
		}
		rest := without(k.Accounts, a)
		if len(rest) == len(k.Accounts) {
			return ErrNotFound
		}
		d, err := s.cfg.Store.Dossier(ctx, a)
		if err != nil {
			return err
		}
		var c Changes
		if d.Contact != nil && d.Contact.Continues != "" {
			if err := s.goesOn(ctx, &d); err != nil {
				return err
			}
			c.Contact, c.Conversation = d.Contact, d.Conversation
			d.goesBack()
		}
		f.Spent = len(rest) == 0
		if err := s.logins.seal(&f, known{Accounts: rest}); err != nil {
			return err
		}
		c.Flows = []Flow{f}
		c.Log = []LogEntry{{Agency: a.Agency, At: s.cfg.Now(), Act: "account.taken_apart", Actor: by, Line: a.Channel}}
		return s.commit(ctx, Item{}, c)
	})
}

// joined returns the flow that says that an account is this person's.
func (s *Service) joined(ctx context.Context, a channels.Address, id eid.Identity) (Flow, error) {
	k, f, err := s.known(ctx, a.Agency, id.Code)
	if err != nil {
		return Flow{}, err
	}
	k.Accounts = append([]Account{{Address: a, Level: id.Level, At: id.At}}, without(k.Accounts, a)...)
	k.Accounts = k.Accounts[:min(len(k.Accounts), maxAccounts)]
	f.Expires = s.cfg.Now().Add(s.logins.Remember)
	return f, s.logins.seal(&f, k)
}

func without(accounts []Account, a channels.Address) []Account {
	return slices.DeleteFunc(slices.Clone(accounts), func(other Account) bool { return other.Address == a })
}

// known reads what is kept of a person, under whichever key named it; the flow
// is the one to be saved.
func (s *Service) known(ctx context.Context, agency channels.Agency, code eid.PersonalCode) (known, Flow, error) {
	var k known
	names := s.logins.namesOf(agency, code)
	if len(names) == 0 {
		return k, Flow{}, errNoLogins
	}
	for i, name := range names {
		f, err := s.load(ctx, agency, name, &k)
		switch {
		case errors.Is(err, ErrNotFound):
			continue
		case err != nil || i == 0:
			return k, f, err
		}
		break // an older key named it: the next change is under the newest one
	}
	f, err := s.cfg.Store.Flow(ctx, agency, names[0]) // whose time may be over
	if errors.Is(err, ErrNotFound) {
		f, err = Flow{Agency: agency, Key: names[0]}, nil
	}
	return k, f, err
}

// namesOf returns the keys of a person's flow, the newest key's first.
func (l *logins) namesOf(agency channels.Agency, code eid.PersonalCode) []string {
	var names []string
	for _, key := range l.Keys() {
		mac := hmac.New(sha256.New, key.Secret)
		mac.Write([]byte("liidestuja accounts of a person\x00" + string(agency) + "\x00" + string(code)))
		names = append(names, flowPerson+hex.EncodeToString(mac.Sum(nil)))
	}
	return names
}
