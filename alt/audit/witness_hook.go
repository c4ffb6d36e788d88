package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// minSecret is the shortest secret of a hook, in bytes.
const minSecret = 16

// HookConfig of a Hook. URL and Secret are required.
type HookConfig struct {
	// Name is for logs. Default "webhook".
	Name string
	// URL gets each checkpoint, or page of entries, by POST: https, without query and user.
	URL string
	// Secret signs requests, so that the receiver keeps nothing of strangers. At
	// least 16 bytes.
	Secret []byte
	// Client is the way out: egress proxy, own certificate authority. See
	// httpx.Config.
	Client *http.Client
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// InsecureHTTP allows an URL without TLS, for tests on loopback.
	InsecureHTTP bool
}

// Hook is a Witness behind an URL, and a Sink. The request's body is the note as it
// is, or entries as JSON lines, and
//
//	Liidestuja-Timestamp: seconds since 1970
//	Liidestuja-Signature: v1=hex(HMAC-SHA256(secret, timestamp + "." + body))
//
// stand in its header. Any answer of 2xx says that the receiver has it for good.
type Hook struct {
	name   string
	client *httpx.Client
	secret []byte
	now    func() time.Time
}

// NewHook checks cfg and returns a witness or sink. It does no I/O.
func NewHook(cfg HookConfig) (*Hook, error) {
	if len(cfg.Secret) < minSecret {
		return nil, fmt.Errorf("audit: HookConfig.Secret must be at least %d bytes", minSecret)
	}
	client, err := httpx.New(httpx.Config{BaseURL: cfg.URL, Client: cfg.Client, InsecureHTTP: cfg.InsecureHTTP})
	if err != nil {
		return nil, fmt.Errorf("audit: HookConfig.URL: %w", err)
	}
	h := &Hook{name: cfg.Name, client: client, secret: cfg.Secret, now: cfg.Now}
	if h.name == "" {
		h.name = "webhook"
	}
	if h.now == nil {
		h.now = time.Now
	}
	return h, nil
}

// Name implements Witness and Sink.
func (h *Hook) Name() string { return h.name }

// Record implements Witness.
func (h *Hook) Record(ctx context.Context, note []byte) error {
	return h.post(ctx, "witness", "text/plain; charset=utf-8", note)
}

// Write implements Sink.
func (h *Hook) Write(ctx context.Context, entries []alt.LogEntry) error {
	b, err := lines(entries)
	if err != nil {
		return err
	}
	return h.post(ctx, "security log", "application/x-ndjson", b)
}

func (h *Hook) post(ctx context.Context, op, contentType string, body []byte) error {
	at := strconv.FormatInt(h.now().Unix(), 10)
	mac := hmac.New(sha256.New, h.secret)
	_, _ = mac.Write([]byte(at + "."))
	_, _ = mac.Write(body)
	reply, err := h.client.Do(ctx, httpx.Call{
		Op: op, Method: http.MethodPost, Body: body, ContentType: contentType,
		Header: http.Header{"Liidestuja-Timestamp": {at}, "Liidestuja-Signature": {"v1=" + hex.EncodeToString(mac.Sum(nil))}},
	})
	switch {
	case err != nil:
		return fmt.Errorf("audit: %s: %w", op, err)
	case reply.Status < 200 || reply.Status > 299:
		return errors.New("audit: " + op + ": answered " + strconv.Itoa(reply.Status))
	}
	return nil
}
