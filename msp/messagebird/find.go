package messagebird

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

const (
	pageSize = 20 // the largest that the official clients ask for
	maxPages = 50
)

// Find looks for a message of unknown outcome: first in its conversation, if
// that is known, then in all recent messages of the account. A message that
// carries our reference is the one. Without references a message counts when
// it is the only one of the same content to the same person since ours was
// made (Config.FindWindow at most); when two could be it, none is. It
// implements channels.Finder.
func (l *line) Find(ctx context.Context, m channels.Outbound) (channels.Receipt, bool, error) {
	s := search{l: l, m: m, from: l.p.since(m)}
	s.kind, s.content = l.expected(ctx, m)
	if m.Thread != "" {
		found, err := s.in(ctx, "/conversations/"+url.PathEscape(m.Thread)+"/messages", url.Values{})
		if found != nil || err != nil && !gone(err) {
			return l.found(found), found != nil, orNil(err)
		}
	}
	found, err := s.in(ctx, "/messages", url.Values{"from": {s.from.UTC().Format(time.RFC3339)}})
	return l.found(found), found != nil, orNil(err)
}

func (l *line) found(m *message) channels.Receipt {
	if m == nil {
		return channels.Receipt{}
	}
	return l.p.receiptOf(m, l.p.cfg.Now())
}

// since is the earliest moment at which the message can have been sent. An id
// that the service chose tells when it was made.
func (p *Provider) since(m channels.Outbound) time.Time {
	from := p.cfg.Now().Add(-p.cfg.FindWindow)
	if made, ok := madeAt(string(m.ID)); ok && made.Add(-p.cfg.Leeway).After(from) {
		from = made.Add(-p.cfg.Leeway)
	}
	return from
}

// madeAt reads the time in a UUIDv7.
func madeAt(id string) (time.Time, bool) {
	if len(id) != 36 || id[8] != '-' || id[13] != '-' || id[14] != '7' {
		return time.Time{}, false
	}
	ms, err := hex.DecodeString("0000" + id[:8] + id[9:13])
	if err != nil {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(ms))), true //nolint:gosec // 48 bits
}

// expected is how the content would look in a list, as decoded JSON; nil for
// an uploaded file, whose address nobody knows any more.
func (l *line) expected(ctx context.Context, m channels.Outbound) (kind string, content any) {
	if uploads(m.Content) {
		return "", nil
	}
	kind, w, refusal := l.encode(ctx, m)
	if refusal != nil {
		return "", nil
	}
	b, err := json.Marshal(w)
	if err != nil {
		return "", nil
	}
	return kind, decoded(b)
}

// uploads reports whether encoding c would upload a file.
func uploads(c channels.Content) bool {
	switch c := c.(type) {
	case channels.Media:
		return c.URL == ""
	case channels.Template:
		for _, p := range append(append([]channels.Param{}, c.Header...), c.Body...) {
			if p.Media != nil && p.Media.URL == "" {
				return true
			}
		}
	}
	return false
}

// decoded keeps numbers as they are written.
func decoded(b []byte) any {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return nil
	}
	return v
}

// search looks for one message in lists of many.
type search struct {
	l       *line
	m       channels.Outbound
	from    time.Time
	kind    string
	content any
}

// in goes through a list, newest first. It returns nil when the message is not
// there, or cannot be told from another.
func (s search) in(ctx context.Context, path string, query url.Values) (*message, *channels.Error) {
	seen, offset := map[string]bool{}, 0
	var alike []*message
	for range maxPages {
		query.Set("limit", strconv.Itoa(pageSize))
		query.Set("offset", strconv.Itoa(offset))
		var list page[*message]
		if err := s.l.p.get(ctx, "find", s.l.info.ID, path, query, &list); err != nil {
			return nil, err
		}
		offset += len(list.Items)
		recent := false // something new that is not from before ours
		for _, c := range list.Items {
			if c == nil || seen[c.ID] {
				continue
			}
			seen[c.ID] = true
			recent = recent || c.Created.IsZero() || !c.Created.Before(s.from)
			switch s.compare(c) {
			case same:
				return c, nil
			case similar:
				alike = append(alike, c)
			}
		}
		if !recent || list.Total > 0 && offset >= list.Total {
			if len(alike) == 1 {
				return alike[0], nil
			}
			return nil, nil
		}
	}
	return nil, nil // more than we look through: nothing can be called the only one
}

type likeness int

const (
	different likeness = iota
	similar            // by its content
	same               // by our reference
)

func (s search) compare(c *message) likeness {
	p := s.l.p
	if c.ID == "" || c.Direction != directionSent || c.Channel != s.l.conf.ChannelID {
		return different
	}
	switch ref := p.ref(c); {
	case ref == s.m.Ref():
		return same
	case ref != "":
		return different
	}
	to, thread := s.l.peer(string(c.To), envelope{}), s.m.Thread
	switch {
	case to != "" && to != s.l.peer(string(s.m.To.Peer), envelope{}),
		to == "" && (thread == "" || thread != string(c.Conversation)),
		c.Created.Before(s.from), c.Type != s.kind, s.content == nil:
		return different
	case !reflect.DeepEqual(decoded(c.Content), s.content):
		return different
	}
	return similar
}

// get reads from the API. A read is never of unknown outcome: it may be
// repeated.
func (p *Provider) get(ctx context.Context, op string, line channels.ID, path string, query url.Values, to any) *channels.Error {
	reply, err := p.api.Do(ctx, httpx.Call{Op: op, Method: http.MethodGet, Path: path, Query: query})
	return p.harmless(op, line, reply, err, to)
}

// harmless judges an exchange that can be repeated without harm, and decodes
// its answer into to, unless that is nil.
func (p *Provider) harmless(op string, line channels.ID, reply *httpx.Reply, err error, to any) *channels.Error {
	var e *channels.Error
	switch {
	case err != nil:
		e = p.failed(op, line, err)
	case !success(reply):
		e = p.refused(op, line, reply)
	case to == nil:
		return nil
	default:
		err := httpx.DecodeJSON(reply.Body, to, httpx.JSONLimits{TrailingNull: true})
		if err == nil {
			return nil
		}
		e = unclear(op, line, reply.Status, err)
	}
	e.Outcome = channels.NotSent
	return e
}
