package sealed_test

import (
	"crypto/sha256"
	"fmt"

	"github.com/liidestuja/liidestuja/internal/sealed"
)

func Example() {
	older, newer := sha256.Sum256([]byte("a key of 2025")), sha256.Sum256([]byte("a key of 2026")) // real ones are random
	place := sealed.Place{Agency: "ppa", Line: "messenger", Name: "token"}

	before, _ := sealed.NewRing(sealed.Key{ID: "2025", Secret: older[:]})
	box := before.Seal([]byte("EAAB..."), place)

	now, _ := sealed.NewRing(sealed.Key{ID: "2026", Secret: newer[:]}, sealed.Key{ID: "2025", Secret: older[:]})
	box, changed, err := now.Reseal(box, place)
	fmt.Println(changed, err)

	_, err = now.Open(box, sealed.Place{Agency: "rik", Line: "messenger", Name: "token"})
	fmt.Println(err)
	// Output:
	// true <nil>
	// sealed: refused
}
