package lines

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// flows keeps what a login needs between two requests, sealed, for a short time and
// in the store: the next request may reach another process.
type flows struct {
	store Store
	home  channels.Agency
	now   func() time.Time
}

// flowKey is by what a login is found, whose id is not kept.
func flowKey(id string) string {
	sum := sha256.Sum256([]byte(id))
	return "line.login." + hex.EncodeToString(sum[:])
}

// put keeps a new one.
func (f *flows) put(ctx context.Context, id string, box []byte, until time.Time) error {
	return f.save(ctx, alt.Flow{Agency: f.home, Key: flowKey(id), Sealed: box, Expires: until})
}

func (f *flows) save(ctx context.Context, flow alt.Flow) error {
	return f.store.Commit(ctx, alt.Item{}, alt.Changes{Flows: []alt.Flow{flow}})
}

// get returns one; alt.ErrNotFound.
func (f *flows) get(ctx context.Context, id string) (alt.Flow, error) {
	flow, err := f.store.Flow(ctx, f.home, flowKey(id))
	if err == nil && !f.now().Before(flow.Expires) {
		err = alt.ErrNotFound
	}
	return flow, err
}

// change replaces one by what next makes of it, unless that fails. Who changes the
// same one meanwhile is let through first, so each step is taken once.
func (f *flows) change(ctx context.Context, id string, next func(box []byte) ([]byte, error)) error {
	for {
		flow, err := f.get(ctx, id)
		if err != nil {
			return err
		}
		if flow.Sealed, err = next(flow.Sealed); err != nil {
			return err
		}
		if err := f.save(ctx, flow); !errors.Is(err, alt.ErrConflict) {
			return err
		}
	}
}
