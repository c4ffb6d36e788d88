package channeltest

import (
	"bytes"
	"errors"
	"io"

	"github.com/liidestuja/liidestuja/channels"
)

func optionChecks() []check {
	return []check{
		{"a handshake is answered for the right token only", handshakeNeedsToken},
		{"a file at the limit is whole and one over it is an error", fileLimitIsEnforced},
		{"a file that is not there is an error", missingFileIsError},
		{"a message that was sent is found and another is not", sentIsFound},
		{"typing is shown, or the error says why not", typingIsShown},
		{"erasing says what came of it", erasureIsTold},
	}
}

func handshakeNeedsToken(t TB, s Subject, in *Instance) {
	c := option[channels.Challenger](t, in)
	if in.Handshake == nil {
		t.Fatalf("the driver is a Challenger, and there is no Instance.Handshake")
	}
	r, want := in.Handshake(true)
	if got, err := c.Challenge(t.Context(), r); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the right token is not answered")
	}
	r, _ = in.Handshake(false)
	got, err := c.Challenge(t.Context(), r)
	if err == nil || len(got) > 0 {
		t.Fatalf("a wrong token is answered")
	}
	s.isFailure(t, in, err)
	if !errors.Is(err, channels.ErrSignature) {
		t.Errorf("a wrong token is not refused with ErrSignature")
	}
}

func fileLimitIsEnforced(t TB, s Subject, in *Instance) {
	f := option[channels.MediaFetcher](t, in)
	if in.File == nil || s.MediaLimit == 0 {
		t.Skipf("no Instance.File, or no Subject.MediaLimit")
	}
	n, err := fetch(t, f, in.File(s.MediaLimit))
	if err != nil || n != s.MediaLimit {
		t.Errorf("%d bytes of a file of %d, error %v", n, s.MediaLimit, err)
	}
	n, err = fetch(t, f, in.File(s.MediaLimit+1))
	if err == nil {
		t.Fatalf("a file over the limit ends after %d bytes without an error", n)
	}
	s.isFailure(t, in, err)
	if n > s.MediaLimit {
		t.Errorf("%d bytes were given of a file that may have %d", n, s.MediaLimit)
	}
}

// fetch reads a file to its end and returns its size.
func fetch(t TB, f channels.MediaFetcher, m channels.Media) (int64, error) {
	r, err := f.FetchMedia(t.Context(), m)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(io.Discard, r)
	return n, errors.Join(err, r.Close())
}

func missingFileIsError(t TB, s Subject, in *Instance) {
	f := option[channels.MediaFetcher](t, in)
	_, err := fetch(t, f, channels.Media{As: channels.Image, Ref: "there-is-no-such-file"})
	if err == nil {
		t.Fatalf("a file that is not there can be read")
	}
	s.isFailure(t, in, err)
}

func sentIsFound(t TB, s Subject, in *Instance) {
	f := option[channels.Finder](t, in)
	m := s.outbound(in, "suite-find", canary)
	sent := s.sends(t, in, m)
	got, ok, err := f.Find(t.Context(), m)
	if err != nil || !ok || got.ID != sent.ID {
		t.Errorf("a message that was sent is not found")
	}
	got, ok, err = f.Find(t.Context(), s.outbound(in, "suite-never", "never sent"))
	if err != nil || ok || got.ID != "" {
		t.Errorf("a message that was never sent is found, or looking for it fails")
	}
}

func typingIsShown(t TB, s Subject, in *Instance) {
	o := option[channels.Typer](t, in)
	if err := o.Typing(t.Context(), s.outbound(in, "suite", "").To); err != nil {
		s.isFailure(t, in, err)
	}
}

func erasureIsTold(t TB, s Subject, in *Instance) {
	o := option[channels.Eraser](t, in)
	m := s.outbound(in, "suite-erase", canary)
	sent := s.sends(t, in, m)
	got, err := o.Erase(t.Context(), m.To, sent.Thread)
	if err != nil {
		s.isFailure(t, in, err)
		return
	}
	switch got {
	case channels.Erased, channels.Archived, channels.NotErasable, channels.NothingStored:
	default:
		t.Errorf("the result is %q", got)
	}
	if told := in.Line.Info().Capabilities.Erasure; told.Known() && told.Value != got {
		t.Errorf("the result is %q, the capabilities say %q", got, told.Value)
	}
}
