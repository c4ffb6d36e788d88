package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// client is a specialist's tool: it knows the desk's HTTP API and nothing else
// of the library.
type client struct {
	base  string
	token string
	http  *http.Client
}

// conversation and message are the fields of the API that this tool needs.
type conversation struct {
	ID     string `json:"id"`
	Line   string `json:"line"`
	Unread int    `json:"unread"`
}

type message struct {
	Direction string          `json:"direction"`
	Status    string          `json:"status"`
	Content   json.RawMessage `json:"content"`
}

// waiting lists the conversations in which a person waits for people.
func (c *client) waiting(ctx context.Context) ([]conversation, error) {
	var page struct {
		Items []conversation `json:"items"`
	}
	return page.Items, c.call(ctx, http.MethodGet, "/v1/conversations?waiting=true", nil, &page)
}

// messages returns the transcript, oldest first.
func (c *client) messages(ctx context.Context, id string) ([]message, error) {
	var page struct {
		Items []message `json:"items"`
	}
	err := c.call(ctx, http.MethodGet, "/v1/conversations/"+id+"/messages", nil, &page)
	return page.Items, err
}

// answer claims the conversation and replies. The key makes a repetition after
// a lost connection harmless.
func (c *client) answer(ctx context.Context, id, key, text string) error {
	if err := c.call(ctx, http.MethodPost, "/v1/conversations/"+id+"/claim", map[string]any{}, nil); err != nil {
		return err
	}
	reply := map[string]any{"text": text}
	return c.call(ctx, http.MethodPost, "/v1/conversations/"+id+"/replies", reply, nil, "Idempotency-Key", key)
}

// call does one request; the error names the problem's code.
func (c *client) call(ctx context.Context, method, path string, in, out any, header ...string) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	} else {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/problem+json") {
		var problem struct {
			Code string `json:"code"`
		}
		_ = json.NewDecoder(resp.Body).Decode(&problem) // an unreadable problem has no code
		return fmt.Errorf("%s %s: %d %s", method, path, resp.StatusCode, problem.Code)
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(out)
}
