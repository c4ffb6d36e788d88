package main

import (
	"context"
	"time"
)

// version is one of a provider's API, and when the provider stops serving it.
type version struct {
	provider, name string
	ends           time.Time
}

// warnBefore is how early the end of a version is told: a new one has to be tried
// with every line.
const warnBefore = 180 * 24 * time.Hour

// watchVersions tells the operator every day which version ends soon.
func (a *app) watchVersions(ctx context.Context) {
	tick := time.NewTicker(24 * time.Hour)
	defer tick.Stop()
	for {
		for _, v := range a.versions {
			if left := v.ends.Sub(a.svc.Now()); left < warnBefore {
				a.logger.WarnContext(ctx, "version of an API ends", "provider", v.provider, "version", v.name, "ends", v.ends.Format(time.DateOnly))
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
