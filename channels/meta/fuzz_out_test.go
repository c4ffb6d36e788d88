package meta_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/liidestuja/liidestuja/channels"
)

// Whatever Meta, or somebody between, answers: a send is a receipt with an id,
// or an error of a class, which is not certain without a refusal.
func FuzzAnswersOfTheAPI(f *testing.F) {
	f.Add(200, "", "", []byte(`{"recipient_id":"1","message_id":"m_1","messages":[{"id":"wamid.1"}]}`))
	f.Add(400, "7", `{"call_count":100}`, []byte(`{"error":{"code":131047,"error_subcode":"x","is_transient":true}}`))
	f.Add(500, "soon", `{"1":[{"estimated_time_to_regain_access":-1e99}]}`, []byte(`<html>`))
	f.Add(200, "", `[]`, []byte(`{"error":null,"message_id":null}`))
	f.Fuzz(func(t *testing.T, status int, after, usage string, body []byte) {
		if status < 200 || status > 599 {
			return
		}
		cfg := outConfig("http://127.0.0.1:1")
		cfg.MediaClient = &http.Client{}
		cfg.HTTPClient = &http.Client{Transport: says(func(r *http.Request) (*http.Response, error) {
			h := http.Header{"Retry-After": {after}, "X-App-Usage": {usage}, "X-Business-Use-Case-Usage": {usage}}
			return response(r, status, h, body), nil
		})}
		app := outApp(t, cfg)
		for _, id := range []channels.ID{"messenger", "whatsapp"} {
			receipt, err := outLine(t, app, id).Send(context.Background(), letter(id, channels.Text{Body: "Tere"}))
			if err == nil {
				if receipt.ID == "" {
					t.Error("a receipt without an id")
				}
				continue
			}
			var e *channels.Error
			switch {
			case !errors.As(err, &e) || channels.ClassByCode(channels.Code(e)) == nil:
				t.Errorf("%v is not an error of a driver", err)
			case e.RetryAfter < 0:
				t.Errorf("a wait of %v", e.RetryAfter)
			case e.Outcome == channels.NotSent && e.Provider == "":
				t.Errorf("%v is certain without a reason", err)
			}
		}
	})
}
