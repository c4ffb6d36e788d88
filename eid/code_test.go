package eid_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
)

func TestCodesThatKeepTheRulesOfTheirCountryAreRead(t *testing.T) {
	for name, c := range map[string]struct {
		in, want string
		born     eid.Date
	}{
		"an Estonian one":                              {"EE38001085718", "EE38001085718", "1980-01-08"},
		"an Estonian one of the 19th century":          {"EE19912310019", "EE19912310019", "1899-12-31"},
		"an Estonian one of the 21st century":          {"EE62506067773", "EE62506067773", "2025-06-06"},
		"whose check digit needs the second weights":   {"EE48507230063", "EE48507230063", "1985-07-23"},
		"whose check digit both weights leave to be 0": {"EE48507230550", "EE48507230550", "1985-07-23"},
		"a Lithuanian one":                             {"LT38507231110", "LT38507231110", "1985-07-23"},
		"a Lithuanian one without a date":              {"LT91234567895", "LT91234567895", ""},
		"an old Latvian one":                           {"LV070385-10121", "LV070385-10121", "1985-03-07"},
		"an old Latvian one of the 19th century":       {"LV311299-05559", "LV311299-05559", "1899-12-31"},
		"a leap day":                                   {"LV290200-21239", "LV290200-21239", "2000-02-29"},
		"a Latvian one without its hyphen":             {"LV07038510121", "LV070385-10121", "1985-03-07"},
		"a new Latvian one states no date":             {"LV320000-12340", "LV320000-12340", ""},
		"the last of the new Latvian ones":             {"LV391234-56787", "LV391234-56787", ""},
		"another country's, whatever it looks like":    {"FI131052-308T", "FI131052-308T", ""},
		"spaces around it":                             {" EE38001085718\n", "EE38001085718", "1980-01-08"},
	} {
		t.Run(name, func(t *testing.T) {
			code, err := eid.ParsePersonalCode(c.in)
			require.NoError(t, err)
			require.Equal(t, c.want, string(code))
			require.Equal(t, c.want[:2], code.Country())
			require.Equal(t, c.want[2:], code.Number())
			require.Equal(t, string(c.born), string(code.Born()))
			require.Equal(t, "PNO"+c.want[:2]+"-"+c.want[2:], string(code.Identifier()))
		})
	}
}

func TestCodesThatBreakTheRulesAreRefusedWithoutRepeatingThem(t *testing.T) {
	for name, c := range map[string]struct{ in, why string }{
		"nothing":                           {"", "country is missing"},
		"a country alone":                   {"EE", "not a country and a number"},
		"no country":                        {"38001085718", "not a country and a number"},
		"a country in small letters":        {"ee38001085718", "not a country and a number"},
		"a space within":                    {"EE3800108 5718", "not a country and a number"},
		"a letter that only looks like one": {"EЕ38001085718", "not a country and a number"},
		"a control character":               {"FI131052\x00308T", "not a country and a number"},
		"endless":                           {"FI" + strings.Repeat("1", 129), "not a country and a number"},
		"Estonian, too short":               {"EE3800108571", "form"},
		"Estonian, too long":                {"EE380010857180", "form"},
		"Estonian, with a letter":           {"EE3800108571X", "form"},
		"Estonian, wrong check digit":       {"EE38001085719", "check digit"},
		"Estonian, two digits exchanged":    {"EE38001087518", "check digit"},
		"Estonian, no such century":         {"EE00101010004", "no such date"},
		"Estonian, a century to come":       {"EE70101010000", "no such date"},
		"Estonian, without a date":          {"EE90101010002", "no such date"},
		"Estonian, month 13":                {"EE38513011111", "no such date"},
		"Estonian, 30 February":             {"EE38502301113", "no such date"},
		"Estonian, a leap day of 1800":      {"EE20002291236", "no such date"},
		"Lithuanian, a leap day of 1900":    {"LT40002294447", "no such date"},
		"Lithuanian, wrong check digit":     {"LT38507231111", "check digit"},
		"Latvian, wrong check digit":        {"LV070385-10122", "check digit"},
		"Latvian, hyphen at another place":  {"LV07038-510121", "form"},
		"Latvian, a leap day of 2001":       {"LV290201-21230", "no such date"},
		"Latvian, no such century":          {"LV070385-30122", "no such date"},
		"a new Latvian one, wrong digit":    {"LV320000-12341", "check digit"},
		"a new Latvian one, too short":      {"LV320000-1234", "form"},
		"an identifier instead of a code":   {"PNOEE-38001085718", "identifier"},
		"an Estonian code as a Latvian one": {"LV38001085718", "check digit"},
	} {
		t.Run(name, func(t *testing.T) {
			code, err := eid.ParsePersonalCode(c.in)
			require.ErrorIs(t, err, eid.ErrCode)
			require.ErrorContains(t, err, c.why)
			require.Empty(t, string(code))
			if len(c.in) > 4 {
				require.NotContains(t, err.Error(), c.in[2:])
			}
		})
	}
}

func TestOfTenCheckDigitsOneIsRight(t *testing.T) {
	for _, good := range []string{"EE38001085718", "EE48507230063", "EE48507230550", "LT38507231110", "LV070385-10121", "LV320000-12340"} {
		for d := '0'; d <= '9'; d++ {
			in := good[:len(good)-1] + string(d)
			_, err := eid.ParsePersonalCode(in)
			require.Equal(t, in == good, err == nil, in)
		}
	}
}

func TestACodeThatAnAuthorityStatesIsNotDoubted(t *testing.T) {
	for _, in := range []string{"31111111111", "00000000000", "x"} {
		code, err := eid.NewPersonalCode("EE", in)
		require.NoError(t, err)
		require.Equal(t, in, code.Number())
	}
	code, err := eid.NewPersonalCode("EE", "31111111111")
	require.NoError(t, err)
	require.Equal(t, "1911-11-11", string(code.Born()), "the check digit is wrong, the date is stated all the same")
	code, err = eid.NewPersonalCode("LV", "01011721234")
	require.NoError(t, err)
	require.Equal(t, "LV010117-21234", string(code), "one person, one code")
	for _, country := range []string{"", "E", "ee", "EST", "E1"} {
		_, err := eid.NewPersonalCode(country, "38001085718")
		require.ErrorIs(t, err, eid.ErrCode, country)
	}
	for _, number := range []string{"", " ", "with space", "õ", "nul\x00"} {
		code, err := eid.NewPersonalCode("EE", number)
		require.ErrorIs(t, err, eid.ErrCode, number)
		require.Empty(t, string(code))
	}
}

func TestIdentifiersAreSplitAtTheFirstHyphen(t *testing.T) {
	for in, want := range map[string][3]string{
		"PNOEE-38001085718":   {"PNO", "EE", "38001085718"},
		"PNOLV-320000-12340":  {"PNO", "LV", "320000-12340"},
		"PASKZ-987654321012":  {"PAS", "KZ", "987654321012"},
		"IDCCZ-860101/123":    {"IDC", "CZ", "860101/123"},
		"PNOEE-111-not-valid": {"PNO", "EE", "111-not-valid"},
	} {
		i, err := eid.ParseIdentifier(in)
		require.NoError(t, err, in)
		require.Equal(t, want, [3]string{i.Kind(), i.Country(), i.Number()})
		code, err := i.PersonalCode()
		if want[0] != "PNO" {
			require.ErrorIs(t, err, eid.ErrCode, "a document is not a person")
			continue
		}
		require.NoError(t, err)
		require.Equal(t, want[1]+want[2], string(code))
		require.Equal(t, in, string(code.Identifier()))
	}
	for _, in := range []string{"", "PNO", "PNOEE-", "PNOee-38001085718", "38001085718", "EE38001085718", "PNOEE38001085718", "TAXEE-1", "pnoEE-1", "PNOEE-1 2", "PNOEE-" + strings.Repeat("1", 129)} {
		_, err := eid.ParseIdentifier(in)
		require.ErrorIs(t, err, eid.ErrIdentifier, in)
	}
	var none eid.Identifier
	require.Empty(t, none.Kind()+none.Country()+none.Number())
	var noCode eid.PersonalCode
	require.Empty(t, noCode.Country()+noCode.Number()+string(noCode.Born()))
}

func TestADateIsADayOrUnknown(t *testing.T) {
	tallinn := time.FixedZone("Europe/Tallinn", 2*60*60)
	require.Equal(t, "1980-01-07", string(eid.DateOf(time.Date(1980, 1, 8, 0, 0, 0, 0, tallinn))), "a day is one of UTC")
	d, err := eid.ParseDate("2000-02-29")
	require.NoError(t, err)
	day, ok := d.Time()
	require.True(t, ok)
	require.Equal(t, time.Date(2000, 2, 29, 0, 0, 0, 0, time.UTC), day)
	for _, in := range []string{"", "2001-02-29", "1980-1-8", "08.01.1980", "1980-01-08T00:00:00Z"} {
		_, err := eid.ParseDate(in)
		require.ErrorIs(t, err, eid.ErrDate, in)
		_, ok := eid.Date(in).Time()
		require.False(t, ok)
	}
}

// printed is all ways in which a value gets into a text by accident.
func printed(v any) string {
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		_, _ = fmt.Fprintf(&b, verb+"\n", v)
	}
	for _, h := range []slog.Handler{slog.NewJSONHandler(&b, nil), slog.NewTextHandler(&b, nil)} {
		slog.New(h).Info("test", "value", v)
	}
	return b.String()
}

func TestPersonalValuesPrintNothingOfThemselves(t *testing.T) {
	id := identity()
	for _, v := range []any{id, &id, id.Code, id.Code.Identifier(), id.Born, []eid.PersonalCode{id.Code}, struct{ C eid.PersonalCode }{"-"}} {
		out := printed(v)
		if _, slice := v.([]eid.PersonalCode); slice {
			out = fmt.Sprintf("%v %+v %#v %s", v, v, v, v) // a slice is written as JSON, which is for storing
		}
		for _, secret := range []string{string(id.Code), id.Code.Number(), id.GivenName, id.FamilyName, string(id.Born), string(id.Evidence), "1980"} {
			require.NotContains(t, out, secret, "%T", v)
		}
	}
	require.Contains(t, printed(id), "smart-id")
	require.Contains(t, printed(id), "high")
	require.Contains(t, printed(id.Code), "[code]")
}

func TestACodeIsStoredAsItIs(t *testing.T) {
	b, err := json.Marshal(map[eid.PersonalCode]eid.Date{"EE38001085718": "1980-01-08"})
	require.NoError(t, err)
	require.JSONEq(t, `{"EE38001085718":"1980-01-08"}`, string(b))
	var back map[eid.PersonalCode]eid.Date
	require.NoError(t, json.Unmarshal(b, &back))
	require.Equal(t, eid.Date("1980-01-08"), back["EE38001085718"])
}

func FuzzParsePersonalCode(f *testing.F) {
	for _, s := range []string{"EE38001085718", "LV070385-10121", "LV07038510121", "LT91234567895", "FI131052-308T", "", "EE", "LV-", "PNOLV-320000-12340"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		_, _ = eid.ParseIdentifier(s)
		_, _ = eid.ParseDate(s)
		_, _, _ = eid.PersonalCode(s).Born(), eid.PersonalCode(s).Identifier(), eid.Identifier(s).Number()
		code, err := eid.ParsePersonalCode(s)
		if err != nil {
			require.Empty(t, string(code))
			require.ErrorIs(t, err, eid.ErrCode)
			return
		}
		require.NoError(t, code.Valid())
		again, err := eid.ParsePersonalCode(string(code))
		require.NoError(t, err)
		require.Equal(t, string(code), string(again), "what was read is written in one way only")
		i, err := eid.ParseIdentifier(string(code.Identifier()))
		require.NoError(t, err)
		back, err := i.PersonalCode()
		require.NoError(t, err)
		require.Equal(t, string(code), string(back))
		if born := code.Born(); born != "" {
			_, ok := born.Time()
			require.True(t, ok)
		}
	})
}
