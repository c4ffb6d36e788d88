package session

import (
	"context"
	"errors"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
)

// Errors of Prove and Confirm.
var (
	// ErrEnded: nothing can be proven in a session that has ended.
	ErrEnded = errors.New("session: has ended")
	// ErrOtherPerson: the session is that of somebody else. Two people do not
	// share what was said: End the session, so that the next message starts a
	// new one, and have the identity proven there.
	ErrOtherPerson = errors.New("session: proven to be another person's")
	// ErrUnproven: nobody has proven who they are.
	ErrUnproven = errors.New("session: nobody is proven")
)

// Prove keeps who the person is, as an authenticator has proven it, and raises
// Level to the identity's. Proven again, the stronger proof stays, and of two
// that are as strong the later one. What Confirm has kept stays as well; a Standing
// that comes with id is not taken.
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
	id.Standing = nil
	if s.Identity != nil {
		id.Standing = s.Identity.Standing
	}
	s.Identity, s.Level = &id, id.Level
	return nil
}

// Confirm keeps what a register has said of the proven person, instead of what
// another one said before: what kind of person it is, and for whom they act. It
// ends with the session. What a person says of themselves is never confirmed with
// it; ask an eid.Register, as alt.Turn.Standing does.
//
// Errors, with nothing changed: ErrEnded, ErrUnproven, and eid.ErrStanding for a
// standing that says too little.
func (s *Session) Confirm(st eid.Standing) error {
	switch {
	case !s.Active():
		return ErrEnded
	case s.Identity == nil:
		return ErrUnproven
	}
	if err := st.Valid(); err != nil {
		return err
	}
	id := s.Identity.Clone()
	id.Standing = &st
	s.Identity = &id
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
