package pgstore

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"

	"github.com/jackc/pgx/v5"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/uuid"

	"github.com/liidestuja/liidestuja/internal/atrest"
)

// rowSize is how many sealed bytes one row of a file holds.
const rowSize = 256 << 10

const deleteBlob = "DELETE FROM blobs WHERE agency = $1 AND name = $2"

// blobName is what a blob's rows and key are made of.
func blobName(agency channels.Agency, id channels.BlobID) []byte {
	sum := sha256.Sum256([]byte(string(agency) + "\x00" + string(id)))
	return sum[:]
}

// counting passes on at most max bytes, and counts and hashes them.
type counting struct {
	ctx context.Context //nolint:containedctx // it lives as long as one call
	r   io.Reader
	max int64
	n   int64
	sum hash.Hash
}

// Read implements io.Reader.
func (c *counting) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.r.Read(p)
	c.n += int64(n)
	if c.n > c.max {
		return 0, alt.ErrTooBig
	}
	_, _ = c.sum.Write(p[:n])
	return n, err
}

// PutBlob implements alt.Blobs. The file is written in a transaction of its own,
// as it is read.
func (s *Store) PutBlob(ctx context.Context, agency channels.Agency, r io.Reader, max int64) (alt.BlobInfo, error) {
	if err := s.open(ctx); err != nil {
		return alt.BlobInfo{}, err
	}
	defer s.closing.RUnlock()
	var info alt.BlobInfo
	err := s.pool.use(ctx, func(c *pgx.Conn) error {
		now, err := s.time(ctx, c)
		if err != nil {
			return err
		}
		id := channels.BlobID(uuid.New(now))
		counted := &counting{ctx: ctx, r: r, max: max, sum: sha256.New()}
		err = pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
			name := blobName(agency, id)
			w := bufio.NewWriterSize(&rowWriter{ctx: ctx, tx: tx, agency: agency, name: name}, rowSize)
			if err := atrest.Seal(w, counted, s.cfg.Key, hex.EncodeToString(name)); err != nil {
				return err
			}
			return w.Flush()
		})
		info = alt.BlobInfo{ID: id, Size: counted.n, SHA256: hex.EncodeToString(counted.sum.Sum(nil))}
		return err
	})
	if err != nil {
		return alt.BlobInfo{}, err
	}
	return info, nil
}

// rowWriter makes a row of each Write.
type rowWriter struct {
	ctx    context.Context //nolint:containedctx // it lives as long as one call
	tx     pgx.Tx
	agency channels.Agency
	name   []byte
	n      int
}

// Write implements io.Writer.
func (w *rowWriter) Write(p []byte) (int, error) {
	_, err := w.tx.Exec(w.ctx, "INSERT INTO blobs (agency, name, n, sealed) VALUES ($1, $2, $3, $4)", string(w.agency), w.name, w.n, p)
	if err != nil {
		return 0, &broken{err}
	}
	w.n++
	return len(p), nil
}

// OpenBlob implements alt.Blobs. A file that is not as it was stored gives an
// error when it is read, before the first byte that is wrong. It is read row by
// row: whoever reads slowly holds no connection.
func (s *Store) OpenBlob(ctx context.Context, agency channels.Agency, id channels.BlobID) (io.ReadCloser, error) {
	r := &rowReader{ctx: ctx, s: s, agency: agency, name: blobName(agency, id)}
	switch err := r.more(); {
	case errors.Is(err, io.EOF):
		return nil, alt.ErrNotFound
	case err != nil:
		return nil, err
	}
	return atrest.Open(r, s.cfg.Key, hex.EncodeToString(r.name))
}

// rowReader reads the rows of a file.
type rowReader struct {
	ctx    context.Context //nolint:containedctx // it is the reader's
	s      *Store
	agency channels.Agency
	name   []byte
	n      int
	rest   []byte
}

func (r *rowReader) more() error {
	found, err := r.s.readOne(r.ctx, "SELECT sealed FROM blobs WHERE agency = $1 AND name = $2 AND n = $3", string(r.agency), r.name, r.n)
	if err != nil {
		return err
	}
	if found == nil {
		return io.EOF
	}
	r.n++
	r.rest = found.blob(0)
	return nil
}

// Read implements io.Reader.
func (r *rowReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if err := r.more(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// Close implements io.Closer.
func (*rowReader) Close() error { return nil }

// DeleteBlob implements alt.Blobs.
func (s *Store) DeleteBlob(ctx context.Context, agency channels.Agency, id channels.BlobID) error {
	_, err := s.remove(ctx, deleteBlob, string(agency), blobName(agency, id))
	return err
}
