package httpx

import (
	"context"
	"io"
	"time"
)

// cappedReader passes on at most left bytes and fails with ErrTooLarge as soon as
// there is one more, so that nothing is ever cut in silence. Errors are sticky.
type cappedReader struct {
	r    io.Reader
	left int64
	err  error
}

func (c *cappedReader) Read(p []byte) (int, error) {
	if c.err != nil || len(p) == 0 {
		return 0, c.err
	}
	if int64(len(p))-1 > c.left {
		p = p[:c.left+1]
	}
	n, err := c.r.Read(p)
	if int64(n) > c.left {
		n, err = int(c.left), ErrTooLarge
	}
	c.left -= int64(n)
	c.err = err
	return n, err
}

// timely is a body that cannot be sent when the call's time is over. It is read last
// before the system call that writes: a process that was stopped there with all it
// holds, and is let on minutes later, must not send what another has taken over.
type timely struct {
	io.ReadCloser
	end time.Time
}

// Read implements io.Reader.
func (t timely) Read(p []byte) (int, error) {
	if !time.Now().Before(t.end) {
		return 0, context.DeadlineExceeded
	}
	return t.ReadCloser.Read(p)
}

// emptyBody is a body that is there but holds nothing; see onceOnly.
type emptyBody struct{}

func (emptyBody) Read([]byte) (int, error) { return 0, io.EOF }
func (emptyBody) Close() error             { return nil }
