package atrest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// KeySize is the length of a store's key, in bytes.
const KeySize = 32

const (
	magic     = "LTJBLOB1"
	saltSize  = 32
	chunkSize = 64 << 10
)

// Errors of what is read, to be compared with errors.Is. They hold nothing of it.
var (
	ErrFile     = errors.New("atrest: a stored file is damaged")
	ErrIdentity = errors.New("atrest: a stored identity is damaged")
)

// Derive returns a key for one purpose.
func Derive(key, salt []byte, purpose string) []byte {
	k, err := hkdf.Key(sha256.New, key, salt, purpose, KeySize)
	if err != nil {
		panic(err) // the length is a constant within the limit of the function
	}
	return k
}

// chunkCipher seals the chunks of one file. Each file has a key of its own,
// bound to its name, so a nonce is just the number of the chunk and whether it
// is the last: chunks cannot be exchanged, nor the end cut off.
type chunkCipher struct {
	aead cipher.AEAD
	n    uint64
}

func newChunkCipher(key, salt []byte, name string) (*chunkCipher, error) {
	block, err := aes.NewCipher(Derive(key, salt, "liidestuja file "+name))
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &chunkCipher{aead: aead}, nil
}

func (c *chunkCipher) nonce(last bool) []byte {
	var n [12]byte
	binary.BigEndian.PutUint64(n[3:], c.n)
	if last {
		n[11] = 1
	}
	c.n++
	return n[:]
}

// Seal writes what r gives, sealed, in chunks.
func Seal(w io.Writer, r io.Reader, key []byte, name string) error {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails: the runtime ends the program instead
	c, err := newChunkCipher(key, salt, name)
	if err != nil {
		return err
	}
	if _, err := w.Write(append([]byte(magic), salt...)); err != nil {
		return err
	}
	chunk, ahead := make([]byte, chunkSize), make([]byte, chunkSize)
	n, err := readChunk(r, chunk)
	if err != nil {
		return err
	}
	for {
		m := 0
		if n == chunkSize {
			if m, err = readChunk(r, ahead); err != nil {
				return err
			}
		}
		if _, err := w.Write(c.aead.Seal(nil, c.nonce(m == 0), chunk[:n], nil)); err != nil {
			return err
		}
		if m == 0 {
			return nil
		}
		chunk, ahead, n = ahead, chunk, m
	}
}

// readChunk fills b as far as r goes. An end that comes unexpectedly is r's to
// tell, and is an error.
func readChunk(r io.Reader, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var m int
		m, err = r.Read(b[n:])
		n += m
	}
	if err == io.EOF { // readers return it as it is; wrapped, it is an error
		err = nil
	}
	return n, err
}

// Opener reads what Seal wrote. An error comes before any byte of a chunk
// that is not as it was written.
type Opener struct {
	file   io.ReadCloser
	cipher *chunkCipher
	next   []byte // the sealed chunk after this one
	plain  []byte // of this chunk, what was not read yet
	done   bool
}

// Open returns a reader of a sealed file, which it takes over: the reader's Close
// closes it. ErrFile when it is none, or another name's.
func Open(file io.ReadCloser, key []byte, name string) (*Opener, error) {
	head := make([]byte, len(magic)+saltSize)
	if _, err := io.ReadFull(file, head); err != nil || string(head[:len(magic)]) != magic {
		return nil, ErrFile
	}
	c, err := newChunkCipher(key, head[len(magic):], name)
	if err != nil {
		return nil, err
	}
	o := &Opener{file: file, cipher: c}
	o.next, err = o.sealed()
	return o, err
}

func (o *Opener) sealed() ([]byte, error) {
	b := make([]byte, chunkSize+o.cipher.aead.Overhead())
	n, err := readChunk(o.file, b)
	if err != nil {
		return nil, fmt.Errorf("atrest: %w", err)
	}
	return b[:n], nil
}

// Read implements io.Reader.
func (o *Opener) Read(p []byte) (int, error) {
	for len(o.plain) == 0 {
		if o.done {
			return 0, io.EOF
		}
		chunk := o.next
		var err error
		if o.next, err = o.sealed(); err != nil {
			return 0, err
		}
		o.done = len(o.next) == 0
		if o.plain, err = o.cipher.aead.Open(chunk[:0], o.cipher.nonce(o.done), chunk, nil); err != nil {
			return 0, ErrFile
		}
	}
	n := copy(p, o.plain)
	o.plain = o.plain[n:]
	return n, nil
}

// Close implements io.Closer.
func (o *Opener) Close() error { return o.file.Close() }
