package audit

import (
	"fmt"
	"math/bits"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// frontier is what must be known of a tree to go on with it: the roots of its
// complete subtrees, from left to right.
type frontier struct {
	size  int64
	roots []tlog.Hash
}

// push adds a leaf, and appends to out its hash and those of the subtrees that it
// completes, in the order in which they are stored (tlog.StoredHashIndex).
func (f *frontier) push(leaf tlog.Hash, out []tlog.Hash) []tlog.Hash {
	out = append(out, leaf)
	for n := f.size; n&1 == 1; n >>= 1 {
		last := len(f.roots) - 1
		leaf = tlog.NodeHash(f.roots[last], leaf)
		f.roots = f.roots[:last]
		out = append(out, leaf)
	}
	f.roots = append(f.roots, leaf)
	f.size++
	return out
}

// root is the hash of the whole tree.
func (f *frontier) root() tlog.Hash {
	if f.size == 0 {
		return tlog.Hash{} // nobody signs an empty tree
	}
	h := f.roots[len(f.roots)-1]
	for _, left := range slices.Backward(f.roots[:len(f.roots)-1]) {
		h = tlog.NodeHash(left, h)
	}
	return h
}

func (f *frontier) clone() frontier { return frontier{f.size, slices.Clone(f.roots)} }

// frontierAt reads the frontier of a tree of so many leaves.
func frontierAt(size int64, hashes tlog.HashReader) (frontier, error) {
	var indexes []int64
	for done := int64(0); done < size; {
		level := bits.Len64(uint64(size-done)) - 1 //nolint:gosec // positive
		indexes = append(indexes, tlog.StoredHashIndex(level, done>>level))
		done += 1 << level
	}
	roots, err := hashes.ReadHashes(indexes)
	if err != nil {
		return frontier{}, err
	}
	if len(roots) != len(indexes) {
		return frontier{}, fmt.Errorf("audit: asked for %d hashes, got %d", len(indexes), len(roots))
	}
	return frontier{size, slices.Clone(roots)}, nil
}

// Window is how many leaves back Leaf.Prev looks: a bound for the memory of a
// Keeper, which at ten million entries a year spans five weeks.
const Window = 1 << 20

// chain knows the last leaf of each conversation.
type chain struct {
	last  map[string]int64
	swept int64
}

// next returns the leaf before the one at a place, of the same conversation, and
// remembers this one.
func (c *chain) next(conversation string, place int64) int64 {
	if place-c.swept >= Window {
		for conv, last := range c.last {
			if place-last > Window {
				delete(c.last, conv)
			}
		}
		c.swept = place
	}
	prev := c.before(conversation, place)
	if conversation != "" {
		if c.last == nil {
			c.last = make(map[string]int64)
		}
		c.last[conversation] = place
	}
	return prev
}

// before returns what next would.
func (c *chain) before(conversation string, place int64) int64 {
	prev, ok := c.last[conversation]
	if !ok || place-prev > Window {
		return -1
	}
	return prev
}
