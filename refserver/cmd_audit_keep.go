package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/audit"
	"github.com/liidestuja/liidestuja/channels"
)

// auditKeep follows the log of a running server from a process of its own. It never
// opens the store, so a server can start and stop meanwhile.
func (c *console) auditKeep(ctx context.Context, f auditFlags, _ []string) (err error) {
	_, keys, err := f.publicKeys()
	if err != nil {
		return err
	}
	agency, err := c.owner(f)
	if err != nil {
		return err
	}
	cfg := audit.Config{
		Agency: agency, Verifiers: keys,
		Logger: newLog(c.stderr, slog.LevelInfo, &redactor{}, readBuild()),
	}
	for _, name := range list(*f.key) {
		signer, err := privateKey(name)
		if err != nil {
			return err
		}
		cfg.Signers, cfg.Origin = append(cfg.Signers, signer), signer.Name()
	}
	if cfg.Witnesses, err = f.witnesses(); err != nil {
		return err
	}
	data := or(*f.at.data, defaultData)
	if *f.at.config != "" {
		p, err := c.configured(*f.at.config, instead{data: *f.at.data})
		if err != nil {
			return err
		}
		data = p.data
	}
	cfg.Ledger = auditSocket{data}
	storage, err := audit.OpenDir(*f.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, storage.Close()) }()
	cfg.Storage = storage
	keeper, err := audit.New(cfg)
	if err != nil {
		return err
	}
	return keeper.Run(ctx)
}

func privateKey(name string) (note.Signer, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(b)))
	if err != nil {
		return nil, fmt.Errorf("%s holds no private key", name) // the cause may quote it
	}
	return signer, nil
}

func (f auditFlags) witnesses() ([]audit.Witness, error) {
	var all []audit.Witness
	for _, to := range list(*f.witness) {
		if !strings.HasPrefix(to, "https://") {
			path, err := filepath.Abs(to)
			if err != nil {
				return nil, err
			}
			all = append(all, audit.NewFile(path))
			continue
		}
		if *f.secret == "" {
			return nil, f.usage(errors.New("-secret is required for an address"))
		}
		secret, err := os.ReadFile(*f.secret)
		if err != nil {
			return nil, err
		}
		hook, err := audit.NewHook(audit.HookConfig{URL: to, Secret: []byte(strings.TrimSpace(string(secret)))})
		if err != nil {
			return nil, err
		}
		all = append(all, hook)
	}
	return all, nil
}

// auditSocket is the log of whatever server has the data folder now.
type auditSocket struct{ data string }

// Log implements audit.Ledger.
func (s auditSocket) Log(ctx context.Context, q alt.LogQuery) ([]alt.LogEntry, string, error) {
	admin, done := dialAdmin(ctx, s.data)
	if admin == nil {
		return nil, "", fmt.Errorf("no server answers at %s", socketPath(s.data))
	}
	page, next, err := auditLedger{admin}.Log(ctx, q)
	return page, next, errors.Join(err, done())
}

// auditLedger reads the log from a server's handler of commands.
type auditLedger struct{ admin *adminClient }

// logPage is a page of the log on its way. Times are apart: JSON does not take all
// that somebody may have written into a store.
type logPage struct {
	Entries []alt.LogEntry `json:"entries"`
	Times   []int64        `json:"times"` // microseconds since 1970
	Next    string         `json:"next,omitempty"`
}

// Log implements audit.Ledger.
func (l auditLedger) Log(ctx context.Context, q alt.LogQuery) ([]alt.LogEntry, string, error) {
	v := url.Values{"agency": {string(q.Agency)}, "conversation": {q.Conversation}, "message": {q.Message}, "limit": {strconv.Itoa(q.Limit)}, "cursor": {q.Cursor}}
	for name, at := range map[string]time.Time{"from": q.From, "to": q.To} {
		if !at.IsZero() {
			v.Set(name, strconv.FormatInt(at.UnixMicro(), 10))
		}
	}
	var p logPage
	if err := l.admin.do(ctx, http.MethodGet, "/log?"+v.Encode(), nil, &p); err != nil {
		return nil, "", err
	}
	if len(p.Times) != len(p.Entries) {
		return nil, "", errors.New("the server's answer was not understood")
	}
	for i := range p.Entries {
		p.Entries[i].At = time.UnixMicro(p.Times[i]).UTC()
	}
	return p.Entries, p.Next, nil
}

// contentsAsked are the messages whose contents are compared with the log.
type contentsAsked struct {
	Agency channels.Agency `json:"agency"`
	IDs    []string        `json:"ids"`
}

// Commitments implements audit.Contents. The contents themselves stay in the server.
func (l auditLedger) Commitments(ctx context.Context, agency channels.Agency, ids []string) (sums []map[string]string, err error) {
	err = l.admin.do(ctx, http.MethodPost, "/contents", contentsAsked{agency, ids}, &sums)
	return sums, err
}

// maxContents bounds one question of contents.
const maxContents = 1000

// contents answers POST /contents: commitments to what messages say now.
func (a *admin) contents(r *http.Request) (any, error) {
	var q contentsAsked
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&q); err != nil || len(q.IDs) > maxContents {
		return nil, fmt.Errorf("%w: ids", alt.ErrInput)
	}
	return audit.StoredContents{Archive: a.store}.Commitments(r.Context(), q.Agency, q.IDs)
}

// exportTold is what an export of the log was about.
type exportTold struct {
	Agency  channels.Agency   `json:"agency"`
	Entries int               `json:"entries"`
	Of      map[string]string `json:"of,omitempty"` // what was asked for
}

// exported answers POST /log/exported: that somebody takes entries out is one itself.
func (a *admin) exported(r *http.Request) (any, error) {
	var x exportTold
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&x); err != nil || x.Agency == "" {
		return nil, fmt.Errorf("%w: export", alt.ErrInput)
	}
	e := alt.LogEntry{Agency: x.Agency, At: time.Now(), Act: "log.exported", Actor: operatorName, Conversation: x.Of["conversation"],
		Detail: map[string]string{"entries": strconv.Itoa(x.Entries)}}
	for _, k := range []string{"session", "from", "to", "numbers"} {
		if v := x.Of[k]; v != "" {
			e.Detail[k] = v
		}
	}
	return struct{}{}, a.store.Commit(r.Context(), alt.Item{}, alt.Changes{Log: []alt.LogEntry{e}})
}

// log answers GET /log: a page of an agency's security log.
func (a *admin) log(r *http.Request) (any, error) {
	v := r.URL.Query()
	limit, err := strconv.Atoi(v.Get("limit"))
	if err != nil {
		return nil, fmt.Errorf("%w: limit", alt.ErrInput)
	}
	q := alt.LogQuery{Agency: channels.Agency(v.Get("agency")), Conversation: v.Get("conversation"), Message: v.Get("message"), Limit: limit, Cursor: v.Get("cursor")}
	for name, at := range map[string]*time.Time{"from": &q.From, "to": &q.To} {
		if s := v.Get(name); s != "" {
			micros, err := strconv.ParseInt(s, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("%w: %s", alt.ErrInput, name)
			}
			*at = time.UnixMicro(micros).UTC()
		}
	}
	var p logPage
	if p.Entries, p.Next, err = a.store.Log(r.Context(), q); err != nil {
		return nil, err
	}
	for i := range p.Entries {
		p.Times = append(p.Times, p.Entries[i].At.UnixMicro())
		p.Entries[i].At = time.Time{}
	}
	return p, nil
}
