package bird

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

const (
	pageSize = 100 // the largest that is documented
	maxPages = 50
)

// Find looks for a message of unknown outcome among those that the line sent
// since it was made (Config.FindWindow at most), by its reference. It implements
// channels.Finder.
func (l *line) Find(ctx context.Context, m channels.Outbound) (channels.Receipt, bool, error) {
	query := url.Values{"direction": {directionOut}, "startAt": {l.p.since(m).UTC().Format(time.RFC3339)}}
	var found *message
	err := list(ctx, l.p, httpx.Call{Op: "find", Path: l.path + "/messages", Query: query}, l.info.ID, func(c *message) bool {
		if c.ID != "" && reference(c) == m.Ref() && c.Direction == directionOut {
			found = c
		}
		return found == nil
	})
	if err != nil || found == nil {
		return channels.Receipt{}, false, orNil(err)
	}
	return l.receipt(found), true, nil
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
	if !isUUID(id) || id[14] != '7' {
		return time.Time{}, false
	}
	ms, err := hex.DecodeString("0000" + id[:8] + id[9:13])
	if err != nil {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(ms))), true //nolint:gosec // 48 bits
}

// errLongList ends a look through a list that does not end by itself: what was
// not seen must not be called missing.
var errLongList = errors.New("the list is too long")

// list goes through the pages of a list until see returns false.
func list[T any](ctx context.Context, p *Provider, call httpx.Call, line channels.ID, see func(*T) bool) *channels.Error {
	call.Method = http.MethodGet
	if call.Query == nil {
		call.Query = url.Values{}
	}
	call.Query.Set("limit", strconv.Itoa(pageSize))
	for range maxPages {
		var w page[T]
		if err := p.repeatable(ctx, line, call, &w); err != nil {
			return err
		}
		for i := range w.Results {
			if !see(&w.Results[i]) {
				return nil
			}
		}
		if w.Next == "" || w.Next == call.Query.Get("pageToken") {
			return nil
		}
		call.Query.Set("pageToken", w.Next)
	}
	return &channels.Error{Op: call.Op, Channel: line, Class: channels.ErrUnavailable, Outcome: channels.NotSent, Err: errLongList}
}
