package channeltest_test

import (
	"context"
	"errors"
	"io"
	"math"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

func TestTheSuiteFindsDriversThatSendWrongly(t *testing.T) {
	findsAll(t, map[string]broken{
		"whose receipts have no id": {func(d *driver, f *channeltest.Fake) {
			d.send = func(_ channels.Outbound, r channels.Receipt, err error) (channels.Receipt, error) {
				return channels.Receipt{}, err
			}
		}, "Send returns a receipt with an id"},
		"whose receipts are alike": {func(d *driver, f *channeltest.Fake) {
			d.send = func(_ channels.Outbound, r channels.Receipt, err error) (channels.Receipt, error) {
				r.ID = "1"
				return r, err
			}
		}, "32 Sends at once give 32 receipts"},
		"whose receipt has failed": {func(d *driver, f *channeltest.Fake) {
			d.send = func(_ channels.Outbound, r channels.Receipt, err error) (channels.Receipt, error) {
				r.Status = channels.Failed
				return r, err
			}
		}, "Send returns a receipt with an id"},
		"that sends twice": {func(d *driver, f *channeltest.Fake) {
			d.send = func(m channels.Outbound, r channels.Receipt, err error) (channels.Receipt, error) {
				_, _ = f.Send(context.Background(), m)
				return r, err
			}
		}, "Send returns a receipt with an id"},
		"whose provider cuts a long text": {func(d *driver, f *channeltest.Fake) {
			d.send = func(m channels.Outbound, r channels.Receipt, err error) (channels.Receipt, error) {
				if errors.Is(err, channels.ErrTooLong) {
					m.Content = channels.Text{Body: "kärbitud"}
					return f.Send(context.Background(), m)
				}
				return r, err
			}
		}, "a text at the limit is sent and one over it is refused"},
		"that says a long text passes later": {func(d *driver, f *channeltest.Fake) {
			d.send = func(m channels.Outbound, r channels.Receipt, err error) (channels.Receipt, error) {
				if errors.Is(err, channels.ErrTooLong) {
					err = &channels.Error{Op: "send", Class: channels.ErrUnavailable, Outcome: channels.NotSent}
				}
				return r, err
			}
		}, "a text at the limit is sent and one over it is refused"},
		"that sends although the context ended": {func(d *driver, f *channeltest.Fake) {
			d.send = func(m channels.Outbound, r channels.Receipt, err error) (channels.Receipt, error) {
				if errors.Is(err, context.Canceled) {
					_, _ = f.Send(context.Background(), m)
				}
				return r, err
			}
		}, "a Send whose context has ended sends nothing"},
		"that sends an answer as text": {func(d *driver, f *channeltest.Fake) {
			d.send = func(m channels.Outbound, r channels.Receipt, err error) (channels.Receipt, error) {
				if _, ok := m.Content.(channels.Chosen); ok {
					m.Content = channels.Text{Body: "?"}
					return f.Send(context.Background(), m)
				}
				return r, err
			}
		}, "what cannot be sent is refused and not sent"},
		"that claims NotSent although it was": {func(d *driver, f *channeltest.Fake) {
			d.send = withError(func(e *channels.Error) { e.Outcome = channels.NotSent })
		}, "the provider answers: " + string(channeltest.Swallow)},
		"that never is sure": {func(d *driver, f *channeltest.Fake) {
			d.send = withError(func(e *channels.Error) { e.Outcome = channels.OutcomeUnknown })
		}, "the provider answers: " + string(channeltest.Limits)},
		"that forgets when to come again": {func(d *driver, f *channeltest.Fake) {
			d.send = withError(func(e *channels.Error) { e.RetryAfter = 0 })
		}, "the provider answers: " + string(channeltest.Limits)},
		"that waits for ever": {func(d *driver, f *channeltest.Fake) {
			d.send = withError(func(e *channels.Error) { e.RetryAfter = math.MaxInt64 })
		}, "the provider answers: " + string(channeltest.Limits)},
		"that calls all errors unavailable": {func(d *driver, f *channeltest.Fake) {
			d.send = withError(func(e *channels.Error) { e.Class = channels.ErrUnavailable })
		}, "the provider answers: " + string(channeltest.Denies)},
		"that hides an error": {func(d *driver, f *channeltest.Fake) {
			d.send = func(_ channels.Outbound, r channels.Receipt, _ error) (channels.Receipt, error) { return r, nil }
		}, "the provider answers: " + string(channeltest.Breaks)},
		"whose error has no class": {func(d *driver, f *channeltest.Fake) {
			d.send = withError(func(e *channels.Error) { e.Class = nil })
		}, "the provider answers: " + string(channeltest.Absent)},
		"whose error has no operation": {func(d *driver, f *channeltest.Fake) {
			d.send = withError(func(e *channels.Error) { e.Op = "" })
		}, "what cannot be sent is refused and not sent"},
		"whose error is of another line": {func(d *driver, f *channeltest.Fake) {
			d.send = withError(func(e *channels.Error) { e.Channel = "other" })
		}, "what cannot be sent is refused and not sent"},
		"whose error shows the person": {func(d *driver, f *channeltest.Fake) {
			d.send = withError(func(e *channels.Error) { e.Provider = string(peer) })
		}, "what cannot be sent is refused and not sent"},
		"that fails under load": {func(d *driver, f *channeltest.Fake) {
			var n atomic.Int64
			d.send = func(_ channels.Outbound, r channels.Receipt, err error) (channels.Receipt, error) {
				if n.Add(1) > 30 {
					return channels.Receipt{}, channels.ErrUnavailable
				}
				return r, err
			}
		}, "32 Sends at once give 32 receipts"},
	})
}

func TestTheSuiteFindsBrokenOptions(t *testing.T) {
	refused := &channels.Error{Op: "challenge", Class: channels.ErrSignature}
	findsAll(t, map[string]broken{
		"that answers every handshake": {func(d *driver, f *channeltest.Fake) {
			d.challenge = func(*channels.Request) ([]byte, error) { return []byte("42"), nil }
		}, "a handshake is answered for the right token only"},
		"that answers beside its refusal": {func(d *driver, f *channeltest.Fake) {
			d.challenge = func(*channels.Request) ([]byte, error) { return []byte("42"), refused }
		}, "a handshake is answered for the right token only"},
		"that ends a long file early": {func(d *driver, f *channeltest.Fake) {
			d.fetch = func(m channels.Media) (io.ReadCloser, error) {
				r, err := f.FetchMedia(context.Background(), m)
				if err != nil {
					return nil, err
				}
				return io.NopCloser(io.LimitReader(r, 1000)), nil
			}
		}, "a file at the limit is whole and one over it is an error"},
		"that gives an empty file for none": {func(d *driver, f *channeltest.Fake) {
			d.fetch = func(m channels.Media) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("")), nil }
		}, "a file that is not there is an error"},
		"that finds everything": {func(d *driver, f *channeltest.Fake) {
			d.find = func(r channels.Receipt, _ bool) (channels.Receipt, bool) { return r, true }
		}, "a message that was sent is found and another is not"},
		"that finds nothing": {func(d *driver, f *channeltest.Fake) {
			d.find = func(channels.Receipt, bool) (channels.Receipt, bool) { return channels.Receipt{}, false }
		}, "a message that was sent is found and another is not"},
		"that erases in its own words": {func(d *driver, f *channeltest.Fake) {
			d.erase = func() channels.Erasure { return "ok" }
		}, "erasing says what came of it"},
	})
}

// withError applies f to the error that Send returns.
func withError(f func(*channels.Error)) func(channels.Outbound, channels.Receipt, error) (channels.Receipt, error) {
	return func(_ channels.Outbound, r channels.Receipt, err error) (channels.Receipt, error) {
		var e *channels.Error
		if errors.As(err, &e) {
			f(e)
		}
		return r, err
	}
}
