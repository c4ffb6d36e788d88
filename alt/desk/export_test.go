package desk

// RoutesForTest returns the operations as "METHOD /path".
func RoutesForTest() []string {
	var out []string
	for _, r := range routes() {
		out = append(out, r.method+" "+r.path)
	}
	return out
}

// CodesForTest returns the codes of all problems.
func CodesForTest() []any {
	var out []any
	for code := range kinds() {
		out = append(out, code)
	}
	return out
}
