package lines_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/sealed"
	"github.com/liidestuja/liidestuja/refserver/internal/lines"
)

// Whatever fails while a line is added, nothing half-added is served, also after a
// restart, and adding it again succeeds.
func TestAddingFailsAtEachStep(t *testing.T) {
	broken := errors.New("disk full")
	for name, tc := range map[string]struct {
		breaks     func(s *scene)
		code       string
		stored     string // the line's state afterwards
		subscribed bool
	}{
		"the driver refuses the line":                 {func(s *scene) { s.provider.fail["build"] = broken }, "internal", "", false},
		"the provider cannot be reached":              {func(s *scene) { s.provider.fail["subscribe"] = down() }, "provider_down", "", false},
		"the store cannot be written":                 {func(s *scene) { s.store.fail["put"] = broken }, "unavailable", "", false},
		"the store and then the provider":             {func(s *scene) { s.store.fail["put"] = broken; s.provider.fail["unsubscribe"] = down() }, "half_added", "", true},
		"the service does not take the provider":      {func(s *scene) { s.service.refuses = 1 }, "internal", "", false},
		"the provider does not accept the new token":  {func(s *scene) { s.provider.fail["subscribe"] = &channels.Error{Class: channels.ErrCredentials} }, "provider_dead", "", false},
		"the provider has something against the page": {func(s *scene) { s.provider.fail["subscribe"] = &channels.Error{Class: channels.ErrRejected} }, "provider_rejected", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			tc.breaks(s)
			_, err := s.add("politsei", channels.Messenger, "1001")
			s.fails(tc.code, err)
			ids, _ := s.serving()
			require.Empty(t, ids, "nothing half-added is served")
			require.Equal(t, tc.stored, s.state("politsei"))
			require.Equal(t, tc.subscribed, len(s.provider.subscribed) > 0, "the provider's subscription")

			clear(s.provider.fail)
			clear(s.store.fail)
			s.restart() // what was stored is served, and nothing else
			ids, _ = s.serving()
			require.Equal(t, tc.stored == "active", len(ids) == 1)
			v, err := s.add("politsei", channels.Messenger, "1001")
			require.NoError(t, err)
			require.True(t, v.Serving)
			require.Equal(t, []string{"1001"}, s.provider.subscribed)
			require.Equal(t, []string{"line.added"}, s.acts(), "once, however often it was tried")
		})
	}
}

// A provider may send the moment that it is told to, and the first message has its
// line by then.
func TestALineIsServedBeforeTheProviderIsToldToSend(t *testing.T) {
	s := newScene(t)
	var then []string
	s.provider.onSubscribe = func() { then, _ = s.serving() }
	_, err := s.add("politsei", channels.Messenger, "1001")
	require.NoError(t, err)
	require.Equal(t, []string{"politsei"}, then)
}

// Whatever fails while a line is removed, it is served on or gone, and removing it
// again succeeds.
func TestRemovingFailsAtEachStep(t *testing.T) {
	broken := errors.New("disk full")
	for name, tc := range map[string]struct {
		breaks func(s *scene)
		code   string // empty: it is removed
		gone   bool
	}{
		"the driver refuses what is left":        {func(s *scene) { s.provider.fail["build"] = broken }, "unavailable", false},
		"the provider cannot be told":            {func(s *scene) { s.provider.fail["unsubscribe"] = down() }, "not_unsubscribed", false},
		"the provider's token is dead":           {func(s *scene) { s.provider.fail["unsubscribe"] = &channels.Error{Class: channels.ErrCredentials} }, "", true},
		"the store cannot be written":            {func(s *scene) { s.store.fail["remove"] = broken }, "unavailable", false},
		"the store, and then the provider":       {func(s *scene) { s.store.fail["remove"] = broken; s.provider.fail["subscribe"] = down() }, "unavailable", false},
		"the service does not take the provider": {func(s *scene) { s.service.refuses = 1 }, "not_served", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			_, err := s.add("politsei", channels.Messenger, "1001")
			require.NoError(t, err)
			tc.breaks(s)
			err = s.remove("politsei", false)
			if tc.code == "" {
				require.NoError(t, err)
			} else {
				s.fails(tc.code, err)
			}
			clear(s.provider.fail)
			clear(s.store.fail)
			if !tc.gone {
				ids, removed := s.serving()
				require.Equal(t, []string{"politsei"}, ids, "it is served on")
				require.Empty(t, removed)
				require.Equal(t, "active", s.state("politsei"))
			}
			s.restart()
			ids, removed := s.serving()
			require.Equal(t, tc.gone, len(ids) == 0)
			require.Equal(t, tc.gone, len(removed) == 1)
			if !tc.gone {
				require.NoError(t, s.remove("politsei", false))
			}
			require.Equal(t, "removed", s.state("politsei"))
			require.NoError(t, s.m.Remove(t.Context(), s.who, "politsei", "", false), "what is removed is removed")
			require.Equal(t, []string{"line.added", "line.removed"}, s.acts())
			_, removed = s.serving()
			require.Equal(t, []string{"1001"}, removed, "what comes late is dropped")
		})
	}
}

func TestALineCanBeRemovedThoughTheProviderCannotBeTold(t *testing.T) {
	s := newScene(t)
	_, err := s.add("politsei", channels.Messenger, "1001")
	require.NoError(t, err)
	s.provider.fail["unsubscribe"] = down()
	require.NoError(t, s.remove("politsei", true))
	ids, removed := s.serving()
	require.Empty(t, ids)
	require.Equal(t, []string{"1001"}, removed)
}

// While its removal may still fail a line is served: nothing that people write is
// dropped, and nothing that waits to be sent is given up.
func TestALineIsServedUntilTheStoreHasLetItGo(t *testing.T) {
	s := newScene(t)
	_, err := s.add("politsei", channels.Messenger, "1001")
	require.NoError(t, err)
	var seen []string
	s.rewire(&watching{s.service, func(b *built) {
		require.Equal(t, "removed", s.state("politsei"))
		seen = append(seen, b.removed...)
	}})
	require.NoError(t, s.remove("politsei", false))
	require.Equal(t, []string{"1001"}, seen, "it is taken out of service once")
}

func TestNamesAndAccountsAreOfOneLine(t *testing.T) {
	s := newScene(t)
	s.provider.fixed = []lines.Fixed{{ID: "fixed", Agency: agency, Account: account("1009", "")}}
	s.provider.choices = append(s.provider.choices, lines.Choice{Account: account("1009", ""), Standing: lines.StandingReady})
	s.restart()
	_, err := s.add("politsei", channels.Messenger, "1001")
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		id      channels.ID
		kind    channels.Kind
		account string
		code    string
	}{
		"the name of another line":           {"politsei", channels.Instagram, "2001", "id_taken"},
		"the name of a configured line":      {"fixed", channels.Instagram, "2001", "id_taken"},
		"the account of another line":        {"teine", channels.Messenger, "1001", "account_taken"},
		"the account of a configured line":   {"teine", channels.Messenger, "1009", "account_taken"},
		"an account that was not chosen":     {"teine", channels.Messenger, "1003", "not_chosen"},
		"an account of another kind":         {"teine", channels.WhatsApp, "1001", "not_chosen"},
		"a page without the task":            {"teine", channels.Messenger, "1002", "choice_forbidden"},
		"a number that was refused":          {"teine", channels.WhatsApp, "3003", "choice_rejected"},
		"a name that is none":                {"Päris", channels.Instagram, "2001", "malformed_id"},
		"no name":                            {"", channels.Instagram, "2001", "malformed_id"},
		"what could be a path":               {"../etc", channels.Instagram, "2001", "malformed_id"},
		"a name that is as long as it looks": {channels.ID(string(make([]byte, 65))), channels.Instagram, "2001", "malformed_id"},
	} {
		t.Run(name, func(t *testing.T) {
			s.T = t
			_, err := s.add(tc.id, tc.kind, tc.account)
			s.fails(tc.code, err)
		})
	}
	s.T = t
	require.NoError(t, s.remove("politsei", false))
	_, err = s.add("politsei", channels.Instagram, "2001")
	s.fails("id_taken", err) // its tombstone would be lost
	s.fails("configured", s.m.Remove(t.Context(), s.who, "fixed", "x", false))
	s.who = lines.Who{ID: "rein", Agency: "amet"}
	_, err = s.add("fixed", channels.Instagram, "2001")
	s.fails("id_taken", err)
	_, err = s.add("amet-instagram", channels.Instagram, "2001")
	require.NoError(t, err)
	_, err = s.m.Line(t.Context(), lines.Who{ID: "rein", Agency: agency}, "amet-instagram")
	s.fails("not_found", err) // of another agency
	_, err = s.m.Begin(t.Context(), lines.Who{ID: "x", Agency: "vwx"}, "fake")
	s.fails("agency", err)
}

func TestALineStandsInOnePlace(t *testing.T) {
	s := newScene(t)
	_, err := s.add("politsei", channels.Messenger, "1001")
	require.NoError(t, err)
	s.provider.fixed = []lines.Fixed{{ID: "other", Agency: agency, Account: account("1001", "")}}
	require.ErrorContains(t, s.m.Load(t.Context()), `the line "politsei" of ppa was added while the server ran`)
	s.provider.fixed = []lines.Fixed{{ID: "politsei", Agency: agency, Account: account("1009", "")}}
	require.ErrorContains(t, s.m.Load(t.Context()), "stands in the configuration too")
}

func TestANewTokenTakesTheOldOnesPlace(t *testing.T) {
	s := newScene(t)
	_, err := s.add("politsei", channels.Messenger, "1001")
	require.NoError(t, err)
	s.provider.choices[0].Token = "token-new"
	id := s.login()
	l, err := s.m.Login(t.Context(), s.who, id)
	require.NoError(t, err)
	require.Equal(t, channels.ID("politsei"), l.Choices[0].Line)
	v, created, err := s.m.Add(t.Context(), s.who, lines.Request{Login: id, Kind: channels.Messenger, Account: "1001", ID: "politsei"})
	require.NoError(t, err)
	require.False(t, created)
	require.Equal(t, "Politsei", v.Name)
	require.Equal(t, []string{"line.added", "line.renewed"}, s.acts())
	again, _, err := s.m.Add(t.Context(), s.who, lines.Request{Login: id, Kind: channels.Messenger, Account: "1001", ID: "politsei"})
	require.NoError(t, err)
	require.Equal(t, v, again, "repeated, it changes nothing")
	require.Equal(t, []string{"line.added", "line.renewed"}, s.acts())
}

func TestALineWhoseNewTokenCannotBeStoredKeepsTheOldOne(t *testing.T) {
	s := newScene(t)
	_, err := s.add("politsei", channels.Messenger, "1001")
	require.NoError(t, err)
	s.provider.choices[0].Token = "token-new"
	s.store.fail["put"] = errors.New("disk full")
	_, err = s.add("politsei", channels.Messenger, "1001")
	s.fails("unavailable", err)
	require.Equal(t, []string{"1001"}, s.provider.subscribed, "its messages come on")
	ids, _ := s.serving()
	require.Equal(t, []string{"politsei"}, ids)
}

func TestANumberWaitsForItsProvider(t *testing.T) {
	s := newScene(t)
	_, err := s.add("politsei", channels.Messenger, "1001")
	require.NoError(t, err)
	v, err := s.add("number", channels.WhatsApp, "3002")
	require.NoError(t, err)
	require.Equal(t, []any{"pending", false}, []any{v.State, v.Serving})
	ids, _ := s.serving()
	require.Equal(t, []string{"politsei"}, ids, "the other line is served")

	s.provider.standing = lines.StandingPending
	s.m.CheckWaiting(t.Context())
	require.Equal(t, "pending", s.state("number"))
	s.provider.fail["standing"] = down()
	_, err = s.m.Check(t.Context(), s.who, "number", "")
	s.fails("provider_down", err)
	delete(s.provider.fail, "standing")
	s.provider.standing = lines.StandingRejected
	s.m.CheckWaiting(t.Context())
	require.Equal(t, "rejected", s.state("number"))
	s.provider.standing = lines.StandingUnfinished
	_, err = s.m.Check(t.Context(), s.who, "number", "")
	s.fails("choice_unfinished", err)
	v, err = s.m.Line(t.Context(), s.who, "number")
	require.NoError(t, err)
	require.Equal(t, "choice_unfinished", v.Waits, "who looks later sees that the PIN is needed")
	_, err = s.m.Check(t.Context(), s.who, "number", "12345x")
	s.fails("malformed_pin", err)
	v, err = s.m.Check(t.Context(), s.who, "number", "123456")
	require.NoError(t, err)
	require.Equal(t, []any{"active", true, ""}, []any{v.State, v.Serving, v.Waits})
	require.Equal(t, []string{"line.added", "line.added", "line.rejected", "line.active"}, s.acts())
}

func TestEveryTokenIsSealedWithTheNewestKey(t *testing.T) {
	s := newScene(t)
	for id, k := range map[channels.ID]channels.Kind{"politsei": channels.Messenger, "insta": channels.Instagram} {
		_, err := s.add(id, k, map[channels.Kind]string{channels.Messenger: "1001", channels.Instagram: "2001"}[k])
		require.NoError(t, err)
	}
	s.keys = []sealed.Key{key("k2")}
	cfg := s.config()
	m, err := lines.New(cfg)
	require.NoError(t, err)
	require.ErrorContains(t, m.Load(t.Context()), `was sealed with the key "k1", which line_keys does not have`)
	s.keys = []sealed.Key{key("k2"), key("k1")}
	s.restart()
	s.store.fail["put"] = errors.New("killed")
	n, err := s.m.Rekey(t.Context(), "operator")
	require.Error(t, err)
	require.Zero(t, n)
	delete(s.store.fail, "put")
	s.restart()
	n, err = s.m.Rekey(t.Context(), "operator")
	require.NoError(t, err)
	require.Equal(t, 2, n)
	n, err = s.m.Rekey(t.Context(), "operator")
	require.NoError(t, err)
	require.Zero(t, n)
	s.keys = []sealed.Key{key("k2")}
	s.restart()
	ids, _ := s.serving()
	require.Equal(t, []string{"insta", "politsei"}, ids)
}

func TestADeadTokenIsRejectedWhenConsentIsTakenBack(t *testing.T) {
	s := newScene(t)
	_, err := s.add("politsei", channels.Messenger, "1001")
	require.NoError(t, err)
	_, err = s.m.Withdrawn(t.Context(), "fake", "line.deauthorized", "forged")
	s.fails("malformed_request", err)
	s.provider.fail["alive"] = down()
	code, err := s.m.Withdrawn(t.Context(), "fake", "line.deauthorized", "signed")
	require.NoError(t, err)
	require.Equal(t, "active", s.state("politsei"), "it is not known: its health will tell")
	delete(s.provider.fail, "alive")
	s.provider.dead = true
	again, err := s.m.Withdrawn(t.Context(), "fake", "line.deauthorized", "signed")
	require.NoError(t, err)
	require.Equal(t, code, again)
	require.Equal(t, []string{"line.added", "line.deauthorized", "line.rejected"}, s.acts(), "written once, asked again")
	require.Equal(t, "rejected", s.state("politsei"))
	_, known, err := s.m.Asked(t.Context(), code)
	require.NoError(t, err)
	require.True(t, known)
}
