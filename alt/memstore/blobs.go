package memstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/uuid"
)

// PutBlob implements alt.Blobs.
func (s *Store) PutBlob(ctx context.Context, agency channels.Agency, r io.Reader, max int64) (alt.BlobInfo, error) {
	b, err := io.ReadAll(io.LimitReader(r, min(max, math.MaxInt64-1)+1))
	if err != nil {
		return alt.BlobInfo{}, err
	}
	if int64(len(b)) > max {
		return alt.BlobInfo{}, alt.ErrTooBig
	}
	if err := s.enter(ctx); err != nil {
		return alt.BlobInfo{}, err
	}
	defer s.mu.Unlock()
	sum := sha256.Sum256(b)
	id := channels.BlobID(uuid.New(s.now()))
	s.blobs[blobKey{agency, id}] = b
	return alt.BlobInfo{ID: id, Size: int64(len(b)), SHA256: hex.EncodeToString(sum[:])}, nil
}

// OpenBlob implements alt.Blobs.
func (s *Store) OpenBlob(ctx context.Context, agency channels.Agency, id channels.BlobID) (io.ReadCloser, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	b, ok := s.blobs[blobKey{agency, id}]
	if !ok {
		return nil, alt.ErrNotFound
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

// DeleteBlob implements alt.Blobs.
func (s *Store) DeleteBlob(ctx context.Context, agency channels.Agency, id channels.BlobID) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	delete(s.blobs, blobKey{agency, id})
	return nil
}
