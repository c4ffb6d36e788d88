package alt_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

// faulty is a store whose calls fail as told; a nil hook changes nothing.
type faulty struct {
	alt.Store
	commit  func(alt.Item, alt.Changes) error
	release func(alt.Item) error
	dossier func() error
	putBlob func() error
	claim   func(alt.ClaimQuery) error
	open    func(channels.Agency, channels.BlobID) (io.ReadCloser, error)
}

func (s *faulty) Commit(ctx context.Context, it alt.Item, c alt.Changes) error {
	if s.commit != nil {
		if err := s.commit(it, c); err != nil {
			return err
		}
	}
	return s.Store.Commit(ctx, it, c)
}

func (s *faulty) Release(ctx context.Context, it alt.Item, at time.Time, cause error) error {
	if s.release != nil {
		if err := s.release(it); err != nil {
			return err
		}
	}
	return s.Store.Release(ctx, it, at, cause)
}

func (s *faulty) Dossier(ctx context.Context, a channels.Address) (alt.Dossier, error) {
	if s.dossier != nil {
		if err := s.dossier(); err != nil {
			return alt.Dossier{}, err
		}
	}
	return s.Store.Dossier(ctx, a)
}

func (s *faulty) PutBlob(ctx context.Context, agency channels.Agency, r io.Reader, max int64) (alt.BlobInfo, error) {
	if s.putBlob != nil {
		if err := s.putBlob(); err != nil {
			return alt.BlobInfo{}, err
		}
	}
	return s.Store.PutBlob(ctx, agency, r, max)
}

func (s *faulty) Claim(ctx context.Context, q alt.ClaimQuery) ([]alt.Item, error) {
	if s.claim != nil {
		if err := s.claim(q); err != nil {
			return nil, err
		}
	}
	return s.Store.Claim(ctx, q)
}

func (s *faulty) OpenBlob(ctx context.Context, a channels.Agency, id channels.BlobID) (io.ReadCloser, error) {
	if s.open != nil {
		return s.open(a, id)
	}
	return s.Store.OpenBlob(ctx, a, id)
}

// over puts s between a service and its store.
func (s *faulty) over(c *alt.Config) { s.Store, c.Store = c.Store, s }

var errDisk = errors.New("disk full")

// buggy is a driver with bugs; a nil hook is a call without one.
type buggy struct {
	*channeltest.Fake
	verify, find, fetch func()
	parse               func([]channels.Event) []channels.Event
	send                func() (channels.Receipt, error)
}

func (b *buggy) Verify(ctx context.Context, r *channels.Request) error {
	if b.verify != nil {
		b.verify()
	}
	return b.Fake.Verify(ctx, r)
}

func (b *buggy) Parse(ctx context.Context, r *channels.Request) ([]channels.Event, error) {
	evs, err := b.Fake.Parse(ctx, r)
	if b.parse != nil {
		evs = b.parse(evs)
	}
	return evs, err
}

func (b *buggy) Find(ctx context.Context, m channels.Outbound) (channels.Receipt, bool, error) {
	if b.find != nil {
		b.find()
	}
	return b.Fake.Find(ctx, m)
}

func (b *buggy) FetchMedia(ctx context.Context, m channels.Media) (io.ReadCloser, error) {
	if b.fetch != nil {
		b.fetch()
	}
	return b.Fake.FetchMedia(ctx, m)
}

func (b *buggy) Send(ctx context.Context, m channels.Outbound) (channels.Receipt, error) {
	if b.send != nil {
		return b.send()
	}
	return b.Fake.Send(ctx, m)
}

// with returns a harness with b in the place of its "messenger" line.
func (b *buggy) with(t *testing.T, h alt.Handler, change func(*alt.Config)) (*alttest.Harness, *alttest.Chat) {
	t.Helper()
	hs := alttest.NewWith(t, alttest.Config{Handler: h, Change: func(c *alt.Config) {
		for i, ch := range c.Channels {
			if ch.Info().ID == "messenger" {
				b.Fake = ch.(*channeltest.Fake)
				c.Channels[i] = b
			}
		}
		if change != nil {
			change(c)
		}
	}})
	return hs, hs.Chat("messenger")
}

func boom() { panic("secret of a person") }
