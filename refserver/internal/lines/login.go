package lines

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/sealed"
)

// Steps of a login.
const (
	StepBegun   = "begun"   // the dialog was not opened, or nobody has come back from it
	StepAsking  = "asking"  // the provider is being asked
	StepReady   = "ready"   // there are choices
	StepStopped = "stopped" // it failed; Problem says why
)

// LoginFor is how long a login may take, and LoginKept how long what it gave is
// kept for choosing.
const (
	LoginFor  = 10 * time.Minute
	LoginKept = 30 * time.Minute
)

// flow is a login as it is kept, sealed.
type flow struct {
	Provider string
	Who      Who
	Step     string
	Problem  string
	Browser  []byte // SHA-256 of the cookie
	Begun    time.Time
	Choices  []Choice // with their tokens
}

// LoginView is a login as it is shown. It holds no secret.
type LoginView struct {
	ID       string       `json:"id"`
	Provider string       `json:"provider"`
	Step     string       `json:"step"`
	Problem  string       `json:"problem,omitempty"` // a code
	URL      string       `json:"url,omitempty"`     // to open, while it is begun
	Expires  time.Time    `json:"expires"`
	Choices  []ChoiceView `json:"choices"`
}

// ChoiceView is an account that may become a line, or why it may not.
type ChoiceView struct {
	Kind     channels.Kind `json:"kind"`
	Account  string        `json:"account"`
	Above    string        `json:"above,omitempty"`
	Name     string        `json:"name,omitempty"`
	Standing Standing      `json:"standing"`
	Reason   string        `json:"reason,omitempty"`
	// Line is the agency's line of the account, whose token would be replaced.
	Line channels.ID `json:"line,omitempty"`
	// Taken: it is a line that nobody can replace here.
	Taken bool `json:"taken,omitempty"`
	// ID is a name that is free.
	ID channels.ID `json:"id,omitempty"`
}

func (m *Manager) sealFlow(id string, f flow) ([]byte, error) {
	b, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	return m.cfg.Ring.Seal(b, sealed.Place{Line: id, Name: "login"}), nil
}

func (m *Manager) openFlow(id string, box []byte) (f flow, err error) {
	b, err := m.cfg.Ring.Open(box, sealed.Place{Line: id, Name: "login"})
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(b, &f)
}

// step changes a login, unless change refuses.
func (m *Manager) step(ctx context.Context, id string, change func(*flow) error) (flow, error) {
	var f flow
	err := m.flows.change(ctx, id, func(box []byte) (next []byte, err error) {
		if f, err = m.openFlow(id, box); err != nil {
			return nil, err
		}
		if err := change(&f); err != nil {
			return nil, err
		}
		return m.sealFlow(id, f)
	})
	if errors.Is(err, alt.ErrNotFound) {
		err = problem("login_expired")
	}
	return f, err
}

// Begin begins a login of who. It is good for nobody else.
func (m *Manager) Begin(ctx context.Context, who Who, provider string) (LoginView, error) {
	if err := m.may(who); err != nil {
		return LoginView{}, err
	}
	if provider == "" && len(m.providers) == 1 {
		provider = m.Providers()[0]
	}
	if m.providers[provider] == nil {
		return LoginView{}, problem("not_found").in("provider")
	}
	id, now := strings.ToLower(rand.Text()), m.cfg.Now()
	f := flow{Provider: provider, Who: who, Step: StepBegun, Begun: now}
	box, err := m.sealFlow(id, f)
	if err != nil {
		return LoginView{}, err
	}
	if err := m.note(ctx, m.entry(who, "line.login", "", map[string]string{"provider": provider})); err != nil {
		return LoginView{}, err
	}
	if err := m.flows.put(ctx, id, box, now.Add(LoginKept)); err != nil {
		return LoginView{}, err
	}
	return m.loginView(ctx, id, f)
}

// Open binds the login to a browser and returns the cookie and the address of the
// dialog. Until somebody came back it may be opened again; the last one counts.
func (m *Manager) Open(ctx context.Context, who Who, id string) (cookie, dialog string, err error) {
	cookie = id + "." + rand.Text()
	f, err := m.step(ctx, id, func(f *flow) error {
		switch {
		case f.Who != who:
			return problem("not_found")
		case f.Step != StepBegun:
			return problem("login_code")
		case m.cfg.Now().Sub(f.Begun) >= LoginFor:
			return problem("login_expired")
		}
		sum := sha256.Sum256([]byte(cookie))
		f.Browser = sum[:]
		return nil
	})
	if err != nil {
		return "", "", err
	}
	p := m.providers[f.Provider]
	state, err := p.State(cookie)
	if err != nil {
		return "", "", err
	}
	return cookie, p.LoginURL(state), nil
}

// Return takes the browser that comes back from the dialog, once, and asks the
// provider what may be added. The login's id is returned with an error too, when
// the browser is the right one.
func (m *Manager) Return(ctx context.Context, provider, cookie string, query url.Values) (id string, err error) {
	p := m.providers[provider]
	id, _, ok := strings.Cut(cookie, ".")
	if p == nil || !ok {
		return "", problem("login_state")
	}
	code, denied := p.Returned(query, cookie)
	if denied != nil && AsProblem(denied).Code == "login_state" {
		return "", denied
	}
	_, err = m.step(ctx, id, func(f *flow) error {
		sum := sha256.Sum256([]byte(cookie))
		if subtle.ConstantTimeCompare(sum[:], f.Browser) != 1 || f.Provider != provider || f.Step != StepBegun {
			return problem("login_state")
		}
		f.Step = StepAsking
		return nil
	})
	if err != nil {
		return "", problem("login_state") // also of one that there never was
	}
	ctx, done := acting(ctx)
	defer done()
	var choices []Choice
	if err = denied; err == nil {
		choices, err = p.Choices(ctx, code)
	}
	_, kept := m.step(ctx, id, func(f *flow) error {
		f.Step, f.Choices = StepReady, choices
		if err != nil {
			f.Step, f.Problem = StepStopped, AsProblem(err).Code
		}
		return nil
	})
	return id, errors.Join(err, kept)
}

// Login returns a login of who.
func (m *Manager) Login(ctx context.Context, who Who, id string) (LoginView, error) {
	f, err := m.loginOf(ctx, who, id)
	if err != nil {
		return LoginView{}, err
	}
	return m.loginView(ctx, id, f)
}

// loginOf opens a login. Another person's is none.
func (m *Manager) loginOf(ctx context.Context, who Who, id string) (flow, error) {
	kept, err := m.flows.get(ctx, id)
	if errors.Is(err, alt.ErrNotFound) {
		return flow{}, problem("login_expired")
	}
	if err != nil {
		return flow{}, err
	}
	f, err := m.openFlow(id, kept.Sealed)
	if err == nil && f.Who != who {
		err = problem("not_found")
	}
	return f, err
}

func (m *Manager) loginView(ctx context.Context, id string, f flow) (LoginView, error) {
	v := LoginView{ID: id, Provider: f.Provider, Step: f.Step, Problem: f.Problem, Expires: f.Begun.Add(LoginKept).UTC(), Choices: []ChoiceView{}}
	if f.Step == StepBegun {
		v.Expires = f.Begun.Add(LoginFor).UTC()
	}
	if len(f.Choices) == 0 {
		return v, nil
	}
	known, err := m.stored(ctx)
	if err != nil {
		return v, err
	}
	for _, c := range f.Choices {
		v.Choices = append(v.Choices, m.choiceView(f, c, known))
	}
	return v, nil
}
