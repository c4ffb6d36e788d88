package smartidtest

import "strings"

// demoAccount is a documented account of the demo environment.
type demoAccount struct {
	document    string
	result      string // of notifications; "": the account answers device links only
	interaction string
	born        string
}

// demoAccounts are people with the names of specimens.
func demoAccounts() []Person {
	out := make([]Person, 0, len(demoTable()))
	for _, d := range demoTable() {
		level, rest := Qualified, strings.TrimSuffix(d.document, "-Q")
		if strings.HasSuffix(d.document, "-NQ") {
			level, rest = Advanced, strings.TrimSuffix(d.document, "-NQ")
		}
		id := rest[:strings.LastIndexByte(rest, '-')]
		given := "OK"
		if d.result != "" && d.result != resultOK {
			given = strings.ReplaceAll(d.result, "_", " ")
		}
		out = append(out, Person{Identifier: id, GivenName: given, Surname: "TESTNUMBER", Level: level, Document: d.document,
			Result: d.result, Interaction: d.interaction, Born: d.born})
	}
	return out
}

// demoTable lists the accounts by country, and by what they do.
func demoTable() []demoAccount {
	var table []demoAccount
	for _, doc := range strings.Fields(`
		PNOEE-40404040009-MOCK-Q PNOLT-40404040009-MOCK-Q PNOLV-040404-10003-DEMO-Q PNOBE-04040400287-MOCK-Q
		PNOEE-61101019999-MOCK-Q PNOLT-61101019999-MOCK-Q PNOLV-010111-22341-MOCK-Q PNOLV-320000-00008-DEMO-Q
		PNOBE-11010199815-MOCK-Q PNOLT-61101019988-MOCK-NQ PNOLV-020211-12351-MOCK-NQ`) {
		table = append(table, demoAccount{document: doc})
	}
	for _, doc := range strings.Fields(`
		PNOLT-40504040001-MOCK-Q PNOLV-050405-10009-DEM0-Q PNOLV-320000-10003-DEMO-Q
		PNOBE-05040400032-DEMO-Q PNOLT-40504049999-MOCK-NQ PNOLV-050404-19993-DEMO-NQ PNOEE-50001029996-DEMO-Q
		PNOLT-50001029996-DEMO-Q PNOLV-020100-29990-MOCK-Q PNOBE-00010299944-MOCK-Q PNOLT-30303039914-MOCK-Q
		PNOEE-39901012239-MOCK-Q PNOLT-39901012239-DEMO-Q PNOLV-030303-10215-MOCK-Q PNOBE-99010199987-DEMO-Q
		PNOEE-61101012257-MOCK-Q PNOLT-61101012257-MOCK-Q PNOLV-010111-23474-DEME-Q PNOLV-320000-00032-DEMO-Q
		PNOLV-030303-10004-MOCK-Q PNOLV-040404-19999-MOCK-Q PNOLV-040404-19980-MOCK-Q PNOLV-329999-99709-MOCK-Q
		PNOLT-49912318881-MOCK-NQ PNOLV-311299-18886-MOCK-NQ`) {
		table = append(table, demoAccount{document: doc, result: resultOK})
	}
	table = append(table,
		demoAccount{document: "PNOEE-40504040001-DEM0-Q", result: resultOK, born: "1999-01-01"},
		demoAccount{document: "PNOLV-311299-19993-MOCK-Q", result: resultOK, born: "1999-12-31"},
		demoAccount{document: "PNOLV-329999-99901-MOCK-Q", result: resultOK, born: "1903-03-03"})
	for _, end := range []struct{ result, interaction, numbers string }{
		{resultRefused, "", "30403039917 030403-10016 00010238349"},
		{resultRefusedInteraction, DisplayTextAndPIN, "30403039928 030403-10024 00010267350"},
		{resultRefusedInteraction, VerificationCodeChoice, "30403039939 030403-10032 00010266756"},
		{resultRefusedInteraction, ConfirmationMessage, "30403039946 030403-10040 00010232708"},
		{resultRefusedInteraction, ConfirmationMessageAndVerificationCodeChoice, "30403039950 030403-10059 00010211724"},
		{resultWrongCode, "", "30403039972 030403-10075 00010216276"},
		{resultTimeout, "", "30403039983 030403-10083 00010220335"},
	} {
		n := strings.Fields(end.numbers) // Estonian and Lithuanian, Latvian, Belgian
		for _, id := range []string{"PNOEE-" + n[0], "PNOLT-" + n[0], "PNOLV-" + n[1], "PNOBE-" + n[2]} {
			table = append(table, demoAccount{document: id + "-MOCK-Q", result: end.result, interaction: end.interaction})
		}
	}
	return table
}
