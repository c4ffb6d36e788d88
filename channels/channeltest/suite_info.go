package channeltest

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
)

func infoChecks() []check {
	return []check{
		{"Info is valid and always the same", infoIsValid},
		{"every capability is known or says why not", capabilitiesAreFilled},
		{"the constructor refuses an empty secret", emptySecretIsRefused},
	}
}

func infoIsValid(t TB, _ Subject, in *Instance) {
	info := in.Line.Info()
	if !reflect.DeepEqual(info, in.Line.Info()) {
		t.Errorf("two calls of Info differ")
	}
	if info.ID.Valid() != nil {
		t.Errorf("Info.ID %q is malformed", info.ID)
	}
	if info.Agency != "" && info.Agency.Valid() != nil {
		t.Errorf("Info.Agency %q is malformed", info.Agency)
	}
	if info.Kind == "" || info.Capabilities.Kind != info.Kind {
		t.Errorf("Info.Kind is %q and the capabilities are of %q", info.Kind, info.Capabilities.Kind)
	}
	switch info.Grade {
	case channels.Signed, channels.SharedSecret, channels.Open:
	default:
		t.Errorf("Info.Grade is %q", info.Grade)
	}
}

func capabilitiesAreFilled(t TB, _ Subject, in *Instance) {
	v := reflect.ValueOf(in.Line.Info().Capabilities)
	for i := range v.NumField() {
		f, ok := v.Field(i).Interface().(interface{ Filled() bool })
		if ok && !f.Filled() {
			t.Errorf("Capabilities.%s has neither Source and AsOf nor Unknown", v.Type().Field(i).Name)
		}
	}
}

func emptySecretIsRefused(t TB, s Subject, _ *Instance) {
	if s.NewWithoutSecret == nil {
		t.Skipf("no Subject.NewWithoutSecret")
	}
	err := s.NewWithoutSecret()
	if err == nil {
		t.Fatalf("the constructor takes an empty secret")
	}
	s.keepsSecrets(t, "the constructor's error", err.Error())
}

// isFailure checks the form that every error of a driver has, and that it
// prints nothing that is nobody else's business.
func (s Subject) isFailure(t TB, in *Instance, err error) {
	t.Helper()
	e := failure(t, err)
	if e.Op == "" {
		t.Errorf("the error names no Op")
	}
	if id := in.Line.Info().ID; e.Channel != "" && e.Channel != id {
		t.Errorf("the error is of the line %q, not %q", e.Channel, id)
	}
	if channels.ClassByCode(channels.Code(e)) == nil {
		t.Errorf("the error has no class")
	}
	var logged bytes.Buffer
	slog.New(slog.NewTextHandler(&logged, nil)).Error("failed", "error", err)
	slog.New(slog.NewJSONHandler(&logged, nil)).Error("failed", "error", err)
	for _, out := range []string{err.Error(), fmt.Sprintf("%v %+v %#v %q", err, err, err, err), logged.String()} {
		s.keepsSecrets(t, "an error", out)
	}
}

// failure returns the *Error that every error of a driver is.
func failure(t TB, err error) (e *channels.Error) {
	t.Helper()
	if !errors.As(err, &e) {
		t.Fatalf("the error is a %T, not an *channels.Error", err)
	}
	return e
}

// Words by which the suite recognises what a person wrote.
const canary = "kanaarilind"

// keepsSecrets fails when out shows a secret, the person or what was written.
func (s Subject) keepsSecrets(t TB, what, out string) {
	t.Helper()
	for i, secret := range s.Secrets {
		if secret != "" && strings.Contains(out, secret) {
			t.Errorf("%s shows the secret number %d", what, i+1)
		}
	}
	if strings.Contains(out, string(s.Peer)) {
		t.Errorf("%s shows the person", what)
	}
	if strings.Contains(out, canary) {
		t.Errorf("%s shows the text", what)
	}
}
