package channels

import (
	"encoding/json"
	"errors"
	"fmt"
)

// MarshalContent encodes content for storage as {"kind":…,"value":…}; nil is
// "null".
func MarshalContent(c Content) ([]byte, error) { return json.Marshal(boxed{c}) }

// UnmarshalContent decodes what MarshalContent wrote. Its error, like that of
// the other decoders, is an *Error of class ErrMalformed.
func UnmarshalContent(b []byte) (Content, error) {
	var v boxed
	if err := json.Unmarshal(b, &v); err != nil {
		return nil, undecodable(err)
	}
	return v.c, nil
}

// undecodable hides the cause, which quotes what it could not read.
func undecodable(err error) error {
	return &Error{Op: "decode", Class: ErrMalformed, Outcome: NotSent, Err: err}
}

// boxed gives a sealed content its stored form wherever it is embedded.
type boxed struct{ c Content }

func (b boxed) MarshalJSON() ([]byte, error) {
	if b.c == nil {
		return []byte("null"), nil
	}
	v, err := json.Marshal(b.c)
	if err != nil {
		return nil, fmt.Errorf("channels: encode %s: %w", b.c.Kind(), err)
	}
	out := make([]byte, 0, len(v)+len(b.c.Kind())+20)
	out = append(out, `{"kind":"`...)
	out = append(out, b.c.Kind()...)
	out = append(out, `","value":`...)
	out = append(out, v...)
	return append(out, '}'), nil
}

func (b *boxed) UnmarshalJSON(data []byte) error {
	var e struct {
		Kind  string          `json:"kind"`
		Value json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(data, &e); err != nil {
		return err
	}
	var err error
	switch e.Kind {
	case "":
		b.c = nil
	case Text{}.Kind():
		b.c, err = decode[Text](e.Value)
	case Media{}.Kind():
		b.c, err = decode[Media](e.Value)
	case Location{}.Kind():
		b.c, err = decode[Location](e.Value)
	case ContactCard{}.Kind():
		b.c, err = decode[ContactCard](e.Value)
	case Choices{}.Kind():
		b.c, err = decode[Choices](e.Value)
	case Chosen{}.Kind():
		b.c, err = decode[Chosen](e.Value)
	case Template{}.Kind():
		b.c, err = decode[Template](e.Value)
	case Reaction{}.Kind():
		b.c, err = decode[Reaction](e.Value)
	case Unsupported{}.Kind():
		b.c, err = decode[Unsupported](e.Value)
	default:
		err = errors.New("content of an unknown kind")
	}
	return err
}

func decode[T Content](b []byte) (Content, error) {
	var v T
	if err := json.Unmarshal(b, &v); err != nil {
		return nil, err
	}
	return v, nil
}

// MarshalOutbound encodes a message for storage. Media.Open is not kept.
func MarshalOutbound(o Outbound) ([]byte, error) {
	return json.Marshal(outboundRow{Outbound: o, Content: boxed{o.Content}})
}

// UnmarshalOutbound decodes what MarshalOutbound wrote.
func UnmarshalOutbound(b []byte) (Outbound, error) {
	var r outboundRow
	if err := json.Unmarshal(b, &r); err != nil {
		return Outbound{}, undecodable(err)
	}
	r.Outbound.Content = r.Content.c
	return r.Outbound, nil
}

type outboundRow struct {
	Outbound
	Content boxed `json:"content"`
}
