package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/liidestuja/liidestuja/alt"
)

// RecordSize is the size of a stored leaf, in bytes.
const RecordSize = 192

// Longer names are cut in the leaf; the digest covers the whole.
const (
	maxConversation = 80
	maxAct          = 48

	placeVersion      = 0
	placeLengths      = 1
	placeNumbers      = 8
	placeDigest       = placeNumbers + 3*8
	placeConversation = placeDigest + sha256.Size
	placeAct          = placeConversation + maxConversation

	recordVersion = 1
)

// Leaf is what the tree has of an entry, for as long as the tree exists: enough to
// name an entry that is gone, and nothing about a person.
type Leaf struct {
	Seq          int64     // the entry's number in the store
	At           time.Time // of the entry, in microseconds, UTC
	Conversation string    // at most 80 bytes of it
	Act          string    // at most 48 bytes of it
	// Prev is the place in the tree of the leaf before it of the same conversation,
	// or -1: there is none among the Window leaves before this one.
	Prev   int64
	Digest [sha256.Size]byte // SHA-256 of Encode(entry)
}

// Record is a leaf as it is stored and hashed: version (1), lengths of
// conversation and act, 5 zero bytes, Seq, At in microseconds since 1970, Prev + 1
// (8 bytes each, big endian), Digest, conversation and act, padded with zeros.
type Record [RecordSize]byte

// LeafOf returns the leaf of an entry.
func LeafOf(e alt.LogEntry, prev int64) Leaf {
	return Leaf{
		Seq: e.Seq, At: time.UnixMicro(e.At.UnixMicro()).UTC(), Conversation: clip(e.Conversation, maxConversation), Act: clip(e.Act, maxAct),
		Prev: prev, Digest: digest(e),
	}
}

func clip(s string, n int) string { return s[:min(n, len(s))] }

// Record returns the stored form.
func (l Leaf) Record() Record {
	var r Record
	r[placeVersion] = recordVersion
	r[placeLengths] = byte(copy(r[placeConversation:placeAct], l.Conversation)) //nolint:gosec // at most maxConversation
	r[placeLengths+1] = byte(copy(r[placeAct:], l.Act))                         //nolint:gosec // at most maxAct
	for i, n := range []int64{l.Seq, l.At.UnixMicro(), l.Prev + 1} {
		binary.BigEndian.PutUint64(r[placeNumbers+8*i:], uint64(n)) //nolint:gosec // the same bits, whatever the sign
	}
	copy(r[placeDigest:], l.Digest[:])
	return r
}

var errRecord = errors.New("audit: not a leaf")

// Leaf decodes r. It accepts only what Record returns.
func (r Record) Leaf() (Leaf, error) {
	conv, act := int(r[placeLengths]), int(r[placeLengths+1])
	if r[placeVersion] != recordVersion || conv > maxConversation || act > maxAct {
		return Leaf{}, errRecord
	}
	number := func(i int) int64 { return int64(binary.BigEndian.Uint64(r[placeNumbers+8*i:])) } //nolint:gosec // the same bits, whatever the sign
	l := Leaf{
		Seq: number(0), At: time.UnixMicro(number(1)).UTC(), Prev: number(2) - 1, Digest: [sha256.Size]byte(r[placeDigest:]),
		Conversation: string(r[placeConversation : placeConversation+conv]), Act: string(r[placeAct : placeAct+act]),
	}
	if l.Prev < -1 || l.Record() != r {
		return Leaf{}, errRecord
	}
	return l, nil
}

// Hash is the leaf's hash in the tree (RFC 6962).
func (r Record) Hash() tlog.Hash { return tlog.RecordHash(r[:]) }
