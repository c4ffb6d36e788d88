package channels

import "time"

// Fact is a value with its evidence: either Source and AsOf are set, or
// Unknown says why the value is not known. A zero Fact is unfilled, which a
// test of the catalogue refuses.
type Fact[T any] struct {
	Value   T
	Source  string // where it is said, e.g. a documentation page
	AsOf    string // when it was seen, "2026-08"
	Unknown string // why it is not known
}

// Known reports whether the value may be relied on.
func (f Fact[T]) Known() bool { return f.Unknown == "" && f.Source != "" }

// Filled reports whether somebody looked the value up, found or not.
func (f Fact[T]) Filled() bool { return f.Unknown != "" || (f.Source != "" && f.AsOf != "") }

// Unit is what a text limit counts.
type Unit string

// Units of text. Septets counts a GSM 03.38 text in septets; [Limit.Fits] says
// what it means for a text with other characters.
const (
	Runes   Unit = "runes"
	UTF16   Unit = "utf16"
	Bytes   Unit = "bytes"
	Septets Unit = "septets"
)

// Limit is the greatest length of a text; Max 0 means that there is no such
// text on the channel.
type Limit struct {
	Max  int
	Unit Unit
}

// ChoiceLimits bound Choices. With Buttons and Rows 0 a channel has none, and
// Fit numbers the options in a text, as it does where a limit is exceeded.
type ChoiceLimits struct {
	Buttons     int   // options as buttons
	Rows        int   // options as a list
	Title       Limit // of a button, and of the button that opens a list
	RowTitle    Limit
	Section     Limit // title of a group of rows
	Description Limit
	Body        Limit
	Header      Limit
	Footer      Limit
	ID          Limit
}

// MediaLimit bounds one kind of media.
type MediaLimit struct {
	As        MediaKind
	Types     []string // media types, "image/*" for all of a kind; empty = not said
	Max       int64    // bytes; 0 = not said
	NoCaption bool     // this kind has no caption, though others may
}

// Window is when an agency may answer freely: Reply after the person's last
// message (0: always), HumanAgent for answers that a person wrote (0: no such
// extension).
type Window struct {
	Reply      time.Duration
	HumanAgent time.Duration
}

// Initiation says who may write first.
type Initiation string

// Ways to write first.
const (
	InitiateNever    Initiation = "never"
	InitiateTemplate Initiation = "template" // with an approved template
	InitiateOptIn    Initiation = "opt_in"   // to people who subscribed
	InitiateAlways   Initiation = "always"
)

// LinkMethod is a way to prove that an account is a person's.
type LinkMethod string

// Ways of linking.
const (
	LinkCode    LinkMethod = "code"    // a code sent into the channel is typed elsewhere
	LinkInbound LinkMethod = "inbound" // the person writes from the account
	LinkAuth    LinkMethod = "auth"    // strong authentication only
	LinkNone    LinkMethod = "none"
)

// Exception is a kind of message that may go out after the reply window without
// an approved template. The names are the platform's own, in lower case.
type Exception struct {
	Name string // e.g. "human_agent"
	For  string // what it may be used for
}

// HumanAgent is the Exception behind Window.HumanAgent.
const HumanAgent = "human_agent"

// Fees says who pays for what, and where the price is published; no amounts.
type Fees struct {
	Payer string // "agency", "person", "nobody"
	For   string // e.g. "template messages"
	Price string // address of the published price
}

// Capabilities is what a kind of channel can carry, as data. Limits of a line
// may be narrower than its kind's: a driver copies the catalogue's entry and
// changes what its provider changes.
type Capabilities struct {
	Kind Kind

	// What may be sent, and how long it may be.
	Text         Fact[Limit]
	Caption      Fact[Limit]
	TemplateText Fact[Limit] // the text of a template with its variables filled in
	Choices      Fact[ChoiceLimits]
	Media        Fact[[]MediaLimit]
	Location     Fact[bool]
	ContactCard  Fact[bool]
	Reaction     Fact[bool]
	Quote        Fact[bool] // a reply may name the message it answers
	Templates    Fact[bool]

	// When.
	Window    Fact[Window]
	Initiate  Fact[Initiation]
	Broadcast Fact[bool] // the same notice to many people is allowed
	// OptInBroadcast: people subscribe to notices in the channel itself, and the
	// channel carries them at any time. What is not proven is off.
	OptInBroadcast Fact[bool]
	// Exceptions are what may go out after the reply window. A channel without a
	// window has none.
	Exceptions Fact[[]Exception]

	// What is known of a sent message.
	Idempotent Fact[bool] // a repeated id is recognised by the provider
	Statuses   Fact[[]Status]
	Edits      Fact[bool] // people may edit or withdraw, and the line tells

	// Linking, erasure and the frame around it.
	Link         Fact[[]LinkMethod]
	Erasure      Fact[Erasure]
	Transport    Fact[string]
	Versioning   Fact[string]
	Security     Fact[string] // of the API
	DataLocation Fact[string]
	AuthLevel    Fact[string] // of the channel's own login, as an assurance level
	Signing      Fact[bool]   // the person can sign a document in the channel
	Fees         Fact[Fees]
}
