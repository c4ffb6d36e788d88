package eid_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
)

// reference decodes a file of the reference folder, which is no part of the
// repository, and skips the test when it is not there.
func reference(t *testing.T, name string, into any) {
	t.Helper()
	dir := os.Getenv("ALT_REFERENCE")
	if dir == "" {
		dir = "../../shared/reference"
	} else if !filepath.IsAbs(dir) {
		dir = filepath.Join("..", dir)
	}
	b, err := os.ReadFile(filepath.Join(dir, "eid", "idcodes", name))
	if os.IsNotExist(err) {
		fmt.Println("reference: absent")
		t.Skip("the reference folder is not here")
	}
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, into))
}

func TestReferencePersonalCodes(t *testing.T) {
	var rows []struct {
		Country, Code string
		Valid         bool
		DateOfBirth   string
		Note, Reason  string
	}
	reference(t, "personal-codes.json", &rows)
	require.NotEmpty(t, rows)
	for i, r := range rows {
		code, err := eid.ParsePersonalCode(r.Country + r.Code)
		if !r.Valid {
			require.ErrorIs(t, err, eid.ErrCode, "row %d: %s", i, r.Reason)
			continue
		}
		require.NoError(t, err, "row %d: %s", i, r.Note)
		require.Equal(t, r.DateOfBirth, string(code.Born()), "row %d", i)
	}
}

func TestReferenceSemanticsIdentifiers(t *testing.T) {
	var rows []struct {
		Input, Type, Country, Identifier string
		Valid                            bool
	}
	reference(t, "semantics-identifiers.json", &rows)
	require.NotEmpty(t, rows)
	for i, r := range rows {
		id, err := eid.ParseIdentifier(r.Input)
		require.Equal(t, r.Valid, err == nil, "row %d", i)
		require.Equal(t, []string{r.Type, r.Country, r.Identifier}, []string{id.Kind(), id.Country(), id.Number()}, "row %d", i)
	}
}
