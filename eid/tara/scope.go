package tara

import (
	"errors"
	"slices"
	"strings"
)

const (
	openID      = "openid"
	eidasOnly   = "eidasonly"
	countryWord = "eidas:country:"
)

// means returns the word by which a token names the means of a scope, "" for a
// scope that asks for no means. The two sides spell them differently.
func means(scope string) string {
	switch scope {
	case "idcard", "smartid":
		return scope
	case "mid":
		return "mID"
	case "eidas", eidasOnly:
		return "eIDAS"
	}
	if _, ok := strings.CutPrefix(scope, countryWord); ok {
		return "eIDAS"
	}
	return ""
}

// asked returns the means that scopes ask for, in the words of a token. None:
// whatever TARA offers.
func asked(scopes []string) []string {
	var out []string
	for _, s := range scopes {
		if m := means(s); m != "" && !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	return out
}

// checkScopes refuses what TARA does not know, or would understand otherwise than
// it was meant.
func checkScopes(scopes []string) error {
	only := slices.Contains(scopes, eidasOnly)
	for i, s := range scopes {
		country, ofCountry := strings.CutPrefix(s, countryWord)
		switch {
		case slices.Contains(scopes[:i], s):
			return errors.New("names one twice")
		case ofCountry && (len(country) != 2 || strings.Trim(country, "abcdefghijklmnopqrstuvwxyz") != ""):
			return errors.New("has a country that is not two small letters")
		case ofCountry && !only:
			return errors.New("has a country without eidasonly")
		case only && means(s) != "" && means(s) != "eIDAS":
			return errors.New("has another means beside eidasonly")
		case means(s) == "" && s != openID && s != "email" && s != "phone":
			return errors.New("has one that TARA does not know")
		}
	}
	return nil
}

// scope returns what the authorize request says.
func scope(scopes []string) []string {
	out := []string{openID}
	for _, s := range scopes {
		if s != openID {
			out = append(out, s)
		}
	}
	return out
}
