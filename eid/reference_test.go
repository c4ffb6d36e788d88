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

// referenceDir is the folder of codes and identifiers, which is no part of the
// repository; "" when it is not there.
func referenceDir() string {
	dir := os.Getenv("ALT_REFERENCE")
	if dir == "" {
		dir = "../shared/reference"
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join("..", dir)
	}
	dir = filepath.Join(dir, "eid", "idcodes")
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return ""
	}
	return dir
}

func TestReference(t *testing.T) {
	dir := referenceDir()
	if dir == "" {
		fmt.Println("reference: absent")
		return
	}
	files := map[string]func(t *testing.T, raw []byte) int{
		"personal-codes.json":        referenceCodes,
		"semantics-identifiers.json": referenceIdentifiers,
	}
	vectors, failed := 0, 0
	for name, check := range files {
		ok := t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join(dir, name))
			require.NoError(t, err)
			vectors += check(t, raw)
		})
		if !ok {
			failed++
		}
	}
	fmt.Printf("reference: fixtures=%d vectors=%d later=0 failed=%d\n", len(files), vectors, failed)
}

func referenceCodes(t *testing.T, raw []byte) int {
	var rows []struct {
		Country, Code string
		Valid         bool
		DateOfBirth   string
		Note, Reason  string
	}
	require.NoError(t, json.Unmarshal(raw, &rows))
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
	return len(rows)
}

func referenceIdentifiers(t *testing.T, raw []byte) int {
	var rows []struct {
		Input, Type, Country, Identifier string
		Valid                            bool
	}
	require.NoError(t, json.Unmarshal(raw, &rows))
	require.NotEmpty(t, rows)
	for i, r := range rows {
		id, err := eid.ParseIdentifier(r.Input)
		require.Equal(t, r.Valid, err == nil, "row %d", i)
		require.Equal(t, []string{r.Type, r.Country, r.Identifier}, []string{id.Kind(), id.Country(), id.Number()}, "row %d", i)
	}
	return len(rows)
}
