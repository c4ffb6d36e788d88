package alt

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/session"
)

// Store is all that a service keeps. memstore, sqlitestore and pgstore
// implement it; storetest proves them.
type Store interface { //nolint:interfacebloat // the sum of small contracts, which callers take one by one
	session.Store
	session.Lookup
	Queue
	People
	Archive
	Ledger
	Letters
	Blobs
	Lines
	Flows
	// Close ends the store after what was queued is done.
	Close() error
}

// People reads what is stored about a person.
type People interface {
	// Dossier returns what there is; an unknown address gives an empty one.
	Dossier(ctx context.Context, a channels.Address) (Dossier, error)
}

// Archive reads conversations and messages. Every query names an agency and
// sees nothing of another's.
type Archive interface {
	// Conversations returns a page, the most recently changed first (by
	// Position), and the cursor of the next page, empty at the end.
	Conversations(ctx context.Context, q ConversationQuery) (page []Conversation, next string, err error)
	// Conversation returns one; ErrNotFound.
	Conversation(ctx context.Context, agency channels.Agency, id string) (*Conversation, error)
	// Messages returns a page of a conversation, oldest first, and the cursor
	// of the page before it, empty at the beginning.
	Messages(ctx context.Context, q MessageQuery) (page []Message, earlier string, err error)
	// Message returns all parts of one message, by our id; ErrNotFound.
	Message(ctx context.Context, agency channels.Agency, id channels.MessageID) ([]Message, error)
	// Changed returns conversations that changed after a position, in the
	// order of their positions, at most max; and the latest position there is.
	// A conversation that changed twice is returned once, at its latest
	// position.
	Changed(ctx context.Context, agency channels.Agency, after int64, max int) (page []Conversation, latest int64, err error)
}

// Ledger reads what happened in the service itself.
type Ledger interface {
	// Log returns a page of the security log, oldest first, and the cursor of
	// the next page, empty at the end. Entries must become visible in the order
	// of Seq: once one was returned, none of the agency's with a smaller number
	// may appear, or whoever follows the log would miss it (alt/audit does).
	Log(ctx context.Context, q LogQuery) (page []LogEntry, next string, err error)
	// Depths returns the number of items in each queue that are not finished.
	Depths(ctx context.Context) (map[Work]int, error)
}

// ConversationQuery narrows a list; zero fields do not.
type ConversationQuery struct {
	Agency  channels.Agency // required
	Line    channels.ID
	State   State
	Holder  *Holder // Kind is compared, and By where it is not empty
	Waiting bool    // only those where a person waits
	From    time.Time
	To      time.Time // by last message
	// Text is looked for in names and messages, without regard to case, as a
	// plain substring.
	Text   string
	Limit  int // 1-200; 0 means 50
	Cursor string
}

// MessageQuery asks for messages of one conversation.
type MessageQuery struct {
	Agency       channels.Agency
	Conversation string
	Limit        int // 1-500; 0 means 100: the latest ones
	Before       string
}

// Direction of a message, seen from the agency.
type Direction string

// Directions.
const (
	In  Direction = "in"
	Out Direction = "out"
)

// Message is a message as it is kept, both ways.
type Message struct {
	Seq          int64              // order within the store; of an event, its Item.ID
	ID           channels.MessageID // ours; of an inbound message "in-" and its Seq
	Conversation string
	Address      channels.Address
	Direction    Direction
	Provider     channels.ProviderID
	Author       channels.Author // empty for a person's own
	By           string
	Content      channels.Content
	ReplyTo      channels.ProviderID
	At           time.Time // the provider's time inbound, queued outbound
	Status       channels.Status
	StatusAt     time.Time
	Code         string // of a failure
	Part, Parts  int
	Attempts     int
	Edited       bool   // the content was replaced since
	Salt         []byte // of the content, see Commitment
	State        string // of its work: "ready", "claimed", "done", "dead", "uncertain", "canceled"
}

// Format prints the id only, whatever the verb.
func (m Message) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "message "+string(m.ID)) }

// LogEntry is one line of the security log: who did what to what, without
// content. Detail holds codes and ids only, nothing personal.
type LogEntry struct {
	Seq          int64             `json:"seq"` // set by the store
	Agency       channels.Agency   `json:"agency"`
	At           time.Time         `json:"at"`    // a store that several processes share sets its own clock's
	Act          string            `json:"act"`   // e.g. "message.received", "conversation.claimed"
	Actor        string            `json:"actor"` // "contact", "bot:NAME", "system" or the specialist's id
	Line         channels.ID       `json:"line,omitempty"`
	Conversation string            `json:"conversation,omitempty"`
	Message      string            `json:"message,omitempty"`
	Detail       map[string]string `json:"detail,omitempty"`
}

// LogQuery narrows the security log.
type LogQuery struct {
	Agency       channels.Agency // required
	Conversation string
	Message      string
	From, To     time.Time
	Limit        int // 1-1000; 0 means 100
	Cursor       string
}

// LetterState says why an item waits for a person.
type LetterState string

// States of letters: Dead was given up; of Uncertain nobody knows whether it
// went out.
const (
	Dead      LetterState = "dead"
	Uncertain LetterState = "uncertain"
)

// PartBefore is the code of a letter about a part of a message that was not
// tried, because a part before it is dead: nobody should get an end without its
// beginning.
const PartBefore = "part_before"

// Letter is an item that the machine gave up and a person must look at.
type Letter struct {
	ID           int64
	State        LetterState
	Work         Work // Inbox, Media (as Inbox) or Outbox
	Address      channels.Address
	Event        channels.Event
	Outbound     *channels.Outbound
	Attempts     int
	Code         string // channels.Code of the cause, or PartBefore
	Accepted     time.Time
	At           time.Time // when it became a letter
	Conversation string
}

// LetterQuery narrows the letters.
type LetterQuery struct {
	Agency channels.Agency // required
	State  LetterState
	Line   channels.ID
	Limit  int // 1-200; 0 means 50
	Cursor string
}

// Verdict is what a person decided about a letter.
type Verdict string

// Verdicts. Retry queues it again, behind what waits in its lane (for an
// uncertain message: sends it again, knowing that it may arrive twice), with
// attempts and time of acceptance counted anew. Drop gives it up: the message
// failed, an event is forgotten with its file. Confirm says that an uncertain
// message did arrive: it becomes sent. What is decided about a part of a message
// is done with its later parts that are letters with the code PartBefore too, in
// their order.
const (
	Retry   Verdict = "retry"
	Drop    Verdict = "drop"
	Confirm Verdict = "confirm"
)

// Letters lists and settles what waits for a person.
type Letters interface {
	// Letters returns a page, oldest first, and the next cursor.
	Letters(ctx context.Context, q LetterQuery) (page []Letter, next string, err error)
	// Settle carries out a verdict, with its log entry, in one transaction.
	// ErrNotFound when there is no such letter (any more).
	Settle(ctx context.Context, agency channels.Agency, id int64, v Verdict, log LogEntry) error
}

// Blobs keeps bytes of files, encrypted.
type Blobs interface {
	// PutBlob stores what r gives, at most max bytes (ErrTooBig otherwise), and
	// returns its id, size and SHA-256 in hex. It is durable when it returns.
	PutBlob(ctx context.Context, agency channels.Agency, r io.Reader, max int64) (BlobInfo, error)
	// OpenBlob opens a blob of the agency; ErrNotFound.
	OpenBlob(ctx context.Context, agency channels.Agency, id channels.BlobID) (io.ReadCloser, error)
	// DeleteBlob removes it for good; nil when there is none.
	DeleteBlob(ctx context.Context, agency channels.Agency, id channels.BlobID) error
}

// BlobInfo describes a stored file.
type BlobInfo struct {
	ID     channels.BlobID
	Size   int64
	SHA256 string
}
