package audit

import (
	"fmt"
	"sort"
	"strconv"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// ActPurged is the act of an entry that says which entries were removed on purpose.
// Whoever removes them writes it in the same transaction. Entries of this act are
// never removed themselves: they hold nothing that has a term.
const ActPurged = "log.purged"

// ActContentsPurged is the act of an entry that says of which messages the contents
// were removed: of those that entries of these numbers are about. Whoever removes
// them writes it in the same transaction.
const ActContentsPurged = "contents.purged"

// Purge says which entries of the log were removed: those of one conversation, or
// of all, from a number up to another, both included.
type Purge struct {
	Conversation  string // empty: whatever the conversation
	From, Through int64  // LogEntry.Seq
}

// Entry returns the entry that declares the purge.
func (p Purge) Entry(agency channels.Agency, at time.Time, actor string) alt.LogEntry {
	return alt.LogEntry{
		Agency: agency, At: at, Act: ActPurged, Actor: actor, Conversation: p.Conversation,
		Detail: map[string]string{"from": strconv.FormatInt(p.From, 10), "through": strconv.FormatInt(p.Through, 10)},
	}
}

// ContentsEntry returns the entry that declares that the contents of messages were
// removed, with their salts: of those about which there are entries that the purge
// covers, which stay.
func (p Purge) ContentsEntry(agency channels.Agency, at time.Time, actor string) alt.LogEntry {
	e := p.Entry(agency, at, actor)
	e.Act = ActContentsPurged
	return e
}

// ParsePurge is the inverse of Entry and ContentsEntry. It refuses a purge of what comes after it.
func ParsePurge(e alt.LogEntry) (Purge, error) {
	p := Purge{Conversation: e.Conversation}
	var err [2]error
	p.From, err[0] = strconv.ParseInt(e.Detail["from"], 10, 64)
	p.Through, err[1] = strconv.ParseInt(e.Detail["through"], 10, 64)
	if e.Act != ActPurged && e.Act != ActContentsPurged || err[0] != nil || err[1] != nil || p.From > p.Through || p.Through >= e.Seq {
		return Purge{}, fmt.Errorf("%w: entry %d declares no purge", alt.ErrInput, e.Seq)
	}
	return p, nil
}

// purge is a Purge that the log declares.
type purge struct {
	Purge
	seq  int64
	at   time.Time // as it says itself
	leaf int64     // its place in the tree
}

// purges finds the purge that covers an entry.
type purges struct {
	byConversation map[string][]purge
	whole          []purge
}

func (p *purges) add(d purge) {
	if d.Conversation == "" {
		p.whole = append(p.whole, d)
		return
	}
	if p.byConversation == nil {
		p.byConversation = make(map[string][]purge)
	}
	conv := clip(d.Conversation, maxConversation)
	p.byConversation[conv] = append(p.byConversation[conv], d)
}

// covers returns the number of the purge that accounts for a leaf whose entry is
// gone, or 0; and of one that came too early to do so.
//
// A purge is as old as the first checkpoint that counts it at most: what it says of
// its own time may be invented. marks are in order.
func (p *purges) covers(l Leaf, keepFor time.Duration, marks []mark, now time.Time) (by, early int64) {
	if l.Act == ActPurged {
		return 0, 0
	}
	for _, list := range [][]purge{p.byConversation[l.Conversation], p.whole} {
		for _, d := range list {
			if l.Seq < d.From || l.Seq > d.Through {
				continue
			}
			at := now
			if i := sort.Search(len(marks), func(i int) bool { return marks[i].Size > d.leaf }); i < len(marks) {
				at = marks[i].At
			}
			if d.at.Before(at) {
				at = d.at
			}
			if keepFor == 0 || at.Sub(l.At) >= keepFor {
				return d.seq, 0
			}
			early = d.seq
		}
	}
	return 0, early
}
