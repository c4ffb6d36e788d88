package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/refserver/internal/lines"
)

// admin answers the commands that need the store, which one process has at a
// time. A running server listens for them at a socket in the folder of its data,
// which only its own user can open; when none runs, the command opens the store
// and asks the same handler in its own process.
type admin struct {
	store    alt.Store
	agencies []channels.Agency
	settle   func(ctx context.Context, agency channels.Agency, id int64, v alt.Verdict) error
	webhooks http.Handler   // nil: there is no configuration
	lines    *lines.Manager // nil: all lines are those of the configuration
}

// operatorName stands in the security log for whoever may use the socket.
const operatorName = "operator"

func socketPath(data string) string { return filepath.Join(data, "admin.sock") }

// listenAdmin starts to answer commands, and returns what ends it.
func (a *app) listenAdmin(ctx context.Context) (stop func(), err error) {
	if a.data == "" { // commands open the store themselves
		return func() {}, nil
	}
	path := socketPath(a.data)
	// We hold the lock of the store, so a socket that is there is of a process
	// that died.
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	// The folder is made for its owner alone. Where an operator opened it, the usual
	// umask keeps others from connecting until here.
	if err := os.Chmod(path, 0o600); err != nil {
		_ = ln.Close()
		return nil, err
	}
	srv := &http.Server{Handler: a.admin().handler(), ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(httpLog{a.logger.Handler()}, slog.LevelWarn)}
	go func() { _ = srv.Serve(ln) }() // ends with Close
	return func() { _ = srv.Close() }, nil
}

// admin returns the handler of commands of a wired server.
func (a *app) admin() *admin {
	return &admin{
		store: a.store, agencies: a.agencies(), lines: a.lines, webhooks: http.StripPrefix("/webhooks", a.svc.Webhooks()),
		settle: func(ctx context.Context, agency channels.Agency, id int64, v alt.Verdict) error {
			return a.svc.Settle(ctx, agency, id, v, operatorName)
		},
	}
}

// adminOf returns the handler of commands over a store alone.
func adminOf(store alt.Store, agencies ...channels.Agency) *admin {
	return &admin{
		store: store, agencies: agencies,
		settle: func(ctx context.Context, agency channels.Agency, id int64, v alt.Verdict) error {
			return store.Settle(ctx, agency, id, v, alt.LogEntry{
				Agency: agency, At: time.Now(), Act: "letter." + string(v), Actor: operatorName, Detail: map[string]string{"letter": strconv.FormatInt(id, 10)},
			})
		},
	}
}

func (a *admin) handler() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, f func(r *http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			v, err := f(r)
			w.Header().Set("Content-Type", "application/json")
			if err != nil {
				w.WriteHeader(statusOf(err))
				v = adminFailure{err.Error()}
				if errors.Is(err, alt.ErrNotFound) {
					v = adminFailure{"not found"}
				}
			}
			_ = json.NewEncoder(w).Encode(v)
		})
	}
	handle("GET /message/{id}", a.message)
	handle("GET /letters", a.letters)
	handle("POST /letters/{id}/{verdict}", a.verdict)
	handle("POST /backup", a.backup)
	handle("GET /log", a.log)
	handle("POST /contents", a.contents)
	handle("POST /log/exported", a.exported)
	handle("GET /lines", a.listLines)
	handle("POST /lines/remove/{id}", a.removeLine)
	handle("POST /lines/rekey", a.rekeyLines)
	if a.webhooks != nil {
		mux.Handle("/webhooks/", a.webhooks)
	}
	return mux
}

type adminFailure struct {
	Error string `json:"error"`
}

func statusOf(err error) int {
	switch {
	case errors.Is(err, alt.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, alt.ErrInput):
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

// eachAgency calls f until it finds something.
func (a *admin) eachAgency(f func(channels.Agency) error) error {
	err := fmt.Errorf("%w", alt.ErrNotFound)
	for _, agency := range a.agencies {
		if err = f(agency); !errors.Is(err, alt.ErrNotFound) {
			return err
		}
	}
	return err
}
