package eidtest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest"
)

func ExampleRegister() {
	register := &eidtest.Register{
		Kinds:    map[eid.PersonalCode]eid.Kind{"EE38001085718": eid.EResident},
		Mandates: map[eid.Company][]eid.PersonalCode{"10421629": {"EE38001085718"}},
	}
	jaak := eid.Identity{Code: "EE38001085718"} // whom an authenticator has proven
	for _, claim := range []string{"10421629", "10060701", "10060702"} {
		company, err := eid.ParseCompany(claim)
		if err != nil {
			fmt.Println(err)
			continue
		}
		st, err := register.Standing(context.Background(), jaak, company)
		fmt.Println(st.Kind, string(st.Company), err)
	}
	// Output:
	// e_resident 10421629 <nil>
	//   eidtest: eid: no right to act for the company
	// eid: malformed registry code: check digit
}

func TestARegisterSaysWhatItWasTold(t *testing.T) {
	who := eid.Identity{Code: "EE38001085718"}
	r := &eidtest.Register{}
	st, err := r.Standing(t.Context(), who, "")
	require.NoError(t, err)
	require.NoError(t, st.Valid())
	require.Equal(t, "eidtest", st.Source)
	require.Empty(t, string(st.Kind))
	require.WithinDuration(t, time.Now(), st.At, time.Minute)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = r.Standing(ctx, who, "")
	require.ErrorIs(t, err, context.Canceled)
	r.Err = errors.New("away")
	_, err = r.Standing(t.Context(), who, "10421629")
	require.ErrorIs(t, err, r.Err)
}
