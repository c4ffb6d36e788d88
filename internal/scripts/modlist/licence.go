package modlist

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Licence reads the licence files in a module's folder and returns what they
// grant as an SPDX expression: "MIT", or "Apache-2.0 AND MIT" where several texts
// apply to parts of the module. It returns "" when it recognises none; a person
// must look then.
func Licence(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var found []string
	for _, e := range entries {
		if e.IsDir() || !isLicenceName(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return "", err
		}
		found = append(found, recognise(string(text))...)
	}
	slices.Sort(found)
	return strings.Join(slices.Compact(found), " AND "), nil
}

// isLicenceName also takes LICENSE-3RD-PARTY.md and the like: what is bundled
// binds whoever links it.
func isLicenceName(name string) bool {
	name = strings.ToUpper(name)
	return strings.HasPrefix(name, "LICENSE") || strings.HasPrefix(name, "LICENCE") || strings.HasPrefix(name, "COPYING")
}

// recognise looks for the one sentence of each licence that its variants share.
func recognise(text string) []string {
	text = strings.ToLower(regexp.MustCompile(`\s+`).ReplaceAllString(text, " "))
	var ids []string
	for _, known := range []struct{ id, sentence string }{
		{"Apache-2.0", "apache license"},
		{"ISC", "permission to use, copy, modify, and/or distribute this software for any purpose with or without fee"},
		{"ISC", "permission to use, copy, modify, and distribute this software for any purpose with or without fee"},
		{"MIT", "permission is hereby granted, free of charge, to any person obtaining a copy"},
		{"MPL-2.0", "mozilla public license"},
	} {
		if strings.Contains(text, known.sentence) {
			ids = append(ids, known.id)
		}
	}
	// The third clause forbids the use of names for endorsement.
	if strings.Contains(text, "redistribution and use in source and binary forms") {
		if strings.Contains(text, "endorse or promote products") {
			ids = append(ids, "BSD-3-Clause")
		} else {
			ids = append(ids, "BSD-2-Clause")
		}
	}
	return ids
}
