package memstore

import (
	"context"
	"slices"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

type flowKey struct {
	agency channels.Agency
	key    string
}

// Flow implements alt.Flows.
func (s *Store) Flow(ctx context.Context, agency channels.Agency, key string) (alt.Flow, error) {
	if err := s.enter(ctx); err != nil {
		return alt.Flow{}, err
	}
	defer s.mu.Unlock()
	f, known := s.flows[flowKey{agency, key}]
	if !known {
		return alt.Flow{}, alt.ErrNotFound
	}
	f.Sealed = slices.Clone(f.Sealed)
	return f, nil
}

// ExpireFlows implements alt.Flows.
func (s *Store) ExpireFlows(ctx context.Context, before time.Time, max int) (int, error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	n := 0
	for key, f := range s.flows {
		if n < max && f.Expires.Before(before) {
			clear(f.Sealed)
			delete(s.flows, key)
			n++
		}
	}
	return n, nil
}

func (s *Store) flowVersions(flows []alt.Flow) error {
	for _, f := range flows {
		if s.flows[flowKey{f.Agency, f.Key}].Version != f.Version {
			return alt.ErrConflict
		}
	}
	return nil
}

func (s *Store) saveFlows(flows []alt.Flow) {
	for i := range flows {
		f := &flows[i]
		key := flowKey{f.Agency, f.Key}
		clear(s.flows[key].Sealed)
		f.Version++
		if f.Spent {
			delete(s.flows, key)
			continue
		}
		stored := *f
		stored.Sealed = slices.Clone(f.Sealed)
		s.flows[key] = stored
	}
}
