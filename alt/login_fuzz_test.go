package alt_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
)

// FuzzLogin: whatever a stranger has for a link, a cookie or a word opens nothing.
func FuzzLogin(f *testing.F) {
	f.Add(strings.Repeat("A", 22), "agency."+strings.Repeat("0", 32)+"."+strings.Repeat("A", 43), "id-"+strings.Repeat("a", 26))
	f.Add("", "..", "id-")
	f.Add("\x00", "agency.\xff.", "Olen tagasi: id-aaaa id-"+strings.Repeat("7", 26))
	f.Fuzz(func(t *testing.T, link, cookie, word string) {
		o := newBureau(t)
		p := o.Service().LoginPages()
		c := o.Chat("viber").Says("kes")
		_, err := p.Look(t.Context(), "agency", link)
		require.ErrorIs(t, err, alt.ErrNotFound)
		_, err = p.View(t.Context(), cookie)
		require.ErrorIs(t, err, alt.ErrNotFound)
		_, err = p.Begin(t.Context(), cookie, eid.SmartID, alt.LoginInput{})
		require.ErrorIs(t, err, alt.ErrNotFound)
		if word != "" && len(word) < 4000 && strings.ToValidUTF8(word, "") == word && strings.TrimSpace(word) != "" {
			c.Says(word)
			c.Happens(&channels.Referred{Word: word, EventMeta: channels.EventMeta{Key: "ref", Channel: "viber", Peer: c.Address().Peer, At: o.Clock().Now()}})
		}
		require.Nil(t, c.Dossier().Session.Identity)
		require.Empty(t, o.ident.begins)
	})
}

func TestWhatIsKeptOfAnAuthenticationOpensNowhereElse(t *testing.T) {
	o := newBureau(t)
	c, other := o.Chat("viber").Says("kes"), o.ChatAs("viber", "other").Says("kes")
	mine, theirs := "login:"+c.Dossier().Conversation.Login.ID, "login:"+other.Dossier().Conversation.Login.ID
	st := o.Store()
	a, err := st.Flow(t.Context(), "agency", mine)
	require.NoError(t, err)
	b, err := st.Flow(t.Context(), "agency", theirs)
	require.NoError(t, err)
	for name, spoil := range map[string]func(f *alt.Flow){
		"one bit is another": func(f *alt.Flow) { f.Sealed[len(f.Sealed)/2] ^= 1 },
		"another login's":    func(f *alt.Flow) { f.Sealed = b.Sealed },
		"cut":                func(f *alt.Flow) { f.Sealed = f.Sealed[:20] },
	} {
		f, err := st.Flow(t.Context(), "agency", mine)
		require.NoError(t, err)
		f.Sealed = append([]byte(nil), a.Sealed...)
		spoil(&f)
		require.NoError(t, st.Commit(t.Context(), alt.Item{}, alt.Changes{Flows: []alt.Flow{f}}))
		_, _, err = o.Service().LoginPages().Open(t.Context(), "agency", o.link(t, c))
		require.Error(t, err, name)
		require.NotErrorIs(t, err, alt.ErrNotFound, "it is noticed, not taken for an old one")
	}
	cookie, _, err := o.Service().LoginPages().Open(t.Context(), "agency", o.link(t, other))
	require.NoError(t, err)
	o.Advance(5*time.Minute + time.Second)
	_, err = o.Service().LoginPages().View(t.Context(), cookie)
	require.ErrorIs(t, err, alt.ErrNotFound)
}
