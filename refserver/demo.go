package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
)

// demoConfig says where the demo runs.
type demoConfig struct {
	URL     string // of this server as the browser and the simulator reach it, without a slash at the end
	DataDir string // it exists
	Logger  *slog.Logger
}

// startDemo makes the demo. ctx ends when the server begins to stop; run ends
// with its own ctx, and closes what startDemo opened. See startFunc.
func startDemo(ctx context.Context, cfg demoConfig) (handler http.Handler, run func(context.Context) error, err error) {
	return nil, nil, errors.New("this build has no demo: a configuration is needed (-config FILE)")
}
