package channels_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

// shown returns all that fmt and slog print of v. (%p asks no type how to print
// it.)
func shown(v any) string {
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%q", "%s", "%x", "%X", "%d", "%t", "%T", "%08.3f"} {
		fmt.Fprintf(&b, verb+"\n", v)
	}
	fmt.Fprintf(&b, "%v %+v", []any{v}, map[string]any{"a": v})
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		slog.New(h).Info("m", "v", v)
		slog.New(h).With("v", v).WithGroup("g").Info("m", slog.Group("h", "v", v))
	}
	return b.String()
}

// leaks returns which planted words are in s.
func leaks(s string) []string {
	var out []string
	for _, word := range []string{name, number, said, bearer, "wire", "isikukood", "55512345", "s3cr3t",
		fmt.Sprintf("%x", said), fmt.Sprintf("%X", number), fmt.Sprint([]byte(raw))} {
		if strings.Contains(s, word) {
			out = append(out, word)
		}
	}
	return out
}

func TestNothingPersonalIsPrinted(t *testing.T) {
	address := channels.Address{Agency: "ppa", Channel: "ppa", Peer: channels.Peer(number)}
	failure := channels.Error{Op: "send", Channel: "ppa", Class: channels.ErrRejected, Err: errCause}
	things := []any{
		channels.Peer(number), address, &address, channels.Profile{Name: name, Language: "et"},
		channels.Param{Text: said}, channels.Choice{ID: said, Title: name}, channels.TemplateButton{Value: channels.Param{Text: said}},
		failure, &failure, fmt.Errorf("handle: %w", &failure),
		channels.Request{Method: "POST", PublicURL: bearer, Header: http.Header{"Authorization": {said}}, Body: []byte(raw)},
		&channels.Request{Method: "POST", PublicURL: bearer, Header: http.Header{"Authorization": {said}}, Body: []byte(raw)},
	}
	for _, c := range contents() {
		pointer := reflect.New(reflect.TypeOf(c))
		pointer.Elem().Set(reflect.ValueOf(c))
		o := outbound(c)
		things = append(things, c, pointer.Interface(), o, &o)
	}
	for _, e := range events() {
		things = append(things, e, reflect.ValueOf(e).Elem().Interface(), *e.Meta(), e.Meta(), e.Address())
	}
	for _, v := range things {
		require.Empty(t, leaks(shown(v)), "%T", v)
	}
}

func TestTheCheckOfPrintingFindsLeaks(t *testing.T) {
	require.NotEmpty(t, leaks(shown(number)))
	require.NotEmpty(t, leaks(shown([]byte(raw))))
	require.NotEmpty(t, leaks(shown(errCause)))
	require.NotEmpty(t, leaks(shown(struct{ Name string }{name})))
}

func TestWhatIsPrintedHelps(t *testing.T) {
	o := outbound(channels.Text{Body: said})
	for want, v := range map[string]any{
		"[peer]":                   o.To.Peer,
		"ppa/[peer]":               o.To,
		"outbound m-1.1 on ppa":    o,
		"text(29 bytes)":           o.Content,
		"choices(1)":               contents()[4],
		"media(image)":             contents()[1],
		"event on ppa":             events()[0],
		"POST request of 16 bytes": channels.Request{Method: "POST", Body: []byte(raw)},
		"send on ppa: reply window closed (provider code 131047); instead: template, human_agent": &channels.Error{Op: "send", Channel: "ppa",
			Class: channels.ErrWindowClosed, Provider: "131047", Instead: []channels.Alternative{channels.UseTemplate, channels.UseHumanAgent}},
		"send: failed": &channels.Error{Op: "send"},
	} {
		require.Equal(t, want, fmt.Sprint(v))
	}
	require.Equal(t, number, string(o.To.Peer), "the value is there for those who ask for it")
}
