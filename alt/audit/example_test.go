package audit_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/audit"
	"github.com/liidestuja/liidestuja/alt/memstore"
)

// A Keeper signs the log, a witness keeps what was signed, and Verify compares them
// with the log. One entry with its proof can be checked with the public key alone.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "audit")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()

	const origin = "alt.example.ee/ppa"
	private, public, err := audit.NewKey(origin)
	if err != nil {
		panic(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		panic(err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		panic(err)
	}
	keys := note.VerifierList(verifier)

	store := memstore.New(memstore.Config{})
	storage, err := audit.OpenDir(filepath.Join(dir, "audit"))
	if err != nil {
		panic(err)
	}
	defer func() { _ = storage.Close() }()
	witness := filepath.Join(dir, "witness")
	keeper, err := audit.New(audit.Config{
		Agency: "ppa", Origin: origin, Ledger: store, Storage: storage, Signers: []note.Signer{signer}, Verifiers: keys,
		Witnesses: []audit.Witness{audit.NewFile(witness)},
	})
	if err != nil {
		panic(err)
	}

	for _, act := range []string{"message.received", "conversation.claimed", "message.queued"} {
		entry := alt.LogEntry{Agency: "ppa", At: time.Now(), Act: act, Actor: "mari", Conversation: "c1"}
		if err := store.Commit(ctx, alt.Item{}, alt.Changes{Log: []alt.LogEntry{entry}}); err != nil {
			panic(err)
		}
	}
	if err := keeper.Step(ctx); err != nil { // Run does both
		panic(err)
	}
	keeper.Deliver(ctx)

	kept, err := os.ReadFile(witness)
	if err != nil {
		panic(err)
	}
	report, err := audit.Verify(ctx, audit.Check{
		Agency: "ppa", Origin: origin, Ledger: store, Storage: storage, Verifiers: keys,
		Witnessed: []audit.Evidence{{Name: "witness", Notes: bytes.NewReader(kept)}},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println("good:", report.OK(), "witnessed:", report.Witnessed.Size)

	proof, err := audit.Exporter{Agency: "ppa", Ledger: store, Storage: storage}.Entry(ctx, 2)
	if err != nil {
		panic(err)
	}
	_, err = proof.Verify(origin, keys)
	fmt.Println(proof.Entry.Act, err)
	proof.Entry.Actor = "jaan"
	_, err = proof.Verify(origin, keys)
	fmt.Println(proof.Entry.Act, err)
	// Output:
	// good: true witnessed: 3
	// conversation.claimed <nil>
	// conversation.claimed audit: the proof is wrong
}
