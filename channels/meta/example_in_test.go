package meta_test

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

// A service does this by itself, for the address that ends in the app's name.
func ExampleApp_Parse() {
	app, err := meta.New(meta.Config{
		AppSecrets:  func() []string { return []string{"app secret"} }, // from a secret store
		VerifyToken: func() string { return "verify token" },
		Lines: []meta.Line{{
			ID: "messenger", Kind: channels.Messenger, Account: "682498302938465",
			Token: func() string { return os.Getenv("META_PAGE_TOKEN") },
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	body := []byte(`{"object":"page","entry":[{"id":"682498302938465","time":1700000000000,"messaging":[
		{"sender":{"id":"1254477777772919"},"recipient":{"id":"682498302938465"},"timestamp":1700000000000,
		"message":{"mid":"m_1","text":"Tere!"}}]}]}`)
	r := &channels.Request{Method: http.MethodPost, Header: http.Header{}, Body: body}
	r.Header.Set("X-Hub-Signature-256", metatest.Signature("app secret", body))

	ctx := context.Background()
	if err := app.Verify(ctx, r); err != nil {
		fmt.Println(err)
		return
	}
	events, err := app.Parse(ctx, r)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range events {
		if m, ok := e.(*channels.Received); ok {
			fmt.Println(m.Channel, m.Key, m.Content.(channels.Text).Body)
		}
	}
	// Output: messenger message:m_1 Tere!
}
