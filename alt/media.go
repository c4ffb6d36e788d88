package alt

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

const (
	mediaFor   = 10 * time.Minute // then the message goes on without the file
	mediaTries = 12               // more than there are in mediaFor: attempts that end with a crash
	sniffLen   = 512              // bytes that tell a type, see http.DetectContentType
	fetchFor   = 45 * time.Second
)

// fetch brings the file of an inbound message home. Its failure never loses
// the message.
func (s *Service) fetch(ctx context.Context, it Item) {
	r, ok := it.Event.(*channels.Received)
	if !ok {
		s.release(ctx, it, it.Event.Meta().Channel, time.Time{}, channels.ErrMalformed, "media")
		return
	}
	m, _ := r.Content.(channels.Media)
	l := s.lineOf(r.Agency, r.Channel)
	if l == nil && s.lineMayCome(it) > 0 {
		s.noLine(ctx, it, r.Channel, "media", "media")
		return
	}
	var err error
	switch {
	case l == nil:
		err = channels.ErrUnreachable
	case it.Attempt > mediaTries:
		err = errLost
	default:
		err = s.guard(ctx, "driver", r.Channel, it.ID, func() (err error) { m, err = s.fetchMedia(ctx, l, r.Agency, m); return err })
	}
	missing := ""
	if err != nil {
		at := s.cfg.Now().Add(delay(it.Attempt))
		if passing(err) && it.Attempt < mediaTries && (it.Attempt < minTries || at.Before(it.Accepted.Add(mediaFor))) {
			s.release(ctx, it, r.Channel, at, err, "media")
			return
		}
		missing = channels.Code(err)
	}
	done := *r
	m.Missing, m.Ref = missing, ""
	done.Content = m
	if err := s.commit(ctx, it, Changes{Event: &done}); err != nil {
		if m.Blob != "" {
			_ = s.cfg.Store.DeleteBlob(context.WithoutCancel(ctx), r.Agency, m.Blob) // fetched again with the next attempt
		}
		if !errors.Is(err, ErrLeaseLost) {
			s.release(ctx, it, r.Channel, s.cfg.Now().Add(delay(it.Attempt)), channels.ErrUnavailable, "media")
		}
		return
	}
	name := "media.fetched"
	if missing != "" {
		name = "media.missing"
	}
	s.observe(Observation{Name: name, Line: r.Channel, Code: missing, N: 1})
}

// passing reports whether a file may be had later: what no class of errors
// explains, such as a full disk, is no fault of the file.
func passing(err error) bool {
	if errors.Is(err, channels.ErrUnavailable) || errors.Is(err, channels.ErrRateLimited) {
		return true
	}
	return channels.ClassByCode(channels.Code(err)) == nil && !errors.Is(err, errLost)
}

func (s *Service) fetchMedia(ctx context.Context, l *line, agency channels.Agency, m channels.Media) (channels.Media, error) {
	f, ok := channels.As[channels.MediaFetcher](l.Channel)
	if !ok {
		return m, channels.ErrUnsupported
	}
	ctx, cancel := context.WithTimeout(ctx, min(fetchFor, s.cfg.Lease/2))
	defer cancel()
	body, err := f.FetchMedia(ctx, m)
	if err != nil {
		return m, err
	}
	if body == nil {
		return m, channels.ErrMalformed
	}
	defer func() { _ = body.Close() }()
	// The provider's word on the type comes first; else the bytes say it.
	sniffed := bufio.NewReaderSize(body, sniffLen)
	if m.Type == "" {
		head, err := sniffed.Peek(sniffLen)
		if err != nil && !errors.Is(err, io.EOF) {
			return m, err // told once only: the copy below would not see it
		}
		m.Type, _, _ = strings.Cut(http.DetectContentType(head), ";")
	}
	info, err := s.cfg.Store.PutBlob(ctx, agency, sniffed, s.cfg.MaxMedia)
	switch {
	case errors.Is(err, ErrTooBig):
		return m, channels.ErrTooLong
	case err != nil:
		return m, err
	case m.SHA256 != "" && m.SHA256 != info.SHA256:
		_ = s.cfg.Store.DeleteBlob(ctx, agency, info.ID)
		return m, channels.ErrMalformed
	}
	m.Blob, m.Size, m.SHA256 = info.ID, info.Size, info.SHA256
	return m, nil
}
