package sqlitestore

import (
	"bytes"
	"crypto/sha256"
	"database/sql/driver"
	"slices"
	"strconv"

	"github.com/liidestuja/liidestuja/channels"
)

// name is what an item is found by: the key of an event, or what the provider
// calls a message of ours. It is a hash, so names lie anywhere in their table,
// and each that is written there alone costs a page of the log.
type name [16]byte

func nameOf(parts ...string) name {
	b := make([]byte, 0, 256)
	for _, part := range parts {
		b = append(strconv.AppendInt(b, int64(len(part)), 10), ' ')
		b = append(b, part...)
	}
	sum := sha256.Sum256(b)
	return name(sum[:16])
}

// keyName is the name of an event.
func keyName(m *channels.EventMeta) name { return nameOf(string(m.Agency), string(m.Channel), m.Key) }

// providerName is the name of a message of ours, which is no event's.
func providerName(agency channels.Agency, channel channels.ID, id channels.ProviderID) name {
	return nameOf("provider", string(agency), string(channel), string(id))
}

// nameParts is how many parts the names in memory are divided into, by their first
// byte. A part is small beside its piece of the table.
const nameParts = 256

// named is an item with a name.
type named struct {
	name name
	item int64
}

// names are the newest ones, which are in memory and not in their table yet: they
// go there a part at a time, many to a page. After a crash they are read from the
// items. They are the writer's own.
type names struct {
	parts [nameParts][]named // each in the order of names
	n     int
	// until is the item up to which, itself included, names of a part are in the
	// table; next is the part of which that was longest ago.
	until [nameParts]int64
	next  int
	keep  int // so many stay in memory
}

func newNames(keep int) *names { return &names{keep: keep} }

// get returns the item that has a name, 0 when none in memory has it.
func (n *names) get(x name) int64 {
	if i, found := n.find(x); found {
		return n.parts[x[0]][i].item
	}
	return 0
}

func (n *names) put(x name, item int64) {
	i, found := n.find(x)
	part := &n.parts[x[0]]
	if found {
		(*part)[i].item = item
		return
	}
	*part = slices.Insert(*part, i, named{x, item})
	n.n++
}

func (n *names) find(x name) (int, bool) {
	return slices.BinarySearchFunc(n.parts[x[0]], x, func(e named, x name) int { return bytes.Compare(e.name[:], x[:]) })
}

// follow brings the names up to a transaction that is durable.
func (n *names) follow(t *tx) {
	for range t.moved {
		n.n -= len(n.parts[n.next])
		n.parts[n.next] = n.parts[n.next][:0]
		n.until[n.next] = t.before
		n.next = (n.next + 1) % nameParts
	}
	for _, x := range t.purged {
		if i, found := n.find(x); found {
			n.parts[x[0]] = slices.Delete(n.parts[x[0]], i, i+1)
			n.n--
		}
	}
	for x, item := range t.naming {
		n.put(x, item)
	}
}

// loadAtOnce is how many times what is kept in memory is read before it goes to the
// table: sorted, so that the more, the fewer pages.
const loadAtOnce = 16

// loadNames reads the names that a process before had only in memory, and some that
// it had not. They are many in a store that was made before there was the table.
func (w *writer) loadNames() error {
	n, keep := w.names, w.names.keep
	r, err := w.c.one("SELECT named FROM store")
	if err != nil {
		return err
	}
	n.keep = -1 // if some go to the table, all do: then nobody reads them again
	defer func() { n.keep = keep }()
	last := r.num(0)
	for i := range n.until {
		n.until[i] = last
	}
	const step = 1000
	var twice []named // in memory a name has one item
	for more := true; more; {
		rows, err := w.c.all(selectNames, last, step)
		if err != nil {
			return err
		}
		for _, r := range rows {
			last = r.num(0)
			for _, x := range namesIn(r) {
				if n.get(x) != 0 {
					twice = append(twice, named{x, last})
				} else {
					n.put(x, last)
				}
			}
		}
		more = len(rows) == step
		if len(twice) == 0 && n.n <= keep || more && n.n <= loadAtOnce*keep {
			continue
		}
		if err := w.transact([]*call{{job: func(t *tx) error { t.before = last; return t.insertNames(twice...) }}}); err != nil {
			return err
		}
		twice = twice[:0]
	}
	return nil
}

// selectNames reads what items are found by.
const selectNames = `SELECT id, dedupe, agency, channel, CASE direction WHEN 2 THEN provider END FROM items WHERE id > ? ORDER BY id LIMIT ?`

func namesIn(r row) []name {
	var found []name
	if key := r.blob(1); len(key) == len(name{}) {
		found = append(found, name(key))
	}
	if id := r.str(4); id != "" {
		found = append(found, providerName(channels.Agency(r.str(2)), channels.ID(r.str(3)), channels.ProviderID(id)))
	}
	return found
}

// itemNamed returns an item that has a name, as it is in the transaction; 0 when
// it is only in the table, or nowhere.
func (t *tx) itemNamed(x name) int64 {
	if item, mine := t.naming[x]; mine {
		return item
	}
	return t.names.get(x)
}

// namedItems is a list of the items that have a name: by the table, and by memory. The
// first two values of a query are the name and what itemNamed returns.
const namedItems = "(SELECT item FROM names WHERE name = ?1 UNION ALL SELECT ?2)"

// isStored reports whether an event with this name is stored.
func (t *tx) isStored(x name) (bool, error) {
	if item := t.itemNamed(x); item != 0 {
		r, err := t.one("SELECT 1 FROM items WHERE id = ?", item)
		if r != nil || err != nil {
			return true, err
		} // it was purged, and there may be another
	}
	r, err := t.one("SELECT 1 FROM names WHERE name = ?", x[:])
	return r != nil, err
}

// name lets an item be found by a name. In memory a name has one item, and a part
// has no item that is older than its piece of the table.
func (t *tx) name(x name, item int64) error {
	if other := t.itemNamed(x); other != 0 && other != item || item <= t.names.until[x[0]] {
		return t.insertNames(named{x, item})
	}
	t.naming[x] = item
	return nil
}

// Names are written a few with one statement: the rest of it costs as much as a
// row.
const (
	insertName  = "INSERT OR IGNORE INTO names (name, item) VALUES (?, ?)"
	insertNames = insertName + ", (?, ?), (?, ?), (?, ?), (?, ?), (?, ?), (?, ?), (?, ?)"
	namesAtOnce = 8
)

func (t *tx) insertNames(all ...named) error {
	args := make([]driver.Value, 0, 2*namesAtOnce)
	for len(all) > 0 {
		n, query := 1, insertName
		if len(all) >= namesAtOnce {
			n, query = namesAtOnce, insertNames
		}
		args = args[:0]
		for i := range all[:n] {
			args = append(args, all[i].name[:], all[i].item)
		}
		if _, err := t.exec(query, args...); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

// flushNames moves parts to the table while there are too many names in memory. Those of
// this transaction stay.
func (t *tx) flushNames() error {
	n := t.names
	if len(t.purged) > 0 { // some of them are in memory until the next transaction
		return nil
	}
	for left := n.n; left > n.keep && t.moved < nameParts; t.moved++ {
		part := n.parts[(n.next+t.moved)%nameParts]
		left -= len(part)
		if err := t.insertNames(part...); err != nil {
			return err
		}
	}
	if t.moved == 0 {
		return nil
	}
	for x, item := range t.naming { // an older item's name, of a part that moves
		if item > t.before || (int(x[0])-n.next+nameParts)%nameParts >= t.moved {
			continue
		}
		if err := t.insertNames(named{x, item}); err != nil {
			return err
		}
		delete(t.naming, x)
	}
	// What is not newer than this is in the table, whatever part it is of.
	oldest := t.before
	if t.moved < nameParts {
		oldest = n.until[(n.next+t.moved)%nameParts]
	}
	_, err := t.exec("UPDATE store SET named = ?", oldest)
	return err
}
