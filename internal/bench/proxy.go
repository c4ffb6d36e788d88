package main

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/textproto"
	"strconv"
)

// serveProxy gives the requests of every connection to the backends in turn, so
// that what one person writes is taken by all of them. It is no proxy of
// net/http/httputil: what it costs is taken from the machine that all share.
func serveProxy(l net.Listener, backends []string) error {
	for n := 0; ; n++ {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go relay(conn, backends, n)
	}
}

// relay serves a connection; the first request goes to the nth backend.
func relay(client net.Conn, backends []string, n int) {
	defer func() { _ = client.Close() }()
	conns := make([]net.Conn, len(backends))
	readers := make([]*bufio.Reader, len(backends))
	for i, addr := range backends {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }()
		conns[i], readers[i] = c, bufio.NewReader(c)
	}
	requests := bufio.NewReader(client)
	for ; ; n++ {
		i := n % len(backends)
		if err := pass(conns[i], requests); err != nil {
			return
		}
		if err := pass(client, readers[i]); err != nil {
			return
		}
	}
}

// pass carries one message of HTTP/1.1 from r to w. Its length must be told.
func pass(w io.Writer, r *bufio.Reader) error {
	var head []byte
	length := -1
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		head = append(head, line...)
		name, value, _ := bytesCut(line)
		if textproto.CanonicalMIMEHeaderKey(name) == "Content-Length" {
			if length, err = strconv.Atoi(value); err != nil {
				return err
			}
		}
		if len(line) <= len("\r\n") {
			break
		}
	}
	if length < 0 {
		return errors.New("a message without length")
	}
	whole := append(head, make([]byte, length)...)
	if _, err := io.ReadFull(r, whole[len(head):]); err != nil {
		return err
	}
	_, err := w.Write(whole)
	return err
}

// bytesCut returns name and value of a header's line.
func bytesCut(line []byte) (name, value string, ok bool) {
	for i, c := range line {
		if c == ':' {
			return string(line[:i]), textproto.TrimString(string(line[i+1:])), true
		}
	}
	return "", "", false
}
