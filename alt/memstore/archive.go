package memstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// Conversations implements alt.Archive.
func (s *Store) Conversations(ctx context.Context, q alt.ConversationQuery) ([]alt.Conversation, string, error) {
	before, err := cursor(q.Cursor)
	if err != nil {
		return nil, "", err
	}
	limit, err := pageSize(string(q.Agency), q.Limit, 50, 200)
	if err != nil {
		return nil, "", err
	}
	if err := s.enter(ctx); err != nil {
		return nil, "", err
	}
	defer s.mu.Unlock()
	found := s.search(func(t *talk) bool { return (before == 0 || t.Position < before) && matches(t, q) })
	slices.Reverse(found)
	next := ""
	if len(found) > limit {
		found = found[:limit]
		next = place(found[limit-1].Position)
	}
	return found, next, nil
}

// search returns copies of conversations in the order of their positions.
func (s *Store) search(want func(*talk) bool) []alt.Conversation {
	var found []alt.Conversation
	for _, t := range s.talks {
		if want(t) {
			found = append(found, t.Conversation)
		}
	}
	slices.SortFunc(found, func(a, b alt.Conversation) int { return cmp.Compare(a.Position, b.Position) })
	return found
}

func matches(t *talk, q alt.ConversationQuery) bool {
	switch {
	case t.Address.Agency != q.Agency,
		q.Line != "" && t.Address.Channel != q.Line,
		q.State != "" && t.State != q.State,
		q.Holder != nil && t.Holder.Kind != q.Holder.Kind,
		q.Holder != nil && q.Holder.By != "" && t.Holder.By != q.Holder.By,
		q.Waiting && t.Waiting.IsZero():
		return false
	}
	last := lastMessage(t)
	if !q.From.IsZero() && last.Before(q.From) || !q.To.IsZero() && last.After(q.To) {
		return false
	}
	return q.Text == "" || says(t, strings.ToLower(q.Text))
}

// lastMessage is when either side last wrote.
func lastMessage(t *talk) time.Time {
	last := t.Opened
	for _, at := range []time.Time{t.LastIn, t.LastOut} {
		if at.After(last) {
			last = at
		}
	}
	return last
}

// says reports whether a text, in lower case, is in the name or in a message.
func says(t *talk, text string) bool {
	if strings.Contains(strings.ToLower(t.Name), text) {
		return true
	}
	return slices.ContainsFunc(t.messages, func(m *message) bool {
		c, err := channels.UnmarshalContent(m.content)
		return err == nil && slices.ContainsFunc(words(c), func(w string) bool { return strings.Contains(strings.ToLower(w), text) })
	})
}

// words are the texts of a content that a person reads.
func words(c channels.Content) []string {
	switch c := c.(type) {
	case channels.Text:
		return []string{c.Body}
	case channels.Media:
		return []string{c.Caption, c.Name}
	case channels.Location:
		return []string{c.Name, c.Address}
	case channels.ContactCard:
		return append([]string{c.Name}, append(c.Phones, c.Emails...)...)
	case channels.Choices:
		w := []string{c.Header, c.Body, c.Footer}
		for _, o := range c.Options {
			w = append(w, o.Title, o.Description)
		}
		return w
	case channels.Chosen:
		return []string{c.Title}
	case channels.Template:
		var w []string
		for _, p := range append(c.Header, c.Body...) {
			w = append(w, p.Text)
		}
		return w
	case channels.Unsupported:
		return []string{c.Fallback}
	}
	return nil
}

// Conversation implements alt.Archive.
func (s *Store) Conversation(ctx context.Context, agency channels.Agency, id string) (*alt.Conversation, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	t := s.talks[talkKey{agency, id}]
	if t == nil {
		return nil, alt.ErrNotFound
	}
	c := t.Conversation
	return &c, nil
}

// Changed implements alt.Archive.
func (s *Store) Changed(ctx context.Context, agency channels.Agency, after int64, max int) ([]alt.Conversation, int64, error) {
	if err := s.enter(ctx); err != nil {
		return nil, 0, err
	}
	defer s.mu.Unlock()
	all := s.search(func(t *talk) bool { return t.Address.Agency == agency })
	latest := int64(0)
	if len(all) > 0 {
		latest = all[len(all)-1].Position
	}
	all = slices.DeleteFunc(all, func(c alt.Conversation) bool { return c.Position <= after })
	return all[:min(max, len(all))], latest, nil
}

// Depths implements alt.Ledger.
func (s *Store) Depths(ctx context.Context) (map[alt.Work]int, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	d := make(map[alt.Work]int, len(s.lanes))
	for work, queue := range s.lanes {
		d[work] = queue.Len() - queue.Held() // what is held waits in Media
	}
	return d, nil
}

// pageSize checks what every query of pages has.
func pageSize(agency string, limit, usual, most int) (int, error) {
	switch {
	case agency == "":
		return 0, fmt.Errorf("%w: Agency is required", alt.ErrInput)
	case limit < 0 || limit > most:
		return 0, fmt.Errorf("%w: Limit must be 1-%d", alt.ErrInput, most)
	case limit == 0:
		return usual, nil
	}
	return limit, nil
}

// cursor reads what place wrote; 0 for none.
func cursor(c string) (int64, error) {
	if c == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(c, 36, 64)
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("%w: cursor", alt.ErrInput)
	}
	return n, nil
}

func place(n int64) string { return strconv.FormatInt(n, 36) }
