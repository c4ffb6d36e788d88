package meta

import (
	"context"
	"net/http"
	"net/url"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// proved is part of every JSON request. The proof says that we know the app's
// secret, so that a stolen token alone is of no use.
type proved struct {
	Proof string `json:"appsecret_proof,omitempty"`
}

func (p *proved) prove(proof string) { p.Proof = proof }

// call makes the one attempt and reads a success into to. The proof goes into
// the body where that is JSON, because addresses end up in logs of proxies; a
// call without such a body has it in the query.
func (l *line) call(ctx context.Context, c httpx.Call, to any) *channels.Error {
	token, proof, err := l.token()
	if err != nil {
		return l.withoutToken(c.Op)
	}
	// Token and proof are of one reading: between two, the token may change.
	c.Header = http.Header{"Authorization": {"Bearer " + token}}
	if body, ok := c.JSON.(interface{ prove(string) }); ok {
		body.prove(proof)
	} else {
		query := url.Values{"appsecret_proof": {proof}}
		for name, values := range c.Query {
			query[name] = values
		}
		c.Query = query
	}
	reply, err := l.api.Do(ctx, c)
	if err != nil {
		return failed(c.Op, l.info.ID, err)
	}
	l.note(reply.Header)
	return l.judge(c.Op, reply, to)
}

// post calls with a JSON body.
func (l *line) post(ctx context.Context, op, path string, body, to any) *channels.Error {
	return l.call(ctx, httpx.Call{Op: op, Method: http.MethodPost, Path: path, JSON: body}, to)
}

// harmless marks the failure of a call that sends no message, whatever became
// of the call.
func harmless(err *channels.Error) *channels.Error {
	if err != nil {
		err.Outcome = channels.NotSent
	}
	return err
}
