package audit

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// Contents tells of the messages that a store keeps no more than the log does: the
// commitments to what they say.
type Contents interface {
	// Commitments returns, for each message, in the order of ids, what
	// alt.Commitments gives for it as it is kept now; nil for one that is not there.
	Commitments(ctx context.Context, agency channels.Agency, ids []string) ([]map[string]string, error)
}

// StoredContents reads messages out of a store. No content leaves it.
type StoredContents struct{ Archive alt.Archive }

// Commitments implements Contents.
func (s StoredContents) Commitments(ctx context.Context, agency channels.Agency, ids []string) ([]map[string]string, error) {
	sums := make([]map[string]string, len(ids))
	for i, id := range ids {
		parts, err := s.Archive.Message(ctx, agency, channels.MessageID(id))
		if errors.Is(err, alt.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("audit: read message: %w", err)
		}
		sums[i] = alt.Commitments(parts)
	}
	return sums, nil
}

// contentsAtOnce is how many messages are asked for at once.
const contentsAtOnce = 200

// claim is what an entry says of a part of a message.
type claim struct {
	leaf     Leaf
	message  string
	key, sum string
}

// place names a part of a message.
type place struct{ message, key string }

// doubtful is a part that is not what the latest entry about it says, as far as the
// log was read.
type doubtful struct {
	claim
	now  string // its commitment as it is kept; empty: its salt is gone
	gone bool
}

// contents compares messages with the entries about them.
type contents struct {
	v      *verification
	batch  []claim
	doubts map[place]doubtful
	order  []place // of doubts, as they came; some were cleared
}

// readContents reads the log once more, and what it says about messages beside the
// messages themselves. Entries that were changed are named by now, so it believes
// them. An entry is read before the message that it is about, and the log to its
// end, so a message that is edited meanwhile is seen with the entry of that.
func (v *verification) readContents(ctx context.Context) error {
	if v.Check.Contents == nil {
		return nil
	}
	c := &contents{v: v, doubts: make(map[place]doubtful)}
	log := &reader{follower: follower{ledger: v.Ledger, agency: v.Agency}}
	for {
		e, ok, err := log.peek(ctx)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		log.page = log.page[1:]
		v.contentsPurged(e)
		if e.Message == "" {
			continue
		}
		sums := e.Commitments()
		for _, key := range slices.Sorted(maps.Keys(sums)) {
			c.batch = append(c.batch, claim{LeafOf(e, -1), e.Message, key, sums[key]})
		}
		if len(c.batch) >= contentsAtOnce {
			if err := c.check(ctx); err != nil {
				return err
			}
		}
	}
	if err := c.check(ctx); err != nil {
		return err
	}
	c.tell()
	return nil
}

// contentsPurged takes note of a purge that came after the log was read.
func (v *verification) contentsPurged(e alt.LogEntry) {
	if e.Act == ActContentsPurged && e.Seq > v.last {
		v.declared(e, v.front.size)
	}
}

// check compares what was collected. Of a message that was redacted the last entry
// counts: the first one that was made of it, and then those of redactions.
func (c *contents) check(ctx context.Context) error {
	if len(c.batch) == 0 {
		return nil
	}
	ids := make([]string, 0, len(c.batch))
	for _, cl := range c.batch {
		if n := len(ids); n == 0 || ids[n-1] != cl.message {
			ids = append(ids, cl.message)
		}
	}
	found, err := c.v.Check.Contents.Commitments(ctx, c.v.Agency, ids)
	if err != nil {
		return err
	}
	if len(found) != len(ids) {
		return fmt.Errorf("audit: commitments of %d messages were asked for, %d came", len(ids), len(found))
	}
	at := 0
	for _, cl := range c.batch {
		if ids[at] != cl.message {
			at++
		}
		c.compare(cl, found[at])
	}
	c.batch = c.batch[:0]
	return nil
}

func (c *contents) compare(cl claim, found map[string]string) {
	p := place{cl.message, cl.key}
	now, there := found[cl.key]
	_, doubted := c.doubts[p]
	redaction := cl.leaf.Act == alt.ActRedacted
	switch {
	case !redaction:
		c.v.report.Contents++
		if doubted { // it is not made twice
			return
		}
	case doubted:
		delete(c.doubts, p)
	}
	if now == cl.sum && there || now == "" && c.purged(cl.leaf) {
		return
	}
	if len(c.doubts) >= c.v.MaxFindings {
		c.v.report.More++
		return
	}
	if !doubted {
		c.order = append(c.order, p)
	}
	c.doubts[p] = doubtful{claim: cl, now: now, gone: !there}
}

// purged reports whether a content that is gone is accounted for.
func (c *contents) purged(l Leaf) bool {
	by, _ := c.v.purgedContents.covers(l, c.v.KeepContentsFor, c.v.marks, c.v.now)
	if by != 0 {
		c.v.report.ContentsPurged++
	}
	return by != 0
}

// tell names what is not as the log says.
func (c *contents) tell() {
	v := c.v
	kept := make(map[string]string) // what stands where something else belongs
	for p, d := range c.doubts {
		if d.now != "" {
			kept[d.now] = p.message
		}
	}
	told := make(map[place]bool)
	for _, p := range c.order {
		d, ok := c.doubts[p]
		if !ok || told[p] {
			continue
		}
		told[p] = true
		f := named(AlteredContent, d.leaf, "the message does not say what it said then")
		f.Message = p.message
		switch {
		case d.gone || d.now == "":
			if c.purged(d.leaf) { // since it was looked for
				continue
			}
			_, early := v.purgedContents.covers(d.leaf, v.KeepContentsFor, v.marks, v.now)
			if f.Detail = "its salt is gone, so nobody can show what it said"; d.gone {
				f.Kind, f.Detail = MissingContent, "the message is gone, and no purge accounts for it"
			}
			if early != 0 {
				f.Detail = fmt.Sprintf("the purge of entry %d came before its term", early)
			}
		case kept[d.sum] != "":
			f.Detail = "what it said stands in message " + kept[d.sum]
		}
		if p.key != alt.DetailCommitment {
			f.Where = "part " + p.key[len(alt.DetailCommitment)+1:]
		}
		v.find(f)
	}
}
