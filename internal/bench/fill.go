package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The seed of a filled store: what really happened in it. Everybody has written
// twice and got two answers.
const (
	seedPeople = 2048 // a multiple of conns
	seedTurns  = 2 * seedPeople
	seedStored = 2 * seedTurns // messages
)

// seed has messages sent and answered.
func (r *rig) seed(ctx context.Context) error {
	s, err := r.launch(ctx, roleTurns)
	if err != nil {
		return err
	}
	defer s.stop()
	if _, err := newLoad(r.wire, crowd{people: seedPeople}, conns, seedTurns).fire(s.addr); err != nil {
		return err
	}
	if err := settled(ctx, expected{sent: seedTurns}, s); err != nil {
		return err
	}
	return r.provider.check(seedTurns)
}

// fill copies the seed, with other people, ids and keys, until at least n messages
// are stored, and returns how many are.
func (r *rig) fill(ctx context.Context, n int) (stored int, err error) {
	if err := r.seed(ctx); err != nil {
		return 0, err
	}
	begun := time.Now()
	f := filler{copies: max(1, (n+seedStored-1)/seedStored) - 1}
	if r.place.DSN != "" {
		err = fillPostgres(ctx, r.place.DSN, &f)
	} else {
		err = fillSQLite(ctx, r.place.sqlite(), &f)
	}
	if err != nil {
		return 0, err
	}
	stored = seedStored * (f.copies + 1)
	if n, err := r.place.count(ctx, "SELECT count(*) FROM items WHERE direction IS NOT NULL"); err != nil || n != int64(stored) {
		return 0, errors.Join(err, fmt.Errorf("%d messages are stored instead of %d", n, stored))
	}
	size, err := r.place.bytes(ctx)
	fmt.Printf("bench: filled messages=%d people=%d rows=%d database_mib=%.0f seconds=%.0f\n",
		stored, f.people(), f.rows, float64(size)/(1<<20), time.Since(begun).Seconds())
	return stored, err
}

// filler makes the rows of copies. The numbers of a copy lie behind those of the
// one before: items, people and conversations are Ids apart, entries of the log
// and positions as far as they had come.
type filler struct {
	copies               int
	ids, logs, positions int64
	rows                 int
}

func (f *filler) people() int { return seedPeople * (f.copies + 1) }

// table is the seed's rows of one table.
type table struct {
	name    string
	columns []string
	rows    [][]any
}

// at returns the nth row of all copies, nil behind the last one.
func (f *filler) at(t *table, n int) []any {
	c := n/max(1, len(t.rows)) + 1
	if c > f.copies || len(t.rows) == 0 {
		return nil
	}
	old := t.rows[n%len(t.rows)]
	row := make([]any, len(old))
	for i, v := range old {
		row[i] = f.value(t, old, t.columns[i], v, c)
	}
	f.rows++
	return row
}

// value is what stands in a column of the cth copy. What it does not know stays
// as it was: then a copy says what the seed said.
func (f *filler) value(t *table, row []any, column string, v any, c int) any {
	far := int64(c)
	switch v := v.(type) {
	case int64:
		switch column {
		case "id", "talk", "text":
			return v + far*f.ids
		case "seq", "prev", "log":
			return v + far*f.logs
		case "position":
			return v + far*f.positions
		}
	case string:
		switch column {
		case "peer":
			return otherPhone(v, c)
		case "provider":
			return scattered(v, c)
		case "name", "conversation", "message":
			return f.name(v, c)
		}
	case []byte:
		switch column {
		case "dedupe", "key":
			b := make([]byte, len(v))
			_, _ = rand.Read(b) // it does not fail
			return b
		case "contact", "body":
			if t.name != "people" && t.name != "conversations" {
				break // what was said is not read on the way of a message
			}
			for i, name := range t.columns {
				if old, ok := row[i].(string); ok && old != "" && (name == "peer" || name == "name") {
					v = bytes.ReplaceAll(v, []byte(old), []byte(f.value(t, row, name, old, c).(string)))
				}
			}
			return v
		}
	}
	if t.name == "people" && (column == "session" || column == "started" || column == "seen") {
		return nil // it ended long ago: nobody's time runs out while it is measured
	}
	return v
}

// name is an id of ours, which begins with its time, or "in-" and a number.
func (f *filler) name(old string, c int) string {
	if digits, ok := strings.CutPrefix(old, "in-"); ok {
		n, _ := strconv.ParseInt(digits, 10, 64) // we wrote it
		return "in-" + strconv.FormatInt(n+int64(c)*f.ids, 10)
	}
	const stamp = len("01a2040c-3e0b")
	if len(old) <= stamp {
		return old
	}
	ms, err := strconv.ParseInt(old[:8]+old[9:stamp], 16, 64)
	if err != nil {
		return old
	}
	at := fmt.Sprintf("%012x", ms-int64(f.copies-c+1)*time.Second.Milliseconds())
	return at[:8] + "-" + at[8:] + scattered(old[stamp:], c)
}

// scattered replaces the hexadecimal digits of a text, so that copies lie anywhere.
func scattered(old string, c int) string {
	sum := sha256.Sum256([]byte(old + " " + strconv.Itoa(c)))
	digits := hex.EncodeToString(sum[:])
	b := []byte(old)
	for i, n := 0, 0; i < len(b) && n < len(digits); i++ {
		if b[i] != '-' {
			b[i] = digits[n]
			n++
		}
	}
	return string(b)
}

// otherPhone is the number of the person who does in the cth copy what the owner
// of the old one did.
func otherPhone(old string, c int) string {
	n, err := strconv.Atoi(strings.TrimPrefix(old, countryCode))
	if err != nil {
		return old
	}
	return phoneOf(n + c*seedPeople)
}
