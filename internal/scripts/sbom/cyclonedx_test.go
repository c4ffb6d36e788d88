package main

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/scripts/modlist"
)

func sample() bill {
	const sum = "h1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	return bill{
		version: "v1.2.3", toolchain: "1.26.0", at: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		modules: []module{
			{
				Module:  modlist.Module{Path: "example.org/a", Version: "v1.0.0", Sum: sum},
				licence: "MIT", linked: true, needs: []string{"example.org/b"},
			},
			{
				Module:  modlist.Module{Path: "example.org/b", Version: "v0.0.0+incompatible", Sum: sum},
				licence: "ISC",
			},
		},
		direct: []string{"example.org/a"},
	}
}

func TestEncodeNamesEveryModuleWithItsScopeSumAndNeeds(t *testing.T) {
	raw, err := encode(sample())
	require.NoError(t, err)
	var doc document
	require.NoError(t, json.Unmarshal(raw, &doc))

	require.Equal(t, "CycloneDX", doc.Format)
	require.Equal(t, "2026-01-02T03:04:05Z", doc.Metadata.Timestamp)
	require.Regexp(t, `^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, doc.Serial)
	require.Equal(t, []component{
		{
			Type: "library", Ref: "pkg:golang/std@1.26.0", Name: "std", Version: "1.26.0", Scope: "required",
			Licences: []licence{{"BSD-3-Clause"}}, PURL: "pkg:golang/std@1.26.0",
		},
		{
			Type: "library", Ref: "pkg:golang/example.org/a@v1.0.0", Name: "example.org/a", Version: "v1.0.0",
			Scope: "required", Licences: []licence{{"MIT"}}, PURL: "pkg:golang/example.org/a@v1.0.0",
			Hashes: []hash{{"SHA-256", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"}},
		},
		{
			Type: "library", Ref: "pkg:golang/example.org/b@v0.0.0%2Bincompatible", Name: "example.org/b",
			Version: "v0.0.0+incompatible", Scope: "excluded", Licences: []licence{{"ISC"}},
			PURL:   "pkg:golang/example.org/b@v0.0.0%2Bincompatible",
			Hashes: []hash{{"SHA-256", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"}},
		},
	}, doc.Components)
	require.Equal(t, []dependency{
		{Ref: "pkg:golang/" + self + "@v1.2.3", Needs: []string{"pkg:golang/std@1.26.0", "pkg:golang/example.org/a@v1.0.0"}},
		{Ref: "pkg:golang/example.org/a@v1.0.0", Needs: []string{"pkg:golang/example.org/b@v0.0.0%2Bincompatible"}},
		{Ref: "pkg:golang/example.org/b@v0.0.0%2Bincompatible"},
	}, doc.Dependencies)
}

func TestSerialNumberFollowsTheContentAndNotTheClock(t *testing.T) {
	read := func(b bill) string {
		raw, err := encode(b)
		require.NoError(t, err)
		var doc document
		require.NoError(t, json.Unmarshal(raw, &doc))
		return doc.Serial
	}
	first, later, other := sample(), sample(), sample()
	later.at = later.at.Add(time.Hour)
	other.modules[0].Version = "v1.0.1"
	require.Equal(t, read(first), read(later))
	require.NotEqual(t, read(first), read(other))
}

func TestEncodeRefusesAModuleThatItCannotVouchFor(t *testing.T) {
	unlicensed, unsummed := sample(), sample()
	unlicensed.modules[0].licence = ""
	unsummed.modules[1].Sum = ""
	_, err := encode(unlicensed)
	require.ErrorContains(t, err, "example.org/a: no licence")
	_, err = encode(unsummed)
	require.ErrorContains(t, err, "example.org/b: the checksum")
}
