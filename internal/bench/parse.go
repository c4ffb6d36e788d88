package main

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// parse reports what Verify and Parse of a typical webhook cost in each driver.
func parse(ctx context.Context, _ string) error {
	const n = 50_000
	for _, w := range wires() {
		p, err := w.driver("http://127.0.0.1:1")
		if err != nil {
			return err
		}
		now := time.Now()
		head, body := w.request(message{id: hash("one")[:32], peer: "+37250000001", at: now, text: "Tere! Soovin infot oma avalduse kohta."})
		r := &channels.Request{Method: http.MethodPost, PublicURL: w.url(), Header: canonical(head), Body: body, At: now}
		once := func() error {
			if err := p.Verify(ctx, r); err != nil {
				return err
			}
			events, err := p.Parse(ctx, r)
			if err == nil && len(events) != 1 {
				err = fmt.Errorf("%s: %d events", w.name, len(events))
			}
			return err
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begun := time.Now()
		for range n {
			if err := once(); err != nil {
				return err
			}
		}
		took := time.Since(begun)
		runtime.ReadMemStats(&after)
		fmt.Printf("bench: parse_%s ns=%d allocs=%d bytes=%d body=%d\n", w.name, took.Nanoseconds()/n,
			(after.Mallocs-before.Mallocs)/n, (after.TotalAlloc-before.TotalAlloc)/n, len(body))
	}
	return nil
}

// canonical spells the names of headers as a server does.
func canonical(h http.Header) http.Header {
	out := make(http.Header, len(h))
	for name, values := range h {
		out[http.CanonicalHeaderKey(name)] = values
	}
	return out
}
