package pgstore

import (
	"encoding/json"
	"fmt"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// change is alt.Changes with all rows encoded, so that the writer spends no
// time on it. Session, Contact and Conversation are copies as they will be.
type change struct {
	alt.Changes
	session       sessionRow
	contact, talk []byte
	send          []*sending
	later         []*arrival
	event         *arrival
	redactions    []channels.Content
	echoes        []string // contents as they are stored
	log           []logRow

	applied  bool // false when Once said that it was done before
	position int64
}

type sending struct {
	out    channels.Outbound
	body   []byte
	print  [32]byte
	search string
}

func (v *vault) prepare(c alt.Changes) (*change, error) {
	if err := alt.ValidFlows(c.Flows); err != nil {
		return nil, err
	}
	p := &change{Changes: c}
	if err := p.encodeSession(v); err != nil {
		return nil, err
	}
	for _, encode := range []func() error{p.encodePeople, p.encodeSend, p.encodeEvents, p.encodeReports, p.encodeLog} {
		if err := encode(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *change) encodeSession(v *vault) error {
	if p.Session == nil {
		return nil
	}
	p.Session = p.Session.Clone()
	var err error
	p.session, err = v.encode(p.Session)
	return err
}

func (p *change) encodePeople() error {
	var err error
	if p.Contact != nil {
		p.Contact = cloneContact(p.Contact)
		p.Contact.Version++
		stored := *p.Contact
		stored.Thread = ""
		if p.contact, err = json.Marshal(&stored); err != nil {
			return fmt.Errorf("pgstore: encode contact: %w", err)
		}
	}
	if p.Conversation != nil {
		v := *p.Conversation
		v.Version++
		v.Position = 0
		p.Conversation = &v
		stored := v
		stored.Thread = ""
		if p.talk, err = json.Marshal(&stored); err != nil {
			return fmt.Errorf("pgstore: encode conversation: %w", err)
		}
	}
	return nil
}

func (p *change) encodeSend() error {
	for _, o := range p.Send {
		print, err := o.Fingerprint()
		if err != nil {
			return err
		}
		body, err := channels.MarshalOutbound(o)
		if err != nil {
			return err
		}
		if err := storable(string(o.To.Agency), string(o.To.Channel), string(o.To.Peer), string(o.ID)); err != nil {
			return err
		}
		p.send = append(p.send, &sending{out: o, body: body, print: print, search: searchable(o.Content)})
	}
	return nil
}

func (p *change) encodeEvents() error {
	for _, l := range p.Later {
		a, err := arrive(l.Event)
		if err != nil {
			return err
		}
		a.at = l.At
		p.later = append(p.later, a)
	}
	if p.Event != nil {
		a, err := arrive(p.Event)
		if err != nil {
			return err
		}
		p.event = a
	}
	return nil
}

func (p *change) encodeReports() error {
	for _, r := range p.Redactions {
		if r.With == nil {
			r.With = channels.Unsupported{Type: channels.TypeWithdrawn}
		}
		p.redactions = append(p.redactions, r.With)
	}
	if r := p.Receipt; r != nil {
		if err := storable(string(r.ID), r.Thread); err != nil {
			return err
		}
	}
	for _, r := range p.Reports {
		if err := storable(string(r.Address.Peer), string(r.ID), r.Ref, r.Thread); err != nil {
			return err
		}
		echo := ""
		if r.Echo != nil {
			b, err := channels.MarshalContent(r.Echo)
			if err != nil {
				return err
			}
			echo = string(b)
		}
		p.echoes = append(p.echoes, echo)
	}
	return nil
}

func (p *change) encodeLog() error {
	for _, e := range p.Log {
		l, err := encodeLog(e)
		if err != nil {
			return err
		}
		p.log = append(p.log, l)
	}
	return nil
}

// fits refuses what makes no sense for the item that is held.
func (p *change) fits(e *item) error {
	var work alt.Work
	if e != nil {
		work = e.work
	}
	var wrong string
	switch {
	case (p.Event != nil) != (work == alt.Media):
		wrong = "Event belongs to Media work, and Media work to an Event"
	case p.Receipt != nil && (work != alt.Outbox && work != alt.Reconcile || p.Receipt.ID == ""):
		wrong = "Receipt needs a message and an ID"
	case p.Unknown && (work != alt.Outbox || p.Receipt != nil):
		wrong = "Unknown is for an Outbox item without a Receipt"
	case p.Record && (work != alt.Inbox || e.kind != received && e.kind != echoed):
		wrong = "Record is for an Inbox item that is a message"
	default:
		return nil
	}
	return fmt.Errorf("%w: %s", alt.ErrInput, wrong)
}
