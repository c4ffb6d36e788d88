package main

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"github.com/liidestuja/liidestuja/alt/desk"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/sealed"
	"github.com/liidestuja/liidestuja/refserver/internal/lines"
)

// lineParts let a visitor add lines, where the provider can be simulated so far;
// nil where it cannot.
func (d *demo) lineParts() (*lineParts, error) {
	provider, err := d.provider.connects()
	if err != nil || provider == nil {
		return nil, err
	}
	key, err := demoKey(d.cfg.DataDir, "demo-lines.key")
	if err != nil {
		return nil, err
	}
	ring, err := sealed.NewRing(sealed.Key{ID: "demo", Secret: key})
	if err != nil {
		return nil, err
	}
	return &lineParts{ring: ring, providers: []lines.Provider{provider}, public: d.cfg.URL, home: "/"}, nil
}

// demoKey is a key of a demo, in which everybody is invented: it lies beside its
// data.
func demoKey(dir, name string) ([]byte, error) {
	path := filepath.Join(dir, name)
	key, err := os.ReadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	key = make([]byte, sealed.KeySize)
	_, _ = rand.Read(key) // never fails: the runtime ends the program instead
	return key, os.WriteFile(path, key, 0o600)
}

// demoAgencies are those of the demo.
func demoAgencies() []channels.Agency { return []channels.Agency{demoAgency} }

// deskLines shows a visitor the lines, as the administrator of the desk.
func (p *pages) deskLines(w http.ResponseWriter, r *http.Request) {
	s := p.Desk.session(w, r)
	i := slices.IndexFunc(p.Desk.users, func(u demoUser) bool { return u.Role == desk.Admin })
	if i < 0 || !p.Lines {
		p.done(w, r, "problem.form")
		return
	}
	if err := p.become(s, w, p.Desk.users[i]); err != nil {
		p.answered(w, r, err, "")
		return
	}
	http.Redirect(w, r, "/lines", http.StatusSeeOther)
}
