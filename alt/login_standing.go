package alt

import (
	"context"
	"errors"
	"fmt"

	"github.com/liidestuja/liidestuja/eid"
)

// errElsewhere: a register that says of one company what was asked of another.
var errElsewhere = errors.New("alt: the register answered about another company")

// Standing asks Logins.Register what the proven person is, and, with a company,
// whether they may act for it: company is what the person says, and proves
// nothing. What the register says is in the session's Identity.Standing until the
// session ends, or until it is asked again.
//
// Errors: ErrPolicy when nobody is proven or no register is configured,
// eid.ErrCompany for a malformed code, eid.ErrMandate when the person may not act
// for the company, which takes back what was confirmed of that company before.
// Any other says that the register could not be asked, and nothing has changed.
func (t *Turn) Standing(ctx context.Context, company eid.Company) (eid.Standing, error) {
	s := t.d.Session
	switch {
	case t.svc.logins == nil || t.svc.logins.Register == nil:
		return eid.Standing{}, fmt.Errorf("%w: no register is configured", ErrPolicy)
	case s == nil || !s.Active() || s.Identity == nil:
		return eid.Standing{}, fmt.Errorf("%w: nobody has proven who they are", ErrPolicy)
	case company != "" && company.Valid() != nil:
		return eid.Standing{}, company.Valid()
	}
	person := s.Identity.Clone()
	person.Standing = nil
	st, err := t.svc.logins.Register.Standing(ctx, person, company)
	if errors.Is(err, eid.ErrMandate) {
		t.note("standing.refused", nil)
		if known := s.Identity.Standing; known != nil && company != "" && known.Company == company {
			rest := *known
			rest.Company = ""
			return eid.Standing{}, errors.Join(err, s.Confirm(rest))
		}
	}
	switch {
	case err != nil:
		return eid.Standing{}, err
	case st.Company != company:
		return eid.Standing{}, errElsewhere
	}
	if err := s.Confirm(st); err != nil {
		return eid.Standing{}, err
	}
	detail := map[string]string{"source": st.Source}
	if st.Kind != "" {
		detail["kind"] = string(st.Kind)
	}
	if company != "" {
		detail["acts_for"] = "company"
	}
	t.note("standing.confirmed", detail)
	return st, nil
}
