package mobileid_test

import (
	"crypto/sha256"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/mobileid"
)

func TestAStateThatIsNotOursIsRefusedWithoutACall(t *testing.T) {
	r := newRig(t)
	c := r.begin()
	signature := r.beginSignature()
	refused := func(t *testing.T, m *mobileid.Authenticator, s eid.State) {
		t.Helper()
		_, err := m.Resolve(t.Context(), s, nil)
		require.ErrorIs(t, err, eid.ErrState)
		clean(t, err.Error())
	}
	t.Run("each bit flipped", func(t *testing.T) {
		for i := range c.State {
			for bit := range 8 {
				s := slices.Clone(c.State)
				s[i] ^= 1 << bit
				refused(t, r.m, s)
			}
		}
	})
	t.Run("cut and grown", func(t *testing.T) {
		for i := range c.State {
			refused(t, r.m, c.State[:i])
		}
		refused(t, r.m, append(slices.Clone(c.State), 0))
		refused(t, r.m, make(eid.State, eid.MaxState+1))
		refused(t, r.m, nil)
	})
	t.Run("of a signature, and the other way round", func(t *testing.T) {
		refused(t, r.m, signature.State)
		_, err := r.m.ResolveSignature(t.Context(), c.State)
		require.ErrorIs(t, err, eid.ErrState)
	})
	t.Run("of another relying party or environment", func(t *testing.T) {
		for _, change := range []func(*mobileid.Config){
			func(c *mobileid.Config) { c.RelyingPartyUUID = "00000000-0000-0000-0000-000000000000" },
			func(c *mobileid.Config) { c.RelyingPartyName = "DEMO" },
			func(c *mobileid.Config) { c.Environment.BaseURL += "/other" },
		} {
			cfg := r.cfg
			change(&cfg)
			other, err := mobileid.New(cfg)
			require.NoError(t, err)
			refused(t, other, c.State)
		}
	})
	t.Run("whole, and of nothing that could be asked", func(t *testing.T) {
		for _, body := range []string{``, `null`, `{}`, `[]`, `{"o":"authentication"}`, `{"o":"authentication","s":"../a","t":"SHA256"}`} {
			refused(t, r.m, mobileid.Seal(r.m, []byte(body)))
		}
	})
	require.Empty(t, r.service.polled())
	require.NotContains(t, string(c.State), "37200000766", "the number is not needed any more")
	require.Greater(t, len(c.State), sha256.Size)
}
