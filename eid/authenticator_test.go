package eid_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
)

func TestAPhoneHasItsCountryOrIsRefusedUnrepeated(t *testing.T) {
	for in, want := range map[string]string{
		"+37200000766":       "+37200000766",
		" +372 0000 0766":    "+37200000766",
		"0037200000766":      "+37200000766",
		"+1 (202) 555-0100 ": "+12025550100",
	} {
		p, err := eid.ParsePhone(in)
		require.NoError(t, err, in)
		require.Equal(t, want, string(p))
	}
	for _, in := range []string{"", "+", "5555555", "372000007661", "+0720000076", "+3720000x766", "+372000", "+1234567890123456", "++37200000766"} {
		p, err := eid.ParsePhone(in)
		require.ErrorIs(t, err, eid.ErrPhone, in)
		require.Empty(t, string(p))
		if in != "" && in != "+" {
			require.NotContains(t, err.Error(), in)
		}
	}
}

func TestWhatIsAskedAndBegunPrintsNothingPersonalOrSecret(t *testing.T) {
	r := eid.Request{Level: eid.High, Text: "canary text", Code: "EE38001085718", Phone: "+37200000766", ReturnURL: "https://canary.example/"}
	c := eid.Challenge{State: eid.State("canary state"), Code: "4711", Link: "https://canary.example/", Expires: time.Unix(0, 0)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		out := fmt.Sprintf(strings.Repeat(verb+" ", 4), r, c, c.State, r.Phone)
		for _, canary := range []string{"canary", "63616e617279", "38001085718", "37200000766", "4711"} {
			require.NotContains(t, out, canary, verb)
		}
	}
	require.Equal(t, eid.High, r.Required())
	require.Equal(t, eid.Substantial, eid.Request{}.Required(), "who asks for nothing asks for substantial")
}
