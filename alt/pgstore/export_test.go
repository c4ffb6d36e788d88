package pgstore

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// FailNth makes the nth statement that changes data from now on fail at the
// server, once. Its result tells whether that happened, and ends it.
func (s *Store) FailNth(nth int) (happened func() bool) {
	var n atomic.Int64
	var done atomic.Bool
	f := func(sql string) bool {
		if strings.HasPrefix(sql, "SELECT") || n.Add(1) != int64(nth) {
			return false
		}
		done.Store(true)
		return true
	}
	s.fault.Store(&f)
	return func() bool {
		s.fault.Store(nil)
		return done.Load()
	}
}

// FailOnce makes the next statement that holds some words fail, once.
func (s *Store) FailOnce(words string) (happened func() bool) {
	var done atomic.Bool
	f := func(sql string) bool { return strings.Contains(sql, words) && done.CompareAndSwap(false, true) }
	s.fault.Store(&f)
	return done.Load
}

// Config returns what the store was opened with.
func (s *Store) Config() Config { return s.cfg }

// Crash ends the store as the death of its process does: its connections are
// cut in the middle of whatever they do. It returns when the server has noticed.
func (s *Store) Crash(ctx context.Context) error {
	probe, err := pgx.ConnectConfig(ctx, s.dial)
	if err != nil {
		return err
	}
	defer hangUp(probe)
	if s.alive != nil {
		s.alive.stop()
		<-s.alive.ended
		if s.alive.c != nil {
			_ = s.alive.c.PgConn().Conn().Close()
			s.alive.c = nil
		}
		s.alive = nil
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		var held bool
		if err := probe.QueryRow(ctx, "SELECT NOT pg_try_advisory_xact_lock($1, $2)", replicaLocks, int32(s.replica)).Scan(&held); err != nil {
			return err
		}
		if !held {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("replica %d lives on", s.replica)
		}
	}
}

// Hot returns the statements of the way of a message, by what they do.
func Hot() map[string]string {
	return map[string]string{
		"lock": takeLocks, "read items": selectItems, "read claimed items": selectHeld, "read people to decide": readTogether, "read people": selectPeople, "claim": claimHeads,
		"look what is due": findDue, "find heads": findHeads, "read contents": readContents, "key": insertKey, "accept": insertEvent, "content": insertBody, "drop content": deleteBody, "raw": insertRaw, "queue": insertLive, "send": insertMessage,
		"raise": raise, "thread": threadAddress, "save people": updatePerson, "raise bulk": raiseBulk, "promote": promote, "place": placeSaved, "move": placeMoved, "log": insertLog, "save a conversation": updateTalk,
		"known keys": knownKeys, "known messages": knownPrints, "parked": readParked, "watermarks": readMarks, "talks": readTalkNames,
		"transcript": selectMessages + "WHERE i.talk = $1 AND i.id < $2 ORDER BY i.id DESC LIMIT $3",
		"a message":  selectMessages + "WHERE i.agency = $1 AND i.message = $2 ORDER BY i.part",
		"sent":       markSent, "recorded": markRecorded, "redact": selectNamed, "changed": changedFeed, "leave": "DELETE FROM live WHERE id = ANY($1::bigint[])",
	}
}
