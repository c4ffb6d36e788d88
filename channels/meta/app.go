package meta

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// App is one Meta app with its lines. It is a messaging service provider in the
// sense of the package msp. All methods may be called concurrently.
type App struct {
	cfg   Config
	lines []*line
	usage meter // of the app's calls
	files *httpx.Fetcher
}

var (
	_ channels.Webhook       = (*App)(nil)
	_ channels.Challenger    = (*App)(nil)
	_ channels.HealthChecker = (*App)(nil)
)

// line is one account of the app.
type line struct {
	app   *App
	conf  Line
	info  channels.Info
	api   *httpx.Client // below the version
	usage meter         // of the account's calls
}

// New checks cfg and returns the app. It does no I/O of its own; it asks the
// sources of secrets once. Errors name the field of Config.
func New(cfg Config) (*App, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	files, err := cfg.files()
	if err != nil {
		return nil, err
	}
	a := &App{cfg: cfg, files: files}
	for i, c := range cfg.Lines {
		l := &line{app: a, conf: c}
		base := cfg.Endpoints.Graph
		if c.InstagramLogin {
			base = cfg.Endpoints.Instagram
		}
		if l.api, err = l.client(strings.TrimSuffix(base, "/") + "/" + cfg.Version); err != nil {
			return nil, fmt.Errorf("meta: Config.Endpoints: %w", err)
		}
		caps, err := capabilities(c)
		if err != nil {
			return nil, fieldError(fmt.Sprintf("Lines[%d].Kind", i), err.Error())
		}
		l.info = channels.Info{
			ID: c.ID, Kind: c.Kind, Agency: c.Agency, Name: c.Name, Provider: "Meta", Capabilities: caps, Grade: channels.Signed,
			PeerSpace: peerSpace(c), ReturnLink: c.ReturnLink,
		}
		a.lines = append(a.lines, l)
	}
	return a, nil
}

// peerSpace says where else the line's people are known by the same Peer.
func peerSpace(l Line) string {
	if l.Kind == channels.WhatsApp {
		return channels.PhonePeers
	}
	return "meta/" + l.Account
}

// Name returns Config.Name.
func (a *App) Name() string { return a.cfg.Name }

// Channels returns the lines in the order of Config.Lines.
func (a *App) Channels() []channels.Channel {
	lines := make([]channels.Channel, len(a.lines))
	for i, l := range a.lines {
		lines[i] = l
	}
	return lines
}

// Info implements channels.Channel.
func (l *line) Info() channels.Info { return l.info }

// account finds a line by Meta's id. An app has a handful.
func (a *App) account(id string) *line {
	for _, l := range a.lines {
		if l.conf.Account == id {
			return l
		}
	}
	return nil
}

// removed reports whether an account was a line once, and counts what came.
func (a *App) removed(account string) bool {
	if !slices.Contains(a.cfg.Removed, account) {
		return false
	}
	if a.cfg.Ignored != nil {
		a.cfg.Ignored(account)
	}
	return true
}

// errNoToken is the failure of a call for which the source gave no token, or
// one that cannot be one, such as a file's content with its line break.
var errNoToken = errors.New("no access token")

// token returns the line's access token and the proof that we know the app's
// secret, which goes with it.
func (l *line) token() (token, proof string, err error) {
	token, secrets := l.conf.Token(), l.app.cfg.AppSecrets()
	if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) || len(secrets) == 0 || secrets[0] == "" {
		return "", "", errNoToken
	}
	m := hmac.New(sha256.New, []byte(secrets[0]))
	m.Write([]byte(token))
	return token, hex.EncodeToString(m.Sum(nil)), nil
}

func (l *line) client(base string) (*httpx.Client, error) {
	cfg := l.app.cfg
	return httpx.New(httpx.Config{BaseURL: base, Client: cfg.HTTPClient, Timeout: cfg.Timeout, InsecureHTTP: cfg.InsecureHTTP})
}
