package bird_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/bird"
	"github.com/liidestuja/liidestuja/msp/bird/birdtest"
)

// referenceDir is the folder of payloads of MessageBird and Bird, which are no
// part of the repository; "" when it is not there.
func referenceDir() string {
	root, err := os.Getwd()
	for err == nil && root != filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		root = filepath.Dir(root)
	}
	dir := os.Getenv("ALT_REFERENCE")
	if dir == "" {
		dir = "../shared/reference"
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(root, dir)
	}
	dir = filepath.Join(dir, "messagebird")
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return ""
	}
	return dir
}

// ofBird reports whether a file is of this generation of the API.
func ofBird(name string) bool {
	return strings.HasPrefix(name, "synthetic/birdcrm_") || strings.HasPrefix(name, "signatures/hmac_url_")
}

// fixtures calls see with each file of Bird.
func fixtures(dir string, see func(name string, raw []byte)) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if name = filepath.ToSlash(name); err != nil || !ofBird(name) {
			return err
		}
		raw, err := os.ReadFile(path)
		if err == nil {
			see(name, raw)
		}
		return err
	})
}

func TestReference(t *testing.T) {
	dir := referenceDir()
	if dir == "" {
		fmt.Println("reference: absent")
		return
	}
	rows := map[string]func(*testing.T, []byte){
		"signatures/hmac_url_vectors_computed.json":           vectors,
		"synthetic/birdcrm_error_404.json":                    referenceError,
		"synthetic/birdcrm_send_text_request.json":            referenceText,
		"synthetic/birdcrm_send_template_request.json":        referenceTemplate,
		"synthetic/birdcrm_webhook_subscription_request.json": referenceSubscription,
		"synthetic/birdcrm_whatsapp_inbound_text.json":        happens("received 11111111-1111-4111-8111-111111111111 Tere"),
		"synthetic/birdcrm_whatsapp_outbound_delivered.json": happens("echoed 55555555-5555-4555-8555-555555555555 msg-0001 Tere",
			"status 55555555-5555-4555-8555-555555555555 msg-0001 delivered"),
		"synthetic/birdcrm_sms_outbound_delivery_failed.json": happens("status 55555555-5555-4555-8555-555555555555 msg-0001 failed unreachable 15005"),
	}
	total, signed, failed := 0, 0, 0
	require.NoError(t, fixtures(dir, func(name string, raw []byte) {
		var list []json.RawMessage
		if strings.HasPrefix(name, "signatures/") && json.Unmarshal(raw, &list) == nil {
			signed += len(list)
		} else {
			total++
		}
		row := rows[name]
		delete(rows, name)
		if !t.Run(name, func(t *testing.T) {
			require.NotNil(t, row, "the file has no row in the table")
			row(t, raw)
		}) {
			failed++
		}
	}))
	for name := range rows {
		failed++
		t.Errorf("%s has a row, and there is no such file", name)
	}
	fmt.Printf("reference: fixtures=%d vectors=%d later=0 failed=%d\n", total, signed, failed)
}

// referenceConfig serves the channel and the template that the files name.
func referenceConfig(base string) bird.Config {
	cfg := config(base)
	cfg.Lines = []bird.Line{{ID: "line", Kind: channels.WhatsApp, ChannelID: "22222222-2222-4222-8222-222222222222",
		Projects: map[string]bird.Project{"case_update": {ID: project}}}}
	cfg.SigningKeys = func() []string { return []string{"bird-test-signing-key"} }
	return cfg
}

// happens checks what the events of a webhook say, about the citizen of all the
// files.
func happens(want ...string) func(*testing.T, []byte) {
	return func(t *testing.T, raw []byte) {
		var got []string
		for _, e := range parse(t, provider(t, referenceConfig("http://127.0.0.1:1")), string(raw)) {
			m := e.Meta()
			require.Equal(t, channels.ID("line"), m.Channel)
			require.Equal(t, channels.Peer("+31612345678"), m.Peer)
			require.Equal(t, time.Date(2024, 3, 1, 8, 0, 1, 858e6, time.UTC), m.At)
			require.Equal(t, raw, m.Raw)
			switch e := e.(type) {
			case *channels.Received:
				require.Equal(t, "33333333-3333-4333-8333-333333333333", e.Thread)
				got = append(got, fmt.Sprintf("received %s %s", string(e.ID), e.Content.(channels.Text).Body))
			case *channels.Echoed:
				require.Equal(t, "33333333-3333-4333-8333-333333333333", e.Thread)
				got = append(got, fmt.Sprintf("echoed %s %s %s", string(e.ID), e.Ref, e.Content.(channels.Text).Body))
			case *channels.StatusChanged:
				s := fmt.Sprintf("status %s %s %s", string(e.ID), e.Ref, e.Status)
				if e.Err != nil {
					s += " " + channels.Code(e.Err) + " " + e.Err.Provider
				}
				got = append(got, s)
			}
		}
		require.Equal(t, want, got)
	}
}

// vectors gives each signature its verdict at the moment when it was made.
func vectors(t *testing.T, raw []byte) {
	var all []struct {
		Name, Timestamp, URL, Body, Signature string
		SigningKey                            string `json:"signing_key"`
		Valid                                 bool
	}
	require.NoError(t, json.Unmarshal(raw, &all))
	require.NotEmpty(t, all)
	for _, v := range all {
		t.Run(v.Name, func(t *testing.T) {
			cfg := config("http://127.0.0.1:1")
			cfg.RetryHorizon = -1
			cfg.SigningKeys = func() []string { return []string{v.SigningKey + "x", v.SigningKey} }
			seconds, err := strconv.ParseInt(v.Timestamp, 10, 64)
			require.NoError(t, err)
			h := http.Header{}
			h.Set(birdtest.HeaderSignature, v.Signature)
			h.Set(birdtest.HeaderTimestamp, v.Timestamp)
			r := &channels.Request{Method: http.MethodPost, PublicURL: v.URL, Header: h, Body: []byte(v.Body), At: time.Unix(seconds, 0)}
			err = provider(t, cfg).Verify(context.Background(), r)
			require.Equal(t, v.Valid, err == nil)
		})
	}
}

func referenceError(t *testing.T, raw []byte) {
	p := provider(t, referenceConfig(answers(t, says(404, string(raw))).URL))
	_, err := send(t, p, message("line", kati, channels.Text{Body: "a"}))
	require.Equal(t, "ResourceNotFound", failure(t, err, channels.ErrRejected, channels.NotSent).Provider)
}

func referenceText(t *testing.T, raw []byte) {
	a := answers(t, accepted())
	m := message("line", "+31612345678", channels.Text{Body: "Tere!"})
	m.ID = "msg-0001"
	_, err := send(t, provider(t, referenceConfig(a.URL)), m)
	require.NoError(t, err)
	require.Equal(t, "/workspaces/"+workspace+"/channels/22222222-2222-4222-8222-222222222222/messages", a.all()[0].Path)
	require.JSONEq(t, string(raw), a.all()[0].Body)
}

// referenceTemplate compares what the file has; ours also says how the person is
// named and which message it is.
func referenceTemplate(t *testing.T, raw []byte) {
	a := answers(t, accepted())
	_, err := send(t, provider(t, referenceConfig(a.URL)), message("line", "+31612345678", channels.Template{
		Name: "case_update", Language: "et", Body: []channels.Param{{Kind: channels.ParamText, Name: "name", Text: "Mari"}},
	}))
	require.NoError(t, err)
	var want map[string]any
	require.NoError(t, json.Unmarshal(raw, &want))
	want["reference"] = "m-1"
	want["receiver"].(map[string]any)["contacts"].([]any)[0].(map[string]any)["identifierKey"] = "phonenumber"
	b, err := json.Marshal(want)
	require.NoError(t, err)
	require.JSONEq(t, string(b), a.all()[0].Body)
}

func referenceSubscription(t *testing.T, raw []byte) {
	a := answers(t, says(201, `{"id":"hook-1"}`))
	p := provider(t, referenceConfig(a.URL))
	_, err := p.CreateWebhook(context.Background(), bird.Webhook{Line: "line", Event: "whatsapp.inbound", URL: "https://agency.example.ee/webhooks/bird"})
	require.NoError(t, err)
	require.Equal(t, subscriptions, a.all()[0].Path)
	require.JSONEq(t, string(raw), a.all()[0].Body)
}
