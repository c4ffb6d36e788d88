package alt

import (
	"errors"
	"io"
)

// blobFile is a stored file as http.ServeContent wants it. Stores give streams
// only, so another place is reached by reading up to it.
type blobFile struct {
	open func() (io.ReadCloser, error)
	size int64
	at   int64 // where the next Read is to begin

	body io.ReadCloser
	read int64 // how far body is
	err  error // of the store
}

// measure reads the file once: how long it is, and that it is whole, must be
// known before the first byte is promised.
func (f *blobFile) measure() error {
	body, err := f.open()
	if err != nil {
		return err
	}
	f.size, err = io.Copy(io.Discard, body)
	return errors.Join(err, body.Close())
}

// Seek implements io.Seeker.
func (f *blobFile) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += f.at
	case io.SeekEnd:
		offset += f.size
	}
	if offset < 0 {
		return 0, errSeek
	}
	f.at = offset
	return offset, nil
}

// Read implements io.Reader.
func (f *blobFile) Read(p []byte) (int, error) {
	if err := f.reach(); err != nil {
		if !errors.Is(err, io.EOF) {
			f.err = err
		}
		return 0, err
	}
	n, err := f.body.Read(p)
	f.at, f.read = f.at+int64(n), f.read+int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = err
	}
	return n, err
}

// reach brings the stream to where the next Read begins.
func (f *blobFile) reach() error {
	if f.body != nil && f.read > f.at {
		f.close()
	}
	if f.body == nil {
		body, err := f.open()
		if err != nil {
			return err
		}
		f.body, f.read = body, 0
	}
	n, err := io.CopyN(io.Discard, f.body, f.at-f.read)
	f.read += n
	return err
}

func (f *blobFile) close() {
	if f.body != nil {
		_ = f.body.Close()
		f.body = nil
	}
}
