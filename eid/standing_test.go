package eid_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
)

func TestARegistryCodeIsReadWithItsCheckDigit(t *testing.T) {
	for _, good := range []string{"10060701", "70006317", "10421629", "12345678", " 10421629\n"} {
		c, err := eid.ParseCompany(good)
		require.NoError(t, err, good)
		require.Equal(t, strings.TrimSpace(good), string(c))
	}
	for name, bad := range map[string]string{
		"a wrong check digit":              "10421628",
		"a digit that was typed twice":     "110421629",
		"two digits that changed places":   "14021629",
		"one digit too few":                "1042162",
		"a zero in front":                  "00000000",
		"a letter":                         "1042162O",
		"a country in front":               "EE10421629",
		"a personal code":                  "38001085718",
		"nothing":                          "",
		"digits of another script, in all": "１０４２１６２９",
	} {
		t.Run(name, func(t *testing.T) {
			c, err := eid.ParseCompany(bad)
			require.ErrorIs(t, err, eid.ErrCompany)
			require.Empty(t, c)
			if bad != "" {
				require.NotContains(t, err.Error(), bad)
			}
		})
	}
}

func TestAnEResidentsCodeLooksLikeAnyOther(t *testing.T) {
	// The code has the ordinary form, so it is accepted, and tells nothing of its kind.
	code, err := eid.ParsePersonalCode("EE39901012239")
	require.NoError(t, err)
	id := eid.Identity{Code: code, Method: eid.SmartID, Level: eid.High, At: time.Unix(1, 0)}
	require.NoError(t, id.Valid())
	require.Nil(t, id.Standing)
	id.Standing = &eid.Standing{Kind: eid.EResident, Source: "register", At: time.Unix(2, 0)}
	require.NoError(t, id.Valid())
}

func TestAStandingSaysWhatBySourceAndTime(t *testing.T) {
	good := eid.Standing{Kind: eid.Citizen, Company: "10421629", Source: "register", At: time.Unix(1, 0)}
	require.NoError(t, good.Valid())
	require.NoError(t, eid.Standing{Source: "register", At: time.Unix(1, 0)}.Valid(), "a register may know nothing")
	for field, change := range map[string]func(*eid.Standing){
		"Kind":    func(s *eid.Standing) { s.Kind = "king" },
		"Company": func(s *eid.Standing) { s.Company = "10421628" },
		"Source":  func(s *eid.Standing) { s.Source = "" },
		"At":      func(s *eid.Standing) { s.At = time.Time{} },
	} {
		s := good
		change(&s)
		require.EqualError(t, s.Valid(), "eid: incomplete standing: "+field)
		require.ErrorIs(t, s.Valid(), eid.ErrStanding)
	}
	id := identity()
	id.Standing = &good
	b, err := json.Marshal(id)
	require.NoError(t, err)
	var back eid.Identity
	require.NoError(t, json.Unmarshal(b, &back))
	require.True(t, id.Equal(back))
	c := id.Clone()
	c.Standing.Company = ""
	require.False(t, id.Equal(c), "a copy is independent")
}

func TestWhomSomebodyActsForIsNotPrinted(t *testing.T) {
	st := eid.Standing{Kind: eid.Citizen, Company: "10421629", Source: "register", At: time.Unix(1, 0)}
	id := identity()
	id.Standing = &st
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "standing", st, "company", st.Company, "id", id)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{st, &st, st.Company, id} {
			require.NotContains(t, fmt.Sprintf(verb, v), "10421629", verb)
		}
	}
	require.NotContains(t, log.String(), "10421629")
	require.Contains(t, log.String(), `"kind":"citizen"`)
}

func FuzzParseCompany(f *testing.F) {
	for _, seed := range []string{"10421629", "10421628", "", " 1", "x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := eid.ParseCompany(s)
		if (err == nil) != (c != "") || err == nil && (c.Valid() != nil || len(c) != 8) {
			t.Fatalf("%q", s)
		}
	})
}
