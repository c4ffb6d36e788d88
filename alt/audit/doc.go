// Package audit makes every change of the security log show: an entry that was
// edited, removed, inserted or moved, a cut tail, a conversation that is gone.
//
// A [Keeper] follows the log of one agency (alt.Ledger) and is no second way of
// writing: what acts writes its entry in the transaction of the act, as before,
// and waits for nobody here.
//
//	store's log --> Keeper --> leaf of each entry --> Merkle tree --> signed checkpoint --> witnesses
//	                              |                      |                  |
//	                           leaves                 hashes           checkpoints       Storage
//
// A [Leaf] has the entry's number, time, act and conversation, and a digest of all
// of it. It holds no content and no name, and stays when retention removes the
// entry. A [Checkpoint] is a signed note with the size of the tree and its root
// hash; a [Witness] is whoever keeps checkpoints where the operator of the store
// cannot change them.
//
//	dir, err := audit.OpenDir("data/audit/ppa")
//	if err != nil {
//		return err
//	}
//	defer dir.Close()
//	k, err := audit.New(audit.Config{
//		Agency: "ppa", Origin: "alt.example.ee/ppa", Ledger: store, Storage: dir,
//		Signers: []note.Signer{signer}, Verifiers: note.VerifierList(verifier),
//		Witnesses: []audit.Witness{audit.NewFile("/mnt/witness/ppa.checkpoints")},
//	})
//	if err != nil {
//		return err
//	}
//	return k.Run(ctx)
//
// [Verify] reads the log, the storage and checkpoints of witnesses, and names what
// does not fit. With [Contents] it also compares messages with what their entries
// commit to (alt.Commitment). A [Proof] is one entry with all that an outside party needs to check
// it against the signer's public key.
//
// A [Feed] hands the same entries to a [Sink], where an agency collects the logs of
// all its systems: a file, a stream, an address. Of several processes over one
// store a [Shift] lets one do either at a time.
//
// # What a chain adds
//
// The tree fixes the place of every entry, so within the whole log a chain of a
// conversation's entries proves nothing more. It serves who is shown one
// conversation only: each leaf says where the leaf before it of the same
// conversation lies ([Leaf.Prev]). That place holds one leaf only in the tree that
// the checkpoint signs, so it is as good as that leaf's hash, and whoever leaves out
// an entry at the beginning or in the middle leaves a gap ([VerifyConversation]). The
// store's own pointers between entries are an index, not evidence, and are not
// looked at.
package audit
