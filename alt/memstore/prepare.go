package memstore

import (
	"crypto/sha256"
	"fmt"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// change is alt.Changes with everything encoded that will be kept, so that
// nothing can fail once the first row is written.
type change struct {
	alt.Changes
	send       []sending
	later      []arrival
	event      *arrival
	recordAs   []byte
	redactions [][]byte   // contents
	echoes     [][32]byte // prints of the reports' contents
}

type sending struct {
	out     channels.Outbound // without Content
	content []byte
	print   [32]byte
}

func prepare(c alt.Changes) (*change, error) {
	if err := alt.ValidFlows(c.Flows); err != nil {
		return nil, err
	}
	p := &change{Changes: c}
	for _, o := range c.Send {
		print, err := o.Fingerprint()
		if err != nil {
			return nil, err
		}
		content, err := channels.MarshalContent(o.Content)
		if err != nil {
			return nil, err
		}
		o.Content = nil
		p.send = append(p.send, sending{out: o, content: content, print: print})
	}
	for _, l := range c.Later {
		a, err := arrive(l.Event)
		if err != nil {
			return nil, err
		}
		p.later = append(p.later, a)
	}
	if c.Event != nil {
		a, err := arrive(c.Event)
		if err != nil {
			return nil, err
		}
		p.event = &a
	}
	return p, p.contents()
}

func (p *change) contents() error {
	var err error
	if p.RecordAs != nil {
		if p.recordAs, err = channels.MarshalContent(p.RecordAs); err != nil {
			return err
		}
	}
	for _, r := range p.Redactions {
		if r.With == nil {
			r.With = channels.Unsupported{Type: channels.TypeWithdrawn}
		}
		b, err := channels.MarshalContent(r.With)
		if err != nil {
			return err
		}
		p.redactions = append(p.redactions, b)
	}
	for _, r := range p.Reports {
		b, err := channels.MarshalContent(r.Echo)
		if err != nil {
			return err
		}
		p.echoes = append(p.echoes, sha256.Sum256(b))
	}
	return nil
}

// fits refuses what makes no sense for the item.
func (p *change) fits(it *item) error {
	var work alt.Work
	if it != nil {
		work = it.work
	}
	var wrong string
	switch {
	case (p.event != nil) != (work == alt.Media):
		wrong = "Event belongs to Media work, and Media work to an Event"
	case p.Receipt != nil && (work != alt.Outbox && work != alt.Reconcile || p.Receipt.ID == ""):
		wrong = "Receipt needs a message and an ID"
	case p.Unknown && (work != alt.Outbox || p.Receipt != nil):
		wrong = "Unknown is for an Outbox item without a Receipt"
	case p.Record && (work != alt.Inbox || it.event.typ != "received" && it.event.typ != "echoed"):
		wrong = "Record is for an Inbox item that is a message"
	default:
		return nil
	}
	return fmt.Errorf("%w: %s", alt.ErrInput, wrong)
}
