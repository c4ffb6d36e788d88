package messagebird

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// Find looks for a message of unknown outcome among what the account has sent
// since it was made (Config.FindWindow at most). The message with our reference
// is the one; nothing else is compared, because every message of ours has one.
// The API would also search by number; that stands in an address, so it is not
// asked. It implements channels.Finder.
func (s smsLine) Find(ctx context.Context, m channels.Outbound) (channels.Receipt, bool, error) {
	p := s.l.p
	seen, offset := map[loose]bool{}, 0
	for range maxPages {
		query := url.Values{
			"direction": {"mt"}, "from": {p.since(m).UTC().Format(time.RFC3339)},
			"limit": {strconv.Itoa(pageSize)}, "offset": {strconv.Itoa(offset)},
		}
		reply, err := p.texts.Do(ctx, httpx.Call{Op: "find", Method: http.MethodGet, Path: "/messages", Query: query})
		var list page[smsMessage]
		if err := p.harmless("find", s.l.info.ID, reply, err, &list); err != nil {
			return channels.Receipt{}, false, err
		}
		before := len(seen)
		for _, w := range list.Items {
			if w.ID != "" && string(w.Reference) == m.Ref() {
				return p.smsReceipt(w), true, nil
			}
			seen[w.ID] = true
		}
		offset += len(list.Items)
		if len(seen) == before || list.Total > 0 && offset >= list.Total {
			break
		}
	}
	return channels.Receipt{}, false, nil
}
