package channeltest

import (
	"bytes"
	"context"
	"io"
	"slices"

	"github.com/liidestuja/liidestuja/channels"
)

// FetchMedia implements channels.MediaFetcher for files given to Media.
func (f *Fake) FetchMedia(ctx context.Context, m channels.Media) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, f.refuse("fetch", channels.ErrUnavailable, err)
	}
	f.mu.Lock()
	file, ok := f.files[m.Ref]
	f.mu.Unlock()
	if !ok {
		return nil, f.refuse("fetch", channels.ErrRejected, nil)
	}
	tooLong := f.refuse("fetch", channels.ErrTooLong, nil)
	return io.NopCloser(&capped{r: bytes.NewReader(file), left: f.cfg.MediaLimit, err: tooLong}), nil
}

// capped reads at most left bytes and fails where there are more.
type capped struct {
	r    io.Reader
	left int64
	err  error
}

func (c *capped) Read(p []byte) (int, error) {
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1]
	}
	n, err := c.r.Read(p)
	if int64(n) > c.left {
		return int(c.left), c.err
	}
	c.left -= int64(n)
	return n, err
}

// Typing implements channels.Typer.
func (f *Fake) Typing(ctx context.Context, to channels.Address) error {
	if err := ctx.Err(); err != nil {
		return f.refuse("typing", channels.ErrUnavailable, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.typed = append(f.typed, to)
	return nil
}

// Typed returns to whom Typing was shown, the earliest first.
func (f *Fake) Typed() []channels.Address {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.typed)
}

// Find implements channels.Finder: it looks among what was accepted.
func (f *Fake) Find(ctx context.Context, m channels.Outbound) (channels.Receipt, bool, error) {
	if err := ctx.Err(); err != nil {
		return channels.Receipt{}, false, f.refuse("find", channels.ErrUnavailable, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	r, ok := f.find(m.Ref())
	return r, ok, nil
}

// find looks for a Ref. The lock is held.
func (f *Fake) find(ref string) (channels.Receipt, bool) {
	for _, s := range f.sent {
		if s.Ref() == ref {
			return s.Receipt, true
		}
	}
	return channels.Receipt{}, false
}

// Erase implements channels.Eraser. It answers what the capabilities say,
// Erased when they say nothing, and forgets what was sent only then.
func (f *Fake) Erase(ctx context.Context, to channels.Address, _ string) (channels.Erasure, error) {
	if err := ctx.Err(); err != nil {
		return "", f.refuse("erase", channels.ErrUnavailable, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.erased = append(f.erased, to)
	result := channels.Erased
	if f.caps.Erasure.Known() {
		result = f.caps.Erasure.Value
	}
	if result == channels.Erased {
		f.sent = slices.DeleteFunc(f.sent, func(s Sent) bool { return s.To == to })
	}
	return result, nil
}

// Erasures returns for whom Erase was called, the earliest first.
func (f *Fake) Erasures() []channels.Address {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.erased)
}
