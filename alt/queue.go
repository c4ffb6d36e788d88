package alt

import (
	"context"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/session"
)

// Work names a queue of a store.
type Work string

// Queues. An event with media to fetch is Media work first, and holds its
// place in the Inbox meanwhile. A send without a clear answer leaves the
// Outbox for Reconcile.
const (
	Inbox     Work = "inbox"
	Media     Work = "media"
	Outbox    Work = "outbox"
	Reconcile Work = "reconcile"
)

// Queue is the heart of a store: it takes what happened, hands it out, and
// writes down what came of it. storetest proves an implementation.
//
// Duties:
//   - Methods may be called concurrently. Calls that wait at the same time
//     should share one durable transaction; the refusal of one never fails its
//     neighbours.
//   - nil from Accept, Commit and Release means that the change survives a
//     crash. A ctx that ends after the call was queued does not end the
//     transaction: the caller gets the true result.
//   - Items of one lane (channels.Lane for events, the address for messages)
//     are handed out in the order of acceptance, one at a time per lane and
//     queue. An item that waits for a retry holds its lane; dead and unknown
//     ones hold nothing, and each Reconcile item has a lane of its own.
//   - A token is spent by Commit or Release; only a Receipt is still taken with
//     an Outbox token after the move to Reconcile, until somebody claims it.
//   - Refusals are decided before anything is written.
type Queue interface {
	// Accept stores events that are not known yet, by (Agency, Channel, Key),
	// all of them or none, and returns how many were new. Events of one call
	// keep their order.
	Accept(ctx context.Context, evs []channels.Event) (fresh int, err error)

	// Claim hands out at most q.Max items and makes that durable first
	// (attempt and lease). An Inbox, Media or Reconcile item whose lease ran
	// out, or that was claimed when the process died, may be handed out again,
	// with Attempt counted on. An Outbox item may not: its outcome is unknown,
	// and it moves to Reconcile, ready at once.
	Claim(ctx context.Context, q ClaimQuery) ([]Item, error)

	// Commit finishes it and applies c in one transaction. ErrLeaseLost when
	// it.Token is not the latest; ErrConflict when a Version is; ErrIDReused
	// for an id with another fingerprint (the same id and fingerprint queues
	// nothing and is no error), and for a Reconcile item's Receipt with the
	// provider's id of another message of ours. Whatever the error, nothing was
	// changed. The zero Item finishes nothing: c alone is applied. Versions in c
	// are set to the new ones.
	Commit(ctx context.Context, it Item, c Changes) error

	// Release gives it back, to be claimed again at the given time, or, with
	// the zero time, as a letter: dead, or uncertain for a Reconcile item.
	// Behind a part of a message that is dead, later parts that nobody has begun
	// to send become letters with the code PartBefore. Only the class code of
	// cause is kept. ErrLeaseLost as in Commit.
	Release(ctx context.Context, it Item, at time.Time, cause error) error
}

// ClaimQuery asks for work.
type ClaimQuery struct {
	Work  Work
	Max   int           // at most so many items
	Lease time.Duration // how long they are ours
	// Limit bounds the number of items of a line; 0 skips the line. Lines
	// that are not in it have no limit of their own.
	Limit map[channels.ID]int
	// SkipAgencies leaves out whole agencies.
	SkipAgencies []channels.Agency
}

// Item is one piece of claimed work.
type Item struct {
	ID       int64
	Work     Work
	Attempt  int   // from 1
	Token    int64 // fences: another with every Claim
	Accepted time.Time
	Event    channels.Event     // Inbox and Media
	Outbound *channels.Outbound // Outbox and Reconcile
	Since    time.Time          // Reconcile: when the outcome became unknown

	asked time.Time // when the service asked for it, by the process's own clock
}

// Changes is everything that one Commit writes.
type Changes struct {
	// Saved by their Version; a Version of 0 inserts. An address has at most
	// one open conversation: a second one is ErrConflict.
	Session      *session.Session
	Contact      *Contact
	Conversation *Conversation

	// Send queues messages. They belong to Conversation, or, when that is nil,
	// to the address's open conversation, if there is one. Those that are Private
	// belong to none.
	Send []channels.Outbound
	// CancelBot takes back the address's unclaimed messages of authors other
	// than channels.Person, retries that wait among them, but not those of Send:
	// their status becomes Canceled.
	CancelBot channels.Address
	// Later queues events of the service's own at a time to come. They take
	// their place in their lane then, not now.
	Later []Later

	// Event replaces the item's own event: media that were fetched. The item
	// moves from Media to the Inbox, in its old place.
	Event channels.Event
	// Receipt finishes a message as sent, for an Outbox or Reconcile item.
	Receipt *channels.Receipt
	// Unknown moves an Outbox item to Reconcile.
	Unknown bool

	// Reports are providers' words on messages; see Report.
	Reports []Report
	// Redactions replace stored content.
	Redactions []Redaction

	// Record makes the Inbox item's own event a message of the conversation
	// (Received, Echoed of others). RecordAs replaces the content that is kept.
	Record   bool
	RecordAs channels.Content

	// Flows are saved, or spent, by their Version; an older one than the stored is
	// ErrConflict. No two are of one key.
	Flows []Flow
	// Log is written to the security log, in order. Where a message of Send was
	// queued before, the entries about it are written as LogEntry.Uncommitted: its
	// salt is another one.
	Log []LogEntry
	// Once makes the whole Commit happen once for a key: done before with the
	// same print, it succeeds and changes nothing; with another print it is
	// ErrIDReused.
	Once *Once
}

// Later is an event to come.
type Later struct {
	Event channels.Event
	At    time.Time
}

// Report is a provider's word on one message, or, with Until, on all messages
// to the address that were sent up to then, also one whose Receipt comes within
// ParkFor after it. The message is found by ID, else
// by Ref (Outbound.Ref), else, for an echo, as the only message of unknown
// outcome to the address whose content has the same print. Its status is
// merged (Status.Merge); a message of unknown outcome becomes sent, evidence of
// delivery finishes one that waits for a retry or is a letter, and one of ours
// that becomes failed is a dead letter with the report's code, for a person to
// decide (after the Receipt, while somebody is sending it). A report
// on an ID that is not stored is parked: the Receipt's Commit applies it, and
// after ParkFor it is dropped. An echo that matches nothing makes Commit
// return ErrNotFound instead.
type Report struct {
	Address channels.Address // Peer may be empty
	ID      channels.ProviderID
	Ref     string
	Until   time.Time
	Status  channels.Status
	Code    string // channels.Code of the failure
	At      time.Time
	Thread  string
	Echo    channels.Content // not nil: the report is an echo
}

// ParkFor is how long a report waits for its message.
const ParkFor = 24 * time.Hour

// DedupeFor is how long a store must remember the keys of events.
const DedupeFor = 8 * 24 * time.Hour

// Redaction replaces the content of the message that the provider calls ID, of
// all its parts, in letters and queues too. The old content must not be found in the store's
// files afterwards, and the blob of a file that a person sent is deleted with
// it; a file that we sent may be another message's too, and is its owner's to
// delete. Nil With means withdrawn: channels.Unsupported{Type:
// channels.TypeWithdrawn}. What is left gets a salt of its own (NewSalt), and each
// message, or part of one, an entry of the log, Redacted, behind those of
// Changes.Log.
type Redaction struct {
	Address channels.Address
	ID      channels.ProviderID
	With    channels.Content
	At      time.Time
}

// Revised returns what a Redaction with this content leaves of an old one. A
// file that comes without its bytes is the old one with another caption:
// providers that tell of an edit name the file again, and nobody fetches it.
func Revised(old, with channels.Content) channels.Content {
	had, ok1 := old.(channels.Media)
	now, ok2 := with.(channels.Media)
	if !ok1 || !ok2 || had.Blob == "" || now.Blob != "" || now.URL != "" || had.As != now.As {
		return with
	}
	had.Caption = now.Caption
	return had
}

// Once is an idempotency key of an agency with a print of the request.
type Once struct {
	Agency channels.Agency
	Key    string // at most 128 bytes
	Print  [32]byte
	At     time.Time
}

// OnceFor is how long a store must remember Once keys.
const OnceFor = 24 * time.Hour
