// Package rules holds the house rules that no compiler checks: who may import
// whom, what may lie where, how long a file may be, and that documents name only
// what exists. Each rule is a function from the tree to its violations; the test
// of this package runs all of them on the checkout:
//
//	go test ./internal/rules
//
// The import rules stand in .golangci.yml too, where an editor shows them while
// the code is written. Here they also cover files behind build tags.
package rules
