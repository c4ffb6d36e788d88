package eid_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
)

func TestLevelsAreOrderedAndRoundTrip(t *testing.T) {
	levels := []eid.Level{eid.Undefined, eid.Low, eid.Substantial, eid.High}
	for i, l := range levels {
		for j, min := range levels {
			require.Equal(t, i >= j, l.AtLeast(min), "%s at least %s", l, min)
		}
		b, err := json.Marshal(l)
		require.NoError(t, err)
		var back eid.Level
		require.NoError(t, json.Unmarshal(b, &back))
		require.Equal(t, l, back)
	}
}

func TestUnknownLevelIsRefused(t *testing.T) {
	for _, s := range []string{"", "HIGH", "highest", " high"} {
		_, err := eid.ParseLevel(s)
		require.ErrorIs(t, err, eid.ErrLevel)
	}
	l := eid.High
	require.Error(t, json.Unmarshal([]byte(`"none"`), &l))
	require.Equal(t, eid.High, l, "a refused text changes nothing")
}

func ExampleLevel_AtLeast() {
	var session eid.Level // a chat account by itself
	fmt.Println(session, session.AtLeast(eid.Substantial))
	// Output: undefined false
}
