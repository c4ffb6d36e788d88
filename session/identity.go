package session

import (
	"context"
	"errors"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
)

// Errors of Prove.
var (
	// ErrEnded: nothing can be proven in a session that has ended.
	ErrEnded = errors.New("session: has ended")
	// ErrOtherPerson: the session is that of somebody else. Two people do not
	// share what was said: End the session, so that the next message starts a
	// new one, and have the identity proven there.
	ErrOtherPerson = errors.New("session: proven to be another person's")
)

// Prove keeps who the person is, as an authenticator has proven it, and raises
// Level to the identity's. Proven again, the stronger proof stays, and of two
// that are as strong the later one.
//
// Errors, with nothing changed: ErrEnded, ErrOtherPerson, and eid.ErrIdentity
// for an identity that says too little.
func (s *Session) Prove(id eid.Identity) error {
	if !s.Active() {
		return ErrEnded
	}
	if err := id.Valid(); err != nil {
		return err
	}
	if old := s.Identity; old != nil {
		if old.Code != id.Code {
			return ErrOtherPerson
		}
		if id.Level < old.Level || id.Level == old.Level && id.At.Before(old.At) {
			return nil
		}
	}
	id = id.Clone()
	s.Identity, s.Level = &id, id.Level
	return nil
}

// Lookup finds the sessions of a person, whatever lines they came in on. A
// Store that implements it keeps identities sealed, and finds codes by a keyed
// hash, so that its files tell neither.
type Lookup interface {
	// ByCode returns the active sessions of the agency in which this code was
	// proven, the latest Started first; none is no error. Another agency's are
	// never found. The code is written as eid makes it. A session whose time is
	// over is found until Expire has ended it: who acts on one looks at its
	// Policy first.
	ByCode(ctx context.Context, agency channels.Agency, code eid.PersonalCode) ([]Session, error)
}
