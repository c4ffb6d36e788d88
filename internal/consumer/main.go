// Command consumer is a program that uses the library from outside. `make consumer`
// copies it into a module of its own, builds it there, runs it and lists the modules
// that it links.
package main

import (
	"fmt"

	"github.com/liidestuja/liidestuja/channels"
)

func main() {
	fmt.Println("consumer:", channels.Address{Channel: "demo", Peer: "p1"})
}
