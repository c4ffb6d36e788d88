package modlist_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/scripts/modlist"
)

func TestLicence(t *testing.T) {
	const (
		mit  = "Permission is hereby granted, free\nof charge, to any person obtaining a copy\n"
		bsd2 = "Redistribution and use in source and binary forms, with or without\nmodification, are permitted\n"
		bsd3 = bsd2 + "may be used to endorse or promote products derived from this software\n"
	)
	for name, tc := range map[string]struct {
		files map[string]string
		want  string
	}{
		"one text is its id":                    {map[string]string{"LICENSE": mit}, "MIT"},
		"the British spelling counts":           {map[string]string{"LICENCE.txt": mit}, "MIT"},
		"two clauses of BSD":                    {map[string]string{"COPYING": bsd2}, "BSD-2-Clause"},
		"three clauses of BSD":                  {map[string]string{"LICENSE": bsd3}, "BSD-3-Clause"},
		"several texts all apply":               {map[string]string{"LICENSE": bsd3, "LICENSE-LOGO": mit}, "BSD-3-Clause AND MIT"},
		"the same text twice is one":            {map[string]string{"LICENSE": mit, "LICENSE-OLD": mit}, "MIT"},
		"a foreign text is left to a person":    {map[string]string{"LICENSE": "All rights reserved."}, ""},
		"other files are not read":              {map[string]string{"README.md": mit}, ""},
		"the text of Apache is known by a name": {map[string]string{"LICENSE": "Apache License\nVersion 2.0"}, "Apache-2.0"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range tc.files {
				require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600))
			}
			got, err := modlist.Licence(dir)
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}
