package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// HandlerConfig of NewHandler; the zero value is good.
type HandlerConfig struct {
	// Hours in which people are answered. Default: always.
	Hours Hours
	// Languages that the agency speaks, the default first. Default: "et", "en",
	// "ru". Another language needs all of its Texts.
	Languages []string
	// Texts replace the built-in wordings.
	Texts Texts
}

// NewHandler returns the handler for the link of an alt.Chain that people at
// the agency stand behind (alt.HeldByDesk). It answers nothing by itself but
// what HandlerConfig.Texts says: that a person will answer, once for each
// hand-over, and that nobody is there now, once for each conversation and
// closed period. The message waits for a specialist, unread.
func NewHandler(cfg HandlerConfig) (alt.Handler, error) {
	hours, err := cfg.Hours.compile()
	if err != nil {
		return nil, err
	}
	texts, err := newWording(cfg.Languages, cfg.Texts)
	if err != nil {
		return nil, err
	}
	return &handler{hours: hours, texts: texts}, nil
}

type handler struct {
	hours *schedule
	texts *wording
}

// awayAttr keeps with the session for which closed period the away text was
// said.
const awayAttr = "desk.away"

// lookBack is how many messages are searched for an away text of an earlier
// session.
const lookBack = 500

// Handle implements alt.Handler.
func (h *handler) Handle(ctx context.Context, t *alt.Turn) error {
	if _, ok := t.Event().(*channels.Received); !ok {
		return nil // a timer that a bot set before it handed over
	}
	c := t.Conversation()
	// Nobody has the conversation and nobody was waited for: it is new here.
	fresh := c.Waiting.IsZero() && c.Holder.By == ""
	t.Await()
	if fresh {
		if err := tell(t, "", h.texts.say(t.Language(), HandedOver)); err != nil {
			return err
		}
	}
	return h.away(ctx, t)
}

// away says outside opening hours when somebody will be there.
func (h *handler) away(ctx context.Context, t *alt.Turn) error {
	open, next := h.hours.at(t.Now())
	if open {
		return nil
	}
	period := "0"
	if !next.IsZero() {
		period = strconv.FormatInt(next.Unix(), 36)
	}
	prefix := "away-" + t.Conversation().ID + "-" + period + "-"
	if s := t.Session(); s != nil {
		if s.Get(awayAttr) == prefix {
			return nil
		}
		s.Set(awayAttr, prefix)
	}
	// The session may be a new one within the same closed period; the messages
	// remember.
	said, err := t.History(ctx, lookBack)
	if err != nil {
		return err
	}
	for _, m := range said {
		if strings.HasPrefix(string(m.ID), prefix) {
			return nil
		}
	}
	return tell(t, prefix, h.texts.away(t.Language(), next))
}

// tell sends a notice of the system. Its id, when there is a prefix, is made of
// its text too: the same id never stands for two texts. A notice that the line
// cannot carry is left out, because the person's message matters more.
func tell(t *alt.Turn, prefix, text string) error {
	if text == "" {
		return nil
	}
	o := channels.Outbound{Content: channels.Text{Body: text}, Author: channels.System}
	if prefix != "" {
		sum := sha256.Sum256([]byte(text))
		o.ID = channels.MessageID(prefix + hex.EncodeToString(sum[:4]))
	}
	err := t.Send(o)
	var refused *channels.Error
	if errors.As(err, &refused) {
		return nil
	}
	return err
}
