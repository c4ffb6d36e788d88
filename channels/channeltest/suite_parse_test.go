package channeltest_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

func TestTheSuiteFindsDriversThatLoseMessages(t *testing.T) {
	findsAll(t, map[string]broken{
		"that changes the text": {func(d *driver, f *channeltest.Fake) {
			d.parse = each(func(e *channels.Received) { e.Content = channels.Text{Body: "?"} })
		}, "a message arrives as it was written"},
		"that names another person": {func(d *driver, f *channeltest.Fake) {
			d.parse = each(func(e *channels.Received) { e.Peer = "50000766" })
		}, "a message arrives as it was written"},
		"that gives no id": {func(d *driver, f *channeltest.Fake) {
			d.parse = each(func(e *channels.Received) { e.ID = "" })
		}, "a message arrives as it was written"},
		"that gives no key": {func(d *driver, f *channeltest.Fake) {
			d.parse = each(func(e *channels.Received) { e.Key = "" })
		}, "a message arrives as it was written"},
		"that names no line": {func(d *driver, f *channeltest.Fake) {
			d.parse = each(func(e *channels.Received) { e.Channel = "" })
		}, "a message arrives as it was written"},
		"that names an agency": {func(d *driver, f *channeltest.Fake) {
			d.parse = each(func(e *channels.Received) { e.Agency = "ppa" })
		}, "a message arrives as it was written"},
		"that gives no time": {func(d *driver, f *channeltest.Fake) {
			d.parse = each(func(e *channels.Received) { e.At = time.Time{} })
		}, "a message arrives as it was written"},
		"that gives no raw bytes": {func(d *driver, f *channeltest.Fake) {
			d.parse = each(func(e *channels.Received) { e.Raw = nil })
		}, "a message arrives as it was written"},
		"that drops the second event": {func(d *driver, f *channeltest.Fake) {
			d.parse = func(_ *channels.Request, evs []channels.Event, err error) ([]channels.Event, error) {
				if len(evs) > 1 {
					evs = append(evs[:1:1], evs[2:]...)
				}
				return evs, err
			}
		}, "a batch of messages gives an event for each, in order"},
		"that turns a batch round": {func(d *driver, f *channeltest.Fake) {
			d.parse = func(_ *channels.Request, evs []channels.Event, err error) ([]channels.Event, error) {
				if len(evs) > 1 {
					evs[0], evs[1] = evs[1], evs[0]
				}
				return evs, err
			}
		}, "a batch of messages gives an event for each, in order"},
		"that gives one key twice": {func(d *driver, f *channeltest.Fake) {
			d.parse = each(func(e *channels.Received) { e.Key = "one" })
		}, "a batch of messages gives an event for each, in order"},
		"that gives every message one key": {func(d *driver, f *channeltest.Fake) {
			d.parse = each(func(e *channels.Received) { e.Key = "one" })
		}, "a redelivery gives the same keys"},
		"that makes keys up": {func(d *driver, f *channeltest.Fake) {
			n := 0
			d.parse = each(func(e *channels.Received) { n++; e.Key = fmt.Sprint(n) })
		}, "a redelivery gives the same keys"},
		"that takes keys from the signature": {func(d *driver, f *channeltest.Fake) {
			d.parse = func(r *channels.Request, evs []channels.Event, err error) ([]channels.Event, error) {
				return each(func(e *channels.Received) { e.Key = fmt.Sprint(r.Header) })(r, evs, err)
			}
		}, "a redelivery gives the same keys"},
		"whose Parse depends on the clock": {func(d *driver, f *channeltest.Fake) {
			at := epoch
			d.parse = each(func(e *channels.Received) { at = at.Add(1); e.At = at })
		}, "Parse does not change the request"},
		"whose Parse changes the request": {func(d *driver, f *channeltest.Fake) {
			d.parse = func(r *channels.Request, evs []channels.Event, err error) ([]channels.Event, error) {
				r.Body[0] = ' '
				return evs, err
			}
		}, "Parse does not change the request"},
		"that loses what it does not understand": {func(d *driver, f *channeltest.Fake) {
			d.parse = func(_ *channels.Request, evs []channels.Event, err error) ([]channels.Event, error) { return evs, nil }
		}, "a body that is not understood is malformed, not lost"},
		"that panics": {func(d *driver, f *channeltest.Fake) {
			d.parse = func(_ *channels.Request, evs []channels.Event, err error) ([]channels.Event, error) {
				return evs, fmt.Errorf("%w", evs[0].(error))
			}
		}, "a body that is not understood is malformed, not lost"},
		"whose error is its own": {func(d *driver, f *channeltest.Fake) {
			d.parse = func(_ *channels.Request, evs []channels.Event, err error) ([]channels.Event, error) {
				if err != nil {
					err = io.ErrUnexpectedEOF
				}
				return evs, err
			}
		}, "a body that is not understood is malformed, not lost"},
		"that mends what is not UTF-8": {func(d *driver, f *channeltest.Fake) {
			d.parse = func(r *channels.Request, evs []channels.Event, err error) ([]channels.Event, error) {
				if strings.Contains(string(r.Body), "\xff") {
					return []channels.Event{f.Message(peer, "?")}, nil
				}
				return evs, err
			}
		}, "a text that is not UTF-8 is malformed, not mended"},
		"that panics at another type": {func(d *driver, f *channeltest.Fake) {
			d.parse = func(r *channels.Request, evs []channels.Event, err error) ([]channels.Event, error) {
				if strings.Contains(string(r.Body), `"channel":true`) {
					panic("not a string")
				}
				return evs, err
			}
		}, "a value of another type does not break Parse"},
	})
}

// each applies f to the messages that Parse returns.
func each(f func(*channels.Received)) func(*channels.Request, []channels.Event, error) ([]channels.Event, error) {
	return func(_ *channels.Request, evs []channels.Event, err error) ([]channels.Event, error) {
		for _, e := range evs {
			if r, ok := e.(*channels.Received); ok {
				f(r)
			}
		}
		return evs, err
	}
}

// What is signed with the Fake's own secret is authentic whatever it says.
func FuzzTheFakeWithstandsAnything(f *testing.F) {
	fake := newFake()
	f.Add("", "", []byte(`{"events":[]}`), false)
	f.Add("1763802000", "00", fake.Post(fake.Message("kati", "Tere")).Body, true)
	f.Add("", "x", []byte(`{"events":[7,null,{"type":"received","key":"k"}]}`), true)
	f.Fuzz(func(t *testing.T, at, signature string, body []byte, genuine bool) {
		r := fake.Sign(body)
		if !genuine {
			r.Header.Set(channeltest.TimeHeader, at)
			r.Header.Set(channeltest.SignatureHeader, signature)
		}
		if channeltest.Withstand(t, fake, r) != genuine {
			t.Errorf("authentic: %v, accepted: %v", genuine, !genuine)
		}
	})
}

func TestWithstandFindsWhatIsWrong(t *testing.T) {
	f := newFake()
	for name, d := range map[string]*driver{
		"a refusal of another class": {verify: func(*channels.Request, error) error {
			return &channels.Error{Op: "verify", Class: channels.ErrRejected}
		}},
		"an error of another class": {parse: func(*channels.Request, []channels.Event, error) ([]channels.Event, error) {
			return nil, &channels.Error{Op: "parse", Class: channels.ErrRejected}
		}},
		"events beside an error": {parse: func(_ *channels.Request, evs []channels.Event, _ error) ([]channels.Event, error) {
			return evs, &channels.Error{Op: "parse", Class: channels.ErrMalformed}
		}},
		"a hole": {parse: func(*channels.Request, []channels.Event, error) ([]channels.Event, error) {
			return []channels.Event{nil}, nil
		}},
		"an event without a key": {parse: each(func(e *channels.Received) { e.Key = "" })},
	} {
		t.Run(name, func(t *testing.T) {
			var rec recorder
			d.Fake = f
			rec.Run("request", func(t *recorder) { channeltest.Withstand(t, d, f.Post(f.Message("kati", "Tere"))) })
			require.NotEmpty(t, rec.failed)
		})
	}
}
