package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/liidestuja/liidestuja/alt/desk"
	"github.com/liidestuja/liidestuja/channels"
)

// desk makes the configuration of the desk and of the handler behind it.
func (c *compiler) desk() {
	d := c.Desk
	c.parts.people = desk.HandlerConfig{Languages: d.Languages, Hours: desk.Hours{Zone: d.Hours.Zone, Closed: d.Hours.Closed}}
	for _, day := range slices.Sorted(maps.Keys(d.Hours.Week)) {
		place := "desk.hours.week." + day
		weekday, ok := weekdays()[day]
		if !ok {
			c.fail(place, "must be one of monday, tuesday, wednesday, thursday, friday, saturday, sunday")
			continue
		}
		if c.parts.people.Hours.Week == nil {
			c.parts.people.Hours.Week = make(map[time.Weekday][]desk.Span)
		}
		spans := []desk.Span{}
		for i, s := range d.Hours.Week[day] {
			from, to, ok := strings.Cut(s, "-")
			if !ok {
				c.fail(fmt.Sprintf("%s[%d]", place, i), `must be hours like "09:00-17:00"`)
			}
			spans = append(spans, desk.Span{From: strings.TrimSpace(from), To: strings.TrimSpace(to)})
		}
		c.parts.people.Hours.Week[weekday] = spans
	}
	if len(d.Texts) > 0 {
		c.parts.people.Texts = make(desk.Texts)
	}
	for lang, texts := range d.Texts {
		c.parts.people.Texts[lang] = make(map[desk.Text]string)
		for name, text := range texts {
			c.parts.people.Texts[lang][desk.Text(name)] = text
		}
	}
	tokens, errs := c.tokens()
	c.errs = append(c.errs, errs...)
	c.parts.desk.MaxUpload, c.parts.desk.FileTypes, c.parts.desk.PageSize = int64(d.MaxUpload), d.FileTypes, d.PageSize
	c.parts.desk.SessionIdle, c.parts.desk.SessionMax, c.parts.desk.Streams = d.SessionIdle.std(), d.SessionMax.std(), d.Streams
	c.parts.desk.Tokens = newTokenFile(c.src.File, tokens, c.vault).tokens
}

func weekdays() map[string]time.Weekday {
	days := make(map[string]time.Weekday)
	for d := time.Sunday; d <= time.Saturday; d++ {
		days[strings.ToLower(d.String())] = d
	}
	return days
}

// tokens returns those of the file, or its mistakes.
func (l *loaded) tokens() (tokens []desk.Token, errs []error) {
	hashes := make(map[string]bool)
	for i, t := range l.Desk.Tokens {
		place := fmt.Sprintf("desk.tokens[%d]", i)
		token := desk.Token{ID: t.ID, Name: t.Name, Role: desk.Role(t.Role), Agency: channels.Agency(or(t.Agency, l.Agency)), Hash: t.Hash}
		if err := token.Valid(); err != nil {
			errs = append(errs, l.translate(err, func(field string) string {
				return place + "." + strings.TrimPrefix(field, "token.")
			}))
		}
		if hashes[t.Hash] {
			errs = append(errs, l.problem(place+".hash", "is another token's already"))
		}
		hashes[t.Hash] = true
		tokens = append(tokens, token)
	}
	return tokens, errs
}

// tokenFile is where the desk's tokens come from: the configuration, read again
// when it changed, so that a token is added, replaced or withdrawn without a
// restart. Nothing else of a changed file takes effect. While the file has
// mistakes the last good tokens stay.
type tokenFile struct {
	path string
	now  func() time.Time
	log  func() *slog.Logger

	mu      sync.Mutex
	looked  time.Time
	changed time.Time
	size    int64
	good    []desk.Token
}

func newTokenFile(path string, tokens []desk.Token, v *vault) *tokenFile {
	f := &tokenFile{path: path, now: v.now, log: v.logger, good: tokens, looked: v.now()}
	if info, err := os.Stat(path); err == nil {
		f.changed, f.size = info.ModTime(), info.Size()
	}
	return f
}

// tokens implements desk.TokenSource.
func (f *tokenFile) tokens(ctx context.Context) ([]desk.Token, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := f.now(); now.Sub(f.looked) >= rereadKeys || now.Before(f.looked) {
		f.looked = now
		f.look(ctx)
	}
	return f.good, nil
}

func (f *tokenFile) look(ctx context.Context) {
	info, err := os.Stat(f.path)
	if err != nil || info.ModTime().Equal(f.changed) && info.Size() == f.size {
		return
	}
	f.changed, f.size = info.ModTime(), info.Size()
	l, err := loadConfig(f.path)
	if err == nil {
		tokens, errs := l.tokens()
		if len(errs) == 0 {
			f.good = tokens
			f.log().InfoContext(ctx, "tokens of the desk read again", "tokens", len(tokens))
			return
		}
		err = errs[0]
	}
	f.log().ErrorContext(ctx, "configuration changed and has a mistake, the tokens stay as they were", "error", err)
}
