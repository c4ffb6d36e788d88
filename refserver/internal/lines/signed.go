package lines

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"regexp"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// Withdrawn takes the provider's word that a person, who once connected an account,
// takes the consent back, or wants their data deleted. No line of another person may
// suffer, and the word names nobody whom we know: so the provider is asked which
// tokens are dead, and those lines are rejected. What it could not be asked about
// shows in the lines' health. code names the request, and is the same when the
// provider repeats it. Who asked is written nowhere.
func (m *Manager) Withdrawn(ctx context.Context, provider, act, value string) (code string, err error) {
	p := m.providers[provider]
	if p == nil {
		return "", problem("not_found")
	}
	at, err := p.Signed(value)
	if err != nil {
		return "", problem("malformed_request").because(err)
	}
	code = codeOf(act, value)
	ctx, done := acting(ctx)
	defer done()
	fresh := false
	for _, agency := range m.cfg.Agencies {
		if _, known, err := m.Asked(ctx, code, agency); err != nil {
			return "", err
		} else if known {
			continue
		}
		fresh = true
		e := m.entry(Who{system, agency}, act, "", map[string]string{"provider": provider, "issued": at.UTC().Format(time.RFC3339)})
		e.Message = code
		if err := m.note(ctx, e); err != nil {
			return "", err
		}
	}
	if fresh {
		m.cfg.Logger.WarnContext(ctx, "a person took the consent back at the provider", "provider", provider, "act", act, "code", code)
	}
	return code, m.review(ctx, p)
}

// codeOf names a request. Only the provider and we know the value, which is signed.
func codeOf(act, value string) string {
	sum := sha256.Sum256([]byte(act + " " + value))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:26])
}

var requestCode = regexp.MustCompile(`^[a-z2-7]{26}$`)

// Asked returns when a request of the code was taken, for any of the agencies.
func (m *Manager) Asked(ctx context.Context, code string, agencies ...channels.Agency) (at time.Time, known bool, err error) {
	if !requestCode.MatchString(code) {
		return at, false, nil
	}
	if len(agencies) == 0 {
		agencies = m.cfg.Agencies
	}
	for _, agency := range agencies {
		entries, _, err := m.cfg.Store.Log(ctx, alt.LogQuery{Agency: agency, Message: code, Limit: 1})
		if err != nil {
			return at, false, err
		}
		if len(entries) > 0 {
			return entries[0].At, true, nil
		}
	}
	return at, false, nil
}

// review asks the provider about each stored token, and rejects the lines whose
// token is dead.
func (m *Manager) review(ctx context.Context, p Provider) error {
	change, err := m.begin(ctx)
	if err != nil {
		return err
	}
	defer change.end()
	list, err := m.stored(ctx)
	if err != nil {
		return err
	}
	for i := range list {
		l := &list[i]
		if l.Provider != p.Name() || l.State != alt.LineActive && l.State != alt.LinePending {
			continue
		}
		token, err := m.open(l)
		if err != nil {
			return problem("internal").because(err)
		}
		alive, reason, err := p.Alive(ctx, Account{l.Kind, l.Account, l.Business, token})
		switch {
		case err != nil:
			m.cfg.Logger.WarnContext(ctx, "it is not known whether a line's token is good", "line", l.ID, "error", err)
		case !alive:
			if err := m.become(ctx, Who{system, l.Agency}, p, l, alt.LineRejected, reason); err != nil {
				return err
			}
		}
	}
	return nil
}
