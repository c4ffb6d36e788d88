package alt

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strconv"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
)

// An entry about a message commits to what the message says: it has a hash of the
// content and of a salt that is kept with the content. While both are there, whoever
// has the store can show that the content is what was written down; once they are
// gone, the hash tells nothing, however few contents there could have been.

const (
	// SaltSize is the size of a salt, in bytes.
	SaltSize = 32
	// DetailCommitment is the name of a commitment in LogEntry.Detail, for the only
	// or first part of a message; see CommitmentKey.
	DetailCommitment = "commitment"
	// ActRedacted is the act of an entry about a message whose content a Redaction
	// replaced: its commitments stand for the earlier ones.
	ActRedacted = "message.redacted"

	// commitmentFormat begins what is hashed, so that it is no hash of anything else.
	commitmentFormat = "liidestuja/content/1\n"
)

// Acts of entries that commit to the content of a message.
const (
	actReceived = "message.received"
	actEchoed   = "message.echoed" // another application's, which its provider told of
	actQueued   = "message.queued"
)

// NewSalt returns random bytes for a content that is kept.
func NewSalt() []byte {
	salt := make([]byte, SaltSize)
	_, _ = rand.Read(salt) // it never fails
	return salt
}

// Commitment returns the hash of a content with its salt: SHA-256 of
// "liidestuja/content/1", a line feed, the salt and what channels.MarshalContent
// writes, in unpadded base64url. It is empty without a salt of SaltSize: a hash
// of the content alone would tell it to whoever guesses.
func Commitment(salt []byte, c channels.Content) string {
	if len(salt) != SaltSize || c == nil {
		return ""
	}
	v, err := json.Marshal(c)
	if err != nil {
		return "" // no store keeps it
	}
	// What is no UTF-8 is stored as the sign for that, which is written otherwise.
	if bytes.Contains(v, []byte(`\ufffd`)) {
		v = bytes.ReplaceAll(v, []byte(`\ufffd`), []byte("\ufffd"))
	}
	// As channels.MarshalContent does, which goes over it twice.
	b := make([]byte, 0, len(commitmentFormat)+SaltSize+len(v)+48)
	b = append(append(b, commitmentFormat...), salt...)
	b = append(append(append(b, `{"kind":"`...), c.Kind()...), `","value":`...)
	sum := sha256.Sum256(append(append(b, v...), '}'))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// CommitmentKey names the commitment to a part, from 0, in LogEntry.Detail:
// "commitment", "commitment.1", …
func CommitmentKey(part int) string {
	if part == 0 {
		return DetailCommitment
	}
	return DetailCommitment + "." + strconv.Itoa(part)
}

// Commitments returns those of a message as it is kept, by CommitmentKey. One that
// is empty has lost its salt.
func Commitments(parts []Message) map[string]string {
	sums := make(map[string]string, len(parts))
	for _, m := range parts {
		sums[CommitmentKey(m.Part)] = Commitment(m.Salt, m.Content)
	}
	return sums
}

// Commitments returns those that an entry makes, by CommitmentKey; nil when there
// are none.
func (e LogEntry) Commitments() map[string]string {
	var sums map[string]string
	for k, v := range e.Detail {
		if k == DetailCommitment || strings.HasPrefix(k, DetailCommitment+".") {
			if sums == nil {
				sums = make(map[string]string, len(e.Detail))
			}
			sums[k] = v
		}
	}
	return sums
}

// Uncommitted returns the entry without commitments.
func (e LogEntry) Uncommitted() LogEntry {
	sums := e.Commitments()
	if sums == nil {
		return e
	}
	e.Detail = maps.Clone(e.Detail)
	maps.DeleteFunc(e.Detail, func(k, _ string) bool { _, is := sums[k]; return is })
	if len(e.Detail) == 0 {
		e.Detail = nil
	}
	return e
}

// Redacted returns the entry that a store writes about a message, or a part of one,
// whose content r replaced. Of m, the conversation, id, part, salt and content are
// needed, as they are kept now.
func (r Redaction) Redacted(m Message) LogEntry {
	return LogEntry{
		Agency: r.Address.Agency, At: r.At, Act: ActRedacted, Actor: "contact", Line: r.Address.Channel, Conversation: m.Conversation,
		Message: string(m.ID), Detail: map[string]string{CommitmentKey(m.Part): Commitment(m.Salt, m.Content)},
	}
}

// Queued returns the entry about a message, or one part of it, that a store queues
// by itself. Its time is the store's to set.
func Queued(o channels.Outbound) LogEntry {
	e := LogEntry{Agency: o.To.Agency, Act: actQueued, Actor: or(o.By, string(o.Author)), Line: o.To.Channel, Message: string(o.ID)}
	e.promise(o.Part, o.Salt, o.Content)
	return e
}

// promise adds commitments to the entries about messages that c queues, or keeps
// of the event.
func (c *Changes) promise(ev channels.Event) {
	for i := range c.Log {
		switch e := &c.Log[i]; e.Act {
		case actQueued:
			for _, o := range c.Send {
				if string(o.ID) == e.Message {
					e.promise(o.Part, o.Salt, o.Content)
				}
			}
		case actReceived, actEchoed:
			if c.Record {
				kept := contentOf(ev)
				if c.RecordAs != nil {
					kept = c.RecordAs
				}
				e.promise(0, ev.Meta().Salt, kept)
			}
		}
	}
}

func (e *LogEntry) promise(part int, salt []byte, c channels.Content) {
	sum := Commitment(salt, c)
	if sum == "" {
		return
	}
	if e.Detail == nil {
		e.Detail = make(map[string]string, 1)
	}
	e.Detail[CommitmentKey(part)] = sum
}
