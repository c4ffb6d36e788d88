package audit

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"io"
)

// maxNote is the longest note that is read, in bytes.
const maxNote = 16 << 10

// notes reads signed notes that follow one another, a blank line behind each. What
// is no whole note, as the last one after a crash, is passed over and counted.
type notes struct {
	r       *bufio.Reader
	offset  int64 // behind the last line that was read
	msg     []byte
	signing bool // the text has ended
	signed  bool // and a signature was read
	ended   bool
	broken  int
}

func readNotes(r io.Reader) *notes { return &notes{r: bufio.NewReaderSize(r, maxNote)} }

// signature begins a line with one.
const signature = "— "

// next returns the next note and the offset behind it; io.EOF at the end.
func (n *notes) next() (msg []byte, end int64, err error) {
	for !n.ended {
		line, err := n.r.ReadSlice('\n')
		before := n.offset
		n.offset += int64(len(line))
		switch {
		case errors.Is(err, io.EOF):
			n.ended = true
			if len(line) == 0 && n.signed {
				return n.take(), n.offset, nil
			}
			n.msg = append(n.msg, line...)
			n.drop()
		case errors.Is(err, bufio.ErrBufferFull):
			n.msg = append(n.msg, line[0])
			n.drop()
		case err != nil:
			return nil, 0, err
		case len(line) == 1 && n.signed:
			return n.take(), n.offset, nil
		case n.signed && !bytes.HasPrefix(line, []byte(signature)):
			msg := n.take()
			n.add(line)
			return msg, before, nil
		default:
			n.add(line)
		}
	}
	return nil, 0, io.EOF
}

// add takes a line that ends no note.
func (n *notes) add(line []byte) {
	blank, sig := len(line) == 1, bytes.HasPrefix(line, []byte(signature))
	switch {
	case n.signing && !sig: // a text without signature
		n.drop()
		if blank {
			return
		}
	case blank && len(n.msg) == 0:
		return
	}
	n.msg = append(n.msg, line...)
	if n.signed = n.signing && sig; n.signed && !whole(line) {
		n.drop()
		return
	}
	n.signing = n.signing || blank
	if len(n.msg) > maxNote {
		n.drop()
	}
}

// whole reports whether a line holds a signature of full length: 4 bytes that name
// the key and 64 of Ed25519. One that was torn is no attack.
func whole(line []byte) bool {
	at := bytes.LastIndexByte(line, ' ')
	sig, err := base64.StdEncoding.DecodeString(string(line[at+1 : len(line)-1]))
	return err == nil && len(sig) >= 4+ed25519.SignatureSize
}

func (n *notes) take() []byte {
	msg := n.msg
	n.msg, n.signing, n.signed = nil, false, false
	return msg
}

func (n *notes) drop() {
	if len(n.take()) > 0 {
		n.broken++
	}
}
