package pgstore

import (
	"slices"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// takeKnown locks what is named, which is in order. takeLocks locks the lanes of
// items and of messages, too. Nobody waits for another in a circle then.
const takeKnown = `SELECT count(pg_advisory_xact_lock(k)) FROM unnest($1::bigint[]) AS k`

const takeLocks = `SELECT k, pg_advisory_xact_lock(k) FROM (
	SELECT k FROM (SELECT unnest($1::bigint[]) AS k
		UNION SELECT lane FROM items WHERE id = ANY($2::bigint[])
		UNION SELECT i.lane FROM unnest($3::text[], $4::text[], $5::text[]) AS n(agency, channel, provider)
			JOIN items i ON i.agency = n.agency AND i.channel = n.channel AND i.provider = n.provider AND i.direction = 2) AS every
	ORDER BY k) AS sorted`

// begin locks and reads what the jobs need, in one round trip with the
// statements of start.
func (t *tx) begin(start []statement, n *needs) error {
	list := append(start, statement{
		sql: "SELECT clock_timestamp(), pg_current_xact_id()::text", read: func(rows []row) error {
			t.now, t.xid = rows[0].time(0), rows[0].str(1)
			if t.s.cfg.Now != nil {
				t.now = t.s.cfg.Now().Truncate(time.Microsecond)
			}
			return nil
		},
	})
	list = append(list, t.takeLocks(n))
	if n.numbers > 0 {
		list = append(list, statement{sql: drawNumbers, args: []any{n.numbers}, read: t.drawn})
	}
	if len(n.held) > 0 {
		list = append(list, t.readHeld(n.held))
	}
	if len(n.items)+len(n.named) > 0 {
		list = append(list, t.readItems(n.items, n.named))
	}
	if len(n.people) > 0 {
		list = append(list, t.readPeople(n.people))
	}
	if len(n.talks) > 0 {
		list = append(list, t.readTalks(n.talks))
	}
	return t.send(append(list, t.readKeys(n)...))
}

func (t *tx) takeLocks(n *needs) statement {
	slices.Sort(n.locks)
	locks := slices.Compact(n.locks)
	if len(n.strays)+len(n.named) == 0 {
		return statement{sql: takeKnown, args: []any{locks}, read: func([]row) error {
			for _, k := range locks {
				t.held[k] = true
			}
			return nil
		}}
	}
	agencies, lines, providers := columnsOf(n.named)
	return statement{sql: takeLocks, args: []any{locks, n.strays, agencies, lines, providers}, read: func(rows []row) error {
		for _, r := range rows {
			t.held[r.num(0)] = true
		}
		return nil
	}}
}

const (
	knownKeys = `SELECT k.agency, k.key FROM unnest($1::text[], $2::bytea[]) AS n(agency, key)
				JOIN event_keys k ON k.agency = n.agency AND k.key = n.key`
	knownPrints = `SELECT i.agency, i.message, i.part, i.print FROM unnest($1::text[], $2::text[], $3::bigint[]) AS n(agency, message, part)
				JOIN items i ON i.agency = n.agency AND i.message = n.message AND i.part = n.part`
	readParked = `SELECT p.agency, p.channel, p.provider, p.at, p.status, p.code, p.reported
				FROM unnest($1::text[], $2::text[], $3::text[]) AS n(agency, channel, provider)
				JOIN parked p ON p.agency = n.agency AND p.channel = n.channel AND p.provider = n.provider ORDER BY p.id`
	readMarks = `SELECT w.agency, w.channel, w.peer, w.status, w.until, w.reported, w.at
				FROM unnest($1::text[], $2::text[], $3::text[]) AS n(agency, channel, peer)
				JOIN watermarks w ON w.agency = n.agency AND w.channel = n.channel AND w.peer = n.peer`
)

// readKeys looks up names.
func (t *tx) readKeys(n *needs) (list []statement) {
	if len(n.keys) > 0 {
		agencies, keys := make([]string, len(n.keys)), make([][]byte, len(n.keys))
		for i, k := range n.keys {
			agencies[i], keys[i] = string(k.agency), k.key[:]
			t.known[k] = false
		}
		list = append(list, statement{
			sql:  knownKeys,
			args: []any{agencies, keys}, read: func(rows []row) error {
				for _, r := range rows {
					t.known[eventKey{channels.Agency(r.str(0)), [16]byte(r.blob(1))}] = true
				}
				return nil
			},
		})
	}
	if len(n.sends) > 0 {
		agencies, ids, parts := make([]string, len(n.sends)), make([]string, len(n.sends)), make([]int64, len(n.sends))
		for i, k := range n.sends {
			agencies[i], ids[i], parts[i] = string(k.agency), string(k.id), int64(k.part)
			t.prints[k] = nil
		}
		list = append(list, statement{
			sql:  knownPrints,
			args: []any{agencies, ids, parts}, read: func(rows []row) error {
				for _, r := range rows {
					t.prints[messageKey{channels.Agency(r.str(0)), channels.MessageID(r.str(1)), int(r.num(2))}] = r.blob(3)
				}
				return nil
			},
		})
	}
	if len(n.onces) > 0 {
		agencies, keys := make([]string, len(n.onces)), make([]string, len(n.onces))
		for i, k := range n.onces {
			agencies[i], keys[i] = string(k.agency), k.key
		}
		list = append(list, statement{
			sql:  `SELECT o.agency, o.key, o.print FROM unnest($1::text[], $2::text[]) AS n(agency, key) JOIN once o ON o.agency = n.agency AND o.key = n.key`,
			args: []any{agencies, keys}, read: func(rows []row) error {
				for _, r := range rows {
					t.onces[onceKey{channels.Agency(r.str(0)), r.str(1)}] = r.blob(2)
				}
				return nil
			},
		})
	}
	return append(list, t.readReported(n)...)
}

// readReported looks up what was reported too early.
func (t *tx) readReported(n *needs) (list []statement) {
	if len(n.parked) > 0 {
		var once []providerKey
		for _, k := range n.parked {
			if _, twice := t.parked[k]; !twice {
				t.parked[k], once = nil, append(once, k)
			}
		}
		agencies, lines, providers := columnsOf(once)
		list = append(list, statement{
			sql:  readParked,
			args: []any{agencies, lines, providers}, read: func(rows []row) error {
				for _, r := range rows {
					k := providerKey{channels.Agency(r.str(0)), channels.ID(r.str(1)), channels.ProviderID(r.str(2))}
					t.parked[k] = append(t.parked[k], parked{r.time(3), channels.Status(r.str(4)), r.str(5), r.time(6)})
				}
				return nil
			},
		})
	}
	if len(n.marks) > 0 {
		agencies, lines, peers := addressColumns(n.marks)
		for _, a := range n.marks {
			t.marks[a] = nil
		}
		list = append(list, statement{
			sql:  readMarks,
			args: []any{agencies, lines, peers}, read: func(rows []row) error {
				for _, r := range rows {
					a := addressOf(r, 0)
					t.marks[a] = append(t.marks[a], watermark{channels.Status(r.str(3)), r.time(4), r.time(5), r.time(6)})
				}
				return nil
			},
		})
	}
	return list
}

func columnsOf(keys []providerKey) (agencies, lines, providers []string) {
	agencies, lines, providers = make([]string, len(keys)), make([]string, len(keys)), make([]string, len(keys))
	for i, k := range keys {
		agencies[i], lines[i], providers[i] = string(k.agency), string(k.channel), string(k.id)
	}
	return agencies, lines, providers
}

// addressColumns names each address once.
func addressColumns(list []channels.Address) (agencies, lines, peers []string) {
	seen := make(map[channels.Address]bool, len(list))
	for _, a := range list {
		if !seen[a] {
			seen[a] = true
			agencies, lines, peers = append(agencies, string(a.Agency)), append(lines, string(a.Channel)), append(peers, string(a.Peer))
		}
	}
	return agencies, lines, peers
}

func addressOf(r row, i int) channels.Address {
	return channels.Address{Agency: channels.Agency(r.str(i)), Channel: channels.ID(r.str(i + 1)), Peer: channels.Peer(r.str(i + 2))}
}
