package messagebird

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

type archiveWire struct {
	Status string `json:"status"`
}

// Erase archives the conversation: the API has nothing that erases one, so the
// result is never Erased. Without the conversation's id nothing can be done;
// one that is not there any more is NothingStored. It implements
// channels.Eraser.
func (l *line) Erase(ctx context.Context, _ channels.Address, thread string) (channels.Erasure, error) {
	if thread == "" {
		return channels.NotErasable, nil
	}
	reply, failure := l.p.api.Do(ctx, httpx.Call{
		Op: "erase", Method: http.MethodPatch, Path: "/conversations/" + url.PathEscape(thread), JSON: archiveWire{"archived"},
	})
	var w conversation
	err := l.p.harmless("erase", l.info.ID, reply, failure, &w)
	switch {
	case err != nil && err.Provider == "20" && errors.Is(err, channels.ErrRejected):
		return channels.NothingStored, nil
	case err != nil:
		return "", err
	case w.Status != "archived":
		return "", unclear("erase", l.info.ID, reply.Status, nil)
	}
	return channels.Archived, nil
}
