package memstore

import (
	"context"
	"maps"
	"strconv"
	"strings"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// Messages implements alt.Archive.
func (s *Store) Messages(ctx context.Context, q alt.MessageQuery) ([]alt.Message, string, error) {
	before, err := cursor(q.Before)
	if err != nil {
		return nil, "", err
	}
	limit, err := pageSize(string(q.Agency), q.Limit, 100, 500)
	if err != nil {
		return nil, "", err
	}
	if err := s.enter(ctx); err != nil {
		return nil, "", err
	}
	defer s.mu.Unlock()
	t := s.talks[talkKey{q.Agency, q.Conversation}]
	if t == nil {
		return nil, "", alt.ErrNotFound
	}
	found := t.messages
	for before > 0 && len(found) > 0 && found[len(found)-1].Seq >= before {
		found = found[:len(found)-1]
	}
	earlier := ""
	if len(found) > limit {
		found = found[len(found)-limit:]
		earlier = place(found[0].Seq)
	}
	page, err := views(found)
	return page, earlier, err
}

func views(ms []*message) ([]alt.Message, error) {
	page := make([]alt.Message, len(ms))
	for i, m := range ms {
		var err error
		if page[i], err = m.view(); err != nil {
			return nil, err
		}
	}
	return page, nil
}

// Message implements alt.Archive.
func (s *Store) Message(ctx context.Context, agency channels.Agency, id channels.MessageID) ([]alt.Message, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	if parts := s.byID[messageKey{agency, id}]; len(parts) > 0 {
		return views(parts)
	}
	if n, ok := strings.CutPrefix(string(id), "in-"); ok {
		seq, err := strconv.ParseInt(n, 10, 64)
		if m := s.messages[seq]; err == nil && m != nil && m.ID == id && m.Address.Agency == agency {
			return views([]*message{m})
		}
	}
	return nil, alt.ErrNotFound
}

// Log implements alt.Ledger.
func (s *Store) Log(ctx context.Context, q alt.LogQuery) ([]alt.LogEntry, string, error) {
	after, err := cursor(q.Cursor)
	if err != nil {
		return nil, "", err
	}
	limit, err := pageSize(string(q.Agency), q.Limit, 100, 1000)
	if err != nil {
		return nil, "", err
	}
	if err := s.enter(ctx); err != nil {
		return nil, "", err
	}
	defer s.mu.Unlock()
	var page []alt.LogEntry
	for _, e := range s.log[min(after, int64(len(s.log))):] {
		if e.Agency != q.Agency || q.Conversation != "" && e.Conversation != q.Conversation || q.Message != "" && e.Message != q.Message ||
			!q.From.IsZero() && e.At.Before(q.From) || !q.To.IsZero() && e.At.After(q.To) {
			continue
		}
		if len(page) == limit {
			return page, place(page[limit-1].Seq), nil
		}
		page = append(page, cloneEntry(e))
	}
	return page, "", nil
}

func cloneEntry(e alt.LogEntry) alt.LogEntry {
	e.Detail = maps.Clone(e.Detail)
	return e
}
