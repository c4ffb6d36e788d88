package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"

	"github.com/liidestuja/liidestuja/alt"
)

// entryFormat begins the encoding of an entry, so that no digest of another
// encoding, or of anything else, can be taken for one of this.
const entryFormat = "liidestuja/audit/entry/1\n"

// Encode returns the one encoding of an entry: entryFormat, the time in
// microseconds since 1970 as 8 bytes, and then agency, act, actor, line,
// conversation, message, the number of details and their keys and values in the
// order of the keys; each text behind its length. Lengths and the number are
// unsigned varints. Seq is left out, and stands in the Leaf: an entry in another
// place is recognised by what it says.
func Encode(e alt.LogEntry) []byte {
	b := append(make([]byte, 0, 256), entryFormat...)
	b = binary.BigEndian.AppendUint64(b, uint64(e.At.UnixMicro()))
	for _, s := range []string{string(e.Agency), e.Act, e.Actor, string(e.Line), e.Conversation, e.Message} {
		b = appendText(b, s)
	}
	b = binary.AppendUvarint(b, uint64(len(e.Detail)))
	for _, k := range slices.Sorted(maps.Keys(e.Detail)) {
		b = appendText(appendText(b, k), e.Detail[k])
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// digest is the SHA-256 of an entry's encoding.
func digest(e alt.LogEntry) [sha256.Size]byte { return sha256.Sum256(Encode(e)) }
