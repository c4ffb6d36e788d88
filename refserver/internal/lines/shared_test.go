package lines_test

import (
	"context"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp"
	"github.com/liidestuja/liidestuja/refserver/internal/lines"
)

const spread = 60 * time.Millisecond

// lockedService is a fakeService that two goroutines use.
type lockedService struct {
	mu sync.Mutex
	*fakeService
}

func (s *lockedService) SetProvider(p msp.Provider) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fakeService.SetProvider(p)
}

func (s *lockedService) Lines() []channels.Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fakeService.Lines()
}

// process is another process over the scene's store, which runs until the test
// ends.
func (s *scene) process() (*lines.Manager, *lockedService) {
	s.Helper()
	service := &lockedService{fakeService: &fakeService{}}
	cfg := s.config()
	cfg.Service, cfg.Spread = service, spread
	m, err := lines.New(cfg)
	require.NoError(s, err)
	require.NoError(s, m.Load(s.Context()))
	ctx, stop := context.WithCancel(s.Context())
	ended := make(chan struct{})
	go func() { m.Run(ctx); close(ended) }()
	s.Cleanup(func() { stop(); <-ended })
	return m, service
}

func serves(service *lockedService, id string) bool {
	for _, l := range service.Lines() {
		if string(l.ID) == id {
			return true
		}
	}
	return false
}

func TestALineThatIsAddedAtOneProcessIsServedAtTheOthersBeforeTheFirstMessage(t *testing.T) {
	s := newScene(t)
	here, _ := s.process()
	there, remote := s.process()
	s.m = here
	then := false
	s.provider.onSubscribe = func() { then = serves(remote, "politsei") }
	_, err := s.add("politsei", channels.Messenger, "1001")
	require.NoError(t, err)
	require.True(t, then, "the provider may call any process from then on")

	s.m = there
	require.NoError(t, s.remove("politsei", false))
	s.m = here
	require.Eventually(t, func() bool { return s.state("politsei") == "removed" && !s.lineServed("politsei") }, 5*time.Second, spread/3)
}

// lineServed reports whether the scene's manager serves a line.
func (s *scene) lineServed(id channels.ID) bool {
	s.Helper()
	v, err := s.m.Line(s.Context(), s.who, id)
	require.NoError(s, err)
	return v.Serving
}

func TestALineThatCouldNotBeAddedIsServedNowhere(t *testing.T) {
	s := newScene(t)
	here, _ := s.process()
	_, remote := s.process()
	s.m = here
	then := false
	s.provider.onSubscribe = func() { then = serves(remote, "politsei") }
	s.provider.fail["subscribe"] = down()
	_, err := s.add("politsei", channels.Messenger, "1001")
	s.fails("provider_down", err)
	require.True(t, then)
	require.Eventually(t, func() bool { return !serves(remote, "politsei") }, 5*time.Second, spread/3)
}

func TestOfTwoProcessesOneAddsAnAccount(t *testing.T) {
	s := newScene(t)
	first, _ := s.process()
	second, _ := s.process()
	s.m = first
	logins := []string{s.login(), s.login()}
	errs := make(chan error, 2)
	for i, m := range []*lines.Manager{first, second} {
		go func() {
			_, _, err := m.Add(t.Context(), s.who, lines.Request{
				Login: logins[i], Kind: channels.Messenger, Account: "1001", ID: channels.ID([]string{"politsei", "piirivalve"}[i]),
			})
			errs <- err
		}()
	}
	a, b := <-errs, <-errs
	if a != nil {
		a, b = b, a
	}
	require.NoError(t, a)
	s.fails("account_taken", b)
	require.Equal(t, []string{"line.added"}, s.acts())
}

func TestTheRightOfWhoDiedWhileChangingLinesEnds(t *testing.T) {
	s := newScene(t)
	m, _ := s.process()
	s.m = m
	dead := alt.Flow{Agency: agency, Key: "line.change", Sealed: []byte("x"), Expires: s.clock}
	require.NoError(t, s.store.Commit(t.Context(), alt.Item{}, alt.Changes{Flows: []alt.Flow{dead}}))
	_, err := s.add("politsei", channels.Messenger, "1001")
	require.NoError(t, err)
}

func TestALoginGoesOnAtAnotherProcess(t *testing.T) {
	s := newScene(t)
	first, _ := s.process()
	second, _ := s.process()
	l, err := first.Begin(t.Context(), s.who, "fake")
	require.NoError(t, err)
	cookie, dialog, err := second.Open(t.Context(), s.who, l.ID)
	require.NoError(t, err)
	u, err := url.Parse(dialog)
	require.NoError(t, err)
	back := url.Values{"state": {u.Query().Get("state")}, "code": {"c"}}
	_, err = first.Return(t.Context(), "fake", cookie, back)
	require.NoError(t, err)
	_, err = second.Return(t.Context(), "fake", cookie, back)
	s.fails("login_state", err) // once, wherever
	_, _, err = second.Add(t.Context(), s.who, lines.Request{Login: l.ID, Kind: channels.Messenger, Account: "1001", ID: "politsei"})
	require.NoError(t, err)
}
