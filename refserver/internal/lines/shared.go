package lines

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/internal/sealed"
)

const (
	changeKey = "line.change" // of the flow that whoever changes lines has
	// changeFor is how long the right to change is held by a process that died;
	// longer than actFor, with room for clocks that differ.
	changeFor  = actFor + 15*time.Second
	changeWait = 100 * time.Millisecond
)

// change is the right to change lines, which one caller has at a time, of all
// processes over the store: what was checked stays true.
type change struct {
	m    *Manager
	flow alt.Flow // of a shared store
}

// coming is what the flow of a change holds: a line that is about to be added.
type coming struct {
	By       string // another one every time
	Provider string
	Line     *Added
}

func (m *Manager) changePlace() sealed.Place {
	return sealed.Place{Agency: string(m.cfg.Home), Name: "change"}
}

// begin waits for the right to change lines. end must be called.
func (m *Manager) begin(ctx context.Context) (*change, error) {
	m.changing.Lock()
	c := &change{m: m}
	if m.cfg.Spread == 0 {
		return c, nil
	}
	if err := c.enter(ctx); err != nil {
		m.changing.Unlock()
		return nil, problem("unavailable").because(err)
	}
	return c, nil
}

func (c *change) enter(ctx context.Context) error {
	m := c.m
	for {
		f, err := m.cfg.Store.Flow(ctx, m.cfg.Home, changeKey)
		switch {
		case errors.Is(err, alt.ErrNotFound):
			f = alt.Flow{Agency: m.cfg.Home, Key: changeKey}
		case err != nil:
			return err
		}
		if f.Version == 0 || !m.cfg.Now().Before(f.Expires) {
			f.Expires = m.cfg.Now().Add(changeFor)
			if err = c.save(ctx, f, coming{}); !errors.Is(err, alt.ErrConflict) {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(changeWait):
		}
	}
}

// save writes the flow that this change has then.
func (c *change) save(ctx context.Context, f alt.Flow, content coming) error {
	content.By = rand.Text()
	b, err := json.Marshal(content)
	if err != nil {
		return err
	}
	f.Sealed = c.m.cfg.Ring.Seal(b, c.m.changePlace())
	flows := []alt.Flow{f}
	err = c.m.cfg.Store.Commit(ctx, alt.Item{}, alt.Changes{Flows: flows})
	if err == nil {
		c.flow = flows[0]
	}
	return err
}

// announce has the other processes serve a line that is not stored yet, and
// returns when they do: the provider may send the moment that it is told to, and
// calls any of them.
func (c *change) announce(ctx context.Context, provider string, line *Added) error {
	if c.m.cfg.Spread == 0 {
		return nil
	}
	if err := c.save(ctx, c.flow, coming{Provider: provider, Line: line}); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(c.m.cfg.Spread):
		return nil
	}
}

// end gives the right back. When that fails it ends by itself.
func (c *change) end() {
	defer c.m.changing.Unlock()
	if c.m.cfg.Spread == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c.flow.Spent = true
	if err := c.m.cfg.Store.Commit(ctx, alt.Item{}, alt.Changes{Flows: []alt.Flow{c.flow}}); err != nil {
		c.m.cfg.Logger.WarnContext(ctx, "lines cannot be changed for a minute", "error", err)
	}
}

// coming returns the line that another process is about to add, if there is one.
func (m *Manager) coming(ctx context.Context) (provider string, line *Added, err error) {
	f, err := m.cfg.Store.Flow(ctx, m.cfg.Home, changeKey)
	if errors.Is(err, alt.ErrNotFound) || err == nil && !m.cfg.Now().Before(f.Expires) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	b, err := m.cfg.Ring.Open(f.Sealed, m.changePlace())
	if err != nil {
		return "", nil, fmt.Errorf("a line that another process adds: %w", err)
	}
	var c coming
	if err := json.Unmarshal(b, &c); err != nil {
		return "", nil, err
	}
	if c.Line != nil {
		m.cfg.Secret(string(c.Line.Token))
	}
	return c.Provider, c.Line, nil
}

// Refresh puts into service, or out of it, what another process has changed. It
// does nothing while this one changes something.
func (m *Manager) Refresh(ctx context.Context) error {
	if !m.changing.TryLock() {
		return nil
	}
	defer m.changing.Unlock()
	list, err := m.stored(ctx)
	if err != nil {
		return err
	}
	at, line, err := m.coming(ctx)
	if err != nil {
		return err
	}
	for _, name := range m.Providers() {
		added := line
		if at != name {
			added = nil
		}
		state := stateOf(name, list, added)
		if m.serves[name] == state {
			continue
		}
		built, err := m.build(ctx, m.providers[name], key{}, added)
		if err == nil {
			err = m.cfg.Service.SetProvider(built)
		}
		if err != nil {
			return fmt.Errorf("lines of %s were changed by another process, and are served as they were: %w", name, err)
		}
		m.serves[name] = state
		m.cfg.Logger.InfoContext(ctx, "lines were changed by another process", "provider", name)
	}
	return nil
}

// stateOf says of which lines a provider is built, to be compared.
func stateOf(provider string, list []alt.StoredLine, coming *Added) string {
	var b strings.Builder
	for _, l := range list {
		if l.Provider == provider {
			fmt.Fprintf(&b, "%s/%s %d %s\n", l.Agency, l.ID, l.Version, l.State)
		}
	}
	if coming != nil {
		fmt.Fprintf(&b, "%s/%s is coming\n", coming.Agency, coming.ID)
	}
	return b.String()
}
