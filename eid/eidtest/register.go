package eidtest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/liidestuja/liidestuja/eid"
)

// Register is a register without a service: it knows what it is told. The zero
// value knows nobody's kind and no company. It implements [eid.Register]; its
// fields are not changed while it is asked.
type Register struct {
	// Kinds is what people are.
	Kinds map[eid.PersonalCode]eid.Kind
	// Mandates are who may act for a company.
	Mandates map[eid.Company][]eid.PersonalCode
	// Err, unless it is nil, is the answer to every question: an outage.
	Err error
	// Name is the source that it names. Default "eidtest".
	Name string
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

var _ eid.Register = (*Register)(nil)

// Standing implements [eid.Register].
func (r *Register) Standing(ctx context.Context, person eid.Identity, company eid.Company) (eid.Standing, error) {
	switch {
	case ctx.Err() != nil:
		return eid.Standing{}, ctx.Err()
	case r.Err != nil:
		return eid.Standing{}, r.Err
	case company != "" && !slices.Contains(r.Mandates[company], person.Code):
		return eid.Standing{}, fmt.Errorf("eidtest: %w", eid.ErrMandate)
	}
	st := eid.Standing{Kind: r.Kinds[person.Code], Company: company, Source: r.Name, At: time.Now()}
	if r.Name == "" {
		st.Source = "eidtest"
	}
	if r.Now != nil {
		st.At = r.Now()
	}
	return st, nil
}
