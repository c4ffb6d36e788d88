package eid_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
)

func identity() eid.Identity {
	return eid.Identity{
		Code: "EE38001085718", GivenName: "Jaak-Kristjan", FamilyName: "Jõeorg", Born: "1980-01-08", Method: eid.SmartID, Level: eid.High,
		At: time.Date(2026, time.March, 2, 10, 0, 0, 0, time.UTC), Evidence: []byte("signed by \xff him"),
	}
}

func TestAnIdentityRoundTripsWithItsEvidence(t *testing.T) {
	id := identity()
	b, err := json.Marshal(id)
	require.NoError(t, err)
	var back eid.Identity
	require.NoError(t, json.Unmarshal(b, &back))
	require.True(t, id.Equal(back))
	require.True(t, back.Equal(id))
	c := id.Clone()
	c.Evidence[0] = 'X'
	require.False(t, id.Equal(c))
	require.True(t, id.Equal(back), "a copy is independent")
}

func TestIdentitiesDifferByEachField(t *testing.T) {
	for name, change := range changes() {
		t.Run(name, func(t *testing.T) {
			id := identity()
			change(&id)
			require.False(t, identity().Equal(id))
		})
	}
}

func changes() map[string]func(*eid.Identity) {
	return map[string]func(*eid.Identity){
		"Code":       func(id *eid.Identity) { id.Code = "EE62506067773" },
		"GivenName":  func(id *eid.Identity) { id.GivenName = "" },
		"FamilyName": func(id *eid.Identity) { id.FamilyName = "" },
		"Born":       func(id *eid.Identity) { id.Born = "" },
		"Method":     func(id *eid.Identity) { id.Method = eid.TARA },
		"Level":      func(id *eid.Identity) { id.Level = eid.Low },
		"At":         func(id *eid.Identity) { id.At = id.At.Add(1) },
		"Evidence":   func(id *eid.Identity) { id.Evidence = nil },
		"Standing":   func(id *eid.Identity) { id.Standing = &eid.Standing{} },
	}
}

func TestAnIdentityWithoutWhatItNeedsIsRefused(t *testing.T) {
	require.NoError(t, identity().Valid())
	least := eid.Identity{Code: "XX1", Method: "m", Level: eid.Low, At: identity().At}
	require.NoError(t, least.Valid(), "names and date of birth may be unknown")
	for field, change := range map[string]func(*eid.Identity){
		"Code":       func(id *eid.Identity) { id.Code = "" },
		"GivenName":  func(id *eid.Identity) { id.GivenName = "\xff" },
		"FamilyName": func(id *eid.Identity) { id.FamilyName = "a\xc3" },
		"Born":       func(id *eid.Identity) { id.Born = "1980-13-08" },
		"Level":      func(id *eid.Identity) { id.Level = eid.Undefined },
		"At":         func(id *eid.Identity) { id.At = time.Time{} },
		"Method":     func(id *eid.Identity) { id.Method = "Mari Maasikas" },
		"Standing":   func(id *eid.Identity) { id.Standing = &eid.Standing{} },
	} {
		id := identity()
		change(&id)
		err := id.Valid()
		require.ErrorIs(t, err, eid.ErrIdentity)
		require.EqualError(t, err, "eid: incomplete identity: "+field)
	}
	id := identity()
	id.Level = eid.High + 1
	require.ErrorIs(t, id.Valid(), eid.ErrIdentity)
	for _, m := range []eid.Method{"", "UPPER", "with space", eid.Method(strings.Repeat("m", 33))} {
		require.ErrorIs(t, m.Valid(), eid.ErrIdentity)
	}
}

func TestErrorsAreDistinct(t *testing.T) {
	all := []error{eid.ErrPending, eid.ErrRefused, eid.ErrExpired, eid.ErrNoAccount, eid.ErrTooWeak, eid.ErrFailed, eid.ErrState, eid.ErrUntrusted,
		eid.ErrCode, eid.ErrIdentifier, eid.ErrDate, eid.ErrIdentity, eid.ErrLevel, eid.ErrPhone, eid.ErrRequest, eid.ErrCompany, eid.ErrStanding, eid.ErrMandate}
	for i, a := range all {
		for j, b := range all {
			require.Equal(t, i == j, errors.Is(fmt.Errorf("smart-id: %w", a), b))
		}
	}
}

func ExampleParsePersonalCode() {
	code, err := eid.ParsePersonalCode("EE38001085718")
	fmt.Println(code, code.Country(), err)
	fmt.Println(string(code.Identifier()), string(code.Born()))

	_, err = eid.ParsePersonalCode("EE38001085719")
	fmt.Println(err)
	// Output:
	// [code] EE <nil>
	// PNOEE-38001085718 1980-01-08
	// eid: malformed personal code: check digit
}

func ExampleIdentity() {
	id := eid.Identity{Code: "EE38001085718", GivenName: "Jaak-Kristjan", FamilyName: "Jõeorg", Method: eid.SmartID, Level: eid.High}
	fmt.Println(id)
	fmt.Println(id.Level.AtLeast(eid.Substantial))
	// Output:
	// identity (smart-id, high)
	// true
}
