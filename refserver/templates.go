package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
)

const (
	// templatesEvery is how often Meta is asked for the templates of a line. It
	// tells of changes, but only one of several processes, and not of new ones.
	templatesEvery = 15 * time.Minute
	templatesTick  = 30 * time.Second // looks for lines to ask for
	templatesFor   = time.Minute      // bounds the questions for one line
)

// templates are what is known of the templates of an app's WhatsApp lines: one
// that is not approved, or is filled in wrongly, is not sent to Meta in vain.
type templates struct {
	book meta.TemplateBook
	app  atomic.Pointer[meta.App] // as it was built last

	mu    sync.Mutex
	asked map[channels.ID]time.Time
	dumb  map[channels.ID]bool // lines whose templates could not be had the last time
}

func newTemplates() *templates {
	return &templates{asked: make(map[channels.ID]time.Time), dumb: make(map[channels.ID]bool)}
}

// watchTemplates keeps them up to date until ctx ends.
func (a *app) watchTemplates(ctx context.Context) {
	tick := time.NewTicker(templatesTick)
	defer tick.Stop()
	for {
		for _, t := range a.templates {
			t.refresh(ctx, a.svc.Now(), a.logger)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// refresh asks for the templates of each line that was not asked for lately.
func (t *templates) refresh(ctx context.Context, now time.Time, log *slog.Logger) {
	app := t.app.Load()
	for _, ch := range app.Channels() {
		if line := ch.Info().ID; ch.Info().Kind == channels.WhatsApp && ctx.Err() == nil && t.due(line, now) {
			t.read(ctx, app, line, log)
		}
	}
}

func (t *templates) due(line channels.ID, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at, ok := t.asked[line]; ok && now.Sub(at) < templatesEvery {
		return false
	}
	t.asked[line] = now
	return true
}

// read fills the book for a line. What cannot be had stays as it was, and what was
// never had Meta judges alone.
func (t *templates) read(ctx context.Context, app *meta.App, line channels.ID, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, templatesFor)
	defer cancel()
	all, err := app.Templates(ctx, line)
	if errors.Is(err, channels.ErrUnsupported) { // its business account is not known
		return
	}
	t.mu.Lock()
	news := t.dumb[line] != (err != nil)
	t.dumb[line] = err != nil
	t.mu.Unlock()
	switch {
	case err == nil:
		t.book.Replace(line, all)
		log.DebugContext(ctx, "templates read", "line", line, "templates", len(all))
	case news && ctx.Err() == nil:
		log.WarnContext(ctx, "templates of a line are not known", "line", line, "error", err)
	}
}

// changed takes in what Meta tells. A template that the book does not have is
// asked for.
func (t *templates) changed(e *channels.LineChanged) {
	if e.Subject != "template" || t.book.Apply(e) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.asked, e.Channel)
}
