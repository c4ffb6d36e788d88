package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/liidestuja/liidestuja/alt"
)

// ProofFormat is Proof.Format of this version.
const ProofFormat = "liidestuja/audit/proof/1"

// Proof shows an outside party, who has the public keys and nothing else, that an
// entry was in the log when a checkpoint was signed. It is written as JSON.
type Proof struct {
	Format string       `json:"format"`
	Entry  alt.LogEntry `json:"entry"`
	Place  int64        `json:"place"` // of the leaf in the tree, from 0
	Prev   int64        `json:"prev"`  // Leaf.Prev
	// Path is the hashes beside the way from the leaf to the root (RFC 6962).
	Path       tlog.RecordProof `json:"path"`
	Checkpoint string           `json:"checkpoint"` // the signed note
}

// Verify checks the proof and returns the checkpoint that it leads to. The errors
// are ErrForged and ErrProof.
func (p Proof) Verify(origin string, keys note.Verifiers) (Checkpoint, error) {
	if p.Format != ProofFormat {
		return Checkpoint{}, fmt.Errorf("%w: of another format", ErrProof)
	}
	c, err := OpenCheckpoint([]byte(p.Checkpoint), origin, keys)
	if err != nil {
		return Checkpoint{}, err
	}
	if p.Prev < -1 || p.Prev >= p.Place {
		return Checkpoint{}, ErrProof
	}
	leaf := LeafOf(p.Entry, p.Prev).Record().Hash()
	if err := tlog.CheckRecord(p.Path, c.Size, c.Root, p.Place, leaf); err != nil {
		return Checkpoint{}, ErrProof
	}
	return c, nil
}

// VerifyConversation checks proofs of one conversation's entries, in their order, and
// that none is left out before the last of them: each names the place of the one
// before it, and the first says that there is none. Of the end it says nothing: there
// may be later entries. It returns the oldest checkpoint.
func VerifyConversation(proofs []Proof, origin string, keys note.Verifiers) (Checkpoint, error) {
	if len(proofs) == 0 {
		return Checkpoint{}, fmt.Errorf("%w: there is none", ErrProof)
	}
	var oldest Checkpoint
	prev := int64(-1)
	for i, p := range proofs {
		c, err := p.Verify(origin, keys)
		switch {
		case err != nil:
			return Checkpoint{}, fmt.Errorf("entry %d: %w", p.Entry.Seq, err)
		case p.Entry.Conversation == "" || p.Entry.Conversation != proofs[0].Entry.Conversation:
			return Checkpoint{}, fmt.Errorf("%w: entry %d is of another conversation", ErrProof, p.Entry.Seq)
		// A conversation that rested for a whole Window begins anew.
		case p.Prev != prev && (p.Prev != -1 || p.Place-prev <= Window):
			return Checkpoint{}, fmt.Errorf("%w: an entry is left out before entry %d", ErrProof, p.Entry.Seq)
		}
		if prev = p.Place; i == 0 || c.Size < oldest.Size {
			oldest = c
		}
	}
	return oldest, nil
}

// ReadProofs reads proofs as they were written, one JSON object after another. Names
// that it does not know are errors.
func ReadProofs(r io.Reader) ([]Proof, error) {
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	var proofs []Proof
	for {
		var p Proof
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return proofs, nil
		}
		if err != nil {
			return nil, fmt.Errorf("audit: read proof: %w", err)
		}
		proofs = append(proofs, p)
	}
}

// faithful reports whether an entry is the same behind JSON. A text that is not
// UTF-8 is not.
func faithful(e alt.LogEntry) bool {
	b, err := json.Marshal(e)
	if err != nil {
		return false
	}
	var back alt.LogEntry
	if err := json.Unmarshal(b, &back); err != nil {
		return false
	}
	return bytes.Equal(Encode(e), Encode(back))
}
