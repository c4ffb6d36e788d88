package sqlitestore_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/session"
)

const jaak eid.PersonalCode = "EE38001085718"

// prove saves a session of a in which Jaak was proven.
func prove(t testing.TB, st *sqlitestore.Store, a channels.Address) *session.Session {
	t.Helper()
	s := session.New(a, time.Now())
	require.NoError(t, s.Prove(eid.Identity{Code: jaak, GivenName: "Jaak-Kristjan", FamilyName: "Jõeorg", Method: eid.SmartID, Level: eid.High, At: time.Now()}))
	require.NoError(t, st.Save(t.Context(), s))
	return s
}

// columns returns what the row of a peer has of an identity.
func columns(t testing.TB, st *sqlitestore.Store, peer channels.Peer) (identity, code []byte) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+st.Config().Path)
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	require.NoError(t, db.QueryRowContext(context.Background(), "SELECT identity, code FROM people WHERE peer = ?", string(peer)).Scan(&identity, &code))
	return identity, code
}

func TestAnIdentityOpensInItsOwnSessionOnly(t *testing.T) {
	t.Parallel()
	st := open(t, config(t, nil))
	mari, jaan := prove(t, st, at("mari")), prove(t, st, at("jaan"))
	old, _ := columns(t, st, "mari")
	require.NoError(t, st.Exec(t.Context(), "UPDATE people SET identity = (SELECT identity FROM people WHERE peer = 'jaan') WHERE peer = 'mari'"))
	again := crash(t, st) // what is in memory is not read again
	for name, err := range map[string]error{
		"loaded": second(again.Load(t.Context(), mari.Address)),
		"found":  second(again.ByCode(t.Context(), agency, jaak)),
		"saved":  again.Save(t.Context(), mari),
	} {
		require.ErrorContains(t, err, "a stored identity is damaged", name)
		require.NotContains(t, err.Error(), "38001085718")
	}
	got, err := again.Load(t.Context(), jaan.Address)
	require.NoError(t, err)
	require.True(t, jaan.Identity.Equal(*got.Identity))

	// Put back into the next session of the same address, it is none either.
	fresh := session.New(mari.Address, time.Now())
	fresh.Version = mari.Version
	require.NoError(t, st.Save(t.Context(), fresh))
	outsider := outside(t, st.Config().Path)
	_, err = outsider.ExecContext(t.Context(), "UPDATE people SET identity = ? WHERE peer = 'mari'", old)
	require.NoError(t, err)
	require.ErrorContains(t, second(crash(t, st).Load(t.Context(), mari.Address)), "damaged")
}

func second[T any](_ T, err error) error { return err }

func TestAHashOfACodeTellsNothingElsewhere(t *testing.T) {
	t.Parallel()
	st := open(t, config(t, nil))
	prove(t, st, at("mari"))
	prove(t, st, at("jaan"))
	foreign := at("theirs")
	foreign.Agency = "other"
	prove(t, st, foreign)
	_, mine := columns(t, st, "mari")
	require.Len(t, mine, 32)
	_, same := columns(t, st, "jaan")
	require.Equal(t, mine, same, "one person in one agency")
	_, theirs := columns(t, st, "theirs")
	require.NotEqual(t, mine, theirs, "another agency")
	cfg := config(t, nil)
	cfg.Key = []byte("another key another key another!")
	st = open(t, cfg)
	prove(t, st, at("mari"))
	_, elsewhere := columns(t, st, "mari")
	require.NotEqual(t, mine, elsewhere, "another key")
}

// TestASessionWithoutAnIdentityCostsNothingMore counts the statements of turns,
// and looks at what they leave.
func TestASessionWithoutAnIdentityCostsNothingMore(t *testing.T) {
	t.Parallel()
	st := open(t, config(t, nil))
	a := at("mari")
	var wrote []string
	turn := func(s *session.Session, key string) int {
		t.Helper()
		accept(t, st, says("mari", key, "tere"))
		it := claim(t, st, alt.Inbox, 1)[0]
		d, err := st.Dossier(t.Context(), a)
		require.NoError(t, err)
		c := alt.Changes{Record: true, Session: s, Contact: d.Contact, Conversation: d.Conversation}
		if c.Contact == nil {
			c.Contact, c.Conversation = &alt.Contact{Address: a}, talk(a, "c1")
		}
		wrote = nil
		st.Watch(func(sql string) error { wrote = append(wrote, sql); return nil })
		defer st.Watch(nil)
		commit(t, st, it, c)
		return len(wrote)
	}
	s := session.New(a, time.Now())
	first := turn(s, "k1")
	identity, code := columns(t, st, "mari")
	require.Nil(t, identity)
	require.Nil(t, code)
	s.LastSeen = time.Now()
	plain := turn(s, "k2")
	require.LessOrEqual(t, plain, first)
	require.NotContains(t, strings.Join(wrote, "\n"), "identity", "not even written as NULL")

	require.NoError(t, s.Prove(eid.Identity{Code: jaak, Method: eid.SmartID, Level: eid.High, At: time.Now()}))
	require.Equal(t, plain, turn(s, "k3"), "a proof needs no statement of its own")
	identity, code = columns(t, st, "mari")
	require.NotNil(t, identity)
	require.NotNil(t, code)
	s.LastSeen = time.Now()
	require.Equal(t, plain, turn(s, "k4"))
	require.NotContains(t, strings.Join(wrote, "\n"), "identity", "it is the same")
	still, _ := columns(t, st, "mari")
	require.Equal(t, identity, still)

	s.End(session.ByPerson, time.Now())
	turn(s, "k5")
	identity, code = columns(t, st, "mari")
	require.Nil(t, identity)
	require.Nil(t, code)
}

func TestMigratingBackForgetsWhoWasProven(t *testing.T) {
	t.Parallel()
	cfg := config(t, nil)
	st := open(t, cfg)
	proven := prove(t, st, at("mari"))
	other := session.New(at("jaan"), time.Now())
	other.Set("tema", "õäöü")
	require.NoError(t, st.Save(t.Context(), other))
	require.NoError(t, st.Close())
	require.NoError(t, sqlitestore.Migrate(t.Context(), cfg, 2))
	st = open(t, cfg)
	got, err := st.Load(t.Context(), proven.Address)
	require.NoError(t, err)
	require.Equal(t, proven.ID, got.ID)
	require.True(t, got.Active())
	require.Nil(t, got.Identity)
	require.Equal(t, eid.Undefined, got.Level, "a level without an identity is nobody's")
	found, err := st.ByCode(t.Context(), agency, jaak)
	require.NoError(t, err)
	require.Empty(t, found)
	require.NoError(t, got.Prove(*proven.Identity))
	require.NoError(t, st.Save(t.Context(), got))
	found, err = st.ByCode(t.Context(), agency, jaak)
	require.NoError(t, err)
	require.Len(t, found, 1)
	got, err = st.Load(t.Context(), other.Address)
	require.NoError(t, err)
	require.Equal(t, "õäöü", got.Get("tema"))
}
