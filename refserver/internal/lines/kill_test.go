package lines_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp"
	"github.com/liidestuja/liidestuja/refserver/internal/lines"
)

// killer ends the process, as far as a test can, at one act.
type killer struct{ at string }

func (k *killer) reach(act string) {
	if k.at == act {
		panic(k)
	}
}

// until runs f, which is killed.
func (k *killer) until(t *testing.T, f func() error) {
	t.Helper()
	defer func() { require.Equal(t, any(k), recover(), "it must have been killed") }()
	_ = f()
}

type killedStore struct {
	*faultyStore
	*killer
}

func (s killedStore) PutLine(ctx context.Context, l *alt.StoredLine, e alt.LogEntry) error {
	s.reach("before put")
	err := s.faultyStore.PutLine(ctx, l, e)
	s.reach("after put")
	return err
}

func (s killedStore) RemoveLine(ctx context.Context, a channels.Agency, id channels.ID, e alt.LogEntry) error {
	s.reach("before remove")
	err := s.faultyStore.RemoveLine(ctx, a, id, e)
	s.reach("after remove")
	return err
}

type killedService struct {
	*fakeService
	*killer
}

func (s killedService) SetProvider(p msp.Provider) error {
	err := s.fakeService.SetProvider(p)
	s.reach("after service")
	return err
}

// killable puts k between the scene's manager and what it works on.
func (s *scene) killable(k *killer) {
	s.Helper()
	cfg := s.config()
	cfg.Store, cfg.Service = killedStore{s.store, k}, killedService{s.service, k}
	var err error
	s.m, err = lines.New(cfg)
	require.NoError(s, err)
}

func TestAKillBetweenTwoActsLeavesAWholeState(t *testing.T) {
	for act, stored := range map[string]bool{"after service": false, "before put": false, "after put": true} {
		t.Run("adding, "+act, func(t *testing.T) {
			s, k := newScene(t), &killer{}
			s.killable(k)
			id := s.login()
			k.at = act
			add := func() error {
				_, _, err := s.m.Add(t.Context(), s.who, lines.Request{Login: id, Kind: channels.Messenger, Account: "1001", ID: "politsei"})
				return err
			}
			k.until(t, add)
			s.restart()
			ids, _ := s.serving()
			require.Equal(t, stored, len(ids) == 1, "what is stored is served, and nothing else")
			_, err := s.add("politsei", channels.Messenger, "1001")
			require.NoError(t, err)
			require.Equal(t, []string{"line.added"}, s.acts())
		})
	}
	for act, gone := range map[string]bool{"before remove": false, "after remove": true, "after service": true} {
		t.Run("removing, "+act, func(t *testing.T) {
			s, k := newScene(t), &killer{}
			_, err := s.add("politsei", channels.Messenger, "1001")
			require.NoError(t, err)
			s.killable(k)
			k.at = act
			k.until(t, func() error { return s.remove("politsei", false) })
			s.restart()
			ids, removed := s.serving()
			require.Equal(t, gone, len(ids) == 0)
			require.Equal(t, gone, len(removed) == 1)
			if !gone {
				require.NoError(t, s.remove("politsei", false))
			}
			require.Equal(t, []string{"line.added", "line.removed"}, s.acts())
			require.Empty(t, s.provider.subscribed)
		})
	}
}
