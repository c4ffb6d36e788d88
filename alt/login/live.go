package login

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"rsc.io/qr"

	"github.com/liidestuja/liidestuja/alt"
)

// live pushes a new picture of the link each second, and tells when the login
// has gone on, so that the page looks again.
func (p *pages) live(w http.ResponseWriter, r *http.Request) {
	v, err := p.flow.View(r.Context(), p.cookie(r))
	if err != nil || v.Stage != alt.LoginBegun {
		http.Error(w, "nothing to wait for", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // proxies that collect would stop the picture
	rc := http.NewResponseController(w)
	ctx, cancel := context.WithTimeout(r.Context(), liveFor)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.await(ctx, r)
	}()
	defer func() { cancel(); <-ended }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		if v.Live && p.picture(ctx, w, r) != nil {
			v.Live = false // the page looks again, and there is another way to begin
			_, _ = fmt.Fprint(w, "event: stale\ndata:\n\n")
		}
		if err := rc.Flush(); err != nil {
			return
		}
		_ = rc.SetWriteDeadline(time.Now().Add(writeFor)) // not every server has one
		select {
		case <-ended:
			if ctx.Err() != nil {
				return // the browser asks for another stream, here or after a restart
			}
			_, _ = fmt.Fprint(w, "event: ended\ndata:\n\n")
			_ = rc.Flush()
			return
		case <-tick.C:
		}
	}
}

// liveFor bounds a stream; the page begins another one. writeFor bounds one
// write of it.
const (
	liveFor  = 10 * time.Minute
	writeFor = 30 * time.Second
)

// await returns when the login is not under way any more, or ctx has ended.
func (p *pages) await(ctx context.Context, r *http.Request) {
	const pause = time.Second // between questions that are answered at once
	for ctx.Err() == nil {
		v, err := p.check(ctx, r, nil)
		if err != nil || v.Stage != alt.LoginBegun {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// picture sends the link of this second as an SVG path.
func (p *pages) picture(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	link, err := p.flow.Live(ctx, p.cookie(r))
	if err != nil {
		return err
	}
	drawn, err := draw(link)
	if err != nil {
		return err
	}
	b, err := json.Marshal(drawn)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "event: picture\ndata: %s\n\n", b)
	return err
}

// drawing is a QR code as an SVG path of unit squares.
type drawing struct {
	Size int    `json:"size"` // with the quiet zone
	Path string `json:"path"`
}

// quiet is the empty edge that readers need, in squares.
const quiet = 4

func draw(text string) (drawing, error) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return drawing{}, errors.New("login: the link is too long for a picture")
	}
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			if !code.Black(x, y) {
				continue
			}
			run := 1
			for x+run < code.Size && code.Black(x+run, y) {
				run++
			}
			fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, run, run)
			x += run
		}
	}
	return drawing{Size: code.Size + 2*quiet, Path: path.String()}, nil
}
